# SPDX-License-Identifier: Apache-2.0
"""Holds of a withdrawn consent: they stand at once, and the ledger learns of each at an hour apart.

Were the event written with the withdrawal, their common instant would pair a code with a person's
record for every reader of the ledger.
"""

from datetime import UTC, date, datetime, time

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.models import Hold
from lims.custody.operations.ledger import append, unlinked
from lims.custody.operations.subjects import lock_subject
from lims.custody.rules import EventId, HoldReason, Tag


def withhold(session: Session, code: str, *, on: date) -> bool:
    """Hold a thing, and all that came of it, from now on; no event yet, and a day for an instant.

    Return whether it was not held for this reason before. Raises NotFound.
    """
    lock_subject(session, code)
    if _standing(session, code) is not None:
        return False
    day = datetime.combine(on, time(), UTC)
    session.add(Hold(code=code, reason=HoldReason.CONSENT, set_by_event=None, set_at=day))
    session.flush()
    return True


def record_withheld(session: Session, code: str, *, by: Actor, at: datetime) -> EventId | None:
    """Record the hold in the ledger; None where it is recorded already."""
    lock_subject(session, code)
    hold = _standing(session, code)
    if hold is None or hold.set_by_event is not None:
        return None
    event_id = append(
        session, Tag.SUBJECT_HOLD_SET, stream=code, by=by, at=at,
        content={"reason": HoldReason.CONSENT.value}, idem=unlinked(),
    )  # fmt: skip
    hold.set_by_event = event_id
    session.flush()
    return event_id


def _standing(session: Session, code: str) -> Hold | None:
    return session.scalar(
        select(Hold)
        .where(
            Hold.code == code,
            Hold.reason == HoldReason.CONSENT,
            Hold.lifted_by_event.is_(None),
        )
        .order_by(Hold.id)
        .limit(1)
    )
