# SPDX-License-Identifier: Apache-2.0
"""Every link that a reader is shown leads to a page that is there, whole, and theirs to see."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lims.core.actors import Actor, Role
from lims.core.db import Database
from lims.web.guard import right_of
from lims.web.rights import TABLE
from tests.cast import Cast
from tests.render_every_page import Values, address, rules, walk
from tests.sealed import CANARIES

SEALED_SIDE = (Role.RECEPTION, Role.COORDINATOR)


@pytest.mark.parametrize("language", ["en", "ar"])
def test_whatever_a_page_leads_to_is_there_for_whom_it_is_shown(
    app: Flask, database: Database, cast: Cast, filled: str,
    sign_in: Callable[[Actor], FlaskClient], language: str,
) -> None:  # fmt: skip
    # Tokens are written into pages only where they are asked for.
    app.config["WTF_CSRF_ENABLED"] = True
    problems, reached = [], set()
    for role in Role:
        person = next(actor for actor in cast.actors.values() if actor.role is role)
        seen = walk(app, sign_in(person), ["/", "/account"], who=role.value, language=language)
        problems += seen.problems
        reached |= set(seen.visited)

    assert problems == []
    for endpoint in (
        "bench.station", "samples.thing", "plates.batch", "plates.plate", "genotyping.run",
        "genotyping.reading", "quality.ledger", "people.person", "cases.case", "reagents.stock",
    ):  # fmt: skip
        assert endpoint in reached


def test_no_page_of_the_laboratory_says_a_word_of_the_sealed_side(
    app: Flask, database: Database, cast: Cast, filled: str,
    sign_in: Callable[[Actor], FlaskClient],
) -> None:  # fmt: skip
    said, asked = {}, 0
    for role in Role:
        if role in SEALED_SIDE:
            continue
        person = next(actor for actor in cast.actors.values() if actor.role is role)
        client = sign_in(person)
        addresses = {
            url
            for urls in walk(app, client, ["/", "/account"], who=role.value).visited.values()
            for url in urls
            if not url.startswith("/static")
        }
        with database.reading() as session:
            values = Values(session, role)
        addresses |= {
            address(app, rule, some)
            for rule in rules(app, "GET")
            if right_of(app, rule.endpoint) in TABLE[role]
            and (some := next(values.combinations(rule), None)) is not None
        }
        for url in sorted(addresses):
            answer = client.get(url, buffered=False)
            if answer.mimetype != "text/event-stream":
                asked += 1
                found = [word for word in CANARIES if word.encode() in answer.get_data()]
                if found:
                    said[f"{role.value} {url}"] = found
            answer.close()

    assert asked > 100
    assert said == {}
