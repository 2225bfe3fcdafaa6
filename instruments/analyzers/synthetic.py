# SPDX-License-Identifier: Apache-2.0
"""Synthetic injections: genotypes drawn from a kit's ladder, and the signal they would give."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.kit import (
    BASE_PAIR,
    Kit,
    KitError,
    Marker,
    MarkerKind,
    SizeStandard,
    allele_order,
    allele_value,
    marker_key,
)

Genotype = dict[str, tuple[str, ...]]
Signal = NDArray[np.float64]


class Role(StrEnum):
    """What a well of an injection plate holds."""

    LADDER = "ladder"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    BLANK = "blank"
    SAMPLE = "sample"


class Sex(StrEnum):
    """The sex that a drawn genotype shows at AMEL and the Y markers."""

    FEMALE = "female"
    MALE = "male"


@dataclass(frozen=True)
class SyntheticInstrument:
    """The genetic analyzer that a synthetic run claims to come from."""

    model: str = "3130"
    name: str = "Synthetic Analyzer 1"
    serial: str = "SYN-0001"

    @property
    def is_3500(self) -> bool:
        """Whether files follow the 3500 series: version 3.00, `.hid`, eight capillaries."""
        return self.model.startswith("3500")

    @property
    def capillaries(self) -> int:
        """How many wells one injection takes."""
        return 8 if self.is_3500 else 16

    @property
    def ceiling(self) -> int:
        """The raw RFU at which the camera saturates."""
        return 32767 if self.is_3500 else 8191


@dataclass(frozen=True)
class SyntheticInjection:
    """One well's injection, fully determined by its fields; heights in RFU."""

    kit: Kit
    size_standard: SizeStandard
    instrument: SyntheticInstrument
    name: str
    well: str
    plate: str
    role: Role
    genotype: Mapping[str, tuple[str, ...]]
    # Local time of the laboratory; ABIF files carry no zone.
    started: datetime
    seed: int
    capillary: int = 1
    injection: int = 1
    height: int = 1600
    # (marker, allele) pairs of the genotype that are left out, as a degraded sample would.
    dropout: tuple[tuple[str, str], ...] = ()
    # Several times too much DNA: the camera saturates and colours bleed into each other.
    overloaded: bool = False
    # A 3130 file that was collected but never analysed holds raw channels alone.
    analysed: bool = True


@dataclass(frozen=True)
class DrawnSignal:
    """What the analyzer would record; arrays are (dyes in number order, scans), RFU."""

    raw: Signal
    analysed: Signal
    off_scale: tuple[int, ...]
    dyes: tuple[int, ...] = field(default=())


def seeded(text: str) -> random.Random:
    """Return a generator whose whole sequence follows from `text`."""
    return random.Random(text)  # noqa: S311 - repeatable on purpose, keeps no secret


def draw_genotype(kit: Kit, rng: random.Random, *, sex: Sex | None = None) -> Genotype:
    """Draw a person's alleles at every marker of the kit, from the kit's ladder.

    Alleles in the middle of a ladder are likelier than those at its ends. A homozygote is one
    allele; a woman has none at Y markers.
    """
    sex = sex or rng.choice(tuple(Sex))
    genotype: Genotype = {}
    for marker in kit.markers:
        if marker.kind is MarkerKind.SEX:
            drawn = ["X", "Y"] if sex is Sex.MALE else ["X"]
        elif marker.kind is MarkerKind.QUALITY:
            drawn = [allele.name for allele in marker.ladder]
        elif marker.kind is MarkerKind.Y:
            copies = marker.max_alleles if sex is Sex.MALE else 0
            drawn = [_draw_allele(marker, rng) for _ in range(copies)]
        elif marker.kind is MarkerKind.X:
            drawn = [_draw_allele(marker, rng) for _ in range(1 if sex is Sex.MALE else 2)]
        else:
            drawn = [_draw_allele(marker, rng) for _ in range(2)]
        genotype[marker.name] = _sorted(drawn)
    return genotype


