# SPDX-License-Identifier: Apache-2.0
"""The verbs of a hand-over between two people: open, accept, refuse, withdraw."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.operations import append, pass_all, refuse_if_held, set_hold
from lims.custody.queries import held_each
from lims.custody.rules import TRACKED, EventId, HoldReason, Tag, is_place, moves
from lims.handovers.models import HandedThing, HandOver
from lims.handovers.queries import givable_in, held_back, names_of, open_of
from lims.handovers.rules import (
    DESPITE_HOLDS,
    MOST_THINGS,
    Difference,
    HandOverEnded,
    HandOverState,
    InOpenHandOver,
    MayNotGive,
    MayNotReceive,
    NotHandedOver,
    NothingListed,
    NotOnTheList,
    NotTheGiver,
    NotTheReceiver,
    NotTrained,
    Purpose,
    ReasonAwaited,
    ThingState,
    TooManyListed,
    ToOneself,
    Way,
)
from lims.people.models import Authorisation, Person
from lims.printing.queries import unverified
from lims.printing.rules import LabelNotVerified
from lims.storage.operations import require_all_at_hand
from lims.storage.operations.taking import take_all
from lims.web.rights import Right, may


def open_handover(
    session: Session,
    listed: Iterable[str],
    *,
    by: Actor,
    to: Actor,
    purpose: Purpose,
    at: datetime,
    station: str = "",
) -> HandOver:
    """Open a hand-over of what `by` holds to `to`; nothing passes before the receiver acts.

    The code of a box stands for all in it that the giver may give; what stands in storage is taken
    out by the giver, if his role stores things. Raises NothingListed, TooManyListed, NotFound,
    NotHandedOver, ToOneself, MayNotGive, MayNotReceive, NotTrained, InOpenHandOver, HeldByOther,
    InStorage, NotHere, LabelNotVerified, OnHold (unless to quarantine or to be given back).
    """
    require_parties(session, by, to, at=at)
    codes = _spread(session, listed, by, purpose)
    lock_things(session, codes)
    check_givable(session, codes, by, purpose=purpose, at=at, station=station)
    row = HandOver(
        way=Way.HAND, giver=by.id, receiver=to.id, purpose=purpose, place=station, witness="",
        reason="", state=HandOverState.OPEN, opened_at=at, opened_event="", ended_at=None,
        ended_by=None, ended_event=None,
        things=[
            HandedThing(code=code, state=ThingState.WAITING, difference=None, note="")
            for code in codes
        ],
    )  # fmt: skip
    session.add(row)
    session.flush()
    row.opened_event = append(
        session, Tag.HANDOVER_LIST_OPENED, stream=row.stream, by=by, at=at, device=station,
        content={"to": to.id, "purpose": purpose.value, "things": codes},
    )  # fmt: skip
    session.flush()
    return row


def accept_handover(
    session: Session,
    number: int,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    differences: Mapping[str, Difference] | None = None,
    notes: Mapping[str, str] | None = None,
) -> HandOver:
    """Receive the things of a hand-over: possession passes here, in one act.

    What is missing or damaged (`differences` by code) stays with the giver and is held back as a
    discrepancy. Raises NotFound, NotTheReceiver, HandOverEnded, NotOnTheList, MayNotReceive,
    NotTrained, and what is refused of the things as open_handover.
    """
    row = _open_row(session, number)
    if row.receiver != by.id:
        raise NotTheReceiver(number=number, who=_name(session, row.receiver))
    require_receiver(session, by, at=at)
    found = dict(differences or {})
    things = {thing.code: thing for thing in row.things}
    for code in found:
        if code not in things:
            raise NotOnTheList(code=code, number=number)
    passing = [code for code in sorted(things) if code not in found]
    lock_things(session, sorted(things))
    require_all_at_hand(session, passing, Actor(row.giver))
    if row.purpose not in DESPITE_HOLDS:
        refuse_held_back(session, passing)
    event = append(
        session, Tag.HANDOVER_LIST_COMPLETED, stream=row.stream, by=by, at=at, device=station,
        cause=row.opened_event,
        content={
            "from": row.giver, "passed": passing,
            "differences": {code: found[code].value for code in sorted(found)},
        },
    )  # fmt: skip
    _end(row, HandOverState.COMPLETED, event, by, at)
    pass_things(
        session, row, passing, Tag.SUBJECT_CUSTODY_HANDED_OVER, holder=by.id, by=by, at=at,
        place=station, event=event, more={"from": row.giver},
    )  # fmt: skip
    for code, difference in sorted(found.items()):
        thing = things[code]
        thing.state, thing.difference = ThingState.KEPT, difference
        thing.note = (notes or {}).get(code, "")[:200]
        set_hold(
            session, code, HoldReason.DISCREPANCY, by=by, at=at, device=station, cause=event,
            content={"handover": row.id, "difference": difference.value},
        )  # fmt: skip
    session.flush()
    return row


def refuse_handover(
    session: Session, number: int, *, by: Actor, at: datetime, reason: str, station: str = ""
) -> HandOver:
    """Refuse a hand-over: everything stays with the giver.

    Raises NotFound, NotTheReceiver, HandOverEnded, ReasonAwaited.
    """
    row = _open_row(session, number)
    if row.receiver != by.id:
        raise NotTheReceiver(number=number, who=_name(session, row.receiver))
    return _stop(session, row, HandOverState.REFUSED, by=by, at=at, reason=reason, station=station)


def withdraw_handover(
    session: Session, number: int, *, by: Actor, at: datetime, reason: str, station: str = ""
) -> HandOver:
    """Take a hand-over back that nobody has answered. Raises NotFound, NotTheGiver, HandOverEnded,
    ReasonAwaited.
    """
    row = _open_row(session, number)
    if row.giver != by.id:
        raise NotTheGiver(number=number, who=_name(session, row.giver))
    return _stop(
        session, row, HandOverState.WITHDRAWN, by=by, at=at, reason=reason, station=station
    )  # fmt: skip


def hand_over(
    session: Session,
    listed: Iterable[str],
    *,
    by: Actor,
    to: Actor,
    purpose: Purpose,
    at: datetime,
    station: str = "",
    differences: Mapping[str, Difference] | None = None,
) -> HandOver:
    """Hand things over at once, both present: opened and received in one transaction."""
    row = open_handover(session, listed, by=by, to=to, purpose=purpose, at=at, station=station)
    return accept_handover(
        session, row.id, by=to, at=at, station=station, differences=differences
    )  # fmt: skip


def require_parties(session: Session, giver: Actor, receiver: Actor, *, at: datetime) -> None:
    """Refuse a giver or a receiver who is not entitled, and one person as both."""
    if giver.id == receiver.id:
        raise ToOneself()
    if not may(_role(session, giver), Right.HAND_OVER):
        raise MayNotGive(person=_name(session, giver.id))
    require_receiver(session, receiver, at=at)


def require_receiver(session: Session, receiver: Actor, *, at: datetime) -> None:
    """Refuse a receiver whose role lays no hand on things, or who is not trained for it.

    Who works at benches needs an elimination profile on file and an authorisation in date.
    """
    role = _role(session, receiver)
    if not may(role, Right.HAND_OVER):
        raise MayNotReceive(person=_name(session, receiver.id))
    if role is not Role.TECHNICIAN:
        return
    day = at.date()
    since = session.scalar(select(Person.elimination_since).where(Person.id == receiver.person))
    authorised = session.scalar(
        select(Authorisation.id)
        .where(
            Authorisation.person_id == receiver.person, Authorisation.valid_from <= day,
            Authorisation.valid_until >= day, Authorisation.withdrawn_at.is_(None),
        )
        .limit(1)
    )  # fmt: skip
    if since is None or authorised is None:
        raise NotTrained(person=_name(session, receiver.id))


def lock_things(session: Session, codes: Collection[str]) -> None:
    """Lock things in one order: of two who pass the same, the second sees the first."""
    session.flush()
    known = session.scalars(
        select(Subject.code).where(Subject.code.in_(codes)).order_by(Subject.code).with_for_update()
    ).all()
    for code in codes:
        if code not in set(known):
            raise NotFound(code=code)


def check_givable(
    session: Session, codes: Collection[str], giver: Actor, *, purpose: Purpose, at: datetime,
    station: str,
) -> None:  # fmt: skip
    """Refuse the list for its first thing that cannot be given; bring out what is in storage."""
    waiting = open_of(session, codes)
    for code in codes:
        if code in waiting:
            one = waiting[code]
            raise InOpenHandOver(
                code=code, number=one.number, who=_name(session, one.giver),
                since=f"{one.since:%Y-%m-%d %H:%M} UTC",
            )  # fmt: skip
    without_label = unverified(session, codes)
    for code in codes:
        if code in without_label:
            raise LabelNotVerified(code=code)
    if purpose not in DESPITE_HOLDS:
        refuse_held_back(session, codes)
    if may(_role(session, giver), Right.STORE_THINGS):
        stored = [code for code, one in held_each(session, codes).items() if is_place(one.holder)]
        take_all(
            session, stored, by=giver, at=at, station=station, why="handed over",
            for_work=purpose not in DESPITE_HOLDS,
        )  # fmt: skip
    require_all_at_hand(session, codes, giver)


def refuse_held_back(session: Session, codes: Collection[str]) -> None:
    """Refuse the first thing that is on hold, or is no more; raises as refuse_if_held."""
    for code in sorted(held_back(session, codes)):
        refuse_if_held(session, code)


def pass_things(
    session: Session, row: HandOver, codes: Collection[str], tag: Tag, *, holder: str, by: Actor,
    at: datetime, place: str, event: EventId, more: Mapping[str, object],
) -> None:  # fmt: skip
    """Pass the things of a hand-over to their next holder: one event each, caused by its act."""
    events = {
        code: append(
            session, tag, stream=code, by=by, at=at, device=place, cause=event,
            content={**more, "handover": row.id, **moves(holder, place)},
        )
        for code in codes
    }  # fmt: skip
    pass_all(session, events, holder, place=place, at=at)
    passed = set(codes)
    for thing in row.things:
        if thing.code in passed:
            thing.state = ThingState.PASSED


def _spread(session: Session, listed: Iterable[str], by: Actor, purpose: Purpose) -> list[str]:
    """Return the codes of a list, boxes opened, each once, in order."""
    codes: set[str] = set()
    for code in listed:
        if code[:1] == Kind.CONTAINER:
            codes.update(
                givable_in(
                    session, code, by.id, stores=may(_role(session, by), Right.STORE_THINGS),
                    despite_holds=purpose in DESPITE_HOLDS,
                )
            )  # fmt: skip
        elif Kind(code[0]) not in TRACKED:
            raise NotHandedOver(code=code)
        else:
            codes.add(code)
    return counted(codes)


def counted(codes: Collection[str]) -> list[str]:
    """Return the codes in order; raises NothingListed, TooManyListed."""
    if not codes:
        raise NothingListed()
    if len(codes) > MOST_THINGS:
        raise TooManyListed(count=len(codes), most=MOST_THINGS)
    return sorted(codes)


def _open_row(session: Session, number: int) -> HandOver:
    """Return a hand-over, locked, that waits for its answer."""
    row = session.get(HandOver, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound(code=str(number))
    if row.state is not HandOverState.OPEN:
        raise HandOverEnded(
            number=number, who=_name(session, row.ended_by or ""),
            since=f"{row.ended_at:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    return row


_STOPPED = {
    HandOverState.REFUSED: Tag.HANDOVER_LIST_REFUSED,
    HandOverState.WITHDRAWN: Tag.HANDOVER_LIST_WITHDRAWN,
}


def _stop(
    session: Session, row: HandOver, state: HandOverState, *, by: Actor, at: datetime, reason: str,
    station: str,
) -> HandOver:  # fmt: skip
    why = reason.strip()
    if not why:
        raise ReasonAwaited()
    event = append(
        session, _STOPPED[state], stream=row.stream, by=by, at=at, device=station,
        cause=row.opened_event, content={"because": why[:500]},
    )  # fmt: skip
    row.reason = why[:500]
    _end(row, state, event, by, at)
    for thing in row.things:
        thing.state = ThingState.KEPT
    session.flush()
    return row


def _end(row: HandOver, state: HandOverState, event: EventId, by: Actor, at: datetime) -> None:
    row.state, row.ended_event, row.ended_by = state, event, by.id
    row.ended_at = max(at, row.opened_at)


def _role(session: Session, actor: Actor) -> Role | None:
    """Return the role of a person now, None where the account is closed."""
    person = session.get(Person, actor.person) if actor.person is not None else None
    return person.role if person is not None and person.disabled_at is None else None


def _name(session: Session, holder: str) -> str:
    return names_of(session, [holder])[holder]
