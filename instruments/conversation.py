# SPDX-License-Identifier: Apache-2.0
"""Conversations with a device as (sent, answered) pairs: play the device, or try a real one."""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from instruments.ports import Wire

Exchange = tuple[bytes | None, bytes | None]


class ConversationBroken(AssertionError):
    """The driver said something else than the conversation, or not all of it."""


class Conversation:
    """A wire that plays a device: expects each `sent` in order and gives its `answered`.

    (None, answered) is what the device says unasked; (sent, None) is met with silence.
    """

    def __init__(self, exchanges: Sequence[Exchange]) -> None:
        self._ahead = deque(exchanges)
        self._arrived = bytearray()
        self._part = b""
        self._speak_unasked()

    def read(self, *, within: float, most: int = 4096) -> bytes:
        """Return what the device has said; silence costs no time here."""
        chunk = bytes(self._arrived[:most])
        del self._arrived[:most]
        return chunk

    def write(self, payload: bytes, *, within: float) -> None:
        """Check the bytes against the conversation; raises `ConversationBroken`."""
        said = self._part + payload
        if not self._ahead:
            raise ConversationBroken(f"sent {said!r} after the end of the conversation")
        expected = self._ahead[0][0] or b""
        if said == expected:
            self._part = b""
            self._arrived += self._ahead.popleft()[1] or b""
            self._speak_unasked()
        elif expected.startswith(said):
            self._part = said
        else:
            raise ConversationBroken(f"sent {said!r}, the conversation has {expected!r}")

    def discard_input(self) -> None:
        """Keep what arrived: in a conversation an answer that nobody reads is a fault."""

    def finish(self) -> None:
        """Check that all was said and heard; raises `ConversationBroken`."""
        if self._part:
            raise ConversationBroken(f"sent only {self._part!r}")
        if self._ahead:
            raise ConversationBroken(f"never sent {self._ahead[0][0]!r}")
        if self._arrived:
            raise ConversationBroken(f"never read {bytes(self._arrived)!r}")

    def _speak_unasked(self) -> None:
        while self._ahead and self._ahead[0][0] is None:
            self._arrived += self._ahead.popleft()[1] or b""


@contextmanager
def conversation(exchanges: Sequence[Exchange]) -> Iterator[Conversation]:
    """Hold a driver to a conversation: anything unsent, unread or left over breaks it."""
    wire = Conversation(exchanges)
    yield wire
    wire.finish()


@dataclass(frozen=True)
class Difference:
    """Where a real device answered otherwise than the conversation says; `step` counts from 0."""

    step: int
    sent: bytes
    expected: bytes
    answered: bytes


def rehearse(wire: Wire, exchanges: Sequence[Exchange], *, within: float) -> list[Difference]:
    """Say each `sent` to a real device and compare its answers (`within` seconds each)."""
    differences = []
    for step, (sent, expected) in enumerate(exchanges):
        if sent is not None:
            wire.write(sent, within=within)
        wanted = expected or b""
        answered = b""
        deadline = time.monotonic() + within
        while len(answered) < max(len(wanted), 1) and (left := deadline - time.monotonic()) > 0:
            answered += wire.read(within=left)
        if answered != wanted:
            differences.append(Difference(step, sent or b"", wanted, answered))
    return differences
