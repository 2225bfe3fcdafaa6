# SPDX-License-Identifier: Apache-2.0
"""Work at two benches of the simulated day: preparation and extraction, storage and hand-overs."""

import re
import secrets
import time

import httpx

from lims.core.codes import CODE_LENGTH, Kind, threes
from lims.core.scans import OWN_PIN, PIN, Command, StationKind
from lims.samples.rules import QUARANTINE_REASONS
from tests.simulation.bench_day_laboratory import PIN as FIGURES
from tests.simulation.bench_day_laboratory import WORKERS, browser
from tests.simulation.bench_day_notes import Answer
from tests.simulation.bench_day_people import Post
from tests.simulation.bench_day_work import Bench, Thing

POWDER_MG = "40"
MOST_IN_BATCH = 12
HELD = tuple(one.value for one in QUARANTINE_REASONS)
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


class Wet(Bench):
    """Preparation and extraction: one technician at both."""

    def work(self) -> bool:
        """Grind a few, or extract a batch."""
        loaded = len(self.things.parts)
        if loaded >= MOST_IN_BATCH or (loaded > 3 and self.rng.random() < 0.1):
            self._extract()
            return True
        post = self.posts[StationKind.PREPARATION]
        post.work_as("omar")
        taken = self.things.take(
            self.things.samples, self.rng.randint(1, 4), self.rng,
            lambda one: one.holder in ("", "omar"),
        )  # fmt: skip
        for thing in taken:
            self._grind(post, thing)
        return bool(taken)

    def _grind(self, post: Post, thing: Thing) -> None:
        payload = self.payload(thing.code)
        if self.rng.random() < 0.25 and post.expect(post.scan(payload), "to grind"):
            # Set aside at once: nothing was taken.
            post.expect(post.command(Command.UNDO), "undo")
        if not post.expect(post.scan(payload), "to grind"):
            post.command(Command.UNDO)
            self.things.put(self.things.samples, [thing])
            return
        answer = post.enter("mass", POWDER_MG)
        if not post.expect(answer, "mass"):
            post.command(Command.UNDO)
            self.things.put(self.things.done, [])
            return
        thing.holder, thing.box = "omar", ""
        if self.rng.random() < 0.2:
            self.blunder(post, lambda: payload)
            post.command(Command.UNDO)
        if post.await_label(answer.subject):
            part = Thing(answer.subject, "omar")
            if self.rng.random() < 0.15:
                self.things.put(self.things.parts, self.reprint(post, [part]))
            else:
                self.things.put(self.things.parts, [part])
        self.things.put(self.things.done, [thing])

    def _extract(self) -> None:
        post = self.posts[StationKind.EXTRACTION]
        post.work_as("omar")
        parts = self.things.take(
            self.things.parts, MOST_IN_BATCH, self.rng, lambda one: one.holder in ("", "omar")
        )
        if not parts:
            return
        batch = self._open_batch(post)
        if not post.await_label(batch):
            self.tally.surprise(f"the card of batch {batch} never came out")
            return
        card = post.live[batch]
        post.expect(post.scan(card), "batch")
        for lot in self.lab.lots:
            post.expect(post.scan(lot), "lot")
        for part in parts:
            payload = self.payload(part.code)
            self._load(post, batch, payload)
            if self.rng.random() < 0.1:
                post.expect(post.scan(payload), "load again", "already", "stands", "position")
            if self.rng.random() < 0.1:
                post.expect(post.command(Command.UNDO), "take out")
                self._load(post, batch, payload)
        if self.rng.random() < 0.5:
            self.blunder(post, lambda: card)
        answer = post.command(Command.DONE)
        if "second person" in answer.do:
            post.scan(self.lab.badges["huda"])
            answer = post.enter(PIN, FIGURES)
        if not post.expect(answer, "batch done"):
            return
        made = [label[:CODE_LENGTH] for label in answer.labels]
        for code in made:
            if post.await_label(code):
                self.things.put(self.things.done, [Thing(code, "omar")])
        self.tally.count("batches extracted")

    def _load(self, post: Post, batch: str, payload: str) -> None:
        """Load a tube, or hear that a scan whose answer was lost has loaded it."""
        answer = post.scan(payload)
        if f"in batch {threes(batch)}" in answer.say and "already" in answer.say:
            self.tally.count("loaded already")
            return
        post.expect(answer, "load")

    def _open_batch(self, post: Post) -> str:
        """Open a batch on the page of extraction, as who is signed in there."""
        key = secrets.token_hex(16)
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            try:
                with browser(self.address, "osteon", self.lab.sessions["omar"]) as web:
                    found = _TOKEN.search(web.get("/extraction").text)
                    answer = web.post(
                        "/extraction",
                        headers={
                            "Accept": "application/json",
                            "X-CSRFToken": found[1] if found else "",
                        },
                        json={
                            "line": "bone", "procedure": self.lab.procedure,
                            "station": post.code, "request_key": key,
                        },
                    )  # fmt: skip
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.is_success:
                return str(answer.json()["code"])
            if answer.status_code < 500:
                break
        raise RuntimeError(f"no batch: {answer.status_code} {answer.text[:300]}")


