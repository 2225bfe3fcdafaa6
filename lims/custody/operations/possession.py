# SPDX-License-Identifier: Apache-2.0
"""Passing a thing from one holder to the next, and refusing whoever does not hold it."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Possession, Subject
from lims.custody.queries.possession import held, held_each
from lims.custody.rules import FROM_CREATION, EventId, Standing, check_held, fork_of


def begin(
    session: Session,
    code: str,
    holder: str,
    *,
    place: str = "",
    position: str = "",
    event_id: EventId,
    at: datetime,
) -> None:
    """Begin the first interval of a new thing; written at the next flush."""
    session.add(
        Possession(
            code=code, number=1, previous=None, holder=holder, place=place, position=position,
            began_at=at, began_event=event_id, ended_at=None, ended_event=None, fork=None,
        )
    )  # fmt: skip


def pass_to(
    session: Session,
    code: str,
    holder: str,
    *,
    place: str = "",
    position: str = "",
    event_id: EventId,
    at: datetime,
) -> None:
    """End the standing interval of a thing and begin the next, by an event of this transaction.

    The content of that event holds `moves(holder, place, position)`. `at` is not taken before the
    standing interval began. Whether `holder` may have it, and whether who gives it holds it, is for
    the caller to ask. Raises NotFound for what is not tracked.
    """
    pass_all(
        session, {code: event_id}, holder, place=place, positions={code: position}, at=at
    )  # fmt: skip


def pass_all(
    session: Session,
    events: Mapping[str, EventId],
    holder: str,
    *,
    place: str = "",
    positions: Mapping[str, str] | None = None,
    at: datetime,
) -> None:
    """Pass many things to one holder at one place: `events` is the event of each code.

    Four statements, however many things. Raises NotFound as pass_to does.
    """
    session.flush()
    codes = sorted(events)
    # The things first, in one order: of two who pass the same thing, the second sees the first.
    session.execute(
        select(Subject.code).where(Subject.code.in_(codes)).order_by(Subject.code).with_for_update()
    )
    found = session.scalars(
        select(Possession)
        .where(Possession.code.in_(codes), Possession.ended_at.is_(None))
        .execution_options(populate_existing=True)
    )
    standing = {row.code: row for row in found}
    next_rows = []
    for code in codes:
        row = standing.get(code)
        began = at
        if row is not None:
            began = max(at, row.began_at)
            row.ended_at, row.ended_event = began, events[code]
            row.fork = fork_of(row.began_at, began)
        elif Kind(code[0]) is not Kind.PLATE:
            raise NotFound(code=code)
        next_rows.append(
            Possession(
                code=code, number=row.number + 1 if row else 1,
                previous=row.number if row else None, holder=holder, place=place,
                position=(positions or {}).get(code, ""), began_at=began,
                began_event=events[code], ended_at=None, ended_event=None, fork=None,
            )
        )  # fmt: skip
    # The ends before the beginnings: the database allows one open interval of a thing.
    session.flush()
    session.add_all(next_rows)
    session.flush()


def require_held_by(session: Session, code: str, by: Actor) -> Standing | None:
    """Refuse an act on a thing by somebody who does not hold it; return where it stands.

    None for a plate before its first use and for what is not tracked. Raises HeldByOther, whose
    `who` is the id of an actor (the edge says his initials), InStorage, NotHere, NotFound.
    """
    standing = held(session, code)
    if standing is None:
        if Kind(code[0]) in FROM_CREATION:
            raise NotFound(code=code)
        return None
    check_held(standing, by.id)
    return standing


def require_all_held_by(session: Session, codes: Collection[str], by: Actor) -> None:
    """Refuse an act on many things unless the actor holds each; one query. Raises as the other."""
    standing = held_each(session, codes)
    for code in codes:
        if code in standing:
            check_held(standing[code], by.id)
        elif Kind(code[0]) in FROM_CREATION:
            raise NotFound(code=code)
