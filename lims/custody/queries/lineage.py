# SPDX-License-Identifier: Apache-2.0
"""What a thing came from, what came from it, and what holds it back."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import CTE, func, literal, select
from sqlalchemy.orm import Session

from lims.custody.models import Derivation, Hold, Subject
from lims.custody.rules import EventId, HoldStanding, HoldThen


def subject(session: Session, code: str) -> Subject | None:
    """Return the coded thing, None for an unknown code."""
    return session.get(Subject, code)


def ancestors(session: Session, code: str) -> tuple[str, ...]:
    """Return the codes of all that a thing came from, nearest first, itself not among them."""
    return _walk(session, _upward(code), code)


def descendants(session: Session, code: str) -> tuple[str, ...]:
    """Return the codes of all that came from a thing, nearest first, itself not among them."""
    start = select(Derivation.child.label("code"), literal(1).label("far")).where(
        Derivation.parent == code
    )
    walk = start.cte("descendant", recursive=True)
    onward = select(Derivation.child, walk.c.far + 1).join(walk, Derivation.parent == walk.c.code)
    return _walk(session, walk.union(onward), code)


def parents(session: Session, code: str) -> tuple[Derivation, ...]:
    """Return the links to what a thing came from directly."""
    found = select(Derivation).where(Derivation.child == code).order_by(Derivation.parent)
    return tuple(session.scalars(found))


def children(session: Session, code: str) -> tuple[Derivation, ...]:
    """Return the links to what came from a thing directly."""
    found = select(Derivation).where(Derivation.parent == code).order_by(Derivation.child)
    return tuple(session.scalars(found))


def blocked(session: Session, code: str) -> tuple[HoldStanding, ...]:
    """Return the holds that stand on a thing or on anything it came from, oldest first."""
    walk = _upward(code)
    held = (
        select(Hold.id, Hold.code, Hold.reason, Hold.set_at, Hold.set_by_event)
        .where(
            Hold.lifted_by_event.is_(None),
            (Hold.code == code) | Hold.code.in_(select(walk.c.code)),
        )
        .order_by(Hold.set_at, Hold.id)
    )
    return tuple(
        HoldStanding(row.id, row.code, row.reason, row.set_at, EventId(row.set_by_event or ""))
        for row in session.execute(held)
    )


def blocked_each(session: Session, codes: Collection[str]) -> dict[str, tuple[HoldStanding, ...]]:
    """Return what `blocked` does for each of `codes` that something holds back, in one query."""
    start = select(Subject.code.label("thing"), Subject.code).where(Subject.code.in_(codes))
    walk = start.cte("ancestor", recursive=True)
    walk = walk.union(
        select(walk.c.thing, Derivation.parent).join(walk, Derivation.child == walk.c.code)
    )
    found: dict[str, tuple[HoldStanding, ...]] = {}
    for thing, *hold in session.execute(
        select(walk.c.thing, Hold.id, Hold.code, Hold.reason, Hold.set_at, Hold.set_by_event)
        .join(Hold, Hold.code == walk.c.code)
        .where(Hold.lifted_by_event.is_(None))
        .order_by(Hold.set_at, Hold.id)
    ):
        number, code, reason, since, event = hold
        found[thing] = (
            *found.get(thing, ()),
            HoldStanding(number, code, reason, since, EventId(event or "")),
        )
    return found


def holds_of(session: Session, code: str) -> tuple[Hold, ...]:
    """Return every hold ever set on a thing itself, lifted or not, oldest first."""
    found = select(Hold).where(Hold.code == code).order_by(Hold.set_at, Hold.id)
    return tuple(session.scalars(found))


def holds_at(session: Session, codes: Collection[str], at: datetime) -> tuple[HoldThen, ...]:
    """Return the holds that stood on any of `codes` at an instant, oldest first."""
    found = session.execute(
        select(Hold.code, Hold.reason, Hold.set_at, Hold.lifted_at)
        .where(
            Hold.code.in_(codes), Hold.set_at <= at,
            Hold.lifted_at.is_(None) | (Hold.lifted_at > at),
        )
        .order_by(Hold.set_at, Hold.id)
    )  # fmt: skip
    return tuple(HoldThen(row.code, row.reason, row.set_at, row.lifted_at) for row in found)


def _upward(code: str) -> CTE:
    start = select(Derivation.parent.label("code"), literal(1).label("far")).where(
        Derivation.child == code
    )
    walk = start.cte("ancestor", recursive=True)
    onward = select(Derivation.parent, walk.c.far + 1).join(walk, Derivation.child == walk.c.code)
    return walk.union(onward)


def _walk(session: Session, walk: CTE, code: str) -> tuple[str, ...]:
    nearest = (
        select(walk.c.code)
        .where(walk.c.code != code)
        .group_by(walk.c.code)
        .order_by(func.min(walk.c.far), walk.c.code)
    )
    return tuple(session.scalars(nearest))
