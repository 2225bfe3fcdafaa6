# SPDX-License-Identifier: Apache-2.0
"""Extraction: what may go into a batch, and what comes out."""

from collections.abc import Callable
from datetime import datetime

import pytest

from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.models import Subject
from lims.custody.operations import set_hold
from lims.custody.queries import ancestors, blocked
from lims.custody.rules import HoldReason
from lims.extraction import operations, rules
from lims.extraction.queries import (
    blanks_of,
    extract_of,
    extracts_of,
    extracts_of_batch,
    samples_of_extracts,
)
from lims.people.models import Person
from lims.people.rules import Activity, EliminationMissing, Line, NotAuthorised
from lims.plates.operations import record_use
from lims.plates.rules import BatchFull, NothingPlaced, WorkState
from lims.printing.queries import labels_of
from lims.printing.rules import LabelNotVerified
from lims.samples.rules import AliquotState, SampleState
from tests.cast import Cast

Build = Callable[..., str]


def test_a_batch_gives_one_extract_a_sample_and_one_for_its_blank(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, an_aliquot: Build,
    a_batch: Build, a_lot: Build,
) -> None:  # fmt: skip
    station = cast.stations[StationKind.EXTRACTION]
    with database.writing() as session:
        bones = [a_bone_sample(session) for _ in range(2)]
        tubes = [an_aliquot(session, sample=bone) for bone in bones]
        batch = a_batch(session)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
        for tube in tubes:
            operations.load_aliquot(session, batch, tube, by=cast.technician, at=at)
        made = operations.complete_extraction(
            session, batch, by=cast.technician, at=at, station=station
        )
    with database.reading() as session:
        assert [(one.position, one.is_blank) for one in made] == [
            ("A1", False), ("A2", False), ("A3", True),
        ]  # fmt: skip
        assert [e.code for e in extracts_of_batch(session, batch)] == [one.code for one in made]
        assert blanks_of(session, [batch]) == {batch: made[-1].code}
        assert set(ancestors(session, made[0].code)) == {tubes[0], batch, bones[0]}
        assert ancestors(session, made[-1].code) == (batch,)
        assert [e.code for e in extracts_of(session, bones[1])] == [made[1].code]
        assert {c: s.code for c, s in samples_of_extracts(
            session, [one.code for one in made]).items()} == {
            made[0].code: bones[0], made[1].code: bones[1],
        }  # fmt: skip
        assert extract_of(session, made[0].code).volume_nl == 50_000
        assert session.get_one(Subject, batch).state == WorkState.COMPLETED
        assert session.get_one(Subject, tubes[0]).state == AliquotState.USED
        assert session.get_one(Subject, bones[0]).state == SampleState.IN_PROCESS
        for one in made:
            (label,) = labels_of(session, one.code)
            assert (label.payload, label.station_code) == (one.label, station)


def test_a_hold_on_a_batch_holds_all_its_extracts_and_a_hold_on_a_sample_only_its_own(
    database: Database, cast: Cast, at: datetime, extracts: Callable[..., tuple[str, ...]]
) -> None:
    with database.writing() as session:
        first, second, blank = extracts(session, samples=2)
        bone = ancestors(session, first)[-1]
        set_hold(session, bone, HoldReason.CONSENT, by=cast.quality, at=at)
        alone = [bool(blocked(session, code)) for code in (first, second, blank)]
        batch = extract_of(session, first).batch_code
        set_hold(session, batch, HoldReason.CONTROL, by=cast.quality, at=at)
        together = [bool(blocked(session, code)) for code in (first, second, blank)]

    assert bone.startswith("B")
    assert alone == [True, False, False]
    assert together == [True, True, True]


def test_a_batch_without_lots_or_samples_is_not_completed(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build, a_lot: Build
) -> None:
    with database.writing() as session:
        batch = a_batch(session)
        with pytest.raises(rules.LotMissing):
            operations.complete_extraction(session, batch, by=cast.technician, at=at)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
        with pytest.raises(NothingPlaced):
            operations.complete_extraction(session, batch, by=cast.technician, at=at)


def test_the_last_position_of_the_rack_is_kept_for_the_blank(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build, a_lot: Build
) -> None:
    with database.writing() as session:
        batch = a_batch(session)
        record_use(
            session, batch, a_lot(session), activity=Activity.EXTRACTION, by=cast.technician, at=at
        )
        for _ in range(23):
            operations.load_aliquot(session, batch, an_aliquot(session), by=cast.technician, at=at)
        with pytest.raises(BatchFull):
            operations.load_aliquot(session, batch, an_aliquot(session), by=cast.technician, at=at)
        made = operations.complete_extraction(session, batch, by=cast.technician, at=at)

    assert (made[-1].position, made[-1].is_blank) == ("D6", True)


def test_a_used_aliquot_is_not_extracted_again(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build,
    extracts: Callable[..., tuple[str, ...]],
) -> None:  # fmt: skip
    with database.writing() as session:
        tube = an_aliquot(session)
        extracts(session, aliquots=(tube,))
        with pytest.raises(rules.AliquotUsed):
            operations.load_aliquot(session, a_batch(session), tube, by=cast.technician, at=at)


def test_an_aliquot_whose_label_was_not_scanned_back_is_not_loaded(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        tube = an_aliquot(session, labelled=False)
        with pytest.raises(LabelNotVerified):
            operations.load_aliquot(session, a_batch(session), tube, by=cast.technician, at=at)


def test_only_aliquots_go_into_an_extraction_batch(
    database: Database, cast: Cast, at: datetime, a_batch: Build, a_bone_sample: Build,
    a_plate: Build, an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        with pytest.raises(rules.NotAnAliquot):
            operations.load_aliquot(
                session, a_batch(session), a_bone_sample(session), by=cast.technician, at=at
            )
        with pytest.raises(rules.NotAnExtractionBatch):
            operations.load_aliquot(
                session, a_plate(session), an_aliquot(session), by=cast.technician, at=at
            )


def test_whoever_extracts_is_authorised_and_has_an_elimination_profile(
    database: Database, cast: Cast, at: datetime, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session, line=Line.BONE), an_aliquot(session)
        with pytest.raises(NotAuthorised):
            operations.load_aliquot(
                session, batch, tube, by=cast.technician, at=at.replace(year=2040)
            )
        session.get_one(Person, cast.technician.person).elimination_since = None
        session.flush()
        with pytest.raises(EliminationMissing):
            operations.load_aliquot(session, batch, tube, by=cast.technician, at=at)
