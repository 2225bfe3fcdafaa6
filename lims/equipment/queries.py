# SPDX-License-Identifier: Apache-2.0
"""Reading instruments: one, whether it may be used, all of them, plans and consumables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.operations import refuse_if_held
from lims.equipment.models import Consumable, Instrument, InstrumentPlan, InstrumentUpkeep
from lims.equipment.rules import (
    InstrumentStopped,
    MaintenanceOverdue,
    OnAnalyzer,
    PlanKind,
    check_consumables,
    check_instrument,
    instrument_state,
    is_overdue,
)
from lims.people.rules import Activity


@dataclass(frozen=True)
class InstrumentShown:
    """An instrument as the list shows it; `next_due` is the nearest day of all its plans."""

    code: str
    name: str
    kind: str
    activity: str
    serial: str
    calibration_due: date
    next_due: date
    state: str


def instrument_of(session: Session, code: str) -> Instrument:
    """Return the instrument of a code; raises NotFound."""
    instrument = session.get(Instrument, code)
    if instrument is None:
        raise NotFound(code=code)
    return instrument


def plan_of(session: Session, number: int) -> InstrumentPlan:
    """Return a plan; raises NotFound."""
    plan = session.get(InstrumentPlan, number)
    if plan is None:
        raise NotFound(code=str(number))
    return plan


def plans_of(session: Session, *codes: str) -> Sequence[InstrumentPlan]:
    """Return the plans of instruments, what is due first at the top. One query."""
    return session.scalars(
        select(InstrumentPlan)
        .where(InstrumentPlan.instrument_code.in_(codes))
        .order_by(InstrumentPlan.due, InstrumentPlan.id)
    ).all()


def upkeep_of(session: Session, code: str, *, limit: int = 100) -> Sequence[InstrumentUpkeep]:
    """Return what was done to an instrument, the newest first."""
    return session.scalars(
        select(InstrumentUpkeep)
        .join(InstrumentPlan, InstrumentPlan.id == InstrumentUpkeep.plan_id)
        .where(InstrumentPlan.instrument_code == code)
        .order_by(InstrumentUpkeep.id.desc())
        .limit(limit)
    ).all()


def installed_on(session: Session, *codes: str) -> Sequence[Consumable]:
    """Return the consumables that are on analyzers now, by kind. One query."""
    return session.scalars(
        select(Consumable)
        .where(Consumable.instrument_code.in_(codes), Consumable.removed_at.is_(None))
        .order_by(Consumable.kind)
    ).all()


def on_analyzer(one: Consumable) -> OnAnalyzer:
    """Return a consumable as it decides on use."""
    return OnAnalyzer(
        one.kind, one.number, one.expires, one.injections, one.most_injections, one.runs,
        one.most_runs,
    )  # fmt: skip


def usable_instrument(session: Session, code: str, *, activity: Activity, on: date) -> Instrument:
    """Return the instrument if it may be used for `activity` on that day.

    Raises NotFound, InstrumentOfOtherActivity, InstrumentStopped, CalibrationOverdue,
    MaintenanceOverdue, ConsumableExpired, ConsumableAtLimit, OnHold.
    """
    instrument = instrument_of(session, code)
    if instrument.out_since is not None and instrument.activity == activity:
        raise InstrumentStopped(
            name=instrument.name, since=instrument.out_since.date().isoformat(),
            reason=instrument.out_reason,
        )  # fmt: skip
    check_instrument(
        name=instrument.name, due=instrument.calibration_due, today=on,
        fits=instrument.activity == activity,
    )  # fmt: skip
    for plan in plans_of(session, code):
        if plan.kind is PlanKind.MAINTENANCE and is_overdue(plan.due, today=on):
            raise MaintenanceOverdue(
                name=instrument.name, due=plan.due.isoformat(), plan=plan.name
            )  # fmt: skip
    installed = [on_analyzer(one) for one in installed_on(session, code)]
    check_consumables(instrument.name, installed, today=on)
    refuse_if_held(session, code)
    return instrument


def instruments(session: Session, *, today: date) -> tuple[InstrumentShown, ...]:
    """Return every instrument, what must be calibrated or maintained first at the top."""
    nearest = (
        select(InstrumentPlan.instrument_code, func.min(InstrumentPlan.due).label("due"))
        .group_by(InstrumentPlan.instrument_code)
        .subquery()
    )
    found = session.execute(
        select(Instrument, nearest.c.due)
        .join(nearest, nearest.c.instrument_code == Instrument.code)
        .order_by(nearest.c.due, Instrument.code)
        .limit(1000)
    )
    return tuple(
        InstrumentShown(
            one.code, one.name, one.kind.value, one.activity, one.serial, one.calibration_due, due,
            instrument_state(due, today=today, out=one.out_since is not None),
        )
        for one, due in found
    )  # fmt: skip


def is_instrument(session: Session, code: str) -> bool:
    """Return whether a code is an instrument's; places of storage have codes of the same kind."""
    return session.get(Instrument, code) is not None
