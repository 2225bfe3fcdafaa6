# SPDX-License-Identifier: Apache-2.0
"""Which file belongs to which well of a plate, and everything that forbids an import."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lims.core.words import N_, Say
from lims.plates.rules import WellRole

MOST_PROBLEMS = 50
"""How many problems of one import are told; the count of all is told too."""

_CONTROL_NAMES = {
    WellRole.LADDER: "LADDER",
    WellRole.POSITIVE: "POS",
    WellRole.NEGATIVE: "NEG",
    WellRole.STANDARD: "STD",
}

UNREADABLE = {
    "not-abif-git-lfs-pointer": N_(
        "%(file)s is a Git LFS pointer: the analyzer's file itself was never downloaded."
    ),
    "not-abif-zip": N_("%(file)s is a zip archive, not a file of an analyzer. Unpack it first."),
    "not-abif-empty": N_("%(file)s is empty."),
    "not-abif-zeros": N_("%(file)s holds only zero bytes: a copy that was never completed."),
    "not-abif-fasta": N_("%(file)s is a FASTA text, not a file of an analyzer."),
    "truncated": N_("%(file)s is cut off: it ends before the analyzer's file does."),
    "too-large": N_("%(file)s is larger than any file of an analyzer."),
}
DAMAGED = N_("%(file)s is damaged: it cannot be read as a file of an analyzer.")
NOT_ABIF = N_("%(file)s is not a file of a genetic analyzer.")


@dataclass(frozen=True)
class FileFacts:
    """What a readable analyzer file says of itself. '' where it says nothing.

    `identity` is the injection's id, or our key of an injection without one.
    """

    name: str
    sha256: str
    size: int
    sample: str
    well: str
    plate: str
    instrument: str
    started: str
    identity: str
    dyes: int
    # (what, earlier, now) of fields changed after an earlier save.
    renamed: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class AwaitedWell:
    """A filled well of the plate, and the name its file must carry."""

    id: int
    position: str
    role: WellRole
    name: str


@dataclass(frozen=True)
class Known:
    """A file or an injection that was imported before: as what, onto which plate, on which day."""

    name: str
    plate: str
    day: str


@dataclass(frozen=True)
class Matched:
    """Which file stands for which well, the wells without a file, and what forbids it all."""

    pairs: tuple[tuple[FileFacts, AwaitedWell], ...]
    without_file: tuple[AwaitedWell, ...]
    problems: tuple[Say, ...]


def name_of_well(role: WellRole, position: str, *, subject: str, given: str) -> str:
    """Return the sample name that the analyzer is given for a well, and that its file must carry.

    A name given by hand comes first, else the code; a control or ladder is named by its place.
    """
    if given:
        return given
    if role in _CONTROL_NAMES or not subject:
        return f"{_CONTROL_NAMES.get(role, 'WELL')}-{position}"
    return subject


def injection_key(
    *, instrument: str, started: str, well: str, capillary: int | None, channels: str
) -> str:
    """Return our key of an injection that carries no id of its own."""
    return f"{instrument}|{started}|{well}|{capillary or ''}|{channels}"[:200]


def unreadable(name: str, reason: str) -> Say:
    """Return in words why a file cannot be read; `reason` is the reader's stable code."""
    known = UNREADABLE.get(reason)
    if known is None:
        known = NOT_ABIF if reason.startswith("not-abif") else DAMAGED
    return Say(known, {"file": name})


def match_files(
    files: Sequence[FileFacts],
    wells: Sequence[AwaitedWell],
    *,
    plate: str,
    file_plate_name: str,
    dyes: int,
    kit: str,
    known_files: Mapping[str, Known],
    known_injections: Mapping[str, Known],
) -> Matched:
    """Match files to wells. Nothing is guessed: each doubt is a problem, and one forbids all.

    `known_files` are by SHA-256, `known_injections` by identity; `dyes` is how many channels the
    plate's kit needs.
    """
    problems = [
        *_known_problems(files, known_files, known_injections),
        *_twins(files),
        *_instruments(files),
    ]
    by_position = {well.position: well for well in wells}
    by_name: dict[str, list[AwaitedWell]] = defaultdict(list)
    for well in wells:
        by_name[well.name].append(well)
    pairs: list[tuple[FileFacts, AwaitedWell]] = []
    for one in files:
        problems += _own_problems(one, plate, file_plate_name, dyes, kit)
        found = _well_of(one, by_position, by_name)
        if isinstance(found, Say):
            problems.append(found)
        else:
            pairs.append((one, found))
    filled = {well.id for _, well in pairs}
    return Matched(
        pairs=tuple(sorted(pairs, key=lambda pair: (pair[1].id, pair[0].started, pair[0].name))),
        without_file=tuple(well for well in wells if well.id not in filled),
        problems=tuple(problems),
    )


