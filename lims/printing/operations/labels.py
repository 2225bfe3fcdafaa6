# SPDX-License-Identifier: Apache-2.0
"""The verbs of single labels: queue, take an agent's word, scan back, void, print again."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from labels.errors import LabelError
from labels.layout import DPIS, Layout, Values, place
from lims.core.actors import Actor
from lims.core.codes import Payload, draw_instance, threes
from lims.core.errors import NotFound
from lims.custody.operations import append, lock_subject
from lims.custody.rules import Tag
from lims.layouts.queries import in_use
from lims.printing.models import LabelInstance, LabelQueue, PrintJob
from lims.printing.operations.alarms import raise_alarm
from lims.printing.queries import label_of_payload, live_label, newest_label
from lims.printing.rules import (
    AFTER_OUTCOME,
    PENDING,
    SCANNABLE,
    AlarmWhy,
    LabelDoesNotFit,
    LabelNotVerified,
    LabelPending,
    LabelState,
    LabelUnknown,
    LabelVoid,
    PrintOutcome,
    ReasonMissing,
    StaleLease,
    jump_of,
    may_follow,
)

LONGEST_INSTANCE = "WW"
LONGEST_ANCHOR = "99999999:wwwwwwwwww"
"""Values as wide as any that the label will carry when it is printed."""


def queue_label(
    session: Session,
    code: str,
    *,
    layout: str,
    station: str,
    by: Actor,
    at: datetime,
    line1: str = "",
    line2: str = "",
    kind: str = "",
    reason: str = "",
    idem: str = "",
    job: PrintJob | None = None,
    place: int | None = None,
    stopped: bool = False,
) -> str:
    """Queue a label for a thing at a station's printer; return its payload (11 characters).

    `layout` is the name of a layout; the label is printed with the version in use now, for which
    its words are checked. line1, line2 and kind are words printed beside the code, never of the
    sealed side. With a live label there must be a `reason`, and that label is
    void from now on. `idem` is the key of the event where the request's must not stand in it.
    `place` is its number in a `job`; `stopped` while the job is.
    Raises LabelPending when one is on its way already, ReasonMissing.
    """
    pending = session.scalar(
        select(LabelInstance).where(LabelInstance.code == code, LabelInstance.state.in_(PENDING))
    )
    if pending is not None:
        raise LabelPending(code=code, state=pending.state)
    used = in_use(session, layout)
    _check_fit(used.layout, code, line1=line1, line2=line2, kind=kind, at=at)
    live = live_label(session, code)
    if live is not None:
        if not reason.strip():
            raise ReasonMissing(code=code)
        void_instance(session, live, reason=reason, by=by, at=at)
    instance = LabelInstance(
        payload=_fresh_payload(session, code),
        code=code,
        job_id=None if job is None else job.id,
        place=place,
        layout=layout,
        layout_version=used.number,
        layout_sha256=used.sha256,
        lines={"line1": line1, "line2": line2, "kind": kind},
        station_code=station,
        state=LabelState.STOPPED if stopped else LabelState.QUEUED,
        reason=reason,
        queued_at=at,
        queued_by=by.id,
        changed_at=at,
    )
    session.add(instance)
    session.flush()
    append(
        session, Tag.LABEL_INSTANCE_ORDERED, stream=code, by=by, at=at, device=station,
        content={
            "label": instance.payload, "layout": layout, "layout_version": used.number,
            "reason": reason,
        },
        idem=idem,
    )  # fmt: skip
    changed(session, station)
    return instance.payload


def record_print_outcome(
    session: Session,
    payload: str,
    outcome: PrintOutcome,
    *,
    station: str,
    fence: int,
    by: Actor,
    at: datetime,
    before: int | None = None,
    after: int | None = None,
    detail: str = "",
) -> LabelInstance:
    """Take an agent's word on a job; the same word twice changes nothing.

    Raises LabelUnknown; StaleLease when the fence is old or the step cannot follow the last one.
    """
    row = session.scalar(
        select(LabelInstance)
        .where(LabelInstance.payload == payload, LabelInstance.station_code == station)
        .with_for_update()
    )
    if row is None:
        raise LabelUnknown(payload=payload)
    state = AFTER_OUTCOME[outcome]
    if row.fence != fence:
        raise StaleLease()
    if row.state == state or row.state is LabelState.ACTIVE:
        # Said before; or scanned back before the printer's counter had been read.
        return row
    if not may_follow(row.state, state):
        raise StaleLease()
    row.state = state
    row.changed_at = at
    if detail or jump_of(row.fault) is None:
        # That the counter jumped is shown until the label is scanned back.
        row.fault = detail[:200]
    if before is not None:
        row.odometer_before = before
    if after is not None:
        row.odometer_after = after
    changed(session, station)
    if outcome is PrintOutcome.SENT:
        # Between intent and proof; the ledger has both of these.
        return row
    append(
        session, _TAG_OF_OUTCOME[outcome], stream=row.code, by=by, at=at, device=station,
        content={
            "label": payload, "sha256": row.sha256,
            "odometer_before": -1 if before is None else before,
            "odometer_after": -1 if after is None else after,
        },
    )  # fmt: skip
    if outcome is PrintOutcome.INTENT and (jump := jump_of(detail)) is not None:
        append(
            session, Tag.PRINTER_COUNTER_JUMPED, stream=station, by=by, at=at, device=station,
            content={"label": payload, "odometer_last": jump[0], "odometer_before": jump[1]},
        )  # fmt: skip
        raise_alarm(
            session, AlarmWhy.COUNTER, read=f"{jump[0]} → {jump[1]}", station=station, by=by,
            at=at, code=row.code,
        )  # fmt: skip
    return row


_TAG_OF_OUTCOME = {
    PrintOutcome.INTENT: Tag.LABEL_INSTANCE_STARTED,
    PrintOutcome.PRINTED: Tag.LABEL_INSTANCE_PRINTED,
    PrintOutcome.AMBIGUOUS: Tag.LABEL_INSTANCE_UNSURE,
    PrintOutcome.FAILED_SAFE: Tag.LABEL_INSTANCE_FAILED,
    PrintOutcome.LOST: Tag.LABEL_INSTANCE_LOST,
}


def scan_label(
    session: Session, payload: Payload, *, station: str, by: Actor, at: datetime
) -> bool:
    """Judge the label that was scanned; return whether this scan made it the live one.

    Raises LabelUnknown for a payload never printed here, LabelVoid for one that was voided, lost
    or never sent to a printer. A bare code (typed, no instance) is judged by its live label.
    """
    if not payload.instance:
        if live_label(session, payload.code) is None:
            # Typed since no label came out of the printer: no stranger's tube, and no alarm.
            if newest_label(session, payload.code) is not None:
                raise LabelNotVerified(code=payload.code)
            raise LabelUnknown(payload=str(payload))
        return False
    row = label_of_payload(session, str(payload))
    if row is None:
        raise LabelUnknown(payload=str(payload))
    if row.state is LabelState.ACTIVE:
        return False
    if row.state not in SCANNABLE:
        raise LabelVoid(code=row.code)
    activated = session.execute(
        update(LabelInstance)
        .where(LabelInstance.id == row.id, LabelInstance.state.in_(SCANNABLE))
        .values(state=LabelState.ACTIVE, changed_at=at)
    ).rowcount  # type: ignore[attr-defined]  # an UPDATE's result has one
    if activated != 1:
        raise LabelVoid(code=row.code)
    session.refresh(row)
    changed(session, row.station_code)
    append(
        session, Tag.LABEL_INSTANCE_VERIFIED, stream=row.code, by=by, at=at, device=station,
        content={"label": row.payload},
    )  # fmt: skip
    return True


def void_label(
    session: Session, payload: str, *, reason: str, by: Actor, at: datetime
) -> LabelInstance:
    """Void a label for a reason: it was lost, damaged, or nobody knows whether it was printed.

    Raises LabelUnknown, ReasonMissing.
    """
    row = label_of_payload(session, payload)
    if row is None:
        raise LabelUnknown(payload=payload)
    if not reason.strip():
        raise ReasonMissing(code=row.code)
    lock_subject(session, row.code)
    session.refresh(row)
    if row.state is not LabelState.VOID:
        void_instance(session, row, reason=reason, by=by, at=at)
    return row


def reprint(
    session: Session, code: str, *, reason: str, station: str, by: Actor, at: datetime
) -> str:
    """Void whatever label a thing has or waits for, and queue a new instance like it.

    One of a job of the same station, not yet live, keeps its number there. Raises NotFound when it
    never had one, ReasonMissing.
    """
    # The thing first: two people who reprint at once take turns and never wait for each other.
    lock_subject(session, code)
    last = newest_label(session, code)
    if last is None:
        raise NotFound(code=code)
    job = None
    if last.state in (*PENDING, LabelState.LOST) and last.job_id is not None:
        job = session.get(PrintJob, last.job_id)
    if job is not None and job.station_code != station:
        job = None
    return again(session, last, reason=reason, station=station, by=by, at=at, job=job)


def again(
    session: Session, last: LabelInstance, *, reason: str, station: str, by: Actor, at: datetime,
    job: PrintJob | None = None, place: int | None = None, stopped: bool = False,
) -> str:  # fmt: skip
    """Void the newest label of a thing that is locked, and queue a new one like it.

    Raises ReasonMissing.
    """
    if not reason.strip():
        raise ReasonMissing(code=last.code)
    # In one order: whoever prints again the other way round waits, and is not waited for.
    for one in sorted({last.station_code, station}):
        changed(session, one)
    if last.state in PENDING:
        void_instance(session, last, reason=reason, by=by, at=at)
    return queue_label(
        session, last.code, layout=last.layout, station=station, by=by, at=at, reason=reason,
        line1=last.lines["line1"], line2=last.lines["line2"], kind=last.lines["kind"],
        job=job, place=last.place if job is not None and place is None else place, stopped=stopped,
    )  # fmt: skip


def void_instance(
    session: Session, row: LabelInstance, *, reason: str, by: Actor, at: datetime
) -> None:
    """Void one instance: what it is on, or would have been on, must not be used by it."""
    row.state = LabelState.VOID
    row.changed_at = at
    row.fault = reason[:200]
    session.flush()
    changed(session, row.station_code)
    append(
        session, Tag.LABEL_INSTANCE_VOIDED, stream=row.code, by=by, at=at,
        content={"label": row.payload, "reason": reason},
    )  # fmt: skip


def _check_fit(
    layout: Layout, code: str, *, line1: str, line2: str, kind: str, at: datetime
) -> None:
    """Refuse now what the printer would be given later: at every resolution there is."""
    values = Values(
        payload=code + LONGEST_INSTANCE, code=threes(code), kind=kind, line1=line1, line2=line2,
        date=at.date().isoformat(), anchor=LONGEST_ANCHOR,
    )  # fmt: skip
    for dpi in DPIS:
        try:
            place(layout, values, dpi=dpi)
        except LabelError as error:
            raise LabelDoesNotFit(words=str(error.value)) from error


def changed(session: Session, station: str) -> None:
    """Count a change of a station's labels up: its pages are told."""
    queue = session.get(LabelQueue, station, with_for_update=True)
    if queue is None:
        session.add(LabelQueue(station_code=station, revision=1))
        session.flush()
    else:
        queue.revision += 1


def _fresh_payload(session: Session, code: str) -> str:
    """Draw an instance that no earlier label of the thing carries."""
    used = set(session.scalars(select(LabelInstance.payload).where(LabelInstance.code == code)))
    while (payload := code + draw_instance()) in used:
        pass
    return payload
