# SPDX-License-Identifier: Apache-2.0
"""The quality officer's pages: the ledger is shown, verified, signed, exported; holds."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody import verifier
from lims.custody.operations import (
    certify_days,
    create_long_term_key,
    create_subject,
    long_term_signer,
    write_public_key,
)
from lims.custody.queries import blocked, history
from lims.custody.rules import Tag
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


@pytest.fixture
def keys(settings: Settings) -> Settings:
    """The laboratory's signing keys, certified from today."""
    public = create_long_term_key(settings.keys, origin=settings.origin)
    write_public_key(settings.public_key, public)
    signer = long_term_signer(settings.keys, origin=settings.origin)
    certify_days(settings.keys, settings.checkpoints, signer, first=now().date(), days=3)
    return settings


@pytest.fixture
def lot(database: Database, cast: Cast, at: datetime) -> str:
    """A coded thing."""
    code = draw_code(Kind.LOT)
    with database.writing() as session:
        create_subject(
            session, code, Tag.LOT_RECORD_RECEIVED, by=cast.manager, at=at, content={}, state="new"
        )
    return code


def test_the_ledger_is_signed_exported_and_verified_by_the_file_alone(
    cast: Cast, sign_in: SignIn, key: Key, keys: Settings, lot: str, tmp_path: Path
) -> None:
    """What the officer hands out proves itself."""
    client = sign_in(cast.quality)
    signed = client.post("/ledger/checkpoint", data={"request_key": key()})
    export = client.post("/ledger/export", data={"request_key": key()})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "ledger.ndjson").write_bytes(export.data)
    given = json.loads(client.get("/ledger/checkpoints.json").data)
    (outside / "notes").mkdir()
    for name, text in given["checkpoints"].items():
        (outside / "notes" / name).write_text(text)
    (outside / "key").write_text(given["key"])

    report = verifier.verify_files(outside / "ledger.ndjson", outside / "notes", outside / "key")

    assert signed.status_code == 303
    assert report.verdict == "unsigned"
    assert report.unsigned == 1
    assert export.data.splitlines()[-1].find(b"ledger:export:made") > 0


def test_verifying_says_how_many_events_there_are_and_is_itself_recorded(
    cast: Cast, sign_in: SignIn, key: Key, keys: Settings, lot: str, database: Database
) -> None:
    """The check of the ledger is an act."""
    page = sign_in(cast.quality).post("/ledger/verify", data={"request_key": key()})

    assert "The ledger is sound" in page.get_data(as_text=True)
    with database.reading() as session:
        last = history(session, "ledger")[-1]
    assert last.tag is Tag.LEDGER_CHECK_DONE
    assert last.content["verdict"] == "unsigned"


def test_a_hold_is_set_and_lifted_with_a_reason(
    cast: Cast, sign_in: SignIn, key: Key, keys: Settings, lot: str, database: Database
) -> None:
    """Both acts name who, when and why."""
    client = sign_in(cast.quality)
    client.post(
        "/holds",
        data={"request_key": key(), "code": lot, "reason": "seal", "remark": "seal was cut"},
    )
    with database.reading() as session:
        (hold,) = blocked(session, lot)
    page = client.get("/holds").get_data(as_text=True)
    refused = client.post(f"/holds/{hold.id}/lift", data={"request_key": key()})
    lifted = client.post(
        f"/holds/{hold.id}/lift",
        data={"request_key": key(), "decision": "replaced", "reason": "seal was replaced"},
    )
    with database.reading() as session:
        after = blocked(session, lot)

    assert "What it froze, and decide" in page
    assert refused.status_code == 422
    assert lifted.status_code == 303
    assert after == ()


def test_the_ledger_page_can_be_read_by_the_auditor_and_not_by_a_technician(
    cast: Cast, sign_in: SignIn, keys: Settings, lot: str
) -> None:
    """Reading the ledger is a right of its own."""
    auditor = sign_in(cast.auditor).get(f"/ledger?code={lot}")
    technician = sign_in(cast.technician).get("/ledger")

    assert auditor.status_code == 200
    assert "Reagent lot received" in auditor.get_data(as_text=True)
    assert technician.status_code == 403


def test_the_package_of_a_thing_is_offered_with_its_events_and_proves_itself(
    cast: Cast, sign_in: SignIn, key: Key, keys: Settings, lot: str, tmp_path: Path
) -> None:
    """An auditor hands it out; that it was made is the last event in it."""
    client = sign_in(cast.quality)
    page = client.get(f"/ledger?code={lot}").get_data(as_text=True)
    thing = client.get(f"/samples/{lot}").get_data(as_text=True)
    made = client.post(f"/ledger/packages/{lot}", data={"request_key": key()})
    unknown = client.post(f"/ledger/packages/{draw_code(Kind.LOT)}", data={"request_key": key()})
    refused = sign_in(cast.technician).post(f"/ledger/packages/{lot}", data={"request_key": key()})
    with zipfile.ZipFile(io.BytesIO(made.data)) as archive:
        held = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    report = verifier.check_proof(
        held["proof.ndjson"].splitlines(keepends=True),
        verifier.read_key_file(keys.public_key),
    )

    assert f"/ledger/packages/{lot}" in page
    assert f"/ledger/packages/{lot}" in thing
    assert (made.status_code, made.mimetype) == (200, "application/zip")
    assert (report.verdict, report.code) == ("sound", lot)
    assert b"ledger:package:made" in held["proof.ndjson"]
    assert held["timeline.pdf"].startswith(b"%PDF")
    assert (unknown.status_code, refused.status_code) == (404, 403)
