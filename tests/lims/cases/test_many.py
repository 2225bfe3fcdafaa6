# SPDX-License-Identifier: Apache-2.0
"""Twenty-five thousand cases: pages and numbers are found by an index, never by reading all."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes, token_hex

import pytest
from sqlalchemy import event, insert, text
from sqlalchemy.engine import Connection

from lims.cases import queries
from lims.cases.models import BoneSampling, Case, Item, Site
from lims.cases.queries import CASE_INDEX, ITEM_INDEX, SEAL_INDEX, number_blind
from lims.cases.rules import (
    BoneSex,
    Burial,
    Completeness,
    Condition,
    SamplingState,
    Segment,
)
from lims.core.db import Database
from lims.core.sealing import Vault
from lims.samples.rules import ExpectedSex, Material, Side
from tests.cast import Cast
from tests.sealed import Sealed

MANY = 25_000
OPENED = (7, 12345, 20000)
BIG = ("recovery_case", "recovered_item", "bone_sampling")


@dataclass
class Row:
    """A row as far as sealing sees it."""

    ref: str
    __tablename__: str


@pytest.fixture
def many(database: Database, sealed: Sealed, vault: Vault, cast: Cast, at: datetime) -> Database:
    """A laboratory with many cases; the newest have an item and a sampling each."""
    with database.writing() as session:
        site = session.get_one(Site, sealed.a_site(session))
        key = vault.key(session, site.key_ref)
        whose = {"key_ref": key.ref, "recorded_by": cast.reception.id}
        rows: dict[type[Case | Item | BoneSampling], list[dict[str, object]]] = {
            Case: [], Item: [], BoneSampling: [],
        }  # fmt: skip
        for number in range(MANY):
            when = at + timedelta(seconds=number)
            refs = [token_hex(16) for _ in rows]
            sealed_words = [b""] * 9
            indexes = [token_bytes(8) for _ in rows]
            if number in OPENED or number >= MANY - 110:
                case, item, bone = (
                    Row(ref, table.__tablename__) for ref, table in zip(refs, rows, strict=True)
                )
                sealed_words = [
                    key.seal(words, row, column)
                    for row, column, words in (
                        (case, "number", f"MC-{number}"), (case, "description", ""),
                        (item, "field_number", f"MI-{number}"), (item, "description", ""),
                        (bone, "segment", ""), (bone, "taken_by", ""),
                        (bone, "seal_number", f"MS-{number}"), (bone, "withdrawn_because", ""),
                    )
                ]  # fmt: skip
                indexes = [
                    number_blind(vault, f"{kind}-{number}", index)
                    for kind, index in (("MC", CASE_INDEX), ("MI", ITEM_INDEX), ("MS", SEAL_INDEX))
                ]
            rows[Case].append({
                "ref": refs[0], "key_ref": key.ref, "site_ref": site.ref, "opened_at": when,
                "number": sealed_words[0], "opened_by": cast.reception.id,
                "number_index": indexes[0], "description": sealed_words[1],
            })  # fmt: skip
            if number not in OPENED and number < MANY - 5000:
                continue
            rows[Item].append({
                **whose, "ref": refs[1], "case_ref": refs[0], "recorded_at": when,
                "field_number": sealed_words[2], "number_index": indexes[1], "element": "femur",
                "side": Side.LEFT, "segment": Segment.WHOLE, "condition": Condition.FIRM,
                "bone_sex": BoneSex.MALE, "version": 1, "completeness": Completeness.COMPLETE,
                "description": sealed_words[3],
            })  # fmt: skip
            rows[BoneSampling].append({
                **whose, "ref": refs[2], "item_ref": refs[1], "recorded_at": when,
                "element": "femur", "side": Side.LEFT, "segment": sealed_words[4],
                "material": Material.BONE, "mass_ug": 1, "expected_sex": ExpectedSex.UNKNOWN,
                "burial": Burial.UNKNOWN, "taken_on": at.date(), "taken_by": sealed_words[5],
                "photograph_sha256": "", "seal_number": sealed_words[6],
                "seal_index": indexes[2], "state": SamplingState.WITHDRAWN,
                "withdrawn_because": sealed_words[7],
            })  # fmt: skip
        for table, values in rows.items():
            session.execute(insert(table.__table__), values)
    return database


def plans_of(database: Database, ask: Callable[[], object]) -> list[str]:
    """Return how the database carries out each question that `ask` puts to it."""
    asked: list[tuple[str, object]] = []

    def note(_connection: Connection, _cursor: object, statement: str, values: object,
             _context: object, _many: bool) -> None:  # fmt: skip
        if statement.lstrip().startswith("SELECT"):
            asked.append((statement, values))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(database.engine, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN" if database.is_sqlite else "EXPLAIN"
    plans = []
    with database.engine.connect() as connection:
        if not database.is_sqlite:
            # The role of the application gathers no statistics: ask what can be done without
            # reading a table whole.
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        for statement, values in asked:
            rows = connection.exec_driver_sql(f"{explain} {statement}", values).all()
            plans.append("\n".join(str(row[-1]) for row in rows))
    return plans


def test_among_25_000_cases_pages_and_numbers_are_found_by_index(
    many: Database, vault: Vault, at: datetime
) -> None:
    found: dict[str, object] = {}

    def ask() -> None:
        with many.reading() as session:
            first = queries.cases(session, vault)
            last = first[-1].case
            found["next"] = queries.cases(session, vault, before=(last.opened_at, last.ref))
            found["site"] = queries.cases(session, vault, site_ref=last.site_ref)
            found["items"] = queries.items_of_case(session, vault, last.ref)
            found["numbers"] = [
                queries.find(session, vault, asked)
                for asked in ("mc 12345", "MI–20000", "ms-٧", "MX-1")
            ]
            found["samplings"] = queries.search_samplings(session, vault, "mc-12345")

    plans = plans_of(many, ask)
    assert [one.number for one in found["next"]][:1] == [f"MC-{MANY - 51}"]  # type: ignore[attr-defined]
    assert len(found["site"]) == 50  # type: ignore[arg-type]
    assert [one.count for one in found["numbers"]] == [1, 1, 1, 0]  # type: ignore[attr-defined]
    assert len(found["samplings"]) == 1  # type: ignore[arg-type]
    assert len(plans) > 20
    for plan in plans:
        for table in BIG:
            whole = f"SCAN {table}" if many.is_sqlite else f"Seq Scan on {table}"
            lines = [line for line in plan.splitlines()
                     if whole in line and "USING" not in line]  # fmt: skip
            assert lines == [], plan
