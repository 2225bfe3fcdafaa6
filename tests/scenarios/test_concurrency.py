# SPDX-License-Identifier: Apache-2.0
"""Many at once: one effect for one key, a verdict for every scan, a ledger that verifies."""

import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask
from sqlalchemy import select

from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody import verifier
from lims.custody.operations import certify_days, create_long_term_key, long_term_signer
from lims.custody.queries import verify_database
from lims.people.models import Station
from lims.people.operations import issue_agent_key
from lims.people.rules import Activity
from lims.printing.models import LabelInstance
from lims.reagents.operations import add_reagent
from tests.cast import Cast

Build = Callable[..., str]
T = TypeVar("T")

MANY = 8


def all_at_once(acts: list[Callable[[], T]]) -> list[T]:
    """Let every act begin at the same moment, each in a thread of its own."""
    gate = threading.Barrier(len(acts))

    def one(act: Callable[[], T]) -> T:
        gate.wait(timeout=60)
        return act()

    with ThreadPoolExecutor(len(acts)) as threads:
        return list(threads.map(one, acts))


def clients_of(app: Flask, client: Any, many: int = MANY) -> list[Any]:
    """Return as many clients in which the same person has signed in."""
    with client.session_transaction() as cookie:
        token = cookie["token"]
    clients = [app.test_client() for _ in range(many)]
    for one in clients:
        with one.session_transaction() as cookie:
            cookie["token"] = token
    return clients


def ledger_verdict(database: Database, settings: Settings) -> str:
    public = create_long_term_key(settings.keys, origin=settings.origin)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=1)
    with database.reading() as session:
        report = verify_database(session, public, verifier.read_notes(settings.checkpoints))
    assert list(report.problems) == []
    return report.verdict


def payload_of(database: Database, code: str) -> str:
    with database.reading() as session:
        return session.scalars(
            select(LabelInstance.payload).where(LabelInstance.code == code)
        ).one()


def test_one_key_sent_by_eight_at_once_registers_one_lot(
    app: Flask, database: Database, settings: Settings, stored: Any, cast: Cast,
    sign_in: Callable[..., Any], key: Callable[[], str], at: datetime,
) -> None:  # fmt: skip
    with database.writing() as session:
        buffer = add_reagent(
            session, name="extraction buffer", activity=Activity.EXTRACTION, by=cast.manager, at=at
        ).id
    sent = {
        "request_key": key(), "reagent": buffer, "each": "500", "number": "LOT-4711",
        "expires": "2031-01-01",
        "station": cast.stations[StationKind.EXTRACTION],
    }  # fmt: skip
    clients = clients_of(app, sign_in(cast.manager))
    before, size = stored.rows(), len(stored.events())

    answers = all_at_once([lambda one=one: one.post("/stock/lots", json=sent) for one in clients])

    assert [answer.status_code for answer in answers] == [201] * MANY, answers[0].json
    assert len({answer.get_data() for answer in answers}) == 1
    after = stored.rows()
    added = {name: len(after[name]) - len(before[name]) for name in after}
    assert {name: more for name, more in added.items() if more} == {
        "lot": 1, "lot_container": 1, "lot_act": 1, "subject": 1, "label_instance": 1,
        "label_queue": 1, "request_key": 1,
    }  # fmt: skip
    assert len(stored.events()) - size == 2
    assert ledger_verdict(database, settings) in ("sound", "unsigned")


def test_one_key_sent_by_eight_at_once_lets_an_act_happen_once_that_cannot_happen_twice(
    app: Flask, database: Database, settings: Settings, stored: Any, cast: Cast,
    sign_in: Callable[..., Any], key: Callable[[], str], a_lot: Build,
) -> None:  # fmt: skip
    """Whoever comes second with the key is told what the first was, not that it is done already."""
    with database.writing() as session:
        code = a_lot(session, released=False)
    clients = clients_of(app, sign_in(cast.quality))
    once = key()
    size = len(stored.events())

    answers = all_at_once(
        [
            lambda one=one: one.post(
                f"/stock/lots/{code}/release",
                json={"request_key": once, "tested": "known samples"},
            )
            for one in clients
        ]
    )

    assert [answer.status_code for answer in answers] == [201] * MANY, [a.json for a in answers]
    assert len({answer.get_data() for answer in answers}) == 1
    assert len(stored.events()) - size == 1
    assert ledger_verdict(database, settings) in ("sound", "unsigned")


