# SPDX-License-Identifier: Apache-2.0
"""Work at a bench: opened by badge and PIN, ended by the badge, by idleness, by another's badge."""

import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.bench.models import BenchSession, ScanRecord, StationState
from lims.bench.operations import idle_benches, record_scan, take_bench
from lims.bench.queries import sitting
from lims.bench.rules import Ended
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import Scan, Source, StationKind, Verdict
from lims.custody.queries import history
from lims.custody.rules import Tag
from lims.features import MEANINGS
from lims.people.models import Badge, Person
from lims.people.operations import hash_pin, issue_badge
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
PIN = "2468"


@pytest.fixture
def badges(database: Database, cast: Cast) -> dict[str, str]:
    """Badges of two technicians, of the quality officer and of the coordinator."""
    hashed = hash_pin(PIN)
    with database.writing() as session:
        return {
            login: issue_badge(
                session, session.get_one(Person, actor.person), hashed, by=cast.administrator,
                at=now(),
            ).code
            for login, actor in cast.actors.items()
        }  # fmt: skip


class Screen:
    """The unattended screen of one bench, with its scanner."""

    def __init__(self, app: Flask, admin: FlaskClient, station: str) -> None:
        given = admin.post(
            f"/benches/{station}/screens", data={"request_key": secrets.token_hex(16)}
        ).get_data(as_text=True)
        found = re.search(r'class="code big">([^<]+)<', given)
        assert found is not None, given
        self.code, self.client, self.station = found[1], app.test_client(), station
        self.opened = self.client.post("/bench/screen", data={"code": found[1].lower()})

    def scan(self, text: str) -> dict[str, object]:
        answer = self.client.post(
            f"/api/bench/{self.station}/scans",
            json={"scan_id": secrets.token_hex(16), "text": text},
        )
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def pin(self, value: str) -> dict[str, object]:
        answer = self.client.post(
            f"/api/bench/{self.station}/entries",
            json={"entry_id": secrets.token_hex(16), "name": "bench-pin", "value": value},
        )
        assert answer.status_code == 201, answer.json
        return dict(answer.json)

    def page(self) -> str:
        return self.client.get(f"/bench/{self.station}").get_data(as_text=True)


def english(told: dict[str, object], name: str = "say") -> str:
    words = told[name]
    assert isinstance(words, dict)
    return str(words["en"])


