# SPDX-License-Identifier: Apache-2.0
"""Reading instruments: one, whether it may be used, all of them."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.operations import refuse_if_held
from lims.equipment.models import Instrument
from lims.equipment.rules import check_instrument, instrument_state
from lims.people.rules import Activity


@dataclass(frozen=True)
class InstrumentShown:
    """An instrument as the stock page lists it; `state` is a key of the badges."""

    code: str
    name: str
    activity: str
    serial: str
    calibration_due: date
    state: str


def instrument_of(session: Session, code: str) -> Instrument:
    """Return the instrument of a code; raises NotFound."""
    instrument = session.get(Instrument, code)
    if instrument is None:
        raise NotFound(code=code)
    return instrument


def usable_instrument(session: Session, code: str, *, activity: Activity, on: date) -> Instrument:
    """Return the instrument if it may be used for `activity` on that day.

    Raises NotFound, InstrumentOfOtherActivity, CalibrationOverdue, OnHold.
    """
    instrument = instrument_of(session, code)
    check_instrument(
        name=instrument.name, due=instrument.calibration_due, today=on,
        fits=instrument.activity == activity,
    )  # fmt: skip
    refuse_if_held(session, code)
    return instrument


def instruments(session: Session, *, today: date) -> tuple[InstrumentShown, ...]:
    """Return every instrument, what must be calibrated first at the top."""
    found = select(Instrument).order_by(Instrument.calibration_due, Instrument.code).limit(500)
    return tuple(
        InstrumentShown(
            one.code, one.name, one.activity, one.serial, one.calibration_due,
            instrument_state(one.calibration_due, today=today),
        )
        for one in session.scalars(found)
    )  # fmt: skip


def is_instrument(session: Session, code: str) -> bool:
    """Return whether a code is an instrument's; places of storage have codes of the same kind."""
    return session.get(Instrument, code) is not None
