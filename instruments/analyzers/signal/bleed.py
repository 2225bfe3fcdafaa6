# SPDX-License-Identifier: Apache-2.0
"""Tell peaks of a dye from what other dyes bleed into its channel, and from spikes in all."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from instruments.analyzers.signal.peaks import RawPeak
from instruments.analyzers.signal.values import Limits, Trace

# Bleeding shows in the same scan; two scans, or a fifth of a wide peak's width, are the reading
# error of a low peak.
_SAME_SCAN, _SAME_SHARE = 2.0, 0.2
# A dye of less than this share of saturation bleeds less than anybody's threshold.
_TALL = 0.4
# A spike is narrower than this share of a fragment's peak, and shows in so many dyes.
_NARROW, _DYES_OF_SPIKE = 0.7, 3


def pulled_up(
    peaks: Mapping[int, Sequence[RawPeak]], limits: Limits
) -> dict[int, list[RawPeak | None]]:
    """Return for every peak the taller peak of another dye that explains it, or None.

    The other peak is in the same scan, far taller, and tall enough to bleed. Under a peak that
    is cut off, anything within its width may be bleeding.
    """
    tall: dict[int, list[RawPeak]] = {
        dye: [peak for peak in found if peak.saturated or peak.height >= _TALL * limits.saturation]
        for dye, found in peaks.items()
    }
    return {
        dye: [_primary(peak, dye, tall, limits) for peak in found] for dye, found in peaks.items()
    }


def _primary(
    peak: RawPeak, dye: int, tall: Mapping[int, Sequence[RawPeak]], limits: Limits
) -> RawPeak | None:
    best: RawPeak | None = None
    for other, candidates in tall.items():
        if other == dye:
            continue
        for candidate in candidates:
            share_of_width = 0.5 if candidate.saturated else _SAME_SHARE
            reach = max(_SAME_SCAN, share_of_width * candidate.width)
            # How much a peak that is cut off bleeds cannot be told: it was taller than it shows.
            share = 100 if candidate.saturated else limits.pull_up
            if (
                abs(candidate.centre - peak.centre) <= reach
                and 100 * peak.height < share * candidate.height
                and (best is None or candidate.height > best.height)
            ):
                best = candidate
    return best


def spikes(peaks: Mapping[int, Sequence[RawPeak]], *, standard_dye: int) -> dict[int, list[bool]]:
    """Return for every peak whether it is a spike: narrow, and in the same scan in three dyes.

    A bubble or a jump of the current shows in all channels at once; fragments are as wide as
    those of the size standard.
    """
    tallest = sorted(peaks[standard_dye], key=lambda peak: -peak.height)[:20]
    # Not the median: in a bad injection spikes are half of the size standard's tallest peaks.
    usual = float(np.quantile([peak.width for peak in tallest], 0.75)) if tallest else 0.0
    narrow = {
        dye: np.sort([peak.centre for peak in found if peak.width < _NARROW * usual])
        for dye, found in peaks.items()
    }
    return {
        dye: [
            peak.width < _NARROW * usual
            and sum(_has_near(centres, peak.centre) for centres in narrow.values())
            >= _DYES_OF_SPIKE
            for peak in found
        ]
        for dye, found in peaks.items()
    }


def _has_near(centres: NDArray[np.float64], scan: float) -> bool:
    first, last = np.searchsorted(centres, (scan - _SAME_SCAN, scan + _SAME_SCAN))
    return bool(first < last)


def usual_widths(standard: Sequence[RawPeak], scans: Trace) -> Trace:
    """Return how wide a peak of one fragment is at each scan, in scans, by the size standard's.

    Zero where no peak of the standard was found.
    """
    if not standard or not len(scans):
        return np.zeros(len(scans))
    centres = np.array([peak.centre for peak in standard])
    widths = np.array([peak.width for peak in standard])
    apart = np.abs(centres[None, :] - scans[:, None])
    near = np.argsort(apart, axis=1, kind="stable")[:, :5]
    usual: Trace = np.median(widths[near], axis=1)
    return usual
