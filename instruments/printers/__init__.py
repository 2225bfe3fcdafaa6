# SPDX-License-Identifier: Apache-2.0
"""Label printers: what they are, how they are, how many labels they made, and proof of a print."""

from enum import StrEnum

from instruments.ports import Wire
from instruments.printers.proving import PRINT_TIME, SILENCE, Printer
from instruments.printers.states import (
    Identity,
    Outcome,
    PrinterFault,
    PrinterNotReady,
    PrinterState,
    PrinterStatus,
    Proof,
)
from instruments.printers.tspl import TsplPrinter
from instruments.printers.zebra import ZebraPrinter, read_extended, read_status

__all__ = [
    "PRINT_TIME",
    "SILENCE",
    "Identity",
    "Language",
    "Outcome",
    "Printer",
    "PrinterFault",
    "PrinterNotReady",
    "PrinterState",
    "PrinterStatus",
    "Proof",
    "TsplPrinter",
    "ZebraPrinter",
    "printer_of",
    "read_extended",
    "read_status",
]


class Language(StrEnum):
    """What a printer is spoken to in."""

    ZPL = "zpl"
    TSPL = "tspl"


def printer_of(language: Language, wire: Wire, *, bytes_per_second: float) -> Printer:
    """Return the driver of a printer that is spoken to in this language."""
    kind = TsplPrinter if language is Language.TSPL else ZebraPrinter
    return kind(wire, bytes_per_second=bytes_per_second)
