# SPDX-License-Identifier: Apache-2.0
"""Hand-overs on pages and at their station, by scanners and PINs alone."""

from collections.abc import Callable

import pypdfium2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lims.bench.models import ScanRecord
from lims.bench.operations import open_screen, order_screen
from lims.bench.views.screens import COOKIE
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.custody.queries import held
from lims.handovers.queries import mine
from lims.people import operations
from lims.people.models import Person
from lims.printing.queries import live_label
from tests.cast import PASSWORD, Cast

PIN = "2468"
Build = Callable[..., str]
SignIn = Callable[[Actor], FlaskClient]


@pytest.fixture
def badges(database: Database, cast: Cast) -> dict[str, str]:
    """Badges with one PIN for the giver, the receiver and the manager."""
    hashed = operations.hash_pin(PIN)
    with database.writing() as session:
        return {
            login: operations.issue_badge(
                session, session.get_one(Person, cast.actors[login].person), hashed,
                by=cast.actors["adam"], at=now(),
            ).code
            for login in ("salma", "omar", "majid")
        }  # fmt: skip


def said(answer: TestResponse) -> dict[str, object]:
    """Read a JSON answer."""
    read = answer.get_json()
    assert isinstance(read, dict)
    return read


def test_a_hand_over_is_made_at_once_or_accepted_later_on_pages_and_as_json(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str],
    badges: dict[str, str], a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        one, two, three = sorted(a_bone_sample(session) for _ in range(3))
    salma, omar, nadia = (
        sign_in(cast.technician), sign_in(cast.first_reader), sign_in(cast.quality),
    )  # fmt: skip

    def post(client: FlaskClient, path: str, **body: object) -> TestResponse:
        return client.post(path, json={"request_key": key(), **body})

    wrong = post(
        salma, "/handovers", list=one, receiver=badges["omar"], secret="1357", receiver_pin=PIN
    )
    assert (wrong.status_code, said(wrong)["error"]) == (403, "PinWrong")
    own = post(
        salma, "/handovers", list=one, receiver=badges["salma"], secret=PIN, receiver_pin=PIN
    )  # fmt: skip
    assert said(own)["error"] == "SamePerson"
    at_once = post(
        salma, "/handovers", list=f"{one}\n", receiver=badges["omar"], secret=PIN, receiver_pin=PIN
    )
    assert at_once.status_code == 201, at_once.get_data(as_text=True)
    assert said(at_once)["passed"] is True
    later = post(salma, "/handovers", things=[two, three], receiver="T-02", secret=PASSWORD)
    number = said(later)["handover"]
    again = post(salma, "/handovers", things=[two], receiver="T-02", secret=PASSWORD)
    assert (again.status_code, said(again)["error"]) == (409, "InOpenHandOver")

    home = omar.get("/handovers").get_data(as_text=True)
    assert "Hand-overs waiting for you: 1" in home
    assert f'href="/handovers/{number}"' in home
    assert sign_in(cast.second_reader).get(f"/handovers/{number}").status_code == 404
    assert nadia.get(f"/handovers/{number}").status_code == 200
    page = omar.get(f"/handovers/{number}").get_data(as_text=True)
    assert f'name="missing" value="{three}"' in page
    assert "Salma" not in page
    assert salma.get(f"/handovers/{number}").status_code == 200
    assert salma.get("/handovers/new?things=" + one).status_code == 200
    assert post(omar, f"/handovers/{number}/accept", secret="1357").status_code == 403
    got = post(
        omar, f"/handovers/{number}/accept", secret=PIN, missing=[three], note="not in the bag"
    )  # fmt: skip
    assert said(got)["kept"] == [three]
    told = said(omar.get(f"/handovers/{number}", headers={"Accept": "application/json"}))
    assert told["state"] == "completed"
    listed = said(omar.get("/handovers", headers={"Accept": "application/json"}))
    assert listed["waiting"] == []
    slip = salma.get(f"/handovers/{number}/slip.pdf")
    assert slip.mimetype == "application/pdf"
    text = pypdfium2.PdfDocument(slip.data)[0].get_textpage().get_text_range()
    for part in (f"{two[:3]} {two[3:6]} {two[6:]}", "T-01", "T-02", "missing"):
        assert part in text

    third = post(salma, "/handovers", things=[three], receiver="T-02", secret=PIN)
    assert said(third)["error"] == "OnHold"
    taken = post(
        nadia, "/handovers/take-over", things=[three], reason="ill", witness_badge=badges["majid"],
        witness_pin=PIN,
    )  # fmt: skip
    assert taken.status_code == 201, taken.get_data(as_text=True)
    assert nadia.get("/handovers/take-over").status_code == 200
    assert post(salma, "/handovers/take-over", things=[two]).status_code == 403
    with database.reading() as session:
        holders = [held(session, code).holder for code in (one, two, three)]  # type: ignore[union-attr]  # tracked
        assert holders == [cast.first_reader.id, cast.first_reader.id, cast.quality.id]


