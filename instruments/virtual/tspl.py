# SPDX-License-Identifier: Apache-2.0
"""A virtual TSPL printer: takes bytes, answers as a TSC does, keeps what it printed as files."""

import re
from collections import deque

from instruments.virtual.paper import STOPPING, Fault, PrintedLabels

_LONGEST_LABEL = 1 << 20
_IMMEDIATE = re.compile(rb"\x1b!(.)", re.DOTALL)
_BITMAP = re.compile(rb"BITMAP (\d{1,5}),(\d{1,5}),(\d{1,4}),(\d{1,5}),[0-2],")
_MARK = re.compile(rb"BITMAP |BAR |TEXT |BARCODE |DMATRIX |QRCODE ")
_PRINT = re.compile(rb"PRINT 1(?:,1)?")
_COUNT = b'OUT "LABEL=";STR$(LABEL)'
_RESOLUTION = b'OUT "DPI=";GETSETTING$("SYSTEM","INFORMATION","DPI")'
_MODEL = b"~!T"
_DPI = {8: b"203", 12: b"300", 24: b"600"}

_BITS = {
    Fault.HEAD_OPEN: 0x01,
    Fault.PAPER_OUT: 0x04,
    Fault.RIBBON_OUT: 0x08,
    Fault.PAUSED: 0x10,
    Fault.OVER_TEMPERATURE: 0x80,
    Fault.UNDER_TEMPERATURE: 0x80,
}
_LETTERS = {
    Fault.HEAD_OPEN: b"E@@`",
    Fault.PAPER_OUT: b"E@@A",
    Fault.RIBBON_OUT: b"E@@D",
    Fault.PAUSED: b"`@@@",
    Fault.OVER_TEMPERATURE: b"E@A@",
    Fault.UNDER_TEMPERATURE: b"E@@@",
    Fault.BUFFER_FULL: b"@H@@",
}


class VirtualTsplPrinter:
    """The printer's mind: bytes in, bytes out; `turn` lets time pass.

    `extended` is whether its firmware knows the four letters of <ESC>!S.
    """

    def __init__(
        self,
        labels: PrintedLabels,
        *,
        dots_per_mm: int = 12,
        seconds: float = 0.1,
        extended: bool = True,
    ) -> None:
        self.labels = labels
        self.fault = Fault.NONE
        self._dots_per_mm = dots_per_mm
        self._seconds = seconds
        self.extended = extended
        self._arrived = bytearray()
        self._drawn = bytearray()
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
        for held in (self._arrived, self._drawn, self._formats):
            held.clear()
        self._done_at = None

    def take(self, chunk: bytes, *, at: float) -> bytes:
        """Take bytes that arrived at `at` (monotonic seconds) and return the answer, if any."""
        self._arrived += chunk
        answer = b""
        while command := _IMMEDIATE.search(self._arrived):
            begin, end = command.span()
            letter = bytes(command[1])
            del self._arrived[begin:end]
            answer += self._obey_at_once(letter)
        answer += self._obey_in_turn(at=at)
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
        label = self._formats.popleft()
        if self.fault is Fault.PAPER_OUT_MID_LABEL:
            self.fault = Fault.PAPER_OUT  # half a label: it does not count, nor is it made again
            return
        self.labels.add(label)

    def _obey_at_once(self, letter: bytes) -> bytes:
        if letter == b"?":
            printing = 0x20 if self._formats else 0
            return bytes([_BITS.get(self.fault, 0) | printing])
        if letter == b"S" and self.extended:
            fine = b"P@@@" if self._formats else b"@@@@"
            return b"\x02" + _LETTERS.get(self.fault, fine) + b"\x03\r\n"
        if letter in (b".", b"R"):
            self.forget()
        return b""

    def _obey_in_turn(self, *, at: float) -> bytes:
        """Obey what has arrived whole; in a fault nothing is obeyed, and nothing answered."""
        answer = b""
        while self.fault not in STOPPING:
            if self._arrived.startswith(_MODEL):
                del self._arrived[: len(_MODEL)]
                answer += b"TTP-%s\r\n" % _DPI.get(self._dots_per_mm, b"244")
                continue
            bitmap = _BITMAP.match(self._arrived)
            begin = 0
            if bitmap is not None:
                begin = bitmap.end() + int(bitmap[3]) * int(bitmap[4])
            end = self._arrived.find(b"\r\n", begin)
            if end < 0:
                break
            line = bytes(self._arrived[:end])
            del self._arrived[: end + 2]
            answer += self._obey_line(line, at=at)
        return answer

    def _obey_line(self, line: bytes, *, at: float) -> bytes:
        if line == _COUNT:
            return b"LABEL=%d\r\n" % self.labels.odometer
        if line == _RESOLUTION:
            return b"DPI=%s\r\n" % _DPI.get(self._dots_per_mm, b"")
        if line.startswith(b"SIZE "):
            self._drawn.clear()
        self._drawn += line + b"\r\n"
        del self._drawn[: max(0, len(self._drawn) - _LONGEST_LABEL)]
        if _PRINT.fullmatch(line):
            label = bytes(self._drawn)
            self._drawn.clear()
            if _MARK.search(label):
                self._formats.append(label)
                self.turn(at=at)
        return b""
