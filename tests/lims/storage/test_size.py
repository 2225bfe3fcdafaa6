# SPDX-License-Identifier: Apache-2.0
"""Pages of storage ask by index, however much is stored."""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from lims.core.db import Database
from lims.storage.models import Stored
from lims.storage.queries import contents, path_of, places_in, places_within, tree, where
from lims.storage.queries.history import journey, place_history
from tests.cast import Cast
from tests.stock_of_things import fill

Ask = Callable[[Session], object]


@pytest.fixture
def filled(database: Database, cast: Cast, at: datetime) -> Iterator[tuple[str, str, str]]:
    """A freezer of 300 boxes, with some things in each: the freezer, a box and a thing."""
    with database.writing() as session:
        made = fill(session, boxes=300, things_a_box=8, by=cast.manager.id, at=at)
        session.flush()
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("ANALYZE place, stored, place_stay"))
        else:
            session.execute(text("ANALYZE"))
    return made.freezer, made.boxes[150], made.things[1200]


def plans(session: Session, ask: Ask) -> list[str]:
    """Return the plan of each statement that `ask` sends."""
    seen: list[tuple[str, object]] = []
    bind = session.get_bind()

    def note(_conn: object, _cursor: object, said: str, given: object, *_more: object) -> None:
        seen.append((said, given))

    event.listen(bind, "before_cursor_execute", note)
    try:
        ask(session)
    finally:
        event.remove(bind, "before_cursor_execute", note)
    explain = "EXPLAIN QUERY PLAN " if bind.dialect.name == "sqlite" else "EXPLAIN "
    if bind.dialect.name == "postgresql":
        # A plan that may scan will, on a table that fits into a few pages.
        session.execute(text("SET LOCAL enable_seqscan = off"))
    found = []
    raw = session.connection().connection.cursor()
    for said, given in seen:
        raw.execute(explain + said, given)
        found.append("\n".join(str(row) for row in raw.fetchall()))
    raw.close()
    return found


def scanned(session: Session, ask: Ask) -> list[str]:
    """Return the plans that read a whole table."""
    sqlite = session.get_bind().dialect.name == "sqlite"
    tables = ("stored", "place", "place_stay", "derivation", "hold")
    return [
        plan
        for plan in plans(session, ask)
        if any(
            (f"SCAN {one}'" if sqlite else f"Seq Scan on {one} ") in plan for one in tables
        )
    ]  # fmt: skip


def test_each_page_of_storage_reads_places_and_things_by_index(
    database: Database, cast: Cast, at: datetime, filled: tuple[str, str, str]
) -> None:
    freezer, box, thing = filled
    asks: dict[str, Ask] = {
        "where": lambda session: where(session, thing),
        "the way to a box": lambda session: path_of(session, box),
        "a box": lambda session: contents(session, box),
        "a page of a freezer": lambda session: places_in(session, freezer),
        "the next page of a freezer": lambda session: places_in(session, freezer, after=box),
        "the tree": lambda session: tree(session),
        "the history of a thing": lambda session: journey(session, thing),
        "the history of a place": lambda session: place_history(session, box),
        "all in a box": lambda session: session.execute(
            places_within(box).select()
        ).all(),
    }  # fmt: skip
    with database.reading() as session:
        slow = {name: found for name, ask in asks.items() if (found := scanned(session, ask))}
        # What has no index is seen as such.
        assert scanned(
            session, lambda one: one.scalars(select(Stored.id).where(Stored.put_by == "u:x")).all()
        )
    assert slow == {}


def test_places_are_paged_by_key_and_each_is_shown_once(
    database: Database, filled: tuple[str, str, str]
) -> None:
    freezer, _, _ = filled
    seen: list[str] = []
    after = ""
    with database.reading() as session:
        for _ in range(5):
            page = places_in(session, freezer, after=after)
            seen += [one.name for one in page.places]
            assert all(one.things == 8 for one in page.places)
            after = page.next
            if not after:
                break
        shown = contents(session, freezer)

    assert seen == [f"B{number}" for number in range(1, 301)]
    assert shown.counted == 2400
    assert len(shown.inside) == 100
