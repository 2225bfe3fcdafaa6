# SPDX-License-Identifier: Apache-2.0
"""How much slower is a scan at a bench when the laboratory is full? Run on purpose.

Builds two laboratories, one small and one full, serves both, and sends scans to each in turn: HTTP
request to durable commit, one accepted sample a scan. Prints one JSON object on the last line.

    python tests/benchmarks/bench_scan.py [--samples 1000000 --events 10000000 --small 10000]
        [--pairs 5 --scans 200] [--folder DIR] [--database URL]

The full laboratory of a million samples and ten million events takes some ten minutes and 12 GB to
build; `--folder` keeps both for the next time. `--database` names an empty PostgreSQL server's
database as its owner (the two laboratories become schemas of databases made beside it).
"""

import argparse
import json
import os
import random
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import httpx

from lims.bench.operations import take_bench
from lims.core.actors import Actor, Role
from lims.core.code_keys import open_database
from lims.core.codes import ALPHABET, Kind, draw_code
from lims.core.scans import StationKind
from lims.core.settings import Settings, write_settings
from lims.custody import verifier
from lims.custody.operations import start_ledger
from lims.migrations import newest, upgrade
from lims.people.operations import (
    add_person,
    add_station,
    authorise,
    issue_agent_key,
    record_elimination,
)
from lims.people.rules import Activity

ORIGIN = "osteon.example/benchmark"
EVENTS_OF_A_SAMPLE = 10
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
CHUNK = 50_000


@dataclass(frozen=True)
class Built:
    """A laboratory to measure: where it is, its station, the agent's key, payloads to scan."""

    folder: Path
    station: str
    key: str
    payloads: list[str]


def tell(words: str) -> None:
    """Say how far it is."""
    print(words, file=sys.stderr, flush=True)


def build(folder: Path, *, samples: int, events: int, scannable: int) -> Built:
    """Build a laboratory with so many samples and events, or take the one that is there."""
    kept = folder / "built.json"
    if kept.exists():
        stored = json.loads(kept.read_text())
    if kept.exists() and stored["schema"] == newest():
        return Built(folder, stored["station"], stored["key"], stored["payloads"])
    shutil.rmtree(folder, ignore_errors=True)
    settings = Settings(folder=folder, origin=ORIGIN, free_disk_mb=0)
    write_settings(settings)
    database = open_database(settings)
    upgrade(database.engine)
    console = Actor("console:benchmark")
    at = datetime.now(UTC)
    with database.writing() as session:
        start_ledger(session, origin=ORIGIN)
        person = add_person(
            session, login="bench", name="Bench", initials="T-01", role=Role.TECHNICIAN,
            by=console, at=at,
        )  # fmt: skip
        record_elimination(session, person, since=date(2025, 1, 1), by=console, at=at)
        for activity in Activity:
            authorise(
                session, person, activity=activity, valid_from=date(2025, 1, 1),
                valid_until=date(2099, 1, 1), by=console, at=at,
            )  # fmt: skip
        station = add_station(
            session, kind=StationKind.RECEPTION, name="Bench", name_ar="طاولة", line=None,
            by=console, at=at,
        )  # fmt: skip
        key = issue_agent_key(session, station, by=console, at=at)
    with database.writing() as session:
        take_bench(session, station.code, by=person.actor, at=at)
    database.close()
    payloads = _fill(folder / "lims.sqlite", samples, events, scannable, station.code)
    kept.write_text(
        json.dumps({"schema": newest(), "station": station.code, "key": key, "payloads": payloads})
    )
    return Built(folder, station.code, key, payloads)


