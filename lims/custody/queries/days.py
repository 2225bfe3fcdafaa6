# SPDX-License-Identifier: Apache-2.0
"""What one day added to the ledger, between the newest checkpoints of two days."""

import re
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.custody.models import LedgerCheckpoint, LedgerEvent, LedgerLeaf

_AT_ONCE = 2_000  # rows fetched at a time
# The last but one field of an event; whatever its data say stands before it.
_TYPE = re.compile(rb'"type":"([a-z:-]{1,80})","v":1\}$')


@dataclass(frozen=True)
class SignedDay:
    """The newest checkpoint before the end of a day, and the events signed on that day.

    These are numbers `first` to, not including, `end`; `counts` says how many of each type.
    """

    note: str
    at: datetime
    first: int
    end: int
    counts: Mapping[str, int]


def signed_day(session: Session, begin: datetime, end: datetime) -> SignedDay | None:
    """Return what was signed from `begin` up to `end`; None if nothing was signed before `end`."""
    newest = _newest(session, end)
    if newest is None:
        return None
    before = _newest(session, begin)
    first = before.size if before is not None else 0
    counts: Counter[str] = Counter()
    bodies = (
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx >= first, LedgerLeaf.idx < newest.size)
        .execution_options(yield_per=_AT_ONCE)
    )
    with closing(session.scalars(bodies)) as rows:
        for body in rows:
            match = _TYPE.search(body)
            counts[match[1].decode() if match else "?"] += 1
    return SignedDay(newest.note, newest.at, first, newest.size, dict(counts))


def _newest(session: Session, before: datetime) -> LedgerCheckpoint | None:
    found = (
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.at < before)
        .order_by(LedgerCheckpoint.size.desc())
        .limit(1)
    )
    return session.scalars(found).one_or_none()
