# SPDX-License-Identifier: Apache-2.0
"""How the devices are, told to the server every two seconds and at every change."""

import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

from instruments.agent.journal import Journal
from instruments.agent.server import DeviceHealth, Server, ServerAway, ServerRefused
from instruments.agent.settings import SettingsRefused, read_key
from instruments.ports import PortBusy, PortFault, PortStuck

_BEAT = 2.0


def tell(text: str) -> None:
    """Write one line to standard error, with the time."""
    print(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} lims-bench: {text}", file=sys.stderr, flush=True)


class Board:
    """What is known of every device, written by the port threads and read by the heartbeat."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._health: dict[tuple[str, str], DeviceHealth] = {}
        self._listeners: list[threading.Event] = []

    def listen(self) -> threading.Event:
        """Return an event that every change sets."""
        self._listeners.append(threading.Event())
        return self._listeners[-1]

    def wake(self) -> None:
        """Set the events of all listeners."""
        for listener in self._listeners:
            listener.set()

    def put(self, station: str, kind: str, *, port: str, state: str, detail: str = "") -> None:
        """Note how a device is; a change is told on standard error and wakes the heartbeat."""
        health = DeviceHealth(kind=kind, port=port, state=state, detail=detail)
        with self._lock:
            if self._health.get((station, kind)) == health:
                return
            self._health[(station, kind)] = health
        tell(f"{station} {kind} {state} {detail}".rstrip())
        self.wake()

    def put_fault(self, station: str, kind: str, *, port: str, fault: PortFault) -> None:
        """Note that a device's port cannot be used."""
        state = "gone"
        if isinstance(fault, PortBusy):
            state = "fault"
        elif isinstance(fault, PortStuck):
            state = "unknown"  # there, and taking nothing
        self.put(station, kind, port=port, state=state, detail=fault.reason)

    def health(self) -> dict[str, list[DeviceHealth]]:
        """Return all devices by station."""
        with self._lock:
            stations: dict[str, list[DeviceHealth]] = {}
            for (station, _), health in sorted(self._health.items()):
                stations.setdefault(station, []).append(health)
            return stations


class Heartbeat(threading.Thread):
    """Tells the server how the devices are that one key speaks for."""

    def __init__(
        self,
        board: Board,
        *,
        journal: Journal,
        server: Server,
        key_file: Path,
        stations: frozenset[str],
        stop: threading.Event,
    ) -> None:
        super().__init__(name="heartbeat", daemon=True)
        self._board = board
        self._journal = journal
        self._key_file = key_file
        self._stations = stations
        self._changed = board.listen()
        self._server = server
        self._end = stop
        self._away = ""

    def run(self) -> None:
        """Beat until the agent stops."""
        while not self._end.is_set():
            self._changed.clear()
            self._look_at_key()
            trouble = self.beat()
            if trouble != self._away:
                tell(trouble or "server answers")
                self._away = trouble
            self._changed.wait(_BEAT)

    def beat(self) -> str:
        """Tell the server once; return what was wrong, or nothing."""
        health = self._board.health()
        mine = {code: health.get(code, []) for code in sorted(self._stations)}
        try:
            self._server.heartbeat(mine, {code: self._journal.waiting(code) for code in mine})
        except (ServerAway, ServerRefused) as fault:
            return f"{fault.reason}: {fault}"
        return ""

    def _look_at_key(self) -> None:
        """Take a new key into use as soon as it lies in the file: no restart, no gap."""
        try:
            changed = self._server.use_key(read_key(self._key_file))
        except SettingsRefused:
            return  # being written just now, or gone: the present one may still do
        if changed:
            tell(f"{self._key_file.name} is new and in use from now on")
