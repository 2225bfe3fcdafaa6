# SPDX-License-Identifier: Apache-2.0
"""Command cards and wrong tubes at every kind of station."""

import secrets
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.bench.models import CommandCard, ScanRecord, StationState
from lims.bench.operations import print_cards, record_entry, record_scan, take_bench
from lims.bench.rules import COMMAND_CODES
from lims.core.actors import Actor, Role
from lims.core.codes import Kind as CodeKind
from lims.core.codes import draw_code, draw_instance
from lims.core.db import Database
from lims.core.scans import Command, Entry, Scan, Source, StationKind, Verdict
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.features import MEANINGS
from lims.printing.models import Alarm, LabelInstance
from lims.printing.queries import labels_of, live_label
from lims.printing.rules import AlarmWhy, LabelState
from lims.web.rights import STATION_ROLES
from tests.cast import Cast

CARDS = {command: code for code, command in COMMAND_CODES.items()}


class Benches:
    """Every kind of bench, each with somebody who may work there."""

    def __init__(self, database: Database, cast: Cast, at: datetime) -> None:
        self.database, self.cast, self.at = database, cast, at
        self.people: dict[StationKind, Actor] = {}
        with database.writing() as session:
            for kind, station in cast.stations.items():
                role = next(role for role in Role if role in STATION_ROLES[kind])
                by = cast.technician if Role.TECHNICIAN in STATION_ROLES[kind] else next(
                    one for one in cast.actors.values() if one.role is role
                )  # fmt: skip
                self.people[kind] = by
                take_bench(session, station, by=by, at=at)

    def scan(self, kind: StationKind, text: str) -> ScanRecord:
        with self.database.writing() as session:
            return record_scan(
                session, self.cast.stations[kind], Scan(secrets.token_hex(12), text, Source.SERIAL),
                by=self.people[kind], at=self.at, meanings=MEANINGS,
            )  # fmt: skip

    def stopped(self, kind: StationKind) -> bool:
        with self.database.reading() as session:
            return session.get_one(StationState, self.cast.stations[kind]).stopped


@pytest.fixture
def benches(database: Database, cast: Cast, at: datetime) -> Benches:
    return Benches(database, cast, at)


def test_all_six_commands_are_answered_at_every_kind_of_station(benches: Benches) -> None:
    for kind in StationKind:
        for command, card in CARDS.items():
            record = benches.scan(kind, card)

            assert record.verdict in (Verdict.ACCEPTED, Verdict.REFUSED), (kind, command)
            assert record.say["text"], (kind, command)
            if record.verdict is Verdict.REFUSED:
                assert record.advice, (kind, command)
        asked = benches.scan(kind, CARDS[Command.HELP])
        assert asked.verdict is Verdict.ACCEPTED
        assert asked.advice, kind


def test_a_label_never_printed_here_stops_every_kind_of_station_until_the_right_thing_is_read(
    benches: Benches,
    database: Database,
    cast: Cast,
    at: datetime,
    a_bone_sample: Callable[..., str],
) -> None:
    with database.writing() as session:
        bone = a_bone_sample(session)
        live = live_label(session, bone)
        assert live is not None
        right = live.payload
    foreign = draw_code(CodeKind.ALIQUOT) + draw_instance()
    for kind in StationKind:
        with database.writing() as session:
            state = session.get_one(StationState, cast.stations[kind])
            state.focus, state.step = bone, "a step"
            state.next = {"text": "Scan the label of a plate.", "values": {}}
        stop = benches.scan(kind, foreign)
        assert stop.verdict is Verdict.STOP, (kind, stop.say)
        for command in (Command.DONE, Command.UNDO, Command.NEXT, Command.HELP):
            benches.scan(kind, CARDS[command])
            assert benches.stopped(kind), (kind, command)
        assert benches.scan(kind, "nonsense").verdict is Verdict.REFUSED
        assert benches.stopped(kind), kind

        freed = benches.scan(kind, right)

        assert freed.verdict is Verdict.ACCEPTED, (kind, freed.say)
        assert not benches.stopped(kind), kind
        with database.reading() as session:
            state = session.get_one(StationState, cast.stations[kind])
            assert (state.focus, state.step) == (bone, "a step"), kind


