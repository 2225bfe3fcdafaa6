# SPDX-License-Identifier: Apache-2.0
"""Where a thing was, the moves of its box among it; and what happened to a place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.queries import held, subject
from lims.custody.rules import Standing, is_place
from lims.people.queries import initials_of
from lims.storage.models import Place, PlaceCount, PlaceStay, RackImport
from lims.storage.queries import PlaceName, Whereabouts, stays, where


@dataclass(frozen=True)
class Located:
    """Where a thing is: in storage, or with whom. Both None for what nobody ever held."""

    code: str
    stored: Whereabouts | None
    standing: Standing | None
    holder: str
    """Who has it in his hands: a staff number; '' in storage, outside, missing or gone."""


@dataclass(frozen=True)
class Stage:
    """That a thing was at a position, on one way of places, from one instant to another."""

    path: tuple[PlaceName, ...]
    position: str
    since: datetime
    until: datetime | None
    who: str
    """Who brought it there: who put the thing, or moved or renamed what it stands in."""


@dataclass(frozen=True)
class PlaceEvent:
    """What happened to a place: `kind` is added, moved, renamed, counted, imported, retired."""

    at: datetime
    kind: str
    who: str
    name: str = ""
    path: tuple[PlaceName, ...] = ()
    count: int | None = None


def located(session: Session, code: str) -> Located:
    """Return where a thing is now, or who has it. Raises NotFound for an unknown code."""
    if subject(session, code) is None:
        raise NotFound(code=code)
    standing = held(session, code)
    holder = ""
    if standing is not None and ":" in standing.holder and not is_place(standing.holder):
        holder = initials_of(session, [standing.holder]).get(standing.holder, "")
        if not holder and not standing.holder.startswith("outside:"):
            holder = standing.holder
    return Located(code, where(session, code), standing, holder)


def journey(session: Session, code: str) -> tuple[Stage, ...]:
    """Return everywhere a thing ever stood, the oldest first, with each move of what held it."""
    made = [
        Stage(path, row.position, since, until, mover or row.put_by)
        for row in stays(session, code)
        for since, until, path, mover in _ways(session, row.place_code, row.put_at, row.taken_at)
    ]
    initials = initials_of(session, {one.who for one in made})
    return tuple(
        Stage(one.path, one.position, one.since, one.until, initials.get(one.who, one.who))
        for one in made
    )


def path_at(session: Session, code: str, at: datetime) -> tuple[PlaceName, ...]:
    """Return the way to a place, itself the last, as it was and was called at an instant."""
    ways = [path for *_, path, _ in _ways(session, code, at, at)]
    return ways[-1] if ways else ()


def place_history(session: Session, code: str) -> tuple[PlaceEvent, ...]:
    """Return what happened to a place, the newest first."""
    found: list[PlaceEvent] = []
    before: PlaceStay | None = None
    for stay in session.scalars(
        select(PlaceStay).where(PlaceStay.code == code).order_by(PlaceStay.id)
    ):
        kind = "added" if before is None else "moved"
        if before is not None and before.parent_code == stay.parent_code:
            kind = "renamed"
        path = path_at(session, stay.parent_code, stay.since) if stay.parent_code else ()
        found.append(PlaceEvent(stay.since, kind, stay.began_by, stay.name, path))
        before = stay
    place = session.get(Place, code)
    if place is not None and place.retired_at is not None:
        found.append(PlaceEvent(place.retired_at, "retired", ""))
    for one in session.scalars(select(PlaceCount).where(PlaceCount.place_code == code)):
        at, by = one.closed_at or one.opened_at, one.closed_by or one.opened_by
        kind = "counted" if one.closed_at else "counting"
        found.append(PlaceEvent(at, kind, by, count=one.id))
    for rack in session.scalars(select(RackImport).where(RackImport.place_code == code)):
        found.append(PlaceEvent(rack.imported_at, "imported", rack.imported_by, rack.file_name))
    initials = initials_of(session, {one.who for one in found})
    ordered = sorted(found, key=lambda one: one.at, reverse=True)
    return tuple(
        PlaceEvent(
            one.at, one.kind, initials.get(one.who, one.who), one.name, one.path, one.count
        )
        for one in ordered
    )  # fmt: skip


def _ways(
    session: Session, code: str, since: datetime, until: datetime | None
) -> Iterator[tuple[datetime, datetime | None, tuple[PlaceName, ...], str]]:
    """Yield each way to a place between two instants: from when, until when, the way, who moved.

    Who moved is '' for the first: it stood so when the interval began. A place stands only in a
    larger kind, hence six levels at most.
    """
    place = session.get(Place, code)
    if place is None:
        return
    found = select(PlaceStay).where(
        PlaceStay.code == code, or_(PlaceStay.until.is_(None), PlaceStay.until >= since)
    )
    if until is not None:
        found = found.where(PlaceStay.since <= until)
    first = True
    for stay in session.scalars(found.order_by(PlaceStay.id)).all():
        begin = max(since, stay.since)
        end = min((one for one in (until, stay.until) if one is not None), default=None)
        if end is not None and end == begin and (until is None or since < until):
            continue
        mine = PlaceName(place.code, place.kind, stay.name)
        mover = "" if first and stay.since <= since else stay.began_by
        first = False
        if stay.parent_code is None:
            yield begin, end, (mine,), mover
            continue
        for start, stop, path, outer in _ways(session, stay.parent_code, begin, end):
            yield start, stop, (*path, mine), outer or mover
            mover = ""
