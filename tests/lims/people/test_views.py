# SPDX-License-Identifier: Apache-2.0
"""The door, one's own account and the administrator's pages, as a browser meets them."""

import logging
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Literal

import pyotp
import pytest
import zxingcpp
from argon2 import Parameters, PasswordHasher, Type, extract_parameters
from flask import Flask
from PIL import Image
from sqlalchemy import select
from werkzeug.test import TestResponse

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind, draw_code
from lims.core.db import Database
from lims.core.once import RequestKey
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody.models import LedgerEvent
from lims.people import operations, queries
from lims.people.models import AgentKey, Person, SignInSession
from lims.people.operations import secrets
from lims.people.views.account import qr_drawing
from lims.web.guard import right_of
from lims.web.rights import TABLE
from tests.cast import PASSWORD, Cast
from tests.lims.people.conftest import Browser

OpenBrowser = Callable[[], Browser]
NEW_PASSWORD = "gravel plum wednesday fox"
SECRET_FIELD = re.compile(r'id="secret" name="secret" type="text" value="([^"]+)"')


def shown(answer: TestResponse) -> str:
    """Read the page."""
    return answer.get_data(as_text=True)


def at_the_door(browser: Browser, login: str, password: str, **more: str) -> TestResponse:
    """Open the door and send its form."""
    browser.get("/sign-in")
    return browser.post("/sign-in", login=login, password=password, **more)


def with_factor(
    browser: Browser, database: Database, settings: Settings, login: str, actor: Actor
) -> str:
    """Sign in and set up a second factor; return its secret.

    The step used is then forgotten, so that a test need not wait half a minute for the next.
    """
    at_the_door(browser, login, PASSWORD)
    browser.get("/account/second-factor")
    secret = SECRET_FIELD.search(shown(browser.post("/account/second-factor")))
    assert secret is not None
    answer = browser.post("/account/second-factor/confirm", digits=pyotp.TOTP(secret[1]).now())
    assert answer.status_code == 303, shown(answer)
    with database.writing() as session:
        session.get_one(Person, actor.person).second_factor_step = None
    return secret[1]


def test_a_person_signs_in_and_out(browser: OpenBrowser, cast: Cast) -> None:
    """From the door to the first page and back."""
    here = browser()
    assert here.get("/").location == "/sign-in"

    answer = at_the_door(here, " SALMA ", PASSWORD, back="/account")
    assert answer.status_code == 303
    assert here.get(answer.location).location == "/account"
    page = shown(here.get("/account"))
    assert "Salma Technician" in page
    assert ">T-01<" in page

    assert here.post("/sign-out").location == "/sign-in?said=out"
    assert here.get("/account").status_code == 401


