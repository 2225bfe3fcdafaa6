# SPDX-License-Identifier: Apache-2.0
"""ZPL label printers: what they are, how they are, how many labels they made.

Formats: Zebra Programming Guide (~HS, ~HQES, ~HI, ^JZ, ~JA), Zebra SGD manual
(odometer.total_label_count).
"""

import re
from dataclasses import dataclass, field

from instruments.printers.proving import WRITE_TIME, Printer
from instruments.printers.states import Identity, PrinterFault, PrinterState, PrinterStatus

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
class ZebraPrinter(Printer):
    """A ZPL printer on a wire; at most one label in flight."""

    _has_extended: bool | None = field(default=None, init=False)  # None: not asked yet

    def start_session(self) -> None:
        """Empty the printer and forbid it to print a label twice on its own after a fault (^JZN).

        What it still holds belongs to a label already judged; it must not come out any more.
        Raises `PortGone`, `PortStuck`.
        """
        self.wire.write(_CANCEL_ALL + _NO_REPRINT, within=WRITE_TIME)

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
        self.wire.write(_CANCEL_ALL, within=WRITE_TIME)