def test_a_day_at_an_unattended_screen_by_badges_and_pins_alone(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, badges: dict[str, str]
) -> None:
    station = cast.stations[StationKind.RECEPTION]
    technicians = [login for login, one in cast.actors.items() if one.role == cast.technician.role]
    first, second = technicians[0], technicians[1]
    with database.reading() as session:
        initials = {
            login: session.get_one(Person, cast.actors[login].person).initials
            for login in technicians
        }
    admin = sign_in(cast.administrator)
    screen = Screen(app, admin, station)
    assert screen.opened.status_code == 303

    # Nobody works here: the screen asks for a badge, and shows and takes nothing else.
    assert "Scan your badge to work here." in screen.page()
    assert "Recent scans" not in screen.page()
    assert english(screen.scan("nonsense")) == "Nobody is working at this bench."
    others = cast.stations[StationKind.PREPARATION]
    assert screen.client.get(f"/bench/{others}").status_code == 404
    assert screen.client.get("/samples").status_code == 403
    assert screen.client.get(f"/api/bench/{station}/labels").status_code == 403
    assert app.test_client().post("/bench/screen", data={"code": screen.code}).status_code == 422

    # A PIN without a badge, a badge that may not scan here, a wrong PIN, the right one.
    assert english(screen.pin(PIN)) == "No badge was scanned here lately."
    assert screen.scan(badges["nadia"])["verdict"] == "refused"
    told = screen.scan(badges[first])
    assert (told["verdict"], english(told)) == ("accepted", f"Badge of {initials[first]}.")
    assert "your PIN, to work here" in screen.page()
    assert screen.pin("1357")["verdict"] == "refused"
    with database.reading() as session:
        assert session.get_one(Badge, badges[first]).failed_pins == 1
        assert sitting(session, station) is None
    assert english(screen.pin(PIN)) == f"{initials[first]} works here now."
    assert "Recent scans" in screen.page()
    assert "check character" in english(screen.scan("nonsense"))

    # What the first has open is put away when the second comes, and is there again afterwards.
    with database.writing() as session:
        state = session.get_one(StationState, station)
        state.focus, state.memory = "B34679CDF", {"list": "B34679CDF"}
    told = screen.scan(badges[second])
    assert f"{initials[first]} works here until the PIN is typed." in english(told)
    with database.reading() as session:
        here = sitting(session, station)
        assert here is not None
        assert here.initials == initials[first]
    told = screen.pin(PIN)
    assert "B34 679 CDF" in english(told)
    assert f"it stays with {initials[first]}" in english(told)
    with database.reading() as session:
        assert session.get_one(StationState, station).focus is None
    assert english(screen.scan(badges[second])) == f"{initials[second]} has left this bench."
    assert "Scan your badge to work here." in screen.page()
    screen.scan(badges[first])
    screen.pin(PIN)
    with database.reading() as session:
        state = session.get_one(StationState, station)
        assert (state.focus, state.memory) == ("B34679CDF", {"list": "B34679CDF"})

    # Every record knows bench, person, session, step; no PIN is kept anywhere.
    with database.reading() as session:
        sessions = session.scalars(select(BenchSession).order_by(BenchSession.id)).all()
        assert [one.ended for one in sessions] == [Ended.TAKEN, Ended.BADGE, None]
        assert [one.badge for one in sessions] == [badges[first], badges[second], badges[first]]
        records = session.scalars(select(ScanRecord).order_by(ScanRecord.id)).all()
        worked = [one for one in records if one.session_id == sessions[0].id]
        assert {one.person_id for one in worked} == {cast.actors[first].person}
        assert all(PIN not in one.text for one in records)
        tags = [
            event.tag for event in history(session, station)
            if event.tag in (Tag.STATION_SESSION_OPENED, Tag.STATION_SESSION_CLOSED)
        ]  # fmt: skip
        assert tags == [Tag.STATION_SESSION_OPENED, Tag.STATION_SESSION_CLOSED] * 2 + [
            Tag.STATION_SESSION_OPENED
        ]

    # A screen that the administrator closes shows nothing any more.
    closed = admin.post("/benches/screens/1/close", data={"request_key": secrets.token_hex(16)})
    assert closed.status_code == 303
    assert screen.client.get(f"/bench/{station}").status_code == 401
    intake = cast.stations[StationKind.INTAKE]
    refused = admin.post(
        f"/benches/{intake}/screens", json={}, headers={"Idempotency-Key": secrets.token_hex(16)}
    )
    assert refused.status_code == 409, refused.json


def test_as_many_wrong_pins_as_passwords_let_the_badge_rest(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, badges: dict[str, str]
) -> None:
    station = cast.stations[StationKind.STORAGE]
    screen = Screen(app, sign_in(cast.administrator), station)
    login = next(name for name, one in cast.actors.items() if one.id == cast.technician.id)
    screen.scan(badges[login])

    for _ in range(5):
        assert screen.pin("1357")["verdict"] == "refused"

    assert screen.pin(PIN)["verdict"] == "refused"
    with database.reading() as session:
        assert session.get_one(Person, cast.technician.person).locked_until is not None
        assert sitting(session, station) is None


def test_work_ends_where_nothing_is_scanned_but_not_for_what_an_agent_stored_in_time(
    database: Database, cast: Cast, at: datetime
) -> None:
    station, idle = cast.stations[StationKind.STORAGE], timedelta(minutes=15)
    agent = Actor(f"a:{station}")

    def scan(when: datetime, stored: timedelta = timedelta()) -> ScanRecord:
        read = Scan(
            secrets.token_hex(12), "nonsense", Source.SERIAL, device_time=when - stored,
            sent_at=when,
        )  # fmt: skip
        with database.writing() as session:
            return record_scan(
                session, station, read, by=agent, at=when, meanings=MEANINGS, idle=idle
            )

    with database.writing() as session:
        take_bench(session, station, by=cast.technician, at=at)
    assert "check character" in scan(at + timedelta(minutes=14)).say["text"]
    hour = at + timedelta(minutes=74)
    # Read at minute 20, while the server was away, judged an hour later.
    assert "check character" in scan(hour, timedelta(minutes=54)).say["text"]
    with database.reading() as session:
        assert idle_benches(session, idle=idle, at=hour + timedelta(minutes=14)) == []
        assert idle_benches(session, idle=idle, at=hour + timedelta(minutes=16)) == [station]
    late = scan(hour + timedelta(minutes=16))
    assert (late.verdict, late.say["text"]) == (
        Verdict.REFUSED, "Nobody is working at this bench.",
    )  # fmt: skip
    with database.reading() as session:
        assert session.scalars(select(BenchSession.ended)).all() == [Ended.IDLE]
