# SPDX-License-Identifier: Apache-2.0
"""Release a batch or plate when its checks pass, begin it, scan its tubes into their places."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.stages import Release
from lims.core.words import Say
from lims.custody.operations import append, change_state, lock_subject, refuse_if_held
from lims.custody.queries import blocked_each
from lims.custody.rules import Tag
from lims.equipment.queries import usable_instrument
from lims.plates.models import Batch, BatchMember, Plate, Well
from lims.plates.queries import batch_of, members_of, next_awaited, plate_of, uses_of, wells_of
from lims.plates.rules import (
    Activity,
    BlankMissing,
    ControlsTooFew,
    NothingPlaced,
    ScannedAlready,
    WellRole,
    WorkState,
    WrongPlace,
    check_draft,
    check_line,
    check_released,
)
from lims.printing.queries import check_label
from lims.procedures.queries import document_of, require_for, usable_procedure
from lims.procedures.rules import CONTROL_WORDS
from lims.reagents.queries import usable_lot
from lims.samples.queries import samples_behind
from lims.storage.operations import bring_out


def release(
    session: Session,
    code: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    without: Collection[WellRole] = (),
) -> None:
    """Release a draft batch or plate: draft → released, with the checks every stage has.

    The procedure is in force, the person authorised for it, nothing in it on hold, all of its
    line, its controls as many as the procedure asks for (roles in `without` are not asked for),
    every lot in date and released, every instrument calibrated. The event keeps what was looked
    at. Raises NotFound, NotOpen, ReleasedAlready, OnHold, NothingPlaced, BlankMissing,
    ControlsTooFew, LinesMixed, and what usable_procedure, require_for, usable_lot and
    usable_instrument raise.
    """
    check_draft(code, lock_subject(session, code).state)
    refuse_if_held(session, code)
    work = work_of(session, code)
    procedure = usable_procedure(
        session, work.procedure_id, activity=work.activity, at=at, line=work.line
    )
    require_for(session, by, procedure, at=at)
    standing = _standing(session, code)
    roles = [one.role for one in standing]
    if WellRole.SAMPLE not in roles:
        raise NothingPlaced(code=code)
    if work.activity is Activity.EXTRACTION and WellRole.BLANK not in roles:
        raise BlankMissing()
    for role, needed in sorted(document_of(procedure).controls.items()):
        there = roles.count(WellRole(role))
        if there < needed and WellRole(role) not in without:
            raise ControlsTooFew(
                code=code, has=there, needs=needed, control=Say(CONTROL_WORDS[role]),
                procedure=f"{procedure.name} v{procedure.version}",
            )  # fmt: skip
    subjects = sorted({one.subject_code for one in standing if one.subject_code is not None})
    for held in sorted(blocked_each(session, subjects)):
        refuse_if_held(session, held)
    if isinstance(work, Batch):
        for subject, sample in samples_behind(session, tuple(subjects)).items():
            check_line(subject, line=sample.line, awaited=work.line)
    uses = [used.code for used in uses_of(session, code)]
    for used in uses:
        if used[0] == Kind.LOT:
            usable_lot(session, used, activity=work.activity, on=at.date())
        else:
            usable_instrument(session, used, activity=work.activity, on=at.date())
    work.released_at, work.released_by = at, by.id
    change_state(
        session, code, WorkState.RELEASED, _TAGS[WorkState.RELEASED, Kind(code[0])], by=by, at=at,
        content={
            "procedure": procedure.name, "version": procedure.version, "uses": uses,
            "controls": {role.value: roles.count(role) for role in WellRole if role in roles},
        },
        device=station,
    )  # fmt: skip
    session.flush()


def begin(session: Session, code: str, *, by: Actor, at: datetime, station: str = "") -> None:
    """Begin a released batch or plate: released → running; a draft is released before.

    One that runs already stays so. Raises NotOpen, and what `release` raises.
    """
    if lock_subject(session, code).state == WorkState.DRAFT:
        release(session, code, by=by, at=at, station=station)
    state = lock_subject(session, code).state
    check_released(code, state)
    if state == WorkState.RELEASED:
        change_state(
            session, code, WorkState.RUNNING, _TAGS[WorkState.RUNNING, Kind(code[0])], by=by,
            at=at, content={}, device=station,
        )  # fmt: skip


def await_scans(session: Session, code: str) -> None:
    """Let every tube that stands in a draft by plan wait until it is scanned into its place.

    Raises NotOpen, ReleasedAlready.
    """
    check_draft(code, lock_subject(session, code).state)
    if code[0] == Kind.PLATE:
        session.execute(
            update(Well)
            .where(
                Well.plate_code == code, Well.voided_at.is_(None), Well.source_id.is_(None),
                Well.role.in_((WellRole.SAMPLE, WellRole.BLANK)),
            )
            .values(awaits_scan=True)
        )  # fmt: skip
    else:
        session.execute(
            update(BatchMember)
            .where(
                BatchMember.batch_code == code, BatchMember.voided_at.is_(None),
                BatchMember.role == WellRole.SAMPLE,
            )
            .values(awaits_scan=True)
        )  # fmt: skip
    session.flush()


def scan_into_place(
    session: Session,
    code: str,
    subject: str,
    *,
    release: Release,
    by: Actor,
    at: datetime,
    station: str = "",
) -> str | None:
    """Scan a planned tube into its place and return that; None where none waits for its scan.

    The first scan releases a draft with `release`, the stage's own, and begins the work. Raises
    WrongPlace for another tube than the next, which stops the work; ScannedAlready,
    LabelNotVerified, OnHold, HeldByOther, and what `release` raises.
    """
    due = next_awaited(session, code)
    if due is None:
        return None
    if due.subject_code != subject:
        for one in _standing(session, code):
            if one.subject_code == subject and not one.awaits_scan:
                raise ScannedAlready(code=subject, position=one.position)
        raise WrongPlace(position=due.position, expected=due.subject_code or "", read=subject)
    check_label(session, subject)
    refuse_if_held(session, subject)
    if lock_subject(session, code).state == WorkState.DRAFT:
        release(session, code, by=by, at=at, station=station)
    begin(session, code, by=by, at=at, station=station)
    bring_out(session, subject, by=by, at=at, station=station)
    due.awaits_scan = False
    session.flush()
    append(
        session, Tag.PLATE_WELL_SCANNED if code[0] == Kind.PLATE else Tag.BATCH_MEMBER_SCANNED,
        stream=code, by=by, at=at, device=station,
        content={"member": subject, "position": due.position},
    )  # fmt: skip
    return due.position


def work_of(session: Session, code: str) -> Batch | Plate:
    """Return a batch or a plate; raises NotFound."""
    return plate_of(session, code) if code[0] == Kind.PLATE else batch_of(session, code)


def _standing(session: Session, code: str) -> tuple[BatchMember | Well, ...]:
    return wells_of(session, code) if code[0] == Kind.PLATE else members_of(session, code)


_TAGS = {
    (WorkState.RELEASED, Kind.BATCH): Tag.BATCH_WORK_RELEASED,
    (WorkState.RELEASED, Kind.PLATE): Tag.PLATE_WORK_RELEASED,
    (WorkState.RUNNING, Kind.BATCH): Tag.BATCH_WORK_STARTED,
    (WorkState.RUNNING, Kind.PLATE): Tag.PLATE_WORK_STARTED,
}
