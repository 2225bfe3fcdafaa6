# SPDX-License-Identifier: Apache-2.0
"""An extraction batch at its bench, scan by scan."""

import secrets
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from lims.bench.models import ScanRecord
from lims.bench.operations import record_command, record_entry, record_scan, take_bench
from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import PIN, Command, Entry, Scan, Source, StationKind, Verdict
from lims.core.words import Say
from lims.custody.queries import history
from lims.extraction.queries import extracts_of_batch
from lims.features import MEANINGS
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from lims.people.rules import Activity, Line
from lims.plates.queries import members_of, uses_of
from lims.printing.queries import live_label
from lims.samples.operations import take_powder
from tests.cast import Cast

Build = Callable[..., str]


class Bench:
    """The extraction bench, the technician at it."""

    def __init__(self, database: Database, cast: Cast, at: datetime) -> None:
        self.database, self.by, self.at = database, cast.technician, at
        self.code = cast.stations[StationKind.EXTRACTION]
        with database.writing() as session:
            take_bench(session, self.code, by=self.by, at=at)

    def scan(self, code: str) -> ScanRecord:
        with self.database.writing() as session:
            label = live_label(session, code)
            payload = code if label is None else label.payload
            return record_scan(
                session, self.code, Scan(secrets.token_hex(12), payload, Source.SERIAL),
                by=self.by, at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def command(self, command: Command) -> ScanRecord:
        with self.database.writing() as session:
            return record_command(
                session, self.code, command, command_id=secrets.token_hex(12), by=self.by,
                at=self.at, meanings=MEANINGS,
            )  # fmt: skip


@pytest.fixture
def bench(database: Database, cast: Cast, at: datetime) -> Bench:
    return Bench(database, cast, at)


def said(record: ScanRecord) -> str:
    return str(Say.from_json(record.say))


def test_a_batch_is_loaded_and_completed_by_scans_alone(
    database: Database, bench: Bench, a_batch: Build, a_lot: Build, an_instrument: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        batch, lot, mixer = a_batch(session), a_lot(session), an_instrument(session)
        tubes = [an_aliquot(session) for _ in range(2)]

    records = [bench.scan(code) for code in (batch, lot, mixer, *tubes)]
    done = bench.command(Command.DONE)

    assert [one.verdict for one in records] == [Verdict.ACCEPTED] * 5
    assert [one.position for one in records[-2:]] == ["A1", "A2"]
    assert "3 extracts" in said(done)
    with database.reading() as session:
        made = extracts_of_batch(session, batch)
        assert [one.code for one in uses_of(session, batch)] == [lot, mixer]
    assert [one.is_blank for one in made] == [False, False, True]
    assert [label[:9] for label in done.labels] == [one.code for one in made]


def test_a_reference_tube_stops_the_work_on_bones(
    database: Database, bench: Bench, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session, line=Line.REFERENCE)
    bench.scan(batch)

    stopped = bench.scan(tube)

    assert stopped.verdict is Verdict.STOP
    assert said(stopped) == "Bone and reference samples cannot share a batch."


def test_undo_takes_back_the_last_tube_and_its_place_is_given_again(
    database: Database, bench: Bench, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, first, second = a_batch(session), an_aliquot(session), an_aliquot(session)
    for code in (batch, first):
        bench.scan(code)

    undone = bench.command(Command.UNDO)
    placed = bench.scan(second)

    assert (undone.verdict, undone.position) == (Verdict.ACCEPTED, "A1")
    assert placed.position == "A1"
    with database.reading() as session:
        assert [one.subject_code for one in members_of(session, batch)] == [second]


def test_done_without_a_lot_is_refused_and_says_what_to_do(
    database: Database, bench: Bench, a_batch: Build, an_aliquot: Build
) -> None:
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
    for code in (batch, tube):
        bench.scan(code)

    refused = bench.command(Command.DONE)

    assert refused.verdict is Verdict.REFUSED
    assert refused.advice is not None
    with database.reading() as session:
        assert extracts_of_batch(session, batch) == ()
        assert len(members_of(session, batch)) == 1


def test_tubes_before_a_batch_and_a_second_batch_are_refused(
    database: Database, bench: Bench, a_batch: Build, an_aliquot: Build, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        first, second = a_batch(session), a_batch(session)
        tube, bone = an_aliquot(session), a_bone_sample(session)

    verdicts = [
        bench.scan(tube).verdict,
        bench.command(Command.DONE).verdict,
        bench.scan(first).verdict,
        bench.scan(second).verdict,
        bench.scan(bone).verdict,
        bench.command(Command.NEXT).verdict,
        bench.scan(second).verdict,
        bench.command(Command.HELP).verdict,
    ]

    no, yes = Verdict.REFUSED, Verdict.ACCEPTED
    assert verdicts == [no, no, yes, no, no, yes, yes, yes]


def test_a_lot_of_another_step_is_refused_by_name(
    database: Database, bench: Bench, a_batch: Build, a_lot: Build
) -> None:
    with database.writing() as session:
        batch = a_batch(session)
        lot = a_lot(session, reagent="PowerPlex 16", activity=Activity.AMPLIFICATION)
    bench.scan(batch)

    assert "PowerPlex 16 is not for this step" in said(bench.scan(lot))


def test_the_page_of_the_bench_shows_the_rack(
    database: Database, bench: Bench, cast: Cast, a_batch: Build, an_aliquot: Build,
    sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    with database.writing() as session:
        batch, tube = a_batch(session), an_aliquot(session)
    client = sign_in(cast.technician)
    empty = client.get(f"/bench/{bench.code}").get_data(as_text=True)
    for code in (batch, tube):
        bench.scan(code)
    page = client.get(f"/bench/{bench.code}").get_data(as_text=True)

    assert "Scan the card of a batch. Its rack appears here." in empty
    assert f"A1, {tube}" in page
    assert "1 loaded, room for 22" in page


def test_the_last_powder_of_a_bone_is_extracted_when_a_colleague_confirms_it(
    database: Database, cast: Cast, at: datetime, bench: Bench, a_batch: Build, a_lot: Build,
    a_bone_sample: Build, a_live_label: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        batch, lot, bone = a_batch(session), a_lot(session), a_bone_sample(session, mass_ug=1_000)
        powder = take_powder(
            session, bone, 1_000, by=cast.technician, at=at, witness=cast.first_reader
        ).code
        a_live_label(session, powder)
        person = session.get_one(Person, cast.first_reader.person)
        badge = issue_badge(session, person, hash_pin("2468"), by=cast.administrator, at=at).code
    for code in (batch, lot, powder):
        bench.scan(code)

    asked, scanned = bench.command(Command.DONE), bench.scan(badge)
    with database.reading() as session:
        before = extracts_of_batch(session, batch)
    entry = Entry(secrets.token_hex(12), PIN, "", confirmed=cast.first_reader, badge=badge)
    with database.writing() as session:
        done = record_entry(
            session, bench.code, entry, by=cast.technician, at=at, meanings=MEANINGS
        )  # fmt: skip

    assert "takes all that is left" in said(asked)
    assert said(scanned) == "T-02 confirms as the second person."
    assert before == ()
    assert "is completed" in said(done)
    with database.reading() as session:
        assert len(extracts_of_batch(session, batch)) == 2
        assert history(session, powder)[-1].content["witness"] == cast.first_reader.id
