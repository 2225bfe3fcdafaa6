# SPDX-License-Identifier: Apache-2.0
"""STR kits, size standards and control genotypes: what an amplification kit promises, as values."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

# Sizes are whole hundredths of a base pair everywhere, so that a size can be evidence without
# ever being a floating-point number.
BASE_PAIR = 100


class KitError(ValueError):
    """A kit, size-standard or control file cannot be used: a stable `reason` and its `values`."""

    def __init__(self, reason: str, **values: str | int) -> None:
        self.reason = reason
        self.values = values
        told = ", ".join(f"{name}={value!r}" for name, value in values.items())
        super().__init__(f"{reason}: {told}" if told else reason)


class MarkerKind(StrEnum):
    """What a marker tells of a person, which decides how many alleles are expected."""

    AUTOSOMAL = "autosomal"
    SEX = "sex"
    Y = "y"
    X = "x"
    QUALITY = "quality"


@dataclass(frozen=True)
class Dye:
    """One dye of a kit; `number` is its data channel in the ABIF file (1 to 6)."""

    number: int
    name: str
    colour: str


@dataclass(frozen=True)
class LadderAllele:
    """One allele of the allelic ladder and its nominal size in hundredths of a base pair."""

    name: str
    size: int


@dataclass(frozen=True)
class Marker:
    """One locus of a kit; all sizes in hundredths of a base pair, the repeat length in bases."""

    name: str
    kind: MarkerKind
    dye: int
    order: int
    low: int
    high: int
    repeat: int
    max_alleles: int
    ladder: tuple[LadderAllele, ...]
    # Where the whole ladder of the marker is seen with a given size standard ("" is any of
    # them): migration differs between standards, so a window may be a few bases off the range.
    windows: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    # How far off its nominal sizes the ladder was seen with a size-standard family, where public
    # runs tell.
    seen: Mapping[str, int] = field(default_factory=dict)
    # Other names of the locus in exports, and alleles known outside the ladder.
    aliases: tuple[str, ...] = ()
    variants: tuple[str, ...] = ()

    def is_called(self, name: str) -> bool:
        """Whether `name` is the locus's name or one of its aliases, in any usual spelling."""
        wanted = marker_key(name)
        return any(marker_key(known) == wanted for known in (self.name, *self.aliases))

    @property
    def is_autosomal(self) -> bool:
        """Whether the marker counts for kinship."""
        return self.kind is MarkerKind.AUTOSOMAL

    def window(self, size_standard: str) -> tuple[int, int]:
        """Return the size range in which the marker's ladder lies, in hundredths of a bp."""
        found = self.windows.get(size_standard) or self.windows.get("")
        return found or (self.low, self.high)

    def shift(self, size_standard: str) -> int:
        """Return how far the ladder is expected off its nominal sizes, in hundredths of a bp.

        Where no run was seen, the ladder is expected about the middle of its window: it was within
        4 bp of it in most runs seen, while nominal sizes may only be relative (TPOX of GlobalFiler
        runs 126 bp above them).
        """
        if size_standard in self.seen:
            return self.seen[size_standard]
        low, high = self.window(size_standard)
        return (low + high - self.ladder[0].size - self.ladder[-1].size) // 2

    def usual_place(self, size_standard: str) -> int | None:
        """Return the offset of `shift` if it is known to less than a repeat, else None.

        It is when a run was seen, or when the window for this very standard leaves the ladder
        little more than a repeat of room on either side.
        """
        if size_standard in self.seen:
            return self.seen[size_standard]
        if size_standard not in self.windows:
            return None
        low, high = self.windows[size_standard]
        room = (high - low - self.ladder[-1].size + self.ladder[0].size) // 2
        known = 0 <= room <= self.repeat * BASE_PAIR * 135 // 100
        return self.shift(size_standard) if known else None


@dataclass(frozen=True)
class SizeStandard:
    """A size standard as the laboratory uses it; sizes in hundredths of a base pair.

    `peaks` are those to fit; `omitted` are present in the tube but must not be used for sizing
    (250 bp of the 500 standards moves with temperature). `accept` is the least correlation of
    scan and size, in parts per 100,000.
    """

    name: str
    family: str
    dye_name: str
    aliases: tuple[str, ...]
    peaks: tuple[int, ...]
    omitted: tuple[int, ...]
    accept: int


