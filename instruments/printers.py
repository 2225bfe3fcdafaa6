# SPDX-License-Identifier: Apache-2.0
"""ZPL label printers: what they are, how they are, how many labels they made, and proof of a print.

Formats: Zebra Programming Guide (~HS, ~HQES, ~HI, ^JZ, ~JA), Zebra SGD manual
(odometer.total_label_count).
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from instruments.ports import PortGone, PortStuck, Wire

SILENCE = 2.0  # seconds without an answer after which a printer's state is unknown
PRINT_TIME = 15.0  # seconds in which one label must be proven
_LOOK_AGAIN = 0.1
_WRITE_TIME = 5.0  # seconds, beside those that the bytes need on the line
_SLOWEST_LINE = 960.0  # bytes a second: 9600 baud, 8N1
_KERNEL_BUFFER = 4096  # bytes that a write may leave for the kernel to send (measured: 4 095)
_LONGEST_ANSWER = 4096

_NO_REPRINT = b"^XA^JZN^XZ"
_CANCEL_ALL = b"~JA"
_ODOMETER = b'! U1 getvar "odometer.total_label_count"\r\n'

_STATUS = re.compile(
    rb"\x02(\d{3}),([01]),([01]),(\d{4}),(\d{3}),([01]),"
    rb"([01]),([01]),(\d{3}),([01]),([01]),([01])\x03\s*"
    rb"\x02(\d{3}),([01]),([01]),([01]),([01]),(\w),(\w),([01]),(\d{8}),(\d),(\d{3})\x03\s*"
    rb"\x02(\w{4}),([01])\x03"
)
_EXTENDED = re.compile(
    rb"ERRORS:\s+([01])\s+([0-9A-Fa-f]{8})\s+([0-9A-Fa-f]{8})\s+"
    rb"WARNINGS:\s+([01])\s+([0-9A-Fa-f]{8})\s+([0-9A-Fa-f]{8})"
)
_IDENTITY = re.compile(rb"\x02([^,\x03]+),([^,\x03]+),(\d+)(?:,([^\x03]*))?\x03")
_COUNT = re.compile(rb'"(\d{1,12})"')


class PrinterState(StrEnum):
    """How a printer is. Silence is UNKNOWN, never READY."""

    READY = "ready"
    BUSY = "busy"
    FAULT = "fault"
    UNKNOWN = "unknown"


class PrinterFault(StrEnum):
    """What is wrong with a printer, as far as it says so."""

    PAPER_OUT = "paper-out"
    RIBBON_OUT = "ribbon-out"
    HEAD_OPEN = "head-open"
    PAUSED = "paused"
    OVER_TEMPERATURE = "over-temperature"
    UNDER_TEMPERATURE = "under-temperature"
    CUTTER = "cutter"
    HEAD_ELEMENT = "head-element"
    MEMORY = "memory"
    BUFFER_FULL = "buffer-full"
    OTHER = "other"


_ERROR_BITS = {
    0x1: PrinterFault.PAPER_OUT,
    0x2: PrinterFault.RIBBON_OUT,
    0x4: PrinterFault.HEAD_OPEN,
    0x8: PrinterFault.CUTTER,
    0x10: PrinterFault.OVER_TEMPERATURE,
    0x20: PrinterFault.OVER_TEMPERATURE,
    0x40: PrinterFault.HEAD_ELEMENT,
    0x80: PrinterFault.HEAD_ELEMENT,
}


@dataclass(frozen=True)
class Identity:
    """What a printer says it is; `dots_per_mm` is 6, 8, 12 or 24 (152, 203, 300, 600 dpi)."""

    model: str
    firmware: str
    dots_per_mm: int

    @property
    def dpi(self) -> int:
        """The trade's name for the resolution."""
        return {6: 152, 8: 203, 12: 300, 24: 600}.get(
            self.dots_per_mm, round(self.dots_per_mm * 25.4)
        )


@dataclass(frozen=True)
class PrinterStatus:
    """One answer, or the lack of one; `raw` is what was read."""

    state: PrinterState
    faults: frozenset[PrinterFault] = frozenset()
    formats_waiting: int = 0
    labels_remaining: int = 0
    partial_format: bool = False
    raw: bytes = b""

    @property
    def queue_empty(self) -> bool:
        """Whether the printer says that it holds nothing to print; unknown is not empty."""
        return self.state is not PrinterState.UNKNOWN and not (
            self.formats_waiting or self.labels_remaining or self.partial_format
        )

    @property
    def words(self) -> str:
        """The faults, or the state when there are none, as one stable line."""
        return ",".join(sorted(self.faults)) or self.state.value


