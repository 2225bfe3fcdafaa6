# SPDX-License-Identifier: Apache-2.0
"""Adding places of storage, and moving them with all that is in them."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, create_subject, fresh_code, lock_subject
from lims.custody.rules import Tag
from lims.storage.models import Place
from lims.storage.queries import place_of
from lims.storage.rules import (
    BoxUse,
    EarlierThere,
    NameMissing,
    PlaceKind,
    PlaceState,
    PlaceThere,
    WrongParent,
    check_size,
    may_stand_in,
)


def add_place(
    session: Session,
    *,
    kind: PlaceKind,
    name: str,
    by: Actor,
    at: datetime,
    parent: str = "",
    rows: int | None = None,
    columns: int | None = None,
    takes: BoxUse = BoxUse.ANYTHING,
    station: str = "",
) -> str:
    """Add a place in `parent` ('' for an outermost one); return its code (kind C).

    A box has `rows` × `columns` positions. The name stays out of the ledger: buildings are named
    after towns. Raises NotFound, NameMissing, WrongParent, WrongSize, PlaceThere.
    """
    written = name.strip()
    if not written:
        raise NameMissing()
    outer = place_of(session, parent) if parent else None
    if not may_stand_in(kind, outer.kind if outer is not None else None):
        raise WrongParent()
    check_size(kind, rows, columns)
    code = fresh_code(session, Kind.CONTAINER)
    content: dict[str, object] = {"place": kind.value, "in": parent}
    if rows is not None and columns is not None:
        content |= {"rows": rows, "columns": columns, "takes": takes.value}
    try:
        with session.begin_nested():
            create_subject(
                session, code, Tag.PLACE_RECORD_ADDED, by=by, at=at, device=station,
                content=content, state=PlaceState.IN_USE,
            )  # fmt: skip
            session.add(
                Place(
                    code=code, kind=kind, name=written, parent_code=parent or None, rows=rows,
                    columns=columns, takes=takes, added_at=at,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        _refuse_same_name(session, written, parent or None)
        raise
    return code


def move_box(
    session: Session, code: str, to: str, *, by: Actor, at: datetime, station: str = ""
) -> Place:
    """Move a box, rack, shelf or freezer into another place; all that is in it goes with it.

    What is in it stays at its positions: where it is follows from where the box is.
    Raises NotFound, WrongParent, EarlierThere, PlaceThere.
    """
    lock_subject(session, code)
    place, outer = place_of(session, code), place_of(session, to)
    session.refresh(place)
    before = place.parent_code
    if before == to:
        raise EarlierThere(place=place.name)
    # A place stands in a larger kind alone, so that no circle can be closed.
    if not may_stand_in(place.kind, outer.kind):
        raise WrongParent()
    name = place.name
    try:
        with session.begin_nested():
            place.parent_code = to
            session.flush()
    except IntegrityError:
        _refuse_same_name(session, name, to)
        raise
    append(
        session, Tag.PLACE_RECORD_CHANGED, stream=code, by=by, at=at, device=station,
        content={"in": to, "was_in": before or ""},
    )  # fmt: skip
    return place


def _refuse_same_name(session: Session, name: str, parent: str | None) -> None:
    same = select(Place.code).where(Place.name == name)
    inside = Place.parent_code == parent if parent else Place.parent_code.is_(None)
    there = session.scalar(same.where(inside))
    if there is not None:
        raise PlaceThere(name=name, code=there) from None
