# SPDX-License-Identifier: Apache-2.0
"""The verbs of instruments: register, plan, record what was done, service, consumables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, change_state, create_subject, fresh_code, lock_subject
from lims.custody.rules import Tag
from lims.equipment.models import (
    Consumable,
    ConsumableUse,
    Instrument,
    InstrumentPlan,
    InstrumentUpkeep,
)
from lims.equipment.queries import installed_on, instrument_of, plan_of, plans_of
from lims.equipment.rules import (
    CalibrationBackwards,
    ConsumableKind,
    DoneAhead,
    InstrumentKind,
    InstrumentState,
    InstrumentThere,
    NoAnalyzer,
    OwnStop,
    PlanKind,
    PlanThere,
    StopUnchanged,
    check_reason,
)
from lims.people.rules import Activity

FIRST_PLAN = "Calibration"
"""The plan that every instrument begins with."""


@dataclass(frozen=True)
class SeenConsumable:
    """A consumable as an instrument's file names it."""

    kind: ConsumableKind
    number: str
    expires: date | None


def register_instrument(
    session: Session,
    *,
    name: str,
    activity: Activity,
    calibration_due: date,
    by: Actor,
    at: datetime,
    kind: InstrumentKind = InstrumentKind.OTHER,
    interval_days: int = 365,
    serial: str = "",
    station: str = "",
) -> str:
    """Register an analyzer, cycler, balance or pipette; return its code (kind C).

    Its plan of calibration is due on `calibration_due` and every `interval_days` after. `serial`
    is the maker's, as analyzer files name it. Raises InstrumentThere.
    """
    code = fresh_code(session, Kind.CONTAINER)
    try:
        with session.begin_nested():
            create_subject(
                session, code, Tag.INSTRUMENT_RECORD_ADDED, by=by, at=at, device=station,
                content={
                    "name": name, "kind": kind.value, "activity": activity.value,
                    "serial": serial, "calibration_due": calibration_due.isoformat(),
                    "interval_days": interval_days,
                },
                state=InstrumentState.IN_USE,
            )  # fmt: skip
            session.add(
                Instrument(
                    code=code, name=name, kind=kind, activity=activity, serial=serial,
                    calibration_due=calibration_due, out_since=None, registered_at=at,
                )
            )  # fmt: skip
            session.flush()
            session.add(
                InstrumentPlan(
                    instrument_code=code, kind=PlanKind.CALIBRATION, name=FIRST_PLAN,
                    interval_days=interval_days, due=calibration_due,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        there = session.scalar(select(Instrument.code).where(Instrument.name == name))
        if there is None:
            raise
        raise InstrumentThere(name=name, code=there) from None
    return code


def add_plan(
    session: Session, code: str, *, kind: PlanKind, name: str, interval_days: int, due: date,
    by: Actor, at: datetime,
) -> InstrumentPlan:  # fmt: skip
    """Plan a calibration or maintenance that comes again every `interval_days`.

    Raises NotFound, PlanThere.
    """
    lock_subject(session, code)
    instrument = instrument_of(session, code)
    if any(one.name == name for one in plans_of(session, code)):
        raise PlanThere(name=instrument.name, plan=name)
    plan = InstrumentPlan(
        instrument_code=code, kind=kind, name=name, interval_days=interval_days, due=due
    )
    session.add(plan)
    session.flush()
    before = instrument.calibration_due
    _settle_due(session, instrument)
    append(
        session, Tag.INSTRUMENT_PLAN_ADDED, stream=code, by=by, at=at,
        content={
            "kind": kind.value, "plan": name, "interval_days": interval_days,
            "due": due.isoformat(),
        },
    )  # fmt: skip
    if instrument.calibration_due != before:
        append(
            session, Tag.INSTRUMENT_CALIBRATION_RECORDED, stream=code, by=by, at=at,
            content={
                "until": instrument.calibration_due.isoformat(), "before": before.isoformat(),
            },
        )  # fmt: skip
    return plan


def record_upkeep(
    session: Session,
    plan_id: int,
    *,
    done_on: date,
    by: Actor,
    at: datetime,
    until: date | None = None,
    done_by: str = "",
    certificate: str = "",
) -> InstrumentPlan:
    """Record that a calibration or maintenance was done; due again at `until`, else by its plan.

    Raises NotFound, DoneAhead, CalibrationBackwards. The day before stays in the ledger.
    """
    plan = plan_of(session, plan_id)
    lock_subject(session, plan.instrument_code)
    instrument = instrument_of(session, plan.instrument_code)
    due = until or done_on + timedelta(days=plan.interval_days)
    if done_on > at.date() or due < done_on:
        raise DoneAhead(done=done_on.isoformat(), until=due.isoformat())
    if due < plan.due:
        raise CalibrationBackwards(
            name=instrument.name, plan=plan.name, due=plan.due.isoformat(), until=due.isoformat()
        )
    before, shown = plan.due, instrument.calibration_due
    plan.due = due
    session.add(
        InstrumentUpkeep(
            plan_id=plan.id, done_on=done_on, done_by=done_by, certificate=certificate, due=due,
            at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()
    _settle_due(session, instrument)
    content: dict[str, object] = {
        "plan": plan.name, "done_on": done_on.isoformat(), "done_by": done_by,
        "certificate": certificate,
    }  # fmt: skip
    calibrated = plan.kind is PlanKind.CALIBRATION
    if calibrated:
        content |= {"until": instrument.calibration_due.isoformat(), "before": shown.isoformat()}
    else:
        content |= {"due": due.isoformat(), "was_due": before.isoformat()}
    append(
        session,
        Tag.INSTRUMENT_CALIBRATION_RECORDED if calibrated else Tag.INSTRUMENT_UPKEEP_RECORDED,
        stream=instrument.code, by=by, at=at, content=content,
    )  # fmt: skip
    return plan


def stop_instrument(
    session: Session, code: str, *, reason: str, by: Actor, at: datetime
) -> Instrument:
    """Take an instrument out of service. Raises NotFound, ReasonMissing, StopUnchanged."""
    lock_subject(session, code)
    instrument = instrument_of(session, code)
    said = check_reason(reason)
    if instrument.out_since is not None:
        raise StopUnchanged(name=instrument.name)
    instrument.out_since, instrument.out_by, instrument.out_reason = at, by.id, said
    change_state(
        session, code, InstrumentState.STOPPED, Tag.INSTRUMENT_WORK_STOPPED, by=by,
        at=at, content={"why": said},
    )  # fmt: skip
    session.flush()
    return instrument


def resume_instrument(
    session: Session, code: str, *, reason: str, by: Actor, at: datetime
) -> Instrument:
    """Release an instrument into service again, by somebody else than who took it out.

    `reason` says what was done and tested. Raises NotFound, ReasonMissing, StopUnchanged,
    OwnStop.
    """
    lock_subject(session, code)
    instrument = instrument_of(session, code)
    said = check_reason(reason)
    if instrument.out_since is None:
        raise StopUnchanged(name=instrument.name)
    if instrument.out_by == by.id:
        raise OwnStop(name=instrument.name)
    instrument.out_since, instrument.out_by, instrument.out_reason = None, "", ""
    change_state(
        session, code, InstrumentState.IN_USE, Tag.INSTRUMENT_WORK_RESUMED, by=by, at=at,
        content={"why": said},
    )  # fmt: skip
    session.flush()
    return instrument


def install_consumable(
    session: Session, code: str, *, kind: ConsumableKind, number: str, expires: date | None,
    by: Actor, at: datetime, most_injections: int | None = None, most_runs: int | None = None,
    lot_code: str | None = None,
) -> Consumable:  # fmt: skip
    """Record what was put on an analyzer; the one of its kind before is off.

    Raises NotFound, NoAnalyzer.
    """
    lock_subject(session, code)
    instrument = instrument_of(session, code)
    if instrument.kind is not InstrumentKind.ANALYZER:
        raise NoAnalyzer(name=instrument.name)
    return _install(
        session, code, SeenConsumable(kind, number, expires), by=by, at=at, lot_code=lot_code,
        most_injections=most_injections, most_runs=most_runs,
    )  # fmt: skip


def count_run(
    session: Session, serial: str, *, plate: str, run: int, injections: int,
    seen: Sequence[SeenConsumable], by: Actor, at: datetime,
) -> None:  # fmt: skip
    """Move the counts of what is on the analyzer of this serial number by an imported run.

    What the run's files name and is not on record is recorded as installed, as the files say. A
    serial number that no analyzer of the laboratory has moves nothing.
    """
    analyzer = session.scalar(
        select(Instrument)
        .where(Instrument.serial == serial, Instrument.kind == InstrumentKind.ANALYZER)
        .order_by(Instrument.code)
        .limit(1)
    )
    if analyzer is None or not serial:
        return
    lock_subject(session, analyzer.code)
    there = {one.kind: one for one in installed_on(session, analyzer.code)}
    for one in seen:
        known = there.get(one.kind)
        if one.number and (known is None or known.number != one.number):
            there[one.kind] = _install(session, analyzer.code, one, by=by, at=at)
    for kind in sorted(there):
        installed = there[kind]
        installed.injections += injections
        installed.runs += 1
        session.add(
            ConsumableUse(
                consumable_id=installed.id, plate_code=plate, run=run, injections=injections, at=at
            )
        )
    session.flush()
    if there:
        append(
            session, Tag.INSTRUMENT_CONSUMABLE_COUNTED, stream=analyzer.code, by=by, at=at,
            content={
                "plate": plate, "run": run, "injections": injections,
                "counts": {
                    kind.value: [one.injections, one.runs] for kind, one in sorted(there.items())
                },
            },
        )  # fmt: skip


def _install(
    session: Session, code: str, seen: SeenConsumable, *, by: Actor, at: datetime,
    most_injections: int | None = None, most_runs: int | None = None, lot_code: str | None = None,
) -> Consumable:  # fmt: skip
    for former in installed_on(session, code):
        if former.kind is seen.kind:
            former.removed_at = at
            if most_injections is None and most_runs is None:
                most_injections, most_runs = former.most_injections, former.most_runs
    session.flush()
    made = Consumable(
        instrument_code=code, kind=seen.kind, lot_code=lot_code, number=seen.number,
        expires=seen.expires, most_injections=most_injections, most_runs=most_runs, injections=0,
        runs=0, installed_at=at, installed_by=by.id, removed_at=None,
    )  # fmt: skip
    session.add(made)
    session.flush()
    append(
        session, Tag.INSTRUMENT_CONSUMABLE_INSTALLED, stream=code, by=by, at=at,
        content={
            "kind": seen.kind.value, "number": seen.number, "lot": lot_code or "",
            "expires": seen.expires.isoformat() if seen.expires else "",
            "most_injections": most_injections, "most_runs": most_runs,
        },
    )  # fmt: skip
    return made


def _settle_due(session: Session, instrument: Instrument) -> None:
    instrument.calibration_due = min(
        one.due for one in plans_of(session, instrument.code) if one.kind is PlanKind.CALIBRATION
    )
    session.flush()