def test_one_scan_sent_by_eight_at_once_has_one_effect_and_one_answer(
    app: Flask, database: Database, settings: Settings, stored: Any, at_bench: Any,
    a_bone_sample: Build, key: Callable[[], str],
) -> None:  # fmt: skip
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False)
    payload = payload_of(database, code)
    bench = at_bench()
    clients = clients_of(app, bench.client)
    once = key()
    size, scans = len(stored.events()), stored.scans()

    answers = all_at_once(
        [
            lambda one=one: one.post(
                f"/api/bench/{bench.code}/scans",
                json={"scan_id": once, "text": payload, "source": "serial"},
            )
            for one in clients
        ]
    )

    assert [answer.status_code for answer in answers] == [201] * MANY, [a.json for a in answers]
    assert {answer.json["verdict"] for answer in answers} == {"accepted"}
    assert len({answer.get_data() for answer in answers}) == 1
    assert (stored.scans() - scans, len(stored.events()) - size) == (1, 1)
    assert ledger_verdict(database, settings) in ("sound", "unsigned")


def test_a_label_scanned_at_eight_moments_that_are_one_is_accepted_once(
    app: Flask, database: Database, stored: Any, at_bench: Any, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session, accepted=False)
    payload = payload_of(database, code)
    bench = at_bench()
    size = len(stored.events())

    answers = all_at_once(
        [
            lambda one=one: one.post(
                f"/api/bench/{bench.code}/scans",
                json={"scan_id": secrets.token_hex(16), "text": payload, "source": "serial"},
            )
            for one in clients_of(app, bench.client)
        ]
    )

    verdicts = sorted(answer.json["verdict"] for answer in answers)
    assert verdicts == ["accepted"] + ["refused"] * (MANY - 1)
    assert sorted(event["type"] for event in stored.events(since=size)) == [
        "sample:item:accepted",
        *["scan:code:refused"] * (MANY - 1),
    ]


def test_benches_of_every_kind_at_once_are_all_judged_and_the_ledger_verifies(
    app: Flask, database: Database, settings: Settings, stored: Any, at_bench: Any, cast: Cast,
    at: datetime, a_bone_sample: Build, sign_in: Callable[..., Any],
) -> None:  # fmt: skip
    """Agents of all stations scan at once, through spools that send one after another."""
    each = 5
    with database.writing() as session:
        bones = [a_bone_sample(session, accepted=False) for _ in range(each)]
        keys = {
            kind: issue_agent_key(
                session, session.get_one(Station, code), by=cast.administrator, at=at
            )
            for kind, code in cast.stations.items()
        }
    payloads = [payload_of(database, code) for code in bones]
    benches = {
        kind: at_bench(kind, cast.coordinator if kind is StationKind.INTAKE else None)
        for kind in StationKind
    }
    size, scans = len(stored.events()), stored.scans()

    def work(kind: StationKind) -> list[tuple[int, str]]:
        client = app.test_client()
        told = []
        for payload in payloads:
            answer = client.post(
                f"/api/bench/{benches[kind].code}/scans",
                headers={"Authorization": f"Bearer {keys[kind]}"},
                json={"scan_id": secrets.token_hex(16), "text": payload, "source": "serial"},
            )
            told.append((answer.status_code, (answer.json or {}).get("verdict", "")))
        return told

    told = dict(
        zip(
            StationKind,
            all_at_once([lambda kind=kind: work(kind) for kind in StationKind]),
            strict=True,
        )
    )

    assert len(told) == len(StationKind) >= MANY
    assert {status for answers in told.values() for status, _ in answers} == {201}
    assert [verdict for _, verdict in told[StationKind.RECEPTION]] == ["accepted"] * each
    assert stored.scans() - scans == len(StationKind) * each
    accepted = [e for e in stored.events(since=size) if e["type"] == "sample:item:accepted"]
    assert {event["stream"] for event in accepted} == set(bones)
    assert ledger_verdict(database, settings) in ("sound", "unsigned")


def test_eight_people_at_once_void_and_reprint_one_label_and_one_label_lives(
    app: Flask, database: Database, stored: Any, cast: Cast, sign_in: Callable[..., Any],
    a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        code = a_bone_sample(session)
    station = cast.stations[StationKind.RECEPTION]

    answers = all_at_once(
        [
            lambda one=one: one.post(
                f"/labels/{code}/reprint",
                json={"request_key": secrets.token_hex(16), "reason": "torn", "station": station},
            )
            for one in clients_of(app, sign_in(cast.technician))
        ]
    )

    assert {answer.status_code for answer in answers} <= {201, 409}, [a.json for a in answers]
    with database.reading() as session:
        states = sorted(
            session.scalars(select(LabelInstance.state).where(LabelInstance.code == code))
        )
    assert states.count("queued") == 1
    assert states.count("active") == 0
