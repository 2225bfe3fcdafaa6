# SPDX-License-Identifier: Apache-2.0
"""Addresses and forms that no page of ours would send: answered in words, never by a failure."""

import importlib
import pkgutil
from collections.abc import Callable

from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from werkzeug.routing import IntegerConverter, Rule

import lims
from lims.core.actors import Actor, Role
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.web.guard import right_of
from lims.web.rights import TABLE
from tests.cast import Cast
from tests.render_every_page import Values, address, rules

SignIn = Callable[[Actor], FlaskClient]

NUMBERS = (0, 2**31, 2**63 - 1, 2**63, 10**40)
TEXTS = (
    "\x00", "B34679CDF", "٣٤٦", "\u202e\u2066", "..", "%(code)s", "{{7*7}}", "' OR 1=1 --",
    "x" * 3000, "😀", "A01", "\r\nSet-Cookie: a=b",
)  # fmt: skip
VALUES = ("\x00", "9" * 40, "-1", "99999999999999999999", "2026-02-30", "0001-01-01", "9999-12-31",
          "NaN", "1e400", "x" * 5000, "\u202e٣", "[]", "true", "%s%(x)s")  # fmt: skip


def schemas() -> list[type[Schema]]:
    """Return every schema of what is sent to the laboratory."""
    found = []
    for module in pkgutil.walk_packages(lims.__path__, "lims."):
        if module.name.endswith(".schemas"):
            named = vars(importlib.import_module(module.name)).values()
            found += [one for one in named if isinstance(one, type) and issubclass(one, Schema)]
    return [one for one in dict.fromkeys(found) if one is not Schema]


def who_may(app: Flask, rule: Rule, clients: dict[Role, FlaskClient]) -> FlaskClient:
    right = right_of(app, rule.endpoint)
    return next(
        (clients[role] for role in Role if right is None or right in TABLE[role]),
        clients[Role.TECHNICIAN],
    )


def absurd(rule: Rule) -> list[dict[str, object]]:
    """Return arguments for a rule, one absurd value after another in all its places."""
    if not rule.arguments:
        return [{}]
    return [
        {
            name: numbers if isinstance(rule._converters[name], IntegerConverter) else texts
            for name in rule.arguments
        }
        for numbers, texts in zip(NUMBERS * 2, TEXTS, strict=False)
    ]


def test_no_absurd_address_makes_a_page_fail(
    app: Flask, cast: Cast, sign_in: SignIn, filled: str
) -> None:
    app.testing = False
    clients = {actor.role: sign_in(actor) for actor in cast.actors.values() if actor.role}
    names = {name for schema in schemas() for name in schema().fields}
    assert len(names) > 40
    failed = {}
    for rule in rules(app, "GET"):
        client = who_may(app, rule, clients)
        for number, some in enumerate(absurd(rule)):
            asked = dict.fromkeys(names, VALUES[number % len(VALUES)])
            for query in ({}, asked):
                answer = client.get(address(app, rule, some), query_string=query, buffered=False)
                if answer.status_code >= 500:
                    failed[f"{rule.rule} {some} {list(query.values())[:1]}"] = answer.status_code
                answer.close()
        for value in () if rule.arguments else VALUES:
            answer = client.get(rule.rule, query_string=dict.fromkeys(names, value), buffered=False)
            if answer.status_code >= 500:
                failed[f"{rule.rule} {value[:20]}"] = answer.status_code
            answer.close()

    assert failed == {}


def test_a_day_that_no_clock_shows_is_refused_wherever_a_day_is_asked_for(
    database: Database, cast: Cast, sign_in: SignIn, a_bone_sample: Callable[..., str]
) -> None:
    with database.writing() as session:
        bone = a_bone_sample(session)
    quality = sign_in(cast.quality)
    asked = (("/ledger/sheet", "day", ""), ("/custody", "at", "T23:59"),
             (f"/custody/{bone}", "since", ""), (f"/custody/{bone}", "until", ""))  # fmt: skip
    for page, name, time in asked:
        for day in ("0001-01-01", "1899-12-31", "3000-01-01", "9999-12-31"):
            answer = quality.get(page, query_string={name: day + time})
            assert answer.status_code == 422, (page, name, day)
            assert "Not a valid date" in answer.text, (page, name, day)
        for day in ("1900-01-01", "2999-12-31"):
            answer = quality.get(page, query_string={name: day + time})
            assert answer.status_code == (404 if page == "/ledger/sheet" else 200), (page, day)


def most(one: fields.Field, letter: str) -> object:
    """Return the most that a field of a schema lets through."""
    if isinstance(one, fields.List):
        return [most(one.inner, letter)]
    if isinstance(one, fields.Nested):
        return {name: most(inner, letter) for name, inner in one.schema.fields.items()}
    if isinstance(one, fields.Enum):
        return next(iter(one.enum)).value
    if isinstance(one, fields.Boolean):
        return True
    limits = [rule for rule in one.validators if getattr(rule, "max", None) is not None]
    choices = [rule.choices for rule in one.validators if hasattr(rule, "choices")]
    if choices:
        return next(iter(choices[0]))
    if isinstance(one, fields.Integer):
        return min([rule.max for rule in limits], default=2**62)
    if isinstance(one, fields.Date | fields.AwareDateTime):
        return "9999-12-31" + ("T23:59:59Z" if isinstance(one, fields.AwareDateTime) else "")
    return letter * min([rule.max for rule in limits], default=5000)


def test_no_form_filled_to_its_limits_makes_an_act_fail(
    app: Flask, database: Database, cast: Cast, sign_in: SignIn, filled: str
) -> None:
    """What a schema lets through fits into the tables, or is refused in words."""
    app.testing = False
    clients = {actor.role: sign_in(actor) for actor in cast.actors.values() if actor.role}
    keys = iter(range(1_000_000))
    kinds = [schema() for schema in schemas()]
    ends = ("people.post_sign_in", "people.post_sign_out", "people.post_start")
    failed, answered = {}, set()
    with database.reading() as session:
        values = {role: Values(session, role) for role in Role}
    for rule in rules(app, "POST"):
        if rule.endpoint in ends:
            continue
        role = next((r for r in Role if right_of(app, rule.endpoint) in TABLE[r]), Role.TECHNICIAN)
        feature = rule.endpoint.split(".")[0]
        own = [one for one in kinds if type(one).__module__.split(".")[1] == feature]
        some = next(values[role].combinations(rule), None)
        if some is None:
            continue
        for schema in own:
            for letter in ("7", "ا"):
                sent = {
                    name: f"{next(keys):040}" if one.metadata.get("made_by_client")
                    else cast.stations[StationKind.EXTRACTION] if name == "station"
                    else most(one, letter)
                    for name, one in schema.fields.items()
                }  # fmt: skip
                answer = clients[role].post(
                    address(app, rule, some), json={**sent, "request_key": f"{next(keys):040}"}
                )
                answered.add(answer.status_code)
                if answer.status_code >= 500:
                    failed[f"{rule.rule} {type(schema).__name__} {letter}"] = answer.status_code
                answer.close()

    assert failed == {}
    assert {201, 404, 409, 422} <= answered