def test_scanners_and_pins_alone_hand_things_over_at_a_station_and_no_pin_is_kept(
    database: Database, cast: Cast, sign_in: SignIn, key: Callable[[], str],
    badges: dict[str, str], a_bone_sample: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        codes = sorted(a_bone_sample(session) for _ in range(3))
        labels = [live_label(session, code).payload for code in codes]  # type: ignore[union-attr]  # labelled
    bench = cast.stations[StationKind.HANDOVER]
    client = sign_in(cast.technician)
    client.post(f"/bench/{bench}/take", data={"request_key": key()})

    def scan(text: str) -> dict[str, object]:
        return said(
            client.post(f"/api/bench/{bench}/scans", json={"scan_id": key(), "text": text})
        )  # fmt: skip

    def enter(name: str, value: str) -> dict[str, object]:
        body = {"entry_id": key(), "name": name, "value": value}
        return said(client.post(f"/api/bench/{bench}/entries", json=body))

    def command(name: str) -> dict[str, object]:
        body = {"command_id": key(), "command": name}
        return said(client.post(f"/api/bench/{bench}/commands", json=body))

    # Nothing is listed yet: it is the badge of somebody who would work here.
    assert "until the PIN is typed" in scan(badges["omar"])["say"]["en"]
    for label in labels[:2]:
        assert scan(label)["verdict"] == "accepted"
    assert command("undo")["verdict"] == "accepted"
    assert scan(labels[1])["verdict"] == "accepted"
    assert scan(badges["salma"])["verdict"] == "refused", "the giver is no receiver"
    assert scan(badges["omar"])["verdict"] == "accepted"
    assert 'type="password"' in client.get(f"/bench/{bench}").get_data(as_text=True)
    assert enter("pin", PIN)["verdict"] == "refused", "the giver's PIN comes first"
    assert enter("own-pin", "1357")["verdict"] == "refused"
    assert enter("own-pin", PIN)["verdict"] == "accepted"
    assert enter("pin", "1357")["verdict"] == "refused"
    done = enter("pin", PIN)
    assert done["verdict"] == "accepted", done
    with database.reading() as session:
        assert {held(session, code).holder for code in codes[:2]} == {cast.first_reader.id}  # type: ignore[union-attr]  # tracked
        texts = [record.text for record in session.query(ScanRecord)]
        assert not [text for text in texts if PIN in text or "1357" in text]

    scan(labels[2])
    scan(badges["omar"])
    assert command("done")["verdict"] == "refused", "the giver has not confirmed"
    enter("own-pin", PIN)
    assert command("done")["verdict"] == "accepted"
    with database.reading() as session:
        assert held(session, codes[2]).holder == cast.technician.id  # type: ignore[union-attr]  # tracked
        assert len(mine(session, cast.first_reader.id).waiting) == 1
    other = cast.stations[StationKind.EXTRACTION]
    client.post(f"/bench/{other}/take", data={"request_key": key()})
    answer = client.post(
        f"/api/bench/{other}/scans", json={"scan_id": key(), "text": badges["omar"]}
    )  # fmt: skip
    # Elsewhere a badge opens and closes the work, and hands nothing over.
    assert "until the PIN is typed" in said(answer)["say"]["en"]


def test_at_a_screen_nobody_signs_in_at_giver_and_receiver_confirm_with_their_own_pins(
    app: Flask, database: Database, cast: Cast, key: Callable[[], str], badges: dict[str, str],
    a_bone_sample: Build,
) -> None:  # fmt: skip
    bench = cast.stations[StationKind.HANDOVER]
    with database.writing() as session:
        code = a_bone_sample(session)
        label = live_label(session, code).payload  # type: ignore[union-attr]  # labelled
        opening = order_screen(session, bench, by=cast.administrator, at=now())
        _, token = open_screen(session, opening, at=now())
    screen = app.test_client()
    screen.set_cookie(COOKIE, token)

    def scan(text: str) -> object:
        body = {"scan_id": key(), "text": text}
        return said(screen.post(f"/api/bench/{bench}/scans", json=body))["verdict"]

    def enter(name: str, value: str) -> object:
        body = {"entry_id": key(), "name": name, "value": value}
        return said(screen.post(f"/api/bench/{bench}/entries", json=body))["verdict"]

    scan(badges["salma"])
    assert enter("bench-pin", PIN) == "accepted"
    assert scan(label) == scan(badges["omar"]) == "accepted"
    assert enter("own-pin", "1357") == "refused"
    assert enter("own-pin", PIN) == "accepted"
    assert enter("pin", PIN) == "accepted"
    with database.reading() as session:
        assert held(session, code).holder == cast.first_reader.id  # type: ignore[union-attr]  # tracked
