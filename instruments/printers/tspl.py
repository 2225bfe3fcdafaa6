# SPDX-License-Identifier: Apache-2.0
"""TSPL label printers (TSC and their like): what they are, how they are, how many labels they made.

Formats: TSC bar code printer programming manual (<ESC>!?, <ESC>!S, <ESC>!., ~!T, SET REPRINT, OUT,
the counter LABEL). The commands that begin with ESC are obeyed at once, also in a fault; all others
wait their turn, so that a printer in a fault answers none of them.
"""

import re
from dataclasses import dataclass, field

from instruments.printers.proving import WRITE_TIME, Printer
from instruments.printers.states import Identity, PrinterFault, PrinterState, PrinterStatus

STATUS = b"\x1b!?"
EXTENDED = b"\x1b!S"
CANCEL = b"\x1b!."
MODEL = b"~!T"
# After an empty line: whatever half command was on the line before ends there.
ODOMETER = b'\r\nOUT "LABEL=";STR$(LABEL)\r\n'
RESOLUTION = b'\r\nOUT "DPI=";GETSETTING$("SYSTEM","INFORMATION","DPI")\r\n'
_NO_REPRINT = b"\r\nSET REPRINT OFF\r\n"

_LETTERS = re.compile(rb"\x02([@-\x7e])([@-\x7e])([@-\x7e])([@-\x7e])\x03\r\n")
_COUNT = re.compile(rb"LABEL=\s*(\d{1,12})\s*\r?\n")
_DPI = re.compile(rb"DPI=\s*(\d{3})\s*\r?\n")
_NAME = re.compile(rb"([A-Za-z][A-Za-z0-9 ._+-]{1,40})[\r\n]")
_DOTS_PER_MM = {b"203": 8, b"300": 12, b"600": 24}

_PRINTING = 0x20
_BITS = {
    0x01: PrinterFault.HEAD_OPEN,
    0x02: PrinterFault.JAM,
    0x04: PrinterFault.PAPER_OUT,
    0x08: PrinterFault.RIBBON_OUT,
    0x10: PrinterFault.PAUSED,
    0x40: PrinterFault.COVER_OPEN,
    # Too hot or too cold: this byte does not say which.
    0x80: PrinterFault.TEMPERATURE,
}
_STATES = {
    b"@": PrinterState.READY,
    b"`": PrinterState.FAULT,
    b"E": PrinterState.FAULT,
    b"B": PrinterState.BUSY,
    b"C": PrinterState.BUSY,
    b"F": PrinterState.BUSY,
    b"P": PrinterState.BUSY,
    b"W": PrinterState.BUSY,
}
_BUFFER_FULL = 0x08
_ERRORS = {
    0x01: PrinterFault.OVER_TEMPERATURE,
    0x02: PrinterFault.OVER_TEMPERATURE,
    0x04: PrinterFault.HEAD_ELEMENT,
    0x08: PrinterFault.CUTTER,
    0x10: PrinterFault.MEMORY,
}
_MEDIA = {
    0x01: PrinterFault.PAPER_OUT,
    0x02: PrinterFault.JAM,
    0x04: PrinterFault.RIBBON_OUT,
    0x08: PrinterFault.JAM,
    0x20: PrinterFault.HEAD_OPEN,
}


def read_byte(raw: bytes) -> PrinterStatus:
    """Read the answer to <ESC>!?; more or less than one byte is UNKNOWN."""
    if len(raw) != 1:
        return PrinterStatus(PrinterState.UNKNOWN, raw=raw)
    faults = frozenset(fault for bit, fault in _BITS.items() if raw[0] & bit)
    printing = bool(raw[0] & _PRINTING)
    state = PrinterState.READY
    if faults:
        state = PrinterState.FAULT
    elif printing:
        state = PrinterState.BUSY
    return PrinterStatus(state, faults, labels_remaining=int(printing), raw=raw)


