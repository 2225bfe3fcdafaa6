# SPDX-License-Identifier: Apache-2.0
"""What scenarios stand on: a bench with somebody at it, and a picture of all that is stored."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lims.core.actors import Actor
from lims.core.db import Base, Database
from lims.core.scans import StationKind
from lims.core.settings import Settings
from lims.custody.models import LedgerEvent, LedgerLeaf
from lims.printing.models import LabelInstance
from tests.cast import Cast

SignIn = Callable[[Actor], FlaskClient]
Row = tuple[object, ...]
Picture = dict[str, tuple[Row, ...]]

# What may change when nothing was done: what was read is remembered, and that it was refused.
# Alarms are counted apart: each stands in the ledger too.
REMEMBERED = (
    "scan_record", "ledger_event", "ledger_leaf", "ledger_node", "ledger_head", "refused_sign_in",
    "label_alarm",
)  # fmt: skip
# Columns that say only that somebody was heard of.
HEARD_OF = {
    "sign_in_session": ("last_seen_at",),
    "agent_key": ("last_seen_at",),
    "bench_session": ("last_at",),
    "station_state": ("revision", "changed_at", "stopped"),
}
ARABIC = re.compile("[\u0620-\u064a]")
LEFT_OVER = re.compile(r"%\(|\{\{|\bNone\b|%s|\{\w*\}")


@dataclass(frozen=True)
class Stored:
    """Reads all that a laboratory has stored: rows of every table, names of files, events."""

    database: Database
    settings: Settings

    def rows(self) -> Picture:
        """Return every row of every table but what remembers refusals."""
        with self.database.reading() as session:
            return {
                table.name: tuple(
                    sorted(
                        (
                            tuple(
                                repr(value)
                                for column, value in zip(table.columns, row, strict=True)
                                if column.name not in HEARD_OF.get(table.name, ())
                            )
                            for row in session.execute(select(table))
                        ),
                    )
                )
                for table in Base.metadata.sorted_tables
                if table.name not in REMEMBERED
            }

    def files(self) -> set[str]:
        """Return the names of the stored files."""
        folder: Path = self.settings.files
        return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}

    def scans(self) -> int:
        """Return how many scans are remembered."""
        with self.database.reading() as session:
            return len(session.execute(select(Base.metadata.tables["scan_record"].c.id)).all())

    def alarms(self) -> int:
        """Return how many alarms of labels were ever raised."""
        with self.database.reading() as session:
            return len(session.execute(select(Base.metadata.tables["label_alarm"].c.id)).all())

    def events(self, *, since: int = 0) -> list[dict[str, object]]:
        """Return the events of the ledger from index `since` on."""
        with self.database.reading() as session:
            bodies = session.scalars(
                select(LedgerEvent.body)
                .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
                .where(LedgerLeaf.idx >= since)
                .order_by(LedgerLeaf.idx)
            )
            return [json.loads(body) for body in bodies]

    @contextmanager
    def nothing_new(self, *, events: tuple[str, ...] = ()) -> Iterator[None]:
        """Hold that no row, no file and no event but those of the types `events` is added.

        An alarm of a label is added where its event is, and nowhere else.
        """
        before, files, size = self.rows(), self.files(), len(self.events())
        alarms = self.alarms()
        yield
        after = self.rows()
        changed = {
            name: (set(before[name]) ^ set(after[name]))
            for name in before
            if before[name] != after[name]
        }
        assert changed == {}
        assert self.files() == files
        assert tuple(event["type"] for event in self.events(since=size)) == events
        assert self.alarms() - alarms == events.count("label:alarm:raised")


@dataclass(frozen=True)
class Bench:
    """A station, and the page of whoever works at it."""

    client: FlaskClient
    code: str
    key: Callable[[], str]

    def scan(self, text: str, **more: object) -> TestResponse:
        """Scan a text with the scanner of the page."""
        body = {"scan_id": self.key(), "text": text, "source": "serial", **more}
        return self.client.post(f"/api/bench/{self.code}/scans", json=body)

    def enter(self, name: str, value: str, **more: object) -> TestResponse:
        """Give the figure that the station asked for."""
        body = {"entry_id": self.key(), "name": name, "value": value, **more}
        return self.client.post(f"/api/bench/{self.code}/entries", json=body)

    def command(self, command: str, **more: object) -> TestResponse:
        """Press a button of the bench card."""
        body = {"command_id": self.key(), "command": command, **more}
        return self.client.post(f"/api/bench/{self.code}/commands", json=body)


def in_both_languages(words: dict[str, str]) -> str:
    """Hold that a sentence speaks both languages and left no place unfilled; return its English."""
    assert set(words) >= {"en", "ar"}, words
    assert words["en"].strip(), words
    assert ARABIC.search(words["ar"]), words
    assert not LEFT_OVER.search(words["en"]), words
    assert not LEFT_OVER.search(words["ar"]), words
    return words["en"]


Said = Callable[..., str]


@pytest.fixture
def said() -> Said:
    """Hold that an answer in JSON says what was wrong and what to do; return both in English."""

    def read(answer: TestResponse, *, repeats: str = "") -> str:
        assert answer.is_json, answer.get_data(as_text=True)[:300]
        # What was read may be repeated to the reader as it was.
        words = {one: text.replace(repeats, "") for one, text in answer.json["say"].items()}
        say = in_both_languages(words)
        do = in_both_languages(answer.json["do"])
        assert say != do
        return f"{say} {do}"

    return read


@pytest.fixture
def stored(database: Database, settings: Settings) -> Stored:
    """What the laboratory has stored."""
    return Stored(database, settings)


@pytest.fixture
def at_bench(sign_in: SignIn, cast: Cast, key: Callable[[], str]) -> Callable[..., Bench]:
    """Sign somebody in, the technician unless told otherwise, and take a bench."""

    def take(kind: StationKind = StationKind.RECEPTION, actor: Actor | None = None) -> Bench:
        client = sign_in(actor or cast.technician)
        code = cast.stations[kind]
        answer = client.post(f"/bench/{code}/take", data={"request_key": key()})
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return Bench(client, code, key)

    return take


@pytest.fixture
def a_coded_bone(database: Database, a_bone_sample: Callable[..., str]) -> Callable[..., str]:
    """Code a bone; return the payload of its live label."""

    def code() -> str:
        with database.writing() as session:
            made = a_bone_sample(session, accepted=False)
            payload = session.scalars(
                select(LabelInstance.payload).where(LabelInstance.code == made)
            ).one()
        return payload

    return code


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what only a file can be asked: a server's disk is not a test's to fill."""
    left_out = [
        item
        for item in items
        if isinstance(item, pytest.Function)
        and "limit" in item.fixturenames
        and item.callspec.params.get("database_kind") == "postgres"
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
