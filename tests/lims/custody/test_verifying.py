# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: S608
"""The ledger is verified from where it was verified before, and no attack hides in what is not."""

import multiprocessing
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody import operations, queries, verifier
from lims.custody.models import APPEND_ONLY
from lims.custody.operations.verifying import remembered, verify_ledger
from lims.custody.queries import halves, verification
from lims.custody.queries.since import NotAsVerified, recent_notes, verify_since

STREAMS = 8


@pytest.fixture
def lab(empty_url: str, tmp_path: Path, keys: Any) -> Settings:
    """A laboratory's settings over the empty database and the keys of these tests."""
    folder = tmp_path
    operations.write_public_key(folder / "ledger.pub", keys.public)
    return Settings(folder=folder, origin=keys.public.name, url=empty_url)


class Ledger:
    """A ledger in a database that grows, is signed, verified, and tampered with."""

    def __init__(self, database: Database, lab: Settings, acts: Any, keys: Any) -> None:
        self.database, self.lab, self.acts, self.keys = database, lab, acts, keys
        self.at: datetime = acts.at
        self.codes = [draw_code(Kind.BONE) for _ in range(STREAMS)]
        with database.writing() as session:
            for code in self.codes:
                acts.coded(session, code)

    def grow(self, count: int, *, sign: bool = True) -> None:
        with self.database.writing() as session:
            for number in range(count):
                self.acts.note(session, self.codes[number % STREAMS], number=number)
        if sign:
            self.at += timedelta(minutes=1)
            with self.database.writing() as session:
                operations.checkpoint(session, self.keys.signer(self.at), at=self.at)
            with self.database.reading() as session:
                operations.publish(session, self.lab.checkpoints)

    def verify(self, **more: Any) -> queries.DatabaseReport:
        with self.database.reading() as session:
            return verify_ledger(session, self.lab, at=self.at, **more)

    @contextmanager
    def tampered(self, *statements: str, **values: Any) -> Iterator[Session]:
        """Let a session see what somebody did with the database's file, or its owner's password.

        All is taken back afterwards.
        """
        url = make_url(self.lab.url)
        sqlite = url.get_backend_name() == "sqlite"
        engine = create_engine(url if sqlite else url.set(username="postgres"))
        kept = self.lab.verified.read_bytes() if self.lab.verified.exists() else b""
        with engine.connect() as connection:
            if sqlite:
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql("BEGIN")
                found = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
                triggers = {row.name: row.sql for row in connection.execute(found)}
                for name in triggers:
                    connection.exec_driver_sql(f"DROP TRIGGER {name}")
            else:
                triggers = {}
                connection.execute(text("SET session_replication_role = replica"))
            for statement in statements:
                used = {name: held for name, held in values.items() if f":{name}" in statement}
                connection.execute(text(statement), used)
            for sql in triggers.values():
                connection.exec_driver_sql(sql)
            with Session(connection, join_transaction_mode="create_savepoint") as session:
                yield session
            if sqlite:
                connection.exec_driver_sql("ROLLBACK")
            else:
                connection.rollback()
        engine.dispose()
        if kept:
            self.lab.verified.write_bytes(kept)

    def check(self, session: Session) -> queries.DatabaseReport:
        return verify_ledger(session, self.lab, at=self.at)

    def ids(self, since: int) -> list[str]:
        with self.database.reading() as session:
            found = text("SELECT event_id FROM ledger_leaf WHERE idx >= :since")
            return list(session.scalars(found, {"since": since}))


@pytest.fixture
def ledger(empty_database: Database, lab: Settings, acts: Any, keys: Any) -> Ledger:
    made = Ledger(empty_database, lab, acts, keys)
    made.grow(60)
    return made


