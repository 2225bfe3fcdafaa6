# SPDX-License-Identifier: Apache-2.0
"""What is found in the files of a folder: roles, fits, calls, and how they are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from instruments.analyzers.abif import AbifFile
from instruments.analyzers.calling.roles import FileRole
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import BASE_PAIR, Kit
from instruments.analyzers.signal import (
    InjectionCalls,
    LadderCalls,
    LadderFit,
    MarkerCall,
    Peak,
    PeakKind,
)
from instruments.analyzers.signal.calling import virtual_allele

_LEAST_FOR_DRIFT = 8
# One flag of these four tells that a peak was judged to be no allele.
NO_ALLELE: Mapping[PeakKind, tuple[str, ...]] = {
    PeakKind.STUTTER: ("stutter",),
    PeakKind.PULL_UP: ("pull-up",),
    PeakKind.OFF_LADDER: ("off-ladder",),
    PeakKind.SPIKE: ("artefact", "spike"),
    PeakKind.ARTEFACT: ("artefact",),
    PeakKind.BELOW_THRESHOLD: ("artefact", "below-threshold"),
}


@dataclass(frozen=True)
class CalledPeak:
    """A peak at a locus: allele or virtual allele ("OL" without), size in 1/100 bp, RFU, flags."""

    allele: str
    size: int
    height: int
    flags: tuple[str, ...]

    @property
    def is_allele(self) -> bool:
        """Whether the peak was taken for an allele."""
        return not set(self.flags) & {"artefact", "stutter", "pull-up", "off-ladder"}

    def as_json(self) -> dict[str, object]:
        """Return the peak under the fixed names of the command's output; `size` in base pairs."""
        return {
            "allele": self.allele,
            "size": self.size / BASE_PAIR,
            "height": self.height,
            "flags": list(self.flags),
        }


@dataclass(frozen=True, eq=False)
class FileCalls:
    """One file of a folder: read and called, or `error` says why it cannot be read.

    `ladder` is the registration that the alleles were named by; of a ladder, its own. `refused`
    tells in stable codes which markers were not called.
    """

    path: str
    role: FileRole
    # What the names say, where the signal says otherwise.
    named: FileRole | None = None
    file: AbifFile | None = None
    error: AnalyzerFileError | None = None
    calls: InjectionCalls | None = None
    ladder: LadderCalls | None = None
    loci: Mapping[str, tuple[CalledPeak, ...]] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)

    @property
    def sample_name(self) -> str | None:
        """The name in the sample sheet."""
        return self.file.sample_name if self.file is not None else None

    @property
    def registered(self) -> bool:
        """Whether there is a ladder to name alleles by, whole or in part."""
        return self.ladder is not None and self.ladder.registered > 0

    @property
    def drift(self) -> int | None:
        """How far the alleles lie on average from the ladder's bins, in 1/100 bp.

        Bins are half a base pair wide to either side: an injection that ran otherwise than its
        ladder leaves them all on one side. None where too few alleles tell.
        """
        peaks = self.calls.peaks if self.calls is not None else ()
        apart = [
            peak.residual
            for peak in peaks
            if peak.kind is PeakKind.ALLELE and peak.residual is not None and not peak.saturated
        ]
        return round(sum(apart) / len(apart)) if len(apart) >= _LEAST_FOR_DRIFT else None

    def alleles(self, locus: str) -> tuple[str, ...] | None:
        """Return the alleles called at a locus, shortest first; None where nothing was called."""
        peaks = self.loci.get(locus)
        if peaks is None:
            return None
        return tuple(dict.fromkeys(peak.allele for peak in peaks if peak.is_allele))


@dataclass(frozen=True, eq=False)
class FolderCalls:
    """All files of a folder, in the order given."""

    kit: Kit
    files: tuple[FileCalls, ...]

    @property
    def failed(self) -> bool:
        """Whether any file could not be read."""
        return any(one.error is not None for one in self.files)


def called_peaks(
    call: MarkerCall, kit: Kit, fit: LadderFit | None, *, shows_low: bool
) -> tuple[CalledPeak, ...]:
    """Return what stands at a marker over the threshold, by size.

    With `shows_low` peaks below the threshold are shown too where one stands over it: beside a
    stray peak of a negative control they belong to the picture.
    """
    over = [peak for peak in call.peaks if peak.kind is not PeakKind.BELOW_THRESHOLD]
    shown = call.peaks if shows_low and over else over
    return tuple(
        CalledPeak(
            allele=_name(peak, call, kit, fit),
            size=peak.size or 0,
            height=peak.height,
            flags=_flags(peak),
        )
        for peak in shown
    )


def _name(peak: Peak, call: MarkerCall, kit: Kit, fit: LadderFit | None) -> str:
    if peak.allele is not None:
        return peak.allele
    if fit is None or fit.refused is not None or peak.size is None:
        return "OL"
    return virtual_allele(kit.marker(call.marker), fit, peak.size) or "OL"


def _flags(peak: Peak) -> tuple[str, ...]:
    flags = [*NO_ALLELE.get(peak.kind, ()), *peak.reasons]
    if peak.saturated:
        flags.append("off-scale")
    return tuple(dict.fromkeys(flags))
