# SPDX-License-Identifier: Apache-2.0
"""From the server's label jobs to paper: one label in flight, never twice, proven or not."""

import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import replace

from instruments.agent.allowed import LabelRefused, check_label
from instruments.agent.health import Board, tell
from instruments.agent.journal import Journal, LabelRow, LabelState, WaitingOutcome
from instruments.agent.server import (
    FenceStale,
    LabelJob,
    Server,
    ServerAway,
    ServerRefused,
)
from instruments.agent.settings import Flow, PrinterSettings
from instruments.ports import Port, PortFault, open_port, open_when_there
from instruments.printers import (
    PrinterNotReady,
    PrinterState,
    PrinterStatus,
    Proof,
    ZebraPrinter,
)

_LOOK = 1.0  # seconds between looks at a printer that has nothing to do
_LOOK_IN_FAULT = 0.4  # and at one that somebody is mending
_INTENT_TIME = 10.0  # seconds in which the server must allow a label
_ABSENT_TIME = 10.0  # seconds after the start in which a printer must appear to say what it printed
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0
_STATES = {
    PrinterState.READY: "ready",
    PrinterState.BUSY: "ready",
    PrinterState.FAULT: "fault",
    PrinterState.UNKNOWN: "unknown",
}
_PROVEN = {
    Proof.PRINTED: LabelState.PRINTED,
    Proof.AMBIGUOUS: LabelState.AMBIGUOUS,
    Proof.LOST: LabelState.LOST,
}


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

    def __init__(self, station: str, dpi: int, server: Server, stop: threading.Event) -> None:
        super().__init__(name=f"labels-{station}", daemon=True)
        self.ready = threading.Event()
        self.jobs: queue.Queue[LabelJob] = queue.Queue()
        self._station = station
        self._dpi = dpi
        self._server = server
        self._end = stop

    def run(self) -> None:
        """Fetch until the agent stops."""
        pause = _FIRST_PAUSE
        while not self._end.is_set():
            if not self.ready.wait(0.5):
                continue
            try:
                jobs = self._server.labels(self._station, dpi=self._dpi)
            except (ServerAway, ServerRefused):
                self._end.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            for job in jobs:
                self.jobs.put(job)
            while self.jobs.unfinished_tasks and not self._end.wait(0.02):
                continue