def test_only_what_is_new_is_read_and_some_of_the_rest(ledger: Ledger) -> None:
    first = ledger.verify()
    assert (first.verdict, first.coverage.whole, first.report.signed) == ("sound", True, 68)
    ledger.grow(30)
    second = ledger.verify()
    assert (second.verdict, second.problems, second.coverage.begun) == ("sound", [], 68)
    assert (second.coverage.sampled, second.coverage.whole_size) == (68, 68)
    ledger.grow(5, sign=False)
    third = ledger.verify()
    assert (third.verdict, third.coverage.begun, third.report.unsigned) == ("unsigned", 98, 5)
    assert third.coverage.whole_at == second.coverage.whole_at != ""
    assert third.report.root == first.as_json()["root"] or third.report.size == 103
    whole = ledger.verify(whole=True)
    assert (whole.verdict, whole.coverage.begun, whole.coverage.whole_size) == ("unsigned", 0, 103)
    again = ledger.verify()
    assert (again.coverage.begun, again.coverage.whole_size) == (98, 103)


def test_what_is_remembered_is_believed_only_under_a_right_signature(ledger: Ledger) -> None:
    ledger.verify()
    kept = ledger.lab.verified
    note = kept.read_text("utf-8")
    forged = note.replace("\n68\n", "\n60\n", 1)
    for wrong in (forged, note[:-8] + "AAAAAAA\n", "", "nonsense", note.replace("verified", "v")):
        kept.write_text(wrong, "utf-8")
        assert remembered(ledger.lab, ledger.keys.public) is None
        assert ledger.verify().coverage.whole
    assert kept.read_text("utf-8") != ""
    assert kept.stat().st_mode & 0o077 == 0
    shutil.rmtree(ledger.lab.keys)
    kept.unlink()
    report = ledger.verify()
    assert (report.verdict, report.coverage.remembered, kept.exists()) == ("sound", False, False)


EVENT = "event_id = (SELECT event_id FROM ledger_leaf WHERE idx = :i)"
FLIP = (
    f"UPDATE ledger_event SET body = :body WHERE {EVENT}",
    f"UPDATE ledger_event SET leaf = :leaf WHERE {EVENT}",
    "UPDATE ledger_leaf SET leaf = :leaf WHERE idx = :i",
)


def _flipped(ledger: Ledger, index: int) -> dict[str, Any]:
    with ledger.database.reading() as session:
        body = next(iter(queries.export_lines(session, start=index)))[:-1]
    changed = body.replace(b'"u:7c1e"', b'"u:7c1f"')
    assert changed != body
    return {"i": index, "body": changed, "leaf": verifier.leaf_hash(changed)}


def test_an_event_changed_before_or_after_what_was_verified_is_named(ledger: Ledger) -> None:
    """Its bytes alone, with its own hash, and with the hash in the log."""
    ledger.verify()
    ledger.grow(20)
    for index in (20, 70):
        values = _flipped(ledger, index)
        for deep in (1, 2, 3):
            with ledger.tampered(*FLIP[:deep], **values) as session:
                report = ledger.check(session)
                assert not ledger.lab.verified.exists()
            assert (report.verdict, report.coverage.whole) == ("broken", True)
            named = {finding.index for finding in report.report.findings}
            assert index in named or any(f"event {index} " in one for one in report.problems)
    assert ledger.verify().verdict == "sound"


OF_STREAM = f"stream = (SELECT stream FROM ledger_event WHERE {EVENT})"
BESIDE = (
    f"DELETE FROM ledger_event WHERE {EVENT}",
    "DELETE FROM ledger_leaf WHERE idx = :i",
    "UPDATE ledger_node SET h = :leaf WHERE level = 1 AND idx = :i / 2",
    "DELETE FROM ledger_node WHERE level = 1 AND idx = :i / 2",
    f"UPDATE ledger_event SET idem = 'other' WHERE {EVENT}",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET frontier = :leaf",
    "UPDATE ledger_stream_node SET h = :leaf WHERE level = 16",
    f"UPDATE ledger_stream SET entry = :long WHERE {OF_STREAM}",
    f"DELETE FROM ledger_stream WHERE {OF_STREAM}",
    "DELETE FROM ledger_checkpoint WHERE size > 80",
)


