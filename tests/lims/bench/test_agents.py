# SPDX-License-Identifier: Apache-2.0
"""Agents of benches: their keys change without a gap, two never share a bench, clocks are told."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.bench.models import ScanRecord
from lims.bench.rules import COMMAND_CODES
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import Command, StationKind
from lims.custody.queries import history
from lims.people import operations, queries
from lims.people.models import StationAgent
from lims.people.rules import AgentReport
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Post = Callable[..., Any]


@pytest.fixture
def station(cast: Cast) -> str:
    """The station whose agent speaks."""
    return cast.stations[StationKind.RECEPTION]


@pytest.fixture
def issue(database: Database, cast: Cast, station: str) -> Callable[[], str]:
    """Issue a key of the station's agent, as the administrator does."""

    def issuing() -> str:
        with database.writing() as session:
            return operations.issue_agent_key(
                session, queries.station(session, station), by=cast.administrator, at=now()
            )

    return issuing


@pytest.fixture
def post(app: Flask) -> Post:
    """Post as an agent with a key and a name."""

    def posting(path: str, key: str, agent: str = "bench-one", **body: object) -> Any:
        headers = {"Authorization": f"Bearer {key}", "Bench-Agent": agent}
        return app.test_client().post(f"/api/bench/{path}", headers=headers, json=body)

    return posting


@pytest.fixture
def beat(post: Post, station: str) -> Post:
    """Send a heartbeat of the station."""

    def beating(key: str, agent: str = "bench-one", **more: object) -> Any:
        devices = [{"kind": "scanner", "port": "/dev/a", "state": "ready", "detail": ""}]
        said = {"station": station, "devices": devices}
        return post("heartbeat", key, agent, stations=[said | more.pop("of_station", {})], **more)

    return beating


def tags(database: Database, station: str) -> list[str]:
    with database.reading() as session:
        return [event.tag for event in history(session, station)]


def test_a_new_key_takes_over_without_a_gap_at_its_first_use(
    issue: Callable[[], str], beat: Post, database: Database, station: str
) -> None:
    old = issue()
    assert beat(old).status_code == 200

    unused = issue()
    new = issue()
    assert beat(old).status_code == 200
    assert beat(unused).status_code == 401
    assert beat(new).status_code == 200
    assert beat(old).status_code == 401
    assert beat(new).status_code == 200
    assert tags(database, station)[-1] == "station:key:revoked"


def test_an_agent_changes_its_own_key_and_no_other_stations(
    issue: Callable[[], str], post: Post, beat: Post, station: str, cast: Cast
) -> None:
    old = issue()
    answer = post(f"{station}/key", old)

    assert answer.status_code == 201
    assert beat(old).status_code == 200
    assert beat(answer.json["key"]).status_code == 200
    assert beat(old).status_code == 401
    other = cast.stations[StationKind.STORAGE]
    assert post(f"{other}/key", answer.json["key"]).status_code == 404


def test_the_second_of_two_agents_is_told_and_can_do_nothing(
    issue: Callable[[], str], post: Post, beat: Post, database: Database, station: str,
    app: Flask, sign_in: SignIn, cast: Cast, key: Callable[[], str],
) -> None:  # fmt: skip
    """Somebody has copied the folder of one bench computer to another."""
    shared = issue()
    assert beat(shared).status_code == 200

    refused = [
        beat(shared, "bench-two"),
        beat(shared, "bench-two"),
        post(f"{station}/scans", shared, "bench-two", scan_id=key(), text="x", source="serial"),
        post(f"{station}/faults", shared, "bench-two", fault_id=key(), kind="incomplete"),
        post(f"{station}/labels/B346790RK01/outcome", shared, "bench-two", fence=1, outcome="sent"),
        post(f"{station}/key", shared, "bench-two"),
    ]  # fmt: skip
    asked = app.test_client().get(
        f"/api/bench/{station}/labels",
        headers={"Authorization": f"Bearer {shared}", "Bench-Agent": "bench-two"},
    )

    for answer in [*refused, asked]:
        assert answer.status_code == 423
        assert answer.json["error"] == "BenchClaimed"
        assert "bench-one" in answer.json["say"]["en"]
    assert beat(shared).status_code == 200
    assert tags(database, station).count("station:agent:refused") == 1
    with database.reading() as session:
        assert session.scalars(select(ScanRecord)).all() == []
    page = sign_in(cast.administrator).get("/bench-agents").get_data(as_text=True)
    assert "also wanted by bench-two" in page
    bench = sign_in(cast.technician).get(f"/bench/{station}").get_data(as_text=True)
    assert "Two agents want this bench" in bench


