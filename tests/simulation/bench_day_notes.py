# SPDX-License-Identifier: Apache-2.0
"""What is noted of the simulated day: what was sent, what was answered, how much was done."""

import threading
from dataclasses import dataclass, field
from typing import Any

from instruments.virtual.control import Tone


class DayBroken(Exception):
    """Something never worked again, or something was done that must not be: the day ends."""


@dataclass(frozen=True)
class Sent:
    """One frame that a scanner sent; a tone was heard (`sure`) where it must be on record.

    `tone` is that of this frame alone, None where it is not known.
    """

    raw: bytes
    sure: bool
    tone: Tone | None


@dataclass(frozen=True)
class Answer:
    """A verdict as the page tells it."""

    verdict: str
    say: str
    do: str
    subject: str
    position: str
    labels: tuple[str, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether it was accepted."""
        return self.verdict == "accepted"


def answer_of(told: dict[str, Any]) -> Answer:
    return Answer(
        str(told["verdict"]), told["say"]["en"], told["do"]["en"] if told["do"] else "",
        told["subject"] or "", told["position"] or "", tuple(told["labels"]),
    )  # fmt: skip


@dataclass
class Tally:
    """What all benches have done so far, and when the day's work is enough."""

    scans_wanted: int
    labels_wanted: int
    scans: int = 0
    papers: int = 0
    did: dict[str, int] = field(default_factory=dict)
    surprises: list[str] = field(default_factory=list)
    thrown: list[str] = field(default_factory=list)
    """Labels that were thrown on a heap and yet not called void: each must have been live."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def count(self, what: str, more: int = 1) -> None:
        """Note that something was done."""
        with self.lock:
            self.did[what] = self.did.get(what, 0) + more

    def scanned(self, more: int = 1) -> None:
        """Note scans."""
        with self.lock:
            self.scans += more

    def came_out(self) -> None:
        """Note a label in somebody's hand."""
        with self.lock:
            self.papers += 1

    def threw(self, payload: str) -> None:
        """Note a label from the heap that was not called void."""
        with self.lock:
            self.thrown.append(payload)

    def surprise(self, words: str) -> None:
        """Note an answer that nobody at the bench expected."""
        with self.lock:
            self.surprises.append(words)

    @property
    def enough(self) -> bool:
        """Whether all was scanned and printed that the day asks for."""
        return self.scans >= self.scans_wanted and self.papers >= self.labels_wanted
