# SPDX-License-Identifier: Apache-2.0
"""Register an allelic ladder: which peak is which rung, or a refusal to say so.

A ladder one repeat off gives wrong alleles in every sample, so a marker is registered only when
every rung is found, nothing of a rung's height is left over, and the spacing, the balance of
heights and the neighbouring markers all agree with the kit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.kit import BASE_PAIR, Kit, Marker
from instruments.analyzers.signal.values import LadderFit, Limits, Rung, Trace

# Costs in units of a squared deviation.
_MISSING = 12.0
_UNUSED = 9.0
_TOO_LOW = 15.0
_FOREIGN = 6.0
# How far found sizes stray, in bp: from rung to rung of one marker, from one marker to the next
# of a dye, and from the kit's nominal sizes as a whole.
_WITHIN, _BETWEEN, _OVERALL = 0.22, 2.5, 5.0
# Size standards differ in how they stretch a ladder, by up to 6 % at its short end.
_STRETCH = 0.03
# A rung is at least this share of its marker's usual rung; stutter stays below it.
_LEAST_RUNG = 0.25
_RUNG_TOO_MANY = 0.5
_ONE_REPEAT_OFF = 0.6
_LARGEST_RMS = 30
_WINDOW_MARGIN = 150
# Of a repeat: markers stray up to half of one from where their windows put them, against the
# trend of the others, and a ladder that is whole and alone hardly ever is one repeat off.
_AWAY = 0.7
# Shared markers of a kit's relatives register well; fewer than this share is another kit.
_LEAST_REGISTERED = 0.5


@dataclass(frozen=True, eq=False)
class LadderPeaks:
    """The peaks of one dye of a ladder injection, by scan; sizes in bp, heights in RFU.

    `even` is a smoother size than `sizes`: where two peaks of the size standard stray apart, as
    340 and 350 bp do, the rungs between them are unevenly sized, but still evenly spaced.
    """

    sizes: Trace
    even: Trace
    heights: Trace
    scans: NDArray[np.int64]
    # Bleeding and spikes: hardly ever a rung, and nobody misses them.
    foreign: NDArray[np.bool_]


def register(
    kit: Kit, peaks: Mapping[int, LadderPeaks], *, family: str, limits: Limits
) -> tuple[LadderFit, ...]:
    """Register every marker of the kit, in the kit's order; `family` is the size standard's."""
    fits: dict[str, LadderFit] = {}
    for dye in sorted({marker.dye for marker in kit.markers}):
        markers = kit.markers_of(dye, family)
        if dye not in peaks or not len(peaks[dye].sizes):
            fits |= {marker.name: _absent(marker) for marker in markers}
            continue
        found = _assign(markers, peaks[dye], family)
        fits |= _examine(markers, peaks[dye], found, family, limits)
    return _in_place(kit, tuple(fits[marker.name] for marker in kit.markers), family)


def is_of_kit(fits: Sequence[LadderFit]) -> bool:
    """Whether enough markers are registered to believe that this is a ladder of the kit."""
    return sum(fit.refused is None for fit in fits) >= _LEAST_REGISTERED * len(fits)


def whole_or_none(fits: tuple[LadderFit, ...]) -> tuple[LadderFit, ...]:
    """Refuse all of a ladder that hardly registers: another kit's ladder fits here and there."""
    if is_of_kit(fits):
        return fits
    return tuple(
        replace(fit, refused="not-a-ladder-of-the-kit") if fit.refused is None else fit
        for fit in fits
    )


def agreeing(kit: Kit, ladders: Sequence[tuple[LadderFit, ...]]) -> list[tuple[LadderFit, ...]]:
    """Refuse what ladders of one run register in different places; all run alike.

    A marker that lies half a repeat or more away from where most ladders of the run have it is
    refused there; where there is no majority, in all of them.
    """
    result = [dict(zip((fit.marker for fit in fits), fits, strict=True)) for fits in ladders]
    levels = [_level([fit.offset for fit in fits if fit.refused is None]) for fits in ladders]
    for marker in kit.markers:
        places = {
            i: fits[marker.name].offset - levels[i]
            for i, fits in enumerate(result)
            if fits[marker.name].refused is None
        }
        apart = _half_repeat(marker)
        if not places or max(places.values()) - min(places.values()) < apart:
            continue
        middle = float(np.median(list(places.values())))
        for i, place in places.items():
            if len(places) == 2 or abs(place - middle) >= apart:
                fit = result[i][marker.name]
                result[i][marker.name] = replace(fit, refused="ladders-disagree")
    return [tuple(fits[marker.name] for marker in kit.markers) for fits in result]


