# SPDX-License-Identifier: Apache-2.0
"""Reading a count: what was expected, what was read, by whom, and what differs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.people.queries import initials_of
from lims.storage.models import CountDifference, CountScan, Place, PlaceCount, Stored
from lims.storage.queries import PlaceName, path_of, places_within
from lims.storage.rules.counts import Difference, Read, Settled, Spot, Tally, tally

RECENT = 20
"""So many of the last scans are shown."""


@dataclass(frozen=True)
class ReadShown:
    """One scan of a count as it is shown."""

    text: str
    code: str
    place: str
    at: datetime
    who: str


@dataclass(frozen=True)
class PartShown:
    """A place inside the counted one: how many things are recorded in it, how many were read."""

    code: str
    name: str
    expected: int
    seen: int


@dataclass(frozen=True)
class DifferenceShown:
    """A difference with the names of the places; `id` is 0 while the count is open."""

    id: int
    kind: Difference
    text: str
    recorded: tuple[PlaceName, ...]
    position: str
    seen: tuple[PlaceName, ...]
    settled: Settled | None = None
    settled_at: datetime | None = None
    settled_by: str = ""
    reason: str = ""


@dataclass(frozen=True)
class CountShown:
    """A count as its page shows it."""

    count: PlaceCount
    path: tuple[PlaceName, ...]
    tally: Tally
    differences: tuple[DifferenceShown, ...]
    parts: tuple[PartShown, ...]
    recent: tuple[ReadShown, ...]
    people: tuple[tuple[str, int], ...]
    """Who counted, and how many codes."""
    opened_by: str
    closed_by: str
    here: str
    """The place in which whoever asks scanned last."""


def count_of(session: Session, number: int) -> PlaceCount:
    """Return a count; raises NotFound."""
    found = session.get(PlaceCount, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def open_count_of(session: Session, place: str) -> PlaceCount | None:
    """Return the count of a place that is open."""
    return session.scalar(
        select(PlaceCount).where(PlaceCount.place_code == place, PlaceCount.closed_at.is_(None))
    )


def open_counts(session: Session, *, limit: int = 50) -> tuple[tuple[PlaceCount, Place], ...]:
    """Return the counts that are open, the newest first."""
    rows = session.execute(
        select(PlaceCount, Place)
        .join(Place, Place.code == PlaceCount.place_code)
        .where(PlaceCount.closed_at.is_(None))
        .order_by(PlaceCount.id.desc())
        .limit(limit)
    )
    return tuple((count, place) for count, place in rows)


def reads_of(session: Session, number: int) -> Sequence[CountScan]:
    """Return every code read during a count, in order."""
    return session.scalars(
        select(CountScan).where(CountScan.count_id == number).order_by(CountScan.id)
    ).all()


def place_now(session: Session, count: PlaceCount, actor: str) -> str:
    """Return the place in which somebody is counting: the last he scanned, or the counted one."""
    last = session.scalar(
        select(CountScan.place_code)
        .where(CountScan.count_id == count.id, CountScan.scanned_by == actor)
        .order_by(CountScan.id.desc())
        .limit(1)
    )
    return last or count.place_code


def recorded_in(session: Session, place: str) -> dict[str, Spot]:
    """Return what is recorded in a place and all places in it."""
    within = places_within(place)
    rows = session.execute(
        select(Stored.code, Stored.place_code, Stored.position).where(
            Stored.place_code.in_(select(within.c.code)), Stored.taken_at.is_(None)
        )
    )
    return {code: Spot(at, position) for code, at, position in rows}


def tally_of(
    session: Session, count: PlaceCount, reads: Sequence[CountScan]
) -> tuple[Tally, dict[str, Spot]]:
    """Compare what was read in a count with what is recorded now; return that too."""
    recorded = recorded_in(session, count.place_code)
    things = {read.code for read in reads if read.code} - set(recorded)
    elsewhere = {
        code: Spot(at, position)
        for code, at, position in session.execute(
            select(Stored.code, Stored.place_code, Stored.position).where(
                Stored.code.in_(things), Stored.taken_at.is_(None)
            )
        )
    }
    within = set(session.scalars(select(places_within(count.place_code).c.code)))
    boxes = {code for code in things if code[0] == Kind.CONTAINER}
    for place in session.scalars(select(Place).where(Place.code.in_(boxes - within))):
        elsewhere[place.code] = Spot(place.parent_code or "", "")
    listed = [
        Read(read.text, read.code, read.place_code)
        for read in reads
        if read.code not in within
    ]  # fmt: skip
    return tally(recorded, listed, counted=count.place_code, elsewhere=elsewhere), recorded


def count_shown(session: Session, number: int, *, actor: str) -> CountShown:
    """Return a count with all that its page shows; raises NotFound.

    While it is open the differences are those of this moment; once it is closed, those that were
    recorded when it was.
    """
    count = count_of(session, number)
    reads = reads_of(session, number)
    said, recorded = tally_of(session, count, reads)
    seen = {read.code for read in reads}
    by_place: dict[str, list[int]] = {}
    for code, spot in recorded.items():
        numbers = by_place.setdefault(spot.place, [0, 0])
        numbers[0] += 1
        numbers[1] += code in seen
    names = {
        place.code: place
        for place in session.scalars(select(Place).where(Place.code.in_(list(by_place))))
    }
    parts = sorted(names.values(), key=lambda one: (one.order_key, one.code))
    people: dict[str, int] = {}
    for read in reads:
        people[read.scanned_by] = people.get(read.scanned_by, 0) + 1
    who = initials_of(session, {*people, count.opened_by, count.closed_by or ""})
    differences = _recorded(session, number) if count.closed_at else _now(session, said)
    return CountShown(
        count=count, path=path_of(session, count.place_code), tally=said,
        differences=differences,
        parts=tuple(PartShown(one.code, one.name, *by_place[one.code]) for one in parts),
        recent=tuple(
            ReadShown(
                read.text, read.code, read.place_code, read.scanned_at,
                who.get(read.scanned_by, read.scanned_by),
            )
            for read in reversed(reads[-RECENT:])
        ),
        people=tuple((who.get(one, one), many) for one, many in people.items()),
        opened_by=who.get(count.opened_by, count.opened_by),
        closed_by=who.get(count.closed_by or "", count.closed_by or ""),
        here=place_now(session, count, actor),
    )  # fmt: skip


def differences_left(session: Session, number: int) -> int:
    """Return how many differences of a closed count nobody has settled."""
    return session.scalar(
        select(func.count()).where(
            CountDifference.count_id == number, CountDifference.settled_at.is_(None)
        )
    ) or 0  # fmt: skip


def _now(session: Session, said: Tally) -> tuple[DifferenceShown, ...]:
    ways = _Ways(session)
    return tuple(
        DifferenceShown(
            0, one.kind, one.text, ways.of(one.recorded.place if one.recorded else ""),
            one.recorded.position if one.recorded else "", ways.of(one.seen_in),
        )
        for one in said.differences
    )  # fmt: skip


def _recorded(session: Session, number: int) -> tuple[DifferenceShown, ...]:
    rows = session.scalars(
        select(CountDifference)
        .where(CountDifference.count_id == number)
        .order_by(CountDifference.id)
    ).all()
    who = initials_of(session, {row.settled_by for row in rows if row.settled_by})
    ways = _Ways(session)
    return tuple(
        DifferenceShown(
            row.id, row.kind, row.text, ways.of(row.recorded_in or ""), row.position,
            ways.of(row.seen_in or ""), row.settled_as, row.settled_at,
            who.get(row.settled_by or "", row.settled_by or ""), row.reason,
        )
        for row in rows
    )  # fmt: skip


class _Ways:
    """The ways to places, each looked up once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[PlaceName, ...]] = {"": ()}

    def of(self, code: str) -> tuple[PlaceName, ...]:
        if code not in self._known:
            self._known[code] = path_of(self._session, code)
        return self._known[code]
