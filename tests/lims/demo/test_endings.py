# SPDX-License-Identifier: Apache-2.0
"""The demonstration ends with all its processes, however it is ended."""

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest

END_SECONDS = 7.0
"""Five are promised; the rest is for a machine with other work."""


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


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_children_are_gone_soon_after_their_parent(start_demonstration: Any, how: int) -> None:
    running = start_demonstration()
    children = running.descendants()
    # Server with its worker process, devices, laboratory's worker, bench agent.
    assert len(children) >= 5

    os.kill(running.process.pid, how)
    begun = time.monotonic()
    running.process.wait(END_SECONDS)
    while alive(children) and time.monotonic() - begun < END_SECONDS:
        time.sleep(0.05)

    assert not alive(children)
    if how != signal.SIGKILL:
        assert running.process.returncode == 0


def test_a_killed_demonstration_goes_on_where_it_was(start_demonstration: Any) -> None:
    first = start_demonstration()
    stations = dict(first.built.stations)
    children = first.descendants()
    os.kill(first.process.pid, signal.SIGKILL)
    first.process.wait(5)
    ends = time.monotonic() + END_SECONDS
    while alive(children) and time.monotonic() < ends:
        time.sleep(0.05)

    again = start_demonstration(first.folder)

    assert again.built.stations == stations
    assert all(one.scanner_heard and one.printer_heard for one in again.devices.state())
