# SPDX-License-Identifier: Apache-2.0
"""Possession: one holder and one place at any instant, kept by the database, read at any time."""

import itertools
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.custody import operations, queries
from lims.custody.rules import (
    GONE,
    MISSING,
    OUTSIDE,
    AwayOutside,
    EventId,
    Gone,
    HeldByOther,
    InStorage,
    Missing,
    Tag,
    fork_of,
    forks_around,
    moves,
    replay,
)

OTHER = Actor("u:9f3b")
BOX = "C4679CDF3"


def given(
    session: Session, code: str, holder: str, at: datetime, place: str = "", position: str = ""
) -> EventId:
    event = operations.append(
        session, Tag.SAMPLE_ITEM_MOVED, stream=code, by=OTHER, at=at,
        content=moves(holder, place, position),
    )  # fmt: skip
    operations.pass_to(session, code, holder, place=place, position=position, event_id=event, at=at)
    return event


def test_a_thing_is_held_from_its_first_event_and_by_one_holder_after_another(
    empty_database: Database, at: datetime, bone: str, acts: Any
) -> None:
    hour = timedelta(hours=1)
    with empty_database.writing() as session:
        first = queries.held(session, bone)
        assert first is not None
        assert (first.holder, first.number) == (acts.by.id, 1)
        operations.require_held_by(session, bone, acts.by)
        with pytest.raises(HeldByOther) as refused:
            operations.require_held_by(session, bone, OTHER)
        assert refused.value.values["who"] == acts.by.id
        assert "T-07" in str(refused.value.named("T-07").say)
        given(session, bone, OTHER.id, at + hour, "T4679CDF3")
        given(session, bone, BOX, at + 2 * hour, BOX, "A1")
        # The clock went back: nothing begins before what stands.
        given(session, bone, MISSING, at + hour)
    with empty_database.reading() as session:
        spans = queries.intervals(session, bone)
        assert [one.holder for one in spans] == [acts.by.id, OTHER.id, BOX, MISSING]
        assert all(a.ended_at == b.began_at for a, b in itertools.pairwise(spans))
        assert all(a.ended_event == b.began_event for a, b in itertools.pairwise(spans))
        assert replay(queries.history(session, bone)).intervals == spans
        assert replay(queries.history(session, bone)).state == "coded"
        held = queries.holder_at(session, bone, at + 1.5 * hour)
        assert held is not None
        assert (held.holder, held.place) == (OTHER.id, "T4679CDF3")
        assert queries.holder_at(session, bone, at - hour) is None
        assert queries.holder_at(session, bone, at + 9 * hour) == spans[-1]


def test_what_is_in_storage_outside_missing_or_gone_cannot_be_used(
    empty_database: Database, at: datetime, bone: str, acts: Any
) -> None:
    for holder, refusal in (
        (BOX, InStorage), (OUTSIDE + "9f3b", AwayOutside), (MISSING, Missing), (GONE, Gone),
    ):  # fmt: skip
        with empty_database.writing() as session:
            given(session, bone, holder, at)
            with pytest.raises(refusal) as refused:
                operations.require_held_by(session, bone, acts.by)
            with pytest.raises(refusal):
                operations.require_all_held_by(session, [bone], acts.by)
            assert refused.value.advice is not None


def test_a_plate_is_held_from_its_first_use_and_a_batch_never(
    empty_database: Database, at: datetime, bone: str, acts: Any
) -> None:
    plate = draw_code(Kind.PLATE)
    with empty_database.writing() as session:
        acts.coded(session, plate)
        assert operations.require_held_by(session, plate, OTHER) is None
        given(session, plate, OTHER.id, at)
        standing = operations.require_held_by(session, plate, OTHER)
        assert standing is not None
        assert standing.number == 1
        with pytest.raises(HeldByOther):
            operations.require_all_held_by(session, [bone, plate], acts.by)
    with empty_database.reading() as session, pytest.raises(NotFound):
        operations.require_held_by(session, draw_code(Kind.BONE), OTHER)


