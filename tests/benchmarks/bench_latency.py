# SPDX-License-Identifier: Apache-2.0
"""How long from a scan to its tone at the scanner, and to its verdict on the page? Run on purpose.

Eight benches work at once: each has an agent, a scanner and a printer on pseudo-terminals, and
a page that is open and listens. Samples are accepted at reception, one scan each one to two
seconds a bench, from the scanner's last byte to the last byte of its tone, and to the verdict in
the page's stream. Prints one JSON object on the last line; exit 1 where the 99th percentile of
either is not under 300 ms.

    python tests/benchmarks/bench_latency.py [--benches 8] [--scans 120] [--postgres]
        [--pause 1.0 2.0] [--folder DIR]

`--postgres` runs a PostgreSQL server of its own. The figures are of a quiet machine only: the load
that was on it stands beside them.
"""

import argparse
import json
import os
import random
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import httpx

from instruments.scanners import ScannerModel, Tone, is_whole, tone_of
from instruments.virtual.lines import VirtualLine
from instruments.virtual.paths import printer_link
from lims.bench.operations import open_screen, order_screen, take_bench
from lims.bench.views.screens import COOKIE
from lims.core.codes import CODE_LENGTH
from lims.core.scans import StationKind
from lims.people.operations import add_station, issue_agent_key
from tests.simulation.bench_day_laboratory import Agent, Devices, Server, browser
from tests.simulation.laboratory import Laboratory, found
from tests.simulation.own_postgres import own_database

LIMIT_MS = 300
WARMING = 10
"""So many scans of each bench are not counted: everything is opened by then."""

_LATE = 10.0


class Page(threading.Thread):
    """The open page of a bench: notes when each verdict arrives in its stream."""

    def __init__(self, client: httpx.Client, station: str) -> None:
        super().__init__(daemon=True)
        self._client, self._station = client, station
        self._arrived = threading.Condition()
        self._at: dict[str, float] = {}
        self.listens = threading.Event()

    def run(self) -> None:
        """Listen until the server ends."""
        try:
            with self._client.stream(
                "GET", f"/bench/{self._station}/events?after=0", timeout=None
            ) as stream:
                self.listens.set()
                for line in stream.iter_lines():
                    at = time.monotonic()
                    if not line.startswith("data: {") or '"subject"' not in line:
                        continue
                    told = json.loads(line.removeprefix("data: "))
                    with self._arrived:
                        self._at[str(told["subject"])] = at
                        self._arrived.notify_all()
        except httpx.HTTPError:
            return

    def verdict_at(self, code: str) -> float | None:
        """Return when the verdict on a thing arrived, waiting for it."""
        with self._arrived:
            self._arrived.wait_for(lambda: code in self._at, timeout=_LATE)
            return self._at.get(code)


class Bench(threading.Thread):
    """Somebody who scans sample after sample at one bench."""

    def __init__(
        self, line: VirtualLine, page: Page, payloads: list[str], rng: random.Random,
        pause: tuple[float, float],
    ) -> None:  # fmt: skip
        super().__init__(daemon=True)
        self._line, self._page, self._payloads = line, page, payloads
        self._rng, self._pause = rng, pause
        self.tones: list[float] = []
        self.verdicts: list[float] = []
        self.wrong: list[str] = []
        self.stored = 0

    def run(self) -> None:
        """Scan all, with a pause between two as people make it."""
        for number, payload in enumerate(self._payloads):
            time.sleep(self._rng.uniform(*self._pause))
            self._line.forget()
            began = time.monotonic()
            if not self._line.write(f"]d1{payload}\r".encode()):
                self.wrong.append("nobody listens")
                continue
            heard, at = self._hear(began)
            tone = tone_of(ScannerModel.HONEYWELL, heard)
            shown = self._page.verdict_at(payload[:CODE_LENGTH])
            if shown is None or tone is None:
                self.wrong.append(f"tone {tone}, verdict {'none' if shown is None else 'told'}")
            elif number >= WARMING:
                # A tone that says "stored" comes after 300 ms: it counts as over the limit.
                self.stored += tone is Tone.STORED
                self.tones.append(at - began)
                self.verdicts.append(shown - began)

    def _hear(self, began: float) -> tuple[bytes, float]:
        heard = b""
        while time.monotonic() - began < _LATE:
            chunk = self._line.read()
            if chunk:
                heard += chunk
                if is_whole(ScannerModel.HONEYWELL, heard):
                    break
            else:
                time.sleep(0.001)
        return heard, time.monotonic()


