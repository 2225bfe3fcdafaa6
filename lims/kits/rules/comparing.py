# SPDX-License-Identifier: Apache-2.0
"""What differs between two versions of a kit, place by place."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from instruments.analyzers.kit import Kit, Marker
from lims.core.words import N_, Say
from lims.kits.rules.checks import bp


@dataclass(frozen=True)
class Difference:
    """One place in which two versions differ; `''` stands for what is not there."""

    place: Say
    former: str
    later: str


def compared(former: Kit, later: Kit) -> tuple[Difference, ...]:
    """Return the differences of two versions: of the kit, of its loci, of its controls."""
    return tuple(one for one in _all(former, later) if one.former != one.later)


def _all(former: Kit, later: Kit) -> Iterator[Difference]:
    for words, first, second in (
        (N_("Name"), former.name, later.name),
        (N_("Aliases"), ", ".join(former.aliases), ", ".join(later.aliases)),
        (N_("Maker"), former.maker, later.maker),
        (N_("Source"), former.source, later.source),
        (N_("Dyes"), _dyes(former), _dyes(later)),
        (N_("Dye of the size standard"), _name_of(former), _name_of(later)),
        (N_("Size standards"), ", ".join(former.size_standards), ", ".join(later.size_standards)),
        (
            N_("Positive controls"),
            ", ".join(former.positive_controls), ", ".join(later.positive_controls),
        ),
        (N_("Own size standards"), _standards(former), _standards(later)),
    ):  # fmt: skip
        yield Difference(Say(words), first, second)
    own = {marker.name: marker for marker in former.markers}
    new = {marker.name: marker for marker in later.markers}
    for name in dict.fromkeys((*own, *new)):
        yield from _marker(former, later, name, own.get(name), new.get(name))
    for control in dict.fromkeys((*former.controls, *later.controls)):
        first_of, second_of = former.controls.get(control, {}), later.controls.get(control, {})
        for locus in dict.fromkeys((*first_of, *second_of)):
            yield Difference(
                Say(N_("Control %(control)s, %(locus)s"), {"control": control, "locus": locus}),
                "/".join(first_of.get(locus, ())), "/".join(second_of.get(locus, ())),
            )  # fmt: skip


def _marker(
    former: Kit, later: Kit, name: str, one: Marker | None, other: Marker | None
) -> Iterator[Difference]:
    first, second = _said(former, one), _said(later, other)
    for words in dict.fromkeys((*first, *second)):
        yield Difference(Say(words, {"locus": name}), first.get(words, ""), second.get(words, ""))


def _said(kit: Kit, marker: Marker | None) -> dict[str, str]:
    if marker is None:
        return {}
    dye = next((one.name for one in kit.dyes if one.number == marker.dye), str(marker.dye))
    return {
        N_("%(locus)s: kind"): marker.kind.value,
        N_("%(locus)s: dye"): dye,
        N_("%(locus)s: range, bp"): f"{bp(marker.low)}-{bp(marker.high)}",
        N_("%(locus)s: bases of a repeat"): str(marker.repeat),
        N_("%(locus)s: alleles of a person"): str(marker.max_alleles),
        N_("%(locus)s: ladder"): " ".join(f"{one.name}:{bp(one.size)}" for one in marker.ladder),
        N_("%(locus)s: variants"): " ".join(marker.variants),
        N_("%(locus)s: aliases"): ", ".join(marker.aliases),
        N_("%(locus)s: windows"): _ranges(marker.windows),
        N_("%(locus)s: seen off its sizes"): ", ".join(
            f"{name} {'-' if offset < 0 else ''}{bp(abs(offset))}"
            for name, offset in marker.seen.items()
        ),
    }


def _ranges(windows: Mapping[str, tuple[int, int]]) -> str:
    return ", ".join(
        f"{name} {bp(low)}-{bp(high)}".strip() for name, (low, high) in windows.items()
    )


def _dyes(kit: Kit) -> str:
    return ", ".join(f"{dye.number} {dye.name} {dye.colour}" for dye in kit.dyes)


def _name_of(kit: Kit) -> str:
    return next(dye.name for dye in kit.dyes if dye.number == kit.size_standard_dye)


def _standards(kit: Kit) -> str:
    return "; ".join(
        f"{one.name} {' '.join(bp(peak) for peak in one.peaks)}" for one in kit.standards
    )
