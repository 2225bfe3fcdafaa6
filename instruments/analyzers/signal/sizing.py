# SPDX-License-Identifier: Apache-2.0
"""Find the size standard in an injection, and size every other scan by it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.kit import BASE_PAIR, SizeStandard
from instruments.analyzers.signal.peaks import RawPeak
from instruments.analyzers.signal.values import SizeFit, StandardPeak, Trace

# Analyzers move a fragment by one base pair in 8 to 30 scans.
_SLOWEST, _FASTEST = 4.0, 60.0
# What is worth how much, in units of a squared deviation.
_MISSING = 14.0
_UNUSED_TALL = 2.5
_PULLED_UP = 2.0
_MOST_CANDIDATES, _MOST_UNDER = 14, 10
# No peak of a standard is so low beside the others of the same injection.
_LEAST_SHARE = 0.06
# Good fits seen lie under 2.7 (standards with wide gaps) or 1.2, one-off assignments over 4.
_LARGEST_JUMP = 3.5
# How far in bp an omitted peak may lie from its nominal size; 250 runs up to 4 early.
_OMITTED_REACH = 7.0


@dataclass(frozen=True, eq=False)
class Sizer:
    """Scan to size by the local Southern method; sizes in base pairs inside, rounded outside."""

    scans: Trace
    sizes: Trace

    def sizes_at(self, scans: Trace) -> Trace:
        """Return sizes in base pairs; beyond the standard the nearest curve goes on.

        Southern 1979: size = c / (scan - s) + l through three standard peaks. Inside, the mean
        of the curve through two peaks below and one above and of its mirror image.
        """
        last = len(self.scans) - 1
        below = np.clip(np.searchsorted(self.scans, scans, side="right") - 1, 0, last - 1)
        first = _southern(self.scans, self.sizes, np.clip(below - 1, 0, last - 2), scans)
        second = _southern(self.scans, self.sizes, np.clip(below, 0, last - 2), scans)
        return (first + second) / 2

    def even_sizes_at(self, scans: Trace) -> Trace:
        """Return sizes in bp by one smooth curve (cubic) through the whole standard."""
        middle, spread = self.scans.mean(), np.ptp(self.scans)
        curve = np.polyfit((self.scans - middle) / spread, self.sizes, 3)
        sizes: Trace = np.polyval(curve, (scans - middle) / spread)
        return sizes


def fit_standard(
    peaks: Sequence[RawPeak],
    standard: SizeStandard,
    *,
    pulled_up: Sequence[bool],
    least: int,
    used_from: int = 0,
) -> tuple[SizeFit, Sizer | None]:
    """Find the peaks of the standard among those of its dye; size by them if they will do.

    `least` is the laboratory's least height for the standard, RFU; `used_from` the least size
    (hundredths of a bp) that the kit needs, so that a peak below, on which no size rests, may be
    lower. The fit is always returned, a Sizer when all peaks were found and are spaced as the
    standard's, however low they are.
    """
    nominal = np.array(standard.peaks, dtype=float) / BASE_PAIR
    chosen = _candidates(peaks, pulled_up, len(nominal))
    scans = np.array([peaks[i].centre for i in chosen])
    heights = np.array([peaks[i].height for i in chosen])
    bleed = np.array([pulled_up[i] for i in chosen], dtype=bool)
    found: list[tuple[int, int]] = []
    if len(chosen) >= max(4, len(nominal) // 2):
        found = _align(scans, heights, bleed, nominal, may_miss=False)
        if not found or _judge(scans, nominal, found)[0] < standard.accept:
            found = _align(scans, heights, bleed, nominal, may_miss=True) or found
    correlation, rms = _judge(scans, nominal, found)
    matched = tuple(
        StandardPeak(standard.peaks[k], round(scans[i]), round(heights[i])) for k, i in found
    )
    have = {peak.size for peak in matched}
    missing = tuple(size for size in standard.peaks if size not in have)
    sized = (
        not missing
        and correlation >= standard.accept
        and _jump(scans, nominal, found) <= _LARGEST_JUMP
    )
    sizer = Sizer(scans[[i for _, i in found]], nominal[[k for k, _ in found]]) if sized else None
    below = [peak.size for peak in matched if peak.size <= used_from]
    # The local Southern method rests on two peaks below a fragment.
    first = below[-2] if len(below) > 1 else 0
    lowest = min((peak.height for peak in matched if peak.size >= first), default=0)
    if sizer is not None:
        lowest = min([lowest, *_omitted_heights(peaks, standard, sizer)])
    fit = SizeFit(
        standard=standard.name,
        sized=sized,
        accepted=sized and lowest >= least,
        required=len(standard.peaks),
        peaks=matched,
        missing=missing,
        correlation=correlation,
        rms=rms,
        lowest_height=lowest,
    )
    return fit, sizer


def _omitted_heights(peaks: Sequence[RawPeak], standard: SizeStandard, sizer: Sizer) -> list[int]:
    """Return the heights of peaks that are in the tube, but not used: they tell its strength."""
    sizes = sizer.sizes_at(np.array([peak.centre for peak in peaks]))
    heights = []
    for omitted in standard.omitted:
        near = np.abs(sizes - omitted / BASE_PAIR) < _OMITTED_REACH
        tall = [peak.height for peak, is_near in zip(peaks, near, strict=True) if is_near]
        heights += [round(max(tall))] if tall else []
    return heights


def _candidates(peaks: Sequence[RawPeak], pulled_up: Sequence[bool], wanted: int) -> list[int]:
    """Return the likeliest peaks, in order of scan: more than wanted, but not hundreds.

    The tallest, and of those that stand under another dye's peak the ones as tall as the rest:
    a peak of the standard may share its scan with a ladder's rung by chance.
    """
    free = sorted(
        (i for i in range(len(peaks)) if not pulled_up[i]),
        key=lambda i: (-peaks[i].height, peaks[i].centre),
    )[: wanted + _MOST_CANDIDATES]
    heights = [peaks[i].height for i in free[:wanted]] or [peak.height for peak in peaks] or [1.0]
    usual = float(np.median(heights))
    free = [i for i in free if peaks[i].height >= _LEAST_SHARE * usual]
    under = sorted(
        (i for i in range(len(peaks)) if pulled_up[i]),
        key=lambda i: (abs(float(np.log(peaks[i].height / usual))), peaks[i].centre),
    )[:_MOST_UNDER]
    return sorted(free + under)


def _align(
    scans: Trace, heights: Trace, bleed: NDArray[np.bool_], nominal: Trace, *, may_miss: bool
) -> list[tuple[int, int]]:
    """Assign peaks to the standard so that scans per base pair change least along the way.

    Dynamic programming over pairs of neighbouring assignments. Returns (standard peak, peak)
    index pairs; empty when no assignment exists.
    """
    count, wanted = len(scans), len(nominal)
    reach = 2 if may_miss else 1
    usual = float(np.median(np.sort(heights)[-wanted:]))
    node = 0.6 * np.abs(np.log(heights / usual)) + _PULLED_UP * bleed
    tall = (heights > 0.4 * usual) & ~bleed
    before = np.concatenate([[0], np.cumsum(tall)])
    unused = before[None, :count] - before[1:, None]
    distance = scans[None, :] - scans[:, None]
    later = distance > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(later, np.log(np.where(later, distance, 1.0)), 0.0)
    cost: dict[tuple[int, int], Trace] = {}
    back: dict[tuple[int, int], NDArray[np.intp]] = {}
    origin: dict[tuple[int, int], NDArray[np.intp]] = {}
    rate: dict[tuple[int, int], Trace] = {}
    for b in range(1, wanted):
        for a in range(max(0, b - reach), b):
            gap = nominal[b] - nominal[a]
            rate[a, b] = logs - np.log(gap)
            allowed = later & (rate[a, b] > np.log(_SLOWEST)) & (rate[a, b] < np.log(_FASTEST))
            step = node[None, :] + _UNUSED_TALL * np.maximum(unused, 0) + _MISSING * (b - a - 1)
            best = np.full((count, count), np.inf)
            chosen = np.zeros((count, count), dtype=np.intp)
            source = np.full((count, count), -1, dtype=np.intp)
            if a == 0 or (may_miss and a <= 3):
                best = np.broadcast_to(node[:, None] + _MISSING * a, best.shape).copy()
            for z in range(max(0, a - reach), a):
                if (z, a) not in cost:
                    continue
                scale = _tolerance(nominal[a] - nominal[z]) + _tolerance(gap)
                change = (rate[a, b][None, :, :] - rate[z, a][:, :, None]) ** 2 / scale
                total = cost[z, a][:, :, None] + change
                which = total.argmin(axis=0)
                value = np.take_along_axis(total, which[None], axis=0)[0]
                better = value < best
                best = np.where(better, value, best)
                chosen = np.where(better, which, chosen)
                source = np.where(better, z, source)
            cost[a, b] = np.where(allowed, best + step, np.inf)
            back[a, b], origin[a, b] = chosen, source
    ends = [
        (float(cost[a, b].min()) + _MISSING * (wanted - 1 - b), a, b)
        for (a, b) in cost
        if b == wanted - 1 or (may_miss and b >= wanted - 4)
    ]
    best_cost, a, b = min(ends)
    if not np.isfinite(best_cost):
        return []
    i, j = (int(n) for n in np.unravel_index(int(cost[a, b].argmin()), cost[a, b].shape))
    found = [(b, j), (a, i)]
    while origin[a, b][i, j] >= 0:
        z, h = int(origin[a, b][i, j]), int(back[a, b][i, j])
        found.append((z, h))
        a, b, i, j = z, a, h, i
    return found[::-1]


def _tolerance(gap: float) -> float:
    """Squared deviation allowed of the logarithm of scans per base pair over a gap in bp.

    Fragments sit up to about a base pair off a smooth curve, and the curve bends a little.
    """
    return float(0.025**2 + (0.7 / gap) ** 2)


def _jump(scans: Trace, nominal: Trace, found: Sequence[tuple[int, int]]) -> float:
    """Return the largest change of scans per base pair between gaps, over what is usual."""
    at = scans[[i for _, i in found]]
    sizes = nominal[[k for k, _ in found]]
    gaps = np.diff(sizes)
    rates = np.log(np.diff(at) / gaps)
    usual = np.array([_tolerance(gap) for gap in gaps])
    return float(np.max(np.abs(np.diff(rates)) / np.sqrt(usual[:-1] + usual[1:]), initial=0.0))


def _judge(scans: Trace, nominal: Trace, found: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """Return correlation (parts per 100,000) and rms (hundredths of a bp) of an assignment."""
    if len(found) < 5:
        return 0, 0
    at = scans[[i for _, i in found]]
    sizes = nominal[[k for k, _ in found]]
    centred = (at - at.mean()) / (np.ptp(at) or 1.0)
    expected, seen = np.diff(sizes), np.diff(np.polyval(np.polyfit(centred, sizes, 3), centred))
    # About zero, not about the mean: standards are nearly evenly spaced, and the correlation
    # of a constant means nothing.
    correlation = float(expected @ seen / np.sqrt((expected @ expected) * (seen @ seen)))
    off = []
    for k in range(1, len(at) - 1):
        others = np.delete(np.arange(len(at)), k)
        at_k = Sizer(at[others], sizes[others]).sizes_at(at[k : k + 1])[0]
        off.append(at_k - sizes[k])
    rms = float(np.sqrt(np.mean(np.square(off))))
    return max(0, int(correlation * 100_000)), round(rms * BASE_PAIR)


def _southern(scans: Trace, sizes: Trace, first: NDArray[np.intp], at: Trace) -> Trace:
    """Size by the hyperbola through three neighbouring standard peaks from `first` on."""
    m1, m2, m3 = scans[first], scans[first + 1], scans[first + 2]
    l1, l2, l3 = sizes[first], sizes[first + 1], sizes[first + 2]
    # From size = l + c / (m - s) at three points.
    ratio = (l2 - l1) * (m3 - m2) / ((l3 - l2) * (m2 - m1))
    straight = np.abs(1 - ratio) < 1e-9
    ratio = np.where(straight, 1 + 1e-9, ratio)
    shift = (m3 - ratio * m1) / (1 - ratio)
    constant = (l2 - l1) * (m1 - shift) * (m2 - shift) / (m1 - m2)
    offset = l1 - constant / (m1 - shift)
    curve = offset + constant / (at - shift)
    line = l1 + (l3 - l1) * (at - m1) / (m3 - m1)
    return np.where(straight, line, curve)
