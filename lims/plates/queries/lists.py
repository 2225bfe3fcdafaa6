# SPDX-License-Identifier: Apache-2.0
"""The list of batches and plates, newest first."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.custody.models import Hold, Subject
from lims.people.rules import Line
from lims.plates.models import Batch, BatchMember, Plate, Well
from lims.plates.rules import Activity
from lims.procedures.models import Procedure

PAGE = 50


@dataclass(frozen=True)
class WorkRow:
    """A batch or a plate as the list shows it; a plate may have a kit, a batch has a line."""

    code: str
    activity: Activity
    procedure: str
    line: Line | None
    kit: str
    state: str
    held: bool
    filled: int
    opened_at: datetime


@dataclass(frozen=True)
class WorkPage:
    """A page of the list; `after` is where the next one begins, '' at the end."""

    rows: tuple[WorkRow, ...]
    after: str


def work(session: Session, *, after: str = "", limit: int = PAGE) -> WorkPage:
    """Return batches and plates, newest first; `after` is the last one seen. Two queries."""
    members = (
        select(func.count())
        .where(BatchMember.batch_code == Subject.code, BatchMember.voided_at.is_(None))
        .correlate(Subject)
        .scalar_subquery()
    )
    wells = (
        select(func.count())
        .where(Well.plate_code == Subject.code, Well.voided_at.is_(None))
        .correlate(Subject)
        .scalar_subquery()
    )
    found = (
        select(Subject, Batch, Plate, Procedure, members + wells)
        .outerjoin(Batch, Batch.code == Subject.code)
        .outerjoin(Plate, Plate.code == Subject.code)
        .join(
            Procedure,
            Procedure.id == func.coalesce(Batch.procedure_id, Plate.procedure_id),
        )
        .where(Subject.kind.in_((Kind.BATCH, Kind.PLATE)))
        .order_by(Subject.created_at.desc(), Subject.code.desc())
        .limit(limit + 1)
    )
    last = session.get(Subject, after) if after else None
    if last is not None:
        found = found.where(
            tuple_(Subject.created_at, Subject.code) < tuple_(last.created_at, last.code)
        )
    rows = session.execute(found).all()
    shown = rows[:limit]
    held = set(
        session.scalars(
            select(Hold.code).where(
                Hold.code.in_([subject.code for subject, *_ in shown]),
                Hold.lifted_by_event.is_(None),
            )
        )
    )
    return WorkPage(
        tuple(
            WorkRow(
                subject.code, (batch or plate).activity,
                f"{procedure.name} v{procedure.version}",
                (batch or plate).line, plate.kit if plate else "", subject.state,
                subject.code in held, filled, subject.created_at,
            )
            for subject, batch, plate, procedure, filled in shown
        ),
        after=shown[-1][0].code if len(rows) > limit else "",
    )  # fmt: skip
