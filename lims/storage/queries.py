# SPDX-License-Identifier: Apache-2.0
"""Reading the storage: where a thing is, what stands in a place, the tree of places."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.models import Derivation, Hold, Subject
from lims.custody.queries import subject
from lims.people.queries import initials_of
from lims.storage.models import Place, Stored
from lims.storage.rules import PlaceKind, next_free

MOST = 1000
"""So many things or places of one place are listed."""


@dataclass(frozen=True)
class PlaceName:
    """A place by its name."""

    code: str
    kind: PlaceKind
    name: str


@dataclass(frozen=True)
class Whereabouts:
    """Where a thing is: the innermost place, the way to it from outside, since when, by whom."""

    code: str
    place: str
    position: str
    path: tuple[PlaceName, ...]
    since: datetime
    who: str


@dataclass(frozen=True)
class Content:
    """A thing in a place."""

    code: str
    position: str
    since: datetime
    who: str
    held: bool


@dataclass(frozen=True)
class BoxPicture:
    """A box as it is drawn: what stands at each position that is taken, and the next free one."""

    code: str
    name: str
    rows: int
    columns: int
    taken: Mapping[str, Content]
    next: str | None

    @property
    def free(self) -> int:
        """Return how many positions are free."""
        return self.rows * self.columns - len(self.taken)


@dataclass(frozen=True)
class PlaceShown:
    """A place with what it holds; things are counted with all places inside it."""

    code: str
    kind: PlaceKind
    name: str
    depth: int
    positions: int
    things: int
    boxes: int


@dataclass(frozen=True)
class PlaceContents:
    """A place, the way to it, what stands in it itself, and the places in it."""

    place: Place
    path: tuple[PlaceName, ...]
    contents: tuple[Content, ...]
    inside: tuple[PlaceShown, ...]
    counted: int


def place_of(session: Session, code: str) -> Place:
    """Return the place of a code; raises NotFound."""
    place = session.get(Place, code)
    if place is None:
        raise NotFound(code=code)
    return place


def stored(session: Session, code: str) -> Stored | None:
    """Return where a thing stands now, None where it is in no place."""
    return session.scalar(select(Stored).where(Stored.code == code, Stored.taken_at.is_(None)))


def at_position(session: Session, place: str, position: str) -> Stored | None:
    """Return what stands at a position now."""
    return session.scalar(
        select(Stored).where(
            Stored.place_code == place, Stored.position == position, Stored.taken_at.is_(None)
        )
    )


def taken_positions(session: Session, place: str) -> set[str]:
    """Return the positions of a box at which something stands."""
    return set(
        session.scalars(
            select(Stored.position).where(Stored.place_code == place, Stored.taken_at.is_(None))
        )
    )


def path_of(session: Session, code: str) -> tuple[PlaceName, ...]:
    """Return a place and all it stands in, the outermost first; () for what is no place.

    A place stands only in a larger kind, hence the way has at most six steps.
    """
    path: list[PlaceName] = []
    at: str | None = code
    while at is not None and (place := session.get(Place, at)) is not None:
        path.append(PlaceName(place.code, place.kind, place.name))
        at = place.parent_code
    return tuple(reversed(path))


def where(session: Session, code: str) -> Whereabouts | None:
    """Return where a thing or a place is now; None where it is in no place.

    Raises NotFound for a code that nothing has.
    """
    if subject(session, code) is None:
        raise NotFound(code=code)
    row = stored(session, code)
    if row is not None:
        return Whereabouts(
            code, row.place_code, row.position, path_of(session, row.place_code), row.put_at,
            who(session, row.put_by),
        )  # fmt: skip
    place = session.get(Place, code)
    if place is None or place.parent_code is None:
        return None
    return Whereabouts(
        code, place.parent_code, "", path_of(session, place.parent_code), place.added_at, ""
    )


def stays(session: Session, code: str) -> tuple[Stored, ...]:
    """Return everywhere a thing ever stood, the oldest first."""
    return tuple(session.scalars(select(Stored).where(Stored.code == code).order_by(Stored.id)))


def contents(session: Session, code: str) -> PlaceContents:
    """Return what stands in a place, at most MOST things and places; raises NotFound."""
    place = place_of(session, code)
    rows = session.scalars(
        select(Stored)
        .where(Stored.place_code == code, Stored.taken_at.is_(None))
        .order_by(Stored.id)
        .limit(MOST)
    ).all()
    initials = initials_of(session, {row.put_by for row in rows})
    held = _held(session, [row.code for row in rows])
    own = session.scalar(
        select(func.count()).where(Stored.place_code == code, Stored.taken_at.is_(None))
    )
    inside = tuple(one for one in _shown(session, code, boxes=True) if one.depth == 0)
    return PlaceContents(
        place=place, path=path_of(session, code),
        contents=tuple(
            Content(
                row.code, row.position, row.put_at, initials.get(row.put_by, row.put_by),
                row.code in held,
            )
            for row in rows
        ),
        inside=inside[:MOST],
        counted=sum(one.things for one in inside) + (own or 0),
    )  # fmt: skip


def picture_of(place: Place, things: Iterable[Content]) -> BoxPicture | None:
    """Return a place as a picture of its positions; None for what has none."""
    if place.rows is None or place.columns is None:
        return None
    taken = {one.position: one for one in things}
    return BoxPicture(
        place.code, place.name, place.rows, place.columns, taken,
        next_free(place.rows, place.columns, set(taken)),
    )  # fmt: skip


def tree(session: Session) -> tuple[PlaceShown, ...]:
    """Return every place but the boxes, each after what it stands in, with counts."""
    return tuple(_shown(session, None, boxes=False))


def places_named(
    session: Session, part: str, *, limit: int = 50
) -> tuple[tuple[PlaceName, ...], ...]:
    """Return the places whose name holds `part`, each with the way to it; boxes too."""
    found = session.scalars(
        select(Place.code)
        .where(func.lower(Place.name).contains(part.lower(), autoescape=True))
        .order_by(Place.name, Place.code)
        .limit(limit)
    ).all()
    return tuple(path_of(session, code) for code in found)


def _shown(session: Session, within: str | None, *, boxes: bool) -> list[PlaceShown]:
    """Return the places in one, or all there are; two queries, however many that is."""
    found, things = select(Place), select(Stored.place_code, func.count())
    if within is not None:
        walk = select(Place.code).where(Place.parent_code == within).cte(recursive=True)
        walk = walk.union(select(Place.code).where(Place.parent_code == walk.c.code))
        found = found.where(Place.code.in_(select(walk.c.code)))
        things = things.where(Stored.place_code.in_(select(walk.c.code)))
    counted = session.execute(
        things.where(Stored.taken_at.is_(None)).group_by(Stored.place_code)
    ).all()
    count = dict(counted)
    children: dict[str | None, list[Place]] = {}
    for place in session.scalars(found):
        children.setdefault(place.parent_code, []).append(place)
    shown: list[PlaceShown] = []

    def add(place: Place, depth: int) -> tuple[int, int]:
        """Add a place and all inside it; return how many things and boxes that is."""
        index = len(shown)
        things, box_count = count.get(place.code, 0), 0
        for one in sorted(children.get(place.code, ()), key=_in_order):
            more = add(one, depth + 1)
            things, box_count = things + more[0], box_count + more[1]
        if boxes or place.kind is not PlaceKind.BOX:
            shown.insert(
                index,
                PlaceShown(
                    place.code, place.kind, place.name, depth,
                    (place.rows or 0) * (place.columns or 0), things, box_count,
                ),
            )  # fmt: skip
        return things, box_count + (place.kind is PlaceKind.BOX)

    for one in sorted(children.get(within, ()), key=_in_order):
        add(one, 0)
    return shown


def _in_order(place: Place) -> tuple[int, list[tuple[int, str]]]:
    # B2 stands before B10.
    parts = re.findall(r"\d+|\D+", place.name)
    order = [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]
    return list(PlaceKind).index(place.kind), order


def _held(session: Session, codes: list[str]) -> set[str]:
    """Return those of `codes` that are on hold, or came from what is; one query for all."""
    origin = select(Subject.code.label("thing"), Subject.code.label("code")).where(
        Subject.code.in_(codes)
    )
    up = origin.cte(recursive=True)
    up = up.union(select(up.c.thing, Derivation.parent).where(Derivation.child == up.c.code))
    return set(
        session.scalars(
            select(up.c.thing)
            .join(Hold, Hold.code == up.c.code)
            .where(Hold.lifted_by_event.is_(None))
        )
    )


def who(session: Session, actor: str) -> str:
    """Return the short label (T-07) of who acted, or the actor's id where it is no person."""
    return initials_of(session, [actor]).get(actor, actor)