def test_whatever_is_changed_beside_the_events_is_found_without_reading_all(
    ledger: Ledger,
) -> None:
    ledger.verify()
    ledger.grow(20)
    known = remembered(ledger.lab, ledger.keys.public)
    assert known is not None
    notes = recent_notes(ledger.lab.checkpoints, since=known.mark.size)
    for statement in ("SELECT 1", *BESIDE):
        with ledger.tampered(statement, i=87, leaf=bytes(32), long=bytes(64)) as session:
            report = verify_since(
                session, ledger.keys.public, notes, known.mark, whole=verification.Coverage()
            )
        found = [*report.problems, *map(str, report.report.findings)]
        assert bool(found) == (statement != "SELECT 1"), statement
    for statement in (
        "UPDATE ledger_node SET h = :leaf WHERE level = 6",
        "DELETE FROM ledger_leaf WHERE idx = 67",
    ):
        with (
            ledger.tampered(statement, leaf=bytes(32)) as session,
            pytest.raises(NotAsVerified),
        ):
            verify_since(
                session, ledger.keys.public, notes, known.mark, whole=verification.Coverage()
            )


def test_the_whole_log_chained_anew_is_found_though_all_tables_agree(
    ledger: Ledger, empty_database: Database
) -> None:
    """As the owner of the database can do who lacks the keys of past days."""
    ledger.verify()
    with ledger.database.reading() as session:
        lines = list(queries.export_lines(session))
    values = _flipped(ledger, 30)
    lines[30] = values["body"] + b"\n"
    tree = verifier.Frontier()
    statements = ["DELETE FROM ledger_node"]
    for line in lines:
        leaf = verifier.leaf_hash(line[:-1])
        statements += [
            f"INSERT INTO ledger_node (level, idx, h) VALUES ({level}, {index},"
            + (f" x'{node.hex()}')" if ledger.database.is_sqlite else f" '\\x{node.hex()}')")
            for level, index, node in tree.append(leaf)
        ]
    statements.append("UPDATE ledger_head SET frontier = :peaks")
    peaks = b"".join(tree.peaks)
    with ledger.tampered(*FLIP, *statements, peaks=peaks, **values) as session:
        report = ledger.check(session)
    assert report.verdict == "broken"
    assert "root" in {finding.reason for finding in report.report.findings}


def test_a_cut_tail_and_a_state_from_before_it_are_found(ledger: Ledger) -> None:
    ledger.grow(20)
    ledger.verify()
    quoted = ", ".join(f"'{one}'" for one in ledger.ids(80))
    with ledger.tampered(
        f"DELETE FROM ledger_leaf WHERE event_id IN ({quoted})",
        f"DELETE FROM ledger_event WHERE event_id IN ({quoted})",
        "DELETE FROM ledger_checkpoint WHERE size > 80",
    ) as session:
        report = ledger.check(session)
    assert report.verdict == "broken"
    assert "cut" in {finding.reason for finding in report.report.findings}


