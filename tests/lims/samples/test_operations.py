# SPDX-License-Identifier: Apache-2.0
"""Coding, accepting and preparing samples."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.models import LedgerEvent, Subject
from lims.custody.operations import set_hold
from lims.custody.queries import ancestors, history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.people.models import Person, Station
from lims.people.rules import EliminationMissing, Line, NotAuthorised
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelNotVerified
from lims.samples import operations, rules
from lims.samples.models import Aliquot, Sample
from lims.samples.queries import powder_left, sample_of
from lims.samples.rules import ExpectedSex, Material, SampleState, Side
from tests.cast import Cast

Build = Callable[..., str]


def state_of(database: Database, code: str) -> str:
    with database.reading() as session:
        return session.get_one(Subject, code).state


def test_a_coded_sample_says_nothing_of_sex_or_site_in_the_ledger(
    database: Database, cast: Cast, at: datetime
) -> None:
    with database.writing("a-key-of-the-request") as session:
        code = operations.register_bone_sample(
            session, element="femur", side=Side.LEFT, material=Material.BONE, mass_ug=2_100_000,
            expected_sex=ExpectedSex.MALE, site_group="S9", burial_condition="C4",
            by=cast.coordinator, at=at,
        )  # fmt: skip
    with database.reading() as session:
        (event,) = history(session, code)

    assert event.tag == Tag.SAMPLE_CODE_GIVEN
    assert event.content == {
        "line": "bone", "material": "bone", "element": "femur", "side": "left",
        "mass_ug": 2_100_000, "state": "coded", "held_by": cast.coordinator.id, "held_at": "",
    }  # fmt: skip
    assert event.cause == ""


def test_two_samples_coded_in_one_request_cannot_be_paired_by_the_key(
    database: Database, cast: Cast, at: datetime
) -> None:
    with database.writing("a-key-of-the-request") as session:
        for _ in range(2):
            operations.register_reference_sample(
                session, material=Material.BLOOD_CARD, expected_sex=ExpectedSex.FEMALE,
                by=cast.coordinator, at=at,
            )  # fmt: skip
    with database.reading() as session:
        idems = session.scalars(
            select(LedgerEvent.idem).where(LedgerEvent.stream.startswith("R"))
        ).all()

    assert len(idems) == 2
    assert not any("a-key-of-the-request" in idem for idem in idems)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"element": "  "}, rules.ElementMissing),
        ({"mass_ug": 0}, rules.MassMissing),
        ({"material": Material.BLOOD_CARD}, rules.MaterialOfOtherLine),
    ],
)
def test_a_bone_sample_is_coded_with_element_mass_and_material_of_its_line(
    database: Database, cast: Cast, at: datetime, change: dict[str, object],
    refusal: type[Exception],
) -> None:  # fmt: skip
    described: dict[str, object] = {
        "element": "femur", "side": Side.LEFT, "material": Material.BONE, "mass_ug": 1,
        "expected_sex": ExpectedSex.UNKNOWN,
    }  # fmt: skip
    with database.writing() as session, pytest.raises(refusal):
        operations.register_bone_sample(session, **(described | change), by=cast.coordinator, at=at)  # type: ignore[arg-type]  # a table of cases


def test_a_sample_is_accepted_once_and_the_second_time_it_is_said_when_and_by_whom(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False)
        operations.accept_sample(session, code, by=cast.technician, at=at)
    with database.writing() as session, pytest.raises(rules.AlreadyAccepted) as refused:
        operations.accept_sample(session, code, by=cast.technician, at=at + timedelta(hours=1))

    assert refused.value.values == {"code": code, "at": "2026-03-14 09:26 UTC", "who": "T-01"}
    assert state_of(database, code) == SampleState.ACCEPTED


def test_whoever_coded_a_sample_cannot_accept_it(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False)
        with pytest.raises(rules.SamePerson):
            operations.accept_sample(session, code, by=cast.coordinator, at=at)


def test_a_sample_whose_label_was_not_scanned_back_is_not_accepted(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False, labelled=False)
        with pytest.raises(LabelNotVerified):
            operations.accept_sample(session, code, by=cast.technician, at=at)


def test_a_sample_on_hold_is_not_accepted_nor_prepared(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        coded, accepted = a_bone_sample(session, accepted=False), a_bone_sample(session)
        for code in (coded, accepted):
            set_hold(session, code, HoldReason.SEAL, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            operations.accept_sample(session, coded, by=cast.technician, at=at)
        with pytest.raises(OnHold):
            operations.take_powder(session, accepted, 1, by=cast.technician, at=at)


def test_powder_is_taken_with_its_lineage_and_what_is_left_is_in_the_ledger(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, mass_ug=2_100_000)
        station = cast.stations[StationKind.PREPARATION]
        taken = operations.take_powder(
            session, code, 500_500, by=cast.technician, at=at, station=station
        )
    with database.reading() as session:
        left = powder_left(session, sample_of(session, code))
        label = session.scalar(select(LabelInstance).where(LabelInstance.code == taken.code))
        ground = history(session, code)[-2:]
        lineage = ancestors(session, taken.code)

    assert left == 1_599_500
    assert lineage == (code,)
    assert label is not None
    assert (label.payload, label.station_code) == (taken.label, station)
    assert [event.tag for event in ground] == [Tag.SAMPLE_ITEM_GROUND, Tag.SUBJECT_STATE_CHANGED]
    assert ground[0].content == {
        "aliquot": taken.code, "mass_ug": 500_500, "left_ug": 1_599_500,
    }  # fmt: skip
    assert state_of(database, code) == SampleState.IN_PREPARATION


def test_more_powder_than_is_left_is_refused_and_the_last_microgram_is_given(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, mass_ug=1_000)
        with pytest.raises(rules.NoMassLeft):
            operations.take_powder(session, code, 1_001, by=cast.technician, at=at)
        operations.take_powder(
            session, code, 1_000, by=cast.technician, at=at, witness=cast.first_reader
        )

        assert powder_left(session, sample_of(session, code)) == 0


def test_a_second_unused_part_needs_a_reason(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        first = operations.take_powder(session, code, 100, by=cast.technician, at=at)
        with pytest.raises(rules.AliquotThere) as refused:
            operations.take_powder(session, code, 100, by=cast.technician, at=at)
        second = operations.take_powder(
            session, code, 100, by=cast.technician, at=at, reason="spilt"
        )

    assert refused.value.values["aliquot"] == first.code
    assert second.code != first.code


def test_a_sample_that_was_not_accepted_gives_no_powder(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False)
        with pytest.raises(rules.NotAccepted):
            operations.take_powder(session, code, 100, by=cast.technician, at=at)


def test_a_person_without_elimination_profile_cannot_prepare(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        session.get_one(Person, cast.technician.person).elimination_since = None
        session.flush()
        with pytest.raises(EliminationMissing):
            operations.take_powder(session, code, 100, by=cast.technician, at=at)


def test_a_person_whose_authorisation_has_ended_cannot_prepare(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        with pytest.raises(NotAuthorised):
            operations.take_powder(session, code, 100, by=cast.technician, at=at.replace(year=2040))


def test_a_reference_sample_in_the_bone_room_stops_the_work(
    database: Database, cast: Cast, at: datetime, a_reference_sample: Build
) -> None:
    with database.writing() as session:
        code = a_reference_sample(session)
        station = cast.stations[StationKind.PREPARATION]
        session.get_one(Station, station).line = Line.BONE
        session.flush()
        with pytest.raises(rules.WrongRoom) as refused:
            operations.take_punch(session, code, by=cast.technician, at=at, station=station)

    assert refused.value.stops


@pytest.mark.parametrize(
    ("material", "refused"),
    [
        (Material.BLOOD_CARD, ("take_powder", "take_lysate")),
        (Material.BUCCAL_SWAB, ("take_powder", "take_punch")),
    ],
)
def test_a_sample_gives_only_what_its_material_gives(
    database: Database, cast: Cast, at: datetime, a_reference_sample: Build, material: Material,
    refused: tuple[str, ...],
) -> None:  # fmt: skip
    with database.writing() as session:
        code = a_reference_sample(session, material=material)
        for act in refused:
            arguments = (session, code, 100) if act == "take_powder" else (session, code)
            with pytest.raises(rules.WrongMaterial):
                getattr(operations, act)(*arguments, by=cast.technician, at=at)


def test_the_database_itself_refuses_powder_without_mass(
    database: Database, a_bone_sample: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        code = an_aliquot(session)
        aliquot = session.get_one(Aliquot, code)
        aliquot.mass_ug = None
        with pytest.raises(Exception, match="powder_has_mass"):
            session.flush()
        session.rollback()


def test_a_profile_is_not_undone_by_a_repeat(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        for state in (SampleState.PROFILED, SampleState.IN_PREPARATION, SampleState.REFUSED):
            operations.advance_sample(session, code, state, by=cast.technician, at=at)

        assert session.get_one(Subject, code).state == SampleState.PROFILED
        assert session.get_one(Sample, code).accepted_by == cast.technician.id
