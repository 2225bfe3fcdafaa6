# SPDX-License-Identifier: Apache-2.0
"""The pages of dispatches, worked as a person with a scanner works them."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO

import pypdfium2
import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lims.cases.models.dispatches import Dispatch, Package
from lims.cases.operations import seals
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.once import RequestKey
from lims.core.sealing import Vault
from lims.people.models import Person
from lims.people.operations import hash_pin, issue_badge
from tests.cast import Cast
from tests.sealed import Sealed, picture

SignIn = Callable[[Actor], FlaskClient]
PIN = "2468"
CANARIES = ("S-710", "TRC-81", "F-Canary-1", "Drivera Canaria", "Morgue of Canaria")
LIST = (
    "Seal,Site,Case,Field number,Element,Mass (g),Taken on\n"
    "S-710,TR04,TRC-81,F-Canary-1,femur,3.1,2026-03-01\n"
    "S-710,TR04,TRC-81,F-Canary-2,tibia,2.6,2026-03-01\n"
)


@pytest.fixture
def badge(database: Database, cast: Cast) -> Callable[[Actor], str]:
    """Issue a badge with a PIN."""

    def issued(actor: Actor) -> str:
        hashed = hash_pin(PIN)
        with database.writing() as session:
            person = session.get_one(Person, actor.person)
            return issue_badge(session, person, hashed, by=cast.administrator, at=now()).code

    return issued


def said(page: TestResponse) -> str:
    """Return the words of a page without its tags."""
    return re.sub("<[^>]*>", "", page.text)


def test_a_list_is_sent_checked_taken_received_by_scan_and_handed_over(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str], sealed: Sealed,
    badge: Callable[[Actor], str],
) -> None:  # fmt: skip
    with database.writing() as session:
        sealed.at = now() - timedelta(minutes=5)
        sealed.a_site(session, code="TR04")
    reception, coordinator = sign_in(cast.reception), sign_in(cast.coordinator)
    coordinators, receptions = badge(cast.coordinator), badge(cast.reception)
    confirmed = {"witness_badge": coordinators, "witness_pin": PIN}

    def send(path: str, client: FlaskClient = reception, **fields: object) -> TestResponse:
        return client.post(f"/cases/dispatches{path}", data={"request_key": key(), **fields})

    def upload(act: str, content: str = LIST) -> TestResponse:
        file = (BytesIO(content.encode()), "list.csv")
        return send("/lists", sender="Morgue of Canaria", line="bone", act=act, file=file)

    page = reception.get("/cases/dispatches/new?line=bone")
    assert page.status_code == 200
    checked = upload("check")
    assert checked.status_code == 200
    assert "Every row can be taken" in checked.text
    wrong = upload("take", LIST.replace("TR04,TRC-81,F-Canary-2", "XX,TRC-81,F-Canary-2"))
    assert wrong.status_code == 422
    assert "is not registered" in wrong.text
    taken = upload("take")
    assert taken.status_code == 303
    twice = upload("take")
    assert twice.status_code == 409
    assert "was taken already" in twice.text
    typed = send(
        "/typed", sender="Morgue of Canaria", line="bone", act="check",
        **{name: ["", ""] for name in ("package", "site", "case", "field", "element", "side",
           "material", "mass", "count", "taken_on", "remarks")}, seal=["S-1", ""],
    )  # fmt: skip
    assert typed.status_code == 422
    assert 'value="S-1"' in typed.text

    ref = taken.headers["Location"].rsplit("/", 1)[1]
    assert "0 of 2 scanned" in said(reception.get(f"/cases/dispatches/{ref}"))
    assert "list.csv" in reception.get("/cases/dispatches").text
    here = f"/{ref}"
    outsider = {"name": "Drivera Canaria", "document": "N-1", "organisation": "Invented"}
    assert send(f"{here}/arrival", **outsider).status_code == 303
    stop = send(f"{here}/read", read="S-999")
    assert stop.status_code == 409
    assert "Seal S-999 does not match the dispatch list (S-710)" in re.sub("[⁦-⁩]", "", said(stop))
    assert 'name="kind" value="seal differs"' in stop.text
    package = re.search(r'name="package" value="([0-9a-f]{32})"', stop.text)
    assert package is not None
    agrees = send(f"{here}/read", read="S-710")
    assert "agrees with the list" in said(agrees)
    closed = send(f"{here}/read", read="F-Canary-1", package=package[1])
    assert closed.status_code == 409
    opened = f"/packages/{package[1]}"
    assert send(f"{opened}/open", reason="to count", witness_badge=receptions,
                witness_pin=PIN).status_code == 403  # fmt: skip
    assert send(f"{opened}/open", reason="to count", **confirmed).status_code == 303
    assert "nothing followed yet" in reception.get(f"/cases/dispatches/{ref}").text
    first = send(f"{here}/read", read="F-Canary-1", package=package[1])
    assert "1 of 2 scanned" in said(first)
    assert send(f"{here}/read", read="F-Canary-9", package=package[1]).status_code == 404
    assert send(f"{here}/received").status_code == 409

    second = re.search(r'<option value="([0-9a-f]{32})">F-Canary-2', first.text)
    assert second is not None
    differs = send(
        f"{here}/discrepancies", kind="item missing", item=second[1], reason="not in the bag",
        photograph=(BytesIO(picture()), "bag.jpg"),
    )  # fmt: skip
    assert differs.status_code == 303
    assert send(f"{opened}/emptied").status_code == 303
    assert send(f"{here}/received").status_code == 303
    shown = coordinator.get(f"/cases/dispatches/{ref}").text
    photograph = re.search(r'href="(/cases/dispatches/discrepancies/\w{32}/photograph)"', shown)
    assert photograph is not None
    assert coordinator.get(photograph[1]).data == picture()
    decision = photograph[1].removeprefix("/cases/dispatches").replace("photograph", "decision")
    about = {"decision": "keep out", "reason": "the sender never packed it"}
    with_reception = {"witness_badge": receptions, "witness_pin": PIN}
    assert send(decision, **about, **confirmed).status_code == 403
    assert send(decision, coordinator, **about, **with_reception).status_code == 303

    receipt = reception.get(f"/cases/dispatches/{ref}/receipt.pdf")
    assert receipt.data.startswith(b"%PDF-")
    opened_pdf = pypdfium2.PdfDocument(receipt.data)
    words = " ".join(one.get_textpage().get_text_bounded() for one in opened_pdf)
    assert {"S-710", "Drivera"} <= set(re.split(r"[\s,]+", words))
    assert re.search(r"[0-9]+:[A-Z2-7]{10}", words)

    assert send(f"{here}/hand-over", **confirmed).status_code == 303
    assert send(f"{here}/hand-over", **confirmed).status_code == 409
    with database.reading() as session:
        assert session.scalars(select(Dispatch)).one().state.value == "received"
        kept = "".join(str(row.answer) for row in session.scalars(select(RequestKey)))
    assert not [word for word in CANARIES if word in kept]


def test_templates_senders_and_a_cancelled_list(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str], sealed: Sealed
) -> None:
    with database.writing() as session:
        sealed.at = now() - timedelta(minutes=5)
        sealed.a_site(session, code="TR04")
    reception = sign_in(cast.reception)
    for kind, begins in (("csv", b"\xef\xbb\xbf"), ("xlsx", b"PK")):
        file = reception.get(f"/cases/dispatches/template?line=reference&language=ar&kind={kind}")
        assert file.data.startswith(begins)
    typed = {
        "sender": "Morgue", "line": "bone", "act": "take", "seal": "S-1", "site": "TR04",
        "case": "81", "field": "F-1", "request_key": key(),
    }  # fmt: skip
    taken = reception.post("/cases/dispatches/typed", data=typed)
    assert taken.status_code == 303
    listed = reception.get("/cases/dispatches").text
    sender = re.search(r'href="(/cases/dispatches/senders/[0-9a-f]{32})"', listed)
    assert sender is not None
    mapping = {"header": ["Obj", ""], "column": ["element", ""], "request_key": key()}
    assert reception.post(sender[1], data=mapping).status_code == 303
    assert 'value="Obj"' in reception.get(sender[1]).text

    cancelled = reception.post(
        taken.headers["Location"] + "/cancel",
        data={"reason": "sent by mistake", "request_key": key()},
    )
    assert cancelled.status_code == 303
    assert "sent by mistake" in reception.get(taken.headers["Location"]).text


def test_the_coordinator_sees_broken_seals_that_nothing_followed_until_something_did(
    database: Database, cast: Cast, sign_in: SignIn, sealed: Sealed, vault: Vault
) -> None:
    says = "1 broken seal: neither a new seal nor use followed."
    client = sign_in(cast.coordinator)
    sealed.at = at = now() - timedelta(minutes=5)
    with database.writing() as session:
        ref = sealed.a_dispatch(session)
        package = session.scalars(
            select(Package).where(Package.dispatch_ref == ref, Package.number == 1)
        ).one()
        seals.break_seal(
            session, vault, package.ref, reason="to count", witness=cast.coordinator,
            by=cast.reception, at=at,
        )  # fmt: skip
    page = client.get("/cases/dispatches")
    assert says in said(page)
    assert f"/cases/dispatches/{ref}" in page.text.split(says)[1].split("</ul>")[0]
    with database.writing() as session:
        seals.apply_seal(session, vault, package.ref, number="N-77", by=cast.reception, at=at)
    assert says not in said(client.get("/cases/dispatches"))
