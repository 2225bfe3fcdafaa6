# SPDX-License-Identifier: Apache-2.0
"""What scans mean at a storage station, over HTTP."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from lims.core.codes import threes
from lims.core.db import Database
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason
from lims.printing.models import LabelInstance
from lims.storage.operations import put
from lims.storage.queries import stays, where
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]


def position(database: Database, code: str) -> tuple[str, str] | None:
    with database.reading() as session:
        found = where(session, code)
        return None if found is None else (found.place, found.position)


def test_a_thing_and_then_its_box_are_two_scans(
    database: Database, bench: Any, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube, other = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)

    first = bench.scan(tube)
    hasty = bench.scan(other)
    early = bench.command("done")
    second = bench.scan(box)

    assert [one["verdict"] for one in (first, hasty, early, second)] == [
        "accepted", "refused", "refused", "accepted",
    ]  # fmt: skip
    assert second["say"]["en"] == f"Put {threes(tube)} at A1 of B07."
    assert second["position"] == "A1"
    assert position(database, tube) == (box, "A1")
    # The box is not open: the next thing waits for its own.
    assert bench.scan(other)["say"]["en"] == f"{threes(other)} is in no place."
    assert position(database, other) is None


def test_a_box_and_then_all_that_goes_into_it(
    database: Database, bench: Any, a_box: Build, an_aliquot: Build, a_plate: Build
) -> None:
    with database.writing() as session:
        box, plate = a_box(session, name="B07"), a_plate(session)
        tubes = [an_aliquot(session) for _ in range(3)]

    opened = bench.scan(box)
    positions = [bench.scan(tube)["position"] for tube in tubes]
    again, wrong = bench.scan(tubes[0]), bench.scan(plate)
    closed = bench.command("done")

    assert "81 of 81 positions are free" in opened["say"]["en"]
    assert positions == ["A1", "A2", "A3"]
    assert (again["verdict"], wrong["verdict"]) == ("refused", "refused")
    assert again["say"]["en"] == f"{threes(tubes[0])} is there already: B07 A1."
    assert closed["say"]["en"] == "The place is closed."
    assert [position(database, tube) for tube in tubes] == [(box, one) for one in positions]


def test_another_position_is_chosen_by_row_and_column_and_an_occupied_one_is_refused(
    database: Database, bench: Any, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube, there = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)
        put(session, there, box, "C3", by=cast.technician, at=at)
    bench.scan(box)
    bench.scan(tube)

    row = bench.enter("position", "C")
    page = bench.page()
    taken = bench.enter("position", "C3")
    unknown = bench.enter("position", "Z9")
    chosen = bench.enter("position", "C4")

    assert row["say"]["en"] == "Row C."
    assert 'value="C4"' in page
    assert 'value="C3"' not in page
    assert (taken["verdict"], unknown["verdict"]) == ("refused", "refused")
    assert f"C3 of B07 holds {threes(there)} since" in taken["say"]["en"]
    assert chosen["position"] == "C4"
    assert position(database, tube) == (box, "C4")


def test_a_stored_thing_is_taken_out_or_left_as_the_technician_says(
    database: Database, bench: Any, a_box: Build, an_extract: Build
) -> None:
    with database.writing() as session:
        box, tube = a_box(session, name="B07"), an_extract(session)
    bench.scan(tube)
    bench.scan(box)

    asked = bench.scan(tube)
    left = bench.enter("act", "leave")
    bench.scan(tube)
    odd = bench.enter("act", "burn")
    taken = bench.enter("act", "take")
    twice = bench.enter("act", "take")

    assert asked["say"]["en"].endswith("B07 A1.")
    assert (left["verdict"], odd["verdict"], twice["verdict"]) == (
        "accepted", "refused", "refused",
    )  # fmt: skip
    assert taken["say"]["en"] == f"{threes(tube)} is taken out of B07 A1."
    assert position(database, tube) is None


def test_a_stored_thing_is_moved_by_scanning_it_and_another_box(
    database: Database, bench: Any, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        old, new, tube = a_box(session), a_box(session), an_aliquot(session)
    for code in (tube, old, tube, new):
        assert bench.scan(code)["verdict"] == "accepted"

    assert position(database, tube) == (new, "A1")
    undone = bench.command("undo")
    assert undone["verdict"] == "accepted"
    assert position(database, tube) == (old, "A1")
    with database.reading() as session:
        assert len(stays(session, tube)) == 3
        assert history(session, tube)[-1].content["why"] == "undone"


def test_what_is_on_hold_is_put_away_but_only_set_aside(
    database: Database, bench: Any, cast: Cast, at: datetime, a_box: Build, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        box, bone = a_box(session), a_bone_sample(session)
        set_hold(session, bone, HoldReason.SEAL, by=cast.quality, at=at)
    bench.scan(bone)
    assert bench.scan(box)["verdict"] == "accepted"

    asked = bench.scan(bone)
    page = bench.page()
    work = bench.enter("act", "take")
    aside = bench.enter("act", "aside")

    assert "is on hold" in asked["say"]["en"]
    assert 'value="aside"' in page
    assert 'value="take"' not in page
    assert (work["verdict"], aside["verdict"]) == ("refused", "accepted")
    assert position(database, bone) is None


def test_undo_takes_back_what_was_done_here_and_nothing_else(
    database: Database, bench: Any, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, other, tube = a_box(session), a_box(session), an_aliquot(session)
    assert bench.command("undo")["verdict"] == "refused"
    bench.scan(tube)
    assert bench.command("undo")["say"]["en"] == (
        f"{threes(tube)} is set aside: nothing was moved."
    )
    bench.scan(box)
    bench.scan(tube)
    assert bench.command("undo")["say"]["en"] == f"Taken back: {threes(tube)} is in no place."
    assert position(database, tube) is None
    # The box is open still.
    bench.scan(tube)
    assert position(database, tube) == (box, "A1")
    with database.writing() as session:
        put(session, tube, other, by=cast.first_reader, at=at)
    assert bench.command("undo")["verdict"] == "refused"
    assert position(database, tube) == (other, "A1")
    bench.command("done")
    bench.scan(tube)
    bench.enter("act", "take")
    assert bench.command("undo")["verdict"] == "accepted"
    assert position(database, tube) == (other, "A1")


@pytest.mark.parametrize("kind", [PlaceKind.ROOM, PlaceKind.SHELF])
def test_a_bag_lies_on_a_shelf_and_not_in_a_room(
    database: Database, bench: Any, a_place: Build, a_bone_sample: Build, kind: PlaceKind
) -> None:
    with database.writing() as session:
        room, bone = a_place(session), a_bone_sample(session)
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room)
        place = room if kind is PlaceKind.ROOM else a_place(
            session, kind=kind, parent=freezer, name="S3"
        )  # fmt: skip
    bench.scan(bone)
    answer = bench.scan(place)

    if kind is PlaceKind.ROOM:
        assert answer["verdict"] == "refused"
    else:
        assert answer["say"]["en"] == f"Put {threes(bone)} on S3."
        assert bench.scan(bone)["say"]["en"].endswith("S3.")
        assert bone[:3] in bench.page()


def test_an_instrument_is_no_place_and_its_new_label_is_printed_only_with_a_reason(
    database: Database, bench: Any, a_box: Build, an_aliquot: Build, an_instrument: Build
) -> None:
    with database.writing() as session:
        tube, tool = an_aliquot(session), an_instrument(session)
        box = a_box(session, name="B07")
        labels = set(session.scalars(select(LabelInstance.payload)))
    bench.scan(tube)

    assert "Nothing can be put into" in bench.scan(tool)["say"]["en"]
    asked = bench.command("print")
    assert (asked["verdict"], asked["subject"]) == ("accepted", tool)
    assert bench.command("help")["verdict"] == "accepted"
    assert position(database, tube) is None
    # Whoever goes on scanning gets no label, and the tube still waits for its box.
    assert bench.scan(box)["say"]["en"] == f"Put {threes(tube)} at A1 of B07."
    with database.reading() as session:
        assert set(session.scalars(select(LabelInstance.payload))) == labels


def test_the_page_draws_the_box_left_to_right_in_both_languages(
    database: Database, bench: Any, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube = a_box(session, name="B07", rows=9, columns=9), an_aliquot(session)
    assert "Scan a thing or a box" in bench.page()
    bench.scan(box)
    bench.scan(tube)

    page, arabic = bench.page(), bench.page("ar")

    assert f'aria-label="A1, {tube}"' in page
    assert 'aria-label="A2, next position"' in page
    assert 'aria-label="J9, free"' in page
    assert "1 in, 80 free" in page
    assert page.count('role="img"') == arabic.count('role="img"') == 81
    assert arabic.index(f'aria-label="A1, {tube}"') < arabic.index('aria-label="A2, ')


def test_a_box_scanned_before_a_shelf_is_moved_there_once_it_is_confirmed(
    bench: Any, database: Database, a_box: Build, a_place: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        room = a_place(session)
        freezer = a_place(session, kind=PlaceKind.FREEZER, parent=room, name="F9")
        shelf = a_place(session, kind=PlaceKind.SHELF, parent=freezer, name="S1")
        box, tube = a_box(session, name="B07"), an_aliquot(session)

    bench.scan(box)
    bench.scan(tube)
    asked = bench.scan(shelf)
    with database.reading() as session:
        before = where(session, tube)
    stays = bench.enter("act", "stay")
    bench.scan(box)
    bench.scan(freezer)
    bench.enter("act", "move")
    bench.scan(box)
    bench.scan(shelf)
    moved = bench.enter("act", "move")
    bench.scan(box)
    bench.scan(shelf)
    again = bench.enter("act", "move")

    assert asked["say"]["en"] == "Move B07 with all that is in it?"
    assert before is not None
    assert before.path[-2].name != "S1"
    assert stays["say"]["en"] == "B07 stays where it is."
    assert moved["say"]["en"].endswith("F9 › S1 now, with all that is in it.")
    assert again["verdict"] == "refused"
    with database.reading() as session:
        after = where(session, tube)
    assert after is not None
    assert [one.name for one in after.path][1:] == ["F9", "S1", "B07"]
    assert after.position == before.position


def test_a_box_is_counted_at_the_station_and_the_count_can_be_left_and_closed(
    bench: Any, database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        box, tube, strange = a_box(session, name="B07"), an_aliquot(session), an_aliquot(session)
        put(session, tube, box, by=cast.technician, at=at)

    bench.scan(box)
    bench.enter("act", "count")
    strange_said = bench.scan(strange)
    bench.command("done")
    left = bench.enter("act", "stay")
    bench.scan(box)
    bench.enter("act", "count")
    here = bench.scan(tube)
    bench.command("done")
    closed = bench.enter("act", "close")

    assert strange_said["say"]["en"].startswith("Kept.")
    assert left["say"]["en"] == "The count stays open."
    assert "is recorded here" in here["say"]["en"]
    assert closed["say"]["en"] == "Counted: 1 of 1 were read, 1 are not recorded here."


def test_a_thing_stored_by_another_while_it_waited_for_its_box_is_not_moved_on(
    bench: Any, database: Database, cast: Cast, at: datetime, a_box: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        mine, theirs, tube = a_box(session), a_box(session, name="B02"), an_aliquot(session)
    bench.scan(tube)
    with database.writing() as session:
        put(session, tube, theirs, by=cast.technician, at=at)
    said = bench.scan(mine)

    assert said["verdict"] == "refused"
    assert "was moved meanwhile: B02 A1" in said["say"]["en"]
