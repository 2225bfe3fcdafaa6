# SPDX-License-Identifier: Apache-2.0
"""A virtual ZPL printer: takes bytes, answers as a Zebra does, keeps what it printed as files."""

import re
from collections import deque

from instruments.virtual.paper import STOPPING, Fault, PrintedLabels

_LONGEST_FORMAT = 1 << 20
_FIRMWARE = "V93.20.15Z"
# Commands that act at once, also in the middle of a format, and the end of a format.
_COMMAND = re.compile(
    rb"~HS|~HI|~HQES|~JA|~JR|~PS"
    rb'|! U1 getvar "(?P<variable>[^"\r\n]{1,80})"\r?\n'
    rb"|\^XZ"
)
_FIELD = re.compile(rb"\^(?:FD|GF|GB)")
_ODOMETER = b"odometer.total_label_count"


_EXTENDED_BIT = {
    Fault.PAPER_OUT: 0x1,
    Fault.RIBBON_OUT: 0x2,
    Fault.HEAD_OPEN: 0x4,
    Fault.OVER_TEMPERATURE: 0x10,
}


class VirtualPrinter:
    """The printer's mind: bytes in, bytes out; `turn` lets time pass."""

    def __init__(
        self, labels: PrintedLabels, *, dots_per_mm: int = 12, seconds: float = 0.1
    ) -> None:
        self.labels = labels
        self.fault = Fault.NONE
        self._dots_per_mm = dots_per_mm
        self._seconds = seconds
        self._arrived = bytearray()
        self._formats: deque[bytes] = deque()
        self._done_at: float | None = None

    @property
    def working(self) -> bool:
        """Whether time must pass for a label to come out."""
        return bool(self._formats) and self.fault not in STOPPING

    @property
    def waiting(self) -> int:
        """Labels received and not yet printed."""
        return len(self._formats)

    def set_fault(self, fault: Fault, *, labels: int = 1) -> None:
        """Break or mend the printer; `labels` is how far a jumping counter jumps."""
        self._done_at = None
        if fault is Fault.COUNTER_JUMP:
            self.labels.advance(labels)
            return
        if fault is Fault.POWER_CYCLE:
            self.forget()
            fault = Fault.NONE
        self.fault = fault

    def forget(self) -> None:
        """Lose all that is only in memory, as when the power goes."""
        self._arrived.clear()
        self._formats.clear()
        self._done_at = None

    def take(self, chunk: bytes, *, at: float) -> bytes:
        """Take bytes that arrived at `at` (monotonic seconds) and return the answer, if any."""
        self._arrived += chunk
        answer = b""
        while command := _COMMAND.search(self._arrived):
            text = bytes(command.group())
            variable = command["variable"]
            before = bytes(self._arrived[: command.start()])
            if text in (b"^XZ", b"~JA", b"~JR"):
                del self._arrived[: command.end()]
            else:
                del self._arrived[command.start() : command.end()]
            if variable is not None:
                counted = bytes(variable) == _ODOMETER
                answer += b'"%d"' % self.labels.odometer if counted else b'"?"'
            elif text == b"^XZ":
                self._take_format(before, at=at)
            else:
                answer += self._obey(text)
        del self._arrived[: max(0, len(self._arrived) - _LONGEST_FORMAT)]
        if self.fault in (Fault.SILENT, Fault.MUTE):
            return b""
        if self.fault is Fault.GARBAGE:
            return b"\xff\x00?\x02\x03\x13~" * 7 if answer else b""
        return answer

    def turn(self, *, at: float) -> None:
        """Let time pass: print what is due."""
        if not self.working:
            return
        if self._done_at is None:
            self._done_at = at + self._seconds
        if at < self._done_at:
            return
        self._done_at = None
        zpl = self._formats.popleft()
        if self.fault is Fault.PAPER_OUT_MID_LABEL:
            self.fault = (
                Fault.PAPER_OUT
            )  # half a label: it does not count, and ^JZN forbids another
            return
        self.labels.add(zpl)

    def _take_format(self, before: bytes, *, at: float) -> None:
        begin = before.find(b"^XA")
        if begin >= 0 and _FIELD.search(before, begin):
            self._formats.append(before[begin:] + b"^XZ")
            self.turn(at=at)

    def _obey(self, text: bytes) -> bytes:
        if text == b"~HS":
            return self._host_status()
        if text == b"~HQES":
            return self._extended_status()
        if text == b"~HI":
            model = {8: "203", 12: "300", 24: "600"}.get(self._dots_per_mm, "152")
            return b"\x02ZTC ZD421-%sdpi ZPL,%s,%d,8176KB\x03\r\n" % (
                model.encode(),
                _FIRMWARE.encode(),
                self._dots_per_mm,
            )
        if text in (b"~JA", b"~JR"):
            self._formats.clear()
            self._done_at = None
        return b""

    def _host_status(self) -> bytes:
        paper = self.fault is Fault.PAPER_OUT
        head = self.fault is Fault.HEAD_OPEN
        ribbon = self.fault is Fault.RIBBON_OUT
        paused = self.fault is Fault.PAUSED or paper or head or ribbon
        partial = b"^XA" in self._arrived
        hot = self.fault is Fault.OVER_TEMPERATURE
        cold = self.fault is Fault.UNDER_TEMPERATURE
        full = self.fault is Fault.BUFFER_FULL
        return (
            b"\x02030,%d,%d,0225,%03d,%d,0,%d,000,0,%d,%d\x03\r\n"
            b"\x02001,0,%d,%d,1,2,6,0,%08d,1,000\x03\r\n"
            b"\x021234,0\x03\r\n"
        ) % (
            paper, paused, len(self._formats), full, partial, cold, hot,
            head, ribbon, len(self._formats),
        )  # fmt: skip

    def _extended_status(self) -> bytes:
        bits = _EXTENDED_BIT.get(self.fault, 0)
        return (
            b"\x02\r\nPRINTER STATUS\r\n"
            b"ERRORS:         %d 00000000 %08X\r\n"
            b"WARNINGS:       0 00000000 00000000\r\n\x03"
        ) % (bool(bits), bits)
