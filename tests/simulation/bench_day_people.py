# SPDX-License-Identifier: Apache-2.0
"""Somebody at a station of the simulated day: scans, listens, reads the page, takes labels.

Whoever stands there knows what they hear and see alone: the tone at the scanner, the page, and the
paper that comes out of the printer. Everything sent over the line is noted, for the account.
"""

import contextlib
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx

from instruments.virtual.control import Fault, Heard, Tone, VirtualBench, VirtualBenchFault
from labels.preview import codes_in
from lims.bench.rules import COMMAND_CODES, FAULT_SAYS
from lims.bench.views.screens import COOKIE
from lims.core.codes import CODE_LENGTH
from lims.core.scans import DOOR_PIN, Command, StationKind
from tests.simulation.bench_day_laboratory import PIN, Laboratory, browser
from tests.simulation.bench_day_notes import Answer, DayBroken, Sent, Tally, answer_of

COMMANDS = {command: code for code, command in COMMAND_CODES.items()}
NO_PAPER = "No label came out of the printer."
NO_SCAN = frozenset(FAULT_SAYS.values())
DAMAGED = "The label is damaged or cannot be read."

_HEAR = 4.0  # seconds in which a scanner sounds a tone, or is dead
_PATIENCE = 90.0  # seconds in which anything that broke must work again
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')
_WAITING = re.compile(
    r'<section id="labels".*?</section>', re.DOTALL
)  # the list of labels on a station's page
_ROW = re.compile(r'<li class="row">.*?</li>', re.DOTALL)
_TEXT = re.compile(r"<[^>]+>")


