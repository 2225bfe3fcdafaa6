# SPDX-License-Identifier: Apache-2.0
"""Reading alarms of labels: what each touches, and who has that now."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.custody.models import Subject
from lims.custody.queries import held_each
from lims.custody.rules.possession import Standing
from lims.people.models import Person, Station
from lims.people.queries import initials_of
from lims.printing.models import Alarm, LabelInstance
from lims.printing.rules import LabelState

PAGE = 50


@dataclass(frozen=True)
class AlarmRow:
    """An alarm with the staff numbers of who read the label and who answered, and the thing."""

    alarm: Alarm
    station: Station
    read_by: str
    answered_by: str
    state: str
    """Of the thing; '' where the laboratory knows none."""
    live: bool
    """Whether the thing has a live label."""
    held_by: str
    """Staff number of who has the thing, or the place that keeps it; '' where it is not known."""


def alarms(session: Session, *, before: int = 0, limit: int = PAGE) -> list[AlarmRow]:
    """Return a page of the alarms, the newest first."""
    rows = session.execute(
        select(Alarm, Station, Person.initials)
        .join(Station, Station.code == Alarm.station_code)
        .outerjoin(Person, Person.id == Alarm.person_id)
        .where(Alarm.id < before if before else Alarm.id > 0)
        .order_by(Alarm.id.desc())
        .limit(limit)
    ).all()
    return _touching(session, [(alarm, station, read or "") for alarm, station, read in rows])


def open_alarms(session: Session, *, limit: int = 200) -> list[AlarmRow]:
    """Return the alarms that nobody has answered, the oldest first."""
    rows = session.execute(
        select(Alarm, Station, Person.initials)
        .join(Station, Station.code == Alarm.station_code)
        .outerjoin(Person, Person.id == Alarm.person_id)
        .where(Alarm.answered_at.is_(None))
        .order_by(Alarm.id)
        .limit(limit)
    ).all()
    return _touching(session, [(alarm, station, read or "") for alarm, station, read in rows])


def _touching(session: Session, rows: Sequence[tuple[Alarm, Station, str]]) -> list[AlarmRow]:
    codes = {alarm.code for alarm, _, _ in rows if alarm.code}
    states = dict(
        session.execute(select(Subject.code, Subject.state).where(Subject.code.in_(codes))).all()
    )
    live = set(
        session.scalars(
            select(LabelInstance.code).where(
                LabelInstance.code.in_(codes), LabelInstance.state == LabelState.ACTIVE
            )
        )
    )
    standing = held_each(session, codes)
    who = initials_of(
        session,
        {alarm.answered_by for alarm, _, _ in rows if alarm.answered_by}
        | {one.holder for one in standing.values()},
    )

    def holder(one: Standing | None) -> str:
        return "" if one is None else who.get(one.holder, one.place)

    return [
        AlarmRow(
            alarm, station, read, who.get(alarm.answered_by or "", ""),
            states.get(alarm.code or "", ""), alarm.code in live,
            holder(standing.get(alarm.code or "")),
        )
        for alarm, station, read in rows
    ]  # fmt: skip
