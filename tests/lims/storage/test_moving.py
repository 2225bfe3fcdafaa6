# SPDX-License-Identifier: Apache-2.0
"""Whole boxes and many things moved at once; what a place was called and where it stood."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.models import LedgerEvent
from lims.custody.queries import held, history
from lims.custody.rules import HeldByOther, Tag
from lims.storage.models import Stored
from lims.storage.operations import add_place, move_box, put, rename_place, retire_place, take
from lims.storage.operations.moving import lock_things, move_many, rearrange, working_place
from lims.storage.queries import contents, places_in, places_named, where
from lims.storage.queries.history import journey, located, path_at, place_history
from lims.storage.rules import (
    AlreadyHere,
    BoxFull,
    MovedMeanwhile,
    PlaceKind,
    PlaceNotEmpty,
    PlaceRetired,
    PositionOccupied,
    SameName,
)
from tests.cast import Cast

Build = Callable[..., str]


def test_the_moves_of_a_box_stand_in_the_history_of_what_is_in_it_without_an_event_for_each(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    times = [at + timedelta(hours=hour) for hour in range(6)]
    with database.writing() as session:
        room = a_place(session, name="Cold room 1")
        here = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F1")
        there = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F2")
        rack = a_place(session, kind=PlaceKind.RACK, parent=here, name="R1")
        box = a_box(session, parent=rack, name="B07")
        tubes = [an_aliquot(session) for _ in range(3)]
        for tube in tubes:
            put(session, tube, box, by=cast.technician, at=times[1])
    with database.reading() as session:
        before = session.scalar(select(func.count()).select_from(LedgerEvent))
    with database.writing() as session:
        move_box(session, rack, there, by=cast.first_reader, at=times[2])
        move_box(session, box, room, by=cast.first_reader, at=times[3])
        rename_place(session, box, "B99", by=cast.manager, at=times[4])
    with database.reading() as session:
        after = session.scalar(select(func.count()).select_from(LedgerEvent))
    with database.writing() as session:
        take(session, tubes[0], by=cast.technician, at=times[5])

    with database.reading() as session:
        way = [
            (" ".join(one.name for one in stage.path), stage.position, stage.since, stage.who)
            for stage in journey(session, tubes[0])
        ]
        last = journey(session, tubes[0])[-1].until
        found = where(session, tubes[1])
        standing = held(session, tubes[1])
        old_name = [path[-1].name for path in places_named(session, "b07")]
        then = [one.name for one in path_at(session, box, times[2] - timedelta(minutes=1))]
    assert way == [
        ("Cold room 1 F1 R1 B07", "A1", times[1], "T-01"),
        ("Cold room 1 F2 R1 B07", "A1", times[2], "T-02"),
        ("Cold room 1 B07", "A1", times[3], "T-02"),
        ("Cold room 1 B99", "A1", times[4], "M-01"),
    ]
    assert last == times[5]
    assert after is not None
    assert before is not None
    assert after - before == 3
    assert found is not None
    assert [one.name for one in found.path] == ["Cold room 1", "B99"]
    assert standing is not None
    assert (standing.holder, standing.position) == (box, "A2")
    assert old_name == ["B99"]
    assert then == ["Cold room 1", "F1", "R1", "B07"]


def test_a_place_is_retired_only_empty_and_its_name_is_free_again(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    later = at + timedelta(days=1)
    with database.writing() as session:
        room = a_place(session)
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room)
        box, tube = a_box(session, parent=freezer, name="B07"), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
        for place in (box, freezer):
            with pytest.raises(PlaceNotEmpty):
                retire_place(session, place, reason="cracked", by=cast.manager, at=at)
        with pytest.raises(SameName):
            rename_place(session, box, " B07 ", by=cast.manager, at=at)
        take(session, tube, by=cast.technician, at=at)
        retire_place(session, box, reason="cracked", by=cast.manager, at=later)
        for act in (
            lambda: put(session, tube, box, by=cast.technician, at=later),
            lambda: retire_place(session, box, reason="again", by=cast.manager, at=later),
            lambda: move_box(session, box, room, by=cast.manager, at=later),
            lambda: move_many(
                session, [tube], box, keep_positions=False, by=cast.technician, at=later
            ),
        ):
            with pytest.raises(PlaceRetired):
                act()
        again = a_box(session, parent=freezer, name="B07")

    with database.reading() as session:
        assert [one.code for one in places_in(session, freezer).places] == [again]
        told = [one.kind for one in place_history(session, box)]
        last = history(session, box)[-1]
    assert told == ["retired", "added"]
    assert last.tag == Tag.PLACE_RECORD_RETIRED
    assert last.content["because"] == "cracked"


def test_many_things_move_together_or_not_at_all(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        old, new = a_box(session), a_box(session, name="B02")
        tiny = a_box(session, rows=1, columns=1)
        tubes = [an_aliquot(session) for _ in range(3)]
        for tube, position in zip(tubes, ("A1", "C3", "J9"), strict=True):
            put(session, tube, old, position, by=cast.technician, at=at)
        blocker = an_aliquot(session)
        put(session, blocker, new, "C3", by=cast.technician, at=at)
    with database.writing() as session:
        with pytest.raises(PositionOccupied) as refused:
            move_many(session, tubes, new, keep_positions=True, by=cast.first_reader, at=at)
        assert refused.value.values["who"] == "T-01"
        with pytest.raises(BoxFull):
            move_many(session, tubes, tiny, keep_positions=False, by=cast.first_reader, at=at)
        with pytest.raises(AlreadyHere):
            move_many(session, [blocker], new, keep_positions=False, by=cast.technician, at=at)
    with database.reading() as session:
        assert len(contents(session, old).contents) == 3
    with database.writing() as session:
        moved = move_many(session, tubes, new, keep_positions=False, by=cast.first_reader, at=at)
        held_by_me = an_aliquot(session)
        with pytest.raises(HeldByOther):
            move_many(session, [held_by_me], new, keep_positions=False, by=cast.manager, at=at)

    with database.reading() as session:
        now = {one.code: one.position for one in contents(session, new).contents}
        standing = held(session, tubes[2])
    assert moved == dict(zip(tubes, ("A1", "A2", "A3"), strict=True))
    assert now == {**moved, blocker: "C3"}
    assert standing is not None
    assert (standing.holder, standing.position) == (new, "A3")


def test_two_things_change_places_in_one_act(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, first, second = a_box(session), an_aliquot(session), an_aliquot(session)
        put(session, first, box, "A1", by=cast.technician, at=at)
        put(session, second, box, "A2", by=cast.technician, at=at)
    with database.writing() as session:
        before = lock_things(session, [first, second])
        rearrange(
            session, working_place(session, box), {first: "A2", second: "A1"}, before,
            by=cast.technician, at=at,
        )  # fmt: skip

    with database.reading() as session:
        assert {one.code: one.position for one in contents(session, box).contents} == {
            first: "A2", second: "A1",
        }  # fmt: skip


def test_where_is_it_names_who_holds_what_is_in_no_place(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube = a_box(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)
    with database.reading() as session:
        inside = located(session, tube)
    with database.writing() as session:
        take(session, tube, by=cast.first_reader, at=at)
    with database.reading() as session:
        outside = located(session, tube)

    assert inside.stored is not None
    assert inside.holder == ""
    assert outside.stored is None
    assert outside.holder == "T-02"


def _together(count: int, act: Callable[[int], Refusal | int]) -> list[Refusal | int]:
    gate = threading.Barrier(count)

    def run(number: int) -> Refusal | int:
        gate.wait(timeout=60)
        return act(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def test_of_twelve_that_store_one_thing_seen_nowhere_one_wins_and_the_others_learn_who_and_when(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        room = add_place(session, kind=PlaceKind.ROOM, name="R", by=cast.manager, at=at)
        boxes = [a_box(session, parent=room, name=f"N{number}") for number in range(12)]
        tube = an_aliquot(session)

    def store(number: int) -> Refusal | int:
        try:
            with database.writing() as session:
                put(session, tube, boxes[number], by=cast.technician, at=at, found=("", ""))
                return number
        except Refusal as refusal:
            return refusal

    answers = _together(12, store)

    (winner,) = [one for one in answers if isinstance(one, int)]
    losers = [one for one in answers if isinstance(one, Refusal)]
    assert {type(one) for one in losers} == {MovedMeanwhile}
    assert {str(one.say) for one in losers} == {
        f"{tube} was moved meanwhile: N{winner} A1, 2026-03-14 09:26 UTC, by T-01."
    }


def test_of_twelve_that_move_whole_boxes_into_one_box_no_two_things_share_a_position(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        target = a_box(session, rows=3, columns=6, name="B99")
        old = a_box(session)
        pairs = [[an_aliquot(session) for _ in range(2)] for _ in range(12)]
        for pair in pairs:
            for tube in pair:
                put(session, tube, old, by=cast.technician, at=at)

    def move(number: int) -> Refusal | int:
        try:
            with database.writing() as session:
                move_many(
                    session, pairs[number], target, keep_positions=False, by=cast.technician,
                    at=at,
                )  # fmt: skip
                return number
        except Refusal as refusal:
            return refusal

    answers = _together(12, move)

    # 18 positions: nine pairs fit, three are refused whole.
    losers = [one for one in answers if isinstance(one, Refusal)]
    assert {type(one) for one in losers} == {BoxFull}
    assert len(losers) == 3
    with database.reading() as session:
        rows = session.scalars(
            select(Stored.position).where(Stored.place_code == target, Stored.taken_at.is_(None))
        ).all()
    assert len(rows) == len(set(rows)) == 18
