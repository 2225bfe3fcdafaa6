# SPDX-License-Identifier: Apache-2.0
"""Places of storage: adding, moving with all that is in them, renaming, retiring."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import (
    append,
    change_state,
    create_subject,
    fresh_code,
    lock_subject,
)
from lims.custody.rules import Tag
from lims.printing.queries import check_label
from lims.storage.models import Place, PlaceStay, Stored
from lims.storage.queries import place_of
from lims.storage.rules import (
    BoxUse,
    EarlierThere,
    NameMissing,
    PlaceKind,
    PlaceNotEmpty,
    PlaceRetired,
    PlaceState,
    PlaceThere,
    SameName,
    WrongParent,
    check_size,
    may_stand_in,
    order_key,
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
    after towns. Raises NotFound, NameMissing, WrongParent, WrongSize, PlaceThere, PlaceRetired.
    """
    written = name.strip()
    if not written:
        raise NameMissing()
    outer = _in_use(session, parent) if parent else None
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
                    columns=columns, takes=takes, added_at=at, order_key=order_key(written),
                    retired_at=None,
                )
            )  # fmt: skip
            session.flush()
            _begin_stay(session, code, parent or None, written, by=by, at=at)
            session.flush()
    except IntegrityError:
        _refuse_same_name(session, written, parent or None)
        raise
    return code


def move_box(
    session: Session,
    code: str,
    to: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    labels: bool = False,
) -> Place:
    """Move a box, rack, shelf or freezer into another place; all that is in it goes with it.

    What is in it stays at its positions: where it is follows from where the box is. `labels` asks
    for live labels of both: they were scanned. What is on hold may be moved, as it may be stored.
    Raises NotFound, WrongParent, EarlierThere, PlaceThere, PlaceRetired, LabelNotVerified.
    """
    # The inner first and the outer second, everywhere: two moves never wait for each other.
    place, outer = _in_use(session, code), _in_use(session, to)
    if labels:
        check_label(session, code)
        check_label(session, to)
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
            _begin_stay(session, code, to, name, by=by, at=at)
    except IntegrityError:
        _refuse_same_name(session, name, to)
        raise
    append(
        session, Tag.PLACE_RECORD_CHANGED, stream=code, by=by, at=at, device=station,
        content={"in": to, "was_in": before or ""},
    )  # fmt: skip
    return place


def rename_place(session: Session, code: str, name: str, *, by: Actor, at: datetime) -> Place:
    """Give a place another name; the old one is kept, and found by search.

    Raises NotFound, NameMissing, SameName, PlaceThere, PlaceRetired.
    """
    written = name.strip()
    if not written:
        raise NameMissing()
    place = _in_use(session, code)
    parent = place.parent_code
    if place.name == written:
        raise SameName(place=written)
    try:
        with session.begin_nested():
            place.name, place.order_key = written, order_key(written)
            session.flush()
            _begin_stay(session, code, parent, written, by=by, at=at)
    except IntegrityError:
        _refuse_same_name(session, written, parent)
        raise
    append(
        session, Tag.PLACE_RECORD_CHANGED, stream=code, by=by, at=at, content={"name": "changed"}
    )
    return place


def retire_place(session: Session, code: str, *, reason: str, by: Actor, at: datetime) -> Place:
    """Take an empty place out of use for ever; its name is free for another.

    Raises NotFound, PlaceNotEmpty, PlaceRetired.
    """
    place = _in_use(session, code)
    inside = Place.parent_code == code, Place.retired_at.is_(None)
    places = session.scalar(select(func.count()).select_from(Place).where(*inside)) or 0
    here = Stored.place_code == code, Stored.taken_at.is_(None)
    things = session.scalar(select(func.count()).select_from(Stored).where(*here)) or 0
    if places or things:
        raise PlaceNotEmpty(place=place.name, things=things, places=places)
    place.retired_at = at
    _end_stay(session, code, at)
    change_state(
        session, code, PlaceState.RETIRED, Tag.PLACE_RECORD_RETIRED, by=by, at=at,
        content={"was_in": place.parent_code or "", "because": reason.strip()},
    )  # fmt: skip
    session.flush()
    return place


def _in_use(session: Session, code: str) -> Place:
    """Lock a place and return it as it is now. Raises NotFound, PlaceRetired."""
    lock_subject(session, code)
    place = place_of(session, code)
    session.refresh(place)
    if place.retired_at is not None:
        raise PlaceRetired(place=place.name)
    return place


def _begin_stay(
    session: Session, code: str, parent: str | None, name: str, *, by: Actor, at: datetime
) -> None:
    since = _end_stay(session, code, at)
    session.add(
        PlaceStay(
            code=code, parent_code=parent, name=name, since=since, began_by=by.id, until=None
        )
    )  # fmt: skip
    session.flush()


def _end_stay(session: Session, code: str, at: datetime) -> datetime:
    """End where a place stands now; return the instant, never before it began."""
    standing = session.scalar(
        select(PlaceStay).where(PlaceStay.code == code, PlaceStay.until.is_(None))
    )
    if standing is None:
        return at
    standing.until = max(at, standing.since)
    session.flush()
    return standing.until


def _refuse_same_name(session: Session, name: str, parent: str | None) -> None:
    same = select(Place.code).where(Place.name == name)
    inside = Place.parent_code == parent if parent else Place.parent_code.is_(None)
    there = session.scalar(same.where(inside, Place.retired_at.is_(None)))
    if there is not None:
        raise PlaceThere(name=name, code=there) from None
