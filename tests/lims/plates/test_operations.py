# SPDX-License-Identifier: Apache-2.0
"""Batches and plates as acts."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.equipment.rules import CalibrationOverdue
from lims.people.rules import Activity, Line
from lims.plates import operations, rules
from lims.plates.models import BatchMember, Well
from lims.plates.queries import (
    members_of,
    placement_of,
    state_of,
    uses_of,
    wells_of,
)
from lims.plates.rules import WellRole, WorkState
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.procedures.rules import ProcedureOfOtherActivity, ProcedureWithdrawn
from lims.reagents.rules import LotExpired, LotNotReleased, LotOfOtherActivity
from tests.cast import Cast

Build = Callable[..., str]

DOCUMENT = """
name = "EX-04"
title = "Extraction"
activity = "extraction"

[[step]]
words = "Extract."
"""


def place(database: Database, cast: Cast, at: datetime, batch: str, tube: str) -> str:
    with database.writing() as session:
        return operations.place_in_batch(
            session, batch, tube, line=Line.BONE, by=cast.technician, at=at
        )


def test_a_procedure_of_another_activity_opens_no_batch(
    database: Database, cast: Cast, at: datetime, a_procedure: Callable[..., int]
) -> None:
    with database.writing() as session:
        number = a_procedure(session, activity=Activity.AMPLIFICATION)
        with pytest.raises(ProcedureOfOtherActivity):
            operations.open_batch(
                session, activity=Activity.EXTRACTION, line=Line.BONE, procedure_id=number,
                by=cast.technician, at=at,
            )  # fmt: skip


def test_a_batch_under_a_withdrawn_procedure_cannot_be_completed(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
    place(database, cast, at, batch, tube)
    with database.writing() as session:
        operations.add_blank(session, batch, by=cast.technician, at=at)
        drafted = draft_procedure(
            session, DOCUMENT, reason="a new buffer",
            by=cast.manager, at=at,
        )  # fmt: skip
        approve_procedure(session, drafted.id, by=cast.quality, at=at)
        with pytest.raises(ProcedureWithdrawn):
            operations.complete_batch(session, batch, by=cast.technician, at=at)


def test_tubes_stand_along_the_rows_of_a_batch_that_is_a_draft(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tubes = a_batch(session), [an_aliquot(session) for _ in range(7)]
    before = None
    with database.reading() as session:
        before = state_of(session, batch)

    places = [place(database, cast, at, batch, tube) for tube in tubes]

    assert before == WorkState.DRAFT
    assert places == ["A1", "A2", "A3", "A4", "A5", "A6", "B1"]
    with database.reading() as session:
        assert state_of(session, batch) == WorkState.DRAFT
        assert [event.tag for event in history(session, tubes[0])][-1] == Tag.ALIQUOT_TUBE_MOVED


def test_a_reference_sample_cannot_join_bones(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session, line=Line.REFERENCE)
        with pytest.raises(rules.LinesMixed) as refused:
            operations.place_in_batch(
                session, batch, tube, line=Line.REFERENCE, by=cast.technician, at=at
            )

    assert refused.value.stops


def test_a_tube_already_placed_is_refused_with_where_when_and_by_whom(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        first, second, tube = a_batch(session), a_batch(session), an_aliquot(session)
    place(database, cast, at, first, tube)
    with pytest.raises(rules.AlreadyPlaced) as refused:
        place(database, cast, at + timedelta(hours=1), second, tube)

    assert refused.value.values == {
        "code": tube, "batch": first, "position": "A1", "at": "2026-03-14 09:26 UTC",
        "who": "T-01",
    }  # fmt: skip


def test_of_two_benches_that_place_one_tube_at_once_one_wins(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batches = [a_batch(session) for _ in range(4)]
        tube = an_aliquot(session)
    begin = threading.Barrier(len(batches))
    outcomes: list[object] = []

    def bench(batch: str) -> None:
        begin.wait()
        try:
            outcomes.append(place(database, cast, at, batch, tube))
        except Refusal as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=bench, args=(batch,)) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    refused = [one for one in outcomes if isinstance(one, rules.AlreadyPlaced)]
    with database.reading() as session:
        there = placement_of(session, tube)
    assert [one for one in outcomes if isinstance(one, str)] == ["A1"]
    assert len(refused) == len(batches) - 1
    assert there is not None
    assert {one.values["batch"] for one in refused} == {there.batch_code}
    assert {one.values["who"] for one in refused} == {"T-01"}


def test_two_benches_that_fill_one_rack_at_once_take_two_positions(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tubes = a_batch(session), [an_aliquot(session) for _ in range(4)]
    begin = threading.Barrier(len(tubes))
    places: list[str] = []

    def bench(tube: str) -> None:
        begin.wait()
        places.append(place(database, cast, at, batch, tube))

    threads = [threading.Thread(target=bench, args=(tube,)) for tube in tubes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(places) == ["A1", "A2", "A3", "A4"]


def test_a_placement_taken_back_stays_as_a_row_and_frees_tube_and_position(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
    place(database, cast, at, batch, tube)
    with database.writing() as session:
        with pytest.raises(rules.ReasonMissing):
            operations.void_placement(session, batch, reason=" ", by=cast.technician, at=at)
        gone = operations.void_placement(
            session, batch, reason="wrong tube", by=cast.technician, at=at
        )

        assert session.get_one(BatchMember, gone.id).void_reason == "wrong tube"
        assert members_of(session, batch) == ()
        with pytest.raises(rules.NothingToVoid):
            operations.void_placement(session, batch, reason="again", by=cast.technician, at=at)
    assert place(database, cast, at, batch, tube) == "A1"


def test_an_extraction_batch_needs_a_sample_and_a_blank(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
        with pytest.raises(rules.NothingPlaced):
            operations.complete_batch(session, batch, by=cast.technician, at=at)
    place(database, cast, at, batch, tube)
    with database.writing() as session:
        with pytest.raises(rules.BlankMissing) as refused:
            operations.complete_batch(session, batch, by=cast.technician, at=at)
        operations.add_blank(session, batch, by=cast.technician, at=at)
        operations.complete_batch(session, batch, by=cast.technician, at=at)

        assert str(refused.value.say) == "A batch needs at least one reagent blank."
        assert state_of(session, batch) == WorkState.COMPLETED
        with pytest.raises(rules.NotOpen):
            operations.add_blank(session, batch, by=cast.technician, at=at)


def test_nothing_is_placed_in_a_batch_on_hold_nor_from_a_held_sample(
    database: Database, cast: Cast, at: datetime, a_batch: Build, a_bone_sample: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        held, batch = a_batch(session), a_batch(session)
        bone = a_bone_sample(session)
        tube, of_held = an_aliquot(session), an_aliquot(session, sample=bone)
        set_hold(session, held, HoldReason.CONTROL, by=cast.quality, at=at)
        set_hold(session, bone, HoldReason.COORDINATION, by=cast.quality, at=at)
    for where, what in ((held, tube), (batch, of_held)):
        with pytest.raises(OnHold):
            place(database, cast, at, where, what)


def test_wells_are_filled_once_and_a_taken_well_says_what_is_in_it(
    database: Database, cast: Cast, at: datetime, a_plate: Build, an_extract: Build
) -> None:
    with database.writing() as session:
        extract = an_extract(session)
        plate = a_plate(session, holding=(extract,))
        with pytest.raises(rules.PositionTaken) as refused:
            operations.fill_well(
                session, plate, "a1", role=WellRole.SAMPLE, subject=extract, by=cast.technician,
                at=at,
            )  # fmt: skip
        operations.fill_well(
            session, plate, "H12", role=WellRole.NEGATIVE, by=cast.technician, at=at
        )

        assert refused.value.values["code"] == extract
        assert [well.position for well in wells_of(session, plate)] == ["A01", "H12"]
        assert state_of(session, plate) == WorkState.DRAFT


def test_of_two_benches_that_fill_one_well_at_once_one_wins(
    database: Database, cast: Cast, at: datetime, a_plate: Build,
    extracts: Callable[..., tuple[str, ...]],
) -> None:  # fmt: skip
    with database.writing() as session:
        plate, tubes = a_plate(session), extracts(session, samples=2)[:2]
    begin = threading.Barrier(2)
    outcomes: list[type] = []

    def bench(tube: str) -> None:
        begin.wait()
        try:
            with database.writing() as session:
                operations.fill_well(
                    session, plate, "C05", role=WellRole.SAMPLE, subject=tube,
                    by=cast.technician, at=at,
                )  # fmt: skip
            outcomes.append(str)
        except Refusal as refused:
            outcomes.append(type(refused))

    threads = [threading.Thread(target=bench, args=(tube,)) for tube in tubes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(one.__name__ for one in outcomes) == ["PositionTaken", "str"]


def test_a_filling_taken_back_stays_as_a_row_until_the_plate_is_completed(
    database: Database, cast: Cast, at: datetime, a_plate: Build, an_extract: Build
) -> None:
    with database.writing() as session:
        extract = an_extract(session)
        plate = a_plate(session, holding=(extract,))
        gone = operations.void_filling(
            session, plate, "A01", reason="dropped", by=cast.technician, at=at
        )
        with pytest.raises(rules.NothingPlaced):
            operations.complete_plate(session, plate, by=cast.technician, at=at)
        operations.fill_well(
            session, plate, "A01", role=WellRole.SAMPLE, subject=extract, by=cast.technician, at=at
        )
        operations.complete_plate(session, plate, by=cast.technician, at=at)

        assert session.get_one(Well, gone.id).void_reason == "dropped"
        with pytest.raises(rules.NotOpen):
            operations.void_filling(session, plate, "A01", reason="late", by=cast.technician, at=at)


def test_expired_unreleased_and_foreign_lots_and_late_instruments_are_not_used(
    database: Database, cast: Cast, at: datetime, a_batch: Build, a_lot: Build,
    an_instrument: Build,
) -> None:  # fmt: skip
    yesterday, today = (at - timedelta(days=1)).date(), at.date()
    with database.writing() as session:
        batch = a_batch(session)

        def use(used: str, at: datetime = at) -> None:
            operations.record_use(
                session, batch, used, activity=Activity.EXTRACTION, by=cast.technician, at=at
            )

        use(a_lot(session, expires=today, number="1"))
        use(an_instrument(session, calibration_due=today, name="Rotator 1"))
        with pytest.raises(LotNotReleased):
            use(a_lot(session, released=False))
        with pytest.raises(LotOfOtherActivity):
            use(a_lot(session, activity=Activity.AMPLIFICATION))
        with pytest.raises(CalibrationOverdue):
            use(an_instrument(session, calibration_due=yesterday))
        expiring = a_lot(session, expires=today)
        with pytest.raises(LotExpired):
            use(expiring, at + timedelta(days=1))

        assert [used.number or used.name for used in uses_of(session, batch)] == ["1", "Rotator 1"]


def test_a_lot_scanned_twice_is_one_use(
    database: Database, cast: Cast, at: datetime, a_batch: Build, a_lot: Build
) -> None:
    with database.writing() as session:
        batch, lot = a_batch(session), a_lot(session)
        for _ in range(2):
            operations.record_use(
                session, batch, lot, activity=Activity.EXTRACTION, by=cast.technician, at=at
            )
    with database.reading() as session:
        tags = [event.tag for event in history(session, batch)]

    assert tags.count(Tag.BATCH_LOT_USED) == 1
