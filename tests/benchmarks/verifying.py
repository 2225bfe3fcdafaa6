# SPDX-License-Identifier: Apache-2.0
"""How many events a second are verified: in the database, and by the one file? Run on purpose.

Builds a laboratory with ten events a sample, signed every hundred events and each day with a key of
its own, and verifies it: every event in the database (two processes), what is new in the database,
and the export by `verifier.py`, once with all checkpoints and once with the last. Prints one JSON
object on the last line; CPU seconds are told beside the seconds of the clock, as other work on the
machine does not lengthen them.

    python -m tests.benchmarks.verifying [--samples 20000] [--every 100] [--rounds 3]
        [--postgres] [--folder DIR]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert, select

from lims.core.actors import Actor
from lims.core.clock import now, utc_text
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import Settings, read_settings
from lims.custody import verifier
from lims.custody.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf
from lims.custody.operations import append, checkpoint, daily_signer, publish
from lims.custody.operations.keys import certify_days, long_term_signer
from lims.custody.operations.verifying import verify_ledger
from lims.custody.queries import export_lines, head
from lims.custody.rules import Tag
from tests.benchmarks.laboratory import WAITING, build, place_for, postgres_in, tell

A_DAY = 96
"""Checkpoints of one day: one in a quarter of an hour."""

NEW = 100
"""Events that are new to the incremental check."""


def sign(database: Database, settings: Settings, every: int) -> None:
    """Sign the ledger as if a checkpoint had been made after every so many events."""
    keys = settings.keys
    today = now().date()

    def signing(number: int) -> tuple[datetime, verifier.PublicKey, Callable[[bytes], bytes]]:
        day = today + timedelta(days=number // A_DAY)
        at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(
            minutes=15 * (number % A_DAY)
        )
        signer = daily_signer(keys, origin=settings.origin, at=at, passphrase=settings.passphrase)
        return at, signer.key, signer.sign

    with database.writing() as session:
        size = head(session).size
        certify_days(
            keys, settings.checkpoints,
            long_term_signer(keys, origin=settings.origin, passphrase=settings.passphrase),
            first=today, days=size // every // A_DAY + 2, passphrase=settings.passphrase,
        )  # fmt: skip
        last_at = signing(size // every + 1)[0]
        last = daily_signer(keys, origin=settings.origin, at=last_at,
                            passphrase=settings.passphrase)  # fmt: skip
        checkpoint(session, last, at=last_at)
        tree, heads, made = verifier.Frontier(), verifier.Heads(), []
        rows = session.execute(
            select(LedgerEvent.stream, LedgerEvent.sseq, LedgerEvent.leaf)
            .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
            .order_by(LedgerLeaf.idx)
            .execution_options(yield_per=2_000)
        )
        for stream, sseq, leaf in rows:
            tree.append(leaf)
            heads.put(stream, sseq + 1, leaf)
            if tree.size % every == 0 and tree.size < size:
                at, key, signer = signing(tree.size // every)
                mark = verifier.Checkpoint(
                    settings.origin, tree.size, tree.root(), utc_text(at), heads.root(), len(heads)
                )
                note = verifier.sign_note(mark.text(), key, signer)
                made.append({"size": tree.size, "note": note.written(), "at": at})
        session.execute(insert(LedgerCheckpoint), made)
    with database.reading() as session:
        publish(session, settings.checkpoints)


def timed(what: Callable[[], object]) -> tuple[float, float, float]:
    """Return how many seconds something takes: of the clock, of CPU, of the busier process."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)

    def spent() -> list[float]:
        return [use.ru_utime + use.ru_stime for use in map(resource.getrusage, both)]

    before, began = spent(), time.perf_counter()
    what()
    clock = time.perf_counter() - began
    each = [after - first for after, first in zip(spent(), before, strict=True)]
    return clock, sum(each), max(each)


