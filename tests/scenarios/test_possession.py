# SPDX-License-Identifier: Apache-2.0
"""Whoever holds a thing may use it, and nobody else: by scan, by page, on the way to a profile."""

import secrets
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord
from lims.bench.operations import record_scan, take_bench
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import Scan, Source, StationKind, Verdict
from lims.core.words import Say
from lims.custody.operations import append, pass_to
from lims.custody.queries import held, intervals
from lims.custody.rules import (
    GONE,
    MISSING,
    OUTSIDE,
    AwayOutside,
    Gone,
    HeldByOther,
    Missing,
    Tag,
    moves,
)
from lims.extraction.operations import complete_extraction, load_aliquot
from lims.features import MEANINGS
from lims.plates.operations import complete_plate, fill_well, record_use
from lims.plates.rules import Activity, WellRole
from lims.printing.queries import live_label
from lims.storage.operations import add_place, bring_out, put
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]


@pytest.fixture
def scanned(database: Database, cast: Cast, at: datetime) -> Callable[..., ScanRecord]:
    """Let somebody sit down at a station and scan the label of a thing."""

    def scan(kind: StationKind, code: str, by: Actor) -> ScanRecord:
        with database.writing() as session:
            take_bench(session, cast.stations[kind], by=by, at=at)
            label = live_label(session, code)
            assert label is not None
            return record_scan(
                session, cast.stations[kind],
                Scan(secrets.token_hex(12), label.payload, Source.WEDGE), by=by, at=at,
                meanings=MEANINGS,
            )  # fmt: skip

    return scan


@pytest.fixture
def a_box(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """A box with its label, in a room of its own."""

    def build(session: Session) -> str:
        by = cast.manager
        room = add_place(session, kind=PlaceKind.ROOM, name=secrets.token_hex(4), by=by, at=at)
        box = add_place(
            session, kind=PlaceKind.BOX, name="A", parent=room, rows=9, columns=9, by=by, at=at
        )
        a_live_label(session, box)
        return box

    return build


def holder(database: Database, code: str) -> tuple[str, str]:
    with database.reading() as session:
        standing = held(session, code)
        assert standing is not None
        return standing.holder, standing.place


def test_a_tube_that_somebody_else_holds_is_refused_at_a_bench_with_initials_and_what_to_do(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_batch: Build, a_box: Build,
    scanned: Callable[..., ScanRecord],
) -> None:  # fmt: skip
    with database.writing() as session:
        batch, aliquot, box = a_batch(session), an_aliquot(session), a_box(session)
    before = holder(database, aliquot)
    assert before[0] == cast.technician.id

    scanned(StationKind.EXTRACTION, batch, cast.first_reader)
    refused = scanned(StationKind.EXTRACTION, aliquot, cast.first_reader)

    assert refused.verdict is Verdict.REFUSED
    assert "T-01" in str(Say.from_json(refused.say))
    assert holder(database, aliquot) == before

    # Through storage it comes into other hands.
    with database.writing() as session:
        put(session, aliquot, box, by=cast.technician, at=at)
    taken = scanned(StationKind.EXTRACTION, aliquot, cast.first_reader)
    assert taken.verdict is Verdict.ACCEPTED
    station = cast.stations[StationKind.EXTRACTION]
    assert holder(database, aliquot) == (cast.first_reader.id, station)


def test_reception_receives_what_the_coordinator_released_and_every_stage_passes_it_on(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, an_aliquot: Build,
    a_batch: Build, a_lot: Build, a_plate: Build, a_box: Build,
    a_live_label: Build,
) -> None:  # fmt: skip
    station = cast.stations[StationKind.EXTRACTION]
    with database.writing() as session:
        bone = a_bone_sample(session)
        first, second = intervals(session, bone)
        assert (first.holder, second.holder) == (cast.coordinator.id, cast.technician.id)
        aliquot, batch, box = an_aliquot(session), a_batch(session), a_box(session)
        load_aliquot(session, batch, aliquot, by=cast.technician, at=at, station=station)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
    with pytest.raises(HeldByOther) as refused, database.writing() as session:
        complete_extraction(session, batch, by=cast.first_reader, at=at, station=station)
    assert "T-01" in str(refused.value.say)
    with database.writing() as session:
        made = complete_extraction(session, batch, by=cast.technician, at=at, station=station)
    assert holder(database, aliquot) == (GONE, "")
    assert {holder(database, one.code) for one in made} == {(cast.technician.id, station)}
    with pytest.raises(Gone), database.writing() as session:
        bring_out(session, aliquot, by=cast.technician, at=at)

    # A plate is held from its first well on.
    with database.writing() as session:
        plate = a_plate(session)
        assert held(session, plate) is None
        fill_well(session, plate, "A01", role=WellRole.STANDARD, by=cast.technician, at=at)
    assert holder(database, plate)[0] == cast.technician.id
    with pytest.raises(HeldByOther), database.writing() as session:
        complete_plate(session, plate, by=cast.first_reader, at=at)

    # What another holds is not put away by you, nor what is away.
    tube = made[0].code
    with database.writing() as session:
        a_live_label(session, tube)
    with pytest.raises(HeldByOther), database.writing() as session:
        put(session, tube, box, by=cast.first_reader, at=at)
    for away, refusal in ((MISSING, Missing), (OUTSIDE + "ab12", AwayOutside)):
        with database.writing() as session:
            event = append(
                session, Tag.EXTRACT_TUBE_MOVED, stream=tube, by=cast.technician, at=at,
                content=moves(away),
            )  # fmt: skip
            pass_to(session, tube, away, event_id=event, at=at)
        with pytest.raises(refusal), database.writing() as session:
            bring_out(session, tube, by=cast.technician, at=at)