@dataclass(frozen=True)
class Kit:
    """An amplification kit: its dyes, its markers in order, its size standards and controls."""

    name: str
    aliases: tuple[str, ...]
    maker: str
    dyes: tuple[Dye, ...]
    markers: tuple[Marker, ...]
    size_standard_dye: int
    # Names of size standards or of whole families, the usual one first.
    size_standards: tuple[str, ...]
    # Names of control genotypes that the maker ships or supports, the usual one first.
    positive_controls: tuple[str, ...]
    source: str
    # Genotypes of controls and size standards that this kit brings itself, before those on record.
    controls: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    standards: tuple[SizeStandard, ...] = ()

    @property
    def positive_control(self) -> str | None:
        """The control that is usual with the kit, or None where none is on record."""
        return self.positive_controls[0] if self.positive_controls else None

    def marker(self, name: str) -> Marker:
        """Return the marker of any usual spelling of its name, or raise KitError."""
        for marker in self.markers:
            if marker.is_called(name):
                return marker
        raise KitError("unknown-marker", kit=self.name, marker=name)

    def has_marker(self, name: str) -> bool:
        """Whether the kit types this marker, in any usual spelling."""
        return any(marker.is_called(name) for marker in self.markers)

    def markers_of(self, dye: int, size_standard: str = "") -> tuple[Marker, ...]:
        """Return the markers of one dye, shortest first, as seen with a size-standard family."""
        return tuple(
            sorted(
                (marker for marker in self.markers if marker.dye == dye),
                key=lambda marker: marker.ladder[0].size + marker.shift(size_standard),
            )
        )

    def is_called(self, name: str) -> bool:
        """Whether `name` is the kit's name or one of its aliases, however it is spelled."""
        wanted = name_key(name)
        return wanted in {name_key(known) for known in (self.name, *self.aliases)}


_MARKER_SYNONYMS = {
    "AMELOGENIN": "AMEL",
    "AM": "AMEL",
    "AMXY": "AMEL",
    "THO1": "TH01",
    "VWA31": "VWA",
    "HUMTH01": "TH01",
    "FIBRA": "FGA",
    "ACTBP2": "SE33",
    "DYS385": "DYS385AB",
    "YGATAH41": "YGATAH4",
    "GATAH4": "YGATAH4",
    "DYS635YGATAC4": "DYS635",
    "YGATAC4": "DYS635",
    "YINDELS": "YINDEL",
    "DYS389": "DYS389I",
}


def name_key(name: str) -> str:
    """Return `name` in capital letters and digits only, for comparing spellings."""
    return re.sub(r"[^A-Z0-9]", "", name.upper().replace("+", "PLUS"))


def marker_key(name: str) -> str:
    """Return the key under which all usual spellings of a marker's name are equal."""
    plain = re.sub(r"[^A-Z0-9]", "", name.upper())
    return _MARKER_SYNONYMS.get(plain, plain)


def allele_value(name: str) -> tuple[int, int] | None:
    """Return (repeats, odd bases) of an allele such as `9.3`, or None if it is no number."""
    match = re.fullmatch(r"(\d{1,3})(?:\.(\d))?", name)
    return (int(match[1]), int(match[2] or 0)) if match else None


def allele_order(name: str) -> tuple[int, int, int, str]:
    """Return a key that sorts alleles by length and X before Y."""
    value = allele_value(name)
    return (0, *value, "") if value is not None else (1, 0, 0, name)


def read_kit(content: bytes) -> Kit:
    """Read one kit in Osteon's own JSON format (lims/data/SOURCES.md), or raise KitError."""
    kit = kit_of(_parse(content))
    _check(kit)
    return kit


def kit_of(record: Mapping[str, Any]) -> Kit:
    """Return the kit that a record of Osteon's own format says, unchecked, or raise KitError."""
    try:
        markers = tuple(
            _marker(order, entry) for order, entry in enumerate(record["markers"], start=1)
        )
        return Kit(
            name=record["name"],
            aliases=tuple(record["aliases"]),
            maker=record["maker"],
            dyes=tuple(Dye(d["number"], d["name"], d["colour"]) for d in record["dyes"]),
            markers=markers,
            size_standard_dye=record["size_standard_dye"],
            size_standards=tuple(record["size_standards"]),
            positive_controls=tuple(record["positive_controls"]),
            source=record["source"],
            controls=_genotypes(record.get("controls", {})),
            standards=_standards(record.get("families", ())),
        )
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise KitError("kit-incomplete", field=str(error)) from error