def _well_of(
    one: FileFacts,
    by_position: Mapping[str, AwaitedWell],
    by_name: Mapping[str, Sequence[AwaitedWell]],
) -> AwaitedWell | Say:
    """Return the well a file stands for, or why there is none."""
    if not one.sample:
        return Say(N_("%(file)s names no sample: nothing imported."), {"file": one.name})
    if one.well:
        there = by_position.get(one.well)
        if there is None:
            return Say(
                N_("%(file)s: it is from well %(well)s, where the plate holds nothing."),
                {"file": one.name, "well": one.well},
            )
        if there.name != one.sample:
            return _disagrees(one, there, by_name)
        return there
    named = by_name.get(one.sample, ())
    if not named:
        return Say(
            N_("%(file)s says “%(sample)s”, a name that this plate does not have."),
            {"file": one.name, "sample": one.sample},
        )
    if len(named) > 1:
        return Say(
            N_("%(file)s names no well, and “%(sample)s” stands in several: %(wells)s."),
            {"file": one.name, "sample": one.sample,
             "wells": ", ".join(well.position for well in named)},
        )  # fmt: skip
    return named[0]


def _disagrees(
    one: FileFacts, there: AwaitedWell, by_name: Mapping[str, Sequence[AwaitedWell]]
) -> Say:
    values: dict[str, str | int | Say] = {
        "well": there.position, "file": one.name, "sample": one.sample, "plate": there.name,
    }  # fmt: skip
    elsewhere = by_name.get(one.sample, ())
    if elsewhere:
        values["other"] = ", ".join(well.position for well in elsewhere)
        return Say(
            N_(
                "Well %(well)s: file %(file)s says “%(sample)s”, plate says “%(plate)s”, "
                "and has “%(sample)s” in %(other)s: nothing imported."
            ),
            values,
        )
    return Say(
        N_(
            "Well %(well)s: file %(file)s says “%(sample)s”, plate says “%(plate)s”: "
            "nothing imported."
        ),
        values,
    )


def _own_problems(
    one: FileFacts, plate: str, file_plate_name: str, dyes: int, kit: str
) -> list[Say]:
    problems = []
    awaited = {plate, file_plate_name} - {""}
    if one.plate and one.plate not in awaited:
        problems.append(
            Say(
                N_("%(file)s is of plate “%(said)s”; this plate is “%(awaited)s”."),
                {"file": one.name, "said": one.plate, "awaited": file_plate_name or plate},
            )
        )
    if one.dyes and one.dyes < dyes:
        problems.append(
            Say(
                N_("%(file)s has %(has)s dyes; kit %(kit)s needs %(needs)s."),
                {"file": one.name, "has": one.dyes, "kit": kit, "needs": dyes},
            )
        )
    return problems


def _known_problems(
    files: Sequence[FileFacts],
    known_files: Mapping[str, Known],
    known_injections: Mapping[str, Known],
) -> list[Say]:
    problems = []
    for one in files:
        known = known_files.get(one.sha256)
        again = known_injections.get(one.identity)
        if known is not None:
            values: dict[str, str | int | Say] = {
                "file": one.name, "day": known.day, "name": known.name, "plate": known.plate,
            }  # fmt: skip
            words = (
                N_("%(file)s was imported on %(day)s onto plate %(plate)s.")
                if known.name == one.name
                else N_("%(file)s was imported on %(day)s as %(name)s, onto plate %(plate)s.")
            )
            problems.append(Say(words, values))
        elif again is not None:
            problems.append(
                Say(
                    N_(
                        "%(file)s is an injection that was imported on %(day)s as %(name)s; "
                        "its file was saved again since."
                    ),
                    {"file": one.name, "day": again.day, "name": again.name},
                )
            )
    return problems


def _twins(files: Sequence[FileFacts]) -> list[Say]:
    problems = []
    names: dict[str, str] = {}
    for one in files:
        first = names.setdefault(one.sha256, one.name)
        if first is not one.name:
            problems.append(
                Say(
                    N_("%(file)s and %(other)s are the same file under two names."),
                    {"file": one.name, "other": first},
                )
            )
    injections: dict[str, FileFacts] = {}
    for one in files:
        other = injections.setdefault(one.identity, one)
        if other.sha256 != one.sha256:
            problems.append(
                Say(
                    N_("%(file)s and %(other)s are one injection, saved twice: leave one out."),
                    {"file": one.name, "other": other.name},
                )
            )
    return problems


def _instruments(files: Sequence[FileFacts]) -> list[Say]:
    counted = Counter(one.instrument for one in files)
    if len(counted) < 2:
        return []
    return [
        Say(
            N_("The files come from several analyzers (%(analyzers)s): import each run by itself."),
            {"analyzers": ", ".join(sorted(name or "?" for name in counted))},
        )
    ]
