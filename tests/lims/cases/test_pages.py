# SPDX-License-Identifier: Apache-2.0
"""Pages of the registry: items, numbers, photographs, individuals, and foreign codes at intake."""

import html
import io
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lims.bench.models import ScanRecord
from lims.bench.operations import record_scan, take_bench
from lims.cases import queries
from lims.cases.models import FieldPhotograph, Item
from lims.core.actors import Actor
from lims.core.clock import local, now
from lims.core.db import Database
from lims.core.scans import Scan, Source, Verdict
from lims.core.sealing import Vault
from lims.core.settings import Settings
from lims.custody.queries import recent
from lims.features import MEANINGS
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from tests.cast import Cast
from tests.sealed import CASE, Sealed, picture

SignIn = Callable[[Actor], FlaskClient]
Key = Callable[[], str]


@pytest.fixture
def at() -> datetime:
    """Now: views compare with the real clock."""
    return now() - timedelta(minutes=5)


def words(answer: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", "", answer)))


def test_an_item_is_corrected_numbered_and_found_on_its_pages(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, sign_in: SignIn, key: Key
) -> None:
    with database.writing() as session:
        ref = sealed.an_item(session)
        number = queries.item(session, vault, ref).field_number
    client = sign_in(cast.reception)
    sent = {
        "field_number": number, "element": "tibia", "side": "left", "segment": "distal third",
        "condition": "charred", "bone_sex": "probably female", "age_from": "20", "age_to": "25",
        "completeness": "under 25 %", "mass": "٢١٢,٥", "description": "two pieces", "seen": "1",
    }  # fmt: skip
    at = f"/cases/items/{ref}/corrections"
    refused = client.post(at, data={**sent, "request_key": key()})
    assert refused.status_code == 422
    refused = client.post(at, data={**sent, "reason": "x y z w", "age_to": "19",
                                    "request_key": key()})  # fmt: skip
    assert "This range of ages cannot be: from 20 to 19 years." in words(refused.text)
    pressed = key()
    for _ in range(2):
        done = client.post(at, data={**sent, "reason": "measured again", "request_key": pressed})
        assert done.status_code == 303
    shown = words(client.get(done.headers["Location"]).text)
    assert "Version 2" in shown
    assert "measured again" in shown
    assert "Skeletal element: femur tibia" in shown
    assert "212.5 g" in shown
    assert "Version 3" not in shown
    again = client.post(at, data={**sent, "reason": "measured again", "request_key": key()})
    assert (again.status_code, "by somebody else" in words(again.text)) == (409, True)

    given = {"kind": "mortuary", "number": "MO-12/7", "issuer": "Central Mortuary"}
    for expected in (303, 409):
        answer = client.post(f"/cases/numbers/of/{ref}", data={**given, "request_key": key()})
        assert answer.status_code == expected
    assert "same kind, same issuer" in words(answer.text)
    found = client.post("/cases/search", data={"search": "mo12/٧"})
    assert f"/cases/items/{ref}" in found.text
    # Nothing that was asked stands in an address.
    assert not re.findall(r'(?:href|action)="[^"]*mo12', found.text)
    assert "Nothing bears this number" in client.post("/cases/search", data={"search": "?"}).text


def test_photographs_come_from_a_telephone_are_shown_small_and_given_back_as_they_came(
    database: Database, sealed: Sealed, cast: Cast, sign_in: SignIn, key: Key,
    settings: Settings,
) -> None:  # fmt: skip
    with database.writing() as session:
        item = sealed.an_item(session)
        bone = sealed.a_bone(session, item=item, photographed=False)
    client = sign_in(cast.reception)
    page = client.get(f"/cases/photographs/of/{bone}").text
    assert 'capture="environment"' in page
    assert "data-upload" in page
    at = f"/cases/photographs/of/{bone}"
    taken = f"{local(now(), settings.time_zone):%Y-%m-%dT%H:%M}"

    def send(content: bytes, **more: str) -> tuple[int, Any]:
        answer = client.post(
            at, headers={"Accept": "application/json"}, content_type="multipart/form-data",
            data={"request_key": key(), "kind": "overview", "taken_at": taken, **more,
                  "photograph": [(io.BytesIO(b""), ""), (io.BytesIO(content), "IMG.heic")]},
        )  # fmt: skip
        return answer.status_code, answer.get_json()

    status, said = send(picture() + b"PK\x03\x04")
    assert status == 422
    assert "Something follows the end of this picture" in said["say"]["en"]
    assert "Switch off moving photographs" in said["do"]["en"]
    assert send(b"")[0] == 422
    status, said = send(picture(), place="the mortuary")
    assert (status, said["to"]) == (201, at)
    shown = client.get(at).text
    assert "data:image/jpeg;base64," in shown
    assert "the mortuary" in shown
    original = client.get(f"/cases/photographs/{said['ref']}")
    assert (original.data, original.mimetype) == (picture(), "image/jpeg")
    assert sign_in(cast.technician).get(f"/cases/photographs/{said['ref']}").status_code == 403
    # Not the one with scale: it does not let the sampling be coded.
    assert client.get(f"/cases/samplings/{bone}/photograph").status_code == 404
    gone = client.post(
        f"/cases/photographs/{said['ref']}/withdraw",
        data={"request_key": key(), "reason": "of another bone"},
    )
    assert gone.status_code == 303
    with database.reading() as session:
        assert session.get_one(FieldPhotograph, said["ref"]).withdrawn_at is not None
    assert client.get(f"/cases/photographs/of/{'0' * 32}").status_code == 404


def test_whose_remains_they_are_is_decided_on_the_page_with_a_second_person(
    database: Database, sealed: Sealed, vault: Vault, cast: Cast, sign_in: SignIn, key: Key
) -> None:
    with database.writing() as session:
        ref = sealed.an_item(session)
        case = session.get_one(Item, ref).case_ref
        badges = [
            issue_badge(
                session, session.get_one(Person, who.person), hash_pin("2468"),
                by=cast.administrator, at=now() - timedelta(minutes=5),
            ).code
            for who in (cast.coordinator, cast.reception, cast.technician)
        ]  # fmt: skip
    client = sign_in(cast.coordinator)
    at = f"/cases/{case}/individuals"
    assert CASE in client.get(at).text
    sent = {
        "choices": ["", f"{ref}=new1"], "reason": "one body", "evidence": "articulation, A-7",
        "witness_pin": "2468",
    }  # fmt: skip
    for badge, said in (
        (badges[0], "A second person must confirm."), (badges[2], "may not confirm"),
    ):  # fmt: skip
        refused = client.post(at, data={**sent, "witness_badge": badge, "request_key": key()})
        assert refused.status_code in (403, 409, 422), refused.text
        assert said.lower() in words(refused.text).lower()
    done = client.post(at, data={**sent, "witness_badge": badges[1], "request_key": key()})
    assert done.status_code == 303
    with database.reading() as session:
        who = queries.individuals_of_case(session, case)[0]
        decision = queries.decisions_of_case(session, vault, case)[0].decision
    mine = f"/cases/individuals/{who.ref}"
    assert f"I-{who.number}" in client.get(f"/cases/{case}").text
    assert "articulation, A-7" in client.get(mine).text
    before = client.get(f"{mine}?on=2020-01-01").text
    assert "Nothing is assigned to this individual." in before
    assert f"I-{who.number}" in client.get("/cases/individuals").text
    words_only = {"reason": "a mistake", "evidence": "report A-8 says no", "witness_pin": "2468"}
    alone = client.post(
        f"{mine}/join",
        data={**words_only, "other": f"i {who.number}", "witness_badge": badges[1],
              "request_key": key()},
    )  # fmt: skip
    assert "two different individuals" in words(alone.text)
    undone = client.post(
        f"{mine}/decisions/{decision.ref}/undo",
        data={**words_only, "witness_badge": badges[1], "request_key": key()},
    )
    assert undone.status_code == 303
    with database.reading() as session:
        assert queries.individuals_of_case(session, case) == ()


def test_a_foreign_code_read_at_the_intake_bench_is_kept_nowhere_and_can_be_searched_for(
    database: Database, cast: Cast, intake: str, at: datetime, sign_in: SignIn
) -> None:
    with database.writing() as session:
        take_bench(session, intake, by=cast.reception, at=at)
    with database.writing() as session:
        scan = Scan("scan-1", "MO-12/7 Wadi", Source.SERIAL, raw="MO-12/7 Wadi\r")
        record = record_scan(session, intake, scan, by=cast.reception, at=at, meanings=MEANINGS)
        assert record.verdict is Verdict.REFUSED
    with database.reading() as session:
        kept = session.scalars(select(ScanRecord)).one()
        assert (kept.text, kept.raw) == ("12 characters", "13 characters")
        assert not any("Wadi" in str(event.content) for event in recent(session, limit=50))
    page = sign_in(cast.reception).get(f"/bench/{intake}").text
    assert "data-foreign" in page
    assert "Wadi" not in page