class PrinterThread(threading.Thread):
    """Owns one printer's port."""

    def __init__(
        self,
        station: str,
        settings: PrinterSettings,
        *,
        journal: Journal,
        server: Server,
        messenger: Messenger,
        fetcher: LabelFetcher,
        board: Board,
        stop: threading.Event,
    ) -> None:
        super().__init__(name=f"printer-{station}", daemon=True)
        self._station = station
        self._settings = settings
        self._journal = journal
        self._server = server
        self._messenger = messenger
        self._fetcher = fetcher
        self._board = board
        self._end = stop
        self._began = time.monotonic()

    def run(self) -> None:
        """Serve the port until the agent stops, through every unplugging."""
        self._give_back_leases()
        while not self._end.is_set():
            port = open_when_there(self._open, pause=self._end.wait, tell=self._fault)
            if port is None:
                return
            with port:
                try:
                    self._serve(ZebraPrinter(port, bytes_per_second=self._settings.baud / 10))
                except PortFault as fault:
                    self._fault(fault)

    def _open(self) -> Port:
        return open_port(
            self._settings.port,
            baud=self._settings.baud,
            xonxoff=self._settings.flow is Flow.XONXOFF,
            rtscts=self._settings.flow is Flow.RTSCTS,
        )

    def _fault(self, fault: PortFault) -> None:
        self._fetcher.ready.clear()
        self._board.put_fault(self._station, "printer", port=self._settings.port, fault=fault)
        # Nothing of these was sent; the server may lease them again.
        self._refuse_waiting(fault.reason)
        if time.monotonic() - self._began > _ABSENT_TIME:
            for row in self._journal.unfinished_labels(self._station):
                self._settle(row, LabelState.AMBIGUOUS, detail=f"after-restart:{fault.reason}")

    def _give_back_leases(self) -> None:
        """Say of the labels that never got beyond the lease that no byte of them went out."""
        for row in self._journal.unfinished_labels(self._station):
            if row.state is LabelState.LEASED:
                self._settle(row, LabelState.FAILED_SAFE, detail="agent-restarted")

    def _serve(self, printer: ZebraPrinter) -> None:
        for row in self._journal.unfinished_labels(self._station):
            if row.state is LabelState.INTENT:
                # The server may not have heard it, and takes no outcome of what was not begun.
                self._settle(row, LabelState.INTENT, detail="after-restart")
            outcome = printer.resolve(odometer_before=row.odometer_before)
            self._settle(
                row, _PROVEN[outcome.proof], after=outcome.odometer_after, detail=outcome.detail
            )
        printer.start_session()
        wrong = self._wrong_resolution(printer)
        while not self._end.is_set():
            self._show(printer.status(), wrong)
            try:
                pause = _LOOK if self._fetcher.ready.is_set() else _LOOK_IN_FAULT
                job = self._fetcher.jobs.get(timeout=pause)
            except queue.Empty:
                wrong = wrong if wrong is None else self._wrong_resolution(printer)
                continue
            try:
                self._print(printer, job)
            finally:
                self._fetcher.jobs.task_done()

    def _wrong_resolution(self, printer: ZebraPrinter) -> str | None:
        """Return why the printer's resolution is not the one set, "" while it does not say."""
        identity = printer.identify()
        if identity is None:
            return ""
        if identity.dpi != self._settings.dpi:
            return f"wrong-dpi:{identity.dpi}"
        return None

    def _show(self, status: PrinterStatus, wrong: str | None) -> None:
        ready = status.state is PrinterState.READY and wrong is None
        state, detail = _STATES[status.state], status.words
        if status.state in (PrinterState.READY, PrinterState.BUSY):
            detail = ""
            if wrong is not None:
                state, detail = ("fault", wrong) if wrong else ("unknown", "unidentified")
        self._board.put(
            self._station, "printer", port=self._settings.port, state=state, detail=detail
        )
        if ready:
            self._fetcher.ready.set()
        else:
            self._fetcher.ready.clear()
            self._refuse_waiting(detail or state)

    def _refuse_waiting(self, reason: str) -> None:
        while True:
            try:
                job = self._fetcher.jobs.get_nowait()
            except queue.Empty:
                return
            if row := self._lease(job):
                self._settle(row, LabelState.FAILED_SAFE, detail=reason)
            self._fetcher.jobs.task_done()

    def _lease(self, job: LabelJob) -> LabelRow | None:
        """Journal the lease; None when this lease was already dealt with."""
        known = self._journal.lease(
            station=job.station, instance=job.instance, fence=job.fence, sha256=job.sha256
        )
        if known not in (None, LabelState.LEASED):
            tell(f"{self._station} label {job.instance} came again, it is {known}")
            self._messenger.nudge()
            return None
        return LabelRow(job.instance, job.fence, job.station, LabelState.LEASED, None)

    def _print(self, printer: ZebraPrinter, job: LabelJob) -> None:
        """Print one label, at most once. Raises `PortGone`, `PortStuck` after it is settled."""
        row = self._lease(job)
        if row is None or self._refused(row, job):
            return
        try:
            before = printer.ready_odometer()
        except PrinterNotReady as refusal:
            self._settle(row, LabelState.FAILED_SAFE, detail=str(refusal))
            return
        except PortFault as fault:
            self._settle(row, LabelState.FAILED_SAFE, detail=fault.reason)
            raise
        row = LabelRow(row.instance, row.fence, row.station, LabelState.INTENT, before)
        self._journal.intend(row.instance, row.fence, odometer_before=before)
        if not self._allowed(row, job):
            return
        try:
            printer.send(job.zpl)
        except PortFault as fault:
            self._settle(row, LabelState.AMBIGUOUS, detail=fault.reason)
            raise
        self._settle(row, LabelState.SENT, detail="")
        outcome = printer.prove(odometer_before=before)
        self._settle(
            row, _PROVEN[outcome.proof], after=outcome.odometer_after, detail=outcome.detail
        )

    def _refused(self, row: LabelRow, job: LabelJob) -> bool:
        """Settle a job that must not be printed, and say whether it was one."""
        earlier = self._journal.earlier_state(job.instance, job.fence)
        if earlier is not None:
            self._give_up(row, LabelState.AMBIGUOUS, detail=f"sent-before:{earlier}")
            return True
        try:
            check_label(job.zpl, sha256=job.sha256)
        except LabelRefused as refusal:
            # Bytes altered on the way may come whole the next time; a bad label never gets better.
            tell(f"{self._station} label {job.instance} refused: {refusal}")
            if refusal.reason == "label-altered":
                self._settle(row, LabelState.FAILED_SAFE, detail=str(refusal))
            else:
                self._give_up(row, LabelState.LOST, detail=str(refusal))
            return True
        if job.dpi != self._settings.dpi:
            self._give_up(row, LabelState.LOST, detail=f"wrong-dpi:{job.dpi}")
            return True
        return False

    def _give_up(self, row: LabelRow, state: LabelState, *, detail: str) -> None:
        """Settle for good a label of which no byte was sent, so that it is not leased for ever.

        The server takes a final outcome only of a label that was begun.
        """
        self._settle(row, LabelState.INTENT, detail=detail)
        self._settle(row, state, detail=detail)

    def _allowed(self, row: LabelRow, job: LabelJob) -> bool:
        """Ask the server's leave until it answers; without leave no byte goes out."""
        last = self._journal.last_odometer(self._station)
        jumped = None not in (last, row.odometer_before) and last != row.odometer_before
        detail = f"counter-jumped:{last}->{row.odometer_before}" if jumped else ""
        deadline = time.monotonic() + _INTENT_TIME
        pause = _FIRST_PAUSE
        why = "server-away"
        while time.monotonic() < deadline and not self._end.is_set():
            try:
                self._server.tell_intent(job, odometer_before=row.odometer_before, detail=detail)
            except FenceStale:
                self._journal.mark_stale(row.instance, row.fence)
                tell(f"{self._station} label {row.instance}: the lease is another's, not printed")
                return False
            except ServerRefused as refusal:
                why = f"server-refused:{refusal.status}"
                break
            except ServerAway:
                self._end.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                return True
        self._settle(row, LabelState.FAILED_SAFE, detail=f"no-leave:{why}")
        return False

    def _settle(
        self, row: LabelRow, state: LabelState, *, detail: str, after: int | None = None
    ) -> None:
        self._journal.settle(row, state, odometer_after=after, detail=detail)
        tell(f"{self._station} label {row.instance} {state} {detail}".rstrip())
        self._messenger.nudge()
