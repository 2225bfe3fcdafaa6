# SPDX-License-Identifier: Apache-2.0
"""Hand-overs in which one party does not act: a holder who is away, somebody from outside."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append
from lims.custody.queries import held_each
from lims.custody.rules import OUTSIDE, TRACKED, EventId, Tag, is_away, is_place
from lims.handovers.models import HandedThing, HandOver
from lims.handovers.operations.handing import (
    check_givable,
    counted,
    lock_things,
    pass_things,
)
from lims.handovers.queries import names_of, open_of
from lims.handovers.rules import (
    HandOverState,
    HeldByNobody,
    InOpenHandOver,
    NotHandedOver,
    NotOutside,
    Purpose,
    ReasonAwaited,
    TheOneWhoHolds,
    ThingState,
    Way,
)


def take_over(
    session: Session,
    listed: Iterable[str],
    *,
    by: Actor,
    witness: Actor,
    reason: str,
    at: datetime,
    station: str = "",
) -> tuple[HandOver, ...]:
    """Take over what people hold who are away (ill, left), before a second person.

    One hand-over for each former holder; the ledger says that they did not act. Open hand-overs
    of these things must be withdrawn or answered first. Raises NothingListed, TooManyListed,
    NotFound, NotHandedOver, HeldByNobody, InOpenHandOver, TheOneWhoHolds, ReasonAwaited, OnHold
    never: quarantine is a good reason.
    """
    why = reason.strip()
    if not why:
        raise ReasonAwaited()
    codes = _things(listed)
    lock_things(session, codes)
    _refuse_waiting(session, codes)
    standing = held_each(session, codes)
    holders: dict[str, list[str]] = {}
    for code in codes:
        holder = standing[code].holder if code in standing else ""
        if not holder or is_place(holder) or is_away(holder):
            raise HeldByNobody(code=code)
        if holder in (by.id, witness.id):
            raise TheOneWhoHolds(code=code, person=names_of(session, [holder])[holder])
        holders.setdefault(holder, []).append(code)
    made = []
    for holder, theirs in sorted(holders.items()):
        row = _ended_row(
            session, Way.TAKEN, theirs, giver=holder, receiver=by.id, purpose=Purpose.QUARANTINE,
            by=by, at=at, station=station, witness=witness.id, reason=why[:500],
            content={
                "from": holder, "without_giver": True, "witness": witness.id,
                "because": why[:500],
            },
        )  # fmt: skip
        pass_things(
            session, row, theirs, Tag.SUBJECT_CUSTODY_TAKEN_OVER, holder=by.id, by=by, at=at,
            place=station, event=EventId(row.opened_event),
            more={"from": holder, "without_giver": True, "witness": witness.id, "because": why},
        )  # fmt: skip
        made.append(row)
    session.flush()
    return tuple(made)


def give_outside(
    session: Session,
    listed: Iterable[str],
    *,
    by: Actor,
    commitment: str,
    purpose: Purpose,
    at: datetime,
    station: str = "",
) -> HandOver:
    """Give what `by` holds to somebody from outside, of whom the ledger knows a commitment alone.

    Who it is stands on the sealed side. Raises as open_handover.
    """
    codes = _things(listed)
    lock_things(session, codes)
    check_givable(session, codes, by, purpose=purpose, at=at, station=station)
    holder = outside(commitment)
    row = _ended_row(
        session, Way.OUT, codes, giver=by.id, receiver=holder, purpose=purpose, by=by, at=at,
        station=station, content={"to": holder, "commitment": commitment},
    )  # fmt: skip
    pass_things(
        session, row, codes, Tag.SUBJECT_CUSTODY_GIVEN_OUTSIDE, holder=holder, by=by, at=at,
        place="", event=EventId(row.opened_event), more={"from": by.id, "commitment": commitment},
    )  # fmt: skip
    session.flush()
    return row


def take_back(
    session: Session,
    listed: Iterable[str],
    *,
    by: Actor,
    commitment: str,
    at: datetime,
    station: str = "",
) -> tuple[HandOver, ...]:
    """Receive things back from outside; `commitment` is of whoever brings them.

    One hand-over for each holder that had them. Raises NothingListed, TooManyListed, NotFound,
    NotHandedOver, NotOutside.
    """
    codes = _things(listed)
    lock_things(session, codes)
    standing = held_each(session, codes)
    holders: dict[str, list[str]] = {}
    for code in codes:
        holder = standing[code].holder if code in standing else ""
        if not holder.startswith(OUTSIDE):
            raise NotOutside(code=code)
        holders.setdefault(holder, []).append(code)
    made = []
    for holder, theirs in sorted(holders.items()):
        row = _ended_row(
            session, Way.BACK, theirs, giver=holder, receiver=by.id, purpose=Purpose.RETURN, by=by,
            at=at, station=station, content={"from": holder, "commitment": commitment},
        )  # fmt: skip
        pass_things(
            session, row, theirs, Tag.SUBJECT_CUSTODY_CAME_BACK, holder=by.id, by=by, at=at,
            place=station, event=EventId(row.opened_event),
            more={"from": holder, "commitment": commitment},
        )  # fmt: skip
        made.append(row)
    session.flush()
    return tuple(made)


def outside(commitment: str) -> str:
    """Return the holder that a commitment names: its first sixteen digits."""
    return f"{OUTSIDE}{commitment[:16]}"


def _things(listed: Iterable[str]) -> list[str]:
    codes = set(listed)
    for code in codes:
        if Kind(code[0]) not in TRACKED:
            raise NotHandedOver(code=code)
    return counted(codes)


def _refuse_waiting(session: Session, codes: Collection[str]) -> None:
    for code, one in sorted(open_of(session, codes).items()):
        raise InOpenHandOver(
            code=code, number=one.number, who=names_of(session, [one.giver])[one.giver],
            since=f"{one.since:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip


def _ended_row(
    session: Session, way: Way, codes: Collection[str], *, giver: str, receiver: str,
    purpose: Purpose, by: Actor, at: datetime, station: str, content: dict[str, object],
    witness: str = "", reason: str = "",
) -> HandOver:  # fmt: skip
    """Return a hand-over that is over with its one act, its event appended."""
    row = HandOver(
        way=way, giver=giver, receiver=receiver, purpose=purpose, place=station, witness=witness,
        reason=reason, state=HandOverState.COMPLETED, opened_at=at, opened_event="", ended_at=at,
        ended_by=by.id, ended_event="",
        things=[
            HandedThing(code=code, state=ThingState.PASSED, difference=None, note="")
            for code in codes
        ],
    )  # fmt: skip
    session.add(row)
    session.flush()
    event = append(
        session, Tag.HANDOVER_LIST_COMPLETED, stream=row.stream, by=by, at=at, device=station,
        content={**content, "way": way.value, "passed": sorted(codes)},
    )  # fmt: skip
    row.opened_event = row.ended_event = event
    return row
