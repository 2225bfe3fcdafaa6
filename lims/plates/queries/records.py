# SPDX-License-Identifier: Apache-2.0
"""Reading one batch or plate, and what stands in it."""

from collections import Counter
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.equipment.models import Instrument
from lims.plates.models import Batch, BatchMember, BatchUse, Plate, Well
from lims.plates.rules import ACROSS_POSITIONS, PLATE_POSITIONS, RACK_POSITIONS, WellRole
from lims.procedures.queries import document_of, procedure_of
from lims.procedures.rules import PlateOrder
from lims.reagents.models import Lot


@dataclass(frozen=True)
class Used:
    """A lot or an instrument that a batch or plate used; `until` its expiry or calibration."""

    code: str
    name: str
    number: str
    until: date


def batch_of(session: Session, code: str) -> Batch:
    """Return the batch of a code; raises NotFound."""
    batch = session.get(Batch, code)
    if batch is None:
        raise NotFound(code=code)
    return batch


def plate_of(session: Session, code: str) -> Plate:
    """Return the plate of a code; raises NotFound."""
    plate = session.get(Plate, code)
    if plate is None:
        raise NotFound(code=code)
    return plate


def state_of(session: Session, code: str) -> str:
    """Return the state of a batch or plate; raises NotFound."""
    state = session.scalar(select(Subject.state).where(Subject.code == code))
    if state is None:
        raise NotFound(code=code)
    return state


def members_of(session: Session, batch_code: str) -> tuple[BatchMember, ...]:
    """Return what stands in a batch, in the order of the rack; voided placements left out."""
    found = session.scalars(
        select(BatchMember).where(
            BatchMember.batch_code == batch_code, BatchMember.voided_at.is_(None)
        )
    )
    return tuple(sorted(found, key=lambda member: RACK_POSITIONS.index(member.position)))


def placement_of(session: Session, subject_code: str) -> BatchMember | None:
    """Return where a tube stands, None where it stands in no batch."""
    return session.scalar(
        select(BatchMember).where(
            BatchMember.subject_code == subject_code, BatchMember.voided_at.is_(None)
        )
    )


def wells_of(session: Session, plate_code: str) -> tuple[Well, ...]:
    """Return the filled wells of a plate in the order of filling (A01, B01 … H12)."""
    found = session.scalars(
        select(Well).where(Well.plate_code == plate_code, Well.voided_at.is_(None))
    )
    return tuple(sorted(found, key=lambda well: PLATE_POSITIONS.index(well.position)))


def hands_in(session: Session, work: Batch | Plate) -> set[str]:
    """Return who opened, filled, released or completed a batch or plate, as actor ids."""
    if isinstance(work, Plate):
        placed = select(Well.filled_by).where(Well.plate_code == work.code)
    else:
        placed = select(BatchMember.placed_by).where(BatchMember.batch_code == work.code)
    hands = {work.opened_by, work.released_by, work.completed_by, *session.scalars(placed)}
    return {hand for hand in hands if hand}


def roles_in(session: Session, code: str) -> Counter[WellRole]:
    """Return how many of each role stand in a batch or on a plate."""
    found = select(BatchMember.role, func.count()).where(BatchMember.batch_code == code)
    if code[0] == Kind.PLATE:
        found = select(Well.role, func.count()).where(Well.plate_code == code)
    what = Well if code[0] == Kind.PLATE else BatchMember
    rows = session.execute(found.where(what.voided_at.is_(None)).group_by(what.role))
    return Counter(dict(rows.all()))


def awaited_in(session: Session, code: str) -> tuple[str, ...]:
    """Return the tubes that were planned into a batch or plate and wait for their scan."""
    return tuple(one.subject_code or "" for one in _awaited(session, code))


def next_awaited(session: Session, code: str) -> BatchMember | Well | None:
    """Return the place whose tube is to be scanned next, None where none waits for its scan."""
    return next(iter(_awaited(session, code)), None)


def _awaited(session: Session, code: str) -> tuple[BatchMember | Well, ...]:
    standing = wells_of(session, code) if code[0] == Kind.PLATE else members_of(session, code)
    return tuple(one for one in standing if one.awaits_scan)


def fill_order(session: Session, plate_code: str) -> tuple[str, ...]:
    """Return the wells of a plate in the order its procedure takes them: down, or across."""
    document = document_of(procedure_of(session, plate_of(session, plate_code).procedure_id))
    return ACROSS_POSITIONS if document.plate_order is PlateOrder.ACROSS else PLATE_POSITIONS


def filling_at(session: Session, plate_code: str, position: str) -> Well | None:
    """Return what stands in a well (`A01`), None where it is free."""
    return session.scalar(
        select(Well).where(
            Well.plate_code == plate_code, Well.position == position, Well.voided_at.is_(None)
        )
    )


def uses_of(session: Session, code: str) -> tuple[Used, ...]:
    """Return the lots and instruments that a batch or plate used, in the order of use."""
    rows = session.execute(
        select(BatchUse.used_code, Lot, Instrument)
        .outerjoin(Lot, Lot.code == BatchUse.used_code)
        .outerjoin(Instrument, Instrument.code == BatchUse.used_code)
        .where(BatchUse.subject_code == code)
        .order_by(BatchUse.id)
    )
    return tuple(
        Used(used, lot.reagent, lot.number, lot.expires)
        if lot is not None
        else Used(used, instrument.name, instrument.serial, instrument.calibration_due)
        for used, lot, instrument in rows
    )


def lots_used(session: Session, code: str) -> tuple[Lot, ...]:
    """Return the lots that a batch or plate used, in the order of use."""
    found = select(Lot).join(BatchUse, BatchUse.used_code == Lot.code)
    return tuple(session.scalars(found.where(BatchUse.subject_code == code).order_by(BatchUse.id)))
