# SPDX-License-Identifier: Apache-2.0
"""Places of storage for tests."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.printing.queries import live_label
from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind
from lims.web.locale import COOKIE
from tests.cast import Cast

Build = Callable[..., str]


@pytest.fixture
def a_place(cast: Cast, at: datetime, a_live_label: Build) -> Build:
    """Add a place with a live label: a cold room unless told otherwise."""
    numbers = iter(range(1, 1_000_000))

    def build(
        session: Session,
        *,
        kind: PlaceKind = PlaceKind.ROOM,
        parent: str = "",
        name: str = "",
        labelled: bool = True,
    ) -> str:
        code = add_place(
            session, kind=kind, name=name or f"{kind.value} {next(numbers)}", parent=parent,
            by=cast.manager, at=at,
        )  # fmt: skip
        if labelled:
            a_live_label(session, code)
        return code

    return build


@pytest.fixture
def a_box(cast: Cast, at: datetime, a_place: Build, a_live_label: Build) -> Build:
    """Add a box of 9 × 9 positions in a freezer of its own unless `parent` is given."""
    numbers = iter(range(1, 1_000_000))

    def build(
        session: Session,
        *,
        parent: str = "",
        name: str = "",
        rows: int = 9,
        columns: int = 9,
        takes: BoxUse = BoxUse.ANYTHING,
        labelled: bool = True,
    ) -> str:
        if not parent:
            parent = a_place(session, kind=PlaceKind.FREEZER, parent=a_place(session))
        code = add_place(
            session, kind=PlaceKind.BOX, name=name or f"B{next(numbers):02d}", parent=parent,
            rows=rows, columns=columns, takes=takes, by=cast.manager, at=at,
        )  # fmt: skip
        if labelled:
            a_live_label(session, code)
        return code

    return build


@dataclass(frozen=True)
class Bench:
    """The storage station, and the page of whoever works at it."""

    client: FlaskClient
    code: str
    key: Callable[[], str]
    database: Database

    def scan(self, code: str) -> dict[str, Any]:
        """Scan the live label of a thing."""
        with self.database.reading() as session:
            label = live_label(session, code)
        text = label.payload if label is not None else code + "34"
        return self._sent("scans", scan_id=self.key(), text=text, source="serial")

    def enter(self, name: str, value: str) -> dict[str, Any]:
        """Answer what the station asked."""
        return self._sent("entries", entry_id=self.key(), name=name, value=value)

    def command(self, command: str) -> dict[str, Any]:
        """Press a button of the bench card."""
        return self._sent("commands", command_id=self.key(), command=command)

    def page(self, language: str = "en") -> str:
        """Return the page as it is now."""
        self.client.set_cookie(COOKIE, language)
        answer = self.client.get(f"/bench/{self.code}")
        assert answer.status_code == 200
        return answer.get_data(as_text=True)

    def _sent(self, what: str, **body: str) -> dict[str, Any]:
        answer = self.client.post(f"/api/bench/{self.code}/{what}", json=body)
        assert answer.status_code in (200, 201), answer.get_data(as_text=True)
        said: dict[str, Any] = answer.get_json()
        return said


@pytest.fixture
def bench(
    sign_in: Callable[[Actor], FlaskClient], cast: Cast, key: Callable[[], str],
    database: Database,
) -> Bench:  # fmt: skip
    """The technician at the storage station."""
    client, code = sign_in(cast.technician), cast.stations[StationKind.STORAGE]
    assert client.post(f"/bench/{code}/take", data={"request_key": key()}).status_code == 303
    return Bench(client, code, key, database)
