# SPDX-License-Identifier: Apache-2.0
"""Size standards are found by their spacing, and sizes follow the local Southern curve."""

import json

import numpy as np
import pytest

from instruments.analyzers.kit import SizeStandard, read_size_standards
from instruments.analyzers.signal.channels import prepared
from instruments.analyzers.signal.peaks import RawPeak, find_peaks
from instruments.analyzers.signal.sizing import Sizer, fit_standard
from instruments.analyzers.signal.values import InjectionSignal, Role

LIZ600 = [20, 40, 60, 80, 100, 114, 120, 140, 160, 180, 200, 214, 220, 240, 250, 260, 280, 300,
          314, 320, 340, 360, 380, 400]  # fmt: skip


def a_standard(sizes: list[int]) -> SizeStandard:
    variant = {"name": "made", "accept": 99300, "bp": sizes}
    family = {"name": "made", "dye": "LIZ", "aliases": [], "variants": [variant]}
    return read_size_standards(json.dumps({"families": [family]}).encode())[0]


def peaks_at(scans: list[float], *, height: float = 1000) -> list[RawPeak]:
    return [RawPeak(5, scan, height, 8.0, False) for scan in scans]


def migrated(bp: float) -> float:
    """Scan of a fragment: a gently bent line, as real runs show."""
    return 1500 + 13 * bp - 0.002 * bp * bp


def test_southern_sizing_is_exact_on_a_southern_curve() -> None:
    scans = np.array([1000.0, 1400, 2000, 2900, 3600, 5000])
    sizes = 900 + 2_000_000 / (scans - 4200 - 10_000)
    sizer = Sizer(scans, sizes)
    between = np.array([900.0, 1000, 1111, 1999, 2500, 3333, 4444, 5000, 5200])

    expected = 900 + 2_000_000 / (between - 14_200)

    assert np.abs(sizer.sizes_at(between) - expected).max() < 1e-6


def test_southern_sizing_is_a_straight_line_where_migration_is() -> None:
    sizer = Sizer(np.array([100.0, 200, 300, 400, 500]), np.array([10.0, 20, 30, 40, 50]))

    assert np.abs(sizer.sizes_at(np.array([150.0, 333.0, 480.0])) - [15, 33.3, 48]).max() < 1e-6


def test_the_whole_standard_is_found_among_noise_and_a_tall_intruder() -> None:
    standard = a_standard(LIZ600)
    true = peaks_at([migrated(bp) for bp in LIZ600])
    noise = peaks_at([migrated(bp) for bp in (31, 55, 131, 222.5, 333)], height=90)
    intruder = [RawPeak(5, migrated(187), 5000, 8.0, False)]
    found = sorted([*true, *noise, *intruder], key=lambda peak: peak.centre)

    fit, sizer = fit_standard(found, standard, pulled_up=[False] * len(found), least=150)

    assert fit.accepted
    assert [peak.scan for peak in fit.peaks] == [round(migrated(bp)) for bp in LIZ600]
    assert (fit.found, fit.required, fit.missing) == (24, 24, ())
    assert sizer is not None
    assert abs(sizer.sizes_at(np.array([migrated(187)]))[0] - 187) < 0.02


@pytest.mark.parametrize("lost", [100, 214, 400])
def test_a_missing_peak_is_named_and_nothing_is_sized(lost: int) -> None:
    standard = a_standard(LIZ600)
    found = peaks_at([migrated(bp) for bp in LIZ600 if bp != lost])

    fit, sizer = fit_standard(found, standard, pulled_up=[False] * len(found), least=150)

    assert not fit.sized
    assert sizer is None
    assert fit.missing == (100 * lost,)
    assert (fit.found, fit.required) == (23, 24)


def test_a_weak_standard_is_sized_but_not_accepted() -> None:
    standard = a_standard(LIZ600)
    found = peaks_at([migrated(bp) for bp in LIZ600], height=120)

    fit, sizer = fit_standard(found, standard, pulled_up=[False] * len(found), least=150)

    assert (fit.sized, fit.accepted, fit.lowest_height) == (True, False, 120)
    assert sizer is not None


def test_the_peaks_of_another_standard_do_not_pass_for_this_one() -> None:
    found = peaks_at([migrated(bp) for bp in range(60, 601, 25)])

    fit, sizer = fit_standard(found, a_standard(LIZ600), pulled_up=[False] * len(found), least=150)

    assert not fit.sized
    assert sizer is None


def test_too_few_peaks_are_reported_not_fitted() -> None:
    fit, sizer = fit_standard(
        peaks_at([2000, 2100]), a_standard(LIZ600), pulled_up=[False, False], least=150
    )

    assert (fit.found, fit.sized, sizer) == (0, False, None)


def gaussian(centres: list[float], heights: list[float], *, points: int = 4000) -> np.ndarray:
    scans = np.arange(points)[:, None]
    return (np.array(heights) * np.exp(-((scans - np.array(centres)) ** 2) / 32)).sum(axis=1)


def test_peaks_are_found_with_place_and_height_and_neighbours_are_kept_apart() -> None:
    channel = gaussian([1000.3, 1013.0, 2500.8], [800, 1200, 300])

    found = find_peaks(channel, dye=1, least=100)

    # Each neighbour's flank draws a maximum a little its way.
    assert [peak.centre for peak in found] == pytest.approx([1000.3, 1013.0, 2500.8], abs=0.3)
    assert [peak.height for peak in found] == pytest.approx([800, 1200, 300], rel=0.02)


def test_a_top_that_is_cut_off_is_one_peak_in_its_middle() -> None:
    channel = gaussian([1000.0], [4000])
    cut = np.minimum(channel, 1500.0)
    cut[998:1003] -= 200
    off_scale = np.flatnonzero(channel >= 1500).tolist()

    found = find_peaks(cut, dye=1, least=100, off_scale=off_scale)

    assert [(round(peak.centre), peak.saturated) for peak in found] == [(1000, True)]


def test_background_and_bleeding_are_taken_out_of_raw_channels() -> None:
    blue = gaussian([1000, 1600, 2200, 2800], [2000, 3000, 2500, 2000])
    green = gaussian([1300, 1900, 2500, 3100], [2500, 2000, 3000, 2500])
    drift = 200 + np.arange(4000) / 40
    raw = {1: blue + 0.2 * green + drift, 2: green + 0.3 * blue + drift}

    clean = prepared(InjectionSignal("x", None, Role.OTHER, raw, is_raw=True))

    assert np.abs(clean[1] - blue).max() < 40
    assert np.abs(clean[2] - green).max() < 40