class Post:
    """A station: its scanner, its printer's tray, and its page, for whoever stands there."""

    def __init__(
        self, lab: Laboratory, kind: StationKind, devices: VirtualBench, address: str, tally: Tally
    ) -> None:
        self.kind = kind
        self.code = lab.cast.stations[kind]
        self.here = "yusuf" if kind is StationKind.INTAKE else ""
        self.sent: list[Sent] = []
        self.papers: dict[str, str] = {}
        """Labels in the hand, not yet scanned: payload by code."""
        self.live: dict[str, str] = {}
        """Labels that were scanned back here."""
        self.void: list[str] = []
        """Labels that were replaced, and thrown on a heap that should not be there."""
        self.odometer_at_end = 0
        self.jumps = 0
        """By how many labels the counter was turned on at the panel."""
        self._lab = lab
        self._devices = devices
        self._tally = tally
        self._page = (
            browser(address, COOKIE, lab.screens[kind]) if kind in lab.screens
            else browser(address, "osteon", lab.sessions["yusuf"])
        )  # fmt: skip
        self._token = ""
        self._seen = 0
        self._own: set[str] = set()
        self._owed = 0
        self._told = 0
        self._tray = max((one.number for one in devices.labels(self.code)), default=0)

    def close(self) -> None:
        """Close the page."""
        self._page.close()

    # What is scanned.

    def scan(self, text: str, *, typed: bool = False) -> Answer:
        """Scan a label, again until its beep is heard or the page shows it, and read the verdict.

        Raises DayBroken where scanner or server never come back.
        """
        if typed:
            return self._type(text)
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            heard = self.sound(f"]d1{text}\r".encode())
            if heard is None:
                # No beep: the page tells whether it was taken after all.
                news = self._judged(within=1.5)
                if not news:
                    self._tally.count("scanned again, no beep")
                    continue
                return news[-1]
            news = self._judged(within=5.0)
            if not news and "server fault" in self.devices_shown():
                # Another agent has this bench, and the page says so: nothing was taken here.
                self.sent[-1] = replace(self.sent[-1], sure=False)
                self._owed -= 1
                self._tally.count("scanned again, bench claimed")
                time.sleep(1.0)
                continue
            news = news or self._judged(within=_PATIENCE)
            if not news:
                break
            return news[-1]
        raise DayBroken(f"{self.kind.value}: the scan of {text} was never answered")

    def command(self, command: Command) -> Answer:
        """Scan a command of the bench card."""
        return self.scan(COMMANDS[command])

    def sound(self, raw: bytes, *, frames: int = 1) -> Tone | None:
        """Send bytes from the scanner, all frames alike, and return the first tone heard."""
        heard = self._say(raw)
        sure = bool(heard.feedback)
        self._owed = max(self._owed, self._told) + (frames if sure else 0)
        self._tally.scanned(frames)
        if frames == 1:
            self.sent.append(Sent(raw, sure, heard.tone))
            return heard.tone
        # Each frame has a tone of its own, and the page a line: more is not begun before.
        told = 0
        ends = time.monotonic() + 2.0
        while told < frames and time.monotonic() < ends:
            told += len(self.news())
            time.sleep(0.05)
        one = raw[: len(raw) // frames]
        for number in range(frames):
            self.sent.append(Sent(one, sure and (number == 0 or told >= frames), None))
        return heard.tone

    def _say(self, raw: bytes) -> Heard:
        ends = time.monotonic() + _PATIENCE
        while time.monotonic() < ends:
            try:
                return self._devices.say(self.code, raw, wait=_HEAR)
            except VirtualBenchFault as fault:
                if fault.reason not in ("nobody-listens", "unplugged"):
                    raise
                time.sleep(0.1)
        raise DayBroken(f"{self.kind.value}: nobody listens to the scanner any more")

    def expect(self, answer: Answer, what: str, *words: str) -> bool:
        """Return whether it was accepted, or refused with one of these words; else note it."""
        said = f"{answer.say} {answer.do}".casefold()
        if words:
            fits = not answer.accepted and any(word in said for word in words)
        else:
            fits = answer.accepted
        if not fits:
            self._tally.surprise(f"{self.kind.value}: {what}: {answer.verdict}: {answer.say}")
        return fits

    # What the page tells and takes.

    def news(self, *, within: float = 0.0) -> list[Answer]:
        """Return what was said of scans here since the last look, waiting so many seconds."""
        ends = time.monotonic() + within
        found: list[Answer] = []
        while True:
            told = self._ask(
                lambda: self._page.get(f"/bench/{self.code}/outcomes?after={self._seen}")
            )["outcomes"]
            scanned = [one for one in told if one["scan_id"] not in self._own]
            self._told += len(scanned)
            found += [answer_of(one) for one in scanned]
            if told:
                self._seen = int(told[-1]["sequence"])
            if len(told) == 50:
                continue
            if found or time.monotonic() >= ends:
                return found
            time.sleep(0.05)

    def _judged(self, *, within: float) -> list[Answer]:
        """Return the verdicts since the last look: noise is told too, and earlier scans come first.

        Waits until all that a tone told of is on the page.
        """
        ends = time.monotonic() + within
        found: list[Answer] = []
        while True:
            found += [one for one in self.news() if one.say not in NO_SCAN]
            if (found and self._told >= self._owed) or time.monotonic() >= ends:
                if found:
                    self._owed = self._told
                return found
            time.sleep(0.05)

    def devices_shown(self) -> dict[str, str]:
        """Return the words about each device that the page shows, by their state."""
        told = self._ask(lambda: self._page.get(f"/bench/{self.code}/outcomes?after={2**40}"))
        return {f"{one['icon']} {one['state']}": one["words"]["en"] for one in told["devices"]}

    def enter(self, name: str, value: str) -> Answer:
        """Give what the station asks for, on its page, until the server has answered."""
        key = secrets.token_hex(16)
        self._own.add(key)
        told = self._ask(
            lambda: self._page.post(
                f"/api/bench/{self.code}/entries",
                json={"entry_id": key, "name": name, "value": value}, headers=self._headers(),
            )
        )  # fmt: skip
        return answer_of(told)

    def work_as(self, login: str) -> None:
        """Open work here with badge and PIN, unless this person works here already."""
        if self.here == login:
            return
        for _ in range(5):
            self.scan(self._lab.badges[login])
            answer = self.enter(DOOR_PIN, PIN)
            if answer.accepted:
                self.here = login
                self._tally.count("opened by badge and PIN")
                return
        raise DayBroken(f"{self.kind.value}: {login} cannot begin to work: {answer.say}")

    def leave(self) -> None:
        """Close the work here with the badge."""
        answer = self.scan(self._lab.badges[self.here])
        if "has left" in answer.say:
            self.here = ""
            self._tally.count("closed by badge")

    def waiting_labels(self) -> dict[str, str]:
        """Return the labels to scan back that the page lists: what it says of each, by code."""
        text = self._ask(lambda: self._page.get(f"/bench/{self.code}"), text=True)["text"]
        found = _WAITING.search(text)
        rows = _ROW.findall(found.group()) if found else []
        listed = {}
        for row in rows:
            words = " ".join(_TEXT.sub(" ", row).split())
            code = "".join(words.split()[:3])
            listed[code] = " ".join(words.split()[3:])
        return listed

    def _headers(self) -> dict[str, str]:
        if not self._token:
            text = self._ask(lambda: self._page.get(f"/bench/{self.code}"), text=True)["text"]
            found = _TOKEN.search(text)
            if found is None:
                raise DayBroken(f"the page of {self.kind.value} has no token")
            self._token = found[1]
        return {"X-CSRFToken": self._token, "Accept": "application/json"}

    def _ask(self, ask: Callable[[], httpx.Response], *, text: bool = False) -> dict[str, Any]:
        """Ask the server until it answers, as a page does."""
        ends = time.monotonic() + _PATIENCE
        while True:
            with contextlib.suppress(httpx.TransportError):
                answer = ask()
                if answer.is_success:
                    return {"text": answer.text} if text else dict(answer.json())
                if answer.status_code < 500:
                    raise DayBroken(
                        f"{self.kind.value}: {answer.request.url} {answer.status_code} "
                        f"{answer.text[:300]}"
                    )
            if time.monotonic() >= ends:
                raise DayBroken(f"{self.kind.value}: the server never came back")
            time.sleep(0.1)

    def _type(self, code: str) -> Answer:
        key = secrets.token_hex(16)
        self._own.add(key)
        told = self._ask(
            lambda: self._page.post(
                f"/api/bench/{self.code}/scans",
                json={
                    "scan_id": key, "text": code, "source": "typed",
                    "reason": "label cannot be reached",
                },
                headers=self._headers(),
            )
        )  # fmt: skip
        self._tally.count("typed with a reason")
        return answer_of(told)

    # The labels that come out.

    def take_paper(self) -> int:
        """Take what lies in the printer's tray; return how many labels that are."""
        fresh = self._devices.labels(self.code, after=self._tray)
        for one in fresh:
            self._tray = max(self._tray, one.number)
            self._tally.came_out()
            for payload in codes_in(one.zpl.encode("utf-8")):
                if payload[:CODE_LENGTH] in self.papers:
                    # Two labels of one thing in the hand: the older one is thrown away.
                    self.void.append(self.papers[payload[:CODE_LENGTH]])
                self.papers[payload[:CODE_LENGTH]] = payload
        return len(fresh)

    def scan_back(self, code: str) -> bool:
        """Scan the fresh label of a thing, if it is in the hand; return whether it is live."""
        payload = self.papers.pop(code, "")
        if not payload:
            return False
        answer = self.scan(payload)
        if answer.accepted:
            self.live[code] = payload
            return True
        said = f"{answer.say} {answer.do}".casefold()
        if "void" not in said and "given up" not in said and code not in self.waiting_labels():
            # Live already, by a scan whose answer was lost; what was refused was the work.
            self._tally.count("label live already")
            self.live[code] = payload
            return True
        # A label that was given up before it came out: not on the tube, and said so.
        self._tally.count("late label refused")
        self.void.append(payload)
        return False

    def await_label(self, code: str, *, seconds: float = 60.0) -> bool:
        """Wait for the label of a thing, replace it where none comes; return whether it is live."""
        ends = time.monotonic() + seconds
        look = time.monotonic() + 2.0
        while time.monotonic() < ends:
            self.take_paper()
            if code in self.papers and self.scan_back(code):
                return True
            if time.monotonic() >= look:
                look = time.monotonic() + 1.0
                self.settle(code)
            time.sleep(0.05)
        return False

    def settle(self, code: str) -> None:
        """Do what the page says of a label that does not come: look, or have it printed again."""
        words = self.waiting_labels().get(code, "")
        if "scan it back" in words and code not in self.papers:
            # It may have been thrown on the heap by mistake.
            heap = [one for one in self.void if one[:CODE_LENGTH] == code]
            if heap and self.scan(heap[-1]).accepted:
                self.live[code] = heap[-1]
                self.void.remove(heap[-1])
                return
        if "perhaps printed" not in words and "did not come out" not in words:
            return
        # Whoever reads it looks into the tray once more.
        time.sleep(0.3)
        self.take_paper()
        if code not in self.papers:
            self.print_again(code, NO_PAPER)

    def print_again(self, code: str, reason: str, *, payload: str = "") -> bool:
        """Have a label printed again: scan or type the thing, PRINT, say why."""
        self.scan(payload) if payload else self.scan(code, typed=True)
        answer = self.command(Command.PRINT)
        if not answer.accepted or answer.subject != code:
            return False
        ordered = self.enter("print-again", reason)
        if not ordered.accepted:
            self._tally.surprise(f"{self.kind.value}: print again: {ordered.say}")
            return False
        self._tally.count("printed again: " + ("no label" if reason == NO_PAPER else "damaged"))
        if code in self.live:
            self.void.append(self.live.pop(code))
        return True

    def break_printer(self, fault: Fault, *, after: int = 0, labels: int = 1) -> None:
        """Break or mend the printer of this station."""
        self._devices.fault(self.code, fault, after=after, labels=labels)

    def break_scanner(self, fault: Fault) -> None:
        """Break or mend the scanner of this station."""
        self._devices.fault(self.code, fault, device="scanner")

    def odometer(self) -> int:
        """Return how many labels the printer says it printed."""
        return next(one.odometer for one in self._devices.state() if one.station == self.code)
