# SPDX-License-Identifier: Apache-2.0
"""Real analyzer runs below a folder: which kit, which files are one run, what stands where."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import Kit
from lims.core.catalogue import shipped_kit, shipped_kits
from lims.demo.driver.real_plates import NamedWell
from lims.genotyping.operations import read_folder
from lims.plates.rules import WellRole

KITS = {
    "identifiler": "Identifiler",
    "powerplex16": "PowerPlex 16",
    "globalfiler": "GlobalFiler",
}
"""Which kit a folder's name begins with."""

ROLES = (
    (re.compile("ladder", re.IGNORECASE), WellRole.LADDER),
    (re.compile("pos(?![a-z])|positive", re.IGNORECASE), WellRole.POSITIVE),
    (re.compile("neg(?![a-z])|negative", re.IGNORECASE), WellRole.NEGATIVE),
    (re.compile("blank", re.IGNORECASE), WellRole.BLANK),
)
"""What a name in a file says of its well; everything else is a sample."""

ONE_RUN = timedelta(hours=18)
"""Files that are further apart than this are of different runs."""


@dataclass(frozen=True)
class Bunch:
    """The files of one run of one plate, by the wells they name."""

    name: str
    kit: Kit | None
    """None where nothing tells which kit it was."""
    files: tuple[tuple[str, bytes], ...]
    wells: dict[str, NamedWell]
    plate_name: str


RUN_FILES = (".fsa", ".hid")
SKIPPED = "its name tells no kit, and its dyes fit several kits or none"


def found_runs(runs: Path) -> Iterator[Bunch]:
    """Yield the runs below a folder, each with what its files say of themselves."""
    for folder in [runs, *sorted(path for path in runs.rglob("*") if path.is_dir())]:
        files = read_folder(folder)
        if not any(name.lower().endswith(RUN_FILES) for name, _ in files):
            continue
        kit = kit_of(folder.name, [content for _, content in files])
        if kit is None:
            yield Bunch(folder.name, None, tuple(files), {}, "")
        else:
            yield from bunches(folder.name, kit, files)


def kit_of(folder: str, contents: Iterable[bytes]) -> Kit | None:
    """Return the kit of a run: by the folder's name, else by its dyes if they fit one alone."""
    key = re.sub("[^a-z0-9]", "", folder.casefold())
    for start, name in KITS.items():
        if key.startswith(start):
            return shipped_kit(name)
    named = [kit for kit in shipped_kits() if kit.is_called(folder)]
    if len(named) == 1:
        return named[0]
    seen = set()
    for content in contents:
        try:
            file = read_abif(content, name=folder)
        except AnalyzerFileError:
            continue
        seen.add(tuple(_dye(dye.name) for dye in file.dyes))
    fitting = [kit for kit in shipped_kits() if {tuple(_dye(dye.name) for dye in kit.dyes)} == seen]
    return fitting[0] if len(fitting) == 1 else None


def bunches(folder: str, kit: Kit, files: Sequence[tuple[str, bytes]]) -> list[Bunch]:
    """Part the files of a folder into runs: one plate name, near in time, no well twice.

    A file that cannot be read, or names no well, is left in the first: the import says why it
    refuses it.
    """
    groups: list[list[tuple[str, bytes, AbifFile | None]]] = []
    read = sorted(
        ((name, content, _read(name, content)) for name, content in files),
        key=lambda one: (_started(one[2]) or datetime.min, one[0]),  # noqa: DTZ901  # ABIF has no zone
    )
    for one in read:
        home = next((group for group in groups if _belongs(one[2], [g[2] for g in group])), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    made = []
    for number, group in enumerate(groups, start=1):
        wells, plates = {}, set()
        for name, _, file in group:
            if file is not None and file.well:
                shown = file.sample_name or name
                wells[file.well] = NamedWell(role_of(shown), shown)
                plates.add(file.plate or "")
        made.append(
            Bunch(
                folder if number == 1 else f"{folder} ({number})", kit,
                tuple((name, content) for name, content, _ in group), wells,
                plates.pop() if len(plates) == 1 else "",
            )
        )  # fmt: skip
    return made


def role_of(name: str) -> WellRole:
    """Return what a name in a file says that its well holds."""
    return next((role for pattern, role in ROLES if pattern.search(name)), WellRole.SAMPLE)


def _read(name: str, content: bytes) -> AbifFile | None:
    try:
        return read_abif(content, name=name)
    except AnalyzerFileError:
        return None


def _started(file: AbifFile | None) -> datetime | None:
    return None if file is None else file.run_started


def _belongs(file: AbifFile | None, group: Sequence[AbifFile | None]) -> bool:
    if file is None:
        return True
    for other in group:
        if other is None:
            continue
        if file.well == other.well or file.plate != other.plate:
            return False
        mine, theirs = file.run_started, other.run_started
        if mine is not None and theirs is not None and abs(mine - theirs) > ONE_RUN:
            return False
    return True


def _dye(name: str) -> str:
    return re.sub("[^A-Z0-9]", "", name.upper())
