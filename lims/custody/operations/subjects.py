# SPDX-License-Identifier: Apache-2.0
"""Things with codes: making them, saying what they came from, holding them back."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.errors import NotFound
from lims.custody.models import Derivation, Hold, Subject
from lims.custody.operations.ledger import append
from lims.custody.operations.possession import begin
from lims.custody.queries.lineage import ancestors, blocked
from lims.custody.queries.possession import held
from lims.custody.rules import (
    ENDED,
    FROM_CREATION,
    AlreadyDerived,
    EventId,
    HoldReason,
    NoSuchHold,
    OnHold,
    Tag,
    moves,
)


def create_subject(
    session: Session,
    code: str,
    tag: Tag,
    *,
    by: Actor,
    at: datetime,
    content: Mapping[str, object],
    state: str,
    parents: Sequence[str] = (),
    reason: str = "",
    device: str = "",
    cause: str = "",
    occurred: datetime | None = None,
    idem: str = "",
) -> EventId:
    """Give a thing its code, link it to what it came from, and record its first event.

    `parents` are codes that exist, `reason` says in one word how the child came from them
    (`ground`, `extracted`). The event is written with `parents`, `reason` and `state` beside
    `content`. A sample, aliquot or extract is held by its maker, at `device`, from then on.

    Raises IntegrityError at the flush for a code that is taken, NotFound for an unknown parent.
    """
    if parents and not reason:
        raise ValueError("a derivation needs its reason")
    # A clock that stepped back makes nothing older than what it came from.
    made_at = max([at, *(_known(session, parent).created_at for parent in parents)])
    session.add(Subject(code=code, kind=Kind(code[0]), state=state, created_at=made_at))
    session.flush()
    lineage = {"parents": list(parents), "reason": reason} if parents else {}
    held_by = moves(by.id, device) if Kind(code[0]) in FROM_CREATION else {}
    event_id = append(
        session, tag, stream=code, by=by, at=at,
        content={"state": state, **content, **lineage, **held_by}, device=device,
        cause=cause, occurred=occurred, idem=idem,
    )  # fmt: skip
    if held_by:
        begin(session, code, by.id, place=device, event_id=event_id, at=at)
    for parent in parents:
        session.add(Derivation(child=code, parent=parent, reason=reason, event_id=event_id))
    session.flush()
    return event_id


def derive(session: Session, child: str, parent: str, *, reason: str, event_id: EventId) -> None:
    """Say that an existing thing came from another, by an event appended in this transaction.

    Raises AlreadyDerived where the link exists or would close a circle, NotFound for unknown codes.
    """
    _known(session, child)
    _known(session, parent)
    if session.get(Derivation, (child, parent)) or child in {parent, *ancestors(session, parent)}:
        raise AlreadyDerived(child=child, parent=parent)
    session.add(Derivation(child=child, parent=parent, reason=reason, event_id=event_id))
    session.flush()


def change_state(
    session: Session,
    code: str,
    state: str,
    tag: Tag,
    *,
    by: Actor,
    at: datetime,
    content: Mapping[str, object],
    device: str = "",
    cause: str = "",
    occurred: datetime | None = None,
) -> EventId:
    """Bring a thing into another state and record the act; the event holds `from` and `to`.

    Which states there are and which may follow is for the feature's rules. Raises NotFound.
    """
    subject = _known(session, code)
    change = {"from": subject.state, "to": state}
    subject.state = state
    return append(
        session, tag, stream=code, by=by, at=at, content={**content, **change}, device=device,
        cause=cause, occurred=occurred,
    )  # fmt: skip


def set_hold(
    session: Session,
    code: str,
    reason: HoldReason,
    *,
    by: Actor,
    at: datetime,
    content: Mapping[str, object] | None = None,
    device: str = "",
    cause: str = "",
    idem: str = "",
) -> EventId:
    """Hold back a thing and all that came or will come from it.

    `content` holds particulars without personal data. Raises NotFound for an unknown code.
    """
    _known(session, code)
    event_id = append(
        session, Tag.SUBJECT_HOLD_SET, stream=code, by=by, at=at,
        content={**(content or {}), "reason": reason.value}, device=device, cause=cause, idem=idem,
    )  # fmt: skip
    session.add(Hold(code=code, reason=reason, set_by_event=event_id, set_at=at))
    session.flush()
    return event_id


def lift_hold(
    session: Session,
    hold_id: int,
    *,
    by: Actor,
    at: datetime,
    because: str,
    content: Mapping[str, object] | None = None,
    device: str = "",
    cause: str = "",
) -> EventId:
    """Lift one hold, with the reason in a few words. Raises NoSuchHold if it does not stand.

    Who may lift which hold is for the caller to ask.
    """
    hold = session.get(Hold, hold_id, with_for_update=True, populate_existing=True)
    if hold is None or hold.lifted_by_event is not None or hold.set_by_event is None:
        raise NoSuchHold(code=hold.code if hold else str(hold_id))
    event_id = append(
        session, Tag.SUBJECT_HOLD_LIFTED, stream=hold.code, by=by, at=at,
        content={
            **(content or {}), "reason": hold.reason.value, "set_by": hold.set_by_event,
            "because": because,
        },
        device=device, cause=cause,
    )  # fmt: skip
    hold.lifted_by_event, hold.lifted_at = event_id, at
    session.flush()
    return event_id


def lock_subject(session: Session, code: str) -> Subject:
    """Lock a thing until the transaction ends and return it as it is now. Raises NotFound.

    Whoever decides by a state locks first: two benches cannot both find it unchanged.
    """
    session.flush()
    subject = session.get(Subject, code, with_for_update=True, populate_existing=True)
    if subject is None:
        raise NotFound(code=code)
    return subject


def lock_subjects(session: Session, codes: Collection[str]) -> None:
    """Lock many things, in one order everywhere: of two acts on the same, the second waits."""
    session.flush()
    session.scalars(
        select(Subject)
        .where(Subject.code.in_(codes))
        .order_by(Subject.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def fresh_code(session: Session, kind: Kind) -> str:
    """Draw a code that nothing has; of two that draw the same at once the database refuses one."""
    while session.get(Subject, code := draw_code(kind)) is not None:
        pass
    return code


def refuse_if_ended(session: Session, code: str) -> None:
    """Raise Destroyed, Returned or Discarded (all Gone), with the day, if the thing is no more."""
    found = session.get(Subject, code)
    if found is not None and found.state in ENDED:
        standing = held(session, code)
        since = f"{standing.since:%Y-%m-%d %H:%M} UTC" if standing else ""
        raise ENDED[found.state](code=code, since=since)


def refuse_if_held(session: Session, code: str) -> None:
    """Raise OnHold if the thing, or anything it came from, is on hold.

    What is no more is refused as such: see refuse_if_ended.
    """
    refuse_if_ended(session, code)
    holds = blocked(session, code)
    if holds:
        raise OnHold(code=code, reason=holds[0].words)


def _known(session: Session, code: str) -> Subject:
    subject = session.get(Subject, code)
    if subject is None:
        raise NotFound(code=code)
    return subject
