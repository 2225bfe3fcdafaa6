# SPDX-License-Identifier: Apache-2.0
"""What became of labels that were perhaps printed and that nobody scanned back."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.core.words import Say
from lims.custody.operations import append, lock_subject
from lims.custody.rules import Tag
from lims.printing.models import LabelInstance
from lims.printing.operations.labels import changed
from lims.printing.rules import (
    STATE_WORDS,
    UNPROVEN,
    LabelState,
    NotUnexplained,
    ReasonMissing,
    Settled,
)


def settle_label(
    session: Session, number: int, how: Settled, *, reason: str, by: Actor, at: datetime
) -> LabelInstance:
    """Say what became of a label that nobody scanned back: it can never become live afterwards.

    One that is on a tube is scanned back instead. Raises NotFound, NotUnexplained, ReasonMissing.
    """
    row = session.get(LabelInstance, number)
    if row is None:
        raise NotFound(code=str(number))
    if not reason.strip():
        raise ReasonMissing(code=row.code)
    lock_subject(session, row.code)
    session.refresh(row)
    if row.state not in UNPROVEN:
        raise NotUnexplained(state=Say(STATE_WORDS[row.state]))
    # Destroyed it existed: a scan of it is an alarm. Never out, nobody has seen it.
    row.state = LabelState.VOID if how is Settled.DESTROYED else LabelState.LOST
    row.settled, row.settled_at, row.settled_by = how, at, by.id
    row.changed_at, row.fault = at, reason.strip()[:200]
    session.flush()
    changed(session, row.station_code)
    append(
        session, Tag.LABEL_INSTANCE_SETTLED, stream=row.code, by=by, at=at, device="",
        content={"label": row.payload, "how": how.value, "reason": reason.strip()[:200]},
    )  # fmt: skip
    return row
