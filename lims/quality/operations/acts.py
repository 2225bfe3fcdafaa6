# SPDX-License-Identifier: Apache-2.0
"""The verbs of the quality officer: hold, lift, record that the ledger was verified or exported."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.custody.models import Hold
from lims.custody.operations import Signer, append, checkpoint, lift_hold, set_hold
from lims.custody.queries import subject
from lims.custody.queries.verification import DatabaseReport
from lims.custody.rules import HoldReason, NoSuchHold, Tag
from lims.quality.rules import Decision, read_incident

LEDGER_STREAM = "ledger"


def hold_thing(
    session: Session, code: str, reason: HoldReason, *, remark: str, by: Actor, at: datetime
) -> None:
    """Put a thing, and all that came or will come from it, on hold. Raises NotFound."""
    set_hold(session, code, reason, by=by, at=at, content={"remark": remark})


def lift(
    session: Session,
    hold_id: int,
    *,
    decision: Decision,
    because: str,
    by: Actor,
    at: datetime,
    incident: str = "",
) -> str:
    """Release from a hold by a decision, and return the code it stood on.

    `incident` is the number under which the incident is filed, figures only. Raises NoSuchHold,
    IncidentNotRead.
    """
    hold = session.get(Hold, hold_id)
    if hold is None:
        raise NoSuchHold(code=str(hold_id))
    content = {"decision": decision.value}
    if incident.strip():
        content["incident"] = read_incident(incident)
    lift_hold(session, hold_id, by=by, at=at, because=because, content=content)
    return hold.code


def record_check(session: Session, report: DatabaseReport, *, by: Actor, at: datetime) -> None:
    """Record that the ledger was verified from an event on, and what came of it."""
    append(
        session, Tag.LEDGER_CHECK_DONE, stream=LEDGER_STREAM, by=by, at=at,
        content={
            "verdict": report.verdict, "size": report.report.size, "root": report.report.root,
            "begun": report.coverage.begun, "sampled": report.coverage.sampled,
        },
    )  # fmt: skip


def record_export(session: Session, *, size: int, by: Actor, at: datetime) -> None:
    """Record that the ledger was handed out up to an event."""
    append(
        session, Tag.LEDGER_EXPORT_MADE, stream=LEDGER_STREAM, by=by, at=at,
        content={"size": size},
    )  # fmt: skip


def record_and_sign(
    session: Session, code: str, tag: Tag, signer: Signer, *, by: Actor, at: datetime
) -> None:
    """Record that a proof or package of a thing is made, and sign all events, this one the last.

    `signer` holds the key of the day of `at`. Raises NotFound, CheckpointBackwards.
    """
    if subject(session, code) is None:
        raise NotFound(code=code)
    append(session, tag, stream=code, by=by, at=at, content={})
    checkpoint(session, signer, at=at)
