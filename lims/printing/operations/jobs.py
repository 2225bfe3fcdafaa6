# SPDX-License-Identifier: Apache-2.0
"""The verbs of jobs of many labels: order, stop, resume, one label again, to another printer.

A job is as far as its labels are. One that was given to an agent may come out whatever is decided
meanwhile: a job that is stopped or moved voids it and orders another, so that the label that comes
out all the same is an alarm when it is scanned, and never a second one that nobody knows of.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.core.words import N_
from lims.custody.operations import append, lock_subject, lock_subjects
from lims.custody.rules import Tag
from lims.layouts.queries import in_use
from lims.people.queries import open_station, who
from lims.printing.models import LabelInstance, PrintJob
from lims.printing.operations.labels import again, changed, queue_label
from lims.printing.queries.jobs import job_of, labels_of_job, last_printed, waits_at
from lims.printing.queries.labels import newest_label
from lims.printing.rules import (
    MOST_LABELS,
    UNPROVEN,
    JobChanged,
    JobOver,
    LabelState,
    NeverLabelled,
    NothingToPrint,
    OtherStock,
    SizesMixed,
)

STOPPED_FIRST = N_("The job was stopped before it came out.")
MOVED_FIRST = N_("The job was moved to another printer before it came out.")
DID_NOT_COME = N_("No label came out of the printer.")
"""Reasons that the laboratory itself gives for a new label, as stored and as shown."""


@dataclass(frozen=True)
class Wanted:
    """A thing that needs a label; layout and words are for one that never had any."""

    code: str
    layout: str = ""
    kind: str = ""
    line1: str = ""
    line2: str = ""


def begin_job(
    session: Session, *, about: str, station: str, labels: int, by: Actor, at: datetime
) -> PrintJob:
    """Begin a job of so many labels, which the caller queues. Raises NothingToPrint."""
    if not 0 < labels <= MOST_LABELS:
        raise NothingToPrint(most=str(MOST_LABELS))
    job = PrintJob(
        about=about, station_code=station, labels=labels, ordered_at=at, ordered_by=by.id,
        changed_at=at, changed_by=by.id,
    )  # fmt: skip
    session.add(job)
    session.flush()
    append(
        session, Tag.LABEL_JOB_ORDERED, stream=station, by=by, at=at, device=station,
        content={"job": job.id, "about": about, "labels": labels},
    )  # fmt: skip
    return job


def order_job(
    session: Session, wanted: Sequence[Wanted], *, about: str, station: str, by: Actor,
    at: datetime, reason: str = "",
) -> PrintJob:  # fmt: skip
    """Order the labels of many things as one job, in this order; all of them or none.

    A thing that has a label gets another only for a `reason`, and the old one is void. Raises
    NothingToPrint, StationClosed, ReasonMissing, NeverLabelled, SizesMixed, LabelDoesNotFit.
    """
    open_station(session, station)
    job = begin_job(session, about=about, station=station, labels=len(wanted), by=by, at=at)
    # In one order, whatever the job's: two people who order the same things wait in line.
    lock_subjects(session, {one.code for one in wanted})
    layouts: set[str] = set()
    for place, one in enumerate(wanted, start=1):
        last = newest_label(session, one.code)
        if last is not None:
            layouts.add(last.layout)
            again(session, last, reason=reason, station=station, by=by, at=at, job=job, place=place)
        elif not one.layout:
            raise NeverLabelled(code=one.code)
        else:
            layouts.add(one.layout)
            queue_label(
                session, one.code, layout=one.layout, station=station, by=by, at=at,
                kind=one.kind, line1=one.line1, line2=one.line2, job=job, place=place,
            )  # fmt: skip
    sizes = sorted({size_of(session, layout) for layout in layouts})
    if len(sizes) > 1:
        raise SizesMixed(sizes=", ".join(sizes))
    return job


def stop_job(
    session: Session, number: int, *, by: Actor, at: datetime, revision: int | None = None
) -> PrintJob:
    """Stop a job: no further label of it goes to a printer. Raises NotFound, JobOver, JobChanged.

    `revision` is that of the page on which it was decided.
    """
    job = _acted(session, number, revision, by=by, at=at)
    stopped = 0
    for row in _locked_labels(session, job):
        if row.state is LabelState.QUEUED:
            row.state, row.changed_at = LabelState.STOPPED, at
        elif row.state is LabelState.LEASED:
            again(
                session, row, reason=STOPPED_FIRST, station=job.station_code, by=by, at=at,
                job=job, stopped=True,
            )  # fmt: skip
        else:
            continue
        stopped += 1
    if not stopped:
        raise JobOver(job=str(number))
    _said(session, Tag.LABEL_JOB_STOPPED, job, {"labels": stopped}, by=by, at=at)
    return job


def resume_job(
    session: Session, number: int, *, by: Actor, at: datetime, place: int = 1, reason: str = "",
    revision: int | None = None,
) -> PrintJob:  # fmt: skip
    """Print on: what was stopped, and what did not come out.

    From a `place` on for a `reason`, also what perhaps came out and was not scanned back: those
    are void and printed anew. What was scanned back stays. Raises NotFound, JobOver, JobChanged,
    ReasonMissing.
    """
    job = _acted(session, number, revision, by=by, at=at)
    printed = 0
    for row in _locked_labels(session, job, since=place):
        if row.state is LabelState.STOPPED:
            row.state, row.changed_at, row.station_code = LabelState.QUEUED, at, job.station_code
        elif row.state is LabelState.LOST and newest_is(session, row):
            again(
                session, row, reason=reason.strip() or DID_NOT_COME, station=job.station_code,
                by=by, at=at, job=job,
            )  # fmt: skip
        elif place > 1 and row.state in UNPROVEN:
            again(session, row, reason=reason, station=job.station_code, by=by, at=at, job=job)
        else:
            continue
        printed += 1
    if not printed:
        raise JobOver(job=str(number))
    content: dict[str, object] = {"labels": printed, "from": place, "reason": reason.strip()}
    _said(session, Tag.LABEL_JOB_RESUMED, job, content, by=by, at=at)
    return job


def print_again(
    session: Session, number: int, place: int, *, reason: str, by: Actor, at: datetime,
    revision: int | None = None,
) -> str:  # fmt: skip
    """Print one label of a job again for a reason; the one before is void. Return its payload.

    Raises NotFound, JobChanged, ReasonMissing; JobOver for a number that the job has not.
    """
    job = _acted(session, number, revision, by=by, at=at)
    row = labels_of_job(session, number).get(place)
    if row is None:
        raise JobOver(job=str(number))
    lock_subject(session, row.code)
    last = newest_label(session, row.code)
    if last is None:
        raise JobOver(job=str(number))
    return again(
        session, last, reason=reason, station=job.station_code, by=by, at=at, job=job,
        place=place, stopped=row.state is LabelState.STOPPED,
    )  # fmt: skip


def move_job(
    session: Session, number: int, station: str, *, by: Actor, at: datetime,
    loaded: bool = False, revision: int | None = None,
) -> PrintJob:  # fmt: skip
    """Let what waits of a job come out of another station's printer.

    The labels there must be of the same size: the printer's last one was, or somebody who has
    looked says that they are `loaded`. Raises NotFound, StationClosed, JobOver, JobChanged,
    OtherStock.
    """
    open_station(session, station)
    job = _acted(session, number, revision, by=by, at=at)
    if not waits_at(session, number):
        raise JobOver(job=str(number))
    rows = _locked_labels(session, job)
    size = size_of(session, rows[0].layout)
    if not loaded:
        last = last_printed(session, station)
        if last is None or size_of(session, last.layout) != size:
            raise OtherStock(size=size)
    before, job.station_code = job.station_code, station
    for code in sorted({before, station}):
        changed(session, code)
    moved = 0
    for row in rows:
        if row.state in (LabelState.QUEUED, LabelState.STOPPED):
            row.station_code, row.changed_at = station, at
        elif row.state is LabelState.LEASED:
            again(session, row, reason=MOVED_FIRST, station=station, by=by, at=at, job=job)
        else:
            continue
        moved += 1
    _said(session, Tag.LABEL_JOB_MOVED, job, {"labels": moved, "from": before}, by=by, at=at)
    return job


def size_of(session: Session, layout: str) -> str:
    """Return the size of a layout's labels, as it stands on the box of a roll."""
    used = in_use(session, layout).layout
    return f"{used.width_mm:g} × {used.height_mm:g} mm"


