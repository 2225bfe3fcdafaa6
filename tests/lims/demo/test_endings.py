# SPDX-License-Identifier: Apache-2.0
"""The demonstration ends with all its processes, however it is ended."""

import os
import signal
import time
from pathlib import Path
from typing import Any

from lims.demo.launch import END_SECONDS

PATIENCE = 60.0
"""Seconds until a test that waits gives up: only a hang is a fault."""


def alive(processes: set[int]) -> set[int]:
    """Return which processes still run (a zombie has ended)."""
    left = set()
    for pid in processes:
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2]
        except OSError:
            continue
        if state.split()[0] != "Z":
            left.add(pid)
    return left


def until_gone(processes: set[int]) -> None:
    """Wait until none of these runs; fail when they never end."""
    ends = time.monotonic() + PATIENCE
    while left := alive(processes):
        assert time.monotonic() < ends, f"still there: {left}"
        time.sleep(0.05)


def test_children_are_killed_when_they_take_the_five_seconds_that_are_promised() -> None:
    assert END_SECONDS < 5


def end(running: Any, how: signal.Signals) -> None:
    """End a demonstration in this way, and see its children go."""
    children = running.descendants()
    # Server with its worker process, devices, laboratory's worker, bench agent.
    assert len(children) >= 5
    os.kill(running.process.pid, how)
    running.process.wait(PATIENCE)
    until_gone(children)
    if how != signal.SIGKILL:
        assert running.process.returncode == 0


def test_children_go_with_their_parent_however_it_ends_and_a_killed_one_goes_on_where_it_was(
    start_demonstration: Any,
) -> None:
    first = start_demonstration()
    stations = dict(first.built.stations)
    end(first, signal.SIGKILL)

    second = start_demonstration(first.folder)
    assert second.built.stations == stations
    assert all(one.scanner_heard and one.printer_heard for one in second.devices.state())
    end(second, signal.SIGINT)

    end(start_demonstration(first.folder), signal.SIGTERM)
