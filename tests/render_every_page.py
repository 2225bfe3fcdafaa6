# SPDX-License-Identifier: Apache-2.0
"""Render every page of a laboratory's folder as every role: `render_every_page.py FOLDER`.

Needs only an installed Osteon, and a folder in which something has happened: a demonstration after
its run-through. Each role begins at its first page and follows every link it is shown, in both
languages; what no link leads to is asked for with what the database holds. Prints what failed
and `N passed, M failed`; exit status 1 when anything failed.
"""

import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import islice, product
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import String, inspect, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, Rule

from lims.app import create_app
from lims.core.actors import Role
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Base, Database
from lims.core.scans import StationKind
from lims.core.settings import read_settings
from lims.custody.models import Subject
from lims.demo.views import blueprint as demonstration
from lims.people.models import Person, Station
from lims.people.operations import open_session
from lims.people.rules import Policy
from lims.web.guard import right_of
from lims.web.locale import COOKIE, LANGUAGES
from lims.web.rights import STATION_ROLES, TABLE, Right

MOST = 6
"""So many addresses of one endpoint are followed by one role in one language."""

# Pages of what no run-through makes; each has tests of its own.
NOT_IN_A_RUN_THROUGH = {
    "quality.hold",
    "storage.count",
    "cases.individual",
    "cases.discrepancy_photograph",
    "printing.sheet",
    "printing.calibration",
    "kits.compare",
}
TRIES = 2000
"""So many combinations of values are tried for an address that no link leads to."""

NO_LINKS = ("script", "style")


