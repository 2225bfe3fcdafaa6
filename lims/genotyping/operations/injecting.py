# SPDX-License-Identifier: Apache-2.0
"""Prepare a plate for injection: copy the amplification plate, add ladders, complete, name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit
from instruments.analyzers.size_standards import named_size_standard, size_standards_of
from lims.core.actors import Actor
from lims.core.words import Say
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.queries import blocked
from lims.custody.rules import Tag
from lims.genotyping.models import Run
from lims.genotyping.queries.kits import kit_of_plate
from lims.genotyping.rules import ROLE_WORDS
from lims.genotyping.rules.plates import (
    AGE_LIMIT,
    INJECTABLE_DAYS,
    check_ladders,
    ladder_positions,
    wells_per_ladder,
)
from lims.genotyping.rules.refusals import (
    AllOnHold,
    ControlsMissing,
    LotsMissing,
    NamesAfterImport,
    NotAnAmplificationPlate,
    NotAnInjectionPlate,
    PlateFailed,
    PlateNotCompleted,
    PlateTooOld,
    ProcedureMissing,
    SizeStandardForeign,
    WellEmpty,
)
from lims.kits.operations import work_by_kit
from lims.kits.queries import kit_in_force, standards_for, usual_size_standard
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Activity
from lims.plates.models import Plate, Well
from lims.plates.operations import (
    complete_plate,
    fill_well,
    open_plate,
    record_use,
    release,
    working_plate,
)
from lims.plates.queries import lots_used, plate_of, state_of, wells_of
from lims.plates.rules import ReviewOutcome, WellRole, WorkState, check_draft, read_position
from lims.printing.queries import check_label
from lims.procedures.queries import current_procedures, document_of, procedure_of
from lims.reagents.queries import lot_of
from lims.repeats.operations import take_up
from lims.repeats.queries import wells_to_inject_again
from lims.repeats.rules import RepeatKind


@dataclass(frozen=True)
class Opened:
    """An injection plate that was opened; `left_out` are the wells whose extract is on hold."""

    code: str
    label: str
    ladders: tuple[str, ...]
    left_out: tuple[str, ...]


def open_injection_plate(
    session: Session, source: str, *, by: Actor, at: datetime, station: str = ""
) -> Opened:
    """Open a plate made from a completed amplification plate, position for position, with ladders.

    Extracts on hold are left out. Its label is printed at `station`. Raises NotFound,
    NotAnAmplificationPlate, PlateNotCompleted, OnHold, PlateTooOld, ControlsMissing, AllOnHold,
    KitUnknown, NoRoomForLadder, NoRoomInSet, ProcedureMissing, NotAuthorised,
    EliminationMissing.
    """
    _check_person(session, by, at=at)
    lock_subject(session, source)
    plate = plate_of(session, source)
    wells = wells_of(session, source)
    procedures = current_procedures(session, Activity.INJECTION, at=at)
    limits = document_of(procedures[0]).limits if procedures else {}
    _check_source(session, plate, wells, most=limits.get(AGE_LIMIT, INJECTABLE_DAYS), at=at)
    kit = _kit_today(session, plate, at=at)
    held = {
        well.position
        for well in wells
        if well.subject_code is not None and blocked(session, well.subject_code)
    }
    again = wells_to_inject_again(session, source)
    copied = [
        well
        for well in wells
        if well.position not in held
        and (not again or well.role is not WellRole.SAMPLE or well.position in again)
    ]
    if not any(well.role is WellRole.SAMPLE for well in copied):
        raise AllOnHold(code=source)
    if not procedures:
        raise ProcedureMissing()
    ladders = ladder_positions(
        [well.position for well in copied], code=source,
        each=wells_per_ladder(limits, procedure=procedures[0].name),
    )  # fmt: skip
    opened = open_plate(
        session, activity=Activity.INJECTION, procedure_id=procedures[0].id, line=plate.line,
        kit=kit.name, size_standard=usual_size_standard(kit), made_from=source, by=by, at=at,
        station=station,
    )  # fmt: skip
    work_by_kit(session, opened.code, kit.name, by=by, at=at, station=station)
    for well in copied:
        fill_well(
            session, opened.code, well.position, role=well.role, subject=well.subject_code,
            source_id=well.id, by=by, at=at, station=station,
        )  # fmt: skip
    for position in ladders:
        fill_well(
            session, opened.code, position, role=WellRole.LADDER, by=by, at=at, station=station
        )
    return Opened(opened.code, opened.label, ladders, tuple(sorted(held)))


def _check_person(session: Session, by: Actor, *, at: datetime) -> None:
    """Refuse who is not authorised for injection, or has no elimination profile."""
    require_authorised(session, by, Activity.INJECTION, on=at.date())
    require_elimination(session, by)


def _kit_today(session: Session, amplified: Plate, *, at: datetime) -> Kit:
    """Return the kit of an amplification plate as it is in force: what is injected is called so."""
    return kit_in_force(session, kit_of_plate(session, amplified).name, at=at).kit


def _check_source(
    session: Session, plate: Plate, wells: Sequence[Well], *, most: Decimal, at: datetime
) -> None:
    if plate.activity is not Activity.AMPLIFICATION:
        raise NotAnAmplificationPlate(code=plate.code)
    state = state_of(session, plate.code)
    if plate.completed_at is None or state not in (WorkState.COMPLETED, WorkState.REVIEWED):
        raise PlateNotCompleted(code=plate.code, state=state)
    if plate.outcome is ReviewOutcome.FAIL:
        raise PlateFailed(code=plate.code)
    refuse_if_held(session, plate.code)
    _check_days(plate, most=most, at=at)
    roles = {well.role for well in wells}
    for role in (WellRole.POSITIVE, WellRole.NEGATIVE):
        if role not in roles:
            raise ControlsMissing(code=plate.code, control=Say(ROLE_WORDS[role]))


def check_age(session: Session, plate: Plate, *, at: datetime) -> None:
    """Raise PlateTooOld where what stands on an injection plate was amplified too long ago.

    The limit is that of the procedure under which the plate was opened.
    """
    if plate.made_from is None:
        return
    document = document_of(procedure_of(session, plate.procedure_id))
    most = document.limits.get(AGE_LIMIT, INJECTABLE_DAYS)
    _check_days(plate_of(session, plate.made_from), most=most, at=at)


def _check_days(amplified: Plate, *, most: Decimal, at: datetime) -> None:
    if amplified.completed_at is None:
        return
    days = (at - amplified.completed_at).days
    if days > most:
        raise PlateTooOld(code=amplified.code, count=days, limit=f"{most:f}")


def use_on_injection_plate(
    session: Session, plate_code: str, used: str, *, by: Actor, at: datetime, station: str = ""
) -> str:
    """Record a lot (ladder, size standard, formamide, polymer) or the analyzer; return its name.

    A lot that names a size standard settles the plate's. Raises SizeStandardForeign, and what
    `plates.operations.record_use` raises.
    """
    _check_person(session, by, at=at)
    plate = working_plate(session, plate_code)
    kit = kit_of_plate(session, plate)
    if used[0] == "L":
        _settle_size_standard(session, plate, kit, used)
    return record_use(
        session, plate_code, used, activity=Activity.INJECTION, by=by, at=at, station=station
    )


def _settle_size_standard(session: Session, plate: Plate, kit: Kit, lot_code: str) -> None:
    reagent = lot_of(session, lot_code).reagent
    standards = standards_for(kit)
    if named_size_standard(reagent, standards) is None:
        return
    named = named_size_standard(reagent, standards, kit=kit)
    if named is None:
        usual = size_standards_of(kit, standards)
        raise SizeStandardForeign(
            name=reagent, kit=kit.name, standards=", ".join(one.family for one in usual[:4])
        )
    plate.size_standard = named.name[:60]
    session.flush()


def _check_size_standard(session: Session, plate: Plate) -> None:
    """Raise SizeStandardForeign where a plate's size standard is none of its kit's version."""
    kit = kit_of_plate(session, plate)
    standards = standards_for(kit)
    usual = size_standards_of(kit, standards)
    own = {one.name[:60] for one in usual}
    if (
        plate.size_standard not in own
        and named_size_standard(plate.size_standard, standards, kit=kit) is None
    ):
        raise SizeStandardForeign(
            name=plate.size_standard or "–", kit=kit.name,
            standards=", ".join(one.family for one in usual[:4]),
        )  # fmt: skip


def complete_injection_plate(
    session: Session, plate_code: str, *, by: Actor, at: datetime, station: str = ""
) -> Plate:
    """Complete an injection plate: from now on it can be loaded and its run imported.

    Raises NotFound, LabelNotVerified, LotsMissing, LadderMissing, PlateTooOld, NotOpen, OnHold.
    """
    if state_of(session, plate_code) == WorkState.DRAFT:
        release_injection(session, plate_code, by=by, at=at, station=station)
    _check_person(session, by, at=at)
    check_age(session, plate_of(session, plate_code), at=at)
    plate = complete_plate(session, plate_code, by=by, at=at, station=station)
    wells = wells_of(session, plate_code)
    take_up(
        session, (RepeatKind.RE_INJECTION,),
        {well.subject_code for well in wells if well.subject_code is not None},
        work=plate_code, parent=plate.made_from, by=by, at=at, station=station,
    )  # fmt: skip
    return plate


def release_injection(
    session: Session, plate_code: str, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Release an injection plate: its label, lots, the age of what it holds, ladders, the checks.

    Raises NotFound, NotAnInjectionPlate, ReleasedAlready, NotAuthorised, LabelNotVerified,
    LotsMissing, PlateTooOld, LadderMissing, SizeStandardForeign, EliminationMissing, and
    what plates.operations.release raises.
    """
    if plate_of(session, plate_code).activity is not Activity.INJECTION:
        raise NotAnInjectionPlate(code=plate_code)
    check_draft(plate_code, state_of(session, plate_code))
    _check_person(session, by, at=at)
    check_label(session, plate_code)
    if not lots_used(session, plate_code):
        raise LotsMissing(code=plate_code)
    plate = plate_of(session, plate_code)
    check_age(session, plate, at=at)
    _check_size_standard(session, plate)
    procedure = procedure_of(session, plate.procedure_id)
    wells = wells_of(session, plate_code)
    check_ladders(
        [well.position for well in wells],
        [well.position for well in wells if well.role is WellRole.LADDER],
        code=plate_code,
        each=wells_per_ladder(document_of(procedure).limits, procedure=procedure.name),
    )
    release(session, plate_code, by=by, at=at, station=station)


