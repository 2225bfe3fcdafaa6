# SPDX-License-Identifier: Apache-2.0
"""The page of extraction."""

from collections.abc import Callable

from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.printing.queries import labels_of
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


def test_a_technician_opens_a_batch_and_its_card_comes_out_at_the_bench(
    database: Database, cast: Cast, sign_in: SignIn, key: Key, a_procedure: Callable[..., int]
) -> None:
    with database.writing() as session:
        procedure = a_procedure(session)
    client = sign_in(cast.technician)
    station = cast.stations[StationKind.EXTRACTION]
    sent = {"line": "bone", "procedure": procedure, "station": station, "request_key": key()}

    first = client.post("/extraction", json=sent, headers={"Accept": "application/json"})
    same = client.post("/extraction", json=sent, headers={"Accept": "application/json"})

    assert first.status_code == 201
    assert same.get_json() == first.get_json()
    batch = first.get_json()["code"]
    with database.reading() as session:
        (label,) = labels_of(session, batch)
    assert (label.layout, label.station_code) == ("batch card", station)
    page = client.get("/extraction").get_data(as_text=True)
    assert batch in page
    assert "EX-04 v7" in page


def test_without_a_procedure_in_force_the_page_says_who_puts_one_in_force(
    cast: Cast, sign_in: SignIn
) -> None:
    page = sign_in(cast.technician).get("/extraction").get_data(as_text=True)

    assert "No procedure for extraction is in force" in page


def test_a_manager_plans_but_does_not_work_at_the_bench(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.manager).get("/extraction").status_code == 403