def newest_is(session: Session, row: LabelInstance) -> bool:
    """Return whether nothing was ordered for the thing since."""
    newest = newest_label(session, row.code)
    return newest is not None and newest.id == row.id


def _locked_labels(session: Session, job: PrintJob, *, since: int = 1) -> list[LabelInstance]:
    """Return the labels of a job from a number on, locked, as they are now."""
    lock_subjects(session, {row.code for row in labels_of_job(session, job.id).values()})
    # An agent may have told of some while this waited.
    locked = labels_of_job(session, job.id, lock=True)
    return [row for place, row in locked.items() if place >= since]


def _acted(
    session: Session, number: int, revision: int | None, *, by: Actor, at: datetime
) -> PrintJob:
    job = session.get(PrintJob, number, with_for_update=True, populate_existing=True)
    if job is None:
        return job_of(session, number)
    if revision is not None and revision != job.revision:
        raise JobChanged(who=who(session, job.changed_by), at=utc_text(job.changed_at))
    job.revision += 1
    job.changed_at, job.changed_by = at, by.id
    session.flush()
    return job


def _said(
    session: Session, tag: Tag, job: PrintJob, content: dict[str, object], *, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    session.flush()
    changed(session, job.station_code)
    append(
        session, tag, stream=job.station_code, by=by, at=at, device=job.station_code,
        content={"job": job.id} | content,
    )  # fmt: skip
