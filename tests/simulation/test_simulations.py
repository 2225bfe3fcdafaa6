# SPDX-License-Identifier: Apache-2.0
"""A seeded tenth of the long simulations; each runs whole on purpose (see its own head)."""

from pathlib import Path

from tests.simulation import kill_server, power_cut
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
