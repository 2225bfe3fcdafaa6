# SPDX-License-Identifier: Apache-2.0
"""Reading hand-overs: one, what waits for somebody, and what a list of scans comes to."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.queries import blocked_each, held_each
from lims.custody.rules import ENDED, OUTSIDE, TRACKED
from lims.handovers.models import HandedThing, HandOver
from lims.handovers.rules import HandOverState, Purpose, ThingState, Way
from lims.people.queries import initials_of
from lims.printing.queries import unverified
from lims.storage.models import Place, Stored

SHOWN = 100
"""So many hand-overs of a kind are listed on one page."""


@dataclass(frozen=True)
class Row:
    """A hand-over in a list."""

    number: int
    way: Way
    giver: str
    receiver: str
    purpose: Purpose
    state: HandOverState
    things: int
    opened_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class Mine:
    """The hand-overs of one person: waiting for them, given and not answered, ended."""

    waiting: tuple[Row, ...]
    given: tuple[Row, ...]
    ended: tuple[Row, ...]


@dataclass(frozen=True)
class Opened:
    """The open hand-over in which a thing waits."""

    number: int
    giver: str
    receiver: str
    since: datetime


def handover_of(session: Session, number: int) -> HandOver:
    """Return a hand-over by its number; raises NotFound."""
    found = session.get(HandOver, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def shown_name(holders: Mapping[str, str], holder: str) -> str:
    """Return how a holder is shown: initials, or `outside` with its commitment's prefix."""
    return holders.get(holder, holder)


def names_of(session: Session, holders: Iterable[str]) -> dict[str, str]:
    """Return the initials of each holder that is a person; the others as they are."""
    wanted = set(holders)
    known = initials_of(session, wanted)
    return {holder: known.get(holder, holder) for holder in wanted}


def mine(session: Session, actor: str) -> Mine:
    """Return the hand-overs of a person, the newest first, SHOWN of each kind at most."""
    waiting = _rows(session, HandOver.receiver == actor, HandOver.state == HandOverState.OPEN)
    given = _rows(session, HandOver.giver == actor, HandOver.state == HandOverState.OPEN)
    ended = _rows(
        session, (HandOver.giver == actor) | (HandOver.receiver == actor),
        HandOver.state != HandOverState.OPEN,
    )  # fmt: skip
    return Mine(waiting, given, ended)


def all_open(session: Session) -> tuple[Row, ...]:
    """Return every hand-over that waits for its receiver, the newest first, SHOWN at most."""
    return _rows(session, HandOver.state == HandOverState.OPEN)


def waiting_for(session: Session, actor: str) -> int:
    """Return how many hand-overs wait for a person; by ix_handover_waiting."""
    return session.scalars(
        select(func.count(HandOver.id)).where(
            HandOver.receiver == actor, HandOver.state == HandOverState.OPEN
        )
    ).one()


def open_of(session: Session, codes: Collection[str]) -> dict[str, Opened]:
    """Return the open hand-over of each thing that waits in one; one query."""
    found = session.execute(
        select(
            HandedThing.code, HandOver.id, HandOver.giver, HandOver.receiver, HandOver.opened_at
        )
        .join(HandOver, HandOver.id == HandedThing.handover_id)
        .where(HandedThing.code.in_(codes), HandedThing.state == ThingState.WAITING)
    )  # fmt: skip
    return {row.code: Opened(row.id, row.giver, row.receiver, row.opened_at) for row in found}


def handovers_of(session: Session, code: str) -> Sequence[HandOver]:
    """Return every hand-over of a thing, the oldest first."""
    return session.scalars(
        select(HandOver)
        .join(HandedThing, HandedThing.handover_id == HandOver.id)
        .where(HandedThing.code == code)
        .order_by(HandOver.id)
    ).all()


def givable_in(
    session: Session, place: str, giver: str, *, stores: bool, despite_holds: bool
) -> tuple[str, ...]:
    """Return what of a box or shelf its giver may hand over, in order of the codes.

    What stands in it he takes out by handing it over (`stores`: he may); what is on hold (unless
    `despite_holds`), has no verified label or waits in another hand-over is left out.
    """
    if session.get(Place, place) is None:
        raise NotFound(code=place)
    standing = session.scalars(
        select(Stored.code).where(Stored.place_code == place, Stored.taken_at.is_(None))
    ).all()
    codes = [code for code in standing if Kind(code[0]) in TRACKED]
    left_out = unverified(session, codes) | open_of(session, codes).keys()
    if not despite_holds:
        left_out |= held_back(session, codes)
    holders = {code: standing.holder for code, standing in held_each(session, codes).items()}
    return tuple(
        code
        for code in sorted(codes)
        if code not in left_out and (stores or holders.get(code) == giver)
    )


def held_back(session: Session, codes: Collection[str]) -> set[str]:
    """Return those of `codes` that are on hold by themselves or by what they came from, or ended.

    Two queries, however many things.
    """
    ended = select(Subject.code).where(Subject.code.in_(codes), Subject.state.in_(ENDED))
    return set(blocked_each(session, codes)) | set(session.scalars(ended))


def is_outside(holder: str) -> bool:
    """Return whether a holder is somebody from outside."""
    return holder.startswith(OUTSIDE)


def _rows(session: Session, *which: object) -> tuple[Row, ...]:
    count = (
        select(func.count()).where(HandedThing.handover_id == HandOver.id).scalar_subquery()
    )  # fmt: skip
    found = session.execute(
        select(HandOver, count.label("things"))
        .where(*which)  # type: ignore[arg-type]  # clauses, as select takes them
        .order_by(HandOver.id.desc())
        .limit(SHOWN)
    ).all()
    names = names_of(session, [one for row in found for one in (row[0].giver, row[0].receiver)])
    return tuple(
        Row(
            one.id, one.way, shown_name(names, one.giver), shown_name(names, one.receiver),
            one.purpose, one.state, things, one.opened_at, one.ended_at,
        )
        for one, things in found
    )  # fmt: skip