def name_for_analyzer(
    session: Session,
    plate_code: str,
    *,
    names: Mapping[str, str],
    by: Actor,
    at: datetime,
    file_plate_name: str | None = None,
) -> None:
    """Say which names the analyzer was given, where they are not the codes: well to name.

    '' takes a name back. Names stay out of the ledger: somebody may have typed a person's.
    Raises NotFound, NotAnInjectionPlate, NamesAfterImport, NotAPosition; NotFound for a well that
    holds nothing.
    """
    lock_subject(session, plate_code)
    plate = plate_of(session, plate_code)
    if plate.activity is not Activity.INJECTION:
        raise NotAnInjectionPlate(code=plate_code)
    refuse_if_held(session, plate_code)
    if session.scalar(select(Run.id).where(Run.plate_code == plate_code).limit(1)) is not None:
        raise NamesAfterImport(code=plate_code)
    wells = {well.position: well for well in wells_of(session, plate_code)}
    changed = []
    for read, name in names.items():
        position = read_position(read)
        if position not in wells:
            raise WellEmpty(plate=plate_code, position=position)
        if wells[position].file_sample_name != name.strip():
            wells[position].file_sample_name = name.strip()[:120]
            changed.append(position)
    if file_plate_name is not None:
        plate.file_plate_name = file_plate_name.strip()[:120]
    session.flush()
    append(
        session, Tag.PLATE_NAMES_GIVEN, stream=plate_code, by=by, at=at,
        content={"wells": sorted(changed), "plate_named": bool(plate.file_plate_name)},
    )  # fmt: skip
