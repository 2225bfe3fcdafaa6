# SPDX-License-Identifier: Apache-2.0
"""Find the peaks of a channel: where, how tall, how wide, whether cut off."""

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.signal.channels import noise_of, smooth
from instruments.analyzers.signal.values import Trace

# How deep a hole the separation of colours digs into a cut-off top, as a share of its height.
_CUT_OFF_TOP = 0.8
# The share of its height above which a peak's shape is its own and not its neighbour's.
_TOP_SHARE = 0.75


@dataclass(frozen=True)
class RawPeak:
    """A peak before it means anything: centre and width (at half height) in scans, RFU."""

    dye: int
    centre: float
    height: float
    width: float
    saturated: bool


def find_peaks(
    channel: Trace, *, dye: int, least: float, off_scale: Collection[int] = ()
) -> list[RawPeak]:
    """Return the peaks of a levelled channel that are at least `least` RFU, by scan.

    Two maxima are two peaks when the valley between them is deeper than the noise and a
    twentieth of the lower one; a flat or rippled top is one.
    """
    curve = smooth(channel)
    floor = max(least, 3 * noise_of(curve))
    inner = curve[1:-1]
    tops = np.flatnonzero((inner > curve[:-2]) & (inner >= curve[2:]) & (inner >= floor)) + 1
    cut = set(off_scale)
    kept = _separate_tops(curve, tops, noise_of(curve), cut)
    return [_measure(curve, top, dye, cut) for top in kept]


def _separate_tops(curve: Trace, tops: NDArray[np.intp], noise: float, cut: set[int]) -> list[int]:
    """Keep of each ripple, plateau or cut-off top its tallest maximum."""
    kept: list[int] = []
    for top in map(int, tops):
        while (
            kept and not _apart(curve, kept[-1], top, noise, cut) and curve[kept[-1]] < curve[top]
        ):
            kept.pop()
        if not kept or _apart(curve, kept[-1], top, noise, cut):
            kept.append(top)
    return kept


def _apart(curve: Trace, first: int, second: int, noise: float, cut: set[int]) -> bool:
    # Separating the colours of a cut-off peak digs a hole into its top.
    if first in cut and second in cut and all(scan in cut for scan in range(first, second)):
        return False
    lower = min(curve[first], curve[second])
    valley = curve[first : second + 1].min()
    return bool(lower - valley >= max(4 * noise, 0.05 * lower))


def _measure(curve: Trace, top: int, dye: int, cut: set[int]) -> RawPeak:
    height = float(curve[top])
    half = height / 2
    left = right = top
    # Down to half height, or to the valley where a neighbour begins; across a cut-off top.
    while left > 0 and curve[left] > half and _goes_on(curve, left, left - 1, cut, height):
        left -= 1
    while (
        right < len(curve) - 1
        and curve[right] > half
        and _goes_on(curve, right, right + 1, cut, height)
    ):
        right += 1
    saturated = any(scan in cut for scan in range(top - 2, top + 3))
    before, after = curve[top - 1], curve[top + 1]
    bend = before - 2 * height + after
    # Smoothing over weights of variance 1 takes half the bend off the top; give it back.
    height -= min(0.0, float(bend)) / 2
    # A top that is cut off has no maximum: the middle at half height is where it was.
    centre = (left + right) / 2 if saturated else _centre(curve, top)
    return RawPeak(dye, float(centre), height, float(right - left), saturated)


def _centre(curve: Trace, top: int) -> float:
    """Return the middle of the parabola that fits best what stands above three quarters.

    The tallest scan itself wanders with the noise by a tenth of a wide peak's width. As many
    scans are taken on either side, so that a neighbour's flank draws less.
    """
    floor = _TOP_SHARE * curve[top]
    reach, most = 1, min(top, len(curve) - 1 - top)
    while (
        reach < most
        and floor < curve[top - reach - 1] <= curve[top - reach]
        and floor < curve[top + reach + 1] <= curve[top + reach]
    ):
        reach += 1
    heights = curve[top - reach : top + reach + 1]
    places = np.arange(-reach, reach + 1)
    squares = places**2 - reach * (reach + 1) / 3
    bend = (squares @ heights) / (squares @ squares)
    if bend >= 0:
        return float(top)
    slope = (places @ heights) / (places @ places)
    return float(top + np.clip(-slope / (2 * bend), -1.0, 1.0))


def _goes_on(curve: Trace, here: int, further: int, cut: set[int], height: float) -> bool:
    in_top = here in cut and curve[here] > _CUT_OFF_TOP * height
    return in_top or bool(curve[further] <= 1.02 * curve[here])
