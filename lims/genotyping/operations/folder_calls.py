# SPDX-License-Identifier: Apache-2.0
"""Analyse and judge a folder of analyzer files that belongs to no plate: `lims call`."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from instruments.analyzers.calling import FileCalls, FileRole, FolderCalls, call_folder
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import BASE_PAIR, Kit, control_name, marker_key
from instruments.analyzers.signal import Limits
from lims.core.catalogue import shipped_controls, shipped_size_standards
from lims.genotyping.operations.calling import stored_calls, thresholds_of
from lims.genotyping.rules import Found, SeenInjection, SeenRun, Severity, all_findings
from lims.genotyping.rules.findings import TITLES
from lims.plates.rules import WellRole

NOT_CALLED_WORDS: Mapping[str, str] = {
    "off-scale": "the signal is cut off there, and an allele may be hidden",
    "under-off-scale-peak": "an off-scale peak of another dye lies over it",
    "spike-in-bin": "a spike stands where an allele may stand",
    "no-ladder": "there is no ladder to name alleles by",
    "not-sized": "the size standard cannot be read, so nothing can be measured",
    "ladder-not-found": "no peaks of the ladder were found there",
    "rung-missing": "the ladder lacks an allele there",
    "rung-too-many": "the ladder shows a peak too many there",
    "rung-too-low": "an allele of the ladder is too low there",
    "one-repeat-off-possible": "the ladder there may be one repeat off",
    "spacing-not-of-kit": "the ladder's spacing there is not the kit's",
    "outside-window": "the ladder there lies where the kit has none",
    "away-from-usual-place": "the ladder there lies half a repeat or more from its usual place",
    "ladders-disagree": "the ladders of the run disagree there",
    "not-a-ladder-of-the-kit": "too little of the ladder fits the kit: is it the right kit?",
}
"""Why nothing was called at a locus, by the machine's stable code."""

UNSIZED_WORDS: Mapping[str, str] = {
    "channels-missing": "the file has no readable signal of dye %(dyes)s, which the kit needs",
    "size-standard-unknown": "no size standard of %(kit)s is on record",
}
"""Why no size standard was even looked for."""

_WELL_ROLES = {
    FileRole.LADDER: WellRole.LADDER,
    FileRole.POSITIVE: WellRole.POSITIVE,
    FileRole.NEGATIVE: WellRole.NEGATIVE,
    FileRole.BLANK: WellRole.BLANK,
    FileRole.SAMPLE: WellRole.SAMPLE,
}
# A run without a plate has no batches, and loci not called are told one by one.
_TOLD_OTHERWISE = frozenset({"NOT_CALLED", "BLANK", "NO_FILE"})
# So many loci do not agree with a control by chance.
_LEAST_COMPARED = 6
# Hundredths of a bp; half of what a bin holds. Injections seen lie within 8 of their ladder.
_MOST_DRIFT = 25


@dataclass(frozen=True, eq=False)
class JudgedFile:
    """One file with what the rules find in it; `control` is the DNA it was compared with."""

    called: FileCalls
    control: str
    findings: tuple[Found, ...]
    # What no rule of a single run tells: another file of the same bytes, a control's genotype.
    remarks: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[str, ...]:
        """Everything that a person must know of the file, in English sentences."""
        return tuple(_problems(self))

    def as_json(self) -> dict[str, object]:
        """Return the values under the fixed names of the command's output."""
        one = self.called
        size = one.calls.size_fit if one.calls is not None else None
        failed = {"error": str(one.error)} if one.error is not None else {}
        return {
            "path": one.path,
            **failed,
            "sample_name": one.sample_name,
            "role": one.role.value,
            "well": one.file.well if one.file is not None else None,
            "size_standard": {
                "name": size.standard if size is not None else None,
                "peaks_found": size.found if size is not None else 0,
                "expected": size.required if size is not None else 0,
                "r": size.correlation / 100_000 if size is not None else None,
                "lowest_height": size.lowest_height if size is not None else None,
                "sized": size is not None and size.sized,
            },
            "ladder": {"registered": one.registered, "reason": _ladder_reason(one),
                       "path": one.ladder.name if one.ladder is not None else None},
            "control": self.control or None,
            "loci": {
                locus: [peak.as_json() for peak in peaks] for locus, peaks in one.loci.items()
            },
            "problems": list(self.problems),
            "findings": [
                {"rule": found.rule, "severity": found.severity.value, "locus": found.locus or None,
                 "words": str(found.seen)}
                for found in self.findings
            ],
        }  # fmt: skip


@dataclass(frozen=True, eq=False)
class JudgedFolder:
    """A folder called and judged; `of_run` are the findings that belong to no single file."""

    calls: FolderCalls
    files: tuple[JudgedFile, ...]
    of_run: tuple[Found, ...]


def judge_folder(
    files: Iterable[tuple[str, bytes | AnalyzerFileError]],
    kit: Kit,
    *,
    progress: Callable[[], None] = lambda: None,
) -> JudgedFolder:
    """Call files (path and content) with a kit, and let the rules find what is wrong."""
    calls = call_folder(files, kit, size_standards=shipped_size_standards(), progress=progress)
    seen: list[tuple[int, SeenInjection]] = []
    for index, one in enumerate(calls.files):
        if one.calls is not None and one.file is not None:
            own = one.ladder if one.role is FileRole.LADDER else None
            seen.append(
                (
                    index,
                    SeenInjection(
                        position=one.file.well or "",
                        role=_WELL_ROLES[one.role],
                        calls=stored_calls(one.calls, own, one.file),
                        control=_control(one, kit) if one.role is FileRole.POSITIVE else "",
                        renamed=tuple((a, b, c) for a, b, c in one.file.renamed),
                    ),
                )
            )
    found = _findings(calls, kit, seen)
    twins = _twins(calls)
    return JudgedFolder(
        calls=calls,
        files=tuple(
            JudgedFile(
                called=one,
                control=next((s.control for i, s in seen if i == index), ""),
                findings=tuple(found[index]),
                remarks=(
                    *twins.get(one.path, ()),
                    *_like_a_control(one, kit),
                    *_away_from_ladder(one),
                ),
            )
            for index, one in enumerate(calls.files)
        ),
        of_run=tuple(found[None]),
    )