class PrinterNotReady(Exception):
    """Nothing was sent, since the printer is not ready; `status` says why."""

    reason = "printer-not-ready"

    def __init__(self, status: PrinterStatus) -> None:
        super().__init__(status.words)
        self.status = status


class Proof(StrEnum):
    """What is known of a label after bytes of it were sent."""

    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"


@dataclass(frozen=True)
class Outcome:
    """What became of one label; an odometer that was not read is None."""

    proof: Proof
    odometer_after: int | None
    detail: str


def read_status(raw: bytes) -> PrinterStatus:
    """Read the three lines of ~HS; anything else is UNKNOWN."""
    lines = _STATUS.search(raw)
    if lines is None:
        return PrinterStatus(PrinterState.UNKNOWN, raw=raw)
    flags = {
        PrinterFault.PAPER_OUT: lines[2],
        PrinterFault.PAUSED: lines[3],
        PrinterFault.BUFFER_FULL: lines[6],
        PrinterFault.MEMORY: lines[10],
        PrinterFault.UNDER_TEMPERATURE: lines[11],
        PrinterFault.OVER_TEMPERATURE: lines[12],
        PrinterFault.HEAD_OPEN: lines[15],
        PrinterFault.RIBBON_OUT: lines[16],
    }
    faults = frozenset(fault for fault, flag in flags.items() if flag == b"1")
    waiting, remaining, partial = int(lines[5]), int(lines[21]), lines[8] == b"1"
    state = PrinterState.READY
    if faults:
        state = PrinterState.FAULT
    elif waiting or remaining or partial:
        state = PrinterState.BUSY
    return PrinterStatus(state, faults, waiting, remaining, partial, raw)


def read_extended(raw: bytes) -> frozenset[PrinterFault] | None:
    """Read the errors of ~HQES, None from anything else; an unknown bit is OTHER."""
    answer = _EXTENDED.search(raw)
    if answer is None:
        return None
    flag, high, low = answer[1] == b"1", int(answer[2], 16), int(answer[3], 16)
    faults = {fault for bit, fault in _ERROR_BITS.items() if low & bit}
    if high or low & ~sum(_ERROR_BITS) or (flag and not faults):
        faults.add(PrinterFault.OTHER)
    return frozenset(faults)