def by_the_file(export: Path, checkpoints: Path, key: Path) -> None:
    """Verify an export with the one file, as a stranger would."""
    subprocess.run(
        [sys.executable, "-I", verifier.__file__, export, "--checkpoints", checkpoints, "--key",
         key, "--json"],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip


def in_the_database(database: Database, settings: Settings, *, whole: bool) -> None:
    """Verify the ledger in the database; it must be sound."""
    with database.reading() as session:
        report = verify_ledger(session, settings, at=now(), whole=whole)
    if report.verdict != "sound" or report.coverage.whole != whole:
        raise RuntimeError(f"not sound, or not what was asked: {report}")


def grow(database: Database, settings: Settings) -> None:
    """Add some events, and sign them."""
    with database.reading() as session:
        at = session.scalars(select(LedgerCheckpoint.at).order_by(LedgerCheckpoint.size.desc()))
        newest = at.first()
    assert newest is not None  # it was signed
    later = newest + timedelta(seconds=1)
    with database.writing() as session:
        for _ in range(NEW):
            append(session, Tag.LEDGER_EXPORT_MADE, stream="ledger", by=Actor("console:benchmark"),
                   at=now(), content={})  # fmt: skip
    with database.writing() as session:
        signer = daily_signer(settings.keys, origin=settings.origin, at=later,
                              passphrase=settings.passphrase)  # fmt: skip
        checkpoint(session, signer, at=later)
    with database.reading() as session:
        publish(session, settings.checkpoints)


def main() -> int:
    """Build, sign, verify, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--every", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--folder", type=Path)
    asked = parser.parse_args()
    said: dict[str, object] = {}
    with ExitStack() as stack:
        place = stack.enter_context(place_for(asked.folder))
        server = stack.enter_context(postgres_in(place)) if asked.postgres else None
        built = build(place / "verified", samples=asked.samples, waiting=WAITING, server=server)
        settings = read_settings(built.folder)
        database = open_database(settings)
        stack.callback(database.close)
        if not any(settings.checkpoints.glob("*.checkpoint")):
            tell("signs")
            sign(database, settings, asked.every)
        export, few = place / "export.ndjson", place / "few"
        with database.reading() as session, export.open("wb") as out:
            size = head(session).size
            out.writelines(export_lines(session))
        few.mkdir(exist_ok=True)
        newest = max(settings.checkpoints.glob("*.checkpoint"))
        for path in (newest, *settings.checkpoints.glob("*.certificate")):
            (few / path.name).write_bytes(path.read_bytes())
        ways: dict[str, Callable[[], None]] = {
            "database": lambda: in_the_database(database, settings, whole=True),
            "one_file": lambda: by_the_file(export, settings.checkpoints, settings.public_key),
            "one_file_last_checkpoint": lambda: by_the_file(export, few, settings.public_key),
        }
        for name, way in ways.items():
            took = [timed(way) for _ in range(asked.rounds)]
            clock, cpu, busier = (min(column) for column in zip(*took, strict=True))
            said[f"{name}_a_second"] = round(size / clock)
            said[f"{name}_a_cpu_second"] = round(size / cpu)
            if name == "database":  # what two idle cores would do
                said["database_a_second_of_the_busier_process"] = round(size / busier)
            tell(f"{name}: {size / clock:,.0f} events a second, {size / cpu:,.0f} a CPU second")
        took = []
        for _ in range(asked.rounds):
            grow(database, settings)
            took.append(timed(lambda: in_the_database(database, settings, whole=False)))
        said["incremental_seconds"] = round(min(clock for clock, _, _ in took), 3)
        said["incremental_cpu_seconds"] = round(min(cpu for _, cpu, _ in took), 3)
    print(json.dumps({
        "benchmark": "verifying the ledger", "database":
        "postgresql" if asked.postgres else "sqlite", "events": size, "every": asked.every,
        "load": round(os.getloadavg()[0], 1), "cores": os.cpu_count(), **said,
    }))  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
