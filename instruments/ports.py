# SPDX-License-Identifier: Apache-2.0
"""Serial ports: open one alone, read and write with a time limit, typed faults.

The only module that imports pyserial. Names are whatever `serial_for_url` takes:
`/dev/serial/by-id/...`, `COM3`, `socket://host:9100`, `rfc2217://host:port`, `loop://`.
"""

import errno
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import serial
from serial.tools import list_ports

if sys.platform != "win32":
    import fcntl
    import termios

    _LINE_FAULTS: tuple[type[Exception], ...] = (
        serial.SerialException,
        OSError,
        TypeError,  # pyserial raises it on a descriptor that another thread has closed
        termios.error,  # what a flush raises; not an OSError
    )
else:
    _LINE_FAULTS = (serial.SerialException, OSError, TypeError)

_TURN = 0.05  # seconds one blocking read may last, so that a stop is noticed soon
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 2.0


class PortFault(Exception):
    """A port cannot be used; `reason` is stable, `port` names it, `detail` is the system's word."""

    reason = "port-fault"

    def __init__(self, port: str, detail: str) -> None:
        super().__init__(f"{port}: {detail}")
        self.port = port
        self.detail = detail


class PortGone(PortFault):
    """The device is not there, or was unplugged."""

    reason = "port-gone"


class PortBusy(PortFault):
    """Another program holds the port."""

    reason = "port-busy"


class PortStuck(PortFault):
    """The device did not take all bytes in time; how many it took cannot be known."""

    reason = "port-stuck"


class PortUnusable(PortFault):
    """The name or the line settings are not such that a port could ever be opened."""

    reason = "port-unusable"


class Wire(Protocol):
    """What a device driver needs of a line; a `Port` is one, a `Conversation` another."""

    def read(self, *, within: float, most: int = 4096) -> bytes:
        """Return what has arrived, waiting at most `within` seconds for the first byte."""
        ...

    def write(self, payload: bytes, *, within: float) -> None:
        """Write all of it within so many seconds, or raise `PortStuck` or `PortGone`."""
        ...

    def discard_input(self) -> None:
        """Forget what has arrived and was not read."""
        ...


class Port:
    """One open serial line, held by this process alone."""

    def __init__(self, name: str, line: serial.Serial) -> None:
        self.name = name
        self._line = line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def read(self, *, within: float, most: int = 4096) -> bytes:
        """Return what has arrived: at most `most` bytes, empty after `within` seconds of silence.

        Raises `PortGone`.
        """
        deadline = time.monotonic() + within
        try:
            while True:
                first = bytes(self._line.read(1))
                if first:
                    waiting = min(int(self._line.in_waiting), most - 1)
                    return first + bytes(self._line.read(waiting)) if waiting > 0 else first
                if time.monotonic() >= deadline:
                    return b""
        except _LINE_FAULTS as fault:
            raise PortGone(self.name, str(fault)) from fault

    def write(self, payload: bytes, *, within: float) -> None:
        """Write all of `payload` within so many seconds.

        Never waits for the line to drain: that call has no time limit of its own (a printer that
        has sent XOFF would hold the thread for ever). Raises `PortStuck`, `PortGone`.
        """
        try:
            self._line.write_timeout = within
            sent = 0
            # loop:// takes everything; a socket may take a part.
            while sent < len(payload):
                taken = self._line.write(payload[sent:])
                sent += len(payload) - sent if taken is None else taken
        except serial.SerialTimeoutException as fault:
            self._drop_unsent()
            raise PortStuck(self.name, str(fault)) from fault
        except _LINE_FAULTS as fault:
            raise PortGone(self.name, str(fault)) from fault

    def _drop_unsent(self) -> None:
        """Throw the rest away: it must not go out later, nor must a close wait for it."""
        drop = getattr(self._line, "reset_output_buffer", None)  # network lines have none
        if drop is None:
            return
        try:
            drop()
        except _LINE_FAULTS as fault:
            raise PortGone(self.name, str(fault)) from fault

    def discard_input(self) -> None:
        """Forget what has arrived and was not read. Raises `PortGone`."""
        try:
            self._line.reset_input_buffer()
        except _LINE_FAULTS as fault:
            raise PortGone(self.name, str(fault)) from fault

    def close(self) -> None:
        """Give the port back; a port that is gone closes without complaint."""
        try:
            self._line.close()
        except _LINE_FAULTS:
            return


