# SPDX-License-Identifier: Apache-2.0
"""From a scanner's port to the journal, to the server, and back as a tone."""

import math
import queue
import sqlite3
import threading
import time
import uuid
from collections.abc import Callable

from instruments.agent.clocks import wall_clock
from instruments.agent.health import Board, tell
from instruments.agent.journal import Journal
from instruments.agent.server import Server, ServerAway, ServerRefused
from instruments.agent.settings import ScannerSettings
from instruments.ports import PortFault, Wire, open_port, open_when_there
from instruments.scanners import Scan, ScanFault, Tone, feedback, frames_of

TONE_BUDGET = 0.3  # seconds from the end of a scan to its tone
_LOOK = 0.02
_WRITE_TIME = 1.0
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Delivery(threading.Thread):
    """Has the scans of one station judged, one after the other in the order they were made."""

    def __init__(
        self, station: str, journal: Journal, server: Server, stop: threading.Event
    ) -> None:
        super().__init__(name=f"delivery-{station}", daemon=True)
        self._station = station
        self._journal = journal
        self._server = server
        self._end = stop
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._listeners: dict[str, queue.SimpleQueue[Tone]] = {}
        self._worst_late: Tone | None = None

    @property
    def refused(self) -> bool:
        """Whether another agent works for this bench: then nothing is taken here."""
        return self._server.claimed.is_set()

    def late_tone(self) -> Tone | None:
        """Return, once, the worst verdict on stored scans, when all of them have been judged.

        That of accepted ones is silence: their tone would pass for one of the tube in hand.
        """
        with self._lock:
            tone = self._worst_late
            if tone is None or self._listeners or self._journal.next_scan(self._station):
                return None
            self._worst_late = None
            return tone

    def listen(self, scan_id: str) -> None:
        """Keep an ear open for the verdict on a scan about to be journalled."""
        with self._lock:
            self._listeners[scan_id] = queue.SimpleQueue()

    def tone_for(self, scan_id: str) -> Tone:
        """Wait for the verdict on a journalled scan; STORED when it does not come in time."""
        with self._lock:
            listener = self._listeners[scan_id]
        self._wake.set()
        try:
            return listener.get(timeout=TONE_BUDGET)
        except queue.Empty:
            return Tone.STORED
        finally:
            with self._lock:
                del self._listeners[scan_id]

    def nudge(self) -> None:
        """Say that the journal has something new."""
        self._wake.set()

    def run(self) -> None:
        """Deliver until the agent stops."""
        pause = _FIRST_PAUSE
        while not self._end.is_set():
            self._wake.clear()
            try:
                judged = self.judge_next()
            except ServerAway:
                # A new scan ends the pause: somebody stands there and wants to know.
                self._wake.wait(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = _FIRST_PAUSE
            if not judged:
                self._wake.wait(1.0)

    def judge_next(self) -> bool:
        """Have the oldest scan judged; return whether there was one. Raises `ServerAway`."""
        waiting = self._journal.next_scan(self._station)
        if waiting is None:
            return False
        try:
            tone = self._server.judge(waiting)
        except ServerAway:
            self._answer_all(Tone.STORED)
            raise
        except ServerRefused as refusal:
            self._journal.scan_rejected(waiting.scan_id, f"{refusal.status} {refusal.answer}")
            tell(f"{self._station} scan {waiting.scan_id} rejected: {refusal}")
            tone = Tone.REFUSED
        else:
            self._journal.scan_judged(waiting.scan_id)
        self._answer(waiting.scan_id, tone)
        return True

    def _answer(self, scan_id: str, tone: Tone) -> None:
        with self._lock:
            listener = self._listeners.get(scan_id)
            if listener is not None:
                listener.put(tone)
            elif tone in (Tone.REFUSED, Tone.AMBIGUOUS) and self._worst_late is not Tone.REFUSED:
                self._worst_late = tone

    def _answer_all(self, tone: Tone) -> None:
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            listener.put(tone)


class ScannerThread(threading.Thread):
    """Owns one scanner's port."""

    def __init__(
        self,
        station: str,
        scanner: ScannerSettings,
        *,
        journal: Journal,
        delivery: Delivery,
        board: Board,
        stop: threading.Event,
        clock: Callable[[], str] = wall_clock,
    ) -> None:
        super().__init__(name=f"scanner-{station}", daemon=True)
        self._station = station
        self._scanner = scanner
        self._journal = journal
        self._delivery = delivery
        self._board = board
        self._end = stop
        self._clock = clock

    def run(self) -> None:
        """Serve the port until the agent stops, through every unplugging."""
        while not self._end.is_set():
            port = open_when_there(
                lambda: open_port(self._scanner.port, baud=self._scanner.baud),
                pause=self._end.wait,
                tell=self._fault,
            )
            if port is None:
                return
            self._board.put(self._station, "scanner", port=port.name, state="ready")
            with port:
                try:
                    self.serve(port)
                except PortFault as fault:
                    self._fault(fault)

    def _fault(self, fault: PortFault) -> None:
        self._board.put_fault(self._station, "scanner", port=self._scanner.port, fault=fault)

    def serve(self, port: Wire) -> None:
        """Take scans from an open line until the agent stops; raises `PortFault`."""
        frames = frames_of(self._scanner.model)
        while not self._end.is_set():
            try:
                chunk = port.read(within=_LOOK)
            except PortFault:
                # What had come of a frame is never guessed, and never dropped unsaid.
                for one in frames.idle(at=math.inf):
                    self._keep(one)
                self._delivery.nudge()
                raise
            at = time.monotonic()
            found = frames.feed(chunk, at=at) if chunk else frames.idle(at=at)
            kept = [(one, self._keep(one)) for one in found]
            # The scanner's own acknowledgement means "on disk", so it follows the journal.
            if replies := frames.replies():
                port.write(replies, within=_WRITE_TIME)
            late = None if found else self._delivery.late_tone()
            if late is not None:
                port.write(feedback(self._scanner.model, late), within=_WRITE_TIME)
            for one, scan_id in kept:
                port.write(
                    feedback(self._scanner.model, self._tone(one, scan_id)), within=_WRITE_TIME
                )

    def _keep(self, one: Scan | ScanFault) -> str | None:
        if self._delivery.refused:
            return None  # the other agent's journal has the bench's scans
        text = symbology = kind = None
        if isinstance(one, Scan):
            text, symbology = one.text, one.symbology
        else:
            kind = one.kind.value
        scan_id = uuid.uuid4().hex
        if kind is None:
            self._delivery.listen(scan_id)
        try:
            self._journal.add_scan(
                scan_id,
                station=self._station,
                text=text,
                fault=kind,
                symbology=symbology,
                raw=one.raw,
                device=self._scanner.port,
                device_time=self._clock(),
            )
        except sqlite3.Error as fault:
            tell(f"{self._station} scan not kept, the journal cannot be written: {fault}")
            return None
        return scan_id

    def _tone(self, one: Scan | ScanFault, scan_id: str | None) -> Tone:
        if scan_id is None:
            return Tone.REFUSED
        if isinstance(one, ScanFault):
            # Nothing the server says can make a scan of it.
            self._delivery.nudge()
            return Tone.REFUSED
        return self._delivery.tone_for(scan_id)
