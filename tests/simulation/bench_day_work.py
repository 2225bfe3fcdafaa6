# SPDX-License-Identifier: Apache-2.0
"""What is done at the three benches of the simulated day, and the mistakes that people make there.

A thing is in one list at a time: whoever works with it takes it out and puts it where it is next.
"""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from instruments.virtual.control import Tone
from lims.core.codes import ALPHABET, CODE_LENGTH
from lims.core.scans import Command, StationKind
from tests.simulation.bench_day_laboratory import Laboratory
from tests.simulation.bench_day_notes import Tally
from tests.simulation.bench_day_people import COMMANDS, DAMAGED, Post


@dataclass
class Thing:
    """A tube or bag: its code and who holds it, '' where it stands in a box."""

    code: str
    holder: str
    box: str = ""


@dataclass
class Things:
    """All things by what is to be done with them next."""

    coded: list[Thing] = field(default_factory=list)
    """Verified at intake, to be accepted."""
    samples: list[Thing] = field(default_factory=list)
    """Accepted: to be stored, handed over, ground."""
    parts: list[Thing] = field(default_factory=list)
    """Powders to be extracted."""
    done: list[Thing] = field(default_factory=list)
    """Extracts, bones of which enough was taken: to be stored and moved."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def take(
        self, kept: list[Thing], most: int, rng: random.Random,
        wanted: Callable[[Thing], bool] = lambda _: True,
    ) -> list[Thing]:  # fmt: skip
        """Take at most so many things out of a list."""
        with self.lock:
            found = [one for one in kept if wanted(one)]
            chosen = rng.sample(found, min(most, len(found)))
            for one in chosen:
                kept.remove(one)
            return chosen

    def put(self, kept: list[Thing], things: list[Thing]) -> None:
        """Put things into a list."""
        with self.lock:
            kept += things


class Bench(threading.Thread):
    """One bench with its stations, worked by one pair of hands until the day's work is done."""

    def __init__(
        self, lab: Laboratory, posts: dict[StationKind, Post], everywhere: tuple[Post, ...],
        things: Things, tally: Tally, rng: random.Random, stop: threading.Event, address: str,
    ) -> None:  # fmt: skip
        super().__init__(name="+".join(kind.value for kind in posts), daemon=True)
        self.lab, self.posts, self.things, self.tally, self.rng = lab, posts, things, tally, rng
        self.failed: BaseException | None = None
        self.address, self.everywhere = address, everywhere
        self._stop_all = stop

    def run(self) -> None:
        """Work, then see every label through."""
        try:
            while not self.tally.enough and not self._stop_all.is_set():
                if not self.work():
                    time.sleep(0.2)
        except BaseException as failure:
            self.failed = failure
            self._stop_all.set()

    def work(self) -> bool:
        """Do one piece of work; return False where there is none."""
        raise NotImplementedError

    def payload(self, code: str) -> str:
        """Return what the live label of a thing says; labels are live at the post of their last."""
        for post in self.everywhere:
            if code in post.live:
                return post.live[code]
        raise LookupError(code)

    # Mistakes and commands, at any station.

    def blunder(self, post: Post, right: Callable[[], str]) -> None:
        """Make one of the mistakes that people and scanners make; `right` is a right label."""
        kind = self.rng.choice(
            ("noise", "half", "merged", "twice", "mistyped", "void", "lot", "help", "two", "cut")
        )
        self.tally.count(f"mistake: {kind}")
        if kind == "noise":
            self._junk(post, bytes(self.rng.randrange(0x80, 0x100) for _ in range(9)) + b"\r")
        elif kind == "half":
            self._junk(post, f"]d1{right()[:6]}".encode())
            time.sleep(0.15)
        elif kind == "merged":
            self._junk(post, f"]d1{right()}]d1{right()}\r".encode())
        elif kind == "two":
            self._junk(post, f"]d1{COMMANDS[Command.HELP]}\r".encode() * 2, frames=2)
        elif kind == "twice":
            text = COMMANDS[Command.HELP]
            post.scan(text)
            post.scan(text)
        elif kind == "mistyped":
            answer = post.scan(mistyped(right(), self.rng))
            words = ("check character", "no code", "not a code")
            post.expect(answer, "mistyped", *words)
        elif kind == "cut":
            answer = post.scan(right()[:CODE_LENGTH])
            post.expect(answer, "cut short", "whole label", "stopped")
        elif kind == "void" and post.void:
            self._scan_thrown(post, self.rng.choice(post.void))
            self.free(post, right)
        elif kind == "lot" and post.kind is not StationKind.EXTRACTION:
            answer = post.scan(self.rng.choice(self.lab.lots))
            post.expect(answer, "a lot", "not", "no ", "box")
        else:
            post.expect(post.command(Command.HELP), "help")

    def _scan_thrown(self, post: Post, payload: str) -> None:
        """Scan a label from the heap: it is void, or the one that was still waited for."""
        answer = post.scan(payload)
        said = f"{answer.say} {answer.do}".casefold()
        if "void" in said or "given up" in said:
            return
        post.void.remove(payload)
        post.live[payload[:CODE_LENGTH]] = payload
        self.tally.threw(payload)

    def free(self, post: Post, right: Callable[[], str]) -> None:
        """Go on after a wrong tube: scan a right one."""
        for _ in range(3):
            if post.scan(right()).accepted:
                return
        self.tally.surprise(f"{post.kind.value}: stopped for good")

    def _junk(self, post: Post, raw: bytes, *, frames: int = 1) -> None:
        """Let the scanner send what is no scan, and hear that it was none."""
        tone = post.sound(raw, frames=frames)
        if tone is None:
            return
        if frames == 1 and tone not in (Tone.REFUSED, Tone.STORED):
            self.tally.surprise(f"{post.kind.value}: {raw!r} sounded {tone}")

    def reprint(self, post: Post, things: list[Thing]) -> list[Thing]:
        """Have the damaged labels of things replaced, and scan the new ones back.

        Returns the things whose labels are live: the others wait for theirs till the evening.
        """
        ordered = []
        for thing in things:
            if post.print_again(thing.code, DAMAGED, payload=self.payload(thing.code)):
                ordered.append(thing.code)
                for other in self.everywhere:
                    if thing.code in other.live:
                        post.void.append(other.live.pop(thing.code))
        waiting = {code for code in ordered if not post.await_label(code)}
        return [thing for thing in things if thing.code not in waiting]


