# SPDX-License-Identifier: Apache-2.0
"""How much slower is a scan at a bench when the laboratory is full? Run on purpose.

Builds two laboratories, one small and one full, serves both, and sends scans to each in turn: HTTP
request to durable commit, one accepted sample a scan. Prints one JSON object on the last line.

    python tests/benchmarks/bench_scan.py [--samples 1000000] [--small 10000]
        [--pairs 5 --scans 200] [--postgres] [--folder DIR]

The full laboratory has ten events a sample and takes some ten minutes and 12 GB to build;
`--folder` keeps both for the next time, but what was scanned is used up. `--postgres` runs a
PostgreSQL server of its own in that folder.
"""

import argparse
import json
import os
import statistics
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import select

from lims.bench.operations import take_bench
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.codes import CODE_LENGTH
from lims.core.settings import read_settings
from lims.people.models import Person
from lims.samples.models import Sample
from tests.benchmarks.laboratory import (
    WAITING,
    Built,
    Served,
    build,
    place_for,
    postgres_in,
    tell,
)

WARMING = 30


def sit_down(built: Built) -> list[str]:
    """Have a technician take the bench; return the payloads that still wait to be accepted."""
    database = open_database(read_settings(built.folder))
    with database.writing() as session:
        person = session.scalars(select(Person).where(Person.initials == "T-01")).one()
        take_bench(session, built.station, by=person.actor, at=now())
        accepted = set(session.scalars(
            select(Sample.code).where(
                Sample.code.in_([payload[:CODE_LENGTH] for payload in built.waiting]),
                Sample.accepted_at.is_not(None),
            )
        ))  # fmt: skip
    database.close()
    return [payload for payload in built.waiting if payload[:CODE_LENGTH] not in accepted]


def scan(served: Served, payload: str) -> float:
    """Scan one label; return how long it took, in milliseconds."""
    body = {"scan_id": os.urandom(16).hex(), "text": payload, "source": "serial"}
    started = time.perf_counter()
    answer = served.client.post(f"/api/bench/{served.built.station}/scans", json=body)
    took = (time.perf_counter() - started) * 1000
    if answer.status_code != 201 or answer.json()["verdict"] != "accepted":
        raise RuntimeError(f"not accepted: {answer.text}")
    return took


def measure(small: Served, full: Served, *, pairs: int, scans: int) -> dict[str, object]:
    """Send scans to both in turn; return medians and ratios."""
    waiting = {served: sit_down(served.built) for served in (small, full)}
    if min(map(len, waiting.values())) < WARMING + pairs * scans:
        raise SystemExit("What waits is used up: name another folder, or delete this one.")
    figures: dict[str, list[float]] = {
        name: [] for name in ("small_p50", "small_p99", "full_p50", "full_p99")
    }
    for served in (small, full):
        for _ in range(WARMING):
            scan(served, waiting[served].pop())
    for pair in range(pairs):
        took: dict[Served, list[float]] = {small: [], full: []}
        for number in range(scans):
            # A pair shares its moment: neither gets the quiet half of a minute.
            for served in (small, full) if (pair + number) % 2 else (full, small):
                took[served].append(scan(served, waiting[served].pop()))
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
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--scans", type=int, default=200)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    waiting = max(WAITING, WARMING + asked.pairs * asked.scans)
    with ExitStack() as stack:
        place = stack.enter_context(place_for(asked.folder))
        server = stack.enter_context(postgres_in(place)) if asked.postgres else None
        small = build(place / "small", samples=asked.small, waiting=waiting, server=server)
        full = build(place / "full", samples=asked.samples, waiting=waiting, server=server)
        served = []
        for built in (small, full):
            served.append(Served(built))
            stack.callback(served[-1].close)
        result = measure(*served, pairs=asked.pairs, scans=asked.scans)
    print(json.dumps(result | {
        "database": "postgresql" if asked.postgres else "sqlite", "samples": asked.samples,
        "events": full.events, "small_samples": asked.small,
    }))  # fmt: skip


if __name__ == "__main__":
    main()
