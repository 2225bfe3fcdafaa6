# SPDX-License-Identifier: Apache-2.0
"""When an instrument may be used: calibrated, and for the right activity."""

from datetime import date, timedelta
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_

SOON = timedelta(days=30)
"""How long before its calibration is due an instrument is shown as due soon."""


class InstrumentState(StrEnum):
    """Whether an instrument is in use."""

    IN_USE = "in use"


class CalibrationOverdue(Refusal):
    """The instrument was to be calibrated before."""

    says = N_("Instrument %(name)s: calibration overdue since %(due)s.")
    do = N_("Use another one, or have it calibrated and the new date recorded.")


class InstrumentOfOtherActivity(Refusal):
    """An instrument that is for another step of the work."""

    says = N_("Instrument %(name)s is not for this step of the work.")
    do = N_("Scan the instrument that you are going to use.")


class InstrumentThere(Refusal):
    """An instrument of this name is registered."""

    says = N_("There is an instrument named %(name)s already: %(code)s.")
    do = N_("Give the new one another name, or record the calibration of that one.")


class CalibrationBackwards(Refusal):
    """A calibration date before the one on record."""

    says = N_("Instrument %(name)s is calibrated until %(due)s; %(until)s is earlier.")
    do = N_("Compare the certificate.")
    status = 422


def is_overdue(due: date, *, today: date) -> bool:
    """Return whether calibration is overdue: on the day itself the instrument may be used."""
    return today > due


def instrument_state(due: date, *, today: date) -> str:
    """Return how an instrument is shown: overdue, due (soon) or ready."""
    if is_overdue(due, today=today):
        return "overdue"
    return "due" if due - today <= SOON else "ready"


def check_instrument(*, name: str, due: date, today: date, fits: bool) -> None:
    """Refuse an instrument for another activity (not `fits`), or not calibrated in time."""
    if not fits:
        raise InstrumentOfOtherActivity(name=name)
    if is_overdue(due, today=today):
        raise CalibrationOverdue(name=name, due=due.isoformat())
