# SPDX-License-Identifier: Apache-2.0
"""Every route is asked as every role: whoever lacks the right is refused, whoever has it is not."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lims.core.actors import Actor, Role
from lims.core.clock import now
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people.models import Person
from lims.people.operations import open_session
from lims.people.rules import Policy
from lims.web.guard import right_of
from lims.web.rights import NEEDS_SECOND_FACTOR, TABLE, Right
from tests.cast import Cast
from tests.render_every_page import Values, address, rules

ROOT = Path(__file__).parents[2]
SignIn = Callable[[Actor], FlaskClient]

# Whoever has not signed in must reach the door, and nothing else.
PUBLIC = {
    "people.home", "people.sign_in", "people.post_sign_in", "people.start", "people.post_start",
    "people.post_language", "people.health", "static", "bench.screen", "bench.post_screen",
}  # fmt: skip
METHODS = ("GET", "POST")
# Refusals that are not about rights may have no other status than these.
ANSWERED = {200, 201, 204, 303, 400, 404, 409, 413, 415, 422, 429}


def routes(app: Flask) -> list[tuple[str, Rule]]:
    return [(method, rule) for method in METHODS for rule in rules(app, method)]


def send(client: FlaskClient, method: str, url: str, **more: object) -> TestResponse:
    answer = client.open(url, method=method, buffered=False, **more)
    # A stream of events has no end to wait for.
    answer.close()
    return answer


def person_of(cast: Cast, role: Role) -> Actor:
    return next(actor for actor in cast.actors.values() if actor.role is role)


def addresses(
    app: Flask, database: Database, role: Role | None = None
) -> Iterator[tuple[str, Rule, str]]:
    """Yield method, rule and an address of it that names things of this laboratory."""
    with database.reading() as session:
        values = Values(session, role)
    for method, rule in routes(app):
        some = next(values.combinations(rule), None)
        if some is None:
            # Nothing of the kind is stored: any address will do to be refused.
            some = {name: 1 if f"int:{name}" in rule.rule else "none" for name in rule.arguments}
        yield method, rule, address(app, rule, some)


def test_every_route_names_its_right_or_stands_on_the_short_public_list(app: Flask) -> None:
    without_right = {endpoint for endpoint in app.view_functions if right_of(app, endpoint) is None}

    assert without_right == PUBLIC


def test_every_route_takes_reading_or_writing_and_not_both(app: Flask) -> None:
    wrong = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}
        or {"GET", "POST"} <= (rule.methods or set())
    ]

    assert wrong == []


def test_every_right_is_somebodys_and_every_role_has_its_row() -> None:
    held = {right for rights in TABLE.values() for right in rights}

    assert set(TABLE) == set(Role)
    assert set(Right) - held == {Right.AGENT}


def test_nobody_reaches_anything_but_the_door(app: Flask, database: Database, filled: str) -> None:
    client = app.test_client()
    wrong = {}
    for method, rule, url in addresses(app, database):
        status = send(client, method, url).status_code
        public = rule.endpoint in PUBLIC
        if (status == 401) == public or status not in ANSWERED | {401}:
            wrong[f"{method} {url}"] = status

    assert wrong == {}


def test_a_role_reaches_what_its_rights_say_and_nothing_else(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, filled: str
) -> None:
    wrong = {}
    for role in Role:
        person = person_of(cast, role)
        client = sign_in(person)
        for method, rule, url in addresses(app, database, role):
            right = right_of(app, rule.endpoint)
            allowed = right is None or right in TABLE[role]
            ends_session = rule.endpoint in ("people.post_sign_out", "people.post_sign_in")
            status = send(sign_in(person) if ends_session else client, method, url).status_code
            if (status not in ANSWERED) if allowed else (status != 403):
                wrong[f"{role.value}: {method} {url}"] = status

    assert wrong == {}


def test_an_agents_key_opens_what_its_bench_needs_and_nothing_else(
    app: Flask, database: Database, cast: Cast, filled: str
) -> None:
    client = app.test_client()
    bench = cast.stations[StationKind.EXTRACTION]
    opened, wrong = set(), {}
    for method, rule, some in addresses(app, database):
        if right_of(app, rule.endpoint) is None:
            continue
        url = re.sub(r"/T\w{8}", f"/{bench}", some)
        status = send(
            client, method, url, headers={"Authorization": f"Bearer {filled}"}
        ).status_code
        if status != 403:
            opened.add(rule.endpoint)
        if status not in ANSWERED | {403}:
            wrong[f"{method} {url}"] = status

    assert wrong == {}
    assert {
        "bench.post_scan", "bench.post_fault", "bench.post_heartbeat", "printing.get_labels",
        "printing.post_outcome",
    } <= opened  # fmt: skip
    assert {endpoint.split(".")[0] for endpoint in opened} <= {"bench", "printing"}


def test_without_the_second_factor_a_coordinator_or_administrator_has_an_account_and_no_more(
    app: Flask, database: Database, cast: Cast, filled: str
) -> None:
    policy = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
    reached = set()
    for role in NEEDS_SECOND_FACTOR:
        with database.writing() as session:
            person = session.get_one(Person, person_of(cast, role).person)
            token = open_session(session, person, policy=policy, at=now(), second_factor=False)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["token"] = token
        reached |= {
            rule.endpoint
            for method, rule, url in addresses(app, database, role)
            if right_of(app, rule.endpoint) not in (None, Right.SEE_OWN_ACCOUNT)
            and send(client, method, url).status_code != 403
        }

    assert len(NEEDS_SECOND_FACTOR) == 2
    assert reached == set()


def test_a_write_without_the_token_of_our_own_page_is_refused(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, filled: str
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    wrong = {}
    for role in Role:
        client = sign_in(person_of(cast, role))
        for method, rule, url in addresses(app, database, role):
            right = right_of(app, rule.endpoint)
            if method != "POST" or not (right is None or right in TABLE[role]):
                continue
            for sent in ({}, {"data": {"csrf_token": "forged"}}, {"json": {}}):
                status = send(client, method, url, **sent).status_code
                if status != 400:
                    wrong[f"{role.value}: {url} {sent}"] = status

    assert wrong == {}


def test_every_form_that_writes_carries_the_token_and_the_key_of_its_request() -> None:
    without = []
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for form in re.findall(
            r'<form\b[^>]*method="post".*?</form>', path.read_text("utf-8"), re.DOTALL | re.I
        ):
            if "write_fields()" not in form and "csrf_token" not in form:
                without.append(f"{path.relative_to(ROOT)}: {form[:80]}")

    assert without == []
