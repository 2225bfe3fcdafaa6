# SPDX-License-Identifier: Apache-2.0
"""Quantification plates: open, load extracts, take the last one back, complete."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import refuse_if_held
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Activity, Line
from lims.plates.models import Plate, Well
from lims.plates.operations import (
    Opened,
    complete_plate,
    fill_well,
    open_plate,
    release,
    void_filling,
    working_plate,
)
from lims.plates.queries import fill_order, state_of, wells_of
from lims.plates.rules import (
    NothingPlaced,
    NothingToVoid,
    WellRole,
    WorkState,
    check_draft,
    check_line,
    next_free,
)
from lims.printing.queries import check_label
from lims.quantification.operations.volumes import record_used, set_aside, settle
from lims.quantification.queries import extract_with_batch, quantification_plate
from lims.quantification.rules import (
    NO_TEMPLATE_WELLS,
    QUANT_NL,
    STANDARD_WELLS,
    KitMissing,
    OnThisPlate,
)
from lims.repeats.operations import take_up
from lims.repeats.rules import RepeatKind
from lims.samples.operations import check_room


def open_quantification(
    session: Session,
    *,
    procedure_id: int,
    kit: str,
    by: Actor,
    at: datetime,
    line: Line | None = None,
    file_plate_name: str = "",
    station: str = "",
) -> Opened:
    """Open a quantification plate; its label is printed at `station`, if given.

    Raises KitMissing, and what open_plate raises.
    """
    if not kit.strip():
        raise KitMissing()
    return open_plate(
        session, activity=Activity.QUANTIFICATION, procedure_id=procedure_id, kit=kit.strip(),
        line=line, file_plate_name=file_plate_name, by=by, at=at, station=station,
    )  # fmt: skip


def load_extract(
    session: Session,
    plate_code: str,
    code: str,
    *,
    by: Actor,
    at: datetime,
    keep: int = NO_TEMPLATE_WELLS,
    station: str = "",
) -> str:
    """Put an extract into the next free well of a quantification plate; return the position.

    `keep` wells stay free for standards and no-template wells. Raises NotFound,
    NotAQuantificationPlate, NotOpen, NotAnExtract, ExtractConsumed, LabelNotVerified, LinesMixed,
    WrongRoom, OnHold, NotAuthorised, EliminationMissing, OnThisPlate, BatchFull, VolumeShort.
    """
    plate = quantification_plate(session, plate_code)
    working_plate(session, plate_code)
    role = check_extract(session, plate, code, by=by, at=at, station=station)
    wells = wells_of(session, plate_code)
    refuse_twice(plate_code, code, wells)
    taken = [well.position for well in wells]
    position = next_free(fill_order(session, plate_code), taken, keep=keep, code=plate_code)
    set_aside(session, code, QUANT_NL, by=by, at=at)
    fill_well(
        session, plate_code, position, role=role, subject=code, volume_nl=QUANT_NL, by=by, at=at,
        station=station,
    )  # fmt: skip
    return position


def check_extract(
    session: Session, plate: Plate, code: str, *, by: Actor, at: datetime, station: str
) -> WellRole:
    """Refuse an extract that may not go onto a plate, or a person who may not put it there.

    Returns what it is there: a sample or a blank. Raises as load_extract does.
    """
    extract, batch = extract_with_batch(session, code)
    check_label(session, code)
    refuse_if_held(session, code)
    if plate.line is not None:
        check_line(code, line=batch.line, awaited=plate.line)
    check_room(session, code, line=batch.line, station=station)
    check_operator(session, plate.activity, by=by, at=at)
    return WellRole.BLANK if extract.is_blank else WellRole.SAMPLE


def refuse_twice(plate_code: str, code: str, wells: tuple[Well, ...]) -> None:
    """Refuse (OnThisPlate) an extract that stands on the plate already."""
    for well in wells:
        if well.subject_code == code:
            raise OnThisPlate(code=code, position=well.position, plate=plate_code)


def take_last_back(
    session: Session,
    plate_code: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Well:
    """Take the extract that was loaded last back out of an open quantification plate.

    Raises NotFound, NotOpen, NothingToVoid, ReasonMissing.
    """
    working_plate(session, plate_code)
    last = last_loaded(session, plate_code)
    void_filling(session, plate_code, last.position, reason=reason, by=by, at=at, station=station)
    if last.subject_code is not None:
        settle(session, last.subject_code, by=by, at=at)
    return last


def last_loaded(session: Session, plate_code: str) -> Well:
    """Return the well that was filled last with an extract; raises NothingToVoid."""
    last = session.scalar(
        select(Well)
        .where(
            Well.plate_code == plate_code, Well.voided_at.is_(None),
            Well.role.in_((WellRole.SAMPLE, WellRole.BLANK)),
        )
        .order_by(Well.id.desc())
        .limit(1)
    )  # fmt: skip
    if last is None:
        raise NothingToVoid(code=plate_code)
    return last


def complete_quantification(
    session: Session,
    plate_code: str,
    *,
    by: Actor,
    at: datetime,
    standards: bool = True,
    station: str = "",
) -> Plate:
    """Complete a plate; a draft is released first, with its standards and its no-template well.

    Raises NotFound, NotAQuantificationPlate, NotOpen, OnHold, NothingPlaced, NotAuthorised,
    EliminationMissing; BatchFull where there is no room for them.
    """
    quantification_plate(session, plate_code)
    plate = working_plate(session, plate_code)
    check_operator(session, plate.activity, by=by, at=at)
    if state_of(session, plate_code) == WorkState.DRAFT:
        release_quantification(
            session, plate_code, by=by, at=at, standards=standards, station=station
        )
    complete_plate(session, plate_code, by=by, at=at, station=station)
    # In the order of codes, so that two plates with the same extracts cannot wait for each other.
    wells = wells_of(session, plate_code)
    take_up(
        session, (RepeatKind.RE_QUANTIFICATION, RepeatKind.REPURIFICATION),
        {well.subject_code for well in wells if well.subject_code is not None}, work=plate_code,
        by=by, at=at, station=station,
    )  # fmt: skip
    for well in sorted(wells, key=lambda well: well.subject_code or ""):
        if well.subject_code is not None:
            record_used(
                session, well.subject_code, well.volume_nl or 0, plate=plate_code,
                position=well.position, by=by, at=at, station=station,
            )  # fmt: skip
    return plate


def release_quantification(
    session: Session,
    plate_code: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    standards: bool = True,
) -> None:
    """Release a plate: its standards (if it has its own) and its no-template well, then the checks.

    Raises NotAQuantificationPlate, NotAuthorised, EliminationMissing, BatchFull, and what
    plates.operations.release raises.
    """
    quantification_plate(session, plate_code)
    plate = working_plate(session, plate_code)
    check_draft(plate_code, state_of(session, plate_code))
    check_operator(session, plate.activity, by=by, at=at)
    wells = wells_of(session, plate_code)
    if not any(well.role is WellRole.SAMPLE for well in wells):
        raise NothingPlaced(code=plate_code)
    roles = [WellRole.STANDARD] * STANDARD_WELLS if standards else []
    taken = {well.position for well in wells}
    order = fill_order(session, plate_code)
    for role in (*roles, *[WellRole.NEGATIVE] * NO_TEMPLATE_WELLS):
        position = next_free(order, taken, code=plate_code)
        taken.add(position)
        fill_well(session, plate_code, position, role=role, by=by, at=at, station=station)
    release(
        session, plate_code, by=by, at=at, station=station,
        # A stored curve stands in for standards of its own.
        without=() if standards else (WellRole.STANDARD,),
    )  # fmt: skip


def check_operator(session: Session, activity: Activity, *, by: Actor, at: datetime) -> None:
    """Refuse a person who is not authorised for the activity, or without elimination profile."""
    require_authorised(session, by, activity, on=at.date())
    require_elimination(session, by)
