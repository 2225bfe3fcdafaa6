# SPDX-License-Identifier: Apache-2.0
"""Fill storage in bulk: rows alone, without events, for tests and benchmarks of size."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from lims.core.codes import Kind, draw_code
from lims.custody.models import Subject
from lims.storage.models import Place, PlaceStay, Stored
from lims.storage.rules import BoxUse, PlaceKind, PlaceState, order_key, positions_of

ROWS, COLUMNS = 9, 9
LOT = 2000
"""So many rows are written with one statement."""


@dataclass(frozen=True)
class Filled:
    """What was made: one freezer (in one room) with boxes, things box by box."""

    room: str
    freezer: str
    boxes: tuple[str, ...]
    things: tuple[str, ...]


def fill(
    session: Session,
    *,
    boxes: int,
    things_a_box: int,
    by: str,
    at: datetime,
    name: str = "F1",
    known: set[str] | None = None,
) -> Filled:
    """Make a room with a freezer of `boxes` boxes, each with `things_a_box` (at most 81) things.

    A million things: thirteen calls of 1,000 boxes with 81 things, each of another `name` and with
    the same set `known`, which holds the codes drawn so far.
    """
    known = set() if known is None else known

    def fresh(kind: Kind) -> str:
        while (code := draw_code(kind)) in known:
            pass
        known.add(code)
        return code

    room, freezer = fresh(Kind.CONTAINER), fresh(Kind.CONTAINER)
    made = tuple(fresh(Kind.CONTAINER) for _ in range(boxes))
    things = tuple(fresh(Kind.EXTRACT) for _ in range(boxes * things_a_box))
    state = {"created_at": at}
    _write(session, Subject, [
        {"code": code, "kind": Kind.CONTAINER, "state": PlaceState.IN_USE, **state}
        for code in (room, freezer, *made)
    ])  # fmt: skip
    _write(session, Subject, [
        {"code": code, "kind": Kind.EXTRACT, "state": "created", **state} for code in things
    ])  # fmt: skip
    places = [
        (room, PlaceKind.ROOM, f"Room of {name}", None), (freezer, PlaceKind.FREEZER, name, room),
        *(
            (code, PlaceKind.BOX, f"B{number}", freezer)
            for number, code in enumerate(made, start=1)
        ),
    ]  # fmt: skip
    _write(session, Place, [
        {
            "code": code, "kind": kind, "name": called, "parent_code": parent,
            "rows": ROWS if kind is PlaceKind.BOX else None,
            "columns": COLUMNS if kind is PlaceKind.BOX else None, "takes": BoxUse.ANYTHING,
            "added_at": at, "order_key": order_key(called), "retired_at": None,
        }
        for code, kind, called, parent in places
    ])  # fmt: skip
    _write(session, PlaceStay, [
        {
            "code": code, "parent_code": parent, "name": called, "since": at, "began_by": by,
            "until": None,
        }
        for code, _, called, parent in places
    ])  # fmt: skip
    positions = positions_of(ROWS, COLUMNS)
    _write(session, Stored, [
        {
            "code": code, "place_code": made[number // things_a_box],
            "position": positions[number % things_a_box], "put_at": at, "put_by": by,
            "taken_at": None, "taken_by": None,
        }
        for number, code in enumerate(things)
    ])  # fmt: skip
    return Filled(room, freezer, made, things)


def _write(session: Session, table: type, rows: list[dict[str, object]]) -> None:
    for start in range(0, len(rows), LOT):
        session.execute(insert(table), rows[start : start + LOT])