class Page(HTMLParser):
    """What matters of an answered page: links, forms that write, words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.sent: list[str] = []
        self.forms_without_token: list[str] = []
        self.language = ""
        self.direction = ""
        self.words: list[str] = []
        self._form: str | None = None
        self._token = False
        self._silent = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "html":
            self.language, self.direction = given.get("lang", ""), given.get("dir", "")
        self._silent = tag in NO_LINKS
        self.links += [given[name] for name in ("href", "src") if name in given]
        self.links += [
            value for name, value in given.items()
            if name.startswith("data-") and value.startswith("/")
        ]  # fmt: skip
        if tag == "form":
            writes = given.get("method", "get").lower() == "post"
            self._form, self._token = given.get("action", "") if writes else None, False
            (self.sent if writes else self.links).append(given.get("action", ""))
        if tag == "input" and given.get("name") == "csrf_token" and given.get("value"):
            self._token = True

    def handle_endtag(self, tag: str) -> None:
        self._silent = False
        if tag == "form" and self._form is not None:
            if not self._token:
                self.forms_without_token.append(self._form)
            self._form = None

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


@dataclass
class Walk:
    """What one walk through the pages saw."""

    visited: dict[str, list[str]] = field(default_factory=dict)
    """Endpoint to the addresses that were answered."""
    problems: list[str] = field(default_factory=list)
    passed: int = 0


def page_at(app: Flask, path: str) -> tuple[str, Rule] | None:
    """Return the endpoint and rule of a path that takes GET, None where there is none."""
    try:
        rule, _values = app.url_map.bind("localhost").match(path, "GET", return_rule=True)
    except HTTPException:
        return None
    return rule.endpoint, rule


def walk(
    app: Flask, client: FlaskClient, starts: Iterable[str], *, who: str, language: str = "en"
) -> Walk:
    """Follow every link from `starts`; whatever is shown must be answered to whom it is shown."""
    client.set_cookie(COOKIE, language)
    seen = Walk()
    count: Counter[str] = Counter()
    known: set[str] = set()
    waiting = deque((start, "") for start in starts)
    while waiting:
        url, shown_on = waiting.popleft()
        path = urlsplit(url).path
        matched = page_at(app, path)
        if url in known:
            continue
        known.add(url)
        if matched is None:
            if not _takes_post(app, path):
                seen.problems.append(f"{who} {language}: {shown_on} leads to {url}: no such page")
            continue
        endpoint = matched[0]
        count[endpoint] += 1
        if count[endpoint] > MOST and endpoint != "static":
            continue
        found = ask(client, url, language, who=f"{who} {language}", shown_on=shown_on)
        seen.problems += found.problems
        seen.passed += not found.problems
        seen.visited.setdefault(endpoint, []).append(url)
        waiting += [(link, url) for link in found.links]
        seen.problems += [
            f"{who} {language}: a form on {url} sends to {to}: no such address"
            for to in found.sends
            if not _takes_post(app, urlsplit(to).path)
        ]
    return seen


@dataclass
class Answer:
    """What an address answered."""

    status: int
    links: list[str]
    problems: list[str]
    sends: list[str] = field(default_factory=list)


def ask(client: FlaskClient, url: str, language: str, *, who: str, shown_on: str = "") -> Answer:
    """Request one address; a page must be whole, in its language, its forms with tokens."""
    answer = client.get(url, buffered=False)
    where = f"{who}: {url}" + (f" (shown on {shown_on})" if shown_on else "")
    if answer.status_code == 503 and url.startswith("/demo/"):
        # The virtual devices are processes of a running demonstration; here none runs.
        answer.close()
        return Answer(answer.status_code, [], [])
    if answer.status_code >= 400:
        answer.close()
        return Answer(answer.status_code, [], [f"{where}: answered {answer.status_code}"])
    if answer.status_code in (301, 302, 303, 307, 308):
        to = urljoin(url, answer.headers["Location"])
        answer.close()
        return Answer(answer.status_code, [to], [])
    if answer.mimetype != "text/html":
        # A stream of events has no end to wait for.
        if answer.mimetype != "text/event-stream" and answer.get_data() is None:
            return Answer(answer.status_code, [], [f"{where}: answered nothing"])
        answer.close()
        return Answer(answer.status_code, [], [])
    page = Page(answer.get_data(as_text=True))
    answer.close()
    problems = [f"{where}: a form to {to} has no token" for to in page.forms_without_token]
    if page.language != language or page.direction != ("rtl" if language == "ar" else "ltr"):
        problems.append(f"{where}: lang={page.language!r} dir={page.direction!r}")
    for sign in ("%(", "{{"):
        if any(sign in words for words in page.words):
            problems.append(f"{where}: the page shows {sign!r}")
    if any(words.strip() == "None" for words in page.words):
        problems.append(f"{where}: the page shows a value that is not there as None")
    links = [
        urljoin(url, link).partition("#")[0]
        for link in page.links
        if link and not link.startswith(("#", "data:"))
    ]
    outside = [link for link in links if urlsplit(link).netloc]
    problems += [f"{where}: leads outside, to {link}" for link in outside]
    sends = [urljoin(url, to) for to in page.sent]
    inside = [link for link in links if link not in outside]
    return Answer(answer.status_code, inside, problems, sends)


def _takes_post(app: Flask, path: str) -> bool:
    try:
        app.url_map.bind("localhost").match(path, "POST")
    except HTTPException:
        return False
    return True


class Values:
    """What the database holds that an address may name."""

    def __init__(self, session: Session, role: Role | None = None) -> None:
        kinds = [kind for kind in StationKind if role in STATION_ROLES[kind]]
        stations = session.execute(select(Station.code, Station.kind).order_by(Station.code))
        listed = [(code, kind) for code, kind in stations]
        self._stations = [code for code, kind in listed if kind in kinds]
        self._stations += [code for code, kind in listed if kind not in kinds]
        self._by_kind: dict[str, list[str]] = {}
        states: Counter[tuple[str, str]] = Counter()
        for subject in session.scalars(select(Subject).order_by(Subject.created_at.desc())):
            states[subject.kind.value, subject.state] += 1
            if states[subject.kind.value, subject.state] <= 3:
                self._by_kind.setdefault(subject.kind.value, []).append(subject.code)
        self._texts: dict[str, list[str]] = {}
        self._numbers: list[int] = []
        for mapper in Base.registry.mappers:
            self._read(session, mapper.class_)

    def _read(self, session: Session, table: type) -> None:
        for column in inspect(table).columns:
            named = column.primary_key or column.unique or column.name in ("ref", "code", "payload")
            short = isinstance(column.type, String) and (column.type.length or 999) <= 64
            whole = column.primary_key and column.type.python_type is int
            if not ((named and short) or whole):
                continue
            found = session.scalars(select(column).where(column.is_not(None)).limit(40)).all()
            if whole:
                self._numbers += [n for n in found if n not in self._numbers][:40]
            else:
                kept = self._texts.setdefault(f"{table.__name__.lower()}.{column.name}", [])
                kept += [str(text) for text in found]

    def of(self, name: str, path: str, *, number: bool) -> Sequence[object]:
        """Return what may stand for the argument `name` of a rule, the likeliest first."""
        if number:
            return sorted(self._numbers)
        if name == "station" or path.startswith(("/bench", "/api/bench", "/stations")):
            return self._stations
        if name == "slug":
            return ["tube"]
        if name in ("position", "well"):
            return ["A01", "B01", "H12"]
        codes = [code for codes in self._by_kind.values() for code in codes]
        first = path.split("/")[1].removesuffix("s")
        likely = [
            text
            for place, texts in self._texts.items()
            if place.split(".")[0].startswith((first[:4], name[:4]))
            for text in texts
        ]
        others = [text for texts in self._texts.values() for text in texts]
        return list(dict.fromkeys([*likely, *codes, *others]))

    def combinations(self, rule: Rule) -> Iterator[dict[str, object]]:
        """Yield values for the arguments of a rule; one empty dict where it has none."""
        names = sorted(rule.arguments)
        pools = [
            self.of(
                name, rule.rule,
                number=isinstance(rule._converters[name], IntegerConverter),
            )
            for name in names
        ]  # fmt: skip
        for values in islice(product(*pools), TRIES):
            yield dict(zip(names, values, strict=True))


def address(app: Flask, rule: Rule, values: dict[str, object]) -> str:
    """Return the address of a rule with these values."""
    return app.url_map.bind("localhost").build(rule.endpoint, values, method=_method(rule))


def _method(rule: Rule) -> str:
    return "GET" if "GET" in (rule.methods or ()) else "POST"


def rules(app: Flask, method: str) -> list[Rule]:
    """Return the rules that take a method, but for the static files."""
    return [
        rule
        for rule in app.url_map.iter_rules()
        if method in (rule.methods or ()) and rule.endpoint != "static"
    ]


def _is_public(app: Flask, rule: Rule) -> bool:
    return not rule.arguments and right_of(app, rule.endpoint) is None


def sign_in(app: Flask, database: Database, role: Role) -> FlaskClient | None:
    """Return a client in which somebody of this role has signed in, or None without anybody."""
    policy = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
    with database.writing() as session:
        person = session.scalar(
            select(Person).where(Person.role == role, Person.disabled_at.is_(None)).limit(1)
        )
        if person is None:
            return None
        token = open_session(session, person, policy=policy, at=now(), second_factor=True)
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["token"] = token
    return client


def main(folder: Path) -> int:
    """Render everything; return the exit status."""
    settings = read_settings(folder)
    app = create_app(settings, extra=[demonstration] if settings.demonstration else [])
    database = open_database(settings)
    passed, problems = 0, list[str]()
    visited: set[str] = set()
    for language in LANGUAGES:
        starts = [rule.rule for rule in rules(app, "GET") if _is_public(app, rule)]
        door = walk(app, app.test_client(), starts, who="nobody", language=language)
        passed, problems = passed + door.passed, problems + door.problems
        visited |= set(door.visited)
    for role in Role:
        client = sign_in(app, database, role)
        if client is None:
            problems.append(f"there is nobody of the role {role.value}")
            continue
        for language in LANGUAGES:
            seen = walk(app, client, ["/", "/account"], who=role.value, language=language)
            passed, problems = passed + seen.passed, problems + seen.problems
            visited |= set(seen.visited)
            print(f"{role.value} {language}: {seen.passed} pages", file=sys.stderr)
        for rule in rules(app, "GET"):
            right = right_of(app, rule.endpoint)
            if rule.endpoint in visited or right is None or right not in TABLE[role]:
                continue
            with database.reading() as session:
                tries = list(Values(session, role).combinations(rule))
            answers = (ask(client, address(app, rule, one), "ar", who=role.value) for one in tries)
            answer = next((one for one in answers if one.status != 404), None)
            if answer is not None:
                passed, problems = passed + (not answer.problems), problems + answer.problems
                visited.add(rule.endpoint)
    database.close()
    app.extensions["osteon"].database.close()
    never = [
        f"nothing was found at {rule.rule} for anybody"
        for rule in rules(app, "GET")
        if rule.endpoint not in visited
        and right_of(app, rule.endpoint) is not Right.AGENT
        and not (rule.rule.startswith("/demo/") and rule.arguments)
        and rule.endpoint not in NOT_IN_A_RUN_THROUGH
    ]
    problems += never
    for problem in dict.fromkeys(problems):
        print(problem)
    print(f"{passed} passed, {len(dict.fromkeys(problems))} failed")
    return 1 if problems else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: render_every_page.py FOLDER")
    sys.exit(main(Path(sys.argv[1])))