def open_port(name: str, *, baud: int = 9600, xonxoff: bool = False, rtscts: bool = False) -> Port:
    """Open `name` as 8N1 for this process alone.

    Raises `PortBusy`, `PortGone`, `PortUnusable`.
    """
    try:
        line = serial.serial_for_url(
            name,
            baudrate=baud,
            timeout=_TURN,
            write_timeout=1.0,
            xonxoff=xonxoff,
            rtscts=rtscts,
            exclusive=True,
        )
    except serial.SerialException as fault:
        number = getattr(fault, "errno", None)
        if number in (errno.EBUSY, errno.EAGAIN) or "exclusively lock" in str(fault):
            raise PortBusy(name, str(fault)) from fault
        raise PortGone(name, str(fault)) from fault
    except OSError as fault:
        raise PortGone(name, str(fault)) from fault
    except ValueError as fault:
        raise PortUnusable(name, str(fault)) from fault
    port = Port(name, line)
    try:
        _keep_others_out(line)
        if xonxoff:
            # The line may still obey an XOFF that the device sent to whoever had it open before;
            # the kernel forgets it when the flow control is switched off (measured).
            line.xonxoff = False
            line.xonxoff = True
    except _LINE_FAULTS as fault:
        port.close()
        raise PortGone(name, str(fault)) from fault
    return port


def _keep_others_out(line: serial.Serial) -> None:
    """Ask the kernel to refuse every further open of the line.

    The lock that pyserial takes binds only programs that ask for it. On a pseudo-terminal the
    kernel's flag outlives a killed holder for as long as the other end stays open (measured, Linux
    6), so there the lock alone must do.
    """
    if sys.platform == "win32" or not hasattr(line, "fileno"):
        return
    try:
        descriptor = line.fileno()
    except OSError:  # loop:// and the network lines have the method and no descriptor
        return
    if os.isatty(descriptor) and not os.ttyname(descriptor).startswith("/dev/pts/"):
        fcntl.ioctl(descriptor, termios.TIOCEXCL)


def open_when_there(
    opening: Callable[[], Port],
    *,
    pause: Callable[[float], bool],
    tell: Callable[[PortFault], None],
) -> Port | None:
    """Try `opening` until it succeeds, ever more slowly (0.1 s to 2 s), and tell each fault.

    `pause(seconds)` waits and returns True when the wait is to end (an Event's `wait`); the answer
    is then None.
    """
    seconds = _FIRST_PAUSE
    while True:
        try:
            return opening()
        except PortFault as fault:
            tell(fault)
        if pause(seconds):
            return None
        seconds = min(seconds * 2, _LONGEST_PAUSE)


@dataclass(frozen=True)
class KnownPort:
    """A port the system knows; `stable` is the name that stays the same after replugging."""

    stable: str
    device: str
    description: str


def known_ports() -> list[KnownPort]:
    """List the serial ports of this machine, with their stable names where the system has any."""
    stable: dict[str, str] = {}
    # by-path last: it names the socket, and two scanners without serial numbers share a by-id name.
    for folder in (Path("/dev/serial/by-id"), Path("/dev/serial/by-path")):
        for link in sorted(folder.iterdir()) if folder.is_dir() else ():
            stable.setdefault(os.path.realpath(link), str(link))
    return [
        KnownPort(
            stable=stable.get(os.path.realpath(port.device), port.device),
            device=port.device,
            description=port.description or "",
        )
        for port in sorted(list_ports.comports())
    ]
