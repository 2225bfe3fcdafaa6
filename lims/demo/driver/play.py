# SPDX-License-Identifier: Apache-2.0
"""What the steps of the run-through share: who is signed in, the benches, what was made."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from instruments.virtual.control import VirtualBench
from labels.preview import codes_in
from lims.demo.accounts import PASSWORD
from lims.demo.driver.benches import Bench
from lims.demo.driver.pages import Browser, Page, StepFailed
from lims.demo.laboratory import Built


@dataclass
class Play:
    """The laboratory as the run-through sees it: an address, devices, and codes as they come."""

    address: str
    folder: Path
    built: Built
    devices: VirtualBench
    people: dict[str, Browser] = field(default_factory=dict)
    refused: int = 0
    """How often something that must be refused was refused."""

    lists: list[str] = field(default_factory=list)
    """Addresses of the coded lists."""
    bones: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    home: str = ""
    """The bone that goes home again: it is coded with the others, and no profile is made of it."""
    aliquots: dict[str, str] = field(default_factory=dict)
    """Aliquot of each sample."""
    extracts: dict[str, str] = field(default_factory=dict)
    """Extract of each sample."""
    blanks: dict[str, str] = field(default_factory=dict)
    """Blank extract of each line."""
    payloads: dict[str, str] = field(default_factory=dict)
    """What the live label of each thing says."""
    fates: dict[str, dict[str, object]] = field(default_factory=dict)
    """What became of each sample, for the answer."""

    def sign_in(self, login: str) -> Browser:
        """Sign somebody in through the door, with the digits of the first page where needed."""
        person = Browser(self.address, login)
        self.people[login] = person
        door = person.open("/sign-in")
        page = person.send(door.form("/sign-in"), {"login": login, "password": PASSWORD})
        if page.url.split("?")[0].endswith("/sign-in/second-factor"):
            page = person.send(page.form("/sign-in/second-factor"), {"digits": self._digits(login)})
        if page.url.split("?")[0].endswith(("/sign-in", "/sign-in/second-factor")):
            raise StepFailed(f"{login} could not sign in: {page.said()}")
        return person

    def person(self, login: str) -> Browser:
        """Return somebody's browser, signed in."""
        return self.people.get(login) or self.sign_in(login)

    def bench(self, key: str, login: str) -> Bench:
        """Let somebody take a bench."""
        bench = Bench(self.devices, self.built.stations[key], self.person(login))
        bench.take()
        return bench

    def stock(self, key: str) -> str:
        """Return the payload of the label of a lot or an instrument."""
        code = self.built.stock[key]
        if code not in self.payloads:
            for station in self.built.stations.values():
                for printed in self.devices.labels(station):
                    for payload in codes_in(printed.zpl.encode("utf-8")):
                        self.payloads.setdefault(payload[:9], payload)
        return self.payloads[code]

    def parents(self, person: Browser, code: str) -> set[str]:
        """Return what a thing was made of, as its first event says."""
        for event in person.json(f"/samples/{code}")["history"]:
            if event["stream"] == code and "parents" in event["content"]:
                return set(event["content"]["parents"])
        raise StepFailed(f"the history of {code} does not say what it was made of")

    def must_refuse(self, page: Page, *words: str) -> None:
        """Check that a page refused, with one of these words; raises StepFailed."""
        said = page.words.casefold()
        if page.status < 400 or not any(word.casefold() in said for word in words):
            raise StepFailed(f"{page.url} should have refused: {page.said()}")
        self.refused += 1

    def close(self) -> None:
        """Close every browser."""
        for person in self.people.values():
            person.close()

    def _digits(self, login: str) -> str:
        page = self.people[login].open("/demo")
        found = re.search(rf"\b{re.escape(login)} [A-Z]-\d+ [a-z ]+ (\d{{6}})\b", page.words)
        if found is None:
            raise StepFailed(f"the first page shows no digits for {login}")
        return found[1]
