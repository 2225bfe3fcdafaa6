# SPDX-License-Identifier: Apache-2.0
"""How a printer is, what is wrong with it, and what is known of a label that was sent to it."""

from dataclasses import dataclass
from enum import StrEnum


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
    TEMPERATURE = "temperature"
    JAM = "jam"
    COVER_OPEN = "cover-open"
    CUTTER = "cutter"
    HEAD_ELEMENT = "head-element"
    MEMORY = "memory"
    BUFFER_FULL = "buffer-full"
    OTHER = "other"


@dataclass(frozen=True)
class Identity:
    """What a printer says it is; `dots_per_mm` is 6, 8, 12 or 24 (152, 203, 300, 600 dpi).

    It is 0 of a printer that answers and does not tell its resolution.
    """

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
