# SPDX-License-Identifier: Apache-2.0
"""A disk that is full, or nearly: new work is refused in words, and nothing is half-stored."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, select

from lims.app import create_app
from lims.core.actors import Actor, Role
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody import verifier
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import verify_database
from lims.people.models import Person, Station
from lims.people.operations import issue_agent_key, open_session
from lims.people.rules import Activity, Policy
from lims.printing.models import LabelInstance
from lims.reagents.operations import add_reagent
from lims.web.guard import right_of
from lims.web.rights import TABLE
from tests.cast import Cast
from tests.render_every_page import Values, address, rules

Build = Callable[..., str]
MORE_THAN_ANY_DISK_HAS = 10**12

# What must go on when the disk is nearly full, and needs a few rows of fixed size: to come and go,
# to lock an account that is attacked, to say in which state a device or a label in hand is.
GOES_ON = {
    "people.post_sign_in", "people.post_second_factor", "people.post_start", "people.post_sign_out",
    "people.post_language", "people.post_factor", "people.post_confirm_factor",
    "bench.post_heartbeat", "printing.post_outcome",
}  # fmt: skip

# What is sent only to be looked at, and answered with a picture: these need no room at all.
ONLY_SHOWN = {"layouts.post_preview"}


@pytest.fixture
def full(settings: Settings, database: Database) -> Iterator[Flask]:
    """The same laboratory, asked to keep more room than any disk has."""
    made = create_app(dataclasses.replace(settings, free_disk_mb=MORE_THAN_ANY_DISK_HAS))
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions["osteon"].database.close()


def client_of(app: Flask, database: Database, actor: Actor) -> FlaskClient:
    with database.writing() as session:
        person = session.get_one(Person, actor.person)
        policy = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
        token = open_session(session, person, policy=policy, at=now(), second_factor=True)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = token
    return client


def test_every_route_that_stores_work_answers_that_the_disk_is_full_and_stores_nothing(
    full: Flask, database: Database, settings: Settings, stored: Any, cast: Cast, extracts: Any,
    a_plate: Build, a_lot: Build, an_instrument: Build,
) -> None:  # fmt: skip
    """Or refuses what was sent before it ever comes to storing: never a success, never a fault."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=1)
    with database.writing() as session:
        a_plate(session, holding=extracts(session))
        a_lot(session, released=False)
        an_instrument(session)
    clients = {actor.role: client_of(full, database, actor) for actor in cast.actors.values()}

    answered: dict[str, int] = {}
    with stored.nothing_new():
        for rule in rules(full, "POST"):
            right = right_of(full, rule.endpoint)
            if right is None or rule.endpoint in GOES_ON:
                continue
            role = next((role for role in Role if right in TABLE[role]), None)
            if role is None:
                continue
            with database.reading() as session:
                some = next(Values(session, role).combinations(rule), None)
            some = some or {name: 1 if f"int:{name}" in rule.rule else "none"
                            for name in rule.arguments}  # fmt: skip
            answer = clients[role].post(address(full, rule, some), data={"request_key": "k" * 20})
            answered[rule.endpoint] = answer.status_code

    assert {one: answered.pop(one) for one in ONLY_SHOWN} == dict.fromkeys(ONLY_SHOWN, 200)
    assert {one for one, status in answered.items() if status not in (404, 409, 422, 507)} == set()
    assert [one for one, status in answered.items() if status == 507], answered


def test_well_formed_work_of_every_kind_is_refused_in_words(
    full: Flask, database: Database, stored: Any, cast: Cast, key: Callable[[], str],
    a_bone_sample: Build, a_lot: Build, at: datetime, said: Callable[..., str],
) -> None:  # fmt: skip
    station = cast.stations[StationKind.RECEPTION]
    with database.writing() as session:
        bone = a_bone_sample(session)
        lot = a_lot(session, released=False)
        agent = issue_agent_key(
            session, session.get_one(Station, station), by=cast.administrator, at=at
        )
    technician, manager, quality = (
        client_of(full, database, actor) for actor in (cast.technician, cast.manager, cast.quality)
    )
    reason = {"reason": "torn in two", "station": station}
    acts = (
        (technician, f"/bench/{station}/take", {}),
        (technician, f"/api/bench/{station}/scans", {"scan_id": key(), "text": "x"}),
        (technician, f"/api/bench/{station}/entries",
         {"entry_id": key(), "name": "mass", "value": "1"}),
        (technician, f"/api/bench/{station}/commands", {"command_id": key(), "command": "done"}),
        (technician, f"/labels/{bone}/reprint", reason),
        (quality, f"/stock/lots/{lot}/release", {"tested": "known samples"}),
        (manager, f"/stock/lots/{lot}/quarantine", {"reason": "cloudy"}),
        (quality, "/holds", {"code": bone, "reason": "seal", "remark": "seal was broken"}),
    )  # fmt: skip

    for client, url, sent in acts:
        own = {} if "/api/" in url else {"request_key": key()}
        with stored.nothing_new():
            in_json = client.post(url, json={**sent, **own})
            page = client.post(url, data={**sent, **own})
        assert (in_json.status_code, page.status_code) == (507, 507), url
        assert "Tell the administrator to make room" in said(in_json)
        words = page.get_data(as_text=True)
        assert "Nothing was stored" in words
        assert "%(" not in words
    with stored.nothing_new():
        fault = full.test_client().post(
            f"/api/bench/{station}/faults", headers={"Authorization": f"Bearer {agent}"},
            json={"fault_id": key(), "kind": "cut short"},
        )  # fmt: skip
    assert fault.status_code == 507