def _in_place(kit: Kit, fits: tuple[LadderFit, ...], family: str) -> tuple[LadderFit, ...]:
    """Refuse an evenly spaced ladder that lies most of a repeat off its usual place.

    Only its place tells such a ladder from itself one repeat on. Polymer and temperature move
    all markers alike, long ones more than short ones, so that trend is taken off first.
    """
    known = [
        (marker, fit, fit.offset - place)
        for marker, fit in zip(kit.markers, fits, strict=True)
        if (place := marker.usual_place(family)) is not None and fit.refused is None
    ]
    trend = _trend([fit.rungs[0].size for _, fit, _ in known], [off for _, _, off in known])
    moved = {
        marker.name
        for marker, fit, off in known
        if len(marker.ladder) > 2
        and _is_even(marker)
        and abs(off - trend(fit.rungs[0].size)) > _AWAY * marker.repeat * BASE_PAIR
    }
    return tuple(
        replace(fit, refused="away-from-usual-place") if fit.marker in moved else fit
        for fit in fits
    )


def _trend(sizes: Sequence[int], offsets: Sequence[int]) -> Callable[[int], float]:
    """Return the line through most of the points: medians of slopes and of levels (Theil-Sen)."""
    slopes = [
        (offsets[j] - offsets[i]) / (sizes[j] - sizes[i])
        for i in range(len(sizes))
        for j in range(i)
        if abs(sizes[j] - sizes[i]) >= 50 * BASE_PAIR
    ]
    # Few markers tell a level, but no slope.
    slope = float(np.median(slopes)) if len(sizes) >= 8 else 0.0
    level = _level([off - slope * size for size, off in zip(sizes, offsets, strict=True)])
    return lambda size: level + slope * size


def _level(offsets: Sequence[float]) -> float:
    return float(np.median(offsets)) if offsets else 0.0


def _half_repeat(marker: Marker) -> float:
    return marker.repeat * BASE_PAIR / 2


def _assign(
    markers: Sequence[Marker], peaks: LadderPeaks, family: str
) -> dict[tuple[int, int], int]:
    """Assign rungs (marker, rung) to peaks so that offsets from nominal sizes change least.

    Dynamic programming over all rungs of the dye at once: a rung may be missing, a peak may be
    nobody's, and both cost.
    """
    rungs = [(m, r) for m, marker in enumerate(markers) for r in range(len(marker.ladder))]
    nominal = np.array([markers[m].ladder[r].size / BASE_PAIR for m, r in rungs])
    owner = np.array([m for m, _ in rungs])
    prior = np.array([marker.shift(family) / BASE_PAIR for marker in markers])
    usual = _usual_heights(peaks)
    share = np.where(peaks.foreign, 0.0, np.minimum(peaks.heights / usual, 1.0))
    # A peak of a tenth of the usual height costs next to nothing to leave out.
    price = _UNUSED * share**2
    passed = np.concatenate([[0.0], np.cumsum(price)])
    offsets = peaks.even[None, :] - nominal[:, None]
    node = 1.5 * np.log(np.maximum(peaks.heights, 1.0) / usual) ** 2
    node = node + np.where(peaks.heights < _LEAST_RUNG * usual, _TOO_LOW, 0.0)
    node = node + np.where(peaks.foreign, _FOREIGN, 0.0)
    count = len(peaks.sizes)
    cost = np.full((len(rungs), count), np.inf)
    back: NDArray[np.int64] = np.full((len(rungs), count, 2), -1, dtype=np.int64)
    for k in range(len(rungs)):
        stray = offsets[k] - prior[owner[k]]
        cost[k] = _MISSING * k + passed[:count] + (stray / _OVERALL) ** 2
        for j in range(max(0, k - 4), k):
            gap = nominal[k] - nominal[j]
            same = owner[j] == owner[k]
            spread = _WITHIN + _STRETCH * gap if same else _BETWEEN + 0.01 * gap
            drift = 0.0 if same else prior[owner[k]] - prior[owner[j]]
            change = ((offsets[k][None, :] - offsets[j][:, None] - drift) / spread) ** 2
            between = passed[None, :count] - passed[1 : count + 1, None]
            step = cost[j][:, None] + change + between + _MISSING * (k - j - 1)
            step = np.where(np.arange(count)[:, None] < np.arange(count)[None, :], step, np.inf)
            source = step.argmin(axis=0)
            value = step[source, np.arange(count)]
            better = value < cost[k]
            cost[k] = np.where(better, value, cost[k])
            back[k, better, 0] = j
            back[k, better, 1] = source[better]
        cost[k] = cost[k] + node
    rest = np.array([_MISSING * (len(rungs) - 1 - k) for k in range(len(rungs))])
    total = cost + rest[:, None] + (passed[-1] - passed[1 : count + 1])[None, :]
    k, p = (int(n) for n in np.unravel_index(int(total.argmin()), total.shape))
    found: dict[tuple[int, int], int] = {}
    while k >= 0:
        found[rungs[k]] = p
        k, p = int(back[k, p, 0]), int(back[k, p, 1])
    return found


