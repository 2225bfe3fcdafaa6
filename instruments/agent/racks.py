# SPDX-License-Identifier: Apache-2.0
"""From a whole-rack scanner's port to the journal: the text of one rack, then silence."""

import sqlite3
import threading
import uuid
from collections.abc import Callable

from instruments.agent.clocks import wall_clock
from instruments.agent.health import Board, tell
from instruments.agent.journal import Journal
from instruments.agent.scanning import Delivery
from instruments.agent.server import RACK
from instruments.agent.settings import RackSettings
from instruments.ports import PortFault, Wire, open_port, open_when_there
from instruments.racks import LARGEST_FILE
from instruments.scanners import FaultKind

SILENCE = 1.0  # seconds after which the text of a rack is over
_LOOK = 0.1
_KEPT_OF_FAULT = 1000  # bytes of a text that is none


class RackThread(threading.Thread):
    """Owns one rack scanner's port; it has no voice, so what comes of a rack is on the page."""

    def __init__(
        self,
        rack: RackSettings,
        *,
        journal: Journal,
        delivery: Delivery,
        board: Board,
        stop: threading.Event,
        clock: Callable[[], str] = wall_clock,
    ) -> None:
        super().__init__(name=f"rack-{rack.station}", daemon=True)
        self._rack = rack
        self._journal = journal
        self._delivery = delivery
        self._board = board
        self._end = stop
        self._clock = clock

    def run(self) -> None:
        """Serve the port until the agent stops, through every unplugging."""
        while not self._end.is_set():
            port = open_when_there(
                lambda: open_port(self._rack.port, baud=self._rack.baud),
                pause=self._end.wait,
                tell=self._fault,
            )
            if port is None:
                return
            self._board.put(self._rack.station, RACK, port=port.name, state="ready")
            with port:
                try:
                    self.serve(port)
                except PortFault as fault:
                    self._fault(fault)

    def _fault(self, fault: PortFault) -> None:
        self._board.put_fault(self._rack.station, RACK, port=self._rack.port, fault=fault)

    def serve(self, port: Wire) -> None:
        """Take racks from an open line until the agent stops; raises `PortFault`.

        A line that breaks in the middle of a rack leaves half a rack: told, and never taken.
        """
        text, quiet = bytearray(), 0.0
        while not self._end.is_set():
            try:
                chunk = port.read(within=_LOOK)
            except PortFault:
                if text:
                    self._keep(bytes(text), fault=FaultKind.INCOMPLETE)
                raise
            text += chunk
            quiet = 0.0 if chunk else quiet + _LOOK
            if len(text) > LARGEST_FILE:
                self._keep(bytes(text), fault=FaultKind.TOO_LONG)
                text.clear()
            elif text and quiet >= SILENCE:
                self._keep(bytes(text), fault=None if text.strip() else FaultKind.EMPTY)
                text.clear()

    def _keep(self, text: bytes, *, fault: FaultKind | None) -> None:
        if self._delivery.refused:
            return  # the other agent's journal has the bench's racks
        try:
            self._journal.add_scan(
                uuid.uuid4().hex,
                station=self._rack.station,
                text=None if fault else RACK,
                fault=fault.value if fault else None,
                symbology=RACK,
                raw=text[:_KEPT_OF_FAULT] if fault else text,
                device=self._rack.port,
                device_time=self._clock(),
            )
        except sqlite3.Error as problem:
            tell(f"{self._rack.station} rack not kept, the journal cannot be written: {problem}")
            return
        self._delivery.nudge()
