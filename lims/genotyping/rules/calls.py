# SPDX-License-Identifier: Apache-2.0
"""What the machine made of one injection, as it is stored: whole numbers only."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from instruments.analyzers.kit import allele_order
from lims.core.words import N_

MACHINE = "osteon-signal/1"
"""The name and version of the machine call, stored with what it made."""

_LADDER_NOT_SURE = N_("its ladder is not sure")
_REFUSED_WORDS: Mapping[str, str] = {
    "off-scale": N_("off-scale"),
    "under-off-scale-peak": N_("under an off-scale peak"),
    "spike-in-bin": N_("a spike in a bin"),
    "no-ladder": N_("no ladder"),
    "not-sized": N_("not sized"),
}


def refused_words(reason: str) -> str:
    """Return in marked words why the machine called nothing at a locus."""
    return _REFUSED_WORDS.get(reason, _LADDER_NOT_SURE)


@dataclass(frozen=True)
class Thresholds:
    """The limits a run was judged by. Heights in RFU, shares in percent, bins in 1/100 bp."""

    analytical: int
    size_standard: int
    homozygote: int
    heterozygote_balance: int
    stutter: int
    saturation: int
    bin: int

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Thresholds":
        """Read back what `as_json` made."""
        return cls(**stored)


@dataclass(frozen=True)
class PeakRead:
    """A peak: dye number, scan, size (1/100 bp), height (RFU) and what the machine takes it for."""

    dye: int
    scan: int
    size: int | None
    height: int
    kind: str
    marker: str = ""
    allele: str = ""
    residual: int | None = None
    saturated: bool = False
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocusRead:
    """The machine's alleles at a marker, shortest first; `refused` says why there are none."""

    marker: str
    alleles: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True)
class SizeRead:
    """How the size standard was found; `peaks` are (nominal 1/100 bp, scan, RFU)."""

    standard: str
    sized: bool
    accepted: bool
    required: int
    found: int
    missing: tuple[int, ...]
    correlation: int
    rms: int
    lowest: int
    peaks: tuple[tuple[int, int, int], ...]


@dataclass(frozen=True)
class RungRead:
    """An allele of a ladder as found: its size in 1/100 bp."""

    marker: str
    allele: str
    size: int


@dataclass(frozen=True)
class MachineCalls:
    """Everything the machine read in one injection.

    `ladder` is the position of the ladder well whose bins were used, '' without one. Of a ladder,
    `rungs` are the registered alleles, and `unregistered` the markers refused, with the reason.
    """

    size: SizeRead | None
    ladder: str
    loci: tuple[LocusRead, ...]
    peaks: tuple[PeakRead, ...]
    off_scale: int = 0
    rungs: tuple[RungRead, ...] = ()
    unregistered: tuple[tuple[str, str], ...] = ()
    # The size standard that the file names, where it is none of the kit's.
    foreign_standard: str = ""
    # Whether the signal of the file could be read at all.
    readable: bool = True
    machine: str = field(default=MACHINE)

    @property
    def can_be_read(self) -> bool:
        """Whether it was sized and compared with a ladder."""
        return self.size is not None and self.size.sized and bool(self.ladder)

    def locus(self, marker: str) -> LocusRead | None:
        """Return the call at a marker, None where the kit has none of this name."""
        return next((locus for locus in self.loci if locus.marker == marker), None)

    def heights(self, marker: str) -> dict[str, int]:
        """Return the height of each called allele at a marker, RFU."""
        found: dict[str, int] = {}
        for peak in self.peaks:
            if peak.marker == marker and peak.kind == "allele":
                found[peak.allele] = max(peak.height, found.get(peak.allele, 0))
        return found

    def seen(self, marker: str) -> tuple[str, ...]:
        """Return the bins that hold a peak as tall as an allele, called or refused."""
        return tuple(sorted(self.heights(marker), key=allele_order))

    def kinds(self, kind: str) -> tuple[PeakRead, ...]:
        """Return the peaks of one kind."""
        return tuple(peak for peak in self.peaks if peak.kind == kind)

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `from_json`."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "MachineCalls":
        """Read back what `as_json` made."""
        size = stored["size"]
        return cls(
            size=None
            if size is None
            else SizeRead(
                **{
                    **size,
                    "missing": tuple(size["missing"]),
                    "peaks": tuple((a, b, c) for a, b, c in size["peaks"]),
                }
            ),
            ladder=stored["ladder"],
            loci=tuple(
                LocusRead(one["marker"], tuple(one["alleles"]), one["refused"])
                for one in stored["loci"]
            ),
            peaks=tuple(
                PeakRead(**{**one, "reasons": tuple(one["reasons"])}) for one in stored["peaks"]
            ),
            off_scale=stored["off_scale"],
            rungs=tuple(RungRead(**one) for one in stored["rungs"]),
            unregistered=tuple((marker, why) for marker, why in stored["unregistered"]),
            foreign_standard=stored["foreign_standard"],
            readable=stored["readable"],
            machine=stored["machine"],
        )