def test_a_voided_label_is_an_alarm_that_stands_until_quality_answers_it(
    benches: Benches, database: Database, cast: Cast, at: datetime,
    a_bone_sample: Callable[..., str], sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    kind = StationKind.EXTRACTION
    with database.writing() as session:
        bone = a_bone_sample(session)
        live = live_label(session, bone)
        assert live is not None
        old = live.payload
    benches.scan(kind, old)
    asked = benches.scan(kind, CARDS[Command.PRINT])
    assert asked.verdict is Verdict.ACCEPTED, asked.say
    with database.writing() as session:
        ordered = record_entry(
            session, cast.stations[kind],
            Entry(secrets.token_hex(12), "print-again", "The label is damaged or cannot be read."),
            by=benches.people[kind], at=at, meanings=MEANINGS,
        )  # fmt: skip
        assert ordered.verdict is Verdict.ACCEPTED, ordered.say
        assert [one.state for one in labels_of(session, bone)][:2] == [
            LabelState.QUEUED, LabelState.VOID,
        ]  # fmt: skip

    assert benches.scan(kind, old).verdict is Verdict.STOP

    quality = sign_in(cast.quality)
    assert old in quality.get("/alarms").get_data(as_text=True)
    with database.reading() as session:
        alarm = session.scalars(select(Alarm)).one()
        assert (alarm.read, alarm.why, alarm.code) == (old, AlarmWhy.VOID, bone)
        raised = [
            one for one in history(session, cast.stations[kind])
            if one.tag == Tag.LABEL_ALARM_RAISED
        ]  # fmt: skip
        assert len(raised) == 1
    answer = {"reason": "Old label found in the waste, tube checked."}
    sent, again = (
        quality.post(
            f"/alarms/{alarm.id}/answer", json=answer,
            headers={"Idempotency-Key": secrets.token_hex(16)},
        )
        for _ in range(2)
    )  # fmt: skip
    assert sent.status_code == 201, sent.json
    assert again.status_code == 409, again.json
    assert "Old label found in the waste" in quality.get("/alarms").get_data(as_text=True)


def test_command_cards_are_printed_at_the_bench_and_a_replaced_card_is_refused(
    benches: Benches, database: Database, cast: Cast, at: datetime,
    sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    station = cast.stations[StationKind.STORAGE]
    manager = sign_in(cast.manager)
    key = {"Idempotency-Key": secrets.token_hex(16)}
    printed = manager.post(f"/benches/{station}/cards", json={}, headers=key)
    assert printed.status_code == 201, printed.json
    pdf = manager.get("/benches/cards.pdf")
    assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-")
    with database.writing() as session:
        card = session.scalars(select(CommandCard).where(CommandCard.command == Command.HELP)).one()
        label = session.scalars(select(LabelInstance).where(LabelInstance.code == card.code)).one()
        assert label.layout == "bench card"
        label.state = LabelState.PRINTED
        payload = label.payload

    helped = benches.scan(StationKind.STORAGE, payload)

    assert helped.verdict is Verdict.ACCEPTED, helped.say
    elsewhere = benches.scan(StationKind.RECEPTION, payload)
    assert elsewhere.verdict is Verdict.REFUSED
    with database.writing() as session:
        assert live_label(session, card.code) is not None
        words = dict.fromkeys(Command, ("again", "مرة أخرى"))
        # What still waits for the printer is replaced too.
        print_cards(session, station, words, reason="worn", by=cast.manager, at=at)
    replaced = benches.scan(StationKind.STORAGE, payload)
    assert (replaced.verdict, replaced.say["text"]) == (
        Verdict.REFUSED, "This command card was replaced by another.",
    )  # fmt: skip
    assert not benches.stopped(StationKind.STORAGE)
