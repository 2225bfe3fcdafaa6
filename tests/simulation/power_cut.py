# SPDX-License-Identifier: Apache-2.0
"""Cut the power at random: does the disk still hold all that was acknowledged?

A laboratory works on SQLite through the application; every statement is recorded. The statements
are then run again, with the settings that Osteon ships, through a file system that records writes
and syncs. From that record images of the disk after a power cut are made: what was synced is there,
each write since the last sync is there, or not, or torn at a sector. Every image is opened, checked
and asked for the commits acknowledged before the cut. Run on purpose; CI runs a tenth.

    python tests/simulation/power_cut.py [--images 1000] [--seed 1]

The same images are made with `synchronous=NORMAL` to show that losses would be seen. The last line
is one JSON object; the exit status is 1 unless it says "ok".
"""

import argparse
import json
import random
import sqlite3
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import apsw
from sqlalchemy import event

from lims.core.codes import read_payload
from lims.custody import verifier
from lims.samples.operations import accept_sample
from lims.storage.operations import put, take
from tests.cast import BEGIN
from tests.simulation.laboratory import Laboratory, found

SECTOR = 512
SAMPLES = 40


@dataclass(frozen=True)
class Change:
    """One thing that happened to a file, in order: write, truncate, sync, delete, or an answer."""

    what: str
    file: str = ""
    offset: int = 0
    content: bytes = b""


@dataclass
class Recorder:
    """What happened to the files since it began."""

    changes: list[Change] = field(default_factory=list)
    on: bool = False

    def add(self, change: Change) -> None:
        """Remember one change, once recording has begun."""
        if self.on:
            self.changes.append(change)


Statement = tuple[str, Any]
"""SQL and its values: one row of them, a list of rows, or None."""
COMMIT: Statement = ("COMMIT", None)


def record_statements(laboratory: Laboratory) -> list[Statement]:
    """Let the laboratory work and return every statement it ran, the settings' first.

    `COMMIT` stands where the application had acknowledged an act.
    """
    statements: list[Statement] = []
    database = laboratory.open()

    def trace(connection: Any, _record: object) -> None:
        connection.set_trace_callback(
            lambda sql: statements.append((sql, None)) if sql.startswith("PRAGMA") else None
        )

    def executed(
        _on: object, _cursor: object, sql: str, values: Any, _context: object, many: bool
    ) -> None:
        statements.append((sql, list(values) if many else tuple(values or ())))

    event.listen(database.engine, "connect", trace, insert=True)
    event.listen(database.engine, "after_cursor_execute", executed)
    event.listen(database.engine, "commit", lambda _on: statements.append(COMMIT))
    event.listen(database.engine, "rollback", lambda _on: statements.append(("ROLLBACK", None)))
    cast, at = laboratory.cast, BEGIN + timedelta(days=400)
    for number, payload in enumerate(laboratory.samples):
        code = read_payload(payload).code
        with database.writing() as session:
            accept_sample(session, code, by=cast.technician, at=at + timedelta(minutes=number))
        with database.writing() as session:
            put(session, code, laboratory.boxes[number % 2][:9], by=cast.technician,
                at=at + timedelta(minutes=number))  # fmt: skip
        if number % 3 == 0:
            with database.writing() as session:
                take(session, code, by=cast.technician, at=at + timedelta(minutes=number))
    database.close()
    return statements


