# SPDX-License-Identifier: Apache-2.0
"""Who works in the run of the stages: people at pages, and desks with a scanner and a printer.

A page is asked over HTTP with a session; a desk's scanner and printer speak to the addresses that
bench agents use, with the key of their station. What somebody knows of a label is what came out of
the printer.
"""

import base64
import re
import secrets
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from labels.preview import codes_in
from lims.bench.rules import COMMAND_CODES
from lims.core.codes import CODE_LENGTH
from lims.core.scans import Command
from lims.demo.driver.pages import Browser

COMMANDS = {command: code for code, command in COMMAND_CODES.items()}
_TOKEN = re.compile(r'<meta name="csrf-token" content="([^"]+)"')


class RunBroken(Exception):
    """Something in the run of the stages was not as it must be; says what."""


@dataclass(frozen=True)
class Door:
    """Where the laboratory answers: an address, or the application in this process."""

    address: str
    transport: httpx.BaseTransport | None = None

    def client(self, headers: Mapping[str, str]) -> httpx.Client:
        """Return a client of this laboratory."""
        return httpx.Client(
            base_url=self.address, transport=self.transport, headers=headers, timeout=60.0,
            trust_env=False, follow_redirects=True,
        )  # fmt: skip


class Somebody(Browser):
    """Somebody who is signed in, at a browser."""

    def __init__(self, door: Door, login: str, cookie: str) -> None:
        super().__init__(door.address, login)
        super().close()
        self._client = door.client({"Accept": "text/html", "Accept-Language": "en"})
        self._client.cookies.set("osteon", cookie, domain="127.0.0.1", path="/")
        self._token = ""

    def tell(self, path: str, sent: Mapping[str, object]) -> Mapping[str, Any]:
        """Send what a bench's page sends of itself; returns what is answered."""
        if not self._token:
            found = _TOKEN.search(self.open("/bench").text)
            if found is None:
                raise RunBroken("the page of the benches holds no token")
            self._token = found[1]
        headers = {"X-CSRFToken": self._token, "Referer": str(self._client.base_url)}
        return _told(self._client.post(path, json=dict(sent), headers=headers))


@dataclass(frozen=True)
class Verdict:
    """What was answered to a scan or an entry."""

    verdict: str
    say: str
    do: str
    subject: str
    position: str
    labels: tuple[str, ...]


