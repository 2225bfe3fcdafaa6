# SPDX-License-Identifier: Apache-2.0
"""Child processes that end with their parent, even when the parent is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import IO


class Children:
    """Processes in groups of their own, each holding the end of a pipe from here."""

    def __init__(self) -> None:
        self._started: list[subprocess.Popen[bytes]] = []

    def start(
        self,
        command: Sequence[str],
        *,
        environment: dict[str, str] | None = None,
        log: IO[bytes] | None = None,
    ) -> subprocess.Popen[bytes]:
        """Start a process; its standard input is a pipe that closes when this process ends.

        What it says goes to standard error, or to `log`.
        """
        child = subprocess.Popen(  # noqa: S603  # our own programs
            command, stdin=subprocess.PIPE, stdout=log or sys.stderr, stderr=log,
            start_new_session=True, env={**os.environ, **(environment or {})},
        )  # fmt: skip
        self._started.append(child)
        return child

    def end(self, seconds: float) -> None:
        """Ask every process to end, wait `seconds` for them to drain, then kill what is left."""
        for child in self._started:
            if child.poll() is None:
                _signal(child, signal.SIGTERM)
        ends = time.monotonic() + seconds
        for child in self._started:
            try:
                child.wait(max(0.0, ends - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()
            if child.stdin is not None:
                child.stdin.close()
        self._started.clear()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return


def watch_parent() -> None:
    """End this process as by an interrupt when its standard input closes: the parent is gone."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="parent", daemon=True).start()