def read_size_standards(content: bytes) -> tuple[SizeStandard, ...]:
    """Read all size standards of a file in Osteon's own JSON format, or raise KitError."""
    record = _parse(content)
    try:
        return _standards(record["families"])
    except (KeyError, TypeError) as error:
        raise KitError("size-standards-incomplete", field=str(error)) from error


def _standards(families: Iterable[Mapping[str, Any]]) -> tuple[SizeStandard, ...]:
    standards = []
    for family in families:
        for variant in family["variants"]:
            peaks = tuple(_size(peak) for peak in variant["bp"])
            if list(peaks) != sorted(set(peaks)) or len(peaks) < 5:
                raise KitError("size-standard-not-rising", standard=variant["name"])
            standards.append(
                SizeStandard(
                    name=variant["name"],
                    family=family["name"],
                    dye_name=family["dye"],
                    aliases=tuple(family["aliases"]),
                    peaks=peaks,
                    omitted=tuple(_size(peak) for peak in variant.get("omits", ())),
                    accept=variant["accept"],
                )
            )
    return tuple(standards)


def read_controls(content: bytes) -> dict[str, dict[str, tuple[str, ...]]]:
    """Read control genotypes: control name to marker name to alleles in order of length.

    A single autosomal allele is a homozygote. Raises KitError on a file of another shape.
    """
    record = _parse(content)
    try:
        return _genotypes(record["controls"])
    except (KeyError, TypeError, AttributeError) as error:
        raise KitError("controls-incomplete", field=str(error)) from error


def _genotypes(
    controls: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        control: {
            marker: tuple(sorted(text.split("/"), key=allele_order))
            for marker, text in genotype.items()
        }
        for control, genotype in controls.items()
    }


_CONTROL_SYNONYMS = {"007": "DNA007", "CONTROLDNA007": "DNA007", "CONTROLDNA9947A": "9947A"}


def control_name(name: str, known: Iterable[str]) -> str | None:
    """Return which of the `known` controls a written name means, or None."""
    wanted = name_key(name)
    wanted = _CONTROL_SYNONYMS.get(wanted, wanted)
    return next((control for control in known if name_key(control) == wanted), None)


def _parse(content: bytes) -> dict[str, Any]:
    try:
        record = json.loads(content.decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise KitError("not-json", detail=str(error)) from error
    if not isinstance(record, dict):
        raise KitError("not-json-object")
    return record


def _size(bp: float | Decimal) -> int:
    return round(bp * BASE_PAIR)


def _marker(order: int, entry: dict[str, Any]) -> Marker:
    ladder = tuple(
        LadderAllele(name, _size(float(bp)))
        for name, bp in (rung.split(":") for rung in entry["ladder"].split())
    )
    return Marker(
        name=entry["name"],
        kind=MarkerKind(entry["kind"]),
        dye=entry["dye"],
        order=order,
        low=_size(entry["bp"][0]),
        high=_size(entry["bp"][1]),
        repeat=entry["repeat"],
        max_alleles=entry["max_alleles"],
        ladder=ladder,
        windows={
            standard: (_size(low), _size(high))
            for standard, (low, high) in entry.get("windows", {}).items()
        },
        seen={family: _size(offset) for family, offset in entry.get("seen", {}).items()},
        aliases=tuple(entry.get("aliases", ())),
        variants=tuple(entry.get("variants", "").split()),
    )


def _check(kit: Kit) -> None:
    numbers = [dye.number for dye in kit.dyes]
    if len(set(numbers)) != len(numbers) or kit.size_standard_dye not in numbers:
        raise KitError("kit-dyes-wrong", kit=kit.name)
    keys = {marker_key(marker.name) for marker in kit.markers}
    if not kit.markers or len(keys) != len(kit.markers):
        raise KitError("kit-markers-wrong", kit=kit.name)
    for marker in kit.markers:
        sizes = [allele.size for allele in marker.ladder]
        if marker.dye not in numbers or marker.dye == kit.size_standard_dye:
            raise KitError("marker-dye-wrong", kit=kit.name, marker=marker.name)
        if not sizes or sizes != sorted(set(sizes)):
            raise KitError("marker-ladder-not-rising", kit=kit.name, marker=marker.name)
        if marker.repeat < 1 or marker.max_alleles < 1 or marker.low >= marker.high:
            raise KitError("marker-figures-wrong", kit=kit.name, marker=marker.name)
