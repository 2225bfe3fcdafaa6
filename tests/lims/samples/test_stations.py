# SPDX-License-Identifier: Apache-2.0
"""What scans mean at reception and preparation, through the bench itself."""

import secrets
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select

from lims.bench.models import ScanRecord
from lims.bench.operations import record_command, record_entry, record_scan, take_bench
from lims.core.actors import Actor
from lims.core.codes import threes
from lims.core.db import Database
from lims.core.scans import PIN, Command, Entry, Scan, Source, StationKind, Verdict
from lims.core.words import Say
from lims.custody.models import Subject
from lims.custody.queries import blocked, history
from lims.custody.rules import HoldReason, Tag
from lims.features import MEANINGS
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from lims.printing.models import LabelInstance
from lims.printing.queries import live_label
from lims.samples.models import Aliquot
from lims.samples.operations import destroy, queue_destruction
from lims.samples.queries import aliquots_of
from lims.samples.rules import DestructionReason, Material
from tests.cast import Cast

Build = Callable[..., str]


class Station:
    """A station at which the technician sits."""

    def __init__(self, database: Database, cast: Cast, kind: StationKind, at: datetime) -> None:
        self.database, self.by, self.at = database, cast.technician, at
        self.code = cast.stations[kind]
        with database.writing() as session:
            take_bench(session, self.code, by=self.by, at=at)

    def scan(self, payload: str) -> ScanRecord:
        with self.database.writing() as session:
            return record_scan(
                session, self.code, Scan(secrets.token_hex(12), payload, Source.WEDGE),
                by=self.by, at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def enter(self, name: str, value: str) -> ScanRecord:
        with self.database.writing() as session:
            return record_entry(
                session, self.code, Entry(secrets.token_hex(12), name, value), by=self.by,
                at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def command(self, command: Command) -> ScanRecord:
        with self.database.writing() as session:
            return record_command(
                session, self.code, command, command_id=secrets.token_hex(12), by=self.by,
                at=self.at, meanings=MEANINGS,
            )  # fmt: skip


def said(record: ScanRecord) -> str:
    return str(Say.from_json(record.say))


@pytest.fixture
def preparation(database: Database, cast: Cast, at: datetime) -> Station:
    return Station(database, cast, StationKind.PREPARATION, at)


@pytest.fixture
def reception(database: Database, cast: Cast, at: datetime) -> Station:
    return Station(database, cast, StationKind.RECEPTION, at)


def labelled(database: Database, build: Build, **options: object) -> tuple[str, str]:
    """Build a thing; return its code and the payload of its live label."""
    with database.writing() as session:
        code = build(session, **options)
        label = live_label(session, code)
        assert label is not None
        return code, label.payload


def test_a_scan_at_reception_accepts_a_sample_once(
    database: Database, reception: Station, a_bone_sample: Build
) -> None:
    code, payload = labelled(database, a_bone_sample, accepted=False)

    first, second = reception.scan(payload), reception.scan(payload)

    assert (first.verdict, first.subject) == (Verdict.ACCEPTED, code)
    assert said(first) == f"{threes(code)} is accepted: femur, left."
    assert second.verdict is Verdict.REFUSED
    assert "by T-01" in said(second)


def test_an_aliquot_is_refused_at_reception(
    database: Database, reception: Station, an_aliquot: Build
) -> None:
    _, payload = labelled(database, an_aliquot)

    assert reception.scan(payload).verdict is Verdict.REFUSED
    assert reception.command(Command.UNDO).verdict is Verdict.REFUSED
    assert reception.command(Command.DONE).verdict is Verdict.ACCEPTED
    assert reception.command(Command.HELP).verdict is Verdict.ACCEPTED


def test_a_bone_is_weighed_at_preparation_and_its_powder_gets_a_label(
    database: Database, preparation: Station, a_bone_sample: Build
) -> None:
    code, payload = labelled(database, a_bone_sample, mass_ug=2_000_000)

    asked = preparation.scan(payload)
    too_much = preparation.enter("mass", "2000,001")
    wrong = preparation.enter("mass", "many")
    taken = preparation.enter("mass", "٥٠٠٫٢٥ mg")

    assert said(asked) == f"{threes(code)}: femur, left, 2000 mg left."
    assert (too_much.verdict, wrong.verdict) == (Verdict.REFUSED, Verdict.REFUSED)
    assert taken.verdict is Verdict.ACCEPTED
    with database.reading() as session:
        (aliquot,) = aliquots_of(session, code)
        assert aliquot.mass_ug == 500_250
        label = session.scalars(
            select(LabelInstance).where(LabelInstance.code == aliquot.code)
        ).one()
    assert taken.labels == [label.payload]
    assert label.station_code == preparation.code


def test_while_a_mass_is_awaited_another_sample_is_refused_until_undo(
    database: Database, preparation: Station, a_bone_sample: Build
) -> None:
    first, first_payload = labelled(database, a_bone_sample)
    _, second_payload = labelled(database, a_bone_sample)

    preparation.scan(first_payload)
    refused = preparation.scan(second_payload)
    done = preparation.command(Command.DONE)
    helped = preparation.command(Command.HELP)
    undone = preparation.command(Command.UNDO)
    accepted = preparation.scan(second_payload)

    assert [one.verdict for one in (refused, done, helped, undone, accepted)] == [
        Verdict.REFUSED, Verdict.REFUSED, Verdict.ACCEPTED, Verdict.ACCEPTED, Verdict.ACCEPTED,
    ]  # fmt: skip
    assert first in said(refused)
    with database.reading() as session:
        assert aliquots_of(session, first) == ()


def test_a_blood_card_is_punched_by_the_scan_itself(
    database: Database, preparation: Station, a_reference_sample: Build
) -> None:
    code, payload = labelled(database, a_reference_sample)

    taken = preparation.scan(payload)

    with database.reading() as session:
        (aliquot,) = aliquots_of(session, code)
    assert taken.subject == aliquot.code
    assert aliquot.mass_ug is None


@pytest.mark.parametrize(("typed", "volume"), [(None, 200_000), ("150", 150_000)])
def test_a_swab_is_lysed_with_the_volume_entered_or_the_customary_one(
    database: Database, preparation: Station, a_reference_sample: Build,
    typed: str | None, volume: int,
) -> None:  # fmt: skip
    code, payload = labelled(database, a_reference_sample, material=Material.BUCCAL_SWAB)
    preparation.scan(payload)

    taken = (
        preparation.command(Command.DONE) if typed is None else preparation.enter("volume", typed)
    )

    assert taken.verdict is Verdict.ACCEPTED
    with database.reading() as session:
        assert [one.volume_nl for one in aliquots_of(session, code)] == [volume]


def test_a_second_part_is_asked_why_before_it_is_weighed(
    database: Database, preparation: Station, a_bone_sample: Build
) -> None:
    code, payload = labelled(database, a_bone_sample)
    preparation.scan(payload)
    preparation.enter("mass", "100")

    again = preparation.scan(payload)
    early = preparation.enter("mass", "100")
    preparation.enter("reason", "The first part is lost or spilt.")
    taken = preparation.enter("mass", "100")

    assert "has an unused part already" in said(again)
    assert early.verdict is Verdict.REFUSED
    assert taken.verdict is Verdict.ACCEPTED
    with database.reading() as session:
        assert len(aliquots_of(session, code)) == 2


def test_a_refused_scan_leaves_nothing_half_stored(
    database: Database, preparation: Station, a_bone_sample: Build
) -> None:
    code, payload = labelled(database, a_bone_sample, mass_ug=10)
    preparation.scan(payload)
    preparation.enter("mass", "1")

    with database.reading() as session:
        assert session.scalars(select(Aliquot)).all() == []
        assert session.scalars(select(LabelInstance).where(LabelInstance.code != code)).all() == []
        assert session.get_one(Subject, code).state == "accepted"


def test_the_last_of_a_bone_is_ground_when_a_second_badge_and_its_pin_confirm_it(
    database: Database, cast: Cast, at: datetime, preparation: Station, a_bone_sample: Build
) -> None:
    code, payload = labelled(database, a_bone_sample, mass_ug=1_000)
    with database.writing() as session:
        badges = [
            issue_badge(
                session, session.get_one(Person, who.person), hash_pin("2468"),
                by=cast.administrator, at=at,
            ).code
            for who in (cast.technician, cast.first_reader)
        ]  # fmt: skip
    preparation.scan(payload)
    asked = preparation.enter("mass", "1")
    own, second = (preparation.scan(badge) for badge in badges)

    def pin(badge: str, confirmed: Actor | None) -> ScanRecord:
        entry = Entry(secrets.token_hex(12), PIN, "", confirmed=confirmed, badge=badge)
        with database.writing() as session:
            return record_entry(
                session, preparation.code, entry, by=cast.technician, at=at, meanings=MEANINGS
            )

    nobody = pin(badges[1], None)
    done = pin(badges[1], cast.first_reader)

    assert said(asked) == f"This takes all that is left of {threes(code)}."
    assert own.verdict is Verdict.REFUSED
    assert "second person must confirm" in said(own)
    assert said(second) == "T-02 confirms as the second person."
    assert nobody.verdict is Verdict.REFUSED
    assert done.verdict is Verdict.ACCEPTED
    with database.reading() as session:
        event = history(session, code)[-2]
        (aliquot,) = aliquots_of(session, code)
    assert aliquot.mass_ug == 1_000
    assert (event.tag, event.content["witness"]) == (
        Tag.SAMPLE_ITEM_GROUND, cast.first_reader.id
    )  # fmt: skip


def test_hold_at_a_bench_quarantines_what_was_read_last_and_work_goes_on(
    database: Database, preparation: Station, a_bone_sample: Build
) -> None:
    nothing = preparation.command(Command.HOLD)
    code, payload = labelled(database, a_bone_sample)
    preparation.scan(payload)
    asked = preparation.command(Command.HOLD)
    with database.reading() as session:
        before = blocked(session, code)
    held = preparation.enter("quarantine", "contamination")
    refused = preparation.enter("mass", "100")

    assert nothing.verdict is Verdict.REFUSED
    assert said(asked) == f"Quarantine of {threes(code)}, and of all that came from it."
    assert before == ()
    assert said(held) == f"{threes(code)} is in quarantine."
    assert refused.verdict is Verdict.REFUSED
    assert "on hold" in said(refused)
    with database.reading() as session:
        assert [hold.reason for hold in blocked(session, code)] == [HoldReason.CONTAMINATION]


def test_what_was_destroyed_is_refused_at_every_bench_with_the_day(
    database: Database, cast: Cast, at: datetime, preparation: Station, reception: Station,
    a_bone_sample: Build,
) -> None:  # fmt: skip
    code, payload = labelled(database, a_bone_sample)
    with database.writing() as session:
        queue_destruction(session, code, DestructionReason.COURT, by=cast.quality, at=at)
        destroy(session, code, witness=cast.first_reader, by=cast.technician, at=at)
    for station in (preparation, reception):
        refused = station.scan(payload)
        assert refused.verdict is Verdict.REFUSED
        assert said(refused) == f"{code}: destroyed on {at:%Y-%m-%d %H:%M} UTC."
