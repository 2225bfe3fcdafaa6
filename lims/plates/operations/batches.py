# SPDX-License-Identifier: Apache-2.0
"""Batches: open, place tubes in the rack, take a placement back, complete."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import (
    append,
    change_state,
    create_subject,
    fresh_code,
    lock_subject,
    refuse_if_held,
)
from lims.custody.rules import Tag
from lims.people.queries import who
from lims.people.rules import Line
from lims.plates.models import Batch, BatchMember
from lims.plates.operations.drawing import draw_amounts
from lims.plates.operations.releasing import begin
from lims.plates.queries import awaited_in, batch_of, placement_of, roles_in, state_of
from lims.plates.rules import (
    RACK_POSITIONS,
    Activity,
    AlreadyPlaced,
    NothingPlaced,
    NothingToVoid,
    WellRole,
    WorkState,
    check_draft,
    check_line,
    check_open,
    check_reason,
    check_scanned,
    next_free,
)
from lims.printing.operations import queue_label
from lims.procedures.queries import procedure_of, require_for, usable_procedure
from lims.storage.operations import bring_out


@dataclass(frozen=True)
class Opened:
    """A batch or plate that was opened, and the payload of the label queued for it ('' if none)."""

    code: str
    label: str


def open_batch(
    session: Session,
    *,
    activity: Activity,
    line: Line,
    procedure_id: int,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Opened:
    """Open a batch of one line under a procedure; its card is printed at `station`, if given.

    Raises NotFound, ProcedureWithdrawn, ProcedureEnded, ProcedureOfOtherActivity.
    """
    procedure = usable_procedure(session, procedure_id, activity=activity, at=at, line=line)
    code = fresh_code(session, Kind.BATCH)
    create_subject(
        session, code, Tag.BATCH_RECORD_OPENED, by=by, at=at, device=station,
        content={
            "activity": activity.value, "line": line.value, "procedure": procedure.name,
            "version": procedure.version,
        },
        state=WorkState.DRAFT,
    )  # fmt: skip
    session.add(
        Batch(
            code=code, activity=activity, line=line, procedure_id=procedure.id, opened_at=at,
            opened_by=by.id,
        )
    )  # fmt: skip
    session.flush()
    label = ""
    if station:
        label = queue_label(
            session, code, layout="batch card", station=station, kind=activity.value.upper(),
            line1=f"{procedure.name} v{procedure.version}", line2=line.value, by=by, at=at,
        )  # fmt: skip
    return Opened(code, label)


def place_in_batch(
    session: Session,
    batch_code: str,
    subject_code: str,
    *,
    line: Line,
    by: Actor,
    at: datetime,
    keep: int = 0,
    station: str = "",
) -> str:
    """Place a tube of `line` at the next free position of a batch; return the position.

    `keep` positions stay free for blanks. Raises NotFound, NotOpen, ReleasedAlready, OnHold,
    LinesMixed, BatchFull; AlreadyPlaced says where, when and by whom.
    """
    batch = _working(session, batch_code)
    check_draft(batch_code, state_of(session, batch_code))
    check_line(subject_code, line=line, awaited=batch.line)
    require_for(session, by, procedure_of(session, batch.procedure_id), at=at)
    refuse_if_held(session, subject_code)
    _refuse_placed(session, subject_code)
    bring_out(session, subject_code, by=by, at=at, station=station)
    position = next_free(RACK_POSITIONS, _taken(session, batch_code), keep=keep, code=batch_code)
    member = BatchMember(
        batch_code=batch_code, position=position, role=WellRole.SAMPLE,
        subject_code=subject_code, placed_at=at, placed_by=by.id, voided_at=None,
    )  # fmt: skip
    try:
        # Two benches may hold the same tube's label: the database lets one of them win.
        with session.begin_nested():
            session.add(member)
            session.flush()
    except IntegrityError:
        _refuse_placed(session, subject_code)
        raise
    added = append(
        session, Tag.BATCH_MEMBER_ADDED, stream=batch_code, by=by, at=at, device=station,
        content={"member": subject_code, "position": position},
    )  # fmt: skip
    append(
        session, Tag.ALIQUOT_TUBE_MOVED, stream=subject_code, by=by, at=at, device=station,
        content={"batch": batch_code, "position": position}, cause=added,
    )  # fmt: skip
    return position


def add_blank(
    session: Session, batch_code: str, *, by: Actor, at: datetime, station: str = ""
) -> str:
    """Give a reagent blank the next free position of a batch; return the position.

    Raises NotFound, NotOpen, ReleasedAlready, OnHold, BatchFull.
    """
    _working(session, batch_code)
    check_draft(batch_code, state_of(session, batch_code))
    position = next_free(RACK_POSITIONS, _taken(session, batch_code), code=batch_code)
    session.add(
        BatchMember(
            batch_code=batch_code, position=position, role=WellRole.BLANK, subject_code=None,
            placed_at=at, placed_by=by.id, voided_at=None,
        )
    )  # fmt: skip
    session.flush()
    append(
        session, Tag.BATCH_BLANK_ADDED, stream=batch_code, by=by, at=at, device=station,
        content={"position": position},
    )  # fmt: skip
    return position


def void_placement(
    session: Session,
    batch_code: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    position: str = "",
    station: str = "",
) -> BatchMember:
    """Take back what stands at a position of an open batch, or the last placement.

    The row stays, voided with its reason. What was released loses no control. Raises NotFound,
    NotOpen, ReleasedAlready, NothingToVoid, ReasonMissing.
    """
    _working(session, batch_code)
    said = check_reason(reason)
    found = select(BatchMember).where(
        BatchMember.batch_code == batch_code, BatchMember.voided_at.is_(None)
    )
    if position:
        found = found.where(BatchMember.position == position)
    member = session.scalar(found.order_by(BatchMember.id.desc()).limit(1))
    if member is None:
        raise NothingToVoid(code=batch_code)
    if member.role is not WellRole.SAMPLE:
        check_draft(batch_code, state_of(session, batch_code))
    member.voided_at, member.void_reason = at, said
    session.flush()
    content = {"member": member.subject_code or "", "position": member.position, "why": said}
    append(
        session, Tag.BATCH_MEMBER_REMOVED, stream=batch_code, by=by, at=at, content=content,
        device=station,
    )  # fmt: skip
    if member.subject_code is not None:
        append(
            session, Tag.ALIQUOT_TUBE_MOVED, stream=member.subject_code, by=by, at=at,
            content={"taken_out_of": batch_code, "why": said}, device=station,
        )  # fmt: skip
    return member


def complete_batch(
    session: Session, batch_code: str, *, by: Actor, at: datetime, station: str = ""
) -> Batch:
    """Complete a batch: running → completed; a draft is released first, with all its checks.

    Raises NotFound, NotOpen, OnHold, StillToScan, and what `release` raises.
    """
    batch = _working(session, batch_code)
    begin(session, batch_code, by=by, at=at, station=station)
    procedure = usable_procedure(session, batch.procedure_id, activity=batch.activity, at=at)
    require_for(session, by, procedure, at=at)
    roles = roles_in(session, batch_code)
    if not roles[WellRole.SAMPLE]:
        raise NothingPlaced(code=batch_code)
    check_scanned(batch_code, awaited=awaited_in(session, batch_code), count=roles[WellRole.SAMPLE])
    draw_amounts(session, batch_code, procedure, by=by, at=at, station=station)
    batch.completed_at, batch.completed_by = at, by.id
    change_state(
        session, batch_code, WorkState.COMPLETED, Tag.BATCH_WORK_COMPLETED, by=by, at=at,
        content={"samples": roles[WellRole.SAMPLE], "blanks": roles[WellRole.BLANK]},
        device=station,
    )  # fmt: skip
    session.flush()
    return batch


def _working(session: Session, batch_code: str) -> Batch:
    """Lock a batch and return it; refuse one that is over or on hold."""
    # The lock makes two benches take two positions.
    state = lock_subject(session, batch_code).state
    batch = batch_of(session, batch_code)
    check_open(batch_code, state)
    refuse_if_held(session, batch_code)
    return batch


def _refuse_placed(session: Session, subject_code: str) -> None:
    there = placement_of(session, subject_code)
    if there is not None:
        raise AlreadyPlaced(
            code=subject_code, batch=there.batch_code, position=there.position,
            at=f"{there.placed_at:%Y-%m-%d %H:%M} UTC", who=who(session, there.placed_by),
        )  # fmt: skip


def _taken(session: Session, batch_code: str) -> set[str]:
    return set(
        session.scalars(
            select(BatchMember.position).where(
                BatchMember.batch_code == batch_code, BatchMember.voided_at.is_(None)
            )
        )
    )
