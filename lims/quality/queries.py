# SPDX-License-Identifier: Apache-2.0
"""Reading for the quality officer: what stands on hold, who did what."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.custody.models import Hold, LedgerCheckpoint, Subject
from lims.custody.queries import head, last_checkpoint
from lims.custody.rules import HoldReason


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