class Desk:
    """A bench: its scanner, its printer, and whoever works there."""

    def __init__(self, door: Door, station: str, key: str) -> None:
        self.station = station
        self.scans = self.refused = 0
        self.papers: dict[str, str] = {}
        """Labels that came out, the newest of each thing."""
        self._client = door.client({"Authorization": f"Bearer {key}", "Bench-Agent": "stages"})
        self._odometer = 0
        self.who: Somebody | None = None

    def close(self) -> None:
        """Close the connection of the devices."""
        self._client.close()

    def take(self, who: Somebody) -> None:
        """Let somebody begin to work here."""
        if self.who is who:
            return
        page = who.open(f"/bench/{self.station}")
        if page.has_form(f"/bench/{self.station}/take"):
            who.send(page.form(f"/bench/{self.station}/take"))
        self.who = who

    def live(self) -> None:
        """Let the agent say that it is here."""
        self._post("/api/bench/heartbeat", {
            "agent": "stages", "version": "simulation", "clock": datetime.now(UTC).isoformat(),
            "stations": [{"station": self.station, "devices": []}],
        })  # fmt: skip

    def try_scan(self, text: str) -> Verdict:
        """Scan, whatever is answered."""
        self.scans += 1
        told = self._post(f"/api/bench/{self.station}/scans", {
            "scan_id": secrets.token_hex(16), "text": text, "source": "serial",
            "symbology": "]d1", "raw": text.encode().hex(), "device": "stages", "seq": self.scans,
        })  # fmt: skip
        return _verdict(told)

    def scan(self, text: str) -> Verdict:
        """Scan and be accepted; raises RunBroken where it is not."""
        found = self.try_scan(text)
        if found.verdict != "accepted":
            raise RunBroken(f"{text} was {found.verdict} at {self.station}: {found.say}")
        return found

    def refuse(self, text: str, *words: str) -> None:
        """Scan what must be refused, with one of these words; raises RunBroken."""
        found = self.try_scan(text)
        said = f"{found.say} {found.do}".casefold()
        if found.verdict not in ("refused", "stop"):
            raise RunBroken(f"{text} should have been refused at {self.station}: {found.say}")
        if not any(word.casefold() in said for word in words):
            raise RunBroken(f"{text} was refused at {self.station} for another reason: {said}")
        self.refused += 1

    def command(self, command: Command) -> Verdict:
        """Scan a command of the bench card and be accepted."""
        return self.scan(COMMANDS[command])

    def enter(self, name: str, value: str) -> Verdict:
        """Enter what is asked for, on the page of who works here; raises RunBroken."""
        if self.who is None:
            raise RunBroken("nobody works here")
        found = _verdict(
            self.who.tell(
                f"/api/bench/{self.station}/entries",
                {"entry_id": secrets.token_hex(16), "name": name, "value": value},
            )
        )
        if found.verdict != "accepted":
            raise RunBroken(f"{name} {value} was {found.verdict} at {self.station}: {found.say}")
        return found

    def print_all(self) -> list[str]:
        """Print every label that waits; returns their payloads as they come out."""
        printed: list[str] = []
        while True:
            answer = self._client.get(
                f"/api/bench/{self.station}/labels",
                params={"wait": 0, "most": 20, "dpi": 300, "idle": "true"},
            )
            jobs = _told(answer)["jobs"]
            if not jobs:
                return printed
            for job in jobs:
                printed.append(self._print(job))

    def _print(self, job: Mapping[str, Any]) -> str:
        payload = codes_in(base64.b64decode(job["zpl"]))[0]
        outcomes: tuple[tuple[str, dict[str, object]], ...] = (
            ("intent", {}), ("sent", {}),
            ("printed", {
                "odometer_before": self._odometer, "odometer_after": self._odometer + 1,
            }),
        )  # fmt: skip
        for outcome, more in outcomes:
            self._post(
                f"/api/bench/{self.station}/labels/{job['instance']}/outcome",
                {"fence": job["fence"], "outcome": outcome, **more},
            )
        self._odometer += 1
        self.papers[payload[:CODE_LENGTH]] = payload
        return payload

    def scan_back(self, codes: Iterable[str]) -> None:
        """Print and scan the fresh label of each thing, which makes it live."""
        self.print_all()
        for code in codes:
            if code not in self.papers:
                raise RunBroken(f"no label of {code} came out at {self.station}")
            self.scan(self.papers[code])

    def _post(self, path: str, sent: Mapping[str, object]) -> Mapping[str, Any]:
        return _told(self._client.post(path, json=dict(sent)))


def _told(answer: httpx.Response) -> Mapping[str, Any]:
    if answer.status_code not in (httpx.codes.OK, httpx.codes.CREATED):
        raise RunBroken(f"{answer.request.url.path}: {answer.status_code} {answer.text[:400]}")
    told: Mapping[str, Any] = answer.json()
    return told


def _verdict(told: Mapping[str, Any]) -> Verdict:
    return Verdict(
        verdict=str(told["verdict"]), say=told["say"]["en"],
        do=told["do"]["en"] if told["do"] else "", subject=told["subject"] or "",
        position=told["position"] or "", labels=tuple(told["labels"]),
    )  # fmt: skip


class Beats(threading.Thread):
    """The heartbeats of all agents: a station that is silent for long is anybody's."""

    def __init__(self, desks: Iterable[Desk]) -> None:
        super().__init__(daemon=True)
        self._desks = tuple(desks)
        self._ended = threading.Event()

    def run(self) -> None:
        """Beat until ended."""
        while not self._ended.wait(10.0):
            for desk in self._desks:
                desk.live()

    def end(self) -> None:
        """End and wait."""
        self._ended.set()
        self.join()
