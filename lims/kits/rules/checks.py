# SPDX-License-Identifier: Apache-2.0
"""What must hold of a kit before it is kept: dyes, ranges, ladders, controls, size standards."""

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from instruments.analyzers.kit import (
    BASE_PAIR,
    Kit,
    Marker,
    MarkerKind,
    SizeStandard,
    allele_order,
    allele_value,
    marker_key,
)
from instruments.analyzers.size_standards import size_standards_of
from lims.core.words import N_
from lims.kits.rules.fields import fault

BIN = 50
"""Half of what an allele's bin holds at most, hundredths of a bp."""

Genotypes = Mapping[str, Mapping[str, tuple[str, ...]]]


def check_kit(kit: Kit, *, standards: Sequence[SizeStandard], controls: Genotypes) -> None:
    """Raise KitRefused for a kit that nobody could work by; what is on record is passed in."""
    _dyes(kit)
    _names(kit)
    for marker in kit.markers:
        _ladder(marker)
    _standards(kit, standards)
    usual = size_standards_of(kit, (*kit.standards, *standards))
    _apart(kit, usual[0].family if usual else "")
    _controls(kit, controls)


def bp(size: int) -> str:
    """Return hundredths of a bp as it is written: 12350 as `123.5`."""
    return f"{size // BASE_PAIR}.{size % BASE_PAIR:02d}".rstrip("0").rstrip(".")


def _dyes(kit: Kit) -> None:
    numbers = [dye.number for dye in kit.dyes]
    names = [dye.name.casefold() for dye in kit.dyes]
    if len(set(numbers)) != len(numbers) or len(set(names)) != len(names):
        raise fault(N_("two dyes have one number or one name."))
    if kit.size_standard_dye not in numbers:
        raise fault(
            N_("the size standard has dye %(dye)s, which is none of the kit's."),
            dye=kit.size_standard_dye,
        )  # fmt: skip
    for marker in kit.markers:
        if marker.dye not in numbers:
            raise fault(
                N_("%(locus)s has dye %(dye)s, which is none of the kit's."),
                locus=marker.name, dye=marker.dye,
            )  # fmt: skip
        if marker.dye == kit.size_standard_dye:
            raise fault(N_("%(locus)s has the dye of the size standard."), locus=marker.name)


def _names(kit: Kit) -> None:
    taken: dict[str, str] = {}
    for marker in kit.markers:
        for name in {marker_key(one) for one in (marker.name, *marker.aliases)}:
            if name in taken:
                raise fault(
                    N_("%(locus)s and %(other)s have one name or alias."),
                    locus=taken[name], other=marker.name,
                )  # fmt: skip
            taken[name] = marker.name


def _ladder(marker: Marker) -> None:
    names = [rung.name for rung in marker.ladder]
    if not names:
        raise fault(N_("%(locus)s has no ladder."), locus=marker.name)
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise fault(
            N_("%(locus)s: allele %(allele)s stands in the ladder twice."),
            locus=marker.name, allele=twice,
        )  # fmt: skip
    for former, one in pairwise(marker.ladder):
        falls = allele_order(one.name) < allele_order(former.name)
        if one.size <= former.size or (falls and marker.kind is not MarkerKind.SEX):
            raise fault(
                N_("%(locus)s: the ladder is not in order at allele %(allele)s."),
                locus=marker.name, allele=one.name,
            )  # fmt: skip
    for rung in marker.ladder:
        if not marker.low <= rung.size <= marker.high:
            raise fault(
                N_("%(locus)s: allele %(allele)s at %(size)s bp lies outside %(low)s to %(high)s."),
                locus=marker.name, allele=rung.name, size=bp(rung.size), low=bp(marker.low),
                high=bp(marker.high),
            )  # fmt: skip
    for variant in marker.variants:
        if allele_value(variant) is None or variant in names:
            raise fault(
                N_("%(locus)s: “%(allele)s” is no variant: write a number that is not in the "
                   "ladder."), locus=marker.name, allele=variant[:12],
            )  # fmt: skip