def test_an_interrupted_check_goes_on_where_it_stood(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "SAVE", 10)
    monkeypatch.setattr(verification, "TELL", 100)
    ledger.grow(20)
    ledger.grow(20)

    def stop(done: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ledger.verify(progress=stop)
    known = remembered(ledger.lab, ledger.keys.public)
    assert known is not None
    assert (known.mark.size, bool(known.begun), known.whole_at) == (88, True, "")
    seen: list[int] = []
    report = ledger.verify(progress=seen.append)
    assert (report.verdict, report.coverage.whole, seen) == ("sound", True, [100])
    finished = remembered(ledger.lab, ledger.keys.public)
    assert finished is not None
    assert (finished.mark.size, finished.begun, finished.whole_size) == (108, "", 108)
    # What was read before the interruption is not trusted blindly either.
    with pytest.raises(KeyboardInterrupt):
        ledger.verify(whole=True, progress=stop)
    with ledger.tampered(*FLIP, **_flipped(ledger, 30)) as session:
        assert ledger.check(session).verdict == "broken"


def test_a_missing_trigger_is_a_problem_each_time(ledger: Ledger) -> None:
    ledger.verify()
    table = next(iter(APPEND_ONLY))
    if not ledger.database.is_sqlite:
        pytest.skip("on PostgreSQL the owner disables it; the role of the tests is no owner")
    with ledger.database.engine.begin() as connection:
        found = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table"
        name = connection.execute(text(found), {"table": table}).scalars().first()
        connection.execute(text(f"DROP TRIGGER {name}"))
    report = ledger.verify()
    assert (report.verdict, report.problems) == (
        "broken", [f"the trigger {name} is missing or switched off"]
    )  # fmt: skip


class InAThread:
    """Stands for the second process, as a thread: quick to begin, and the test sees in."""

    Pipe = staticmethod(multiprocessing.Pipe)

    class Process(threading.Thread):
        def __init__(self, target: Any, args: Any, daemon: bool) -> None:
            task, told = args
            own = Connection(os.dup(told.fileno()), readable=False)  # as a process has its own
            super().__init__(target=halves.read_part, args=(task, own), daemon=daemon)

        def kill(self) -> None:
            """Threads end by themselves."""


def test_two_processes_find_of_the_whole_what_one_finds(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(halves, "WORTH", 10)
    monkeypatch.setattr(halves.os, "cpu_count", lambda: 2)
    ledger.grow(40)

    def by_two() -> queries.DatabaseReport | None:
        with ledger.database.reading() as session:
            notes = verifier.read_notes(ledger.lab.checkpoints)
            return halves.verify_by_two(session, ledger.keys.public, notes)

    with ledger.database.reading() as session:
        notes = verifier.read_notes(ledger.lab.checkpoints)
        whole = queries.verify_database(session, ledger.keys.public, notes)
    assert whole.verdict == "sound"
    assert by_two() == whole, "by a process of its own"
    monkeypatch.setattr(halves.multiprocessing, "get_context", lambda way: InAThread)
    for part in (0.02, 0.3, 0.6, 0.98):
        monkeypatch.setattr(halves, "PART", part)
        monkeypatch.setattr(verification, "TELL", 10)
        assert by_two() == whole, part
    monkeypatch.setattr(halves, "PART", 0.6)
    last = whole.report.size
    with ledger.database.reading() as session:
        bodies = [line[:-1] for line in queries.export_lines(session)]
    # Events of the first part, at the seam, and of the second; alone and with their own hashes.
    seam = int(last * 0.6)
    for index, deep in ((5, 1), (seam - 1, 3), (seam, 3), (last - 3, 1)):
        changed = bodies[index].replace(b'"u:7c1e"', b'"u:7c1f"')
        spoil(ledger, index, changed, FLIP[:deep])
        assert by_two() is None, (index, deep)
        report = ledger.verify(whole=True)
        assert report.verdict == "broken"
        named = {finding.index for finding in report.report.findings}
        assert index in named or any(f"event {index} " in one for one in report.problems)
        spoil(ledger, index, bodies[index], FLIP)
    assert by_two() == whole


def spoil(ledger: Ledger, index: int, body: bytes, statements: tuple[str, ...]) -> None:
    """Write another body of an event for good, past the triggers."""
    url = make_url(ledger.lab.url)
    sqlite = url.get_backend_name() == "sqlite"
    engine = create_engine(url if sqlite else url.set(username="postgres"))
    values = {"i": index, "body": body, "leaf": verifier.leaf_hash(body)}
    with engine.begin() as connection:
        found = text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        triggers = {row.name: row.sql for row in connection.execute(found)} if sqlite else {}
        for name in triggers:
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        if not sqlite:
            connection.execute(text("SET session_replication_role = replica"))
        for statement in statements:
            used = {name: held for name, held in values.items() if f":{name}" in statement}
            connection.execute(text(statement), used)
        for sql in triggers.values():
            connection.exec_driver_sql(sql)
    engine.dispose()
