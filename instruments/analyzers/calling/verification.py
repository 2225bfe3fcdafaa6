# SPDX-License-Identifier: Apache-2.0
"""Does the signal support what was reported? Allele by allele, and what nobody reported."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from instruments.analyzers.kit import Kit, MarkerKind, allele_order, marker_key
from instruments.analyzers.signal import InjectionCalls, MarkerCall, Peak, PeakKind


class Support(StrEnum):
    """What the signal says of one allele at one locus."""

    # Reported, and a peak of its own stands there.
    SUPPORTED = "supported"
    # Reported, but what stands there was taken for stutter, pull-up or another artefact.
    DOUBTED = "doubted"
    # Reported, and only a peak below the analytical threshold stands there.
    LOW = "low"
    # Reported, and nothing stands there.
    ABSENT = "absent"
    # A peak as tall as an allele that was not reported.
    UNREPORTED = "unreported"


class Verdict(StrEnum):
    """What the signal says of one locus."""

    AGREES = "agrees"
    DIFFERS = "differs"
    # The machine refuses the locus, or the kit does not type it: it has no opinion.
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class AlleleCheck:
    """One allele: what was found of it. Height in RFU, size and residual in 1/100 bp."""

    allele: str
    support: Support
    height: int | None = None
    size: int | None = None
    # From the middle of the ladder's bin.
    residual: int | None = None
    # Why it is doubted, in the machine's stable codes.
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class LocusCheck:
    """One locus: reported alleles in order of length, then what nobody reported."""

    locus: str
    verdict: Verdict
    reported: tuple[str, ...]
    alleles: tuple[AlleleCheck, ...]
    # Why there is no opinion, in the machine's stable code.
    refused: str | None = None


@dataclass(frozen=True)
class Verification:
    """All loci that were reported or are seen, in the kit's order."""

    loci: tuple[LocusCheck, ...]

    @property
    def agreeing(self) -> int:
        """At how many loci the signal agrees."""
        return sum(one.verdict is Verdict.AGREES for one in self.loci)

    @property
    def differing(self) -> tuple[LocusCheck, ...]:
        """The loci at which a person must look."""
        return tuple(one for one in self.loci if one.verdict is Verdict.DIFFERS)


def verify(reported: Mapping[str, Sequence[str]], calls: InjectionCalls, kit: Kit) -> Verification:
    """Compare reported alleles by locus with the signal of one injection.

    A homozygote is one allele, written once or twice; `?` is a possible drop-out and claims
    nothing. A locus that was not reported is looked at too: tall peaks there differ from it.
    Loci of other kits have no verdict. `calls` are those of `call_run` or `call_folder`.
    """
    claimed = {marker_key(locus): tuple(alleles) for locus, alleles in reported.items()}
    checks = []
    for marker in kit.markers:
        call = calls.call(marker.name)
        if call is None or marker.kind is MarkerKind.QUALITY:
            continue
        alleles = claimed.pop(marker_key(marker.name), ())
        checks.append(_locus(call, alleles))
    names = {marker_key(locus): locus for locus in reported}
    checks += [
        LocusCheck(names[key], Verdict.UNKNOWN, _ordered(alleles), (), "not-of-kit")
        for key, alleles in claimed.items()
    ]
    return Verification(tuple(checks))


def _locus(call: MarkerCall, reported: Sequence[str]) -> LocusCheck:
    alleles = _ordered(reported)
    found = [_check(allele, call.peaks) for allele in alleles]
    found += [
        AlleleCheck(
            peak.allele or "OL", Support.UNREPORTED, peak.height, peak.size, peak.residual,
            peak.reasons,
        )
        for peak in call.peaks
        if peak.kind in (PeakKind.ALLELE, PeakKind.OFF_LADDER) and peak.allele not in alleles
    ]  # fmt: skip
    if call.refused is not None:
        verdict = Verdict.UNKNOWN
    elif all(check.support is Support.SUPPORTED for check in found):
        verdict = Verdict.AGREES
    else:
        verdict = Verdict.DIFFERS
    return LocusCheck(call.marker, verdict, alleles, tuple(found), call.refused)


def _check(allele: str, peaks: Sequence[Peak]) -> AlleleCheck:
    """Return the best that stands in an allele's place, by what it was taken for."""
    there = [peak for peak in peaks if peak.allele == allele]
    for support, kinds in (
        (Support.SUPPORTED, (PeakKind.ALLELE, PeakKind.OFF_LADDER)),
        (Support.DOUBTED, (PeakKind.STUTTER, PeakKind.PULL_UP, PeakKind.ARTEFACT, PeakKind.SPIKE)),
        (Support.LOW, (PeakKind.BELOW_THRESHOLD,)),
    ):
        fitting = [peak for peak in there if peak.kind in kinds]
        if fitting:
            peak = max(fitting, key=lambda one: one.height)
            reasons = (peak.kind.value, *peak.reasons) if support is not Support.LOW else ()
            if support is Support.SUPPORTED and peak.kind is PeakKind.ALLELE:
                reasons = peak.reasons
            return AlleleCheck(allele, support, peak.height, peak.size, peak.residual, reasons)
    return AlleleCheck(allele, Support.ABSENT)


def _ordered(alleles: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({allele for allele in alleles if allele != "?"}, key=allele_order))
