# SPDX-License-Identifier: Apache-2.0
"""What goes into the machine call of raw signal, and what comes out of it.

All figures that a person may cite are whole numbers: heights in RFU, sizes and residuals in
hundredths of a base pair, correlations in parts per 100,000, shares in percent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.abif import AbifFile
from instruments.analyzers.kit import Kit

Trace = NDArray[np.float64]


@dataclass(frozen=True)
class Limits:
    """A laboratory's thresholds; the defaults must be replaced by its own validation.

    Heights in RFU; shares in percent; `bin` and `residual` in hundredths of a base pair.
    """

    analytical: int = 150
    ladder: int = 150
    size_standard: int = 150
    homozygote: int = 350
    heterozygote_balance: int = 50
    stutter: int = 15
    pull_up: int = 20
    bin: int = 50
    residual: int = 25
    saturation: int = 5000
    locus_fraction: int = 20
    # Parts per 100,000: the correlation of a ladder's rungs with their nominal sizes.
    ladder_correlation: int = 99900

    @classmethod
    def for_instrument(cls, model: str | None, kit: Kit) -> Limits:
        """Return the defaults for an analyzer's model and a kit (OSIRIS's shipped settings)."""
        if (model or "").strip().startswith(("3500", "SeqS")):
            return cls(analytical=250, ladder=500, size_standard=500, homozygote=400,
                       saturation=10_000)  # fmt: skip
        if kit.is_called("PowerPlex 16"):
            return cls(analytical=100, size_standard=100)
        return cls()


class Role(StrEnum):
    """What is known of a well before its signal is read."""

    LADDER = "ladder"
    OTHER = "other"


@dataclass(frozen=True, eq=False)
class InjectionSignal:
    """The channels of one injection: dye number to RFU by scan, all of one length.

    `off_scale` holds scans at which the camera was saturated, counted as in `channels`.
    """

    name: str
    well: str | None
    role: Role
    channels: Mapping[int, Trace]
    off_scale: tuple[int, ...] = ()
    # The size standard that the file names, as written there.
    size_standard: str | None = None
    # Raw channels still hold every colour's bleed into the others and the camera's background.
    is_raw: bool = False
    # Scans of the raw record that lie before the first scan of `channels`.
    first_scan: int = 0


def signal_of(file: AbifFile, *, role: Role, name: str | None = None) -> InjectionSignal:
    """Take the channels of a file: the analyzer's analysed ones, else the raw ones.

    A file without readable signal gives no channels; the call then says so.
    """
    numbers = [dye.number for dye in file.dyes] or list(range(1, 7))
    analysed = {n: samples for n in numbers if (samples := file.analysed(n)) is not None}
    raw = {n: samples for n in numbers if (samples := file.raw(n)) is not None}
    chosen = analysed if len(analysed) >= len(raw) and analysed else raw
    length = min((len(samples) for samples in chosen.values()), default=0)
    # Analysed channels may start later than the raw ones, whose scans the off-scale list counts.
    start = file.tag("AOFF")
    first = start if chosen is analysed and isinstance(start, int) else 0
    return InjectionSignal(
        name=name or file.sample_name or file.name,
        well=file.well,
        role=role,
        channels={n: np.asarray(samples[:length], dtype=float) for n, samples in chosen.items()},
        off_scale=tuple(scan - first for scan in _cut_off(file, raw) if 0 <= scan - first < length),
        size_standard=file.size_standard,
        is_raw=chosen is raw and bool(raw),
        first_scan=first,
    )


# A camera saturates far above this; a flat top of so many equal scans is no fragment's.
_LEAST_CEILING, _FLAT = 3500, 4


def _cut_off(file: AbifFile, raw: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """Return the scans that the camera cut off: as the file lists them, else the flat tops."""
    if file.tag("OfSc") is not None:
        return file.off_scale
    found: set[int] = set()
    for samples in raw.values():
        values = np.asarray(samples)
        top = int(values.max(initial=0))
        if top < _LEAST_CEILING:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate([[0], values == top, [0]])))
        for start, stop in edges.reshape(-1, 2):
            if stop - start >= _FLAT:
                found.update(range(int(start), int(stop)))
    return tuple(sorted(found))


@dataclass(frozen=True)
class Fact:
    """Something that a rule of the laboratory is about; `rule` as in R01, `code` is stable.

    The rule is NOTE where nothing is wrong, but a person may ask: a file that names a size
    standard of another kit, since analyzers keep the setting of the run before.
    """

    rule: str
    code: str
    values: Mapping[str, int | str] = field(default_factory=dict)


class PeakKind(StrEnum):
    """What the machine takes a peak for."""

    ALLELE = "allele"
    STUTTER = "stutter"
    PULL_UP = "pull-up"
    OFF_LADDER = "off-ladder"
    BELOW_THRESHOLD = "below-threshold"
    SPIKE = "spike"
    ARTEFACT = "artefact"


@dataclass(frozen=True)
class Peak:
    """One peak of one dye; `allele` is the bin it lies in or, off ladder, a virtual allele.

    `residual` is the distance from the bin's centre. `reasons` are stable codes.
    """

    dye: int
    scan: int
    size: int | None
    height: int
    kind: PeakKind
    marker: str | None = None
    allele: str | None = None
    residual: int | None = None
    saturated: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class MarkerCall:
    """The machine's call at a marker: alleles shortest first, one for a homozygote.

    `refused` is the code of why nothing was called; then there are no alleles.
    """

    marker: str
    alleles: tuple[str, ...]
    peaks: tuple[Peak, ...]
    refused: str | None = None

    @property
    def off_ladder(self) -> tuple[Peak, ...]:
        """Peaks as tall as an allele that lie in no bin."""
        return tuple(peak for peak in self.peaks if peak.kind is PeakKind.OFF_LADDER)


@dataclass(frozen=True)
class StandardPeak:
    """A peak of the size standard: nominal size, where it was found, its height."""

    size: int
    scan: int
    height: int


@dataclass(frozen=True)
class SizeFit:
    """How the size standard was found in an injection.

    `correlation` compares the spacing of the peaks found with that of the standard after a
    smooth trend is taken out; `rms` is how far each peak lies from where its neighbours put it.
    """

    standard: str
    # Whether peaks can be sized by it (R01), and whether it is also tall enough (R02).
    sized: bool
    accepted: bool
    required: int
    peaks: tuple[StandardPeak, ...]
    missing: tuple[int, ...]
    correlation: int
    rms: int
    lowest_height: int

    @property
    def found(self) -> int:
        """How many of the required peaks were found."""
        return len(self.peaks)


@dataclass(frozen=True)
class Rung:
    """An allele of the ladder as found: its size against the size standard, and its height."""

    allele: str
    size: int
    scan: int
    height: int


@dataclass(frozen=True)
class LadderFit:
    """How one marker's ladder was registered; `refused` is the code of why it was not.

    `offset` is the mean of found less nominal size, `rms` the spread about it.
    """

    marker: str
    rungs: tuple[Rung, ...]
    missing: tuple[str, ...]
    # Peaks of a rung's height that are no rung: among the rungs, and one repeat off the ends.
    extra: int
    beyond_ends: int
    correlation: int
    offset: int
    rms: int
    lowest_height: int
    refused: str | None = None


@dataclass(frozen=True)
class InjectionCalls:
    """What the machine reads in one injection."""

    name: str
    well: str | None
    role: Role
    size_fit: SizeFit | None
    # The ladder injection whose bins were used.
    ladder: str | None
    peaks: tuple[Peak, ...]
    markers: tuple[MarkerCall, ...]
    facts: tuple[Fact, ...]

    def call(self, marker: str) -> MarkerCall | None:
        """Return the call at a marker, if the kit has it."""
        return next((call for call in self.markers if call.marker == marker), None)


@dataclass(frozen=True)
class LadderCalls:
    """The registration of every marker in one ladder injection."""

    name: str
    well: str | None
    markers: tuple[LadderFit, ...]

    @property
    def registered(self) -> int:
        """How many markers were registered surely."""
        return sum(1 for fit in self.markers if fit.refused is None)


@dataclass(frozen=True)
class RunCalls:
    """The machine's advisory call of a whole run."""

    kit: str
    injections: tuple[InjectionCalls, ...]
    ladders: tuple[LadderCalls, ...]
    facts: tuple[Fact, ...]
