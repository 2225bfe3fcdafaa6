# SPDX-License-Identifier: Apache-2.0
"""Amplification: open a plate, scan its lots, load extracts with their volumes, complete."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from lims.amplification.models import Amplification
from lims.amplification.queries import (
    amplification_of,
    amplification_plate,
    control_of_lot,
    controls_needed,
    decided_of,
    filled_wells,
    kit_of,
    kit_of_lot,
    lots_on_plate,
    times_amplified,
)
from lims.amplification.rules import (
    ControlOfOtherKit,
    KitLotMissing,
    LineMissing,
    Loading,
    LotOfOtherKit,
    PositiveMissing,
    SecondControl,
    blank_loading,
    check_blanks,
    check_fits,
    check_times,
    reference_loading,
    room_of,
    sample_loading,
)
from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.rules import Tag
from lims.extraction.operations import advance_extract
from lims.extraction.queries import samples_of_extracts
from lims.extraction.rules import ExtractState
from lims.kits.operations import work_by_kit
from lims.kits.queries import kit_in_force, kits_in_force
from lims.people.rules import Activity, Line
from lims.plates.models import Plate, Well
from lims.plates.operations import (
    Opened,
    complete_plate,
    fill_well,
    open_plate,
    record_use,
    release,
    void_filling,
    working_plate,
)
from lims.plates.queries import fill_order, state_of, wells_of
from lims.plates.rules import NothingPlaced, WellRole, WorkState, check_draft, next_free
from lims.procedures.queries import document_of, procedure_of
from lims.quantification.operations import (
    check_extract,
    check_operator,
    last_loaded,
    lock_extract,
    record_used,
    refuse_twice,
    set_aside,
    settle,
)
from lims.quantification.queries import extract_with_batch, in_force, volume_left
from lims.quantification.rules import Limits, within
from lims.reagents.models import Lot
from lims.reagents.queries import lot_of
from lims.repeats.operations import take_up
from lims.repeats.queries import standing_repeat
from lims.repeats.rules import RepeatKind


@dataclass(frozen=True)
class Loaded:
    """An extract in a well: what went in, and the how-manieth amplification of its sample it is."""

    position: str
    loading: Loading
    number: int
    is_blank: bool


@dataclass(frozen=True)
class Completed:
    """A completed plate: where its controls stand."""

    plate: Plate
    positive: str
    negative: str


def open_amplification(
    session: Session,
    *,
    procedure_id: int,
    kit: str,
    line: Line | None,
    by: Actor,
    at: datetime,
    file_plate_name: str = "",
    station: str = "",
) -> Opened:
    """Open an amplification plate of one line with a kit; its label is printed at `station`.

    Raises KitUnknown, KitNotInForce, LineMissing, and what open_plate raises.
    """
    if line is None:
        raise LineMissing()
    opened = open_plate(
        session, activity=Activity.AMPLIFICATION, procedure_id=procedure_id,
        kit=kit_in_force(session, kit, at=at).name, line=line, file_plate_name=file_plate_name,
        by=by, at=at, station=station,
    )  # fmt: skip
    work_by_kit(session, opened.code, kit, by=by, at=at, station=station)
    return opened


def use_lot(
    session: Session, plate_code: str, code: str, *, by: Actor, at: datetime, station: str = ""
) -> str:
    """Record a lot or an instrument of an amplification plate; return its name.

    A kit must be the plate's own, a control DNA one of the kit's. Raises NotFound, LotOfOtherKit,
    ControlOfOtherKit, SecondControl, NotAuthorised, EliminationMissing, and what record_use raises.
    """
    plate = amplification_plate(session, plate_code)
    check_operator(session, plate.activity, by=by, at=at)
    if code[0] == Kind.LOT:
        _check_lot(session, plate, lot_of(session, code), at=at)
    return record_use(
        session, plate_code, code, activity=Activity.AMPLIFICATION, by=by, at=at, station=station
    )


def load_for_amplification(
    session: Session,
    plate_code: str,
    code: str,
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    limits: Limits | None = None,
    station: str = "",
) -> Loaded:
    """Put an extract into the next free well with the volume its quantity asks for.

    Blanks go in at the most sensitive conditions of their set. Two wells stay free for the
    controls. Raises ReasonAwaited, before anything is written, for a sample that was amplified
    before or lies below the stop limit; NotFound, NotAnAmplificationPlate, NotOpen, NotAnExtract,
    ExtractConsumed, LabelNotVerified, LinesMixed, WrongRoom, OnHold, NotAuthorised,
    EliminationMissing, NotQuantified, NotConfirmed, NotToAmplify,
    OnThisPlate (a blank), BatchFull, VolumeShort, ReactionFull.
    """
    plate = amplification_plate(session, plate_code)
    working_plate(session, plate_code)
    role = check_extract(session, plate, code, by=by, at=at, station=station)
    wells = wells_of(session, plate_code)
    taken = [well.position for well in wells]
    order = fill_order(session, plate_code)
    keep = controls_needed(session, plate).total()
    position = next_free(order, taken, keep=keep, code=plate_code)
    lock_extract(session, code)
    procedure = procedure_of(session, plate.procedure_id)
    room = room_of(document_of(procedure))
    judged = within(limits or in_force(session).limits, [room])
    said = reason.strip()[:200] or _asked(session, code)
    left = volume_left(session, [code])[code]
    _, batch = extract_with_batch(session, code)
    if role is WellRole.BLANK:
        refuse_twice(plate_code, code, wells)
        loading = blank_loading(is_bone=batch.line is Line.BONE, left_nl=left, limits=judged)
        number = 0
    else:
        number = _number(session, code, reason=said)
        loading = (
            reference_loading()
            if batch.line is Line.REFERENCE
            else sample_loading(
                code, decided_of(session, code), reason=said, limits=judged, left_nl=left
            )
        )
    check_fits(code, loading.volume_nl, room, procedure=procedure.name)
    set_aside(session, code, loading.drawn_nl, by=by, at=at)
    well = fill_well(
        session, plate_code, position, role=role, subject=code, volume_nl=loading.drawn_nl,
        by=by, at=at, station=station,
    )  # fmt: skip
    session.add(
        Amplification(
            well_id=well.id, plate_code=plate_code, extract_code=code, number=number,
            extract_volume_nl=loading.volume_nl, dilution=loading.dilution,
            drawn_nl=loading.drawn_nl, template_fg=loading.template_fg,
            low_template=loading.low_template, reason=said, amplified_at=None,
        )
    )  # fmt: skip
    session.flush()
    append(
        session, Tag.AMPLIFICATION_WELL_LOADED, stream=code, by=by, at=at, device=station,
        content={
            "plate": plate_code, "position": position, "volume_nl": loading.volume_nl,
            "dilution": loading.dilution, "template_fg": loading.template_fg, "number": number,
            "why": said,
        },
    )  # fmt: skip
    return Loaded(position, loading, number, role is WellRole.BLANK)


def take_last_back(
    session: Session,
    plate_code: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Well:
    """Take the extract that was loaded last back out of an open plate; its volume is free again.

    Raises NotFound, NotAnAmplificationPlate, NotOpen, NothingToVoid, ReasonMissing.
    """
    amplification_plate(session, plate_code)
    working_plate(session, plate_code)
    last = last_loaded(session, plate_code)
    void_filling(session, plate_code, last.position, reason=reason, by=by, at=at, station=station)
    if last.subject_code is not None:
        settle(session, last.subject_code, by=by, at=at)
    return last


def complete_amplification(
    session: Session, plate_code: str, *, by: Actor, at: datetime, station: str = ""
) -> Completed:
    """Complete a plate, releasing a draft: its controls put in, what was taken recorded.

    Raises NotFound, NotAnAmplificationPlate, NotOpen, OnHold (an extract on it as well),
    NothingPlaced, KitLotMissing, PositiveMissing, BlankOfBatchMissing, BlankTooLittle, BatchFull,
    NotAuthorised, EliminationMissing.
    """
    amplification_plate(session, plate_code)
    plate = working_plate(session, plate_code)
    check_operator(session, plate.activity, by=by, at=at)
    if state_of(session, plate_code) == WorkState.DRAFT:
        release_amplification(session, plate_code, by=by, at=at, station=station)
    else:
        # What was released before may be on hold by now.
        for code in sorted({well.code for well in filled_wells(session, plate_code)}):
            refuse_if_held(session, code)
    complete_plate(session, plate_code, by=by, at=at, station=station)
    wells = wells_of(session, plate_code)
    take_up(
        session, (RepeatKind.DILUTION, RepeatKind.RE_AMPLIFICATION),
        {well.subject_code for well in wells if well.subject_code is not None}, work=plate_code,
        by=by, at=at, station=station,
    )  # fmt: skip
    for well in sorted(wells, key=lambda well: well.subject_code or ""):
        _finish(session, plate, well, by=by, at=at, station=station)
    positive, negative = (
        ", ".join(well.position for well in wells if well.role is role)
        for role in (WellRole.POSITIVE, WellRole.NEGATIVE)
    )
    return Completed(plate, positive, negative)


def release_amplification(
    session: Session, plate_code: str, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Release a plate: kit, control and the blank of each batch, its controls put in, the checks.

    Raises NotAnAmplificationPlate, ReleasedAlready, NothingPlaced, KitLotMissing, PositiveMissing,
    BlankOfBatchMissing, BlankTooLittle, BatchFull, NotAuthorised, EliminationMissing, and what
    plates.operations.release raises: OnHold of an extract on it as well.
    """
    plate = amplification_plate(session, plate_code)
    working_plate(session, plate_code)
    check_draft(plate_code, state_of(session, plate_code))
    check_operator(session, plate.activity, by=by, at=at)
    filled = filled_wells(session, plate_code)
    if all(well.is_blank for well in filled):
        raise NothingPlaced(code=plate_code)
    lots = lots_on_plate(session, plate)
    if lots.kit is None:
        raise KitLotMissing(code=plate_code, kit=plate.kit)
    if lots.control is None:
        raise PositiveMissing(code=plate_code)
    check_blanks(filled)
    # A tube on hold is named before controls are put in for it.
    for code in sorted({well.code for well in filled}):
        refuse_if_held(session, code)
    for role, lot in ((WellRole.POSITIVE, lots.control), (WellRole.NEGATIVE, None)):
        for _ in range(controls_needed(session, plate)[role]):
            _control(session, plate, role, lot, by=by, at=at, station=station)
    release(session, plate_code, by=by, at=at, station=station)


