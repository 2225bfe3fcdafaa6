# SPDX-License-Identifier: Apache-2.0
"""Pages of samples and of coded things."""

from collections.abc import Callable
from datetime import datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from lims.core.actors import Actor
from lims.core.db import Database
from lims.custody.operations import set_hold
from lims.custody.rules import HoldReason
from tests.cast import Cast

Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]
JSON = {"Accept": "application/json"}


def test_the_list_shows_samples_and_a_whole_code_leads_to_its_page(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        codes = [a_bone_sample(session) for _ in range(3)]
    client = sign_in(cast.technician)

    listed = client.get("/samples", headers=JSON).get_json()["samples"]
    begun = client.get(f"/samples?search={codes[0][:4].lower()}", headers=JSON).get_json()
    typed = f"{codes[0][:3]} {codes[0][3:6]}-{codes[0][6:]}".lower()
    led = client.get("/samples", query_string={"search": typed})

    assert {row["code"] for row in listed} == set(codes)
    assert codes[0] in {row["code"] for row in begun["samples"]}
    assert led.status_code == 302
    assert led.headers["Location"] == f"/samples/{codes[0]}"
    assert codes[1] in client.get("/samples").get_data(as_text=True)


def test_the_list_goes_on_page_by_page_and_filters(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build,
    a_reference_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        codes = {a_bone_sample(session, accepted=False) for _ in range(52)}
        reference = a_reference_sample(session)
    client = sign_in(cast.technician)

    first = client.get("/samples?line=bone", headers=JSON).get_json()
    second = client.get(f"/samples?line=bone&after={first['after']}", headers=JSON).get_json()
    accepted = client.get("/samples?state=accepted", headers=JSON).get_json()

    assert len(first["samples"]) == 50
    assert {row["code"] for row in first["samples"] + second["samples"]} == codes
    assert second["after"] == ""
    assert [row["code"] for row in accepted["samples"]] == [reference]


def test_the_page_of_an_extract_tells_its_way_from_the_bone(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build, an_aliquot: Build,
    extracts: Callable[..., tuple[str, ...]],
) -> None:  # fmt: skip
    with database.writing() as session:
        bone = a_bone_sample(session)
        tube = an_aliquot(session, sample=bone)
        extract, blank = extracts(session, aliquots=(tube,))
    client = sign_in(cast.technician)

    page = client.get(f"/samples/{extract}").get_data(as_text=True)
    said = client.get(f"/samples/{extract}", headers=JSON).get_json()

    assert said["custody_sound"] is True
    assert said["lineage"][0]["code"] == bone
    assert said["lineage"][0]["children"][0]["code"] == tube
    assert said["lineage"][0]["children"][0]["children"][0]["code"] == extract
    assert {event["type"] for event in said["history"]} >= {
        "sample:code:given", "sample:item:accepted", "sample:item:ground", "aliquot:tube:taken",
        "batch:record:opened", "extract:tube:made",
    }  # fmt: skip
    assert "Accepted into the laboratory" in page
    assert "T-01" in page
    assert blank not in page


def test_an_event_changed_in_the_database_is_not_shown_as_proved(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
    forged = text("UPDATE ledger_event SET body = :body WHERE stream = :code").bindparams(
        body=b"{}", code=code
    )
    if not database.is_sqlite:
        # There the application's own role cannot change the ledger at all.
        with database.engine.begin() as connection, pytest.raises(ProgrammingError):
            connection.execute(forged)
        return
    with database.engine.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER ledger_event_no_update")
        connection.exec_driver_sql(
            "UPDATE ledger_event SET body = CAST(replace(CAST(body AS TEXT), '\"femur\"', "
            "'\"tibia\"') AS BLOB) WHERE stream = ?", (code,),
        )  # fmt: skip
    client = sign_in(cast.technician)

    said = client.get(f"/samples/{code}", headers=JSON).get_json()
    page = client.get(f"/samples/{code}").get_data(as_text=True)

    assert said["custody_sound"] is False
    assert "custody does not hold together" in page
    assert 'class="proof"' not in page


def test_a_hold_is_shown_on_everything_that_came_from_the_held_thing(
    database: Database, cast: Cast, at: datetime, sign_in: SignIn, a_bone_sample: Build,
    an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        bone = a_bone_sample(session)
        tube = an_aliquot(session, sample=bone)
        set_hold(session, bone, HoldReason.SEAL, by=cast.quality, at=at)
    client = sign_in(cast.technician)

    said = client.get(f"/samples/{tube}", headers=JSON).get_json()

    assert [hold["code"] for hold in said["holds"]] == [bone]
    assert "Inherited from" in client.get(f"/samples/{tube}").get_data(as_text=True)


@pytest.mark.parametrize("path", ["B34679CDF", "nonsense", "T34679CDF"])
def test_what_is_not_there_is_not_found(cast: Cast, sign_in: SignIn, path: str) -> None:
    assert sign_in(cast.technician).get(f"/samples/{path}").status_code == 404


def test_a_badge_or_a_station_is_no_thing_of_the_laboratory(cast: Cast, sign_in: SignIn) -> None:
    station = next(iter(cast.stations.values()))

    assert sign_in(cast.technician).get(f"/samples/{station}").status_code == 404


@pytest.mark.parametrize("login", ["yusuf", "rima", "piet", "adam"])
def test_the_sealed_side_and_outsiders_see_no_sample(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build, login: str
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
    client = sign_in(cast.actors[login])

    assert client.get("/samples").status_code == 403
    assert client.get(f"/samples/{code}").status_code == 403


def test_the_pages_hold_no_site_group(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Build
) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
    client = sign_in(cast.technician)

    for headers in ({}, JSON):
        answer = client.get(f"/samples/{code}", headers=headers).get_data(as_text=True)
        assert "site_group" not in answer
        assert "burial" not in answer
