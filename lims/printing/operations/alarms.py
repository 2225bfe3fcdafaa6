# SPDX-License-Identifier: Apache-2.0
"""Alarms of labels: raised by a scan or a printer, answered by somebody of quality."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.core.errors import NotFound
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.queries import initials_of
from lims.printing.models import Alarm
from lims.printing.rules import AlarmAnswered, AlarmWhy


def raise_alarm(
    session: Session, why: AlarmWhy, *, read: str, station: str, by: Actor, at: datetime,
    code: str | None = None, scan: str | None = None, person: int | None = None,
) -> None:  # fmt: skip
    """Put a label on the list of the quality officer; `code` is the thing that it touches."""
    session.add(
        Alarm(
            scan_id=scan, station_code=station, person_id=person, why=why, read=read[:40],
            code=code, raised_at=at,
        )
    )  # fmt: skip
    session.flush()
    append(
        session, Tag.LABEL_ALARM_RAISED, stream=station, by=by, at=at, device=station,
        content={"why": why.value, "thing": code or "", "scan": scan or ""},
    )  # fmt: skip


def answer_alarm(session: Session, number: int, *, reason: str, by: Actor, at: datetime) -> None:
    """Take an alarm off the list: what was found, and done. Raises NotFound, AlarmAnswered."""
    alarm = session.get(Alarm, number, with_for_update=True, populate_existing=True)
    if alarm is None:
        raise NotFound(code=str(number))
    if alarm.answered_at is not None and alarm.answered_by is not None:
        who = initials_of(session, [alarm.answered_by]).get(alarm.answered_by, "")
        raise AlarmAnswered(at=utc_text(alarm.answered_at), who=who)
    alarm.answered_at, alarm.answered_by, alarm.reason = at, by.id, reason.strip()
    session.flush()
    append(
        session, Tag.LABEL_ALARM_ANSWERED, stream=alarm.station_code, by=by, at=at, device="",
        content={"why": alarm.why.value, "scan": alarm.scan_id or "", "reason": alarm.reason},
    )  # fmt: skip
