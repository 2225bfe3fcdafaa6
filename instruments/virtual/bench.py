# SPDX-License-Identifier: Apache-2.0
"""The virtual devices of all stations and the socket that works them, in one loop of one thread."""

import json
import re
import select
import socket
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from instruments.scanners import (
    ScannerModel,
    SsiOpcode,
    is_whole,
    ssi_packet,
    tone_of,
)
from instruments.virtual.lines import VirtualLine
from instruments.virtual.paper import Fault, PrintedLabels
from instruments.virtual.paths import (
    devices_folder,
    printed_folder,
    printer_link,
    scanner_link,
    socket_path,
)
from instruments.virtual.printer import VirtualPrinter
from instruments.virtual.tspl import VirtualTsplPrinter

_TURN = 0.02  # seconds between looks at the lines while something is under way
_REST = 0.25  # and while nothing is
_QUIET = 0.05  # seconds without a byte that end a feedback
_LATE = 2.5  # seconds after which a late answer comes; nobody waits for more than 2
_XON, _XOFF = b"\x11", b"\x13"
_LONGEST_REQUEST = 1 << 16
_LONGEST_WAIT = 10.0
_STATION = re.compile(r"[0-9A-Za-z_-]{1,32}")
_SSI_TYPES = {"]C0": b"\x03", "]C1": b"\x0f", "]d1": b"\x1b", "]Q1": b"\x1c"}


class RequestRefused(Exception):
    """A request on the control socket that cannot be done; the message is the stable reason."""


@dataclass
class _Wish:
    """A scan asked for: the bytes to send, and the feedback gathered so far."""

    caller: socket.socket
    frame: bytes
    wait: float
    sent_at: float | None = None
    last_byte_at: float = 0.0
    heard: bytearray = field(default_factory=bytearray)


@dataclass
class _Station:
    code: str
    scanner: VirtualLine
    printer_line: VirtualLine
    printer: VirtualPrinter | VirtualTsplPrinter
    labels: PrintedLabels
    wishes: deque[_Wish] = field(default_factory=deque)
    bytes_left: int | None = None  # until the line breaks, when it is to break
    late: deque[tuple[float, bytes]] = field(default_factory=deque)


