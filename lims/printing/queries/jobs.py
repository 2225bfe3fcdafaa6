# SPDX-License-Identifier: Apache-2.0
"""Reading jobs of many labels: how each stands, by the labels themselves."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, aliased

from lims.core.errors import NotFound
from lims.printing.models import LabelInstance, PrintJob
from lims.printing.rules import PENDING, JobState, LabelState, job_state


@dataclass(frozen=True)
class JobShown:
    """A job and how many of its labels are in which state."""

    job: PrintJob
    counts: dict[LabelState, int]

    @property
    def state(self) -> JobState:
        """How it stands."""
        return job_state(self.counts)

    def count(self, *states: LabelState) -> int:
        """Return how many labels are in these states."""
        return sum(self.counts.get(state, 0) for state in states)

    @property
    def came_out(self) -> int:
        """How many labels came out of the printer, as far as is known."""
        return self.count(LabelState.PRINTED, LabelState.ACTIVE)


def job_of(session: Session, number: int) -> PrintJob:
    """Return a job. Raises NotFound."""
    found = session.get(PrintJob, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def labels_of_job(session: Session, number: int, *, lock: bool = False) -> dict[int, LabelInstance]:
    """Return the newest instance of each number of a job, in order."""
    found = (
        select(LabelInstance)
        .where(LabelInstance.job_id == number)
        .order_by(LabelInstance.place, LabelInstance.id)
    )
    if lock:
        found = found.with_for_update().execution_options(populate_existing=True)
    rows = session.scalars(found)
    return {row.place: row for row in rows if row.place is not None}


def jobs_shown(session: Session, jobs: Collection[PrintJob]) -> list[JobShown]:
    """Return how each of some jobs stands; one query, however many."""
    newest = (
        select(func.max(LabelInstance.id).label("id"))
        .where(LabelInstance.job_id.in_([job.id for job in jobs]))
        .group_by(LabelInstance.job_id, LabelInstance.place)
        .subquery()
    )
    rows = session.execute(
        select(LabelInstance.job_id, LabelInstance.state, func.count())
        .join(newest, newest.c.id == LabelInstance.id)
        .group_by(LabelInstance.job_id, LabelInstance.state)
    )
    counts: dict[int, dict[LabelState, int]] = {}
    for number, state, count in rows:
        if number is not None:
            counts.setdefault(number, {})[state] = count
    return [JobShown(job, counts.get(job.id, {})) for job in jobs]


def newest_jobs(
    session: Session, *, about: str = "", before: int = 0, limit: int = 50
) -> Sequence[PrintJob]:
    """Return jobs, the newest first: of one thing, or of all."""
    found = select(PrintJob).order_by(PrintJob.id.desc()).limit(limit)
    if about:
        found = found.where(PrintJob.about == about)
    if before:
        found = found.where(PrintJob.id < before)
    return session.scalars(found).all()


def jobs_under_way(session: Session, station: str, *, limit: int = 5) -> list[JobShown]:
    """Return the jobs of which labels of a station are not yet live, the oldest first."""
    job = aliased(PrintJob)
    rows = session.scalars(
        select(job)
        .where(
            job.id.in_(
                select(LabelInstance.job_id).where(
                    LabelInstance.station_code == station,
                    LabelInstance.state.in_(PENDING),
                    LabelInstance.job_id.is_not(None),
                )
            )
        )
        .order_by(job.id)
        .limit(limit)
    ).all()
    return jobs_shown(session, rows)


def waits_at(session: Session, number: int) -> bool:
    """Return whether a label of a job waits for its printer."""
    waiting = (LabelState.QUEUED, LabelState.LEASED, LabelState.STOPPED)
    return bool(
        session.scalar(
            select(exists().where(LabelInstance.job_id == number, LabelInstance.state.in_(waiting)))
        )
    )


def last_printed(session: Session, station: str) -> LabelInstance | None:
    """Return the label that a station's printer printed last, as far as is known."""
    came_out = (LabelState.ACTIVE, LabelState.PRINTED)
    return session.scalar(
        select(LabelInstance)
        .where(LabelInstance.station_code == station, LabelInstance.state.in_(came_out))
        .order_by(LabelInstance.queued_at.desc(), LabelInstance.id.desc())
        .limit(1)
    )