def test_a_silent_agent_loses_its_bench_to_the_next_and_the_ledger_says_so(
    database: Database, station: str, at: datetime
) -> None:
    """A computer was exchanged."""
    report = AgentReport()
    steps = [(0, "one", True), (29, "two", False), (31, "two", True), (40, "one", False)]

    for seconds, agent, taken in steps:
        with database.writing() as session:
            assert (
                operations.claim_station(
                    session, station, agent, report, at=at + timedelta(seconds=seconds)
                )
                is taken
            )

    found = [tag for tag in tags(database, station) if tag.startswith("station:agent")]
    assert found == [
        "station:agent:claimed",
        "station:agent:refused",
        "station:agent:claimed",
        "station:agent:refused",
    ]


def test_a_clock_that_is_wrong_by_a_day_is_told_and_the_servers_time_counts(
    issue: Callable[[], str], post: Post, beat: Post, database: Database, station: str,
    sign_in: SignIn, cast: Cast, key: Callable[[], str],
) -> None:  # fmt: skip
    shared = issue()
    yesterday = now() - timedelta(days=1)
    for _ in range(2):
        assert beat(shared, clock=yesterday.isoformat()).status_code == 200

    answer = post(
        f"{station}/scans", shared, scan_id=key(), text="x", source="serial",
        device_time=yesterday.isoformat(), sent_at=yesterday.isoformat(),
    )  # fmt: skip

    assert answer.json["late"] == 0
    with database.reading() as session:
        (record,) = session.scalars(select(ScanRecord)).all()
        assert record.device_time is not None
        assert abs(record.device_time - yesterday) < timedelta(seconds=1)
        assert record.received_at - yesterday > timedelta(hours=23)
        agent = session.get_one(StationAgent, station)
        assert agent.clock_ahead_ms is not None
        assert abs(agent.clock_ahead_ms + 86_400_000) < 60_000
    assert tags(database, station).count("station:clock:wrong") == 1
    page = sign_in(cast.administrator).get("/bench-agents").get_data(as_text=True)
    assert "Clock of the bench computer is 1440 minutes off" in page


def test_a_scan_judged_an_hour_late_says_so_and_does_not_sound_like_the_tube_in_hand(
    issue: Callable[[], str], post: Post, station: str, sign_in: SignIn, cast: Cast,
    key: Callable[[], str],
) -> None:  # fmt: skip
    """The bench computer's clock is a day behind, which changes nothing of it."""
    help_code = next(code for code, command in COMMAND_CODES.items() if command is Command.HELP)
    client = sign_in(cast.technician)
    client.post(f"/bench/{station}/take", data={"request_key": key()})
    shared, sent = issue(), now() - timedelta(days=1)

    answer = post(
        f"{station}/scans", shared, scan_id=key(), text=help_code, source="serial",
        device_time=(sent - timedelta(minutes=61)).isoformat(), sent_at=sent.isoformat(),
    ).json  # fmt: skip

    assert (answer["verdict"], answer["tone"], answer["late"]) == ("accepted", "stored", 61)
    assert answer["title"]["en"] == "Late: Accepted"
    assert answer["say"]["en"].startswith("Scanned 61 minutes ago, judged only now. ")
    page = client.get(f"/bench/{station}").get_data(as_text=True)
    assert "Late: Accepted" in page
    assert 'data-kind="stored"' in page
    refused = post(
        f"{station}/scans", shared, scan_id=key(), text="nonsense", source="serial",
        device_time=(sent - timedelta(minutes=61)).isoformat(), sent_at=sent.isoformat(),
    ).json  # fmt: skip
    assert (refused["verdict"], refused["tone"]) == ("refused", "refused")


def test_what_waits_at_the_benches_stands_on_the_administrators_page(
    issue: Callable[[], str], beat: Post, sign_in: SignIn, cast: Cast
) -> None:
    counts = {"scans_stored": 3, "scans_rejected": 1, "outcomes_stored": 2, "labels_held": 20}
    assert beat(issue(), version="1.2.3", of_station=counts).status_code == 200

    page = sign_in(cast.administrator).get("/bench-agents").get_data(as_text=True)

    for words in (
        "1.2.3", "3 scans not judged yet", "1 scan the server would not take",
        "2 words on labels", "20 labels to print", "/dev/a", "never heard",
    ):  # fmt: skip
        assert words in page
    assert sign_in(cast.technician).get("/bench-agents").status_code == 403
