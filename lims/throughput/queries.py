# SPDX-License-Identifier: Apache-2.0
"""Reading for the laboratory manager: how many wait at each stage, and how long.

Only what is under way is counted, over the index by kind and state: the finished million is never
read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from lims.custody.models import Hold, Subject
from lims.plates.queries import codes_waiting
from lims.plates.rules import Stage as Worklist
from lims.throughput.rules import AGE_LIMITS, STAGES, Stage


@dataclass(frozen=True)
class StageCount:
    """What waits at a stage, by age: up to 5 days, 10, 20, and over."""

    stage: Stage
    ages: tuple[int, ...]
    oldest: datetime | None

    @property
    def total(self) -> int:
        """How many wait."""
        return sum(self.ages)


def stage_counts(session: Session, *, at: datetime) -> list[StageCount]:
    """Return what waits at each stage, in the order of the path; one query a stage."""
    limits = [at - timedelta(days=days) for days in AGE_LIMITS]
    bucket = case(
        *((Subject.created_at >= limit, index) for index, limit in enumerate(limits)),
        else_=len(limits),
    )
    counts = []
    for stage in STAGES:
        rows = session.execute(
            select(bucket, func.count(), func.min(Subject.created_at))
            .where(_waits(stage))
            .group_by(bucket)
        ).all()
        ages = [0] * (len(limits) + 1)
        for age, count, _ in rows:
            ages[age] = count
        counts.append(
            StageCount(stage, tuple(ages), min((oldest for *_, oldest in rows), default=None))
        )
    return counts


def _waits(stage: Stage) -> ColumnElement[bool]:
    """Return the condition for a thing to be counted: the worklist's own, where there is one."""
    if isinstance(stage.waiting, Worklist):
        return Subject.code.in_(codes_waiting(stage.waiting).correlate(None))
    return or_(
        *(and_(Subject.kind == kind, Subject.state == state) for kind, state in stage.waiting)
    )


def holds_standing(session: Session) -> int:
    """Return how many holds stand."""
    return session.scalar(select(func.count()).where(Hold.lifted_by_event.is_(None))) or 0
