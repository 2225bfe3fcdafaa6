# SPDX-License-Identifier: Apache-2.0
"""Nothing that is written changes: the databases refuse, and the check finds who got round them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from lims.core.actors import SYSTEM
from lims.core.db import Database
from lims.custody import operations, queries
from lims.custody.models import APPEND_ONLY, Hold
from lims.custody.rules import (
    HoldReason,
)


@pytest.fixture
def full(
    empty_database: Database, lineage: dict[str, str], at: datetime, keys: Any
) -> dict[str, str]:
    """A row in every guarded table."""
    with empty_database.writing() as session:
        operations.set_hold(session, lineage["bone"], HoldReason.SEAL, by=SYSTEM, at=at)
    with empty_database.writing() as session:
        operations.checkpoint(session, keys.signer(at), at=at)
    return lineage


FORBIDDEN = [
    "UPDATE ledger_event SET body = body",
    "UPDATE ledger_leaf SET leaf = leaf",
    "UPDATE ledger_node SET h = h",
    "UPDATE ledger_checkpoint SET note = 'x'",
    "UPDATE ledger_head SET size = size - 1",
    "UPDATE ledger_head SET origin = 'osteon.example/other'",
    "UPDATE derivation SET reason = 'x'",
    "UPDATE subject SET code = 'BXXXXXXXX' WHERE code NOT IN (SELECT child FROM derivation)",
    "UPDATE hold SET reason = 'label'",
    "UPDATE hold SET set_by_event = 'x'",
    *(f"{'DELETE'} FROM {table}" for table in (*APPEND_ONLY, "ledger_head", "subject", "hold")),
]


def test_the_database_refuses_to_change_what_is_written(
    empty_database: Database, full: dict[str, str]
) -> None:
    for statement in FORBIDDEN:
        with pytest.raises(DBAPIError), empty_database.writing() as session:
            session.execute(text(statement))
    with empty_database.reading() as session:
        assert queries.head(session).size == 7


def test_a_row_cannot_be_replaced_even_where_sqlite_is_opened_by_another_program(
    empty_database: Database, full: dict[str, str]
) -> None:
    """INSERT OR REPLACE deletes silently while recursive_triggers is off, SQLite's default."""
    if not empty_database.is_sqlite:
        pytest.skip("INSERT OR REPLACE is SQLite's")
    raw = empty_database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA recursive_triggers=OFF")
        for table in (*APPEND_ONLY, "ledger_head", "subject", "hold"):
            rows = cursor.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
            assert rows[0] > 0, table
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(f"REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608
        for column in ("idem", "stream, sseq"):
            others = {
                "event_id": "'new'", "stream": "'s'", "sseq": "0", "body": "x''",
                "leaf": "x''", "idem": "'i'",
            }  # fmt: skip
            for name in column.split(", "):
                others[name] = name
            with pytest.raises(Exception, match="has this row already"):
                cursor.execute(
                    f"INSERT OR REPLACE INTO ledger_event SELECT {others['event_id']},"  # noqa: S608
                    f" {others['stream']}, {others['sseq']}, x'', x'', {others['idem']}"
                    " FROM ledger_event LIMIT 1"
                )
    finally:
        raw.close()


def test_the_role_of_the_application_cannot_switch_the_triggers_off(
    empty_database: Database, full: dict[str, str]
) -> None:
    if empty_database.is_sqlite:
        pytest.skip("SQLite has no roles: there only the checkpoint outside helps")
    for statement in (
        "ALTER TABLE ledger_event DISABLE TRIGGER ALL",
        "SET session_replication_role = replica",
        "TRUNCATE ledger_event CASCADE",
        "DROP TABLE ledger_event CASCADE",
        "DROP TRIGGER ledger_event_append_only ON ledger_event",
    ):
        with pytest.raises(DBAPIError), empty_database.writing() as session:
            session.execute(text(statement))


def test_a_hold_is_lifted_only_once_by_the_database_too(
    empty_database: Database, full: dict[str, str], at: datetime
) -> None:
    with empty_database.writing() as session:
        (hold,) = queries.blocked(session, full["bone"])
        operations.lift_hold(session, hold.id, by=SYSTEM, at=at, because="x")
    with pytest.raises(DBAPIError), empty_database.writing() as session:
        session.get_one(Hold, hold.id).lifted_by_event = None


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE ledger_event SET stream = 'x' WHERE sseq = 3", "its columns differ"),
        ("UPDATE ledger_event SET leaf = x'00' WHERE sseq = 3", "its leaf hash is not"),
        ("UPDATE ledger_leaf SET leaf = x'00' WHERE idx = 3", "its leaf hash is not"),
        ("DELETE FROM ledger_leaf WHERE idx = 3", "the log has no event 3"),
        ("DELETE FROM ledger_leaf WHERE idx = 10", "the stored head"),
        ("DELETE FROM ledger_node WHERE level = 1 AND idx = 0", "ledger_node"),
        ("UPDATE ledger_node SET h = x'00' WHERE level = 1 AND idx = 0", "ledger_node"),
        ("UPDATE ledger_head SET frontier = zeroblob(96)", "the stored head"),
    ],
)
def test_an_administrator_who_changes_the_database_is_found(
    tmp_path: Path, sqlite_template: Path, statement: str, says: str, acts: Any
) -> None:
    path = tmp_path / "tampered.sqlite"
    path.write_bytes(sqlite_template.read_bytes())
    tampered = Database(f"sqlite:///{path}")
    with tampered.writing() as session:
        operations.start_ledger(session, origin="osteon.example/test")
        for number in range(11):
            acts.note(session, "B1", number=number)
    assert acts.verify(tampered).problems == []
    with tampered.writing() as session:
        for name in session.scalars(
            text("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'")
        ).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        session.execute(text("PRAGMA defer_foreign_keys=ON"))
        session.execute(text(statement))
    report = acts.verify(tampered)
    tampered.close()
    assert report.verdict == "broken"
    assert report.exit_status == 1
    assert any(says in problem for problem in report.problems), report.problems
    assert any("trigger ledger_event_no_update is missing" in p for p in report.problems)
    assert report.as_json()["verdict"] == "broken"