@pytest.mark.parametrize(
    "wrong",
    [
        "UPDATE possession SET holder = 'u:forged'",
        "UPDATE possession SET ended_at = NULL, ended_event = NULL, fork = NULL WHERE number = 1",
        "DELETE FROM possession",
        # a second holder beside the first
        "INSERT INTO possession (code, number, previous, holder, place, position, began_at,"
        " began_event) SELECT code, 3, 2, 'u:two', '', '', began_at, began_event FROM possession"
        " WHERE number = 2",
        # an end that nothing follows
        "UPDATE possession SET ended_at = began_at, ended_event = began_event, fork = 1"
        " WHERE number = 2",
        # an interval that is no successor
        "INSERT INTO possession (code, number, previous, holder, place, position, began_at,"
        " began_event, ended_at, ended_event, fork) SELECT code, 9, 8, 'u:two', '', '', began_at,"
        " began_event, began_at, began_event, 1 FROM possession WHERE number = 2",
    ],
)
def test_the_database_itself_refuses_a_second_holder_a_gap_and_a_change(
    empty_database: Database, at: datetime, bone: str, wrong: str
) -> None:
    with empty_database.writing() as session:
        given(session, bone, OTHER.id, at)
    # The application's role may not even try to delete on PostgreSQL.
    refusals = (IntegrityError, ProgrammingError)
    with pytest.raises(refusals), empty_database.writing() as session:
        session.execute(text(wrong))
    with pytest.raises(IntegrityError):
        ended_and_begun_a_minute_later(empty_database, at)


def ended_and_begun_a_minute_later(database: Database, at: datetime) -> None:
    ends = (
        "UPDATE possession SET ended_at = :at, ended_event = began_event, fork = 1 WHERE number = 2"
    )
    begins = (
        "INSERT INTO possession (code, number, previous, holder, place, position, began_at,"
        " began_event) SELECT code, 3, 2, 'u:two', '', '', :at, began_event FROM possession"
        " WHERE number = 2"
    )
    with database.writing() as session:
        for sql, minutes in ((ends, 1), (begins, 2)):
            instant: object = at + timedelta(minutes=minutes)
            if database.is_sqlite:
                instant = (at + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S.%f")
            session.execute(text(sql), {"at": instant})


def test_the_fork_of_an_interval_is_among_those_of_every_instant_in_it() -> None:
    luck = random.Random(7)  # noqa: S311  # no secret
    for _ in range(5_000):
        began = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=luck.uniform(0, 1e8))
        length = timedelta(seconds=10 ** luck.uniform(-3, 8))
        within = began + length * luck.random()
        assert fork_of(began, began + length) in forks_around(within)
        assert len(forks_around(within)) == 35


def test_who_held_what_at_an_instant_is_what_the_intervals_say(
    empty_database: Database, at: datetime, acts: Any
) -> None:
    luck = random.Random(3)  # noqa: S311  # no secret
    holders = [acts.by.id, OTHER.id, BOX]
    bones = [draw_code(Kind.BONE) for _ in range(12)]
    with empty_database.writing() as session:
        for bone in bones:
            acts.coded(session, bone)
    for step in range(1, 25):
        with empty_database.writing() as session:
            some = luck.sample(bones, 4)
            holder, when = luck.choice(holders), at + timedelta(minutes=37 * step)
            events = {
                code: operations.append(
                    session, Tag.SAMPLE_ITEM_MOVED, stream=code, by=OTHER, at=when,
                    content=moves(holder, "T4679CDF3"),
                )
                for code in some
            }  # fmt: skip
            operations.pass_all(session, events, holder, place="T4679CDF3", at=when)
    with empty_database.reading() as session:
        spans = [one for bone in bones for one in queries.intervals(session, bone)]
        for minutes in (-1, 0, 36, 37, 100, 350, 444, 900):
            when = at + timedelta(minutes=minutes)
            then = sorted(
                (one for one in spans
                 if one.began_at <= when and (one.ended_at is None or one.ended_at > when)),
                key=lambda one: one.code,
            )  # fmt: skip
            for holder in holders:
                found = queries.held_by_at(session, holder, when, limit=100)
                assert list(found) == [one for one in then if one.holder == holder]
                if len(found) > 2:
                    rest = queries.held_by_at(session, holder, when, limit=100, after=found[0].code)
                    assert rest == found[1:]
                    assert queries.held_by_at(session, holder, when, limit=1) == found[:1]
            at_bench = queries.at_place_at(session, "T4679CDF3", when, limit=100)
            assert list(at_bench) == [one for one in then if one.place == "T4679CDF3"]