def child_genotype(
    kit: Kit,
    mother: Mapping[str, tuple[str, ...]],
    father: Mapping[str, tuple[str, ...]],
    rng: random.Random,
    *,
    sex: Sex | None = None,
) -> Genotype:
    """Draw a child of two genotypes of the kit, without mutation."""
    sex = sex or rng.choice(tuple(Sex))
    genotype: Genotype = {}
    for marker in kit.markers:
        hers, his = mother.get(marker.name, ()), father.get(marker.name, ())
        if marker.kind is MarkerKind.SEX:
            drawn = ["X", "Y"] if sex is Sex.MALE else ["X"]
        elif marker.kind is MarkerKind.QUALITY:
            drawn = list(hers)
        elif marker.kind is MarkerKind.Y:
            drawn = list(his) if sex is Sex.MALE else []
        elif marker.kind is MarkerKind.X:
            drawn = [rng.choice(hers)] if hers else []
            drawn += list(his) if sex is Sex.FEMALE else []
        else:
            drawn = [rng.choice(parent) for parent in (hers, his) if parent]
        genotype[marker.name] = _sorted(drawn)
    return genotype


def draw_signal(run: SyntheticInjection) -> DrawnSignal:
    """Draw the raw and the colour-separated channels of an injection."""
    rng = seeded(f"{run.seed}:{run.well}:{run.name}")
    dyes = tuple(sorted(dye.number for dye in run.kit.dyes))
    scale = _Scale(start=1500 + rng.uniform(-40, 40), rate=13.2 * rng.uniform(0.985, 1.015))
    top = max(
        max(run.size_standard.peaks),
        max(marker.ladder[-1].size for marker in run.kit.markers) + 1000,
    )
    points = int(scale.scan(top)) + 250
    colours = np.zeros((len(dyes), points))

    standard = dyes.index(run.kit.size_standard_dye)
    for peak in run.size_standard.peaks:
        _add_peak(colours[standard], scale.scan(peak), rng.uniform(700, 1100))
    for peak in run.size_standard.omitted:
        # The 250 bp fragment runs early; that is why it is not used.
        _add_peak(colours[standard], scale.scan(peak - 350), rng.uniform(500, 800))
    for index in range(len(dyes)):
        _add_peak(colours[index], scale.scan(1800), rng.uniform(1500, 3500), width=14.0)
    for marker in run.kit.markers:
        _add_marker(run, marker, colours[dyes.index(marker.dye)], scale, rng)

    mixing = _mixing(dyes)
    raw = mixing @ colours
    noise = _noise(run, (2 * len(dyes), points))
    clock = np.arange(points) / points
    background = np.array([[180.0 + 60 * index] for index in range(len(dyes))]) + 40 * clock
    raw = raw + background + 3.0 * noise[: len(dyes)]
    ceiling = run.instrument.ceiling
    off_scale = np.flatnonzero((raw >= ceiling).any(axis=0))
    raw = np.clip(raw, -32768, ceiling)
    # Colour separation is never perfect: half a percent of each colour stays in its neighbours.
    analysed: Signal = np.linalg.inv(mixing) @ (raw - background)
    analysed = analysed + 0.004 * (np.roll(analysed, 1, axis=0) + np.roll(analysed, -1, axis=0))
    analysed = np.clip(analysed + 2.0 * noise[len(dyes) :], -32768, 32767)
    return DrawnSignal(
        raw=raw, analysed=analysed, off_scale=tuple(int(scan) for scan in off_scale), dyes=dyes
    )


@dataclass(frozen=True)
class _Scale:
    """Size in hundredths of a bp to scan: long fragments are spaced a little closer."""

    start: float
    rate: float

    def scan(self, size: float) -> float:
        bp = size / BASE_PAIR
        return self.start + self.rate * bp - 0.0021 * bp * bp


def _add_marker(
    run: SyntheticInjection, marker: Marker, channel: Signal, scale: _Scale, rng: random.Random
) -> None:
    sizes = {allele.name: allele.size for allele in marker.ladder}
    shift = _shift(run.kit, marker, run.size_standard) + rng.uniform(-6, 6)
    if run.role is Role.LADDER:
        for size in sizes.values():
            _add_allele(run, marker, channel, scale, size + shift, 1500 * rng.uniform(0.75, 1.3))
        return
    alleles = run.genotype.get(marker.name, ())
    tall = run.height * (20 if run.overloaded else 1) * rng.uniform(0.85, 1.2)
    if marker.is_autosomal and len(alleles) == 1:
        tall *= 1.8
    for allele in alleles:
        if (marker.name, allele) in run.dropout:
            continue
        size = sizes[allele] if allele in sizes else _size_off_ladder(marker, allele)
        _add_allele(run, marker, channel, scale, size + shift, tall * rng.uniform(0.85, 1.15))


