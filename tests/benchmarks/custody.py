# SPDX-License-Identifier: Apache-2.0
"""How long custody's answers take in a full laboratory, and how much longer than in a small one.

Builds two laboratories, one small and one full, serves both, and asks each in turn as a signed-in
quality officer: every page by HTTP, a different thing each time. Beside the milliseconds of the
clock it tells those of the processors (server and database), which other work on the machine does
not lengthen. Prints one JSON object on the last line; exit 1 where the median of an answer in the
full laboratory is over its limit.

    python tests/benchmarks/custody.py [--samples 1000000] [--small 10000] [--calls 50]
        [--postgres] [--folder DIR]

The full laboratory has ten events a sample. SQLite: some ten minutes on a quiet machine and 12 GB;
`--folder` keeps both for the next time. `--postgres` runs a PostgreSQL server of its own there.
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.benchmarks.filling import BEGIN
from tests.benchmarks.laboratory import (
    WAITING,
    Built,
    Served,
    build,
    place_for,
    postgres_in,
    tell,
)

WARMING = 3
QUICK, INSTANT = 100, 300
"""Limits in milliseconds."""

Address = Callable[[Built, random.Random], str]


@dataclass(frozen=True)
class Question:
    """What is asked, how its address is made, and how many milliseconds it may take."""

    name: str
    address: Address
    limit_ms: int = QUICK


def _instant(built: Built, rng: random.Random) -> str:
    """Return an instant while the laboratory was at work."""
    long = datetime.fromisoformat(built.ends) - BEGIN
    # Not the first day: there was nothing yet.
    at = BEGIN + timedelta(seconds=long.total_seconds() * rng.uniform(0.1, 0.95))
    return at.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M")


QUESTIONS = (
    Question("thing: a sample", lambda b, r: f"/samples/{r.choice(b.samples)}"),
    Question("thing: an extract", lambda b, r: f"/samples/{r.choice(b.extracts)}"),
    Question("timeline, gaps: a sample", lambda b, r: f"/custody/{r.choice(b.samples)}"),
    Question("timeline, gaps: an extract", lambda b, r: f"/custody/{r.choice(b.extracts)}"),
    Question(
        "timeline: an extract, of a person",
        lambda b, r: f"/custody/{r.choice(b.extracts)}?who=T-0{r.randint(1, 9)}",
    ),
    Question(
        "instant: a technician",
        lambda b, r: f"/custody?who=T-{r.randint(1, 12):02}&at={_instant(b, r)}", INSTANT,
    ),
    Question("instant: the coordinator", lambda b, r: f"/custody?who=C-01&at={_instant(b, r)}",
             INSTANT),
    Question("instant: a station", lambda b, r: f"/custody?place={b.station}&at={_instant(b, r)}",
             INSTANT),
    Question(
        "instant: a box", lambda b, r: f"/custody?place={r.choice(b.boxes)}&at={_instant(b, r)}",
        INSTANT,
    ),
    Question(
        "instant: a thing", lambda b, r: f"/custody?code={r.choice(b.samples)}&at={_instant(b, r)}",
        INSTANT,
    ),
    Question("where is it", lambda b, r: f"/storage/things/{r.choice(b.samples)}"),
    Question("box", lambda b, r: f"/storage/{r.choice(b.boxes)}"),
    Question("rack", lambda b, r: f"/storage/{r.choice(b.racks)}"),
    Question("storage tree", lambda b, r: "/storage"),
    Question("storage: search by name", lambda b, r: f"/storage?search=box+{r.randint(1, 99)}"),
    Question("samples, newest", lambda b, r: "/samples"),
    Question("samples of a line, newest", lambda b, r: "/samples?line=bone"),
    Question("samples: by beginning", lambda b, r: f"/samples?search={r.choice(b.samples)[:5]}"),
    Question("samples: of a state", lambda b, r: "/samples?state=accepted"),
    Question("ledger, newest", lambda b, r: "/ledger"),
    Question("ledger of a thing", lambda b, r: f"/ledger?code={r.choice(b.extracts)}"),
    Question("holds", lambda b, r: "/holds"),
    Question("counts and ages by stage", lambda b, r: "/laboratory"),
)  # fmt: skip


def measure(small: Served, full: Served, *, calls: int) -> dict[str, dict[str, float]]:
    """Ask every question of both in turn; return medians, hundredths and ratios by question."""
    figures = {}
    for question in QUESTIONS:
        rng = {served: random.Random(20260314) for served in (small, full)}  # noqa: S311  # repeatable
        took: dict[Served, list[float]] = {small: [], full: []}
        before = {served: served.spent() for served in (small, full)}
        for number in range(-WARMING, calls):
            # A pair shares its moment: neither gets the quiet half of a minute.
            for served in (small, full) if number % 2 else (full, small):
                address = question.address(served.built, rng[served])
                started = time.perf_counter()
                answer = served.client.get(address)
                spent = (time.perf_counter() - started) * 1000
                if answer.status_code != 200:
                    raise RuntimeError(f"{address}: {answer.status_code} {answer.text[:500]}")
                if number >= 0:
                    took[served].append(spent)
        said = {
            f"{which}_{name}": round(figure, 2)
            for which, served in (("small", small), ("full", full))
            for name, figure in (
                ("p50", statistics.median(took[served])),
                ("p99", statistics.quantiles(took[served], n=100, method="inclusive")[98]),
            )
        }
        for which, served in (("small", small), ("full", full)):
            cpu = (served.spent() - before[served]) * 1000 / (calls + WARMING)
            said[f"{which}_cpu"] = round(cpu, 2)
        said["ratio_p50"] = round(said["full_p50"] / said["small_p50"], 3)
        said["ratio_p99"] = round(said["full_p99"] / said["small_p99"], 3)
        figures[question.name] = said | {"limit_ms": question.limit_ms}
        tell(f"{question.name}: " + ", ".join(f"{name} {figure}" for name, figure in said.items()))
    return figures


def main() -> int:
    """Build, serve, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000)
    parser.add_argument("--small", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    with ExitStack() as stack:
        place = stack.enter_context(place_for(asked.folder))
        server = stack.enter_context(postgres_in(place)) if asked.postgres else None
        small = build(place / "small", samples=asked.small, waiting=WAITING, server=server)
        full = build(place / "full", samples=asked.samples, waiting=WAITING, server=server)
        served = []
        for built in (small, full):
            served.append(Served(built, as_quality=True))
            stack.callback(served[-1].close)
        figures = measure(*served, calls=asked.calls)
    over = [name for name, said in figures.items() if said["full_p50"] > said["limit_ms"]]
    work = [name for name, said in figures.items() if said["full_cpu"] > said["limit_ms"]]
    print(json.dumps({
        "benchmark": "custody's answers, HTTP, in ms", "database":
        "postgresql" if asked.postgres else "sqlite", "figures": figures,
        "over_the_limit": over, "over_the_limit_in_cpu_time": work,
        "load": round(os.getloadavg()[0], 1), "calls": asked.calls, "samples": asked.samples,
        "events": full.events, "small_samples": asked.small, "small_events": small.events,
    }))  # fmt: skip
    return 1 if over else 0


if __name__ == "__main__":
    raise SystemExit(main())