def test_every_refusal_at_the_door_reads_the_same(
    browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """Unknown, wrong, locked and disabled cannot be told apart."""
    with database.writing() as session:
        disabled = session.get_one(Person, cast.auditor.person)
        operations.disable_person(session, disabled, by=cast.administrator, at=now())
        locked = session.get_one(Person, cast.manager.person)
        locked.locked_until = now() + timedelta(minutes=5)
        unset = session.get_one(Person, cast.quality.person)
        unset.password_hash = None
    attempts = (
        ("nobody-here", PASSWORD), ("salma", "wrong"), ("amal", PASSWORD), ("majid", PASSWORD),
        ("nadia", PASSWORD),
    )  # fmt: skip
    answers = set()
    for login, password in attempts:
        answer = at_the_door(browser(), login, password)
        text = re.sub(r'value="[^"]*"|content="[^"]*"', "", shown(answer))
        answers.add((answer.status_code, text))

    assert len(answers) == 1
    assert next(iter(answers))[0] == 401


def test_an_unknown_name_costs_the_same_slow_check_as_a_known_one(
    browser: OpenBrowser, cast: Cast, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One hash of the same cost is checked for nobody too: time tells no name."""
    checked: list[Parameters] = []

    class Watched(PasswordHasher):
        def verify(self, hashed: str | bytes, password: str | bytes) -> Literal[True]:
            checked.append(extract_parameters(str(hashed)))
            return super().verify(hashed, password)

    here = secrets.HASHER
    watched = Watched(here.time_cost, here.memory_cost, here.parallelism)
    monkeypatch.setattr(secrets, "HASHER", watched)
    for login in ("nobody-here", "salma"):
        assert at_the_door(browser(), login, "wrong").status_code == 401

    assert len(checked) == 2
    assert checked[0] == checked[1]


def test_a_password_is_hashed_slowly_with_much_memory_as_it_is_shipped() -> None:
    """The other tests hash cheaply."""
    shipped = operations.HASHER
    assert shipped is not secrets.HASHER
    assert shipped.type is Type.ID
    assert (shipped.time_cost, shipped.memory_cost, shipped.parallelism) == (3, 65536, 1)


def test_five_wrong_passwords_lock_for_a_while(
    browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """Failures are stored although they are refused; afterwards the right one opens again."""
    here = browser()
    for _ in range(5):
        assert at_the_door(here, "salma", "wrong").status_code == 401
    assert at_the_door(here, "salma", PASSWORD).status_code == 401

    with database.writing() as session:
        person = session.get_one(Person, cast.technician.person)
        assert person.locked_until is not None
        person.locked_until = now()
    assert at_the_door(here, "salma", PASSWORD).status_code == 303


def test_an_empty_field_is_said_at_the_field(browser: OpenBrowser, cast: Cast) -> None:
    """Nothing is counted as an attempt."""
    answer = at_the_door(browser(), "salma", "")

    assert answer.status_code == 422
    assert "Enter your password." in shown(answer)
    assert 'value="salma"' in shown(answer)


def test_signing_in_changes_the_session_and_its_form_token(
    browser: OpenBrowser, cast: Cast
) -> None:
    """A session fixed by somebody else beforehand is worth nothing."""
    here = browser()
    here.get("/sign-in")
    with here.client.session_transaction() as cookie:
        cookie["token"] = "planted"
        cookie["planted"] = "too"
        before = cookie["csrf_token"]
    here.post("/sign-in", login="salma", password=PASSWORD)

    with here.client.session_transaction() as cookie:
        assert cookie["token"] != "planted"
        assert "planted" not in cookie
        assert cookie.get("csrf_token") != before


def test_signing_in_again_ends_the_session_before(
    browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """One browser, one session."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)
    here.get("/account")
    here.post("/sign-in", login="omar", password=PASSWORD)

    with database.reading() as session:
        ended = session.scalars(select(SignInSession.ended_at).order_by(SignInSession.id)).all()
    assert ended[0] is not None
    assert ended[1] is None


@pytest.mark.parametrize("limit", ["last_seen_at", "ends_at"])
def test_a_session_that_has_ended_says_so_and_stores_nothing(
    limit: str, browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """Idle too long, or too old: the page tells that nothing was stored and leads to the door."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)
    assert here.get("/account").status_code == 200
    with database.writing() as session:
        sitting = session.scalars(select(SignInSession)).one()
        setattr(sitting, limit, now() - timedelta(minutes=31))
    answer = here.post(
        "/account/password", present=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD
    )

    assert answer.status_code == 401
    assert "Nothing that you sent was stored." in shown(answer)
    assert "/sign-in?back=" in shown(answer)
    with database.reading() as session:
        stored = session.get_one(Person, cast.technician.person).password_hash
    assert operations.fits(stored, PASSWORD)


def test_after_an_act_was_refused_the_door_leads_to_a_page_that_can_be_shown(
    browser: OpenBrowser, cast: Cast
) -> None:
    """The address of an act takes no GET."""
    here = browser()
    here.get("/sign-in?back=/account/password")
    answer = here.post("/sign-in", login="salma", password=PASSWORD, back="/account/password")

    assert here.get(answer.location).location == "/"


def test_a_disabled_persons_session_dies_at_once(
    browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """The very next request is refused."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)
    assert here.get("/account").status_code == 200
    with database.writing() as session:
        person = session.get_one(Person, cast.technician.person)
        operations.disable_person(session, person, by=cast.administrator, at=now())

    assert here.get("/account").status_code == 401


def test_that_somebody_is_at_work_is_written_once_a_minute(
    browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """A page alone does not write."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)
    long_ago = now() - timedelta(minutes=5)
    with database.writing() as session:
        session.scalars(select(SignInSession)).one().last_seen_at = long_ago

    def seen() -> object:
        with database.reading() as session:
            return session.scalars(select(SignInSession.last_seen_at)).one()

    here.get("/account")
    first = seen()
    here.get("/account")

    assert first != long_ago
    assert seen() == first


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/language", "/start", "/sign-out", "/account/password", "/people", "/stations"],
)
def test_a_form_without_its_token_is_refused(
    path: str, browser: OpenBrowser, cast: Cast, database: Database
) -> None:
    """No other site can send it, whoever has signed in."""
    here = browser()
    at_the_door(here, "adam", PASSWORD)
    with database.reading() as session:
        before = len(session.scalars(select(LedgerEvent.event_id)).all())
    answer = here.client.post(path, data={"login": "salma", "password": PASSWORD})

    assert answer.status_code == 400
    with database.reading() as session:
        assert len(session.scalars(select(LedgerEvent.event_id)).all()) == before


def test_a_form_token_of_another_session_is_refused(browser: OpenBrowser, cast: Cast) -> None:
    """A token is good in its own session alone."""
    one, other = browser(), browser()
    one.get("/sign-in")
    other.get("/sign-in")
    other.fields = one.fields

    assert other.post("/sign-in", login="salma", password=PASSWORD).status_code == 400


@pytest.mark.parametrize("header", ["Bearer nonsense", "Basic c2FsbWE6eA==", "x", ""])
def test_beside_an_authorization_header_the_cookie_counts_for_nothing(
    header: str, browser: OpenBrowser, cast: Cast
) -> None:
    """Such a request needs no form token, hence may not have a person's rights."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)

    answer = here.client.get("/account", headers={"Authorization": header})
    assert answer.status_code == 401
    sent = here.client.post("/sign-out", headers={"Authorization": header})
    assert sent.status_code == 401
    assert here.get("/account").status_code == 200


def test_an_agents_key_opens_what_agents_may_and_nothing_else_until_it_is_revoked(
    guarded_app: Flask, cast: Cast, database: Database
) -> None:
    """A bench agent is no person; its key is refused at the moment it is revoked."""
    code = cast.stations[StationKind.STORAGE]
    with database.writing() as session:
        station = queries.station(session, code)
        key = operations.issue_agent_key(session, station, by=cast.administrator, at=now())
    client = guarded_app.test_client()
    headers = {"Authorization": f"Bearer {key}"}

    assert client.get("/account", headers=headers).status_code == 403
    assert client.get("/people", headers=headers).status_code == 403
    assert client.get("/", headers=headers).location == "/sign-in"
    with database.writing() as session:
        stored = session.scalars(select(AgentKey)).one()
        assert stored.last_seen_at is not None
        operations.revoke_agent_key(session, stored, by=cast.administrator, at=now())
    assert client.get("/account", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example"]
)
def test_the_door_and_the_language_lead_to_no_other_site(
    elsewhere: str, browser: OpenBrowser, cast: Cast
) -> None:
    """Whatever the address says."""
    here = browser()
    here.get("/sign-in")
    assert here.post("/language", language="ar", back=elsewhere).location == "/"
    answer = at_the_door(here, "salma", PASSWORD, back=elsewhere)
    assert answer.location == "/sign-in/second-factor?back=/"
    assert here.client.get("/sign-in", query_string={"back": elsewhere}).location == "/"


def test_the_language_chosen_is_kept(browser: OpenBrowser, cast: Cast) -> None:
    """Another language is refused, and the page stays."""
    here = browser()
    here.get("/sign-in")
    answer = here.post("/language", language="ar", back="/sign-in")
    assert answer.location == "/sign-in"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert '<html lang="ar" dir="rtl">' in shown(here.get("/sign-in"))
    assert here.post("/language", language="xx").status_code == 422


def test_a_coordinator_sees_nothing_before_the_second_factor(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """Set up at the first sign-in, asked at each: until then only one's own door is open."""
    here = browser()
    at_the_door(here, "adam", PASSWORD)
    assert here.get("/people").status_code == 403
    assert here.get("/").location == "/sign-in/second-factor"
    assert here.get("/sign-in/second-factor").location == "/account/second-factor"
    assert here.get("/account").location == "/account/second-factor"

    first = browser()
    secret = with_factor(first, database, settings, "adam", cast.administrator)
    assert first.get("/people").status_code == 200
    # The session without it has ended with the enrolment of another.
    assert here.get("/account").status_code == 401

    again = browser()
    at_the_door(again, "adam", PASSWORD)
    assert again.get("/people").status_code == 403
    again.get("/sign-in/second-factor")
    with again.client.session_transaction() as cookie:
        before = cookie["token"]
    digits = pyotp.TOTP(secret).now()
    assert again.post("/sign-in/second-factor", digits=digits, back="/people").location == "/people"
    with again.client.session_transaction() as cookie:
        assert cookie["token"] != before
    assert again.get("/people").status_code == 200

    replayed = browser()
    at_the_door(replayed, "adam", PASSWORD)
    replayed.get("/sign-in/second-factor")
    answer = replayed.post("/sign-in/second-factor", digits=digits)
    assert answer.status_code == 403
    assert "used before" in shown(answer)
    assert replayed.get("/people").status_code == 403


def test_with_the_password_alone_nobody_changes_the_account(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """Neither password nor second factor, while six digits are due."""
    with_factor(browser(), database, settings, "yusuf", cast.coordinator)
    thief = browser()
    at_the_door(thief, "yusuf", PASSWORD)
    thief.get("/sign-in/second-factor")

    changed = thief.post(
        "/account/password", present=PASSWORD, password=NEW_PASSWORD, again=NEW_PASSWORD
    )
    drawn = thief.post("/account/second-factor", present=PASSWORD)
    confirmed = thief.post("/account/second-factor/confirm", digits="123456")

    assert {changed.status_code, drawn.status_code, confirmed.status_code} == {403}
    assert thief.get("/account").status_code == 403


def test_a_second_factor_by_choice_needs_the_password_again(
    browser: OpenBrowser, cast: Cast
) -> None:
    """Somebody at a desk left open cannot lock its owner out."""
    here = browser()
    at_the_door(here, "salma", PASSWORD)
    here.get("/account/second-factor")

    refused = here.post("/account/second-factor", present="wrong")
    assert refused.status_code == 403
    assert SECRET_FIELD.search(shown(refused)) is None
    drawn = here.post("/account/second-factor", present=PASSWORD)
    assert SECRET_FIELD.search(shown(drawn)) is not None
    wrong = here.post("/account/second-factor/confirm", digits="000000")
    assert wrong.status_code in (303, 403)


def test_a_second_factor_is_not_shown_again_once_it_counts(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """A wrong confirmation afterwards shows no secret either."""
    here = browser()
    secret = with_factor(here, database, settings, "adam", cast.administrator)

    for answer in (
        here.get("/account"),
        here.get("/account/second-factor"),
        here.post("/account/second-factor"),
        here.post("/account/second-factor/confirm", digits="000000"),
    ):
        assert secret not in shown(answer)


def test_a_person_changes_the_password_and_other_sessions_end(
    browser: OpenBrowser, cast: Cast
) -> None:
    """The present one is asked; a weak or mistyped new one is refused with a reason."""
    here, other = browser(), browser()
    at_the_door(here, "salma", PASSWORD)
    at_the_door(other, "salma", PASSWORD)
    here.get("/account")

    def change(present: str, password: str, again: str) -> TestResponse:
        here.get("/account")
        return here.post("/account/password", present=present, password=password, again=again)

    assert "This is not your password." in shown(change("wrong", NEW_PASSWORD, NEW_PASSWORD))
    assert "fewer than 12" in shown(change(PASSWORD, "short", "short"))
    assert "not the same" in shown(change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD + "x"))
    assert change(PASSWORD, NEW_PASSWORD, NEW_PASSWORD).location == "/account?said=password"
    assert here.get("/account").status_code == 200
    assert other.get("/account").status_code == 401
    assert at_the_door(browser(), "salma", PASSWORD).status_code == 401
    assert at_the_door(browser(), "salma", NEW_PASSWORD).status_code == 303


def test_a_person_ends_sessions_on_other_devices(browser: OpenBrowser, cast: Cast) -> None:
    """The one from which it is done goes on."""
    here, other = browser(), browser()
    at_the_door(here, "salma", PASSWORD)
    at_the_door(other, "salma", PASSWORD)
    assert "in 2 sessions" in shown(here.get("/account"))

    assert here.post("/account/sessions/end").location == "/account?said=elsewhere"
    assert "on this device alone" in shown(here.get("/account"))
    assert other.get("/account").status_code == 401


def test_the_administrator_signs_a_person_out(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """For a device that is lost."""
    office, lost = browser(), browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    at_the_door(lost, "salma", PASSWORD)
    with database.reading() as session:
        ref = session.get_one(Person, cast.technician.person).ref
    office.get(f"/people/{ref}")

    assert office.post(f"/people/{ref}/sessions/end").location == f"/people/{ref}"
    assert lost.get("/account").status_code == 401


def test_a_new_colleague_chooses_a_password_with_a_code_shown_once(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """The administrator sees the code once; the request sent again shows nothing."""
    office = browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    office.get("/people")
    person = {"login": "lina", "name": "Lina New", "initials": "T-50", "role": "technician"}
    first = office.client.post("/people", data={**office.fields, **person})
    again = office.client.post("/people", data={**office.fields, **person})
    code = SECRET_FIELD.search(shown(first))
    assert code is not None
    assert SECRET_FIELD.search(shown(again)) is None
    assert "carried out before" in shown(again)
    with database.reading() as session:
        answers = str(session.scalars(select(RequestKey.answer)).all())
        assert code[1] not in answers
        assert code[1].replace(" ", "") not in answers

    here = browser()
    here.get("/start")
    fields = {"login": "lina", "password": NEW_PASSWORD, "again": NEW_PASSWORD}
    refused = here.post("/start", **fields, start_code="FQT 6T7")
    assert refused.status_code == 401
    weak = here.post("/start", login="lina", start_code=code[1], password="short", again="short")
    assert weak.status_code == 422
    assert here.post("/start", **fields, start_code=code[1]).location == "/sign-in?said=set"
    assert here.post("/start", **fields, start_code=code[1]).status_code == 401
    assert at_the_door(here, "lina", NEW_PASSWORD).status_code == 303


def test_the_administrator_keeps_people(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """Role, authorisation, elimination profile, badge, disabling: each from the page."""
    office = browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    with database.reading() as session:
        ref = session.get_one(Person, cast.technician.person).ref
    path = f"/people/{ref}"

    def send(act: str, **fields: str) -> TestResponse:
        office.get(path)
        return office.post(f"{path}/{act}", **fields)

    assert send("role", role="manager").location == path
    assert send("role", role="coordinator").status_code == 409
    assert send("elimination", since="2026-02-03").location == path
    assert send("elimination", since="yesterday").status_code == 422
    days = {"valid_from": "2026-01-01", "valid_until": "2026-12-31"}
    assert send("authorisations", activity="review", **days).location == path
    assert send("authorisations", activity="flying", **days).status_code == 422
    issued = send("badges")
    pin = SECRET_FIELD.search(shown(issued))
    assert pin is not None
    assert re.fullmatch(r"\d{6}", pin[1])
    with database.reading() as session:
        badge = queries.badges_of(session, session.get_one(Person, cast.technician.person))[0]
        given = queries.authorisations_of(session, session.get_one(Person, cast.technician.person))[
            0
        ]
    assert send(f"authorisations/{given.id}/withdraw").location == path
    assert send(f"badges/{badge.code}/revoke").location == path
    assert send(f"badges/{draw_code(Kind.BADGE)}/revoke").status_code == 404
    page = shown(office.get(path))
    for words in ("laboratory manager", "2026-02-03", "withdrawn", "void"):
        assert words in page
    assert send("disable").location == path
    assert send("invite").status_code == 409
    assert "disabled" in shown(office.get(path))
    assert "disabled" in shown(office.get("/people"))
    assert office.get("/people/000000000000").status_code == 404


def test_an_authorisation_of_one_person_is_not_withdrawn_over_another(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """Numbers in addresses belong to their owner."""
    office = browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    with database.reading() as session:
        other = session.get_one(Person, cast.manager.person)
        given = queries.authorisations_of(session, session.get_one(Person, cast.technician.person))[
            0
        ]
    office.get(f"/people/{other.ref}")
    answer = office.post(f"/people/{other.ref}/authorisations/{given.id}/withdraw")

    assert answer.status_code == 404


def test_the_administrator_opens_stations_and_hands_out_keys_once(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """A key is on one page, once, and revoked from the list."""
    office = browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    office.get("/stations")
    fields = {"name": "Grinding 2", "name_ar": "طحن 2", "kind": "preparation", "line": "bone"}
    assert office.post("/stations", **fields).location == "/stations"
    with database.reading() as session:
        code = next(
            one.station.code
            for one in queries.stations(session)
            if one.station.name == "Grinding 2"
        )
    office.get("/stations")
    issued = office.client.post(f"/stations/{code}/keys", data=office.fields)
    again = office.client.post(f"/stations/{code}/keys", data=office.fields)
    key = SECRET_FIELD.search(shown(issued))
    assert key is not None
    assert SECRET_FIELD.search(shown(again)) is None
    page = shown(office.get("/stations"))
    assert "Grinding 2" in page
    assert "has never asked" in page
    assert key[1] not in page
    with database.reading() as session:
        number = session.scalars(select(AgentKey.id)).one()
    assert office.post(f"/stations/{code}/keys/{number}/revoke").location == "/stations"
    office.get("/stations")
    assert office.post(f"/stations/{code}/close").location == "/stations"
    office.get("/stations")
    assert office.post(f"/stations/{code}/keys").status_code == 409


def test_only_the_administrator_keeps_people_and_stations(browser: OpenBrowser, cast: Cast) -> None:
    """A technician, a manager and a partner are refused."""
    for login in ("salma", "majid", "piet"):
        here = browser()
        at_the_door(here, login, PASSWORD)
        here.get("/account")
        for path in ("/people", "/stations"):
            assert here.get(path).status_code == 403
            here.get("/account")
            assert here.post(path, name="x").status_code == 403


def test_everybody_begins_where_they_may_work(
    browser: OpenBrowser, cast: Cast, guarded_app: Flask
) -> None:
    """The first page is one that the role may open."""
    for login in ("salma", "majid", "nadia", "rima", "amal", "piet"):
        here = browser()
        at_the_door(here, login, PASSWORD)
        first = here.get("/")
        assert first.status_code == 303
        endpoint, _ = guarded_app.url_map.bind("").match(str(first.location), "GET")
        role = cast.actors[login].role
        assert role is not None
        assert right_of(guarded_app, endpoint) in TABLE[role], (login, first.location)


def test_the_pages_of_people_speak_arabic(
    browser: OpenBrowser, cast: Cast, database: Database, settings: Settings
) -> None:
    """Right to left, none of them broken."""
    office = browser()
    with_factor(office, database, settings, "adam", cast.administrator)
    with database.reading() as session:
        ref = session.get_one(Person, cast.technician.person).ref
    office.get("/account")
    office.post("/language", language="ar", back="/")
    for path in ("/account", "/people", f"/people/{ref}", "/stations"):
        answer = office.get(path)
        assert answer.status_code == 200
        assert '<html lang="ar" dir="rtl">' in shown(answer)
    stranger = browser()
    stranger.get("/sign-in")
    stranger.post("/language", language="ar", back="/")
    for path in ("/sign-in", "/start"):
        assert '<html lang="ar" dir="rtl">' in shown(stranger.get(path))


def test_the_state_of_the_server_tells_nothing_else(browser: OpenBrowser, cast: Cast) -> None:
    """That it answers, and no version."""
    answer = browser().get("/healthz")

    assert answer.json == {"ok": True}
    assert answer.status_code == 200


def test_no_secret_is_in_the_log(
    browser: OpenBrowser,
    cast: Cast,
    database: Database,
    settings: Settings,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Neither a password, right or wrong, nor a name that may be one, nor a token."""
    caplog.set_level(logging.DEBUG)
    here = browser()
    at_the_door(here, "my secret typed as a name", "wrong secret one")
    at_the_door(here, "salma", "wrong secret two")
    at_the_door(here, "salma", PASSWORD)
    here.get("/account")
    here.post("/account/password", present="wrong secret three", password=NEW_PASSWORD, again="x")
    here.client.get("/account", headers={"Authorization": "Bearer secret four"})
    office = browser()
    secret = with_factor(office, database, settings, "adam", cast.administrator)
    with here.client.session_transaction() as cookie:
        token = cookie["token"]
    captured = capsys.readouterr()
    written = caplog.text + captured.out + captured.err

    for hidden in ("secret", PASSWORD, NEW_PASSWORD, secret, token, operations.digest(token)):
        assert hidden not in written


def test_the_drawing_of_a_second_factor_has_no_style_and_a_quiet_zone() -> None:
    """Our pages allow no inline style; a reader needs four white modules around."""
    drawing = qr_drawing("otpauth://totp/Laboratory:salma?secret=ABC&issuer=Laboratory")

    assert "style" not in drawing
    side = re.search(r'viewBox="0 0 (\d+) (\d+)"', drawing)
    assert side is not None
    assert side[1] == side[2]
    places = [int(n) for pair in re.findall(r"M(\d+) (\d+)h1", drawing) for n in pair]
    assert min(places) == 4
    assert max(places) == int(side[1]) - 5


def test_a_device_reads_the_drawing_of_a_second_factor() -> None:
    """Drawn square by square, four dots a module, it says what was put in."""
    address = operations.enrolment_address(
        "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP", login="amina.k", laboratory="مختبر الجنوب"
    )
    drawing = qr_drawing(address)
    side = re.search(r'viewBox="0 0 (\d+)', drawing)
    assert side is not None
    picture = Image.new("L", (int(side[1]) * 4,) * 2, 255)
    for column, row in re.findall(r"M(\d+) (\d+)h1", drawing):
        left, top = int(column) * 4, int(row) * 4
        picture.paste(0, (left, top, left + 4, top + 4))

    read = zxingcpp.read_barcodes(picture)

    assert [one.text for one in read] == [address]
    assert "secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP" in address
