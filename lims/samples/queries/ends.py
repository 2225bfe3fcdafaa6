# SPDX-License-Identifier: Apache-2.0
"""Reading the queue of destruction, and how a thing ended."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lims.custody.models import Possession
from lims.custody.queries import blocked_each
from lims.custody.rules import HoldReason, HoldStanding
from lims.samples.models import Destruction
from lims.samples.rules import DestructionReason

PAGE = 50


@dataclass(frozen=True)
class Waiting:
    """A thing that waits for its destruction; `holder` is who or what place has it."""

    id: int
    code: str
    reason: DestructionReason
    remark: str
    since: datetime
    by: str
    holder: str
    holds: tuple[HoldStanding, ...]
    """What stands in the way: holds other than a withdrawn consent."""


def queued(session: Session, code: str) -> Destruction | None:
    """Return the place of a thing in the queue of destruction, None if it is not in it."""
    return session.scalar(
        select(Destruction).where(
            Destruction.code == code, Destruction.done_at.is_(None),
            Destruction.withdrawn_at.is_(None),
        )
    )  # fmt: skip


def destructions(session: Session, *, after: int = 0, limit: int = PAGE) -> tuple[Waiting, ...]:
    """Return what waits for its destruction, the oldest first; `after` is the last id seen."""
    asked = (
        select(Destruction, Possession.holder)
        .join(
            Possession,
            (Possession.code == Destruction.code) & Possession.ended_at.is_(None),
        )
        .where(Destruction.done_at.is_(None), Destruction.withdrawn_at.is_(None))
        .order_by(Destruction.queued_at, Destruction.id)
        .limit(limit)
    )
    last = session.get(Destruction, after) if after else None
    if last is not None:
        asked = asked.where(
            tuple_(Destruction.queued_at, Destruction.id) > tuple_(last.queued_at, last.id)
        )
    rows = session.execute(asked).all()
    holds = blocked_each(session, [row.code for row, _ in rows])
    return tuple(
        Waiting(
            row.id, row.code, row.reason, row.remark, row.queued_at, row.queued_by, holder,
            tuple(
                hold for hold in holds.get(row.code, ()) if hold.reason is not HoldReason.CONSENT
            ),
        )
        for row, holder in rows
    )  # fmt: skip