class Front(Bench):
    """Intake and reception."""

    def work(self) -> bool:
        """Scan labels back at intake, accept at reception."""
        intake, reception = self.posts[StationKind.INTAKE], self.posts[StationKind.RECEPTION]
        intake.take_paper()
        fresh = list(intake.papers)[: self.rng.randint(3, 12)]
        back = [Thing(code, "yusuf") for code in fresh if intake.scan_back(code)]
        self.things.put(self.things.coded, back)
        if fresh and self.rng.random() < 0.3:
            self.blunder(intake, lambda: self.rng.choice(list(intake.live.values())))
        elif not fresh:
            self._look(intake)
        reception.work_as("salma")
        accepted = self._accept(reception)
        if self.rng.random() < 0.15:
            reception.leave()
        return bool(fresh or accepted)

    def _look(self, intake: Post) -> None:
        for code in list(intake.waiting_labels())[:20]:
            intake.settle(code)

    def _accept(self, post: Post) -> bool:
        taken = self.things.take(self.things.coded, self.rng.randint(3, 12), self.rng)
        for thing in taken:
            answer = post.scan(self.payload(thing.code))
            if not answer.accepted and "already" not in answer.say:
                post.expect(answer, "accept")
                continue
            thing.holder = "salma"
            self.things.put(self.things.samples, [thing])
            if self.rng.random() < 0.06:
                post.expect(post.scan(self.payload(thing.code)), "again", "already")
        if not taken:
            if self.tally.papers < self.tally.labels_wanted:
                # Labels get damaged all day, of what waits and of what is done.
                kept = self.rng.choice((self.things.samples, self.things.done))
                mine = self.things.take(kept, self.rng.randint(1, 6), self.rng)
                self.things.put(kept, self.reprint(post, mine))
            else:
                post.expect(post.command(Command.HELP), "help")
        last = taken[-1] if taken else None
        if last is not None and self.rng.random() < 0.4:
            self.blunder(post, lambda: self.payload(last.code))
        return True


def mistyped(payload: str, rng: random.Random) -> str:
    """Return a payload with one character of its code wrong."""
    place = rng.randrange(1, CODE_LENGTH - 1)
    other = rng.choice([one for one in ALPHABET if one != payload[place]])
    return payload[:place] + other + payload[place + 1 :]
