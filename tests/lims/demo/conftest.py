# SPDX-License-Identifier: Apache-2.0
"""A demonstration at work, once for all tests that look at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from instruments.virtual.control import VirtualBench
from lims.demo.laboratory import Built, build, read_built

READY_SECONDS = 200


@dataclass(frozen=True)
class Running:
    """A demonstration as a process: where it answers, its folder, what it knows of itself."""

    process: "subprocess.Popen[bytes]"
    address: str
    folder: Path
    log: Path

    @property
    def built(self) -> Built:
        """The codes of stations and stock."""
        return read_built(self.folder)

    @property
    def devices(self) -> VirtualBench:
        """The virtual scanners and printers."""
        return VirtualBench(self.folder)

    def descendants(self) -> set[int]:
        """Return the processes below this one, as the system lists them."""
        return descendants_of(self.process.pid)


def descendants_of(parent: int) -> set[int]:
    """Return every process whose chain of parents leads to `parent`."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text("ascii", "replace").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(entry.name)] = int(fields[1])
    found = {parent}
    while more := {pid for pid, above in parents.items() if above in found} - found:
        found |= more
    return found - {parent}


def free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


Start = Callable[..., Running]


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a demonstration that was built and never started."""
    folder = tmp_path_factory.mktemp("built") / "demonstration"
    build(folder)
    return folder


@pytest.fixture
def built_folder(built_once: Path, tmp_path: Path) -> Path:
    """A copy of it for this test alone."""
    return shutil.copytree(built_once, tmp_path / "demonstration")


@pytest.fixture(scope="module")
def start_demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start `lims demo` in a folder and wait until it is ready; all end with the module's tests."""
    started: list[subprocess.Popen[bytes]] = []

    def start(folder: Path | None = None, *more: str) -> Running:
        place = folder or tmp_path_factory.mktemp("demo") / "demonstration"
        port = free_port()
        log = tmp_path_factory.mktemp("log") / "log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "lims", "demo", "--folder", str(place), "--port", str(port),
                 "--no-browser", *more],
                stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        ends = time.monotonic() + READY_SECONDS
        while "The demonstration runs" not in log.read_text("utf-8"):
            if process.poll() is not None or time.monotonic() > ends:
                pytest.fail(f"the demonstration did not start: {log.read_text('utf-8')}")
            time.sleep(0.1)
        return Running(process, f"http://127.0.0.1:{port}", place, log)

    yield start
    for process in started:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(60)


@pytest.fixture(scope="module")
def demonstration(
    start_demonstration: Start, built_once: Path, tmp_path_factory: pytest.TempPathFactory
) -> Running:
    """One demonstration for the tests that do not end it."""
    folder = tmp_path_factory.mktemp("demo") / "demonstration"
    return start_demonstration(shutil.copytree(built_once, folder))


@pytest.fixture
def newcomer(demonstration: Running) -> Iterator[httpx.Client]:
    """A browser in which nobody has signed in."""
    with httpx.Client(
        base_url=demonstration.address, follow_redirects=True, timeout=60, trust_env=False
    ) as client:
        yield client
