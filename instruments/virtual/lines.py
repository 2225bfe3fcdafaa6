# SPDX-License-Identifier: Apache-2.0
"""A pseudo-terminal under a fixed name, whose other end is seen to come, go and come again."""

import os
import select
import termios
import tty
from pathlib import Path


class VirtualLine:
    """The device's end of a serial line; the host's end is reached through `link`."""

    def __init__(self, link: Path) -> None:
        self._link = link
        self._master: int | None = None
        self.plug_in()

    @property
    def plugged(self) -> bool:
        """Whether the device is on the line at all."""
        return self._master is not None

    @property
    def heard(self) -> bool:
        """Whether a program has the host's end open."""
        return self._master is not None and not self._events(self._master) & select.POLLHUP

    @property
    def descriptor(self) -> int | None:
        """The descriptor to wait on, or None while nothing can come."""
        return self._master if self.heard else None

    def plug_in(self) -> None:
        """Appear: a new pseudo-terminal, then the link to it."""
        if self._master is not None:
            return
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        half = self._link.with_name(self._link.name + ".part")
        half.unlink(missing_ok=True)
        half.symlink_to(os.ttyname(slave))
        os.replace(half, self._link)
        # Without this end open, a poll of the other tells whether the host listens.
        os.close(slave)
        self._master = master

    def unplug(self) -> None:
        """Vanish in the middle of whatever goes on."""
        if self._master is None:
            return
        self._link.unlink(missing_ok=True)
        os.close(self._master)
        self._master = None

    def read(self, most: int = 4096) -> bytes:
        """Return what has arrived; empty when nothing has or nobody is there."""
        if self._master is None:
            return b""
        try:
            return os.read(self._master, most)
        except OSError:  # EAGAIN: nothing; EIO: the host has closed its end
            return b""

    def write(self, payload: bytes) -> bool:
        """Say it all, or return False: nobody listens, or reads none of it."""
        if not self.heard or self._master is None:
            return False
        try:
            return os.write(self._master, payload) == len(payload)
        except OSError:
            return False

    def forget(self) -> None:
        """Throw away what the host sent and was not read."""
        if self._master is not None:
            termios.tcflush(self._master, termios.TCIFLUSH)

    @staticmethod
    def _events(descriptor: int) -> int:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        return sum(event for _, event in poll.poll(0))