@dataclass
class ZebraPrinter:
    """A ZPL printer on a wire; at most one label in flight."""

    wire: Wire
    silence: float = SILENCE
    print_time: float = PRINT_TIME
    bytes_per_second: float = _SLOWEST_LINE
    _line_free_at: float = field(default=0.0, init=False)
    _has_extended: bool | None = field(default=None, init=False)  # None: not asked yet

    def start_session(self) -> None:
        """Empty the printer and forbid it to print a label twice on its own after a fault (^JZN).

        What it still holds belongs to a label already judged; it must not come out any more.
        Raises `PortGone`, `PortStuck`.
        """
        self.wire.write(_CANCEL_ALL + _NO_REPRINT, within=_WRITE_TIME)

    def identify(self) -> Identity | None:
        """Ask ~HI; None when the printer does not say. Raises `PortGone`, `PortStuck`."""
        answer = _IDENTITY.search(self._ask(b"~HI", lambda raw: b"\x03" in raw))
        if answer is None:
            return None
        return Identity(
            model=answer[1].decode("ascii", "replace").strip(),
            firmware=answer[2].decode("ascii", "replace").strip(),
            dots_per_mm=int(answer[3]),
        )

    def status(self) -> PrinterStatus:
        """Ask ~HS and ~HQES and join them. Raises `PortGone`, `PortStuck`.

        A printer may be documented to keep silent on ~HS in the very faults it should tell, and
        older firmware has no ~HQES: the first alone may say ready, the second alone may only name a
        fault. Once ~HQES was answered its silence counts as silence.
        """
        status = read_status(self._ask(b"~HS", lambda raw: raw.count(b"\x03") >= 3))
        silent = status.state is PrinterState.UNKNOWN
        if self._has_extended is False:
            return status
        patience = self.silence / 4 if silent else self.silence
        extended = read_extended(self._ask(b"~HQES", lambda raw: b"\x03" in raw, within=patience))
        if extended is None:
            if self._has_extended and status.state is not PrinterState.FAULT:
                return PrinterStatus(PrinterState.UNKNOWN, raw=status.raw)
            if not silent:
                self._has_extended = False
            return status
        self._has_extended = True
        faults = status.faults | extended
        if not faults:
            return status
        return PrinterStatus(
            PrinterState.FAULT,
            faults,
            status.formats_waiting,
            status.labels_remaining,
            status.partial_format,
            status.raw,
        )

    def odometer(self) -> int | None:
        """Ask how many labels it ever made; None if not told. Raises `PortGone`, `PortStuck`."""
        answer = _COUNT.search(self._ask(_ODOMETER, lambda raw: raw.count(b'"') >= 2))
        return None if answer is None else int(answer[1])

    def cancel_all(self) -> None:
        """Throw away all that the printer still holds (~JA). Raises `PortGone`, `PortStuck`."""
        self.wire.write(_CANCEL_ALL, within=_WRITE_TIME)

    def ready_odometer(self) -> int | None:
        """Return the odometer of a printer that is ready for a label.

        Raises `PrinterNotReady`, `PortGone`, `PortStuck`; nothing of a label was sent then.
        """
        status = self.status()
        if status.state is not PrinterState.READY:
            raise PrinterNotReady(status)
        return self.odometer()

    def send(self, zpl: bytes) -> None:
        """Send one label. Raises `PortGone`, `PortStuck`: how much arrived is then unknown."""
        self.wire.write(zpl, within=_WRITE_TIME + len(zpl) / self.bytes_per_second)
        # The kernel may still hold the end of it; until that is out no question can be answered.
        unsent = min(len(zpl), _KERNEL_BUFFER) / self.bytes_per_second
        self._line_free_at = time.monotonic() + unsent

    def prove(self, *, odometer_before: int | None) -> Outcome:
        """Watch until the label just sent is proven or cannot be.

        Printed is: the odometer is one further and the queue is empty. Everything else (a fault,
        silence, a jump, a printer without odometer, time over, the line gone) is ambiguous, and
        what the printer still holds is thrown away, so that it does not come out after somebody has
        decided.
        """
        deadline = max(time.monotonic(), self._line_free_at) + self.print_time
        after: int | None = None
        detail = "not-proven-in-time"
        try:
            while time.monotonic() < deadline:
                status = self.status()
                if status.state in (PrinterState.FAULT, PrinterState.UNKNOWN):
                    detail = status.words
                    break
                if status.queue_empty:
                    after = self.odometer()
                    if after is None or odometer_before is None:
                        detail = "no-odometer"
                        break
                    if after - odometer_before == 1:
                        return Outcome(Proof.PRINTED, after, "odometer")
                    if after != odometer_before:
                        detail = f"odometer-jumped:{odometer_before}->{after}"
                        break
                time.sleep(_LOOK_AGAIN)
            self.cancel_all()
        except (PortGone, PortStuck) as fault:
            detail = fault.reason
        return Outcome(Proof.AMBIGUOUS, after, detail)

    def resolve(self, *, odometer_before: int | None) -> Outcome:
        """Say what became of a label that was under way when this program or its power failed.

        Unmoved odometer and empty queue: lost. One further: printed. Anything else: ambiguous.
        Raises `PortGone`, `PortStuck`.
        """
        deadline = time.monotonic() + self.print_time
        status = self.status()
        while status.state is PrinterState.BUSY and time.monotonic() < deadline:
            if status.partial_format:
                # Half a label waits in the printer for a rest that will never come.
                self.cancel_all()
            time.sleep(_LOOK_AGAIN)
            status = self.status()
        if status.state is not PrinterState.READY:
            return Outcome(Proof.AMBIGUOUS, None, f"after-restart:{status.words}")
        after = self.odometer()
        if after is None or odometer_before is None:
            return Outcome(Proof.AMBIGUOUS, after, "after-restart:no-odometer")
        if after == odometer_before:
            return Outcome(Proof.LOST, after, "after-restart:odometer-unmoved")
        if after == odometer_before + 1:
            return Outcome(Proof.PRINTED, after, "after-restart:odometer")
        return Outcome(
            Proof.AMBIGUOUS, after, f"after-restart:odometer-jumped:{odometer_before}->{after}"
        )

    def _ask(
        self, question: bytes, whole: Callable[[bytes], bool], *, within: float | None = None
    ) -> bytes:
        """Send a question and gather its answer until it is whole or silence sets in."""
        self.wire.discard_input()
        free_at = max(time.monotonic(), self._line_free_at)
        self.wire.write(question, within=free_at - time.monotonic() + self.silence)
        answer = b""
        deadline = free_at + (self.silence if within is None else within)
        while not whole(answer) and len(answer) < _LONGEST_ANSWER:
            chunk = self.wire.read(within=max(0.0, deadline - time.monotonic()))
            if not chunk:
                break
            answer += chunk
        return answer