class Store(Bench):
    """Storage and hand-overs: whoever holds things comes here with them."""

    def work(self) -> bool:
        """Put things away, move them, take them out, hand them over."""
        act = self.rng.choices(
            (self._put_away, self._move, self._take_out, self._hand_over, self._hold),
            (5, 4, 2, 2, 0.15),
        )[0]
        return act()

    def _mine(self, login: str, most: int) -> list[tuple[list[Thing], Thing]]:
        """Take things that somebody holds out of their lists."""
        found = []
        for kept in (self.things.samples, self.things.parts, self.things.done):
            taken = self.things.take(kept, most, self.rng, lambda one: one.holder == login)
            found += [(kept, one) for one in taken]
        self.rng.shuffle(found)
        for kept, one in found[most:]:
            self.things.put(kept, [one])
        return found[:most]

    def _put_away(self) -> bool:
        post = self.posts[StationKind.STORAGE]
        login = post.here if post.here and self.rng.random() < 0.5 else self.rng.choice(WORKERS)
        mine = self._mine(login, self.rng.randint(3, 20))
        if not mine:
            return False
        post.work_as(login)
        box = self.rng.choice(self.lab.boxes)
        opened = self.rng.random() < 0.7
        if opened:
            post.expect(self._scan_box(post, box), "box")
        for kept, one in mine:
            answer = self._show(post, one)
            if opened and answer.accepted and not self._is_put(answer):
                # The box is closed, by a scan of it whose answer was lost: it is scanned again.
                self.tally.count("box found closed")
                opened = False
            if not opened:
                post.expect(answer, "thing")
                answer = post.scan(box)
            if self._there_already(post, one.code, answer) or post.expect(answer, "put away"):
                one.holder, one.box = "", box
                if self.rng.random() < 0.08:
                    self._take_back(post, one, login)
            if self.rng.random() < 0.05:
                self.blunder(post, lambda: box)
                if opened:
                    post.command(Command.DONE)
                    post.scan(box)
            self.things.put(kept, [one])
        post.expect(post.command(self.rng.choice((Command.DONE, Command.NEXT))), "closed")
        return True

    def _show(self, post: Post, one: Thing) -> Answer:
        """Scan a thing; what another scan left waiting is set aside first, as the page says."""
        answer = post.scan(self.payload(one.code))
        if not answer.accepted and "waits for its place" in answer.say:
            self.tally.count("set aside what waited")
            post.command(Command.UNDO)
            answer = post.scan(self.payload(one.code))
        return answer

    def _scan_box(self, post: Post, box: str) -> Answer:
        """Open a box; a thing shown before, whose answer was lost, is set aside first."""
        answer = post.scan(box)
        if not answer.accepted and "is there already" in answer.say:
            self.tally.count("set aside what was shown")
            post.command(Command.UNDO)
            answer = post.scan(box)
        return answer

    def _there_already(self, post: Post, code: str, answer: Answer) -> bool:
        """Return whether a thing stands in this box by a scan whose answer was lost."""
        if answer.accepted or f"{threes(code)} is there already" not in answer.say:
            return False
        self.tally.count("stood there already")
        post.command(Command.UNDO)
        return True

    def _is_put(self, answer: Answer) -> bool:
        return answer.say.startswith("Put ")

    def _take_back(self, post: Post, one: Thing, login: str) -> None:
        """Take the last step back, and see by a scan where the thing is if that was refused."""
        if post.command(Command.UNDO).accepted:
            one.holder, one.box = login, ""
            return
        # An answer was lost: taken back twice, or never. The thing itself tells.
        answer = self._show(post, one)
        if "is in no place" in answer.say:
            post.command(Command.UNDO)
            one.holder, one.box = login, ""

    def _stored_thing(self, post: Post, one: Thing) -> bool:
        """Show a stored thing; one that the station knows in no place leaves the day's work."""
        answer = self._show(post, one)
        if answer.accepted and "is in no place" in answer.say:
            self.tally.count("was not in its box")
            post.command(Command.UNDO)
            one.holder, one.box = "nobody", ""
            return False
        return post.expect(answer, "stored thing")

    def _move(self) -> bool:
        """Move stored things from box to box: each is scanned, then the other box."""
        post = self.posts[StationKind.STORAGE]
        post.work_as(post.here or "huda")
        kept = self.rng.choice((self.things.samples, self.things.done))
        taken = self.things.take(
            kept, self.rng.randint(2, 15), self.rng, lambda one: bool(one.box)
        )  # fmt: skip
        for one in taken:
            other = self.rng.choice([box for box in self.lab.boxes if box != one.box])
            there = self._stored_thing(post, one)
            if there and post.expect(post.scan(other), "moved"):
                one.box = other
            self.things.put(kept, [one])
        return bool(taken)

    def _take_out(self) -> bool:
        post = self.posts[StationKind.STORAGE]
        post.work_as(post.here or self.rng.choice(WORKERS))
        taken = self.things.take(
            self.things.done, self.rng.randint(1, 6), self.rng, lambda one: bool(one.box)
        )
        for one in taken:
            there = self._stored_thing(post, one)
            if there and post.expect(post.enter("act", "take"), "taken out"):
                one.holder, one.box = post.here, ""
            self.things.put(self.things.done, [one])
        return bool(taken)

    def _hand_over(self) -> bool:
        post = self.posts[StationKind.HANDOVER]
        giver, receiver = self.rng.choice((("salma", "omar"), ("omar", "huda"), ("salma", "huda")))
        mine = self._mine(giver, self.rng.randint(2, 10))
        if not mine:
            return False
        post.work_as(giver)
        for _, one in mine:
            post.expect(post.scan(self.payload(one.code)), "listed")
        if self.rng.random() < 0.2:
            self.blunder(post, lambda: self.payload(mine[0][1].code))
        # What a mistake did to the list is put right: what is listed already stays once.
        for _, one in mine:
            post.expect(post.scan(self.payload(one.code)), "listed again")
        post.expect(post.scan(self.lab.badges[receiver]), "receiver")
        given = post.enter(OWN_PIN, FIGURES)
        answer = post.enter(PIN, FIGURES) if post.expect(given, "giver's PIN") else given
        passed = post.expect(answer, "receiver's PIN")
        for kept, one in mine:
            one.holder = receiver if passed else giver
            self.things.put(kept, [one])
        if passed:
            self.tally.count("hand-overs")
        else:
            post.command(Command.NEXT)
        return True

    def _hold(self) -> bool:
        """Put a stored thing into quarantine with the command HOLD; it leaves the day's work."""
        post = self.posts[StationKind.STORAGE]
        post.work_as(post.here or "huda")
        # Of a bone all would be held that came from it, wherever that is by now.
        held = self.things.take(
            self.things.done, 1, self.rng, lambda one: bool(one.box) and one.code[0] == Kind.EXTRACT
        )
        for one in held:
            if not self._stored_thing(post, one):
                continue
            asked = post.expect(post.command(Command.HOLD), "hold")
            if asked and post.expect(post.enter("quarantine", self.rng.choice(HELD)), "why held"):
                self.tally.count("held")
        return True
