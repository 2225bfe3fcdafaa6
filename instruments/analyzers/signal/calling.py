# SPDX-License-Identifier: Apache-2.0
"""Call one injection against a registered ladder: which peaks are alleles, and what the rest is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from instruments.analyzers.kit import (
    BASE_PAIR,
    Kit,
    Marker,
    MarkerKind,
    allele_order,
    allele_value,
)
from instruments.analyzers.signal.values import (
    LadderFit,
    Limits,
    MarkerCall,
    Peak,
    PeakKind,
)

# Shares of the parent peak, in percent, beside the laboratory's own limit for one repeat less.
_ONE_REPEAT_MORE, _TWO_REPEATS_LESS, _HALF_REPEAT_LESS = 5, 4, 4
# Trinucleotides stutter more, forward too (D22S1045).
_TRINUCLEOTIDE = 2
# A parent that is cut off was taller than it shows, by a factor that nobody knows: a peak one
# repeat less, up to this factor over the limit, may be its stutter or an allele.
_CUT_OFF = 4.0
_MOST_STUTTER = 0.6
# Markers whose complex repeats also lose two bases.
_LOSES_TWO_BASES = frozenset({"SE33", "D1S1656"})
_STUTTER_REACH = 60
# Widths in percent of what one fragment gives: a spike of the current, a blob of free dye.
TOO_NARROW, _TOO_WIDE = 45, 300
# How far from its ladder a marker's rare alleles lie, in repeats; and how far before its dye's
# first marker a peak is still told with that marker, in hundredths of a bp: there is no other,
# and in a control it must be seen.
_REPEATS_OUTSIDE = 5
_BEFORE_FIRST = 30 * BASE_PAIR
# The polymerase adds a base to most copies; the rest show one base short of a taller peak.
_ONE_BASE_SHORT, _ONE_BASE_REACH = 30, 35


@dataclass(frozen=True)
class Sized:
    """A peak of a sample with its size (hundredths of a bp) and what is known of its shape."""

    dye: int
    scan: int
    size: int
    height: int
    saturated: bool
    # Of a taller peak of another dye in the same scan, its dye; None where there is none.
    bled_from: int | None
    # Whether that taller peak is cut off, so that nobody can say how much it bled.
    bled_unknown: bool
    # Width in percent of what one fragment gives here.
    width: int
    # Whether other dyes show as narrow a peak in the same scan.
    spike: bool


@dataclass(frozen=True)
class Territory:
    """The sizes on a dye that belong to a marker: half way to its neighbours."""

    marker: Marker
    low: int
    high: int
    fit: LadderFit
    # Below this no allele of the marker has been seen; what is there is told, not called.
    farthest: int = 0


def territories(
    kit: Kit, fits: Mapping[str, LadderFit], *, family: str
) -> dict[int, tuple[Territory, ...]]:
    """Return each dye's territories, by the registered ladder or, without it, the kit's sizes."""
    found: dict[int, tuple[Territory, ...]] = {}
    for dye in sorted({marker.dye for marker in kit.markers}):
        markers = kit.markers_of(dye, family)
        spans = [_span(marker, fits[marker.name], family) for marker in markers]
        row = []
        for i, (marker, (first, last)) in enumerate(zip(markers, spans, strict=True)):
            reach = _REPEATS_OUTSIDE * marker.repeat * BASE_PAIR
            low = (spans[i - 1][1] + first) // 2 if i else first - _BEFORE_FIRST
            high = (last + spans[i + 1][0]) // 2 if i + 1 < len(spans) else last + reach
            low = max(low, first - reach) if i or len(marker.ladder) <= 2 else low
            row.append(
                Territory(marker, low, min(high, last + reach), fits[marker.name], first - reach)
            )
        found[dye] = tuple(row)
    return found


def call_marker(territory: Territory, peaks: Sequence[Sized], limits: Limits) -> MarkerCall:
    """Call one marker from the peaks of its dye, any order of peaks.

    Peaks are judged in this order: below the threshold, bleeding, no peak of one fragment,
    stutter, too low beside the tallest, and then by the bin they lie in.
    """
    marker, fit = territory.marker, territory.fit
    mine = [peak for peak in peaks if territory.low <= peak.size < territory.high]
    judged: dict[int, Peak] = {}
    standing = []
    for i, peak in enumerate(mine):
        reason = _not_a_fragment(peak)
        if peak.height < limits.analytical:
            judged[i] = _peak(peak, marker, PeakKind.BELOW_THRESHOLD)
        elif reason is not None and (peak.spike or peak.bled_from is None):
            judged[i] = _peak(peak, marker, *reason)
        else:
            standing.append(i)
    bled = [i for i in standing if mine[i].bled_from is not None]
    own = [i for i in standing if mine[i].bled_from is None]
    strongest = max((mine[i].height for i in own), default=0)
    strong = {
        found[0]
        for i in own
        if 2 * mine[i].height >= strongest and (found := _bin(mine[i], fit, limits))
    }
    doubtful = {}
    for i in bled:
        # A heterozygote's second allele may share its scan with another dye's peak by chance.
        balanced = strongest and 2 * mine[i].height >= strongest and _bin(mine[i], fit, limits)
        alone = not own and mine[i].bled_unknown and _bin(mine[i], fit, limits)
        if alone or (balanced and len(strong) < marker.max_alleles):
            doubtful[i] = "pull-up-possible"
        else:
            judged[i] = _peak(mine[i], marker, PeakKind.PULL_UP, f"dye-{mine[i].bled_from}")
    standing = [i for i in standing if i not in judged]
    tallest = max((mine[i].height for i in standing), default=0)
    for i in standing:
        others = [mine[j] for j in standing if j != i]
        if _is_stutter(mine[i], others, marker, limits):
            judged[i] = _peak(mine[i], marker, PeakKind.STUTTER)
        elif _is_stutter(mine[i], others, marker, limits, cut_off=_CUT_OFF):
            judged[i] = _peak(mine[i], marker, PeakKind.STUTTER, "of-off-scale-peak")
        elif _lacks_a_base(mine[i], others):
            judged[i] = _peak(mine[i], marker, PeakKind.ARTEFACT, "one-base-short")
        elif 100 * mine[i].height < limits.locus_fraction * tallest:
            judged[i] = _peak(mine[i], marker, PeakKind.ARTEFACT, "low-beside-tallest")
        elif mine[i].size < territory.farthest and any(
            mine[j].size >= territory.farthest for j in standing
        ):
            judged[i] = _peak(mine[i], marker, PeakKind.ARTEFACT, "far-from-ladder")
        elif fit.refused is not None:
            judged[i] = _peak(mine[i], marker, PeakKind.OFF_LADDER, "ladder-refused")
        else:
            judged[i] = _in_bin(mine[i], marker, fit, limits)
        if i in doubtful and judged[i].kind is PeakKind.ALLELE:
            judged[i] = replace(judged[i], reasons=(*judged[i].reasons, doubtful[i]))
    ordered = tuple(
        _with_bin(judged[i], mine[i], fit, limits)
        for i in sorted(judged, key=lambda i: mine[i].size)
    )
    refused = fit.refused
    if refused is None and _is_disturbed(
        [judged[i] for i in doubtful if mine[i].bled_unknown], ordered
    ):
        refused = "under-off-scale-peak"
    alleles = {p.allele for p in ordered if p.kind is PeakKind.ALLELE and p.allele is not None}
    if refused is None and _is_overshadowed(
        ordered, [mine[i] for i in judged if mine[i].bled_unknown]
    ):
        refused = "under-off-scale-peak"
    if refused is None and doubtful and len(alleles) > marker.max_alleles:
        refused = "under-off-scale-peak"
    one_person = len(alleles) == marker.max_alleles
    if refused is None and not one_person and any(_is_lost(peak) for peak in ordered):
        refused = "off-scale"
    if refused is None and not one_person and any(_may_hide(peak) for peak in ordered):
        refused = "spike-in-bin"
    return MarkerCall(
        marker=marker.name,
        alleles=tuple(sorted(alleles, key=allele_order)) if refused is None else (),
        peaks=ordered,
        refused=refused,
    )


def outside_markers(
    row: Sequence[Territory], peaks: Sequence[Sized], limits: Limits, *, least: int
) -> tuple[Peak, ...]:
    """Return peaks over the threshold that belong to no marker, from size `least` on."""
    return tuple(
        _peak(peak, None, PeakKind.ARTEFACT, "outside-markers")
        for peak in peaks
        if peak.height >= limits.analytical
        and peak.size >= least
        and not any(territory.low <= peak.size < territory.high for territory in row)
    )


def virtual_allele(marker: Marker, fit: LadderFit, size: int) -> str | None:
    """Name a size by counting bases from the nearest rung, as `24.3`; None where that is no name.

    `size` in hundredths of a base pair.
    """
    if not fit.rungs:
        return None
    rung = min(fit.rungs, key=lambda rung: abs(rung.size - size))
    value = allele_value(rung.allele)
    if value is None or marker.kind in (MarkerKind.SEX, MarkerKind.QUALITY):
        return None
    bases = value[0] * marker.repeat + value[1] + round((size - rung.size) / BASE_PAIR)
    repeats, rest = divmod(bases, marker.repeat)
    if repeats < 0:
        return None
    return f"{repeats}.{rest}" if rest else f"{repeats}"


def _virtual_residual(peak: Sized, fit: LadderFit) -> int:
    """Return the distance from whole bases off the nearest rung, in hundredths of a bp."""
    rung = min(fit.rungs, key=lambda rung: abs(rung.size - peak.size))
    apart = peak.size - rung.size
    return apart - BASE_PAIR * round(apart / BASE_PAIR)


def _span(marker: Marker, fit: LadderFit, family: str) -> tuple[int, int]:
    if fit.rungs and fit.refused is None:
        return fit.rungs[0].size, fit.rungs[-1].size
    shift = marker.shift(family)
    return marker.ladder[0].size + shift, marker.ladder[-1].size + shift


def _not_a_fragment(peak: Sized) -> tuple[PeakKind, str] | None:
    if peak.spike:
        return PeakKind.SPIKE, "in-several-dyes"
    if peak.width < TOO_NARROW:
        return PeakKind.SPIKE, "too-narrow"
    if peak.width > _TOO_WIDE and not peak.saturated:
        return PeakKind.ARTEFACT, "too-wide"
    return None


def _is_stutter(
    peak: Sized, others: Sequence[Sized], marker: Marker, limits: Limits, *, cut_off: float = 1.0
) -> bool:
    """Whether the peak is no taller than what its neighbours' stutter adds up to.

    `cut_off` is how many times taller than they show the cut-off neighbours are taken to be.
    """
    if marker.kind in (MarkerKind.SEX, MarkerKind.QUALITY):
        return False
    factor = _TRINUCLEOTIDE if marker.repeat == 3 else 1
    steps = {
        -marker.repeat: limits.stutter * factor,
        marker.repeat: _ONE_REPEAT_MORE * factor,
        -2 * marker.repeat: _TWO_REPEATS_LESS,
    }
    if marker.name in _LOSES_TWO_BASES:
        steps[-2] = _HALF_REPEAT_LESS
    explained = 0.0
    for parent in others:
        if parent.height <= peak.height:
            continue
        for bases, percent in steps.items():
            if abs(peak.size - parent.size - bases * BASE_PAIR) <= _STUTTER_REACH:
                share = percent / 100 * (cut_off if parent.saturated else 1.0)
                share = min(share, _MOST_STUTTER)
                explained += share * parent.height
    return peak.height <= explained


def _lacks_a_base(peak: Sized, others: Sequence[Sized]) -> bool:
    """Whether the peak is the shoulder of a taller one whose last base was not added everywhere."""
    return any(
        abs(parent.size - peak.size - BASE_PAIR) <= _ONE_BASE_REACH
        and 100 * peak.height <= _ONE_BASE_SHORT * parent.height
        for parent in others
    )


def _is_disturbed(under: Sequence[Peak], peaks: Sequence[Peak]) -> bool:
    """Whether an allele under another dye's off-scale peak is more doubtful than can be called.

    It is when it is the marker's only peak, or not the only thing that is odd.
    """
    alleles = [peak.allele for peak in peaks if peak.kind is PeakKind.ALLELE]
    return any("pull-up-possible" in peak.reasons for peak in under) and (
        len(under) == len(alleles)
        or any(peak.kind is PeakKind.OFF_LADDER for peak in peaks)
        or any("residual-large" in peak.reasons for peak in under)
        or len(set(alleles)) != len(alleles)
    )


def _is_overshadowed(peaks: Sequence[Peak], under: Sequence[Sized]) -> bool:
    """Whether what was set aside under another dye's off-scale peak is taller than the call."""
    called = [peak.height for peak in peaks if peak.kind is PeakKind.ALLELE]
    return bool(called) and any(
        peak.kind is PeakKind.PULL_UP
        and peak.allele is not None
        and peak.height > max(called)
        and any(peak.scan == other.scan for other in under)
        for peak in peaks
    )


