# SPDX-License-Identifier: Apache-2.0
"""What every label printer has in common: one label in flight, and the proof that it came out."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.ports import PortGone, PortStuck, Wire
from instruments.printers.states import (
    Identity,
    Outcome,
    PrinterNotReady,
    PrinterState,
    PrinterStatus,
    Proof,
)

SILENCE = 2.0  # seconds without an answer after which a printer's state is unknown
PRINT_TIME = 15.0  # seconds in which one label must be proven
WRITE_TIME = 5.0  # seconds, beside those that the bytes need on the line
_LOOK_AGAIN = 0.1
_SLOWEST_LINE = 960.0  # bytes a second: 9600 baud, 8N1
_KERNEL_BUFFER = 4096  # bytes that a write may leave for the kernel to send (measured: 4 095)
_LONGEST_ANSWER = 4096


@dataclass
class Printer(ABC):
    """A label printer on a wire; at most one label in flight."""

    wire: Wire
    silence: float = SILENCE
    print_time: float = PRINT_TIME
    bytes_per_second: float = _SLOWEST_LINE
    _line_free_at: float = field(default=0.0, init=False)

    @abstractmethod
    def start_session(self) -> None:
        """Empty the printer and forbid it to print a label twice on its own after a fault.

        What it still holds belongs to a label already judged; it must not come out any more.
        Raises `PortGone`, `PortStuck`.
        """

    @abstractmethod
    def identify(self) -> Identity | None:
        """Ask what it is; None when the printer does not say. Raises `PortGone`, `PortStuck`."""

    @abstractmethod
    def status(self) -> PrinterStatus:
        """Ask how it is; silence and noise are UNKNOWN. Raises `PortGone`, `PortStuck`."""

    @abstractmethod
    def odometer(self) -> int | None:
        """Ask how many labels it ever made; None if not told. Raises `PortGone`, `PortStuck`."""

    @abstractmethod
    def cancel_all(self) -> None:
        """Throw away all that the printer still holds. Raises `PortGone`, `PortStuck`."""

    def drop_half_label(self) -> None:
        """Throw away a label that did not arrive whole, of a printer that is ready otherwise."""
        return

    def ready_odometer(self) -> int | None:
        """Return the odometer of a printer that is ready for a label.

        Raises `PrinterNotReady`, `PortGone`, `PortStuck`; nothing of a label was sent then.
        """
        status = self.status()
        if status.state is not PrinterState.READY:
            raise PrinterNotReady(status)
        return self.odometer()

    def send(self, label: bytes) -> None:
        """Send one label. Raises `PortGone`, `PortStuck`: how much arrived is then unknown."""
        self.wire.write(label, within=WRITE_TIME + len(label) / self.bytes_per_second)
        # The kernel may still hold the end of it; until that is out no question can be answered.
        unsent = min(len(label), _KERNEL_BUFFER) / self.bytes_per_second
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
        self.drop_half_label()
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