def test_with_a_full_disk_people_still_read_and_come_and_go(
    full: Flask, database: Database, cast: Cast, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        bone = a_bone_sample(session)
    client = client_of(full, database, cast.technician)

    assert client.get("/samples").status_code == 200
    assert client.get(f"/samples/{bone}").status_code == 200
    assert client.post("/sign-out").status_code == 303
    assert client.get("/samples").status_code == 401


class Limit:
    """Makes the SQLite file as full as a disk can be, and gives room again."""

    def __init__(self, database: Database) -> None:
        self.pages: int | None = None
        event.listen(database.engine, "checkout", self._set)

    def _set(self, connection: Any, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()
        if self.pages is None:
            cursor.execute("PRAGMA max_page_count = 1073741823")
        else:
            count = cursor.execute("PRAGMA page_count").fetchone()[0]
            cursor.execute(f"PRAGMA max_page_count = {count + self.pages}")
        cursor.close()


@pytest.fixture
def limit(app: Flask) -> Limit:
    """The room that is left in the file of the application's database."""
    return Limit(app.extensions["osteon"].database)


def ledger_is_sound(database: Database, settings: Settings) -> bool:
    public = create_long_term_key(settings.keys, origin=settings.origin)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=1)
    with database.reading() as session:
        report = verify_database(session, public, verifier.read_notes(settings.checkpoints))
    return not report.problems and report.verdict in ("sound", "unsigned")


@pytest.mark.parametrize("room", [0, 1, 2, 3])
def test_a_disk_that_fills_in_the_middle_of_an_act_leaves_nothing_of_it(
    limit: Limit, room: int, app: Flask, database: Database, settings: Settings, stored: Any,
    at_bench: Any, a_bone_sample: Build, said: Callable[..., str],
) -> None:  # fmt: skip
    """The room ends after any number of pages: in the rows, in the label, in the ledger."""
    with database.writing() as session:
        samples = [a_bone_sample(session) for _ in range(12)]
        payloads = [
            session.scalars(select(LabelInstance.payload).where(LabelInstance.code == code)).one()
            for code in samples
        ]
    bench = at_bench(StationKind.PREPARATION)
    name = ""
    limit.pages = room
    refused = None
    for payload in payloads:
        before, size, scans = stored.rows(), len(stored.events()), stored.scans()
        answer = bench.scan(payload)
        if answer.status_code == 201:
            limit.pages = None
            page = bench.client.get(f"/bench/{bench.code}").get_data(as_text=True)
            name = page.split('name="name" value="')[1].split('"')[0]
            limit.pages = room
            before, size, scans = stored.rows(), len(stored.events()), stored.scans()
            answer = bench.enter(name, "200")
        if answer.status_code != 201:
            refused = answer
            break
    assert refused is not None, "the file never grew"
    assert refused.status_code == 507
    assert "make room" in said(refused)

    assert stored.rows() == before
    assert (len(stored.events()), stored.scans()) == (size, scans)
    assert bench.client.get(f"/bench/{bench.code}").status_code == 200

    limit.pages = None
    again = bench.enter(name, "200") if name else bench.scan(payloads[0])
    if again.json["verdict"] != "accepted":
        again = bench.scan(payloads[-1])
    assert again.json["verdict"] == "accepted", again.json
    assert ledger_is_sound(database, settings)


def test_a_page_that_writes_into_a_full_file_says_so(
    limit: Limit, database: Database, settings: Settings, stored: Any, cast: Cast,
    sign_in: Callable[..., FlaskClient], key: Callable[[], str], at: datetime,
) -> None:  # fmt: skip
    client = sign_in(cast.manager)
    with database.writing() as session:
        buffer = add_reagent(
            session, name="extraction buffer", activity=Activity.EXTRACTION, by=cast.manager, at=at
        ).id
    sent = {
        "reagent": str(buffer), "each": "500", "expires": "2031-01-01",
        "station": cast.stations[StationKind.EXTRACTION],
    }  # fmt: skip
    limit.pages = 0
    for number in range(60):
        before, size = stored.rows(), len(stored.events())
        answer = client.post(
            "/stock/lots", data={**sent, "number": f"LOT-{number}", "request_key": key()}
        )
        if answer.status_code != 303:
            break

    words = answer.get_data(as_text=True)
    assert answer.status_code == 507
    assert "disk of the server is nearly full" in words
    assert stored.rows() == before
    assert len(stored.events()) == size

    limit.pages = None
    again = client.post("/stock/lots", data={**sent, "number": "LOT-after", "request_key": key()})
    assert again.status_code == 303
    assert ledger_is_sound(database, settings)