def _usual_heights(peaks: LadderPeaks) -> Trace:
    """Return the height of a rung near each peak: the median of the tall half within 25 bp."""
    heights = np.where(peaks.foreign, 0.0, peaks.heights)
    usual = np.empty(len(heights))
    for i, size in enumerate(peaks.even):
        near = heights[np.abs(peaks.even - size) < 25]
        usual[i] = max(1.0, float(np.median(near[near >= 0.35 * near.max()])))
    return usual


def _examine(
    markers: Sequence[Marker],
    peaks: LadderPeaks,
    found: Mapping[tuple[int, int], int],
    family: str,
    limits: Limits,
) -> dict[str, LadderFit]:
    used = set(found.values())
    fits = [_measure(m, marker, peaks, found, used) for m, marker in enumerate(markers)]
    return {
        marker.name: replace(fit, refused=_doubt(marker, fit, family, limits))
        for marker, fit in zip(markers, fits, strict=True)
    }


def _measure(
    m: int,
    marker: Marker,
    peaks: LadderPeaks,
    found: Mapping[tuple[int, int], int],
    used: set[int],
) -> LadderFit:
    rungs, nominal, even, missing = [], [], [], []
    for r, allele in enumerate(marker.ladder):
        p = found.get((m, r))
        if p is None:
            missing.append(allele.name)
            continue
        nominal.append(allele.size / BASE_PAIR)
        even.append(float(peaks.even[p]))
        rungs.append(
            Rung(allele.name, round(float(peaks.sizes[p]) * BASE_PAIR), int(peaks.scans[p]),
                 round(float(peaks.heights[p])))
        )  # fmt: skip
    if not rungs:
        return _absent(marker)
    seen, expected = np.array(even), np.array(nominal)
    offset = float(np.mean([rung.size for rung in rungs])) - BASE_PAIR * float(expected.mean())
    rms = 0.0
    correlation = 1.0
    if len(rungs) > 2:
        line = np.polyfit(expected, seen, 1)
        rms = float(np.sqrt(np.mean((seen - np.polyval(line, expected)) ** 2)))
        correlation = float(np.corrcoef(seen, expected)[0, 1])
    middle = float(np.median([rung.height for rung in rungs]))
    spare = [
        p
        for p in range(len(peaks.even))
        if p not in used and not peaks.foreign[p] and peaks.heights[p] >= _LEAST_RUNG * middle
    ]
    reach = 1.6 * marker.repeat
    extra = sum(
        1
        for p in spare
        if seen[0] - reach <= peaks.even[p] <= seen[-1] + reach
        and peaks.heights[p] >= _RUNG_TOO_MANY * middle
    )
    # Were the ladder one repeat off, the peak beyond an end would be a rung, and the rung at the
    # other end none: the two are told apart by their heights.
    ends = ((seen[0] - marker.repeat, rungs[-1]), (seen[-1] + marker.repeat, rungs[0]))
    beyond = sum(
        1
        for p in spare
        for end, opposite in ends
        if abs(peaks.even[p] - end) < _ONE_REPEAT_OFF
        and peaks.heights[p] >= _RUNG_TOO_MANY * opposite.height
    )
    return LadderFit(
        marker=marker.name,
        rungs=tuple(rungs),
        missing=tuple(missing),
        extra=extra,
        beyond_ends=beyond,
        correlation=int(max(0.0, correlation) * 100_000),
        offset=round(offset),
        rms=round(rms * BASE_PAIR),
        lowest_height=min(rung.height for rung in rungs),
    )


def _doubt(marker: Marker, fit: LadderFit, family: str, limits: Limits) -> str | None:
    """Return why the registration is not sure, or None."""
    if fit.missing:
        return "rung-missing"
    if fit.extra:
        return "rung-too-many"
    if fit.beyond_ends and _is_even(marker):
        return "one-repeat-off-possible"
    heights = np.array([rung.height for rung in fit.rungs], dtype=float)
    if heights.min() < _LEAST_RUNG * float(np.median(heights)):
        return "rung-too-low"
    if fit.correlation < limits.ladder_correlation and len(fit.rungs) > 2:
        return "spacing-not-of-kit"
    if fit.rms > _LARGEST_RMS:
        return "spacing-not-of-kit"
    low, high = marker.window(family)
    if fit.rungs[0].size < low - _WINDOW_MARGIN or fit.rungs[-1].size > high + _WINDOW_MARGIN:
        return "outside-window"
    return None


def _is_even(marker: Marker) -> bool:
    """Whether all rungs lie equally far apart, so that nothing but their number tells a shift."""
    sizes = [rung.size for rung in marker.ladder]
    return len({after - before for before, after in pairwise(sizes)}) <= 1


def _absent(marker: Marker) -> LadderFit:
    missing = tuple(allele.name for allele in marker.ladder)
    return LadderFit(marker.name, (), missing, 0, 0, 0, 0, 0, 0, "ladder-not-found")