def open_stations(lab: Laboratory, benches: int) -> list[tuple[str, str, str]]:
    """Open so many receptions; return the code, the agent's key and the screen's cookie of each."""
    at = datetime.now(UTC)
    opened = []
    database = lab.open()
    by = lab.cast.administrator
    with database.writing() as session:
        for number in range(benches):
            station = add_station(
                session, kind=StationKind.RECEPTION, name=f"Reception {number}",
                name_ar=f"استلام {number}", line=None, by=by, at=at,
            )  # fmt: skip
            key = issue_agent_key(session, station, by=by, at=at)
            take_bench(session, station.code, by=lab.cast.technician, at=at)
            opening = order_screen(session, station.code, by=by, at=at)
            opened.append((station.code, key, open_screen(session, opening, at=at)[1]))
    database.close()
    return opened


def measure(
    lab: Laboratory, *, benches: int, scans: int, pause: tuple[float, float]
) -> dict[str, object]:
    """Let all benches work; return how long tones and verdicts took, in milliseconds."""
    folder = lab.settings.folder
    stations = open_stations(lab, benches)
    server = Server(folder)
    devices = Devices(folder, [code for code, _, _ in stations], print_seconds=0.1)
    agents: list[Agent] = []
    lines: list[VirtualLine] = []
    try:
        devices.start()
        server.start()
        devices.bench.wait_until_ready(seconds=60)
        server.wait()
        crowd: list[Bench] = []
        for number, (code, key, cookie) in enumerate(stations):
            place = folder / f"bench-{number}"
            place.mkdir()
            lines.append(VirtualLine(place / "scanner"))
            (place / "bench.key").touch(mode=0o600)
            (place / "bench.key").write_text(key + "\n", "ascii")
            (place / "bench.toml").write_text(
                f'server = "{server.address}"\nkey_file = "bench.key"\njournal = "bench.journal"\n'
                f'[[station]]\ncode = "{code}"\nscanner = "{place / "scanner"}"\n'
                f'scanner_model = "honeywell"\nprinter = "{printer_link(folder, code)}"\n'
                'printer_model = "zebra"\ndpi = 300\n',
                "utf-8",
            )
            agents.append(Agent(place / "bench.toml", place / "agent.log"))
            agents[-1].start()
            page = Page(browser(server.address, COOKIE, cookie), code)
            page.start()
            page.listens.wait(30)
            rng = random.Random(number)  # noqa: S311  # repeatable
            crowd.append(Bench(lines[-1], page, lab.samples[number::benches][:scans], rng, pause))
        while not all(line.heard for line in lines):
            time.sleep(0.1)
        time.sleep(2)
        loads = [os.getloadavg()[0]]
        for one in crowd:
            one.start()
        while any(one.is_alive() for one in crowd):
            time.sleep(5)
            loads.append(os.getloadavg()[0])
            _tell(f"{sum(len(one.tones) for one in crowd)} scans, load {loads[-1]:.1f}")
    finally:
        for running in (*agents, devices, server):
            running.end()
        for line in lines:
            line.unplug()
    return {
        "benches": benches,
        "scans": sum(len(one.tones) for one in crowd),
        "stored": sum(one.stored for one in crowd),
        "wrong": [words for one in crowd for words in one.wrong][:20],
        "tone_ms": _percentiles([took for one in crowd for took in one.tones]),
        "verdict_ms": _percentiles([took for one in crowd for took in one.verdicts]),
        "load": {"least": round(min(loads), 1), "most": round(max(loads), 1)},
        "cores": os.cpu_count(),
    }


def _percentiles(took: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(took, n=100) if len(took) > 1 else [_LATE] * 99
    return {
        "p50": round(cuts[49] * 1000, 1), "p95": round(cuts[94] * 1000, 1),
        "p99": round(cuts[98] * 1000, 1), "most": round(max(took, default=_LATE) * 1000, 1),
    }  # fmt: skip


def _tell(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def main() -> int:
    """Found a laboratory, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--benches", type=int, default=8)
    parser.add_argument(
        "--scans", type=int, default=120, help="of each bench, the first 10 uncounted"
    )
    parser.add_argument("--pause", type=float, nargs=2, default=(1.0, 2.0))
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with ExitStack() as stack:
        place = asked.folder or Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="osteon-latency-"))
        )
        url = owner = ""
        if asked.postgres:
            url, owner = stack.enter_context(own_database(place / "server"))
        folder = place / "laboratory"
        folder.mkdir(parents=True)
        lab = found(folder, samples=asked.benches * asked.scans, url=url, owner=owner)
        result = measure(
            lab, benches=asked.benches, scans=asked.scans,
            pause=(asked.pause[0], asked.pause[1]),
        )  # fmt: skip
    tone, verdict = result["tone_ms"], result["verdict_ms"]
    ok = (
        isinstance(tone, dict)
        and isinstance(verdict, dict)
        and max(tone["p99"], verdict["p99"]) < LIMIT_MS
        and not result["wrong"]
    )
    database = "postgresql" if asked.postgres else "sqlite"
    print(json.dumps({"ok": ok, "database": database, "limit_ms": LIMIT_MS} | result))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
