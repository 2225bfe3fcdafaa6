# SPDX-License-Identifier: Apache-2.0
"""Who holds a thing and where, now and at any instant; every question is answered by an index."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, select, union_all
from sqlalchemy.orm import Session

from lims.custody.models import Possession
from lims.custody.rules import Interval, Standing, forks_around

_COLUMNS = (
    Possession.code,
    Possession.number,
    Possession.holder,
    Possession.place,
    Possession.position,
    Possession.began_at,
    Possession.began_event,
    Possession.ended_at,
    Possession.ended_event,
)


def held(session: Session, code: str) -> Standing | None:
    """Return who holds a thing now, and where; None for a plate not used yet, a batch, a lot."""
    return held_each(session, [code]).get(code)


def held_each(session: Session, codes: Collection[str]) -> dict[str, Standing]:
    """Return who holds each of many things now, by uq_possession_standing; one query."""
    found = session.execute(
        select(*_COLUMNS).where(Possession.code.in_(codes), Possession.ended_at.is_(None))
    )
    return {
        row.code: Standing(
            row.code, row.holder, row.place, row.position, row.began_at, row.number
        )
        for row in found
    }  # fmt: skip


def intervals(session: Session, code: str) -> tuple[Interval, ...]:
    """Return everybody who ever held a thing, and where, the oldest first; by the primary key."""
    found = (
        select(*_COLUMNS).where(Possession.code == code).order_by(Possession.number)
    )  # fmt: skip
    return tuple(_interval(row) for row in session.execute(found))


def intervals_each(session: Session, codes: Collection[str]) -> dict[str, tuple[Interval, ...]]:
    """Return everybody who ever held each of many things; one query."""
    found = session.execute(
        select(*_COLUMNS)
        .where(Possession.code.in_(codes))
        .order_by(Possession.code, Possession.number)
    )
    each: dict[str, list[Interval]] = {}
    for row in found:
        each.setdefault(row.code, []).append(_interval(row))
    return {code: tuple(many) for code, many in each.items()}


def holder_at(session: Session, code: str, at: datetime) -> Interval | None:
    """Return who held a thing at an instant, and where; None before it was there."""
    found = (
        select(*_COLUMNS)
        .where(Possession.code == code, Possession.began_at <= at)
        .order_by(Possession.number.desc())
        .limit(1)
    )
    row = session.execute(found).one_or_none()
    if row is None or (row.ended_at is not None and row.ended_at <= at):
        return None
    return _interval(row)


def held_by_at(
    session: Session, holder: str, at: datetime, *, limit: int, after: str = ""
) -> tuple[Interval, ...]:
    """Return what a holder (an actor's id, a place) held at an instant, by code, after `after`.

    By ix_possession_holder_now and ix_possession_holder_then: what is read grows with what one
    holder holds at a time, not with how long the laboratory has been at work.
    """
    return _at(session, Possession.holder == holder, at, limit, after)


def at_place_at(
    session: Session, place: str, at: datetime, *, limit: int, after: str = ""
) -> tuple[Interval, ...]:
    """Return what was at a station or in a place of storage at an instant, by code.

    By ix_possession_place_now and ix_possession_place_then.
    """
    return _at(session, Possession.place == place, at, limit, after)


def _at(
    session: Session, whose: ColumnElement[bool], at: datetime, limit: int, after: str
) -> tuple[Interval, ...]:
    then = whose, Possession.began_at <= at
    now = select(*_COLUMNS).where(*then, Possession.ended_at.is_(None), Possession.code > after)
    # Materialized: to have them by code already, SQLite would read the whole table by its key.
    past = (
        select(*_COLUMNS)
        .where(
            *then, Possession.fork.in_(forks_around(at)), Possession.ended_at.is_not(None),
            Possession.ended_at > at,
        )
        .cte("past")
        .prefix_with("MATERIALIZED")
    )  # fmt: skip
    found = (
        union_all(now, select(past).where(past.c.code > after)).order_by("code").limit(limit)
    )  # fmt: skip
    return tuple(_interval(row) for row in session.execute(found))


def _interval(row: Any) -> Interval:
    return Interval(
        row.code, row.number, row.holder, row.place, row.position, row.began_at, row.began_event,
        row.ended_at, row.ended_event,
    )  # fmt: skip