def read_letters(raw: bytes) -> PrinterStatus:
    """Read the four letters of <ESC>!S; anything else is UNKNOWN, an unknown letter a fault."""
    letters = _LETTERS.fullmatch(raw)
    if letters is None:
        return PrinterStatus(PrinterState.UNKNOWN, raw=raw)
    faults: set[PrinterFault] = set()
    if letters[1] == b"`":
        faults.add(PrinterFault.PAUSED)
    if letters[2][0] & _BUFFER_FULL:
        faults.add(PrinterFault.BUFFER_FULL)
    for letter, known in ((letters[3], _ERRORS), (letters[4], _MEDIA)):
        faults |= {fault for bit, fault in known.items() if letter[0] & bit}
        if letter[0] & 0x3F & ~sum(known):
            faults.add(PrinterFault.OTHER)
    state = _STATES.get(letters[1], PrinterState.FAULT)
    if state is PrinterState.FAULT and not faults:
        faults.add(PrinterFault.OTHER)
    if faults:
        state = PrinterState.FAULT
    busy = int(state is PrinterState.BUSY)
    return PrinterStatus(state, frozenset(faults), labels_remaining=busy, raw=raw)


@dataclass
class TsplPrinter(Printer):
    """A TSPL printer on a wire; at most one label in flight."""

    _has_extended: bool | None = field(default=None, init=False)  # None: not asked yet

    def start_session(self) -> None:
        """Empty the printer and forbid it to print a label twice on its own (SET REPRINT OFF).

        What it still holds belongs to a label already judged; it must not come out any more.
        Raises `PortGone`, `PortStuck`.
        """
        self.wire.write(CANCEL + _NO_REPRINT, within=WRITE_TIME)

    def identify(self) -> Identity | None:
        """Ask model and resolution; None when it tells neither. Raises `PortGone`, `PortStuck`.

        Many models do not tell their resolution.
        """
        named = _NAME.search(self._ask(MODEL, lambda raw: _NAME.search(raw) is not None))
        dpi = _DPI.search(self._ask(RESOLUTION, lambda raw: b"\n" in raw))
        if named is None and dpi is None:
            return None
        return Identity(
            model="" if named is None else named[1].decode("ascii").strip(),
            firmware="",
            dots_per_mm=0 if dpi is None else _DOTS_PER_MM.get(dpi[1], 1),
        )

    def status(self) -> PrinterStatus:
        """Ask <ESC>!S and <ESC>!? and join them. Raises `PortGone`, `PortStuck`.

        The four letters come first: they are plain letters, where the one byte of <ESC>!? can be an
        XON or XOFF (head open with pause, with a jam) and never reach us. Older firmware has only
        the byte. Ready is a printer of which both say so; once the letters came their lack is
        silence.
        """
        letters = PrinterStatus(PrinterState.UNKNOWN)
        if self._has_extended is not False:
            patience = self.silence if self._has_extended else self.silence / 4
            raw = self._ask(EXTENDED, lambda raw: raw.endswith(b"\x03\r\n"), within=patience)
            letters = read_letters(raw)
            if letters.state is PrinterState.FAULT:
                self._has_extended = True
                return letters
        byte = read_byte(self._ask(STATUS, lambda raw: len(raw) >= 1))
        if letters.state is PrinterState.UNKNOWN:
            if self._has_extended and byte.state is not PrinterState.FAULT:
                return PrinterStatus(PrinterState.UNKNOWN, raw=byte.raw)
            if byte.state in (PrinterState.READY, PrinterState.BUSY) and not letters.raw:
                self._has_extended = False
                return byte
            return (
                byte
                if byte.state is PrinterState.FAULT
                else PrinterStatus(PrinterState.UNKNOWN, raw=letters.raw + byte.raw)
            )
        self._has_extended = True
        return letters if byte.state is PrinterState.READY else byte

    def odometer(self) -> int | None:
        """Ask how many labels it ever made; None if not told. Raises `PortGone`, `PortStuck`.

        The counter LABEL stays through a power cut; the mileage that every model tells (~!@) is in
        whole kilometres and proves nothing.
        """
        answer = _COUNT.search(self._ask(ODOMETER, lambda raw: _COUNT.search(raw) is not None))
        return None if answer is None else int(answer[1])

    def drop_half_label(self) -> None:
        """Throw away half a picture: the rest that it waits for would be our questions.

        Nothing tells that one is there. Raises `PortGone`, `PortStuck`.
        """
        self.cancel_all()

    def cancel_all(self) -> None:
        """Throw away all that the printer still holds. Raises `PortGone`, `PortStuck`."""
        self.wire.write(CANCEL, within=WRITE_TIME)