def _check_lot(session: Session, plate: Plate, lot: Lot, *, at: datetime) -> None:
    kit = kit_of(session, plate)
    control = control_of_lot(lot, kit)
    if control:
        if kit.positive_controls and control not in kit.positive_controls:
            raise ControlOfOtherKit(
                control=control, kit=plate.kit, controls=", ".join(kit.positive_controls)
            )
        there = lots_on_plate(session, plate).control
        if there is not None and there.code != lot.code:
            raise SecondControl(plate=plate.code, control=f"{there.reagent} {there.number}")
        return
    # The version on the plate first: another kit in force may have taken an alias of it since.
    known = [kit, *(one.kit for one in kits_in_force(session, at=at))]
    other = kit_of_lot(lot, known)
    if other is not None and other.name != kit.name:
        raise LotOfOtherKit(number=lot.number, reagent=lot.reagent, plate=plate.code, kit=plate.kit)


def _number(session: Session, code: str, *, reason: str) -> int:
    """Return the how-manieth amplification of its sample this is; a repeat needs a reason."""
    sample = samples_of_extracts(session, [code])[code]
    # Two benches may load two extracts of one sample: the lock makes them count one by one.
    lock_subject(session, sample.code)
    times = times_amplified(session, sample.code)
    check_times(code, times=times, reason=reason)
    return times + 1