def _add_allele(
    run: SyntheticInjection,
    marker: Marker,
    channel: Signal,
    scale: _Scale,
    size: float,
    height: float,
) -> None:
    # Long fragments amplify worse: about a third less at 400 bp.
    height *= 1.15 - 0.0011 * size / BASE_PAIR
    _add_peak(channel, scale.scan(size), height)
    stutters = marker.kind not in (MarkerKind.SEX, MarkerKind.QUALITY) and len(marker.ladder) > 2
    if stutters and run.role is not Role.LADDER:
        # Penta repeats stutter least; one repeat shorter is the rule, one longer rare.
        share = 0.02 if marker.repeat >= 5 else 0.07
        step = marker.repeat * BASE_PAIR
        _add_peak(channel, scale.scan(size - step), share * height)
        _add_peak(channel, scale.scan(size + step), 0.01 * height)


def _add_peak(channel: Signal, centre: float, height: float, *, width: float = 3.2) -> None:
    first, last = max(0, int(centre - 6 * width)), min(len(channel), int(centre + 6 * width) + 1)
    if first < last:
        scans = np.arange(first, last)
        channel[first:last] += height * np.exp(-(((scans - centre) / width) ** 2) / 2)


def _shift(kit: Kit, marker: Marker, standard: SizeStandard) -> float:
    """How far the marker runs from its nominal size with this standard, in hundredths of a bp.

    Fixed for a marker, so that ladder and samples of every run agree.
    """
    own = seeded(f"{kit.name}:{marker.name}").uniform(-60, 60)
    return own + marker.shift(standard.family)


def _size_off_ladder(marker: Marker, allele: str) -> int:
    value = allele_value(allele)
    if value is None:
        raise KitError("unknown-allele", marker=marker.name, allele=allele)
    for rung in marker.ladder:
        known = allele_value(rung.name)
        if known is not None:
            bases = (value[0] - known[0]) * marker.repeat + value[1] - known[1]
            return rung.size + bases * BASE_PAIR
    raise KitError("unknown-allele", marker=marker.name, allele=allele)


def _mixing(dyes: tuple[int, ...]) -> Signal:
    # Emission order of the dyes: the sixth lies between the fourth and the fifth (orange).
    order: list[int] = [dye for dye in (1, 2, 3, 4, 6, 5) if dye in dyes]
    matrix = np.eye(len(dyes))
    for row, channel in enumerate(dyes):
        for column, colour in enumerate(dyes):
            apart = order.index(channel) - order.index(colour)
            matrix[row, column] = {0: 1.0, 1: 0.34, -1: 0.16, 2: 0.07}.get(apart, 0.0)
    return matrix


def _noise(run: SyntheticInjection, shape: tuple[int, int]) -> Signal:
    """Return noise of mean 0 and deviation 1.

    Sums of raw 16-bit words: numpy promises that raw words stay the same in every version,
    which it does not promise for its normal distribution.
    """
    seed = seeded(f"noise:{run.seed}:{run.well}:{run.name}").getrandbits(64)
    words = np.random.PCG64(seed).random_raw(shape[0] * shape[1]).view(np.uint16)
    total = words.reshape(-1, 4).astype(np.float64).sum(axis=1)
    deviation = 65536 * (4 / 12) ** 0.5
    noise: Signal = (total - 4 * 32767.5) / deviation
    return noise.reshape(shape)


def _draw_allele(marker: Marker, rng: random.Random) -> str:
    spread = (rng.random() + rng.random()) / 2
    return marker.ladder[int(spread * len(marker.ladder))].name


def _sorted(alleles: list[str]) -> tuple[str, ...]:
    return tuple(sorted(set(alleles), key=allele_order))


def genotype_of(kit: Kit, alleles: Mapping[str, tuple[str, ...]]) -> Genotype:
    """Return those of the `alleles` that the kit types, under the kit's marker names."""
    by_key = {marker_key(name): values for name, values in alleles.items()}
    return {
        marker.name: by_key[marker_key(marker.name)]
        for marker in kit.markers
        if marker_key(marker.name) in by_key
    }
