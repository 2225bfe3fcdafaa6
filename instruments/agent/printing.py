# SPDX-License-Identifier: Apache-2.0
"""From the server's label jobs to paper: one label in flight, never twice, proven or not."""

import queue
import threading
import time

from instruments.agent.allowed import LabelRefused, check_label
from instruments.agent.health import Board, tell
from instruments.agent.journal import Journal, LabelRow, LabelState
from instruments.agent.server import (
    BenchClaimed,
    FenceStale,
    LabelJob,
    Server,
    ServerAway,
    ServerRefused,
)
from instruments.agent.settings import Flow, PrinterSettings
from instruments.agent.telling import LabelFetcher, Messenger
from instruments.ports import Port, PortFault, open_port, open_when_there
from instruments.printers import (
    Printer,
    PrinterNotReady,
    PrinterState,
    PrinterStatus,
    Proof,
    printer_of,
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
        self._away = False

    def run(self) -> None:
        """Serve the port until the agent stops, through every unplugging."""
        self.give_back_leases()
        while not self._end.is_set():
            port = open_when_there(self._open, pause=self._end.wait, tell=self._fault)
            if port is None:
                break
            with port:
                try:
                    self.serve(self._printer_on(port))
                except PortFault as fault:
                    self._fault(fault)
        self._refuse_waiting("agent-ended")

    def _printer_on(self, port: Port) -> Printer:
        return printer_of(self._settings.language, port, bytes_per_second=self._settings.baud / 10)

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
                if row.state is LabelState.LEASED:
                    continue
                self._settle(row, LabelState.AMBIGUOUS, detail=f"after-restart:{fault.reason}")

    def give_back_leases(self) -> None:
        """Say of the labels that never got beyond the lease that no byte of them went out."""
        for row in self._journal.unfinished_labels(self._station):
            if row.state is LabelState.LEASED:
                self._settle(row, LabelState.FAILED_SAFE, detail="agent-restarted")

    def serve(self, printer: Printer) -> None:
        """Work an open printer: first what was under way, then what waits; raises `PortFault`."""
        for row in self._journal.unfinished_labels(self._station):
            if row.state is LabelState.LEASED:
                continue  # waits in the queue; no byte of it went out
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

    def _wrong_resolution(self, printer: Printer) -> str | None:
        """Return why the printer's resolution is not the one set, "" while it does not say."""
        identity = printer.identify()
        if identity is None:
            return ""
        # Some printers do not tell: then the person who set them up is believed.
        if identity.dots_per_mm and identity.dpi != self._settings.dpi:
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
            self._give_back_ended(detail or state)

    def _give_back_ended(self, reason: str) -> None:
        """Give back what is no longer held for us; the rest waits until the printer is mended."""
        held: list[LabelJob] = []
        while True:
            try:
                job = self._fetcher.jobs.get_nowait()
            except queue.Empty:
                break
            if self._server.ticks() < job.held_until:
                held.append(job)
                continue
            if row := self._lease(job):
                self._settle(row, LabelState.FAILED_SAFE, detail=reason)
            self._fetcher.jobs.task_done()
        for job in held:
            self._fetcher.jobs.put(job)
            self._fetcher.jobs.task_done()

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

    def _print(self, printer: Printer, job: LabelJob) -> None:
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
            printer.send(job.content)
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
            check_label(job.content, sha256=job.sha256, language=job.language)
        except LabelRefused as refusal:
            # Bytes altered on the way may come whole the next time; a bad label never gets better.
            tell(f"{self._station} label {job.instance} refused: {refusal}")
            if refusal.reason == "label-altered":
                self._settle(row, LabelState.FAILED_SAFE, detail=str(refusal))
            else:
                self._give_up(row, LabelState.LOST, detail=str(refusal))
            return True
        if job.language is not self._settings.language:
            self._give_up(row, LabelState.LOST, detail=f"wrong-language:{job.language}")
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
        ticks = self._server.ticks
        # One question is enough where the last label was printed without the server.
        deadline = ticks() + (0.0 if self._away else _INTENT_TIME)
        pause = _FIRST_PAUSE
        why = "server-away"
        first = True
        while (first or ticks() < deadline) and not self._end.is_set():
            first = False
            try:
                self._server.tell_intent(job, odometer_before=row.odometer_before, detail=detail)
            except FenceStale:
                self._journal.mark_stale(row.instance, row.fence)
                tell(f"{self._station} label {row.instance}: the lease is another's, not printed")
                return False
            except ServerRefused as refusal:
                why = f"server-refused:{refusal.status}"
                break
            except BenchClaimed as refusal:
                why = refusal.reason
                break
            except ServerAway:
                if self._away:
                    break
                self._end.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
            else:
                self._away = False
                return True
        if why == "server-away" and not self._end.is_set() and ticks() < job.held_until:
            # Nobody else is given this instance until then: the server is told when it answers.
            self._away = True
            self._settle(row, LabelState.INTENT, detail=detail or "server-away")
            return True
        self._settle(row, LabelState.FAILED_SAFE, detail=f"no-leave:{why}")
        return False

    def _settle(
        self, row: LabelRow, state: LabelState, *, detail: str, after: int | None = None
    ) -> None:
        self._journal.settle(row, state, odometer_after=after, detail=detail)
        tell(f"{self._station} label {row.instance} {state} {detail}".rstrip())
        self._messenger.nudge()