class VirtualDevices:
    """All stations of one folder; `run` serves them until `stop` is set."""

    def __init__(
        self,
        folder: Path,
        *,
        model: ScannerModel,
        dots_per_mm: int,
        print_seconds: float,
        language: str = "zpl",
    ) -> None:
        self._folder = folder
        self._model = model
        self._dots_per_mm = dots_per_mm
        self._print_seconds = print_seconds
        self._language = language
        self._stations: dict[str, _Station] = {}
        self._callers: dict[socket.socket, bytearray] = {}
        self.stop = False

    def add(self, code: str, *, language: str = "") -> None:
        """Give a station its devices, once; its printer keeps the language that it had before.

        Raises `RequestRefused`.
        """
        if not _STATION.fullmatch(code):
            raise RequestRefused("bad-station")
        if code in self._stations:
            return
        place = printed_folder(self._folder, code)
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        named = place / "language"
        spoken = language or (named.read_text("ascii") if named.exists() else self._language)
        if spoken not in ("zpl", "tspl"):
            raise RequestRefused("unknown-language")
        named.write_text(spoken, "ascii")
        labels = PrintedLabels(place, language=spoken)
        printer = VirtualTsplPrinter if spoken == "tspl" else VirtualPrinter
        self._stations[code] = _Station(
            code=code,
            scanner=VirtualLine(scanner_link(self._folder, code)),
            printer_line=VirtualLine(printer_link(self._folder, code)),
            printer=printer(labels, dots_per_mm=self._dots_per_mm, seconds=self._print_seconds),
            labels=labels,
        )

    def run(self) -> None:
        """Serve the lines and the control socket until stopped, then take all links away."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as door:
            plain = devices_folder(self._folder) / "control.sock"
            plain.unlink(missing_ok=True)
            with socket_path(self._folder) as path:
                door.bind(path)
            plain.chmod(0o600)
            door.listen(16)
            door.setblocking(False)
            try:
                while not self.stop:
                    self._turn(door)
            finally:
                plain.unlink(missing_ok=True)
                for caller in self._callers:
                    caller.close()
                for station in self._stations.values():
                    station.scanner.unplug()
                    station.printer_line.unplug()

    def _turn(self, door: socket.socket) -> None:
        waiting: list[int | socket.socket] = [door, *self._callers]
        waiting += [
            descriptor
            for station in self._stations.values()
            for descriptor in (station.scanner.descriptor, station.printer_line.descriptor)
            if descriptor is not None
        ]
        busy = any(
            station.wishes
            or station.late
            or station.printer.working
            or not station.printer_line.heard
            for station in self._stations.values()
        )
        select.select(waiting, [], [], _TURN if busy else _REST)
        self._answer_door(door)
        for station in self._stations.values():
            self._serve_printer(station)
            self._serve_scanner(station)

    def _serve_printer(self, station: _Station) -> None:
        at = time.monotonic()
        if station.printer.fault is Fault.XOFF:
            return
        while station.late and station.late[0][0] <= at:
            station.printer_line.write(station.late.popleft()[1])
        chunk = station.printer_line.read()
        if chunk and station.bytes_left is not None:
            chunk = chunk[: station.bytes_left]
            station.bytes_left -= len(chunk)
            if station.bytes_left <= 0:
                station.printer.take(chunk, at=at)
                self._unplug_printer(station)
                return
        answer = station.printer.take(chunk, at=at) if chunk else b""
        if answer and station.printer.fault is Fault.LATE:
            station.late.append((at + _LATE, answer))
        elif answer:
            station.printer_line.write(answer)
        station.printer.turn(at=at)

    def _unplug_printer(self, station: _Station) -> None:
        station.bytes_left = None
        station.printer.set_fault(Fault.UNPLUGGED)
        station.printer_line.unplug()

    def _serve_scanner(self, station: _Station) -> None:
        at = time.monotonic()
        chunk = station.scanner.read()
        while station.wishes:
            wish = station.wishes[0]
            if wish.sent_at is None:
                wish.sent_at = at
                if not station.scanner.write(wish.frame):
                    reason = "nobody-listens" if station.scanner.plugged else "unplugged"
                    self._finish(wish.caller, {"ok": False, "reason": reason})
                    station.wishes.popleft()
                    continue
                return
            if chunk:
                wish.heard += chunk
                wish.last_byte_at = at
                chunk = b""
            # Where no further byte could make it another tone, nothing is waited for.
            whole = is_whole(self._model, bytes(wish.heard))
            quiet = wish.heard and (whole or at - wish.last_byte_at >= _QUIET)
            # An SSI acknowledgement alone is not yet the tone.
            toneless = self._model is ScannerModel.SSI and wish.heard == ssi_packet(SsiOpcode.ACK)
            if (quiet and not toneless) or at - wish.sent_at >= wish.wait:
                station.wishes.popleft()
                self._answer_wish(wish, at)
                continue
            return

    def _answer_wish(self, wish: _Wish, at: float) -> None:
        heard = bytes(wish.heard)
        tone = tone_of(self._model, heard)
        until = wish.last_byte_at if heard else at
        self._finish(
            wish.caller,
            {
                "ok": True,
                "feedback": heard.hex(),
                "tone": None if tone is None else tone.value,
                "seconds": round(until - (wish.sent_at or until), 4),
            },
        )

    def _answer_door(self, door: socket.socket) -> None:
        while True:
            try:
                caller, _ = door.accept()
            except BlockingIOError:
                break
            caller.setblocking(False)
            self._callers[caller] = bytearray()
        for caller in list(self._callers):
            self._hear(caller)

    def _hear(self, caller: socket.socket) -> None:
        asked = self._callers[caller]
        try:
            chunk = caller.recv(_LONGEST_REQUEST)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        asked += chunk
        if not chunk or len(asked) > _LONGEST_REQUEST:
            self._hang_up(caller)
            return
        if not asked.endswith(b"\n"):
            return
        request = bytes(asked)
        asked.clear()
        try:
            answer = self._do(json.loads(request), caller)
        except (ValueError, TypeError, KeyError):
            answer = {"ok": False, "reason": "bad-request"}
        except RequestRefused as refusal:
            answer = {"ok": False, "reason": str(refusal)}
        if answer is not None:
            self._finish(caller, answer)

    def _hang_up(self, caller: socket.socket) -> None:
        self._callers.pop(caller, None)
        for station in self._stations.values():
            station.wishes = deque(wish for wish in station.wishes if wish.caller is not caller)
        caller.close()

    def _finish(self, caller: socket.socket, answer: dict[str, Any]) -> None:
        if caller not in self._callers:
            return
        try:
            caller.settimeout(2.0)
            caller.sendall(json.dumps(answer).encode() + b"\n")
            caller.setblocking(False)
        except OSError:
            self._hang_up(caller)

    def _do(self, request: dict[str, Any], caller: socket.socket) -> dict[str, Any] | None:
        """Do one request; None when its answer comes later."""
        act = request["do"]
        if act == "state":
            return {"ok": True, "stations": [self._state(one) for one in self._stations.values()]}
        if act == "add":
            self.add(str(request["station"]), language=str(request.get("language", "")))
            return {"ok": True}
        station = self._stations.get(str(request["station"]))
        if station is None:
            raise RequestRefused("unknown-station")
        if act == "scan":
            wait = min(float(request.get("wait", 3.0)), _LONGEST_WAIT)
            if not station.wishes:
                station.scanner.forget()
            station.wishes.append(_Wish(caller, self._frame(request), wait))
            return None
        if act == "labels":
            return {"ok": True, "labels": self._printed(station, int(request.get("after", 0)))}
        if act == "fault":
            self._set_fault(station, request)
            return {"ok": True}
        raise RequestRefused("unknown-act")

    def _frame(self, request: dict[str, Any]) -> bytes:
        if "raw" in request:
            return bytes.fromhex(request["raw"])
        symbology = str(request.get("symbology", "]d1"))
        text = str(request["text"]).encode("utf-8")
        if self._model is ScannerModel.SSI:
            content = _SSI_TYPES.get(symbology, b"\x00") + text
            if len(content) > 250:
                raise RequestRefused("too-long")
            return ssi_packet(SsiOpcode.DECODE, content, source=0)
        return symbology.encode("utf-8") + text + b"\r"

    def _printed(self, station: _Station, after: int) -> list[dict[str, Any]]:
        return [
            {
                "number": one.number,
                "zpl": one.zpl,
                "printed_at": one.printed_at.isoformat(),
                "tspl": one.tspl.hex(),
            }
            for one in station.labels.after(after)
        ]

    def _set_fault(self, station: _Station, request: dict[str, Any]) -> None:
        try:
            fault = Fault(request["fault"])
        except ValueError:
            raise RequestRefused("unknown-fault") from None
        if request.get("device", "printer") == "scanner":
            if fault not in (Fault.NONE, Fault.UNPLUGGED):
                raise RequestRefused("unknown-fault")
            (station.scanner.plug_in if fault is Fault.NONE else station.scanner.unplug)()
            return
        if fault is Fault.UNPLUGGED_AFTER:
            station.bytes_left = max(1, int(request.get("bytes", 1)))
            return
        station.bytes_left = None
        was_held = station.printer.fault is Fault.XOFF
        if fault in (Fault.UNPLUGGED, Fault.POWER_CYCLE):
            station.printer_line.unplug()
        station.printer.set_fault(fault, labels=max(1, int(request.get("labels", 1))))
        if fault is not Fault.UNPLUGGED:
            station.printer_line.plug_in()
        if fault is Fault.XOFF:
            station.printer_line.write(_XOFF)
        elif was_held:
            station.printer_line.write(_XON)

    def _state(self, station: _Station) -> dict[str, Any]:
        return {
            "station": station.code,
            "scanner": str(scanner_link(self._folder, station.code)),
            "scanner_plugged": station.scanner.plugged,
            "scanner_heard": station.scanner.heard,
            "printer": str(printer_link(self._folder, station.code)),
            "printer_fault": station.printer.fault.value,
            "printer_heard": station.printer_line.heard,
            "odometer": station.labels.odometer,
            "waiting": station.printer.waiting,
        }
