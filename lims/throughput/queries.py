# SPDX-License-Identifier: Apache-2.0
"""Reading for the laboratory manager: how many wait at each stage, and how long.

Only what is under way is counted, over the index by kind and state: the finished million is never
read.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.custody.models import Hold, Subject
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
    """Return what waits at each stage, in the order of the path; one query for all."""
    limits = [at - timedelta(days=days) for days in AGE_LIMITS]
    bucket = case(
        *((Subject.created_at >= limit, index) for index, limit in enumerate(limits)),
        else_=len(limits),
    )
    waiting = {(kind, state) for stage in STAGES for kind, state in stage.waiting}
    rows = session.execute(
        select(Subject.kind, Subject.state, bucket, func.count(), func.min(Subject.created_at))
        .where(
            Subject.kind.in_({kind for kind, _ in waiting}),
            Subject.state.in_({state for _, state in waiting}),
        )
        .group_by(Subject.kind, Subject.state, bucket)
    ).all()
    found: dict[tuple[Kind, str], list[tuple[int, int, datetime]]] = {}
    for kind, state, age, count, oldest in rows:
        found.setdefault((kind, state), []).append((age, count, oldest))
    counts = []
    for stage in STAGES:
        ages = [0] * (len(limits) + 1)
        oldest_of_stage: datetime | None = None
        for pair in stage.waiting:
            for age, count, oldest in found.get(pair, []):
                ages[age] += count
                if oldest_of_stage is None or oldest < oldest_of_stage:
                    oldest_of_stage = oldest
        counts.append(StageCount(stage, tuple(ages), oldest_of_stage))
    return counts


def holds_standing(session: Session) -> int:
    """Return how many holds stand."""
    return session.scalar(select(func.count()).where(Hold.lifted_by_event.is_(None))) or 0
