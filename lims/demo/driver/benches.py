# SPDX-License-Identifier: Apache-2.0
"""A person at a station of the run-through: scans through the serial line, labels off the printer.

Nothing here reaches around the devices: a code goes through the pseudo-terminal of the virtual
scanner, and a label's code is read off the ZPL that the virtual printer was sent.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from instruments.virtual.control import Tone, VirtualBench, VirtualBenchFault
from labels.preview import codes_in
from lims.bench.rules import COMMAND_CODES
from lims.core.codes import CODE_LENGTH
from lims.core.scans import Command
from lims.demo.driver.pages import Browser, StepFailed

SCAN_SECONDS = 10.0
PRINT_SECONDS = 90.0
STORED_SECONDS = 90.0
"""How long a scan that the agent kept may take to reach a busy server."""

_COMMANDS = {command: code for code, command in COMMAND_CODES.items()}


@dataclass(frozen=True)
class Verdict:
    """What the laboratory answered a scan, an entry or a command."""

    verdict: str
    say: str
    do: str
    subject: str
    position: str
    labels: tuple[str, ...]

    @property
    def accepted(self) -> bool:
        """Whether it was accepted."""
        return self.verdict == "accepted"


class Bench:
    """A station with its virtual scanner and printer, worked by one person."""

    def __init__(self, devices: VirtualBench, station: str, person: Browser) -> None:
        self.station = station
        self.person = person
        self.refusals = 0
        self._devices = devices
        self._seen = 0

    def take(self) -> None:
        """Begin to work here, as the button on the page does; whoever did before leaves."""
        page = self.person.open(f"/bench/{self.station}")
        if page.has_form(f"/bench/{self.station}/take"):
            self.person.send(page.form(f"/bench/{self.station}/take"))
        self._seen = self._last()

    def scan(self, text: str) -> Verdict:
        """Scan and be accepted; raises StepFailed where it is not."""
        verdict = self.try_scan(text)
        if not verdict.accepted:
            raise StepFailed(f"{text} was not accepted at {self.station}: {verdict.say}")
        return verdict

    def try_scan(self, text: str) -> Verdict:
        """Scan and return the verdict; the tone at the scanner must agree with it."""
        try:
            heard = self._devices.scan(self.station, text, wait=SCAN_SECONDS)
        except VirtualBenchFault as fault:
            raise StepFailed(f"the scanner of {self.station} did not scan: {fault}") from None
        if heard.tone is Tone.STORED:
            # The server was slow: the agent has the scan on disk and sends it by itself.
            return self._news(within=STORED_SECONDS)
        verdict = self._news()
        expected = {"accepted": Tone.ACCEPTED, "unknown": Tone.AMBIGUOUS}.get(
            verdict.verdict, Tone.REFUSED
        )
        if heard.tone is not expected:
            raise StepFailed(f"{self.station} heard {heard.tone} to a scan {verdict.verdict}")
        return verdict

    def refuse(self, text: str, *words: str) -> Verdict:
        """Scan what must be refused, with one of these words in the message.

        Raises StepFailed where it is accepted, or refused for another reason.
        """
        verdict = self.try_scan(text)
        said = f"{verdict.say} {verdict.do}"
        if verdict.verdict not in ("refused", "stop"):
            raise StepFailed(f"{text} should have been refused at {self.station}: {verdict.say}")
        if not any(word.casefold() in said.casefold() for word in words):
            raise StepFailed(f"{text} was refused at {self.station} for another reason: {said}")
        self.refusals += 1
        return verdict

    def command(self, command: Command) -> Verdict:
        """Scan a command of the bench card and be accepted."""
        return self.scan(_COMMANDS[command])

    def refuse_command(self, command: Command, *words: str) -> Verdict:
        """Scan a command that must be refused."""
        return self.refuse(_COMMANDS[command], *words)

    def enter(self, value: str) -> Verdict:
        """Enter what the station asks for, on its page, and be accepted."""
        verdict = self.try_enter(value)
        if not verdict.accepted:
            raise StepFailed(f"{value} was not accepted at {self.station}: {verdict.say}")
        return verdict

    def try_enter(self, value: str) -> Verdict:
        """Enter what the station asks for and return the verdict."""
        page = self.person.open(f"/bench/{self.station}")
        self.person.try_send(page.form(f"/api/bench/{self.station}/entries"), {"value": value})
        return self._news()

    def refuse_entry(self, value: str, *words: str) -> None:
        """Enter what must be refused."""
        verdict = self.try_enter(value)
        said = f"{verdict.say} {verdict.do}"
        if verdict.accepted or not any(word.casefold() in said.casefold() for word in words):
            raise StepFailed(f"“{value}” should have been refused at {self.station}: {said}")
        self.refusals += 1

    def label_of(self, code: str, *, after: int = 0) -> str:
        """Return what the newest label of a thing says, read off the printer of this station.

        Waits for it to come out; raises StepFailed where it does not.
        """
        return self.labels_of([code], after=after)[code]

    def labels_of(self, codes: Iterable[str], *, after: int = 0) -> dict[str, str]:
        """Return the payload of the newest printed label of each thing."""
        wanted = set(codes)
        ends = time.monotonic() + PRINT_SECONDS
        while True:
            found = {}
            for printed in self._devices.labels(self.station, after=after):
                for payload in codes_in(printed.zpl.encode("utf-8")):
                    found[payload[:CODE_LENGTH]] = payload
            if wanted <= found.keys():
                return {code: found[code] for code in wanted}
            if time.monotonic() >= ends:
                missing = ", ".join(sorted(wanted - found.keys()))
                raise StepFailed(f"no label of {missing} came out at {self.station}")
            time.sleep(0.05)

    def fresh_labels(self, many: int, *, after: int) -> list[str]:
        """Return the payloads of `many` labels that come out, in the order in which they do."""
        ends = time.monotonic() + PRINT_SECONDS
        while True:
            printed = self._devices.labels(self.station, after=after)
            if len(printed) >= many:
                return [codes_in(one.zpl.encode("utf-8"))[0] for one in printed]
            if time.monotonic() >= ends:
                raise StepFailed(f"{len(printed)} of {many} labels came out at {self.station}")
            time.sleep(0.05)

    def odometer(self) -> int:
        """Return how many labels this station's printer has printed."""
        for one in self._devices.state():
            if one.station == self.station:
                return one.odometer
        raise StepFailed(f"{self.station} has no virtual printer")

    def scan_back(self, codes: Iterable[str], *, after: int = 0) -> dict[str, str]:
        """Scan back the fresh labels of things, which makes them live; returns the payloads."""
        codes = list(codes)
        payloads = self.labels_of(codes, after=after)
        for code in codes:
            self.scan(payloads[code])
        return payloads

    def since(self) -> int:
        """Return how many things were said at this station since the last one known here."""
        outcomes = self._outcomes()
        if outcomes:
            self._seen = int(outcomes[-1]["sequence"])
        return len(outcomes)

    def _news(self, *, within: float = 0.0) -> Verdict:
        """Return the one thing said at this station since the last, waiting so many seconds."""
        ends = time.monotonic() + within
        while not (news := self._outcomes()) and time.monotonic() < ends:
            time.sleep(0.1)
        if not news:
            raise StepFailed(f"{self.station} has heard nothing of what was done there")
        last = news[-1]
        self._seen = int(last["sequence"])
        return Verdict(
            verdict=str(last["verdict"]), say=last["say"]["en"],
            do=last["do"]["en"] if last["do"] else "", subject=last["subject"] or "",
            position=last["position"] or "", labels=tuple(last["labels"]),
        )  # fmt: skip

    def _outcomes(self) -> list[dict[str, Any]]:
        said = self.person.json(f"/bench/{self.station}/outcomes?after={self._seen}")
        outcomes: list[dict[str, Any]] = said["outcomes"]
        return outcomes

    def _last(self) -> int:
        """Return the sequence of what was said here last, by whomever."""
        seen = self._seen
        while True:
            outcomes = self.person.json(f"/bench/{self.station}/outcomes?after={seen}")["outcomes"]
            if not outcomes:
                return seen
            seen = int(outcomes[-1]["sequence"])