def _standards(kit: Kit, on_record: Sequence[SizeStandard]) -> None:
    for own in kit.standards:
        if own.name not in kit.size_standards and own.family not in kit.size_standards:
            raise fault(
                N_("families: %(name)s is not named in size_standards."), name=own.family
            )  # fmt: skip
    every = (*kit.standards, *on_record)
    if not kit.size_standards:
        raise fault(N_("%(field)s is missing."), field="size_standards")
    for name in kit.size_standards:
        if not any(name in (one.name, one.family) for one in every):
            raise fault(N_("size standard %(name)s is not known."), name=name)
    top = max(marker.ladder[-1].size for marker in kit.markers)
    for one in size_standards_of(kit, every):
        if one.peaks[-1] < top:
            raise fault(
                N_("size standard %(name)s ends at %(size)s bp, below the longest allele."),
                name=one.name, size=bp(one.peaks[-1]),
            )  # fmt: skip


def _apart(kit: Kit, family: str) -> None:
    """Refuse two loci of one dye that lie over each other.

    Ranges may touch where the document says by windows or runs seen where each ladder lies; the
    ladders themselves may not.
    """
    for dye in kit.dyes:
        own = kit.markers_of(dye.number, family)
        for shorter, longer in pairwise(own):
            placed = all(one.windows or one.seen for one in (shorter, longer))
            low, high = sorted((shorter, longer), key=lambda one: one.low)
            if not placed and low.high > high.low:
                raise _over(dye.name, low, high)
            ends = shorter.ladder[-1].size + shorter.shift(family) + BIN
            if ends >= longer.ladder[0].size + longer.shift(family) - BIN:
                raise _over(dye.name, shorter, longer)


def _over(dye: str, one: Marker, other: Marker) -> Exception:
    return fault(
        N_("%(locus)s and %(other)s overlap in dye %(dye)s."),
        locus=one.name, other=other.name, dye=dye,
    )  # fmt: skip


def _controls(kit: Kit, on_record: Collection[str]) -> None:
    for name in kit.positive_controls:
        if name not in kit.controls and name not in on_record:
            raise fault(
                N_("the genotype of control %(name)s is not known: write it under controls."),
                name=name,
            )  # fmt: skip
    for name, genotype in kit.controls.items():
        if name not in kit.positive_controls:
            raise fault(
                N_("controls: %(name)s is not named in positive_controls."), name=name[:60]
            )  # fmt: skip
        if not genotype:
            raise fault(
                N_("the genotype of control %(name)s is not known: write it under controls."),
                name=name,
            )  # fmt: skip
        _genotype(kit, name, genotype)


def _genotype(kit: Kit, control: str, genotype: Mapping[str, tuple[str, ...]]) -> None:
    seen: set[str] = set()
    for locus, alleles in genotype.items():
        marker = next((one for one in kit.markers if one.is_called(locus)), None)
        if marker is None:
            raise fault(
                N_("control %(name)s: %(locus)s is no locus of this kit."),
                name=control, locus=locus[:20],
            )  # fmt: skip
        if marker.name in seen:
            raise fault(N_("%(field)s stands there twice."), field=f"{control} {marker.name}")
        seen.add(marker.name)
        named = {*marker.variants, *(rung.name for rung in marker.ladder)}
        for allele in alleles:
            if allele not in named:
                raise fault(
                    N_("control %(name)s: allele %(allele)s of %(locus)s is not in the ladder; if "
                       "it is a variant, name it in the variants of %(locus)s."),
                    name=control, allele=allele[:12] or "–", locus=marker.name,
                )  # fmt: skip


def off_ladder(kit: Kit, genotype: Mapping[str, tuple[str, ...]]) -> tuple[tuple[str, str], ...]:
    """Return the alleles of a control that are neither in the ladder nor a named variant."""
    return tuple(
        (marker.name, allele)
        for locus, alleles in genotype.items()
        for marker in kit.markers
        if marker.is_called(locus)
        for allele in alleles
        if allele not in {*marker.variants, *(rung.name for rung in marker.ladder)}
    )