def _fill(path: Path, samples: int, events: int, scannable: int, station: str) -> list[str]:
    rng = random.Random(20260314)  # noqa: S311  # repeatable
    started = time.monotonic()
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-4000000",
                   "journal_mode=WAL", "temp_store=MEMORY"):  # fmt: skip
        connection.execute(f"PRAGMA {pragma}")
    connection.execute("BEGIN")
    codes: list[str] = []
    known: set[str] = set()
    while len(codes) < samples:
        code = draw_code(Kind.BONE)
        if code not in known:
            known.add(code)
            codes.append(code)
    del known
    payloads = [code + rng.choice(ALPHABET) + rng.choice(ALPHABET) for code in codes]
    first_open = samples - scannable
    for start in range(0, samples, CHUNK):
        part = range(start, min(start + CHUNK, samples))
        stamps = {i: _stamp(BEGIN + timedelta(seconds=20 * i)) for i in part}
        connection.executemany(
            "INSERT INTO subject (code, kind, state, created_at) VALUES (?, 'B', ?, ?)",
            [(codes[i], "coded" if i >= first_open else "profiled", stamps[i]) for i in part],
        )
        connection.executemany(
            "INSERT INTO sample (code, line, material, element, side, mass_ug, expected_sex,"
            " site_group, burial_condition, registered_at, registered_by) VALUES"
            " (?, 'bone', 'bone', 'femur', 'left', 5000000, '?', '', '', ?, 'u:other')",
            [(codes[i], stamps[i]) for i in part],
        )
        connection.executemany(
            "INSERT INTO label_instance (payload, code, layout, lines, station_code, state, fence,"
            " sha256, reason, fault, queued_at, queued_by, changed_at) VALUES"
            " (?, ?, 'tube', '{}', ?, 'active', 1, '', '', '', ?, 'u:other', ?)",
            [(payloads[i], codes[i], station, stamps[i], stamps[i]) for i in part],
        )
        connection.executemany(
            "INSERT INTO scan_record (scan_id, station_code, kind, source, text, raw, symbology,"
            " device, reason, received_at, verdict, say, labels) VALUES (?, ?, 'scan', 'serial',"
            " ?, '', ']d1', '/dev/x', '', ?, 'accepted', '{}', '[]')",
            [(f"old-scan-of-the-past-{i}", station, payloads[i], stamps[i]) for i in part],
        )
        tell(f"{path.parent.name}: {part.stop} of {samples} samples")
    size, frontier = connection.execute("SELECT size, frontier FROM ledger_head").fetchone()
    tree = verifier.Frontier(
        size, (frontier[start : start + 32] for start in range(0, len(frontier), 32))
    )
    rows: list[tuple[object, ...]] = []
    leaves: list[tuple[object, ...]] = []
    nodes: list[tuple[object, ...]] = []

    def flush() -> None:
        connection.executemany(
            "INSERT INTO ledger_event (event_id, stream, sseq, body, leaf, idem)"
            " VALUES (?, ?, ?, ?, ?, ?)", rows,
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO ledger_leaf (idx, event_id, leaf) VALUES (?, ?, ?)", leaves
        )
        connection.executemany("INSERT INTO ledger_node (level, idx, h) VALUES (?, ?, ?)", nodes)
        rows.clear()
        leaves.clear()
        nodes.clear()

    for number, (code, seq, previous_of) in enumerate(_events(codes, events)):
        event_id = f"01940000-0000-7000-8000-{number:012x}"
        idem = f"built-{number}"
        recorded = (BEGIN + timedelta(seconds=2 * number)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        body = (
            f'{{"actor":"u:other","cause":"","data":{{"state":"built"}},"device":"{station}",'
            f'"id":"{event_id}","idem":"{idem}","log":"{ORIGIN}","occurred":"{recorded}",'
            f'"prev":"{previous_of.hex() if seq else ""}","recorded":"{recorded}","seq":{seq},'
            f'"stream":"{code}","type":"subject:note:added","v":1}}'
        ).encode()
        leaf = verifier.leaf_hash(body)
        _LAST[code] = leaf
        rows.append((event_id, code, seq, body, leaf, idem))
        leaves.append((tree.size, event_id, leaf))
        nodes += [(level, index, node) for level, index, node in tree.append(leaf)]
        if len(rows) >= CHUNK:
            flush()
            if number % (CHUNK * 10) < CHUNK:
                tell(f"{path.parent.name}: {number} of {events} events, "
                     f"{time.monotonic() - started:.0f} s")  # fmt: skip
    flush()
    _LAST.clear()
    connection.execute(
        "UPDATE ledger_head SET size = ?, frontier = ?", (tree.size, b"".join(tree.peaks))
    )
    connection.execute("COMMIT")
    connection.execute("ANALYZE")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return payloads[first_open:]


_LAST: dict[str, bytes] = {}


def _events(codes: list[str], events: int) -> Iterator[tuple[str, int, bytes]]:
    """Yield stream, number and the hash before, round after round through the samples."""
    made = 0
    for seq in range(-(-events // len(codes))):
        for code in codes:
            if made == events:
                return
            yield code, seq, _LAST.get(code, b"")
            made += 1


def _stamp(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S.%f")


class Served:
    """A laboratory's server, as people run it."""

    def __init__(self, built: Built) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.built = built
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lims", "serve", "--folder", str(built.folder), "--port",
             str(port), "--without-worker"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            headers={"Authorization": f"Bearer {built.key}"},
            timeout=30,
        )
        for _ in range(200):
            try:
                self.client.get("/healthz")
                return
            except httpx.TransportError:
                time.sleep(0.1)
        raise RuntimeError("the server did not start")

    def scan(self, payload: str) -> float:
        """Scan one label; return how long it took, in milliseconds."""
        body = {"scan_id": os.urandom(16).hex(), "text": payload, "source": "serial"}
        started = time.perf_counter()
        answer = self.client.post(f"/api/bench/{self.built.station}/scans", json=body)
        took = (time.perf_counter() - started) * 1000
        if answer.status_code != 201 or answer.json()["verdict"] != "accepted":
            raise RuntimeError(f"not accepted: {answer.text}")
        return took

    def close(self) -> None:
        """End the server."""
        self.client.close()
        self._process.terminate()
        self._process.wait(20)


def measure(small: Served, full: Served, *, pairs: int, scans: int) -> dict[str, object]:
    """Send scans to both in turn; return medians and ratios."""
    waiting = {small: list(small.built.payloads), full: list(full.built.payloads)}
    figures: dict[str, list[float]] = {
        name: [] for name in ("small_p50", "small_p99", "full_p50", "full_p99")
    }
    for served in (small, full):
        for _ in range(30):
            served.scan(waiting[served].pop())
    for pair in range(pairs):
        took: dict[Served, list[float]] = {small: [], full: []}
        for number in range(scans):
            # A pair shares its moment: neither gets the quiet half of a minute.
            for served in (small, full) if (pair + number) % 2 else (full, small):
                took[served].append(served.scan(waiting[served].pop()))
        for name, served in (("small", small), ("full", full)):
            figures[f"{name}_p50"].append(statistics.median(took[served]))
            figures[f"{name}_p99"].append(statistics.quantiles(took[served], n=100)[98])
        tell(f"pair {pair + 1}: " + ", ".join(f"{k} {v[-1]:.1f} ms" for k, v in figures.items()))
    ratios = {
        which: [
            full / small
            for full, small in zip(figures[f"full_{which}"], figures[f"small_{which}"], strict=True)
        ]
        for which in ("p50", "p99")
    }
    return {
        "benchmark": "a scan at a bench, HTTP to durable commit",
        **{name: round(statistics.median(values), 2) for name, values in figures.items()},
        "ratio_p50": round(statistics.median(ratios["p50"]), 3),
        "ratio_p99": round(statistics.median(ratios["p99"]), 3),
        "ratios_p50": [round(ratio, 3) for ratio in ratios["p50"]],
        "ratios_p99": [round(ratio, 3) for ratio in ratios["p99"]],
        "pairs": pairs,
        "scans": scans,
    }


def main() -> None:
    """Build, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--scans", type=int, default=200)
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    scannable = 30 + asked.pairs * asked.scans
    place = asked.folder or Path(tempfile.mkdtemp(prefix="osteon-bench-"))
    try:
        small = build(
            place / "small", samples=asked.small, events=asked.small * EVENTS_OF_A_SAMPLE,
            scannable=scannable,
        )  # fmt: skip
        full = build(
            place / "full", samples=asked.samples, events=asked.events, scannable=scannable
        )
        served = Served(small), Served(full)
        try:
            result = measure(*served, pairs=asked.pairs, scans=asked.scans)
        finally:
            for one in served:
                one.close()
    finally:
        if asked.folder is None:
            shutil.rmtree(place, ignore_errors=True)
    print(json.dumps(result | {"samples": asked.samples, "events": asked.events,
                               "small_samples": asked.small}))  # fmt: skip


if __name__ == "__main__":
    main()
