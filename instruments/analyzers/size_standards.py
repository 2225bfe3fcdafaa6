# SPDX-License-Identifier: Apache-2.0
"""Which size standard a file or a kit means: names such as `GSLIZ500-250POP6.szs` understood."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from instruments.analyzers.kit import BASE_PAIR, Kit, SizeStandard, name_key

# A range as in `GS600(60-460)LIZ` or `WEN_ILS_500_60-500`: a low end, then a high one.
_RANGE = re.compile(r"(?<!\d)(\d{2,3})\s*(?:-|_|TO)\s*(\d{3,4})(?!\d)")
# A peak left out as in `GS500-250LIZ` or `GS500(-250)LIZ`; `GS-500` leaves nothing out.
_LEFT_OUT = re.compile(r"(?:(?<=\d)\s*-|\(\s*-|LESS|OMIT)\s*(\d{3})(?!\d)\s*\)?")
_EXTENSION = re.compile(r"\.[A-Z]{2,4}$")


@dataclass(frozen=True)
class _Name:
    """A written name taken apart; sizes in hundredths of a base pair."""

    key: str
    low: int | None
    high: int | None
    left_out: frozenset[int]


def named_size_standard(
    text: str, standards: Sequence[SizeStandard], *, kit: Kit | None = None
) -> SizeStandard | None:
    """Return the size standard that a file's StdF tag names, or None if it names none of them.

    A peak that the name leaves out (`-250`) stays out. With a kit, the shortest definition that
    covers the kit is taken unless the name gives a range, and a standard of another family than
    the kit's is not accepted: analyzers keep the setting of the run before.
    """
    wanted = name_key(text)
    for standard in standards:
        if name_key(standard.name) == wanted:
            return standard if kit is None or _belongs(standard, kit) else None
    name = _take_apart(text)
    family = _family(name.key, standards)
    members = [standard for standard in standards if standard.family == family]
    if not members or (kit is not None and not _belongs(members[0], kit)):
        return None
    return _definition(name, members, kit)


def size_standards_of(kit: Kit, standards: Sequence[SizeStandard]) -> tuple[SizeStandard, ...]:
    """Return one definition of each size standard that the kit may be run with, usual one first.

    Where the maker advises against a peak (250 bp of the 500 standards) the definition without
    it is taken.
    """
    chosen: dict[str, SizeStandard] = {}
    for listed in kit.size_standards:
        family = next((s.family for s in standards if listed in (s.name, s.family)), None)
        if family is None or family in chosen:
            continue
        members = [standard for standard in standards if standard.family == family]
        shaky = frozenset(_SHAKY.get(family, ()))
        chosen[family] = _definition(_Name("", None, None, shaky), members, kit)
    return tuple(chosen.values())


# 250 bp runs up to 4 bp early in the 500 standards, depending on temperature and polymer.
_SHAKY = {
    "ABI-LIZ-500": (250 * BASE_PAIR,),
    "ABI-ROX-500": (250 * BASE_PAIR,),
    "ABI-GS-500-ROX": (250 * BASE_PAIR,),
}


def without_shaky(standard: SizeStandard) -> SizeStandard:
    """Return the standard without the peaks that its maker advises against (250 bp)."""
    shaky = tuple(p for p in standard.peaks[1:-1] if p in _SHAKY.get(standard.family, ()))
    if not shaky:
        return standard
    told = ", ".join(str(peak // BASE_PAIR) for peak in shaky)
    return replace(
        standard,
        name=f"{standard.name} less {told}",
        peaks=tuple(peak for peak in standard.peaks if peak not in shaky),
        omitted=tuple(sorted((*standard.omitted, *shaky))),
    )


def _take_apart(text: str) -> _Name:
    plain = _EXTENSION.sub("", text.strip().upper())
    low = high = None
    for match in _RANGE.finditer(plain):
        first, last = int(match[1]), int(match[2])
        if first <= 150 and last >= 300:
            low, high = first * BASE_PAIR, last * BASE_PAIR
            plain = plain[: match.start()] + plain[match.end() :]
            break
    left_out = frozenset(int(match[1]) * BASE_PAIR for match in _LEFT_OUT.finditer(plain))
    return _Name(name_key(_LEFT_OUT.sub("", plain)), low, high, left_out)


def _family(key: str, standards: Sequence[SizeStandard]) -> str | None:
    """Return the family whose longest known name is part of the key."""
    found: tuple[int, str] | None = None
    for standard in standards:
        for alias in (standard.family, standard.name, *standard.aliases):
            known = name_key(alias)
            if known and known in key and (found is None or len(known) > found[0]):
                found = (len(known), standard.family)
    return found[1] if found else None


def _belongs(standard: SizeStandard, kit: Kit) -> bool:
    families = {standard.family, standard.name}
    if families & set(kit.size_standards):
        return True
    prefix = name_key(standard.family)
    return any(
        name_key(listed).startswith(prefix) or prefix.startswith(name_key(listed))
        for listed in kit.size_standards
    )


def _definition(name: _Name, members: Sequence[SizeStandard], kit: Kit | None) -> SizeStandard:
    """Return the member of one family that the name and the kit call for."""
    widest = max(members, key=lambda s: (len(s.peaks) + len(s.omitted), s.peaks[-1]))
    every = tuple(sorted((*widest.peaks, *widest.omitted)))
    left_out = name.left_out & set(every[1:-1])
    low, high = name.low or every[0], name.high
    if high is None:
        high = every[-1]
        if kit is not None:
            top = max(marker.ladder[-1].size for marker in kit.markers)
            high = next((peak for peak in every if peak >= top + 5 * BASE_PAIR), every[-1])
    peaks = tuple(peak for peak in every if low <= peak <= high and peak not in left_out)
    omitted = tuple(sorted(peak for peak in left_out if low < peak < high))
    for member in members:
        if member.peaks == peaks:
            return member
    named = f"{widest.family} {peaks[0] // BASE_PAIR}-{peaks[-1] // BASE_PAIR}"
    if omitted:
        named += " less " + ", ".join(str(peak // BASE_PAIR) for peak in omitted)
    return replace(widest, name=named, peaks=peaks, omitted=omitted)