class _RecordingFile(apsw.VFSFile):
    def __init__(self, recorder: Recorder, name: str, filename: Any, flags: list[int]) -> None:
        self._recorder, self._name = recorder, name
        super().__init__("", filename, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # SQLite's name
        super().xWrite(data, offset)
        self._recorder.add(Change("write", self._name, offset, bytes(data)))

    def xTruncate(self, newsize: int) -> None:
        super().xTruncate(newsize)
        self._recorder.add(Change("truncate", self._name, newsize))

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._recorder.add(Change("sync", self._name))


class _RecordingDisk(apsw.VFS):
    def __init__(self, recorder: Recorder, name: str) -> None:
        self._recorder = recorder
        super().__init__(name, "")

    def xOpen(self, name: Any, flags: list[int]) -> _RecordingFile:
        path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        return _RecordingFile(self._recorder, Path(path).name, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        super().xDelete(filename, syncdir)
        self._recorder.add(Change("delete", Path(filename).name))


def record_writes(
    start: Path, statements: list[Statement], folder: Path, *, full: bool
) -> Recorder:
    """Run the statements on a copy of the database `start`; return what happened to its files."""
    recorder = Recorder()
    disk = _RecordingDisk(recorder, f"recording-{id(recorder)}")
    path = folder / "lims.sqlite"
    path.write_bytes(start.read_bytes())
    connection = apsw.Connection(str(path), vfs=f"recording-{id(recorder)}")
    # Without shared memory a file system of our own needs the file for itself; what reaches the
    # disk, and when, is the same.
    connection.execute("PRAGMA locking_mode=EXCLUSIVE")
    recorder.on = True
    for sql, values in statements:
        if not full and sql.startswith("PRAGMA synchronous"):
            connection.execute("PRAGMA synchronous=NORMAL")
        elif isinstance(values, list):
            connection.executemany(sql, values)
        else:
            connection.execute(sql, values).fetchall()
        if (sql, values) == COMMIT:
            recorder.add(Change("answer"))
    recorder.on = False
    connection.close()
    del disk
    return recorder


def cut(start: bytes, changes: list[Change], rng: random.Random) -> dict[str, bytes]:
    """Return the files as a power cut after `changes` may leave them."""
    durable: dict[str, bytearray] = {"lims.sqlite": bytearray(start)}
    pending: dict[str, list[Change]] = {}
    for change in changes:
        if change.what == "sync":
            for waiting in pending.pop(change.file, []):
                _apply(durable, waiting)
        elif change.what == "delete":
            # SQLite syncs the folder after it deletes: a delete is durable.
            pending.pop(change.file, None)
            durable.pop(change.file, None)
        elif change.what != "answer":
            pending.setdefault(change.file, []).append(change)
    for waiting in (change for changes in pending.values() for change in changes):
        fate = rng.random()
        if fate < 0.4:
            continue
        if fate < 0.6 and waiting.what == "write" and len(waiting.content) > SECTOR:
            kept = rng.randrange(1, len(waiting.content) // SECTOR + 1) * SECTOR
            _apply(durable, Change("write", waiting.file, waiting.offset, waiting.content[:kept]))
            continue
        _apply(durable, waiting)
    return {name: bytes(content) for name, content in durable.items()}


def _apply(files: dict[str, bytearray], change: Change) -> None:
    content = files.setdefault(change.file, bytearray())
    if change.what == "truncate":
        del content[change.offset :]
        return
    if len(content) < change.offset:
        content.extend(bytes(change.offset - len(content)))
    content[change.offset : change.offset + len(change.content)] = change.content


def examine(files: dict[str, bytes], folder: Path) -> int | None:
    """Open an image and return how many events it holds in an unbroken chain; None if malformed."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    connection = sqlite3.connect(folder / "lims.sqlite")
    try:
        if connection.execute("PRAGMA quick_check").fetchone() != ("ok",):
            return None
        size, frontier = connection.execute("SELECT size, frontier FROM ledger_head").fetchone()
        tree = verifier.Frontier()
        for (body,) in connection.execute(
            "SELECT body FROM ledger_event e JOIN ledger_leaf l ON l.event_id = e.event_id"
            " ORDER BY l.idx"
        ):
            tree.append(verifier.leaf_hash(body))
        same = (size, frontier) == (tree.size, b"".join(tree.peaks))
        return tree.size if same else None
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()


def simulate(place: Path, *, images: int, seed: int) -> dict[str, object]:
    """Record, cut, examine; return how many images lost an answer or were malformed."""
    rng = random.Random(seed)  # noqa: S311  # repeatable
    laboratory = found(place / "laboratory", samples=SAMPLES)
    path = laboratory.settings.folder / "lims.sqlite"
    database = laboratory.open()
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    start = path.read_bytes()
    began = place / "began.sqlite"
    began.write_bytes(start)
    statements = record_statements(laboratory)
    acknowledged = _events_after_each_commit(began, statements, place)
    result: dict[str, object] = {"images": images, "seed": seed, "commits": len(acknowledged)}
    for name, full in (("shipped", True), ("normal", False)):
        folder = place / name
        folder.mkdir()
        changes = record_writes(began, statements, folder, full=full).changes
        lost = malformed = 0
        for number in range(images):
            until = rng.randrange(1, len(changes) + 1)
            answers = sum(change.what == "answer" for change in changes[:until])
            held = examine(cut(start, changes[:until], rng), place / "image")
            if held is None:
                malformed += 1
            elif answers and held < acknowledged[answers - 1]:
                lost += 1
            if (number + 1) % 100 == 0:
                print(f"{name}: {number + 1} of {images} images", file=sys.stderr, flush=True)
        result |= {f"{name}_lost": lost, f"{name}_malformed": malformed}
    return result


def _events_after_each_commit(began: Path, statements: list[Statement], place: Path) -> list[int]:
    """Return the size of the ledger after each acknowledged commit, from a plain run."""
    path = place / "plain.sqlite"
    path.write_bytes(began.read_bytes())
    connection = sqlite3.connect(path, isolation_level=None)
    sizes: list[int] = []
    for sql, values in statements:
        if isinstance(values, list):
            connection.executemany(sql, values)
        else:
            connection.execute(sql, values or ()).fetchall()
        if (sql, values) == COMMIT:
            sizes.append(connection.execute("SELECT size FROM ledger_head").fetchone()[0])
    connection.close()
    return sizes


def passed(result: dict[str, object]) -> bool:
    """Return whether the shipped settings lost nothing, and whether the other would have shown."""
    return (
        result["shipped_lost"] == 0
        and result["shipped_malformed"] == 0
        and result["normal_lost"] != 0
    )


def main() -> int:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osteon-cut-") as place:
        result = simulate(Path(place), images=asked.images, seed=asked.seed)
    ok = passed(result)
    print(json.dumps({"ok": ok} | result))
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
