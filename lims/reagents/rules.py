# SPDX-License-Identifier: Apache-2.0
"""When a lot may be used: released, of the right activity, and before its expiry is over."""

from datetime import date, timedelta
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_

SOON = timedelta(days=30)
"""How long before its expiry a lot is shown as running out of time."""


class LotState(StrEnum):
    """Whether quality control has let a lot go."""

    REGISTERED = "registered"
    RELEASED = "released"


class LotExpired(Refusal):
    """The lot is past its expiry."""

    says = N_("Lot %(number)s of %(reagent)s expired on %(expires)s.")
    do = N_("Put it aside and scan a lot that is still in date.")


class LotNotReleased(Refusal):
    """Quality control has not released the lot."""

    says = N_("Lot %(number)s of %(reagent)s is not yet released by quality control.")
    do = N_("Ask the laboratory manager to release it, or scan another lot.")


class LotOfOtherActivity(Refusal):
    """A lot that is for another step of the work."""

    says = N_("Lot %(number)s of %(reagent)s is not for this step of the work.")
    do = N_("Compare the bottle with the procedure and scan the right lot.")


class LotThere(Refusal):
    """The lot was registered before."""

    says = N_("Lot %(number)s of %(reagent)s is registered already, as %(code)s.")
    do = N_("Use its label, or print that one again.")


class AlreadyReleased(Refusal):
    """The lot was released before."""

    says = N_("Lot %(number)s of %(reagent)s was released already: %(at)s, by %(who)s.")
    do = N_("Nothing is to be done.")


class ExpiryPast(Refusal):
    """A lot that is out of date on the day it is registered or released."""

    says = N_("Lot %(number)s of %(reagent)s expired on %(expires)s.")
    do = N_("Compare the date with the bottle. An expired lot is not taken into stock.")
    status = 422


def is_expired(expires: date, *, today: date) -> bool:
    """Return whether a lot is past its expiry: on the day itself it may still be used."""
    return today > expires


def stock_state(state: str, expires: date, *, today: date) -> str:
    """Return how a lot is shown: expired, new (not released), due (soon expired) or released."""
    if is_expired(expires, today=today):
        return "expired"
    if state != LotState.RELEASED:
        return "new"
    return "due" if expires - today <= SOON else "released"


def check_lot(
    *, number: str, reagent: str, state: str, expires: date, today: date, fits: bool
) -> None:
    """Refuse a lot for another activity (not `fits`), expired, or not released."""
    if not fits:
        raise LotOfOtherActivity(number=number, reagent=reagent)
    if is_expired(expires, today=today):
        raise LotExpired(number=number, reagent=reagent, expires=expires.isoformat())
    if state != LotState.RELEASED:
        raise LotNotReleased(number=number, reagent=reagent)
