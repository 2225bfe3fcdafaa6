# SPDX-License-Identifier: Apache-2.0
"""Places of storage for tests."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind
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
