# SPDX-License-Identifier: Apache-2.0
"""A virtual ZPL printer: takes bytes, answers as a Zebra does, keeps what it printed as files."""

import os
import re
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

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


class Fault(StrEnum):
    """What can be wrong with a virtual device; first for people, then for tests."""

    NONE = "none"
    PAPER_OUT = "paper_out"
    RIBBON_OUT = "ribbon_out"
    HEAD_OPEN = "head_open"
    OVER_TEMPERATURE = "over_temperature"
    PAUSED = "paused"
    SILENT = "silent"
    UNPLUGGED = "unplugged"

    MUTE = "mute"  # prints, but answers nothing
    PAPER_OUT_MID_LABEL = "paper_out_mid_label"  # the next label tears off half-way
    UNPLUGGED_AFTER = "unplugged_after"  # the line breaks after so many more bytes
    POWER_CYCLE = "power_cycle"  # off and on at once: what was buffered is gone
    COUNTER_JUMP = "counter_jump"  # somebody printed at the panel
    GARBAGE = "garbage"  # answers noise


_STOPPING = {
    Fault.PAPER_OUT,
    Fault.RIBBON_OUT,
    Fault.HEAD_OPEN,
    Fault.OVER_TEMPERATURE,
    Fault.PAUSED,
    Fault.SILENT,
}
_EXTENDED_BIT = {
    Fault.PAPER_OUT: 0x1,
    Fault.RIBBON_OUT: 0x2,
    Fault.HEAD_OPEN: 0x4,
    Fault.OVER_TEMPERATURE: 0x10,
}


@dataclass(frozen=True)
class Printed:
    """One label that came out; `number` is the odometer after it."""

    number: int
    zpl: str
    printed_at: datetime


class PrintedLabels:
    """The labels a printer ever made, one file each; the odometer survives a restart."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        counted = folder / "odometer"
        recorded = int(counted.read_text("ascii")) if counted.exists() else 0
        self.odometer = max([recorded, *(int(path.stem) for path in self._files())])

    def add(self, zpl: bytes) -> None:
        """Keep one label; the file appears whole or not at all."""
        self.advance(1)
        place = self._folder / f"{self.odometer:06}.zpl"
        half = place.with_suffix(".part")
        half.write_bytes(zpl)
        os.replace(half, place)

    def advance(self, labels: int) -> None:
        """Turn the odometer on by so many labels."""
        self.odometer += labels
        half = self._folder / "odometer.part"
        half.write_text(str(self.odometer), "ascii")
        os.replace(half, self._folder / "odometer")

    def after(self, number: int) -> list[Printed]:
        """Return the labels with higher numbers, in order."""
        return [
            Printed(
                number=int(path.stem),
                zpl=path.read_bytes().decode("utf-8", "replace"),
                printed_at=datetime.fromtimestamp(path.stat().st_mtime, UTC),
            )
            for path in self._files()
            if int(path.stem) > number
        ]

    def _files(self) -> list[Path]:
        found = (path for path in self._folder.glob("*.zpl") if path.stem.isdigit())
        return sorted(found, key=lambda path: int(path.stem))


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
        return bool(self._formats) and self.fault not in _STOPPING

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
        return (
            b"\x02030,%d,%d,0225,%03d,0,0,%d,000,0,0,%d\x03\r\n"
            b"\x02001,0,%d,%d,1,2,6,0,%08d,1,000\x03\r\n"
            b"\x021234,0\x03\r\n"
        ) % (paper, paused, len(self._formats), partial, hot, head, ribbon, len(self._formats))

    def _extended_status(self) -> bytes:
        bits = _EXTENDED_BIT.get(self.fault, 0)
        return (
            b"\x02\r\nPRINTER STATUS\r\n"
            b"ERRORS:         %d 00000000 %08X\r\n"
            b"WARNINGS:       0 00000000 00000000\r\n\x03"
        ) % (bool(bits), bits)
