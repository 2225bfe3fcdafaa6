# SPDX-License-Identifier: Apache-2.0
"""Call the files of a folder as one or more runs, without any plate to say what is where."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.calling.roles import FileRole, role_by_names
from instruments.analyzers.calling.values import FileCalls, FolderCalls, called_peaks
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import Kit, SizeStandard
from instruments.analyzers.signal import (
    InjectionCalls,
    LadderCalls,
    Limits,
    Role,
    RunCalls,
    call_run,
    signal_of,
)


@dataclass(frozen=True, eq=False)
class _Read:
    path: str
    file: AbifFile
    named: FileRole | None


def call_folder(
    files: Iterable[tuple[str, bytes | AnalyzerFileError]],
    kit: Kit,
    *,
    size_standards: Sequence[SizeStandard],
    limits: Callable[[str | None], Limits] | None = None,
    progress: Callable[[], None] = lambda: None,
) -> FolderCalls:
    """Call files, path and content each, with one kit; a bad file harms no other.

    In place of a content may stand the error of getting it.

    Names only hint at what a file holds: a ladder is what registers as one. Files of different
    instruments are called apart. `limits` gives the thresholds of an instrument model (by
    default those named as OSIRIS's); `progress` is called once a file.
    """
    read: list[_Read | FileCalls] = []
    for path, content in files:
        name = re.split(r"[/\\]", path)[-1]
        try:
            if isinstance(content, AnalyzerFileError):
                raise content
            file = read_abif(content, name=name)
        except AnalyzerFileError as error:
            read.append(FileCalls(path, role_by_names(name) or FileRole.SAMPLE, error=error))
            progress()
            continue
        names = (file.sample_name, file.sample_type, file.name)
        read.append(_Read(path, file, role_by_names(*names)))
    runs: dict[str, list[_Read]] = defaultdict(list)
    for one in read:
        if isinstance(one, _Read):
            runs[_instrument(one.file)].append(one)
    called: dict[str, FileCalls] = {}
    for members in runs.values():
        model = members[0].file.instrument_model
        thresholds = limits(model) if limits is not None else Limits.for_instrument(model, kit)
        called |= _call(members, kit, thresholds, size_standards, progress)
    return FolderCalls(
        kit=kit,
        files=tuple(one if isinstance(one, FileCalls) else called[one.path] for one in read),
    )


def _instrument(file: AbifFile) -> str:
    model = file.instrument_model or ""
    return f"{model}|{file.instrument_serial or file.instrument_name or ''}"


def _call(
    members: Sequence[_Read],
    kit: Kit,
    limits: Limits,
    size_standards: Sequence[SizeStandard],
    progress: Callable[[], None],
) -> dict[str, FileCalls]:
    signals = (
        signal_of(
            one.file,
            role=Role.LADDER if one.named is FileRole.LADDER else Role.OTHER,
            name=one.path,
        )
        for one in members
    )
    run = call_run(
        signals, kit, limits, size_standards=size_standards, find_ladders=True, progress=progress
    )
    return {
        one.path: _file_calls(one, calls, run, kit)
        for one, calls in zip(members, run.injections, strict=True)
    }


def _file_calls(one: _Read, calls: InjectionCalls, run: RunCalls, kit: Kit) -> FileCalls:
    ladders = {ladder.name: ladder for ladder in run.ladders}
    is_ladder = calls.role is Role.LADDER
    ladder: LadderCalls | None
    if is_ladder:
        role, ladder = FileRole.LADDER, ladders.get(one.path)
    else:
        role = one.named or FileRole.SAMPLE
        ladder = ladders.get(calls.ladder or "")
    fits = {fit.marker: fit for fit in ladder.markers} if ladder is not None else {}
    empty = role in (FileRole.NEGATIVE, FileRole.BLANK)
    return FileCalls(
        path=one.path,
        role=role,
        named=one.named,
        file=one.file,
        calls=calls,
        ladder=ladder,
        loci={
            call.marker: called_peaks(call, kit, fits.get(call.marker), shows_low=empty)
            for call in calls.markers
            if call.refused is None
        },
        refused={call.marker: call.refused for call in calls.markers if call.refused is not None},
    )
