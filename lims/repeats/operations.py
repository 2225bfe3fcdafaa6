# SPDX-License-Identifier: Apache-2.0
"""Ask that work is done again, take it up by new work, withdraw it; say that a sample is urgent."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import NotFound, ReasonMissing
from lims.custody.operations import append, lock_subject, refuse_if_ended
from lims.custody.rules import Tag
from lims.people.queries import who
from lims.repeats.models import Repeat, Urgency
from lims.repeats.queries import (
    repeat_of,
    sample_of_thing,
    standing_repeat,
    times_repeated,
    urgency_of,
)
from lims.repeats.rules import (
    NotUrgent,
    RepeatAsked,
    RepeatKind,
    RepeatOver,
    RepeatReason,
    UrgencyReason,
    UrgentAlready,
    check_thing,
    check_why,
)
from lims.samples.models import Sample


def ask_repeat(
    session: Session, kind: RepeatKind, thing: str, *, reason: RepeatReason, by: Actor,
    at: datetime, words: str = "", extract: str | None = None, parent: str | None = None,
    position: str = "", urgent: bool = False, station: str = "", cause: str = "",
) -> Repeat:  # fmt: skip
    """Ask that something is done again; it waits on the worklist of its stage. Return the repeat.

    `thing` is the sample for a new extraction or sample, the extract for all else; `extract`,
    `parent` and `position` say what did not do: the extract, and the batch or plate it stood on.
    Nothing is overwritten: what was done stays as it is. Raises NotFound, WrongThingToRepeat,
    RepeatAsked (who and when), WordsMissing, RepeatedBefore; what refuse_if_ended raises.
    """
    check_thing(kind, thing)
    lock_subject(session, thing)
    refuse_if_ended(session, thing)
    said = words.strip()[:200]
    sample = sample_of_thing(session, thing)
    if sample is not None:
        # Two people may ask of two extracts of one sample: they count one by one.
        lock_subject(session, sample.code)
    there = standing_repeat(session, kind, thing)
    if there is not None:
        raise RepeatAsked(
            code=thing, at=f"{there.asked_at:%Y-%m-%d %H:%M} UTC", who=who(session, there.asked_by)
        )
    times = times_repeated(session, sample.code) if sample is not None else 0
    check_why(thing, reason, said, times=times)
    asked = Repeat(
        kind=kind, thing_code=thing, sample_code=sample.code if sample else None,
        extract_code=extract, parent_code=parent, position=position, reason=reason, words=said,
        is_urgent=urgent, number=times + 1 if sample else 0, asked_at=at, asked_by=by.id,
        ended_at=None, ended_by=None, done_by=None, withdrawn="",
    )  # fmt: skip
    session.add(asked)
    session.flush()
    append(
        session, Tag.REPEAT_WORK_ASKED, stream=thing, by=by, at=at, device=station, cause=cause,
        content={
            "repeat": asked.id, "kind": kind.value, "reason": reason.value, "why": said,
            "extract": extract, "parent": parent, "position": position, "urgent": urgent,
            "number": asked.number,
        },
    )  # fmt: skip
    return asked


def take_up(
    session: Session, kinds: Collection[RepeatKind], things: Collection[str], *, work: str,
    by: Actor, at: datetime, station: str = "", parent: str | None = None,
) -> tuple[Repeat, ...]:  # fmt: skip
    """End the repeats of things that a batch or plate has now done; return them. One query.

    `parent`: only those that repeat what stood there.
    """
    found = (
        select(Repeat)
        .where(Repeat.thing_code.in_(things), Repeat.kind.in_(kinds), Repeat.ended_at.is_(None))
        .order_by(Repeat.thing_code)
    )
    if parent is not None:
        found = found.where(Repeat.parent_code == parent)
    taken = tuple(session.scalars(found))
    for one in taken:
        one.ended_at, one.ended_by, one.done_by = at, by.id, work
        append(
            session, Tag.REPEAT_WORK_TAKEN_UP, stream=one.thing_code, by=by, at=at,
            device=station, content={"repeat": one.id, "kind": one.kind.value, "work": work},
        )  # fmt: skip
    session.flush()
    return taken


def withdraw_repeat(
    session: Session, number: int, *, reason: str, by: Actor, at: datetime, station: str = ""
) -> Repeat:
    """Withdraw a repeat that nobody has taken up, with why.

    Raises NotFound, RepeatOver, ReasonMissing.
    """
    said = reason.strip()[:200]
    if not said:
        raise ReasonMissing()
    lock_subject(session, repeat_of(session, number).thing_code)
    found = session.get_one(Repeat, number, populate_existing=True)
    if found.ended_at is not None:
        raise RepeatOver(code=found.thing_code)
    found.ended_at, found.ended_by, found.withdrawn = at, by.id, said
    session.flush()
    append(
        session, Tag.REPEAT_WORK_WITHDRAWN, stream=found.thing_code, by=by, at=at, device=station,
        content={"repeat": found.id, "kind": found.kind.value, "why": said},
    )  # fmt: skip
    return found


def follow(
    session: Session, kind: RepeatKind | None, extract: str, *, thing: str, reason: RepeatReason,
    words: str, parent: str, position: str, by: Actor, at: datetime, station: str = "",
    cause: str = "",
) -> Repeat | None:  # fmt: skip
    """Let the repeats of an extract follow what was decided of it on a plate.

    What an earlier decision of the same plate asked is withdrawn, if nobody took it up; `kind` is
    asked, unless it waits already. None: nothing is to be done again.
    """
    former = session.scalars(
        select(Repeat).where(
            Repeat.extract_code == extract, Repeat.parent_code == parent, Repeat.ended_at.is_(None)
        )
    ).all()
    for one in former:
        if one.kind is not kind:
            withdraw_repeat(
                session, one.id, reason="decided otherwise", by=by, at=at, station=station
            )
    if kind is None or standing_repeat(session, kind, thing) is not None:
        return None
    return ask_repeat(
        session, kind, thing, reason=reason, words=words, extract=extract, parent=parent,
        position=position, by=by, at=at, station=station, cause=cause,
    )  # fmt: skip


def set_urgent(
    session: Session, sample: str, reason: UrgencyReason, *, by: Actor, at: datetime
) -> Urgency:
    """Let a sample go before others on every worklist. Raises NotFound, UrgentAlready."""
    lock_subject(session, sample)
    if session.get(Sample, sample) is None:
        raise NotFound(code=sample)
    there = urgency_of(session, sample)
    if there is not None:
        raise UrgentAlready(code=sample, at=f"{there.said_at:%Y-%m-%d %H:%M} UTC")
    said = Urgency(
        sample_code=sample, reason=reason, said_at=at, said_by=by.id, ended_at=None, ended_by=None
    )
    session.add(said)
    session.flush()
    append(
        session, Tag.SAMPLE_URGENCY_SET, stream=sample, by=by, at=at,
        content={"reason": reason.value},
    )  # fmt: skip
    return said


def lift_urgency(session: Session, sample: str, *, by: Actor, at: datetime) -> Urgency:
    """Let an urgent sample wait as all others do. Raises NotFound, NotUrgent."""
    lock_subject(session, sample)
    there = urgency_of(session, sample)
    if there is None:
        raise NotUrgent(code=sample)
    there.ended_at, there.ended_by = at, by.id
    session.flush()
    append(session, Tag.SAMPLE_URGENCY_LIFTED, stream=sample, by=by, at=at, content={})
    return there
