# SPDX-License-Identifier: Apache-2.0
"""Work the virtual devices of a laboratory's folder: scan, break, mend, see what was printed."""

import json
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from instruments.scanners import Tone
from instruments.virtual.paper import Fault, Printed
from instruments.virtual.paths import socket_path

__all__ = ["Fault", "Heard", "Printed", "StationState", "Tone", "VirtualBench", "VirtualBenchFault"]

_ANSWER_TIME = 15.0
_LONGEST_ANSWER = 1 << 26


class VirtualBenchFault(Exception):
    """The virtual devices did not do it; `reason` is stable."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class Heard:
    """What a scanner heard after a scan; `tone` is None for silence or unknown bytes."""

    feedback: bytes
    tone: Tone | None
    seconds: float


@dataclass(frozen=True)
class StationState:
    """The virtual devices of one station; `heard` means that a program has the line open."""

    station: str
    scanner: Path
    scanner_plugged: bool
    scanner_heard: bool
    printer: Path
    printer_fault: Fault
    printer_heard: bool
    odometer: int
    waiting: int


class VirtualBench:
    """The client's end of the control socket; every call is a connection of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def wait_until_ready(self, *, seconds: float) -> None:
        """Wait until the virtual devices answer. Raises `VirtualBenchFault`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                self.state()
            except VirtualBenchFault:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def add(self, station: str, *, language: str = "") -> None:
        """Give a station its virtual devices; a station that has them keeps them.

        `language` is that of its printer, zpl or tspl; "" is that of all of them.
        """
        self._ask({"do": "add", "station": station, "language": language})

    def scan(self, station: str, text: str, *, symbology: str = "]d1", wait: float = 3.0) -> Heard:
        """Scan a code and wait at most `wait` seconds for the feedback.

        Raises `VirtualBenchFault` (`nobody-listens`, `unplugged`, `unknown-station`,
        `not-running`).
        """
        return self._heard(
            {"do": "scan", "station": station, "text": text, "symbology": symbology, "wait": wait}
        )

    def say(self, station: str, raw: bytes, *, wait: float = 3.0) -> Heard:
        """Send bytes as they are from the scanner: half frames, noise."""
        return self._heard({"do": "scan", "station": station, "raw": raw.hex(), "wait": wait})

    def fault(
        self,
        station: str,
        fault: Fault,
        *,
        device: str = "printer",
        after: int = 0,
        labels: int = 1,
    ) -> None:
        """Break or mend (`Fault.NONE`) a station's printer or scanner."""
        self._ask(
            {
                "do": "fault",
                "station": station,
                "fault": fault.value,
                "device": device,
                "bytes": after,
                "labels": labels,
            }
        )

    def labels(self, station: str, *, after: int = 0) -> list[Printed]:
        """Return the labels printed with an odometer above `after`."""
        answer = self._ask({"do": "labels", "station": station, "after": after})
        return [
            Printed(
                number=label["number"],
                zpl=label["zpl"],
                printed_at=datetime.fromisoformat(label["printed_at"]),
                tspl=bytes.fromhex(label["tspl"]),
            )
            for label in answer["labels"]
        ]

    def state(self) -> list[StationState]:
        """Return how all the virtual devices are."""
        return [
            StationState(
                station=one["station"],
                scanner=Path(one["scanner"]),
                scanner_plugged=one["scanner_plugged"],
                scanner_heard=one["scanner_heard"],
                printer=Path(one["printer"]),
                printer_fault=Fault(one["printer_fault"]),
                printer_heard=one["printer_heard"],
                odometer=one["odometer"],
                waiting=one["waiting"],
            )
            for one in self._ask({"do": "state"})["stations"]
        ]

    def _heard(self, request: dict[str, object]) -> Heard:
        answer = self._ask(request)
        return Heard(
            feedback=bytes.fromhex(answer["feedback"]),
            tone=None if answer["tone"] is None else Tone(answer["tone"]),
            seconds=answer["seconds"],
        )

    def _ask(self, request: dict[str, object]) -> dict[str, Any]:
        try:
            with (
                socket_path(self._folder) as path,
                socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line,
            ):
                line.settimeout(_ANSWER_TIME)
                line.connect(path)
                line.sendall(json.dumps(request).encode() + b"\n")
                answered = bytearray()
                while not answered.endswith(b"\n") and len(answered) < _LONGEST_ANSWER:
                    chunk = line.recv(1 << 16)
                    if not chunk:
                        raise VirtualBenchFault("not-running")
                    answered += chunk
        except OSError as fault:
            raise VirtualBenchFault("not-running") from fault
        answer = json.loads(answered)
        if not answer["ok"]:
            raise VirtualBenchFault(answer["reason"])
        return dict(answer)
