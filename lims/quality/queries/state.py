# SPDX-License-Identifier: Apache-2.0
"""Reading for the quality officer: what stands on hold, who did what."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.models import Hold, LedgerCheckpoint, Subject
from lims.custody.queries import descendants, event_of, head, last_checkpoint
from lims.custody.rules import EventId, HoldReason
from lims.people.queries import initials_of


@dataclass(frozen=True)
class StandingHold:
    """A hold that stands, and the thing it stands on."""

    id: int
    code: str
    kind: str
    reason: HoldReason
    since: datetime


@dataclass(frozen=True)
class LedgerState:
    """The ledger at a glance. `root` is hexadecimal."""

    origin: str
    size: int
    root: str
    signed: int
    signed_at: datetime | None
    checkpoints: int

    @property
    def unsigned(self) -> int:
        """How many events came since the last checkpoint."""
        return self.size - self.signed


def standing_holds(session: Session, *, limit: int = 200) -> list[StandingHold]:
    """Return the holds that stand, the oldest first."""
    rows = session.execute(
        select(Hold, Subject.kind)
        .join(Subject, Subject.code == Hold.code)
        .where(Hold.lifted_by_event.is_(None))
        .order_by(Hold.set_at, Hold.id)
        .limit(limit)
    )
    return [
        StandingHold(hold.id, hold.code, kind.value, hold.reason, hold.set_at)
        for hold, kind in rows
    ]


@dataclass(frozen=True)
class Frozen:
    """What a hold froze: the thing itself and all that came from it.

    `remark` is what was seen when it was set; `rows` is one page of codes with their states,
    `after` where the next one begins, '' at the end.
    """

    id: int
    code: str
    reason: HoldReason
    since: datetime
    by: str
    remark: str
    standing: bool
    count: int
    rows: tuple[tuple[str, str], ...]
    after: str


def frozen_by(session: Session, hold_id: int, *, after: str = "", limit: int = 50) -> Frozen:
    """Return what a hold froze, by code, a page at a time. Raises NotFound."""
    hold = session.get(Hold, hold_id)
    if hold is None:
        raise NotFound(code=str(hold_id))
    codes = sorted((hold.code, *descendants(session, hold.code)))
    shown = [code for code in codes if code > after][: limit + 1]
    states = dict(
        session.execute(
            select(Subject.code, Subject.state).where(Subject.code.in_(shown[:limit]))
        ).all()
    )
    event = event_of(session, EventId(hold.set_by_event)) if hold.set_by_event else None
    who = initials_of(session, [event.actor]).get(event.actor, event.actor) if event else ""
    return Frozen(
        id=hold.id, code=hold.code, reason=hold.reason, since=hold.set_at, by=who,
        remark=str(event.content.get("remark", "")) if event else "",
        standing=hold.lifted_at is None, count=len(codes),
        rows=tuple((code, states[code]) for code in shown[:limit]),
        after=shown[limit - 1] if len(shown) > limit else "",
    )  # fmt: skip


def ledger_state(session: Session) -> LedgerState:
    """Return how large the ledger is and how much of it is signed."""
    now_head = head(session)
    last = last_checkpoint(session)
    return LedgerState(
        origin=now_head.origin,
        size=now_head.size,
        root=now_head.root.hex(),
        signed=last.size if last is not None else 0,
        signed_at=last.at if last is not None else None,
        checkpoints=session.scalar(select(func.count()).select_from(LedgerCheckpoint)) or 0,
    )
