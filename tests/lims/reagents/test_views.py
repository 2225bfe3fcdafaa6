# SPDX-License-Identifier: Apache-2.0
"""The pages of the stock and of instruments, and what a completed batch took of its lots."""

import json
from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.rules import Activity, Line
from lims.plates.operations import add_blank, complete_batch, open_batch, place_in_batch, record_use
from lims.printing.queries import labels_of
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.reagents.queries import containers_of, left_of
from lims.reagents.rules import LotShort
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]
JSON = {"Accept": "application/json"}


def test_a_lot_is_received_released_used_and_discarded_by_page(
    database: Database, cast: Cast, sign_in: SignIn, key: Key
) -> None:
    manager, technician, quality = (
        sign_in(one) for one in (cast.manager, cast.technician, cast.quality)
    )
    station = cast.stations[StationKind.EXTRACTION]

    def send(client: FlaskClient, url: str, **sent: object) -> tuple[int, dict[str, object]]:
        answer = client.post(url, json={**sent, "request_key": key()}, headers=JSON)
        return answer.status_code, json.loads(answer.get_data())

    reagent = {"name": "Proteinase K", "activity": "extraction", "unit": "nl", "open_days": 30}
    assert send(technician, "/stock/reagents", **reagent)[0] == 403
    number = send(manager, "/stock/reagents", **reagent)[1]["number"]
    lot = {"reagent": number, "number": "PK-1", "expires": "2035-01-01", "each": "2,5",
           "containers": 3, "station": station, "seal": "S-9"}  # fmt: skip
    status, made = send(technician, "/stock/lots", **lot)
    url = f"/stock/lots/{made['code']}"
    again = send(technician, "/stock/lots", **lot)

    assert status == 201
    assert (again[0], again[1]["error"]) == (409, "LotThere")
    assert send(technician, f"{url}/release", tested="a known sample")[0] == 403
    assert send(quality, f"{url}/release", tested="a known sample")[0] == 201
    assert send(technician, f"{url}/open")[0] == 201
    assert send(technician, f"{url}/correct", container=1, left="3", reason="x")[0] == 422
    assert send(technician, f"{url}/correct", container=1, left="1", reason="spilt")[0] == 201
    assert send(technician, f"{url}/end", container=1, end="discarded")[0] >= 400
    assert send(technician, f"{url}/end", container=1, end="empty")[0] == 201
    assert send(technician, f"{url}/quarantine", reason="recalled")[0] == 201
    assert send(technician, f"{url}/lift", reason="tested")[0] == 403
    page = technician.get(url, headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert 'dir="rtl"' in page
    assert "recalled" in page
    assert send(quality, f"{url}/lift", reason="tested")[0] == 201
    assert send(technician, f"{url}/discard", reason="thawed")[0] == 201
    told = technician.get(url, headers=JSON).get_json()
    assert (told["state"], told["left"]) == ("discarded", 0)
    assert [one["end"] for one in told["containers"]] == ["empty", "discarded", "discarded"]
    assert "PK-1" in technician.get("/stock?state=ended").get_data(as_text=True)
    assert technician.get("/stock?within=3650", headers=JSON).get_json()["lots"] == []
    with database.reading() as session:
        assert [one.station_code for one in labels_of(session, str(made["code"]))] == [station]


def test_an_instrument_is_registered_planned_recorded_and_stopped_by_page(
    cast: Cast, sign_in: SignIn, key: Key
) -> None:
    manager, technician, quality = (
        sign_in(one) for one in (cast.manager, cast.technician, cast.quality)
    )

    def send(client: FlaskClient, url: str, **sent: object) -> int:
        return client.post(url, json={**sent, "request_key": key()}, headers=JSON).status_code

    made = manager.post(
        "/instruments",
        json={"name": "3500", "kind": "genetic analyzer", "activity": "injection",
              "serial": "S-1", "calibration_due": "2035-01-01", "request_key": key()},
        headers=JSON,
    ).get_json()  # fmt: skip
    url = f"/instruments/{made['code']}"
    plan = {"kind": "maintenance", "name": "Wash", "interval_days": 7, "due": "2034-01-01"}
    assert send(technician, f"{url}/plans", **plan) == 403
    assert send(manager, f"{url}/plans", **plan) == 201
    told = manager.get(url, headers=JSON).get_json()
    (wash,) = [one["plan"] for one in told["plans"] if one["name"] == "Wash"]
    done = f"/instruments/plans/{wash}/done"
    day = {"done_on": "2026-01-05", "certificate": "W-1"}
    assert send(manager, done, **day, until="2033-01-01") == 422
    assert send(manager, done, **day, until="2034-02-01") == 201
    polymer = {"kind": "polymer", "number": "PO-1", "expires": "2034-01-01", "most_runs": 50}
    assert send(technician, f"{url}/consumables", **polymer) == 201
    assert send(technician, f"{url}/stop", reason="arcing") == 201
    assert send(technician, f"{url}/resume", reason="mended") == 403
    words = quality.get(url, headers={"Accept-Language": "ar"}).get_data(as_text=True)
    assert "arcing" in words
    assert "W-1" in words
    assert send(quality, f"{url}/resume", reason="mended") == 201
    (shown,) = technician.get("/instruments", headers=JSON).get_json()["instruments"]
    assert (shown["next_due"], shown["state"]) == ("2034-02-01", "ready")
    assert "3500" in technician.get("/instruments").get_data(as_text=True)


def test_a_completed_batch_takes_of_its_lots_what_its_procedure_says_with_overage(
    database: Database, cast: Cast, at: datetime, a_lot: Build, an_aliquot: Build
) -> None:
    by = cast.technician
    document = (
        'name = "EX-9"\ntitle = "Extraction"\nactivity = "extraction"\n'
        '[limits]\noverage_percent = "10"\n[[step]]\nwords = "Extract."\n'
        '[[reagent]]\nname = "lysis buffer"\nvolume_ul = "1400"\n[[reagent]]\nname = "water"\n'
    )
    with database.writing() as session:
        drafted = draft_procedure(session, document, reason="new", by=cast.manager, at=at)
        approve_procedure(session, drafted.id, by=cast.quality, at=at)
        one, two = (
            a_lot(session, reagent="Lysis buffer", each=each) for each in (2_000_000, 1_080_000)
        )
        water = a_lot(session, reagent="water", each=1)
        batch = open_batch(
            session, activity=Activity.EXTRACTION, line=Line.BONE, procedure_id=drafted.id, by=by,
            at=at,
        ).code  # fmt: skip
        place_in_batch(session, batch, an_aliquot(session), line=Line.BONE, by=by, at=at)
        add_blank(session, batch, by=by, at=at)
        for lot in (one, water):
            record_use(session, batch, lot, activity=Activity.EXTRACTION, by=by, at=at)
    with database.writing() as session, pytest.raises(LotShort) as short:
        complete_batch(session, batch, by=by, at=at)
    with database.writing() as session:
        record_use(session, batch, two, activity=Activity.EXTRACTION, by=by, at=at)
        complete_batch(session, batch, by=by, at=at)
    with database.reading() as session:
        left = [left_of(containers_of(session, lot)) for lot in (one, two, water)]

    # Two tubes of 1.4 ml and a tenth more: 3.08 ml.
    assert str(short.value.say).startswith("Only 2000 µl of lot")
    assert "3080 µl asked" in str(short.value.say)
    assert left == [0, 0, 1]