def _twins(calls: FolderCalls) -> dict[str, tuple[str, ...]]:
    """Return, by path, that an earlier file of the folder holds the very same bytes."""
    first: dict[str, str] = {}
    told: dict[str, tuple[str, ...]] = {}
    for one in calls.files:
        if one.file is not None:
            other = first.setdefault(sha256(one.file.content).hexdigest(), one.path)
            if other != one.path:
                told[one.path] = (f"It holds the same bytes as {other}.",)
    return told


def _away_from_ladder(one: FileCalls) -> Iterable[str]:
    if one.drift is not None and abs(one.drift) > _MOST_DRIFT:
        yield (
            f"Its alleles lie {one.drift / BASE_PAIR:+.2f} bp from those of its ladder on average: "
            "it ran otherwise. Inject it beside a ladder again."
        )


def _like_a_control(one: FileCalls, kit: Kit) -> Iterable[str]:
    """Tell of a sample that shows what the kit's control DNA shows: wells may be switched."""
    if one.role is not FileRole.SAMPLE:
        return
    for control in kit.positive_controls:
        known = {marker_key(name) for name in shipped_controls().get(control, {})}
        compared = sum(marker_key(locus) in known for locus in one.loci)
        agreeing = _agreeing(one, shipped_controls().get(control, {}))
        if compared >= _LEAST_COMPARED and agreeing == compared:
            yield f"Its alleles are those of control DNA {control}. Were wells switched?"


def _findings(
    calls: FolderCalls, kit: Kit, seen: Sequence[tuple[int, SeenInjection]]
) -> dict[int | None, list[Found]]:
    found: dict[int | None, list[Found]] = defaultdict(list)
    model = next((one.file.instrument_model for one in calls.files if one.file is not None), None)
    run = SeenRun(
        kit=kit,
        thresholds=thresholds_of(Limits.for_instrument(model, kit)),
        injections=tuple(one for _, one in seen),
        controls=shipped_controls(),
    )
    for one in all_findings(run) if seen else ():
        if one.rule not in _TOLD_OTHERWISE:
            found[None if one.index is None else seen[one.index][0]].append(one)
    return found


def _control(one: FileCalls, kit: Kit) -> str:
    """Return which control DNA a positive control is: as it is named, else the kit's own.

    Where the maker ships several, the one that fits best: a control that fits none of them is
    still compared with one, and fails.
    """
    controls = shipped_controls()
    for name in (one.sample_name or "", one.file.name if one.file is not None else ""):
        for word in name.replace("_", " ").replace("(", " ").replace(")", " ").split():
            named = control_name(word, controls)
            if named is not None:
                return named
    return max(
        kit.positive_controls,
        key=lambda control: _agreeing(one, controls.get(control, {})),
        default="",
    )


def _agreeing(one: FileCalls, genotype: Mapping[str, tuple[str, ...]]) -> int:
    known = {marker_key(marker): set(alleles) for marker, alleles in genotype.items()}
    return sum(
        set(one.alleles(locus) or ()) == known[marker_key(locus)]
        for locus in one.loci
        if marker_key(locus) in known
    )


def _ladder_reason(one: FileCalls) -> str | None:
    """Return why there is no registered ladder, or where it is not registered."""
    if one.error is not None:
        return "the file cannot be read"
    if one.ladder is None:
        if one.role is FileRole.LADDER:
            return NOT_CALLED_WORDS["not-sized"]
        return NOT_CALLED_WORDS[next(iter(one.refused.values()), "no-ladder")]
    refused = [fit for fit in one.ladder.markers if fit.refused is not None]
    if not refused:
        return None
    if not one.registered:
        whys = {fit.refused or "" for fit in refused} - {"not-a-ladder-of-the-kit"}
        return NOT_CALLED_WORDS["not-a-ladder-of-the-kit"] + (
            f" ({', '.join(sorted(whys))})" if whys else ""
        )
    return "not registered at " + ", ".join(
        f"{fit.marker} ({NOT_CALLED_WORDS.get(fit.refused or '', fit.refused or '')})"
        for fit in refused
    )


def _problems(judged: JudgedFile) -> Iterable[str]:
    one = judged.called
    if one.error is not None or one.file is None or one.calls is None:
        yield str(one.error)
        return
    yield from one.file.problems
    yield from judged.remarks
    if one.role is FileRole.LADDER and one.named is not FileRole.LADDER:
        named = f"a {one.named.value}" if one.named is not None else "no ladder"
        yield f"It is named as {named}, but holds an allelic ladder."
    unsized = [f for f in one.calls.facts if f.rule == "R01" and one.calls.size_fit is None]
    for fact in unsized:
        yield f"R01 {TITLES['R01']}: {UNSIZED_WORDS[fact.code] % fact.values}"
    for found in judged.findings:
        if found.severity is not Severity.NOTE and not (unsized and found.rule == "R01"):
            yield f"{found.rule} {TITLES.get(found.rule, found.rule)}: {found.seen}"
    whole = set(one.refused.values())
    if not one.loci and len(whole) == 1:
        yield f"No locus is called: {NOT_CALLED_WORDS.get(reason := whole.pop(), reason)}."
        return
    for locus, reason in one.refused.items():
        yield f"{locus} is not called: {NOT_CALLED_WORDS.get(reason, reason)}."
