# SPDX-License-Identifier: Apache-2.0
"""Who may not scan, and requests that are no scans: refused in words, nothing stored."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import select, update

from lims.core.clock import now
from lims.core.codes import draw_code
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.models import AgentKey, Person, SignInSession, Station
from lims.people.operations import (
    close_station,
    disable_person,
    issue_agent_key,
    revoke_agent_key,
)
from tests.cast import Cast

Build = Callable[..., str]
AtBench = Callable[..., Any]
Said = Callable[..., str]

REFUSED = ("scan:code:refused",)
STOPPED = ("scan:code:stopped",)
RECEPTION = StationKind.RECEPTION


def test_a_closed_station_takes_nothing(
    stored: Any, at_bench: AtBench, database: Database, cast: Cast, at: datetime,
    a_coded_bone: Callable[..., str], said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()
    with database.writing() as session:
        close_station(session, session.get_one(Station, bench.code), by=cast.administrator, at=at)

    with stored.nothing_new():
        answers = [bench.scan(payload), bench.enter("mass", "2"), bench.command("done")]

    for answer in answers:
        assert answer.status_code == 409
        assert "closed" in said(answer)
    assert bench.client.get(f"/bench/{bench.code}").status_code == 409
    assert stored.scans() == 0


def test_a_station_that_does_not_exist_takes_nothing(
    stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    payload = a_coded_bone()
    bench = at_bench()

    with stored.nothing_new():
        for wrong in (draw_code("T"), payload[:9], "nowhere", "%00"):
            answer = bench.client.post(
                f"/api/bench/{wrong}/scans",
                json={"scan_id": bench.key(), "text": payload, "source": "serial"},
            )
            assert answer.status_code == 404
            said(answer)


def test_who_may_not_scan_there_scans_nothing(
    stored: Any, at_bench: AtBench, cast: Cast, sign_in: Callable[..., Any],
    key: Callable[[], str], a_coded_bone: Callable[..., str], said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()

    for actor in (cast.manager, cast.administrator, cast.auditor, cast.partner):
        client = sign_in(actor)
        with stored.nothing_new():
            answer = client.post(
                f"/api/bench/{bench.code}/scans",
                json={"scan_id": key(), "text": payload, "source": "serial"},
            )
        assert answer.status_code == 403
        said(answer)
    # Those who scan at benches of other kinds: quality where things are handed over.
    for actor in (cast.coordinator, cast.reception, cast.quality):
        client = sign_in(actor)
        with stored.nothing_new():
            taken = client.post(f"/bench/{bench.code}/take", json={"request_key": key()})
        assert taken.status_code == 403
        said(taken)
        with stored.nothing_new(events=REFUSED):
            answer = client.post(
                f"/api/bench/{bench.code}/scans",
                json={"scan_id": key(), "text": payload, "source": "serial"},
            )
        assert answer.json["verdict"] == "refused"
        assert "T-01 is working at this bench" in said(answer)
        # The ledger says who tried, not the bench's machine.
        assert stored.events()[-1]["actor"] == actor.id


def test_a_disabled_person_who_still_sits_there_scans_nothing(
    stored: Any, at_bench: AtBench, database: Database, app: Flask, cast: Cast, at: datetime,
    key: Callable[[], str], a_coded_bone: Callable[..., str], said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()
    with database.writing() as session:
        agent = issue_agent_key(
            session, session.get_one(Station, bench.code), by=cast.administrator, at=at
        )
        disable_person(
            session, session.get_one(Person, cast.technician.person), by=cast.administrator, at=at
        )

    with stored.nothing_new():
        own = bench.scan(payload)
    with stored.nothing_new(events=REFUSED):
        through_agent = app.test_client().post(
            f"/api/bench/{bench.code}/scans", headers={"Authorization": f"Bearer {agent}"},
            json={"scan_id": key(), "text": payload, "source": "serial"},
        )  # fmt: skip

    assert own.status_code == 401
    said(own)
    assert through_agent.json["verdict"] == "refused"
    said(through_agent)


def test_an_agent_scans_at_its_own_station_alone_until_its_key_is_revoked(
    stored: Any, at_bench: AtBench, database: Database, app: Flask, cast: Cast, at: datetime,
    key: Callable[[], str], a_coded_bone: Callable[..., str], said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()
    with database.writing() as session:
        other = session.get_one(Station, cast.stations[StationKind.STORAGE])
        agent = issue_agent_key(session, other, by=cast.administrator, at=at)
    client = app.test_client()

    def send(path: str, bearer: str, **body: object) -> Any:
        return client.post(
            f"/api/bench/{path}", headers={"Authorization": f"Bearer {bearer}"}, json=body
        )

    scan = {"text": payload, "source": "serial"}
    with stored.nothing_new():
        elsewhere = send(f"{bench.code}/scans", agent, scan_id=key(), **scan)
        fault = send(f"{bench.code}/faults", agent, fault_id=key(), kind="cut")
        # What is typed and pressed comes from a person's page, not from a scanner's machine.
        by_hand = [
            answer
            for one in (bench.code, other.code)
            for answer in (
                send(f"{one}/entries", agent, entry_id=key(), name="mass", value="1"),
                send(f"{one}/commands", agent, command_id=key(), command="done"),
            )
        ]
        beat = send("heartbeat", agent, stations=[{"station": bench.code, "devices": []}])
    for answer in (elsewhere, fault, beat):
        assert answer.status_code == 404
        said(answer)
    for answer in by_hand:
        assert answer.status_code == 403
        said(answer)

    with database.writing() as session:
        row = session.scalars(select(AgentKey).where(AgentKey.revoked_at.is_(None))).one()
        revoke_agent_key(session, row, by=cast.administrator, at=at)
    with stored.nothing_new():
        for bearer in (agent, "", "x" * 5000, "٣"):
            answer = send(f"{other.code}/scans", bearer.encode().decode("latin-1"),
                          scan_id=key(), **scan)  # fmt: skip
            assert answer.status_code == 401
            said(answer)
    assert stored.scans() == 0


def test_an_expired_session_is_told_and_stores_nothing(
    stored: Any, at_bench: AtBench, database: Database, a_coded_bone: Callable[..., str],
    said: Said,
) -> None:  # fmt: skip
    payload = a_coded_bone()
    bench = at_bench()
    long_ago = now() - timedelta(hours=13)
    with database.writing() as session:
        session.execute(
            update(SignInSession).values(
                created_at=long_ago, last_seen_at=long_ago, ends_at=long_ago + timedelta(hours=12)
            )
        )

    with stored.nothing_new():
        answer = bench.scan(payload)
        page = bench.client.post(
            f"/api/bench/{bench.code}/scans", data={"scan_id": bench.key(), "text": payload}
        )
        left = bench.client.post(f"/bench/{bench.code}/leave", data={"request_key": bench.key()})

    assert answer.status_code == 401
    assert "Sign in again" in said(answer)
    assert page.status_code == 401
    assert left.status_code == 401
    assert 'href="/sign-in' in left.get_data(as_text=True)
    assert "Nothing that you sent was stored" in left.get_data(as_text=True)
    assert stored.scans() == 0


def test_a_scan_that_another_site_makes_a_browser_send_is_refused(
    app: Flask, stored: Any, at_bench: AtBench, a_coded_bone: Callable[..., str], said: Said
) -> None:
    payload = a_coded_bone()
    bench = at_bench()
    app.config["WTF_CSRF_ENABLED"] = True

    with stored.nothing_new():
        answers = [bench.scan(payload), bench.enter("mass", "2"), bench.command("done")]
        page = bench.client.post(
            f"/bench/{bench.code}/leave", data={"request_key": bench.key(), "csrf_token": "x"}
        )

    for answer in answers:
        assert answer.status_code == 400
        assert "Nothing was stored" in said(answer)
    assert page.status_code == 400
    assert "too old" in page.get_data(as_text=True)


NO_SCANS: tuple[tuple[dict[str, Any], int], ...] = (
    ({"data": "not JSON", "content_type": "application/json"}, 400),
    ({"data": b"\xff\xfe{", "content_type": "application/json"}, 400),
    ({"data": "", "content_type": "application/json"}, 400),
    ({"data": "[" * 100_000, "content_type": "application/json"}, 422),
    ({"json": []}, 422),
    ({"json": [{"scan_id": "a" * 16, "text": "x"}]}, 422),
    ({"json": "text"}, 422),
    ({"json": None}, 422),
    ({"json": 7}, 422),
    ({"json": {}}, 422),
    ({"json": {"scan_id": "a" * 16}}, 422),
    ({"json": {"scan_id": "short", "text": "x"}}, 422),
    ({"json": {"scan_id": "a" * 65, "text": "x"}}, 422),
    ({"json": {"scan_id": "a" * 15 + "\n", "text": "x"}}, 422),
    ({"json": {"scan_id": ["a" * 16], "text": "x"}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": ""}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": None}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": 7}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": {"a": 1}}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "admin": True}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "source": "thought"}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "seq": 10**30}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "seq": -1}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "device_time": "yesterday"}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "device_time": "9999-99-99T00:00Z"}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "raw": "00" * 2000}}, 422),
    ({"json": {"scan_id": "a" * 16, "text": "x", "reason": "x" * 201}}, 422),
    ({"data": {"scan_id": "a" * 16}}, 422),
    ({"data": {"scan_id": "a" * 16, "text": "x", "admin": "1"}}, 422),
)  # fmt: skip


def test_a_request_that_is_no_scan_is_refused_at_the_door(
    stored: Any, at_bench: AtBench, said: Said
) -> None:
    bench = at_bench()

    with stored.nothing_new():
        answers = [
            bench.client.post(
                f"/api/bench/{bench.code}/scans", headers={"Accept": "application/json"}, **sent
            )
            for sent, _ in NO_SCANS
        ]

    for answer, (sent, status) in zip(answers, NO_SCANS, strict=True):
        assert answer.status_code == status, (sent, answer.get_data(as_text=True)[:500])
        said(answer)
    assert stored.scans() == 0


def test_a_body_too_large_for_anything_is_refused_unread(
    app: Flask, stored: Any, at_bench: AtBench, said: Said
) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 100_000
    bench = at_bench()
    huge = json.dumps({"scan_id": bench.key(), "text": "x", "raw": "0" * 200_000})

    with stored.nothing_new():
        answer = bench.client.post(
            f"/api/bench/{bench.code}/scans", data=huge, content_type="application/json"
        )
        page = bench.client.post(f"/bench/{bench.code}/leave", data={"request_key": "x" * 200_000})

    assert (answer.status_code, page.status_code) == (413, 413)
    assert "too large" in said(answer)
    assert "too large" in page.get_data(as_text=True)


def test_every_refusal_is_a_page_in_the_readers_language_too(
    at_bench: AtBench, stored: Any, app: Flask
) -> None:
    bench = at_bench()
    bench.client.post("/language", data={"language": "ar", "back": "/"})

    with stored.nothing_new():
        missing = bench.client.post(f"/bench/{bench.code}/leave", data={"request_key": "x"})

    words = missing.get_data(as_text=True)
    assert missing.status_code == 422
    assert 'lang="ar"' in words
    assert "%(" not in words