def _may_hide(peak: Peak) -> bool:
    """Whether a spike stands where an allele may stand beneath it."""
    return peak.kind is PeakKind.SPIKE and peak.allele is not None


def _is_lost(peak: Peak) -> bool:
    """Whether saturation hides what the peak is: its place is off, or it may be stutter."""
    return "of-off-scale-peak" in peak.reasons or (
        peak.saturated and peak.kind is PeakKind.OFF_LADDER
    )


def _bin(peak: Sized, fit: LadderFit, limits: Limits) -> tuple[str, int] | None:
    """Return the allele whose bin holds the peak and the distance from the bin's centre."""
    if fit.refused is not None or not fit.rungs:
        return None
    rung = min(fit.rungs, key=lambda rung: abs(rung.size - peak.size))
    residual = peak.size - rung.size
    return (rung.allele, residual) if abs(residual) <= limits.bin else None


def _in_bin(peak: Sized, marker: Marker, fit: LadderFit, limits: Limits) -> Peak:
    found = _bin(peak, fit, limits)
    if found is None:
        name = virtual_allele(marker, fit, peak.size)
        residual = _virtual_residual(peak, fit)
        if name is not None and "." not in name and abs(residual) <= limits.residual:
            inside = fit.rungs[0].size < peak.size < fit.rungs[-1].size
            if inside:
                # Ladders leave out rare alleles; makers' bin sets have bins for them all the same.
                return replace(
                    _peak(peak, marker, PeakKind.ALLELE, "virtual-bin"),
                    allele=name,
                    residual=residual,
                )
        return replace(_peak(peak, marker, PeakKind.OFF_LADDER), allele=name)
    allele, residual = found
    reasons = ("residual-large",) if abs(residual) > limits.residual else ()
    return replace(_peak(peak, marker, PeakKind.ALLELE, *reasons), allele=allele, residual=residual)


def _with_bin(judged: Peak, peak: Sized, fit: LadderFit, limits: Limits) -> Peak:
    """Name the bin of a peak that is no allele, too: `stutter of 14` is easier to review."""
    found = _bin(peak, fit, limits)
    if judged.allele is not None or found is None:
        return judged
    return replace(judged, allele=found[0], residual=found[1])


def _peak(peak: Sized, marker: Marker | None, kind: PeakKind, *reasons: str) -> Peak:
    return Peak(
        dye=peak.dye,
        scan=peak.scan,
        size=peak.size,
        height=peak.height,
        kind=kind,
        marker=marker.name if marker is not None else None,
        saturated=peak.saturated,
        reasons=reasons,
    )
