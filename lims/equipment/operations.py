# SPDX-License-Identifier: Apache-2.0
"""The verbs of instruments: register, record a calibration."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, create_subject, fresh_code, lock_subject
from lims.custody.rules import Tag
from lims.equipment.models import Instrument
from lims.equipment.queries import instrument_of
from lims.equipment.rules import CalibrationBackwards, InstrumentState, InstrumentThere
from lims.people.rules import Activity


def register_instrument(
    session: Session,
    *,
    name: str,
    activity: Activity,
    calibration_due: date,
    by: Actor,
    at: datetime,
    serial: str = "",
    station: str = "",
) -> str:
    """Register an analyzer, cycler, balance or pipette; return its code (kind C).

    `serial` is the maker's, as analyzer files name it. Raises InstrumentThere.
    """
    code = fresh_code(session, Kind.CONTAINER)
    try:
        with session.begin_nested():
            create_subject(
                session, code, Tag.INSTRUMENT_RECORD_ADDED, by=by, at=at, device=station,
                content={
                    "name": name, "activity": activity.value, "serial": serial,
                    "calibration_due": calibration_due.isoformat(),
                },
                state=InstrumentState.IN_USE,
            )  # fmt: skip
            session.add(
                Instrument(
                    code=code, name=name, activity=activity, serial=serial,
                    calibration_due=calibration_due, registered_at=at,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        there = session.scalar(select(Instrument.code).where(Instrument.name == name))
        if there is None:
            raise
        raise InstrumentThere(name=name, code=there) from None
    return code


def record_calibration(
    session: Session, code: str, *, until: date, by: Actor, at: datetime
) -> Instrument:
    """Record that an instrument is calibrated until a day. Raises NotFound, CalibrationBackwards.

    The day before stays in the ledger.
    """
    lock_subject(session, code)
    instrument = instrument_of(session, code)
    before = instrument.calibration_due
    if until < before:
        raise CalibrationBackwards(
            name=instrument.name, due=before.isoformat(), until=until.isoformat()
        )
    instrument.calibration_due = until
    append(
        session, Tag.INSTRUMENT_CALIBRATION_RECORDED, stream=code, by=by, at=at,
        content={"until": until.isoformat(), "before": before.isoformat()},
    )  # fmt: skip
    session.flush()
    return instrument
