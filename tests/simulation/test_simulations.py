# SPDX-License-Identifier: Apache-2.0
"""A small seeded share of the long simulations; each runs whole on purpose (see its own head)."""

from pathlib import Path

from tests.simulation import bench_day, frames, kill_server, power_cut
from tests.simulation.laboratory import found


def test_a_server_killed_under_load_loses_no_answered_scan_and_does_none_twice(
    tmp_path: Path,
) -> None:
    rounds = 10
    laboratory = found(tmp_path, samples=rounds * kill_server.SAMPLES_OF_A_ROUND)

    result = kill_server.simulate(laboratory, rounds=rounds, seed=7)

    assert kill_server.passed(result), result


def test_a_power_cut_loses_no_acknowledged_act(tmp_path: Path) -> None:
    result = power_cut.simulate(tmp_path, images=100, seed=7)

    assert power_cut.passed(result), result


def test_of_random_frames_no_more_wrong_codes_are_taken_than_the_check_character_lets_pass() -> (
    None
):
    counts = frames.simulate(frames=5_000, seed=7)

    assert frames.passed(counts), frames.report(counts)


def test_a_check_character_that_sees_too_little_fails_the_simulation_of_frames() -> None:
    counts = frames.simulate(frames=2_000, seed=7)
    counts.wrong = counts.tried // 8

    assert not frames.passed(counts)
    assert frames.p_value(3, 100, frames.BOUND) == 1.0
    assert (
        frames.p_value(80, 1000, frames.BOUND)
        < frames.CHANCE
        < frames.p_value(32, 1000, frames.BOUND)
    )


def test_of_a_short_day_at_three_benches_every_scan_and_every_label_is_told(
    tmp_path: Path,
) -> None:
    result = bench_day.simulate(tmp_path, scans=40, labels=14, seed=7, short=True)

    assert result["ok"], result
    assert int(str(result["judged"])) >= 40
    assert int(str(result["decoded"])) >= 14
