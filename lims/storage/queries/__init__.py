# SPDX-License-Identifier: Apache-2.0
"""Reading the storage: where a thing is, what stands in a place, the tree of places."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import CTE, ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session

from lims.core.errors import NotFound
from lims.custody.queries import blocked_each, subject
from lims.people.queries import initials_of, who
from lims.storage.models import Place, PlaceStay, Stored
from lims.storage.rules import PlaceKind, may_stand_in, next_free

MOST = 1000
"""So many things of one place are listed."""

PLACES_SHOWN = 100
"""So many places are shown on one page."""

MOST_COUNTED = 10_000
"""So many things are counted with all places in one; beyond it a page says "more than"."""


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
    """A place with what stands in it itself: things and places, not counting what is deeper."""

    code: str
    kind: PlaceKind
    name: str
    depth: int
    positions: int
    things: int
    places: int


@dataclass(frozen=True)
class PlacesPage:
    """Some of the places in one, in their order; `next` is the code to ask the next page with."""

    places: tuple[PlaceShown, ...]
    next: str


@dataclass(frozen=True)
class PlaceContents:
    """A place, the way to it, what stands in it itself, and the places in it."""

    place: Place
    path: tuple[PlaceName, ...]
    contents: tuple[Content, ...]
    inside: tuple[PlaceShown, ...]
    next: str
    counted: int
    """With all places in it; MOST_COUNTED + 1 where there are more than MOST_COUNTED."""


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
    """Return a place and all it stands in, the outermost first; () for what is no place."""
    return paths_of(session, [code])[0]


def paths_of(session: Session, codes: Sequence[str]) -> tuple[tuple[PlaceName, ...], ...]:
    """Return the way to each of many places, as path_of, in their order.

    A place stands only in a larger kind, hence six queries at most, however many places.
    """
    known: dict[str, tuple[PlaceName, str | None]] = {}
    level = set(codes)
    while level:
        rows = session.execute(
            select(Place.code, Place.kind, Place.name, Place.parent_code).where(
                Place.code.in_(level)
            )
        ).all()
        known |= {row.code: (PlaceName(row.code, row.kind, row.name), row[3]) for row in rows}
        level = {row[3] for row in rows if row[3] is not None} - set(known)

    def way(code: str | None) -> tuple[PlaceName, ...]:
        if code is None or code not in known:
            return ()
        place, parent = known[code]
        return (*way(parent), place)

    return tuple(way(code) for code in codes)


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


def contents(session: Session, code: str, *, after: str = "") -> PlaceContents:
    """Return what stands in a place, at most MOST things, and a page of the places in it.

    `after` is the place after which the page begins. Raises NotFound.
    """
    place = place_of(session, code)
    rows = session.scalars(
        select(Stored)
        .where(Stored.place_code == code, Stored.taken_at.is_(None))
        .order_by(Stored.id)
        .limit(MOST)
    ).all()
    initials = initials_of(session, {row.put_by for row in rows})
    held = blocked_each(session, [row.code for row in rows])
    page = places_in(session, code, after=after)
    return PlaceContents(
        place=place, path=path_of(session, code),
        contents=tuple(
            Content(
                row.code, row.position, row.put_at, initials.get(row.put_by, row.put_by),
                row.code in held,
            )
            for row in rows
        ),
        inside=page.places, next=page.next,
        counted=things_within(session, code) if page.places else len(rows),
    )  # fmt: skip


def things_within(session: Session, code: str, *, most: int = MOST_COUNTED) -> int:
    """Return how many things stand in a place and all places in it, at most `most` + 1."""
    within = places_within(code)
    some = (
        select(Stored.id)
        .where(Stored.place_code.in_(select(within.c.code)), Stored.taken_at.is_(None))
        .limit(most + 1)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(some)) or 0


def places_within(code: str) -> CTE:
    """Return the query of a place and all places in it: one column, `code`."""
    walk = select(Place.code).where(Place.code == code).cte("within", recursive=True)
    return walk.union(select(Place.code).where(Place.parent_code == walk.c.code))


def picture_of(place: Place, things: Iterable[Content]) -> BoxPicture | None:
    """Return a place as a picture of its positions; None for what has none."""
    if place.rows is None or place.columns is None:
        return None
    taken = {one.position: one for one in things}
    return BoxPicture(
        place.code, place.name, place.rows, place.columns, taken,
        next_free(place.rows, place.columns, set(taken)),
    )  # fmt: skip


def places_in(
    session: Session, parent: str | None, *, after: str = "", limit: int = PLACES_SHOWN
) -> PlacesPage:
    """Return a page of the places in use that stand in `parent` (None: in nothing), in order.

    Three queries, however many places: the page by its index, what stands in each of its places.
    """
    found = select(Place).where(
        Place.parent_code == parent if parent else Place.parent_code.is_(None),
        Place.retired_at.is_(None),
    )
    last = session.get(Place, after) if after else None
    if last is not None:
        found = found.where(
            tuple_(Place.order_key, Place.code) > tuple_(last.order_key, last.code)
        )  # fmt: skip
    rows = session.scalars(found.order_by(Place.order_key, Place.code).limit(limit + 1)).all()
    page = rows[:limit]
    return PlacesPage(
        _with_counts(session, [(one, 0) for one in page]),
        page[-1].code if len(rows) > limit else "",
    )


def tree(session: Session, *, after: str = "", limit: int = PLACES_SHOWN) -> PlacesPage:
    """Return a page of the outermost places, each followed by the rooms and freezers in it."""
    found = select(Place).where(Place.parent_code.is_(None), Place.retired_at.is_(None))
    last = session.get(Place, after) if after else None
    if last is not None:
        found = found.where(
            tuple_(Place.order_key, Place.code) > tuple_(last.order_key, last.code)
        )  # fmt: skip
    rows = session.scalars(found.order_by(Place.order_key, Place.code).limit(limit + 1)).all()
    page = rows[:limit]
    inside: dict[str | None, list[Place]] = {}
    level = [one.code for one in page]
    while level:
        below = session.scalars(
            select(Place)
            .where(
                Place.parent_code.in_(level), Place.retired_at.is_(None),
                Place.kind.in_((PlaceKind.ROOM, PlaceKind.FREEZER)),
            )
            .order_by(Place.order_key, Place.code)
            .limit(MOST)
        ).all()  # fmt: skip
        for one in below:
            inside.setdefault(one.parent_code, []).append(one)
        level = [one.code for one in below]
    listed: list[tuple[Place, int]] = []

    def add(place: Place, depth: int) -> None:
        listed.append((place, depth))
        for one in inside.get(place.code, ()):
            add(one, depth + 1)

    for one in page:
        add(one, 0)
    return PlacesPage(_with_counts(session, listed), page[-1].code if len(rows) > limit else "")


def places_named(
    session: Session, part: str, *, limit: int = 50
) -> tuple[tuple[PlaceName, ...], ...]:
    """Return the places whose name holds `part`, or once did, each with the way to it."""

    def holds(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return func.lower(column).contains(part.lower(), autoescape=True)

    named = select(PlaceStay.code).where(holds(PlaceStay.name))
    found = session.scalars(
        select(Place.code)
        .where(or_(holds(Place.name), Place.code.in_(named)))
        .order_by(Place.order_key, Place.code)
        .limit(limit)
    ).all()
    return paths_of(session, found)


def larger_places(
    session: Session, kind: PlaceKind, *, limit: int = 200
) -> tuple[tuple[PlaceName, ...], ...]:
    """Return places into which one of `kind` can be moved, with the way to each; () if too many."""
    kinds = [one for one in PlaceKind if may_stand_in(kind, one)]
    found = session.scalars(
        select(Place.code)
        .where(Place.kind.in_(kinds), Place.retired_at.is_(None))
        .order_by(Place.order_key, Place.code)
        .limit(limit + 1)
    ).all()
    if len(found) > limit:
        return ()
    return paths_of(session, found)


def _with_counts(session: Session, listed: Collection[tuple[Place, int]]) -> tuple[PlaceShown, ...]:
    codes = [place.code for place, _ in listed]
    things: dict[str, int] = dict(
        session.execute(
            select(Stored.place_code, func.count())
            .where(Stored.place_code.in_(codes), Stored.taken_at.is_(None))
            .group_by(Stored.place_code)
        ).all()
    )
    places: dict[str | None, int] = dict(
        session.execute(
            select(Place.parent_code, func.count())
            .where(Place.parent_code.in_(codes), Place.retired_at.is_(None))
            .group_by(Place.parent_code)
        ).all()
    )
    return tuple(
        PlaceShown(
            place.code, place.kind, place.name, depth,
            (place.rows or 0) * (place.columns or 0), things.get(place.code, 0),
            places.get(place.code, 0),
        )
        for place, depth in listed
    )  # fmt: skip
