# SPDX-License-Identifier: Apache-2.0
"""Reading amplification plates: what stands on them, what they lack, what waits for them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit, control_name
from lims.amplification.models import Amplification
from lims.amplification.rules import (
    CONTROL_WELLS,
    Decided,
    Filled,
    NotAnAmplificationPlate,
    Room,
    Setup,
    control_text,
    kit_text,
    room_of,
    set_up,
)
from lims.core.codes import Kind
from lims.core.words import N_, Say
from lims.extraction.models import Extract
from lims.extraction.queries import blanks_of
from lims.kits.queries import controls_for, kit_worked_by
from lims.people.rules import Line
from lims.plates.models import Plate, Well
from lims.plates.queries import (
    Used,
    lots_used,
    plate_of,
    state_of,
    uses_of,
    waits_for_amplification,
    wells_of,
)
from lims.plates.rules import OPEN_STATES, ROLE_MARKS, Activity, WellRole
from lims.procedures.queries import document_of, procedure_of
from lims.quantification.queries import (
    StationPlate,
    Waiting,
    decision_of,
    station_plate,
    waiting,
)
from lims.reagents.models import Lot
from lims.samples.models import Aliquot
from lims.samples.rules import thousandths


@dataclass(frozen=True)
class AmplificationPlate:
    """A plate at its station: the map with volumes, and what is still missing on it."""

    map: StationPlate
    missing: tuple[Say, ...]


@dataclass(frozen=True)
class Reaction:
    """A well of an amplification plate: what stands in it, and how it was set up."""

    position: str
    role: str
    code: str
    reaction: Amplification | None
    setup: Setup


@dataclass(frozen=True)
class PlatePage:
    """An amplification plate as its page shows it."""

    plate: Plate
    state: str
    rows: tuple[Reaction, ...]
    missing: tuple[Say, ...]
    uses: tuple[Used, ...]
    room: Room | None


@dataclass(frozen=True)
class LotsOnPlate:
    """The lots of a plate that matter for its completion; None where none was scanned."""

    kit: Lot | None
    control: Lot | None


def amplification_plate(session: Session, code: str) -> Plate:
    """Return an amplification plate; raises NotFound, NotAnAmplificationPlate."""
    if code[0] != Kind.PLATE or plate_of(session, code).activity is not Activity.AMPLIFICATION:
        raise NotAnAmplificationPlate(code=code)
    return plate_of(session, code)


def kit_of(session: Session, plate: Plate) -> Kit:
    """Return the kit of a plate in the version that it was opened with; raises KitUnknown."""
    return kit_worked_by(session, plate.code, plate.kit, at=plate.opened_at).kit


def kit_of_lot(lot: Lot, kits: Iterable[Kit]) -> Kit | None:
    """Return which of these kits a lot is of, None where its reagent is none."""
    name = kit_text(lot.reagent)
    return next((kit for kit in kits if kit.is_called(name)), None)


def control_of_lot(lot: Lot, kit: Kit) -> str:
    """Return the control DNA a lot is of: the name on record if it has one; '' for others."""
    text = control_text(lot.reagent)
    return (control_name(text, controls_for(kit)) or text) if text else ""


def lots_on_plate(session: Session, plate: Plate) -> LotsOnPlate:
    """Return which lots of its kit and of control DNA were scanned for a plate."""
    lots = lots_used(session, plate.code)
    kit = kit_of(session, plate)
    return LotsOnPlate(
        next((lot for lot in lots if kit_of_lot(lot, [kit])), None),
        next((lot for lot in lots if control_of_lot(lot, kit)), None),
    )


def decided_of(session: Session, code: str) -> Decided | None:
    """Return what quantification decided of an extract, None where it did not."""
    found = decision_of(session, code)
    if found is None:
        return None
    return Decided(
        found.step, found.fg_per_ul, found.volume_nl, found.drawn_nl, found.dilution,
        found.template_fg, found.low_template, found.confirmed_at is not None, found.plate_code,
    )  # fmt: skip


def filled_wells(session: Session, plate_code: str) -> tuple[Filled, ...]:
    """Return the extracts on a plate with their batches and volumes, in the order of wells."""
    rows = session.execute(
        select(
            Extract.code,
            Extract.batch_code,
            Extract.is_blank,
            Amplification.extract_volume_nl,
            Amplification.dilution,
        )
        .join(Amplification, Amplification.extract_code == Extract.code)
        .join(Well, Well.id == Amplification.well_id)
        .where(Well.plate_code == plate_code, Well.voided_at.is_(None))
        .order_by(Well.id)
    )
    # A dilution counts as the undiluted extract that it holds.
    return tuple(
        Filled(code, batch, blank, volume // dilution)
        for code, batch, blank, volume, dilution in rows
    )


def amplification_of(session: Session, well_id: int) -> Amplification | None:
    """Return how a well was amplified, None for a well of another plate."""
    return session.scalar(select(Amplification).where(Amplification.well_id == well_id))


def amplifications_of(session: Session, plate_code: str) -> Mapping[str, Amplification]:
    """Return the amplification of each filled well of a plate, by position."""
    rows = session.execute(
        select(Well.position, Amplification)
        .join(Amplification, Amplification.well_id == Well.id)
        .where(Well.plate_code == plate_code, Well.voided_at.is_(None))
    )
    return dict(rows.all())


def times_amplified(session: Session, sample_code: str) -> int:
    """Return how often a sample stands or stood on amplification plates, open ones too."""
    found = session.scalar(
        select(func.count())
        .select_from(Amplification)
        .join(Well, Well.id == Amplification.well_id)
        .join(Extract, Extract.code == Amplification.extract_code)
        .join(Aliquot, Aliquot.code == Extract.source_code)
        .where(Aliquot.sample_code == sample_code, Well.voided_at.is_(None))
    )
    return found or 0


def extracts_to_amplify(
    session: Session, *, line: Line | None = None, after: str = "", limit: int = 100
) -> tuple[Waiting, ...]:
    """Return the extracts of samples that wait for their first amplification, the oldest first.

    Of bones those whose quantity says so; references all. One query; held ones are left out.
    """
    return waiting(session, waits_for_amplification(), line=line, after=after, limit=limit)


def plate_at_station(session: Session, code: str) -> AmplificationPlate:
    """Return the picture of a plate with its volumes, and what it lacks before DONE."""
    shown = station_plate(session, code, keep=CONTROL_WELLS)
    volumes = amplifications_of(session, code)
    wells = dict(shown.wells)
    for position, found in volumes.items():
        if found.extract_code is not None:
            thinned = f" 1:{found.dilution}" if found.dilution > 1 else ""
            words = f"{wells[position].words}{thinned}, {thousandths(found.extract_volume_nl)} µl"
            role = "flag" if found.low_template else wells[position].role
            wells[position] = replace(wells[position], words=words, role=role)
    return AmplificationPlate(
        replace(shown, wells=wells), missing_on(session, plate_of(session, code))
    )


def controls_needed(session: Session, plate: Plate) -> Counter[WellRole]:
    """Return how many positive and negative controls a plate has: as its procedure says, or one."""
    asked = document_of(procedure_of(session, plate.procedure_id)).controls
    return Counter(
        {role: max(1, asked.get(role.value, 0)) for role in (WellRole.POSITIVE, WellRole.NEGATIVE)}
    )


def plate_page(session: Session, code: str) -> PlatePage:
    """Return an amplification plate and its reactions; raises as amplification_plate does."""
    plate = amplification_plate(session, code)
    state = state_of(session, code)
    reactions = amplifications_of(session, code)
    room = room_of(document_of(procedure_of(session, plate.procedure_id)))
    rows = tuple(
        Reaction(
            well.position, ROLE_MARKS[well.role], well.subject_code or "",
            reactions.get(well.position), _setup(well, reactions.get(well.position), room),
        )
        for well in wells_of(session, code)
    )  # fmt: skip
    missing = missing_on(session, plate) if state in OPEN_STATES else ()
    return PlatePage(plate, state, rows, missing, uses_of(session, code), room)


def _setup(well: Well, reaction: Amplification | None, room: Room | None) -> Setup:
    """Return how a well is pipetted: an extract by its plan, a control as the procedure says."""
    if reaction is not None and reaction.extract_code is not None:
        return set_up(
            reaction.extract_volume_nl, dilution=reaction.dilution, drawn_nl=reaction.drawn_nl,
            room=room,
        )  # fmt: skip
    control = room.control_nl if room is not None else None
    volume = 0 if well.role is WellRole.NEGATIVE else control
    return set_up(volume, dilution=1, drawn_nl=volume, room=room)


def missing_on(session: Session, plate: Plate) -> tuple[Say, ...]:
    """Return what a plate lacks before it can be completed, in words."""
    lots = lots_on_plate(session, plate)
    wells = filled_wells(session, plate.code)
    missing = []
    if lots.kit is None:
        missing.append(Say(N_("the lot of %(kit)s"), {"kit": plate.kit}))
    if lots.control is None:
        missing.append(Say(N_("the lot of the control DNA")))
    with_blank = {well.batch for well in wells if well.is_blank}
    lacking = sorted({well.batch for well in wells if not well.is_blank} - with_blank)
    blanks = blanks_of(session, lacking)
    missing += [
        Say(
            N_("the blank %(code)s of batch %(batch)s"),
            {"code": blanks.get(batch, "–"), "batch": batch},
        )
        for batch in lacking
    ]
    return tuple(missing)
