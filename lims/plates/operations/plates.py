# SPDX-License-Identifier: Apache-2.0
"""Plates: open, fill a well, take a filling back, complete; lots and instruments that were used."""

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
    pass_to,
    refuse_if_held,
    require_held_by,
)
from lims.custody.queries import held
from lims.custody.rules import Tag, moves
from lims.equipment.queries import usable_instrument
from lims.people.queries import who
from lims.people.rules import Line
from lims.plates.models import BatchUse, Plate, Well
from lims.plates.operations.batches import Opened
from lims.plates.operations.drawing import draw_amounts
from lims.plates.operations.releasing import begin
from lims.plates.queries import awaited_in, filling_at, plate_of, roles_in, state_of
from lims.plates.rules import (
    Activity,
    NothingPlaced,
    NothingToVoid,
    PositionTaken,
    WellRole,
    WorkState,
    check_draft,
    check_open,
    check_reason,
    check_scanned,
    read_position,
)
from lims.printing.operations import queue_label
from lims.procedures.queries import procedure_of, require_for, usable_procedure
from lims.reagents.operations import take_into_use
from lims.storage.operations import bring_out


def open_plate(
    session: Session,
    *,
    activity: Activity,
    procedure_id: int,
    by: Actor,
    at: datetime,
    line: Line | None = None,
    kit: str = "",
    size_standard: str = "",
    made_from: str | None = None,
    file_plate_name: str = "",
    station: str = "",
) -> Opened:
    """Open a 96-well plate under a procedure; its label is printed at `station`, if given.

    `made_from` is the plate whose wells are carried over; `by` must hold it. Raises HeldByOther,
    NotFound, ProcedureWithdrawn, ProcedureEnded, ProcedureOfOtherActivity.
    """
    procedure = usable_procedure(session, procedure_id, activity=activity, at=at, line=line)
    if made_from:
        bring_out(session, made_from, by=by, at=at, station=station)
    code = fresh_code(session, Kind.PLATE)
    create_subject(
        session, code, Tag.PLATE_RECORD_OPENED, by=by, at=at, device=station,
        content={
            "activity": activity.value, "procedure": procedure.name, "version": procedure.version,
            "kit": kit, "size_standard": size_standard,
        },
        state=WorkState.DRAFT, parents=(made_from,) if made_from else (),
        reason="made from" if made_from else "",
    )  # fmt: skip
    session.add(
        Plate(
            code=code, activity=activity, line=line, procedure_id=procedure.id, kit=kit,
            size_standard=size_standard, made_from=made_from, file_plate_name=file_plate_name,
            opened_at=at, opened_by=by.id,
        )
    )  # fmt: skip
    session.flush()
    label = ""
    if station:
        label = queue_label(
            session, code, layout="plate", station=station, kind=activity.value.upper(),
            line1=kit or f"{procedure.name} v{procedure.version}", by=by, at=at,
        )  # fmt: skip
    return Opened(code, label)