def _asked(session: Session, code: str) -> str:
    """Return why an extract is to be amplified again, where that was asked; else ''."""
    again = standing_repeat(session, RepeatKind.RE_AMPLIFICATION, code)
    return "" if again is None else (again.words or again.reason.value)


def _control(
    session: Session, plate: Plate, role: WellRole, lot: Lot | None, *, by: Actor, at: datetime,
    station: str,
) -> str:  # fmt: skip
    taken = [well.position for well in wells_of(session, plate.code)]
    position = next_free(fill_order(session, plate.code), taken, code=plate.code)
    well = fill_well(
        session, plate.code, position, role=role, subject=None if lot is None else lot.code,
        by=by, at=at, station=station,
    )  # fmt: skip
    session.add(
        Amplification(
            well_id=well.id, plate_code=plate.code, extract_code=None, number=0,
            extract_volume_nl=0, dilution=1, drawn_nl=0, template_fg=None, low_template=False,
            reason="", amplified_at=None,
        )
    )  # fmt: skip
    session.flush()
    return position


def _finish(
    session: Session, plate: Plate, well: Well, *, by: Actor, at: datetime, station: str
) -> None:
    session.execute(
        update(Amplification).where(Amplification.well_id == well.id).values(amplified_at=at)
    )
    planned = amplification_of(session, well.id)
    if planned is None or planned.extract_code is None:
        return
    advance_extract(
        session, planned.extract_code, ExtractState.AMPLIFIED, by=by, at=at, station=station
    )
    record_used(
        session, planned.extract_code, planned.drawn_nl, plate=plate.code,
        position=well.position, by=by, at=at, station=station,
    )  # fmt: skip
    append(
        session, Tag.AMPLIFICATION_RUN_FINISHED, stream=planned.extract_code, by=by, at=at,
        device=station,
        content={"plate": plate.code, "position": well.position, "kit": plate.kit},
    )  # fmt: skip
