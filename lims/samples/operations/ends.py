# SPDX-License-Identifier: Apache-2.0
"""Trouble and the end: quarantine, missing, found, discarded, destroyed, returned."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.operations import (
    append,
    change_state,
    lock_subject,
    pass_to,
    refuse_if_ended,
    set_hold,
)
from lims.custody.queries import blocked, held
from lims.custody.rules import (
    FROM_CREATION,
    GONE,
    MISSING,
    OUTSIDE,
    EventId,
    HoldReason,
    OnHold,
    Standing,
    Tag,
    check_held,
    is_away,
    is_place,
    moves,
)
from lims.samples.models import Destruction
from lims.samples.operations.amounts import check_last, check_two, take_rest, witnessed
from lims.samples.queries.amounts import last_amount
from lims.samples.queries.ends import queued
from lims.samples.rules import (
    LOSABLE,
    QUARANTINE_REASONS,
    AmountWhy,
    DestructionReason,
    DiscardReason,
    MissingAlready,
    NotDestructible,
    NotDiscardable,
    NotMissing,
    NotOutside,
    NotQueued,
    QueuedAlready,
    ReasonMissing,
)
from lims.storage.operations import require_at_hand, take

REMARK = 300


def quarantine(
    session: Session,
    code: str,
    reason: HoldReason,
    *,
    remark: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> EventId:
    """Put a thing, and all that came or will come from it, into quarantine: anybody may.

    Only the quality officer releases it. Raises NotFound, ReasonMissing.
    """
    if reason not in QUARANTINE_REASONS or len(remark.strip()) < 3:
        raise ReasonMissing()
    lock_subject(session, code)
    return set_hold(
        session, code, reason, by=by, at=at, device=station,
        content={"remark": remark.strip()[:REMARK]},
    )  # fmt: skip


def record_missing(
    session: Session,
    code: str,
    *,
    remark: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Standing:
    """Record that a thing cannot be found; return who held it last, and where.

    Raises NotFound, ReasonMissing, MissingAlready, Destroyed and others that are Gone, NotHere.
    """
    if len(remark.strip()) < 3:
        raise ReasonMissing()
    lock_subject(session, code)
    last = _tracked(session, code)
    if last.holder == MISSING:
        raise MissingAlready(code=code, since=_when(last.since))
    refuse_if_ended(session, code)
    if is_away(last.holder):
        check_held(last, by.id)
    if is_place(last.holder):
        # The position is free: nothing stands there.
        take(session, code, by=by, at=at, station=station, for_work=False, why="missing")
    event = append(
        session, Tag.SAMPLE_ITEM_MISSED, stream=code, by=by, at=at, device=station,
        content={
            "remark": remark.strip()[:REMARK], "last_held_by": last.holder,
            "last_held_at": last.place, **moves(MISSING),
        },
    )  # fmt: skip
    pass_to(session, code, MISSING, event_id=event, at=at)
    return last


def record_found(
    session: Session,
    code: str,
    *,
    remark: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> None:
    """Record that a missing thing was found: its finder holds it, and it is in quarantine.

    `remark` says where. Raises NotFound, ReasonMissing, NotMissing.
    """
    if len(remark.strip()) < 3:
        raise ReasonMissing()
    lock_subject(session, code)
    standing = held(session, code)
    if standing is None or standing.holder != MISSING:
        raise NotMissing(code=code)
    event = append(
        session, Tag.SAMPLE_ITEM_FOUND, stream=code, by=by, at=at, device=station,
        content={"remark": remark.strip()[:REMARK], **moves(by.id, station)},
    )  # fmt: skip
    pass_to(session, code, by.id, place=station, event_id=event, at=at)
    set_hold(
        session, code, HoldReason.DISCREPANCY, by=by, at=at, device=station, cause=event,
        content={"remark": "found again"},
    )  # fmt: skip


def discard(
    session: Session,
    code: str,
    reason: DiscardReason,
    *,
    by: Actor,
    at: datetime,
    remark: str = "",
    station: str = "",
    witness: Actor | None = None,
) -> None:
    """Throw a tube away, for ever; whoever does it holds it.

    Raises NotFound, NotDiscardable, OnHold, HeldByOther, InStorage, NotHere, and what check_last
    raises where it holds the last of a bone's powder.
    """
    subject = lock_subject(session, code)
    refuse_if_ended(session, code)
    if subject.kind not in (Kind.ALIQUOT, Kind.EXTRACT):
        raise NotDiscardable(code=code)
    _refuse_unless_free(session, code)
    require_at_hand(session, code, by)
    newest = last_amount(session, code)
    last = False
    if newest is not None and newest.left:
        last = check_last(session, code, newest.left, by=by, witness=witness)
    left = take_rest(session, code, AmountWhy.DISCARDED, by=by, at=at)
    _end(
        session, code, "discarded", DISCARDED[subject.kind], by=by, at=at, station=station,
        content={
            "reason": reason.value, **_amount(newest.unit if newest else "", left),
            **({"because": remark.strip()[:REMARK]} if remark.strip() else {}),
            **witnessed(witness if last else None),
        },
    )  # fmt: skip


def queue_destruction(
    session: Session,
    code: str,
    reason: DestructionReason,
    *,
    by: Actor,
    at: datetime,
    remark: str = "",
) -> Destruction:
    """Queue a thing for destruction. Raises NotFound, NotDestructible, QueuedAlready, Gone."""
    subject = lock_subject(session, code)
    if subject.kind not in FROM_CREATION:
        raise NotDestructible(code=code)
    refuse_if_ended(session, code)
    standing = _tracked(session, code)
    if standing.holder == GONE:
        check_held(standing, by.id)
    before = queued(session, code)
    if before is not None:
        raise QueuedAlready(code=code, since=_when(before.queued_at))
    row = Destruction(
        code=code, reason=reason, remark=remark.strip()[:REMARK], queued_at=at, queued_by=by.id
    )
    session.add(row)
    content: dict[str, object] = {"reason": reason.value}
    if remark.strip():
        content["because"] = remark.strip()[:REMARK]
    append(session, Tag.SAMPLE_DESTRUCTION_QUEUED, stream=code, by=by, at=at, content=content)
    session.flush()
    return row


def withdraw_destruction(
    session: Session, code: str, *, because: str, by: Actor, at: datetime
) -> None:
    """Take a thing off the queue of destruction. Raises NotFound, NotQueued, ReasonMissing."""
    if len(because.strip()) < 3:
        raise ReasonMissing()
    lock_subject(session, code)
    row = _queued(session, code)
    row.withdrawn_at, row.withdrawn_by = at, by.id
    append(
        session, Tag.SAMPLE_DESTRUCTION_WITHDRAWN, stream=code, by=by, at=at,
        content={"because": because.strip()[:REMARK]},
    )  # fmt: skip
    session.flush()


def destroy(
    session: Session, code: str, *, witness: Actor, by: Actor, at: datetime, station: str = ""
) -> None:
    """Destroy a thing that is queued for it and that `by` holds, before a second person.

    Nothing brings it back. A withdrawn consent that holds it is no hindrance; any other hold is.
    Raises NotFound, NotQueued, WitnessSame, OnHold, HeldByOther, InStorage, NotHere.
    """
    lock_subject(session, code)
    refuse_if_ended(session, code)
    row = _queued(session, code)
    check_two(by, witness)
    _refuse_unless_free(session, code)
    require_at_hand(session, code, by)
    newest = last_amount(session, code)
    left = take_rest(session, code, AmountWhy.DESTROYED, by=by, at=at)
    row.done_at, row.done_by, row.witness = at, by.id, witness.id
    _end(
        session, code, "destroyed", Tag.SAMPLE_ITEM_DESTROYED, by=by, at=at, station=station,
        content={
            "reason": row.reason.value, **_amount(newest.unit if newest else "", left),
            **witnessed(witness),
        },
    )  # fmt: skip


def close_returned(session: Session, code: str, *, by: Actor, at: datetime) -> None:
    """Close a thing that was handed over to somebody outside: returned for ever.

    Who has it stays on record. Raises NotFound, Gone, NotOutside.
    """
    lock_subject(session, code)
    refuse_if_ended(session, code)
    standing = held(session, code)
    if standing is None or not standing.holder.startswith(OUTSIDE):
        raise NotOutside(code=code)
    row = queued(session, code)
    if row is not None:
        row.withdrawn_at, row.withdrawn_by = at, by.id
    change_state(session, code, "returned", Tag.SAMPLE_ITEM_RETURNED, by=by, at=at, content={})
    session.flush()


DISCARDED = {
    Kind.ALIQUOT: Tag.ALIQUOT_TUBE_DISCARDED, Kind.EXTRACT: Tag.EXTRACT_TUBE_DISCARDED,
}  # fmt: skip


def _end(
    session: Session,
    code: str,
    state: str,
    tag: Tag,
    *,
    content: Mapping[str, object],
    by: Actor,
    at: datetime,
    station: str,
) -> None:
    ended = change_state(
        session, code, state, tag, by=by, at=at, device=station,
        content={**content, **moves(GONE)},
    )  # fmt: skip
    pass_to(session, code, GONE, event_id=ended, at=at)


def _amount(unit: str, left: int | None) -> dict[str, object]:
    return {} if left is None else {f"left_{unit}": left}


def _queued(session: Session, code: str) -> Destruction:
    row = session.scalar(
        select(Destruction)
        .where(
            Destruction.code == code, Destruction.done_at.is_(None),
            Destruction.withdrawn_at.is_(None),
        )
        .with_for_update()
    )  # fmt: skip
    if row is None:
        raise NotQueued(code=code)
    return row


def _refuse_unless_free(session: Session, code: str) -> None:
    """Refuse (OnHold) what is on hold; a withdrawn consent asks for the end, it hinders none."""
    for hold in blocked(session, code):
        if hold.reason is not HoldReason.CONSENT:
            raise OnHold(code=code, reason=hold.words)


def _tracked(session: Session, code: str) -> Standing:
    standing = held(session, code)
    if Kind(code[0]) not in LOSABLE or standing is None:
        raise NotFound(code=code)
    return standing


def _when(instant: datetime) -> str:
    return f"{instant:%Y-%m-%d %H:%M} UTC"
