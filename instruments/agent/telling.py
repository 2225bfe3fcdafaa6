# SPDX-License-Identifier: Apache-2.0
"""What goes to and fro between journal and server about labels: outcomes out, blocks of jobs in."""

import queue
import threading
from collections.abc import Mapping
from dataclasses import replace

from instruments.agent.health import tell
from instruments.agent.journal import Journal, LabelState, WaitingOutcome
from instruments.agent.server import FenceStale, LabelJob, Server, ServerAway, ServerRefused
from instruments.agent.settings import PrinterSettings

_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Messenger(threading.Thread):
    """Tells the server the outcomes in the journal, in order, until it has them all."""

    def __init__(
        self, journal: Journal, servers: Mapping[str, Server], stop: threading.Event
    ) -> None:
        super().__init__(name="messenger", daemon=True)
        self._journal = journal
        self._servers = servers
        self._end = stop
        self._wake = threading.Event()

    def nudge(self) -> None:
        """Say that the journal has something new."""
        self._wake.set()

    def run(self) -> None:
        """Tell until the agent stops."""
        pause = _FIRST_PAUSE
        while not self._end.is_set():
            self._wake.clear()
            try:
                told = self.tell_next()
            except ServerAway:
                self._wake.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            if not told:
                self._wake.wait(1.0)

    def tell_next(self) -> bool:
        """Tell one outcome and return whether there was one. Raises `ServerAway`."""
        waiting = self._journal.next_outcome()
        if waiting is None:
            return False
        server = self._servers.get(waiting.station)
        if server is None:
            tell(f"{waiting.station} is no longer in the settings, its outcomes cannot be told")
            self._journal.outcome_told(waiting.number)
            return True
        try:
            self._tell(server, waiting)
        except FenceStale:
            tell(f"{waiting.station} label {waiting.instance}: {waiting.outcome} came too late")
        except ServerRefused as refusal:
            tell(f"{waiting.station} label {waiting.instance} {waiting.outcome} refused: {refusal}")
        self._journal.outcome_told(waiting.number)
        return True

    @staticmethod
    def _tell(server: Server, waiting: WaitingOutcome) -> None:
        """Tell an outcome; a label not begun may be printed later, unless its intent was heard.

        Then the server no longer takes "not begun" for an answer, since a label is never printed
        again on its own after an intent; that none came out is as true.
        """
        try:
            server.tell(waiting)
        except FenceStale:
            if waiting.outcome is not LabelState.FAILED_SAFE:
                raise
            server.tell(replace(waiting, outcome=LabelState.LOST))


class LabelFetcher(threading.Thread):
    """Asks for labels while the printer is ready, and for no more while one is printed."""

    def __init__(
        self,
        station: str,
        printer: PrinterSettings,
        *,
        journal: Journal,
        server: Server,
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"labels-{station}", daemon=True)
        self.ready = threading.Event()
        self.jobs: queue.Queue[LabelJob] = queue.Queue()
        self._station = station
        self._printer = printer
        self._journal = journal
        self._server = server
        self._end = stop

    def run(self) -> None:
        """Fetch until the agent stops."""
        pause = _FIRST_PAUSE
        while not self._end.is_set():
            if not self.ready.wait(0.5):
                continue
            try:
                jobs = self.fetch()
            except (ServerAway, ServerRefused):
                self._end.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            for job in jobs:
                self.jobs.put(job)
            while self.jobs.unfinished_tasks and not self._end.wait(0.02):
                continue

    def fetch(self) -> list[LabelJob]:
        """Ask once and journal what is given. Raises `ServerAway`, `ServerRefused`."""
        waiting = self._journal.waiting(self._station)
        idle = waiting.labels == 0 and waiting.outcomes == 0
        jobs = self._server.labels(
            self._station, dpi=self._printer.dpi, language=self._printer.language, idle=idle
        )
        for job in jobs:
            # On disk before any is printed: what an agent holds it gives back, also when killed.
            self._journal.lease(
                station=job.station, instance=job.instance, fence=job.fence, sha256=job.sha256
            )
        return jobs
