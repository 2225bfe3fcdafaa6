# SPDX-License-Identifier: Apache-2.0
"""The print ledger: every label ordered, the newest first, and those that nobody can explain."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from lims.core.scans import StationKind
from lims.people.models import Station
from lims.printing.models import LabelInstance
from lims.printing.rules import REMINDER, UNPROVEN, LabelState

Key = tuple[datetime, int]
"""Where a page of the ledger ends: when its last label was ordered, and which it was."""

MOST_AT_ONCE = 1_000


@dataclass(frozen=True)
class Printed:
    """Which labels are asked for; empty fields let everything through: since <= ordered < until."""

    actor: str = ""
    code: str = ""
    station: str = ""
    job: int = 0
    since: datetime | None = None
    until: datetime | None = None
    state: LabelState | None = None
    sealed: bool = True
    """Whether labels of the intake are shown too."""


def printed(
    session: Session, asked: Printed, *, before: Key | None = None, limit: int = 50
) -> list[LabelInstance]:
    """Return labels, the newest first, before a key; by the index of what is asked for."""
    return list(session.scalars(_found(session, asked, before, limit)))


def all_printed(session: Session, asked: Printed) -> Iterator[LabelInstance]:
    """Return every label asked for, the newest first, a thousand at a time."""
    before: Key | None = None
    while True:
        rows = printed(session, asked, before=before, limit=MOST_AT_ONCE)
        yield from rows
        if len(rows) < MOST_AT_ONCE:
            return
        before = (rows[-1].queued_at, rows[-1].id)
        session.expunge_all()


def unexplained(
    session: Session, *, at: datetime, after: int = 0, limit: int = 50
) -> list[LabelInstance]:
    """Return labels perhaps printed that nobody scanned back in time, the oldest first."""
    return list(
        session.scalars(
            select(LabelInstance)
            .where(
                LabelInstance.state.in_(UNPROVEN),
                LabelInstance.changed_at <= at - REMINDER,
                LabelInstance.id > after,
            )
            .order_by(LabelInstance.id)
            .limit(limit)
        )
    )


def _found(session: Session, asked: Printed, before: Key | None, limit: int) -> Select[Any]:
    row = LabelInstance
    wanted: list[ColumnElement[bool]] = []
    if asked.actor:
        wanted.append(row.queued_by == asked.actor)
    if asked.code:
        wanted.append(row.code == asked.code)
    if asked.station:
        wanted.append(row.station_code == asked.station)
    if asked.job:
        wanted.append(row.job_id == asked.job)
    if asked.state is not None:
        wanted.append(row.state == asked.state)
    if asked.since is not None:
        wanted.append(row.queued_at >= asked.since)
    if asked.until is not None:
        wanted.append(row.queued_at < asked.until)
    if not asked.sealed:
        intake = session.scalars(
            select(Station.code).where(Station.kind == StationKind.INTAKE)
        ).all()
        wanted.append(row.station_code.not_in(intake))
    if before is not None:
        # Said twice, so that both databases begin at the key in the index.
        wanted.append(row.queued_at <= before[0])
        wanted.append(
            or_(row.queued_at < before[0], and_(row.queued_at == before[0], row.id < before[1]))
        )
    return select(row).where(*wanted).order_by(row.queued_at.desc(), row.id.desc()).limit(limit)
