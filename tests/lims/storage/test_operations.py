# SPDX-License-Identifier: Apache-2.0
"""Putting away and taking out: one thing at a position, one place of a thing."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from lims.core.db import Database
from lims.core.errors import NotFound, Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.printing.rules import LabelNotVerified
from lims.storage.models import Stored
from lims.storage.operations import add_place, move_box, put, take
from lims.storage.queries import contents, stays, tree, where
from lims.storage.rules import (
    AlreadyHere,
    BoxForOthers,
    BoxFull,
    BoxUse,
    EarlierThere,
    NameMissing,
    NoPositionHere,
    NotAPlace,
    NotStorable,
    NotStored,
    PlaceKind,
    PlaceThere,
    PositionOccupied,
    UnknownPosition,
    WrongParent,
)
from tests.cast import Cast

Build = Callable[..., str]


def test_things_are_put_at_the_next_free_position_and_found_with_the_whole_way(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        room = a_place(session, name="Cold room 1")
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F2")
        box = a_box(session, parent=freezer, name="B07")
        tubes = [an_aliquot(session) for _ in range(3)]
        rows = [put(session, one, box, by=cast.technician, at=at) for one in tubes]
        positions = [row.position for row in rows]

    with database.reading() as session:
        found = where(session, tubes[1])
        (event,) = [one for one in history(session, tubes[1]) if one.tag == Tag.ALIQUOT_TUBE_MOVED]
    assert positions == ["A1", "A2", "A3"]
    assert found is not None
    assert (found.place, found.position, found.since, found.who) == (box, "A2", at, "T-01")
    assert [one.name for one in found.path] == ["Cold room 1", "F2", "B07"]
    assert event.content == {
        "place": box, "position": "A2", "held_by": box, "held_at": box, "held_position": "A2",
    }  # fmt: skip


def test_a_gap_is_filled_before_the_rest_and_a_full_box_is_refused(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box = a_box(session, rows=1, columns=2, name="B01")
        first, second, third, fourth = (an_aliquot(session) for _ in range(4))
        put(session, first, box, by=cast.technician, at=at)
        put(session, second, box, by=cast.technician, at=at)
        with pytest.raises(BoxFull) as refused:
            put(session, third, box, by=cast.technician, at=at)
        take(session, first, by=cast.technician, at=at)
        gap = put(session, fourth, box, by=cast.technician, at=at).position

    assert str(refused.value.say) == "B01 is full: none of its 2 positions is free."
    assert gap == "A1"


def test_an_occupied_position_says_by_what_since_when_and_by_whom(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box = a_box(session, name="B07")
        first, second = an_aliquot(session), an_aliquot(session)
        put(session, first, box, "C3", by=cast.technician, at=at)
        with pytest.raises(PositionOccupied) as refused:
            put(session, second, box, "c03", by=cast.first_reader, at=at)

    assert str(refused.value.say) == (
        f"C3 of B07 holds {first} since 2026-03-14 09:26 UTC, put there by T-01."
    )


def test_the_database_itself_refuses_two_things_at_a_position_and_a_thing_at_two(
    database: Database, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    def row(code: str, box: str, position: str) -> Stored:
        return Stored(
            code=code, place_code=box, position=position, put_at=at, put_by="u:1", taken_at=None,
            taken_by=None,
        )  # fmt: skip

    with database.writing() as session:
        box = a_box(session)
        first, second = an_aliquot(session), an_aliquot(session)
        session.add(row(first, box, "A1"))
    for wrong in (row(second, box, "A1"), row(first, box, "A2")):
        with pytest.raises(IntegrityError), database.writing() as session:
            session.add(wrong)
    gone = row(second, box, "B1")
    gone.taken_at, gone.taken_by = at - timedelta(seconds=1), "u:1"
    with pytest.raises(IntegrityError), database.writing() as session:
        session.add(gone)


def test_a_stored_thing_is_moved_in_one_act_and_its_former_place_is_kept(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_extract: Build
) -> None:
    later = at + timedelta(hours=2)
    with database.writing() as session:
        old, new = a_box(session), a_box(session, takes=BoxUse.EXTRACTS)
        tube = an_extract(session)
        put(session, tube, old, "A5", by=cast.technician, at=at)
        with pytest.raises(AlreadyHere):
            put(session, tube, old, by=cast.technician, at=later)
        with pytest.raises(AlreadyHere):
            put(session, tube, old, "A5", by=cast.technician, at=later)
        put(session, tube, new, by=cast.first_reader, at=later)

    with database.reading() as session:
        told = [(one.place_code, one.position, one.put_at, one.taken_at) for one in
                stays(session, tube)]  # fmt: skip
        last = history(session, tube)[-1]
        assert contents(session, old).contents == ()
    assert told == [(old, "A5", at, later), (new, "A1", later, None)]
    assert last.tag == Tag.EXTRACT_TUBE_MOVED
    assert last.content == {
        "place": new, "position": "A1", "from": old, "from_position": "A5", "held_by": new,
        "held_at": new, "held_position": "A1",
    }  # fmt: skip


def test_taking_frees_the_position_and_taking_again_is_refused(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        box, bone = a_box(session), a_bone_sample(session)
        put(session, bone, box, by=cast.technician, at=at)
        taken = take(session, bone, by=cast.technician, at=at, station="", why="cutting")
        with pytest.raises(NotStored):
            take(session, bone, by=cast.technician, at=at)
        with pytest.raises(NotFound):
            take(session, "B34679CDF", by=cast.technician, at=at)
        assert (taken.place_code, taken.position) == (box, "A1")

    with database.reading() as session:
        assert where(session, bone) is None
        last = history(session, bone)[-1]
    assert last.tag == Tag.SAMPLE_ITEM_MOVED
    assert last.content == {
        "from": box, "from_position": "A1", "for_work": True, "why": "cutting",
        "held_by": cast.technician.id, "held_at": "",
    }  # fmt: skip


def test_a_hold_lets_a_thing_be_stored_and_set_aside_but_not_taken_into_work(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_bone_sample: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        box, bone = a_box(session), a_bone_sample(session)
        tube, free = an_aliquot(session, sample=bone), an_aliquot(session)
        set_hold(session, bone, HoldReason.CONTAMINATION, by=cast.quality, at=at)
        put(session, tube, box, by=cast.technician, at=at)
        put(session, free, box, by=cast.technician, at=at)
        with pytest.raises(OnHold):
            take(session, tube, by=cast.technician, at=at)

    with database.reading() as session:
        assert {one.code: one.held for one in contents(session, box).contents} == {
            tube: True, free: False,
        }  # fmt: skip
    with database.writing() as session:
        take(session, tube, by=cast.technician, at=at, for_work=False)
    with database.reading() as session:
        assert where(session, tube) is None


def test_neither_a_thing_nor_a_box_is_used_before_its_label_was_scanned(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, bare_box = a_box(session), a_box(session, labelled=False)
        tube, bare = an_aliquot(session), an_aliquot(session, labelled=False)
        for code, place in ((bare, box), (tube, bare_box)):
            with pytest.raises(LabelNotVerified):
                put(session, code, place, by=cast.technician, at=at)


def test_a_box_takes_what_it_is_for_and_nothing_that_is_no_sample(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_lot: Build, a_plate: Build,
    an_aliquot: Build, an_instrument: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        extracts_only, tube = a_box(session, takes=BoxUse.EXTRACTS), an_aliquot(session)
        with pytest.raises(BoxForOthers):
            put(session, tube, extracts_only, by=cast.technician, at=at)
        for other in (a_lot(session), a_plate(session), extracts_only):
            with pytest.raises(NotStorable):
                put(session, other, extracts_only, by=cast.technician, at=at)
        with pytest.raises(NotFound):
            put(session, tube, an_instrument(session), by=cast.technician, at=at)
        with pytest.raises(UnknownPosition):
            put(session, tube, a_box(session), "J10", by=cast.technician, at=at)


def test_many_things_lie_loose_on_a_shelf_and_nothing_in_a_freezer_without_one(
    database: Database, cast: Cast, at: datetime, a_place: Build, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=a_place(session))
        shelf = a_place(session, kind=PlaceKind.SHELF, parent=freezer)
        bones = [a_bone_sample(session) for _ in range(3)]
        for bone in bones:
            put(session, bone, shelf, by=cast.technician, at=at)
        other = a_bone_sample(session)
        with pytest.raises(NotAPlace):
            put(session, other, freezer, by=cast.technician, at=at)
        with pytest.raises(NoPositionHere):
            put(session, other, shelf, "A1", by=cast.technician, at=at)

    with database.reading() as session:
        assert {one.code for one in contents(session, shelf).contents} == set(bones)


def test_a_moved_box_takes_with_it_what_is_in_it(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        room = a_place(session)
        here = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F1")
        there = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F2")
        box, tube = a_box(session, parent=here, name="B07"), an_aliquot(session)
        put(session, tube, box, "B2", by=cast.technician, at=at)
        move_box(session, box, there, by=cast.manager, at=at)
        with pytest.raises(EarlierThere):
            move_box(session, box, there, by=cast.manager, at=at)
        with pytest.raises(WrongParent):
            move_box(session, there, box, by=cast.manager, at=at)

    with database.reading() as session:
        found = where(session, tube)
        last = history(session, box)[-1]
        box_at = where(session, box)
    assert found is not None
    assert [one.name for one in found.path][1:] == ["F2", "B07"]
    assert found.position == "B2"
    assert box_at is not None
    assert box_at.place == there
    assert last.tag == Tag.PLACE_RECORD_CHANGED
    assert last.content == {"in": there, "was_in": here}


def test_two_places_of_one_name_do_not_stand_side_by_side(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build
) -> None:
    with database.writing() as session:
        room = a_place(session, name="Cold room")
        here = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F1")
        there = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F2")
        a_box(session, parent=here, name="B07")
        namesake = a_box(session, parent=there, name="B07")
        with pytest.raises(PlaceThere):
            a_place(session, name=" Cold room ")
        with pytest.raises(PlaceThere):
            a_box(session, parent=there, name="B07")
        with pytest.raises(PlaceThere):
            move_box(session, namesake, here, by=cast.manager, at=at)
        with pytest.raises(NameMissing):
            add_place(session, kind=PlaceKind.ROOM, name=" ", by=cast.manager, at=at)
        with pytest.raises(WrongParent):
            add_place(session, kind=PlaceKind.FREEZER, name="F", by=cast.manager, at=at)

    with database.reading() as session:
        found = where(session, namesake)
        assert found is not None
        assert found.place == there


def test_places_are_listed_as_people_count_and_the_ledger_names_none(
    database: Database, cast: Cast, at: datetime, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        room = a_place(session, name="Room of a town")
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F10")
        a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F2")
        boxes = [a_box(session, parent=freezer) for _ in range(2)]
        for box in boxes:
            put(session, an_aliquot(session), box, by=cast.technician, at=at)

    with database.reading() as session:
        shown = tree(session).places
        inside = contents(session, freezer)
        told = [one.content for one in history(session, room)]
    assert [(one.name, one.depth, one.things, one.places) for one in shown] == [
        ("Room of a town", 0, 0, 2), ("F2", 1, 0, 0), ("F10", 1, 0, 2),
    ]  # fmt: skip
    assert [(one.code, one.things, one.positions) for one in inside.inside] == [
        (box, 1, 81) for box in boxes
    ]
    assert inside.counted == 2
    assert [one["in"] for one in told] == [""]
    assert "town" not in str(told)


def test_of_eight_that_put_different_things_at_one_position_one_wins_and_the_others_learn_of_it(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box = a_box(session, name="B07")
        tubes = [an_aliquot(session) for _ in range(8)]
    gate = threading.Barrier(8)

    def store(tube: str) -> Refusal | str:
        gate.wait(timeout=60)
        try:
            with database.writing() as session:
                put(session, tube, box, "C3", by=cast.technician, at=at)
                return tube
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(store, tubes))

    (winner,) = [one for one in answers if isinstance(one, str)]
    losers = [one for one in answers if isinstance(one, Refusal)]
    assert {str(one.say) for one in losers} == {
        f"C3 of B07 holds {winner} since 2026-03-14 09:26 UTC, put there by T-01."
    }
    assert {type(one) for one in losers} == {PositionOccupied}
    with database.reading() as session:
        assert [one.code for one in contents(session, box).contents] == [winner]


def test_of_eight_that_store_one_thing_in_as_many_boxes_each_moves_it_and_it_is_in_one_place(
    database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        boxes = [a_box(session) for _ in range(8)]
        tube = an_aliquot(session)
    gate = threading.Barrier(8)

    def store(box: str) -> None:
        gate.wait(timeout=60)
        with database.writing() as session:
            put(session, tube, box, by=cast.technician, at=at)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store, boxes))

    with database.reading() as session:
        now = session.scalars(
            select(Stored).where(Stored.code == tube, Stored.taken_at.is_(None))
        ).all()
        moves = [one.content for one in history(session, tube)
                 if one.tag == Tag.ALIQUOT_TUBE_MOVED]  # fmt: skip
    assert len(now) == 1
    assert len(moves) == 8
    # Each was taken from where the one before had put it: no gap and no overlap.
    assert [one.get("from") for one in moves] == [None, *(one["place"] for one in moves[:-1])]