def fill_well(
    session: Session,
    plate_code: str,
    position: str,
    *,
    role: WellRole,
    by: Actor,
    at: datetime,
    subject: str | None = None,
    source_id: int | None = None,
    volume_nl: int | None = None,
    file_sample_name: str = "",
    station: str = "",
) -> Well:
    """Fill a well of a plate that is a draft.

    `subject` is the extract, or the lot of a control or ladder; `source_id` the well it was taken
    from; `volume_nl` nanolitres. Raises NotFound, NotAPosition, NotOpen, ReleasedAlready, OnHold,
    NotAuthorisedFor; PositionTaken says what is there, since when and by whom.
    """
    place = read_position(position)
    plate = working_plate(session, plate_code)
    check_draft(plate_code, state_of(session, plate_code))
    require_for(session, by, procedure_of(session, plate.procedure_id), at=at)
    if subject is not None:
        refuse_if_held(session, subject)
    _refuse_filled(session, plate_code, place)
    bring_out(session, plate_code, by=by, at=at, station=station)
    if subject is not None and source_id is None:
        bring_out(session, subject, by=by, at=at, station=station)
    well = Well(
        plate_code=plate_code, position=place, role=role, subject_code=subject,
        source_id=source_id, volume_nl=volume_nl, file_sample_name=file_sample_name,
        filled_at=at, filled_by=by.id, voided_at=None,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(well)
            session.flush()
    except IntegrityError:
        _refuse_filled(session, plate_code, place)
        raise
    content: dict[str, object] = {"position": place, "role": role.value, "holds": subject or ""}
    if volume_nl is not None:
        content["volume_nl"] = volume_nl
    # The plate is there from its first well on: whoever fills it holds it.
    is_first = held(session, plate_code) is None
    if is_first:
        content |= moves(by.id, station)
    loaded = append(
        session, Tag.PLATE_WELL_LOADED, stream=plate_code, by=by, at=at, content=content,
        device=station,
    )  # fmt: skip
    if is_first:
        pass_to(session, plate_code, by.id, place=station, event_id=loaded, at=at)
    return well


def void_filling(
    session: Session,
    plate_code: str,
    position: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Well:
    """Take a filling of an open plate back; the row stays, voided with its reason.

    What was released loses no control. Raises NotFound, NotAPosition, NotOpen, ReleasedAlready,
    NothingToVoid, ReasonMissing.
    """
    place = read_position(position)
    working_plate(session, plate_code)
    said = check_reason(reason)
    bring_out(session, plate_code, by=by, at=at, station=station)
    well = filling_at(session, plate_code, place)
    if well is None:
        raise NothingToVoid(code=plate_code)
    if well.role is not WellRole.SAMPLE:
        check_draft(plate_code, state_of(session, plate_code))
    well.voided_at, well.void_reason = at, said
    session.flush()
    append(
        session, Tag.PLATE_WELL_VOIDED, stream=plate_code, by=by, at=at, device=station,
        content={"position": place, "holds": well.subject_code or "", "why": said},
    )  # fmt: skip
    return well


def complete_plate(
    session: Session, plate_code: str, *, by: Actor, at: datetime, station: str = ""
) -> Plate:
    """Complete a plate: running → completed; a draft is released first, with all its checks.

    What must stand on it beside is for its stage to ask. Raises NotFound, NotOpen, OnHold,
    HeldByOther, NothingPlaced, StillToScan, and what `release` raises.
    """
    plate = working_plate(session, plate_code)
    require_held_by(session, plate_code, by)
    begin(session, plate_code, by=by, at=at, station=station)
    procedure = usable_procedure(session, plate.procedure_id, activity=plate.activity, at=at)
    require_for(session, by, procedure, at=at)
    roles = roles_in(session, plate_code)
    filled = sum(roles.values())
    if not filled:
        raise NothingPlaced(code=plate_code)
    check_scanned(plate_code, awaited=awaited_in(session, plate_code), count=filled)
    bring_out(session, plate_code, by=by, at=at, station=station)
    draw_amounts(session, plate_code, procedure, by=by, at=at, station=station)
    plate.completed_at, plate.completed_by = at, by.id
    change_state(
        session, plate_code, WorkState.COMPLETED, Tag.PLATE_WORK_COMPLETED, by=by, at=at,
        content={"wells": filled}, device=station,
    )  # fmt: skip
    session.flush()
    return plate


def record_use(
    session: Session,
    work: str,
    used: str,
    *,
    activity: Activity,
    by: Actor,
    at: datetime,
    station: str = "",
) -> str:
    """Record that a batch or plate uses a lot (L) or an instrument (C); return its name.

    The same again changes nothing. Raises NotFound, OnHold, NotOpen, and what take_into_use
    and usable_instrument raise.
    """
    check_open(work, lock_subject(session, work).state)
    refuse_if_held(session, work)
    if used[0] == Kind.LOT:
        lot = take_into_use(session, used, activity=activity, by=by, at=at, station=station)
        name = f"{lot.reagent} {lot.number}"
    else:
        name = usable_instrument(session, used, activity=activity, on=at.date()).name
    known = session.scalar(
        select(BatchUse.id).where(BatchUse.subject_code == work, BatchUse.used_code == used)
    )
    if known is None:
        session.add(BatchUse(subject_code=work, used_code=used, at=at, by=by.id))
        session.flush()
        append(
            session, _USE_TAGS[Kind(work[0]), Kind(used[0])], stream=work, by=by, at=at,
            content={"used": used}, device=station,
        )  # fmt: skip
    return name


_USE_TAGS = {
    (Kind.BATCH, Kind.LOT): Tag.BATCH_LOT_USED,
    (Kind.BATCH, Kind.CONTAINER): Tag.BATCH_INSTRUMENT_USED,
    (Kind.PLATE, Kind.LOT): Tag.PLATE_LOT_USED,
    (Kind.PLATE, Kind.CONTAINER): Tag.PLATE_INSTRUMENT_USED,
}


def working_plate(session: Session, plate_code: str) -> Plate:
    """Lock a plate and return it; refuse one that is over (NotOpen) or on hold (OnHold)."""
    state = lock_subject(session, plate_code).state
    plate = plate_of(session, plate_code)
    check_open(plate_code, state)
    refuse_if_held(session, plate_code)
    return plate


def _refuse_filled(session: Session, plate_code: str, position: str) -> None:
    there = filling_at(session, plate_code, position)
    if there is not None:
        raise PositionTaken(
            position=position, plate=plate_code, code=there.subject_code or there.role.value,
            at=f"{there.filled_at:%Y-%m-%d %H:%M} UTC", who=who(session, there.filled_by),
        )  # fmt: skip
