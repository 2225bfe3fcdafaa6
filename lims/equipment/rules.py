# SPDX-License-Identifier: Apache-2.0
"""When an instrument may be used: in service, calibrated and maintained, nothing on it run out."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from lims.core.errors import ReasonMissing, Refusal
from lims.core.words import N_, Say

SOON = timedelta(days=30)
"""How long before its calibration or maintenance is due an instrument is shown as due soon."""
NEARLY_PER_CENT = 90
"""From which part of its limit on a consumable is shown as running out."""
EXPIRES_SOON = timedelta(days=7)
"""How long before its expiry a consumable on an analyzer is shown as running out."""


class InstrumentState(StrEnum):
    """Whether an instrument is in use."""

    IN_USE = "in use"
    STOPPED = "out of service"


class InstrumentKind(StrEnum):
    """What an instrument is."""

    PIPETTE = "pipette"
    HOOD = "hood"
    CYCLER = "thermal cycler"
    QUANTIFIER = "quantification instrument"
    ANALYZER = "genetic analyzer"
    BALANCE = "balance"
    FREEZER = "freezer"
    OTHER = "other"


KIND_WORDS = {
    InstrumentKind.PIPETTE: N_("pipette"),
    InstrumentKind.HOOD: N_("hood"),
    InstrumentKind.CYCLER: N_("thermal cycler"),
    InstrumentKind.QUANTIFIER: N_("quantification instrument"),
    InstrumentKind.ANALYZER: N_("genetic analyzer"),
    InstrumentKind.BALANCE: N_("balance"),
    InstrumentKind.FREEZER: N_("freezer"),
    InstrumentKind.OTHER: N_("other instrument"),
}


class PlanKind(StrEnum):
    """What a plan asks for."""

    CALIBRATION = "calibration"
    MAINTENANCE = "maintenance"


PLAN_WORDS = {
    PlanKind.CALIBRATION: N_("calibration"),
    PlanKind.MAINTENANCE: N_("maintenance"),
}


class ConsumableKind(StrEnum):
    """What runs out on an analyzer; the first four as instruments.analyzers names them."""

    ARRAY = "capillary array"
    POLYMER = "polymer"
    ANODE_BUFFER = "anode buffer"
    CATHODE_BUFFER = "cathode buffer"
    SEPTA = "septa"


CONSUMABLE_WORDS = {
    ConsumableKind.ARRAY: N_("Capillary array"),
    ConsumableKind.POLYMER: N_("Polymer"),
    ConsumableKind.ANODE_BUFFER: N_("Anode buffer"),
    ConsumableKind.CATHODE_BUFFER: N_("Cathode buffer"),
    ConsumableKind.SEPTA: N_("Septa"),
}


class CalibrationOverdue(Refusal):
    """The instrument was to be calibrated before."""

    says = N_("Instrument %(name)s: calibration overdue since %(due)s.")
    do = N_("Use another one, or have it calibrated and the new date recorded.")


class MaintenanceOverdue(Refusal):
    """The instrument was to be maintained before."""

    says = N_("Instrument %(name)s: maintenance overdue since %(due)s (%(plan)s).")
    do = N_("Use another one, or have it done and recorded on the instrument's page.")


class InstrumentStopped(Refusal):
    """The instrument was taken out of service."""

    says = N_("Instrument %(name)s is out of service since %(since)s: %(reason)s")
    do = N_("Use another one; the quality officer releases this one again.")


class ConsumableExpired(Refusal):
    """Something on the analyzer is past its expiry."""

    says = N_("%(consumable)s %(number)s on instrument %(name)s expired on %(expires)s.")
    do = N_("Change it, and record the new one on the instrument's page.")


class ConsumableAtLimit(Refusal):
    """Something on the analyzer has done all it may do."""

    says = N_(
        "%(consumable)s %(number)s on instrument %(name)s has done %(done)s of %(most)s %(what)s."
    )
    do = N_("Change it, and record the new one on the instrument's page.")


class InstrumentOfOtherActivity(Refusal):
    """An instrument that is for another step of the work."""

    says = N_("Instrument %(name)s is not for this step of the work.")
    do = N_("Scan the instrument that you are going to use.")


class InstrumentThere(Refusal):
    """An instrument of this name is registered."""

    says = N_("There is an instrument named %(name)s already: %(code)s.")
    do = N_("Give the new one another name, or record the calibration of that one.")


class PlanThere(Refusal):
    """A plan of this name is there."""

    says = N_("Instrument %(name)s has a plan named %(plan)s already.")
    do = N_("Give the new one another name, or record what was done under that one.")


class CalibrationBackwards(Refusal):
    """A due day before the one on record."""

    says = N_("%(plan)s of instrument %(name)s is due on %(due)s; %(until)s is earlier.")
    do = N_("Compare the certificate.")
    status = 422


class DoneAhead(Refusal):
    """Something was done on a day to come, or is due before it was done."""

    says = N_("It cannot have been done on %(done)s, or be due on %(until)s.")
    do = N_("Compare the days with the certificate.")
    status = 422


class StopUnchanged(Refusal):
    """An instrument is taken out of service that is out, or back that is in."""

    says = N_("Instrument %(name)s is in that state already.")
    do = N_("Read the page again.")


class OwnStop(Refusal):
    """Whoever took an instrument out of service releases it."""

    says = N_("You took instrument %(name)s out of service: a second person must release it.")
    do = N_("Ask somebody else who may release instruments.")
    status = 403


class NoAnalyzer(Refusal):
    """A consumable is put on something that is no analyzer."""

    says = N_("Instrument %(name)s is no genetic analyzer.")
    do = N_("Open the page of the analyzer that it was put on.")
    status = 422


@dataclass(frozen=True)
class OnAnalyzer:
    """A consumable as it decides on use: its expiry, what it has done and what it may do."""

    kind: ConsumableKind
    number: str
    expires: date | None
    injections: int
    most_injections: int | None
    runs: int
    most_runs: int | None


def is_overdue(due: date, *, today: date) -> bool:
    """Return whether calibration is overdue: on the day itself the instrument may be used."""
    return today > due


def instrument_state(
    due: date, *, today: date, out: bool = False, maintenance: date | None = None
) -> str:
    """Return how an instrument is shown: out, overdue, due (soon) or ready."""
    if out:
        return "out"
    nearest = due if maintenance is None else min(due, maintenance)
    if is_overdue(nearest, today=today):
        return "overdue"
    return "due" if nearest - today <= SOON else "ready"


def check_instrument(*, name: str, due: date, today: date, fits: bool) -> None:
    """Refuse an instrument for another activity (not `fits`), or not calibrated in time."""
    if not fits:
        raise InstrumentOfOtherActivity(name=name)
    if is_overdue(due, today=today):
        raise CalibrationOverdue(name=name, due=due.isoformat())


def consumable_state(one: OnAnalyzer, *, today: date) -> str:
    """Return how a consumable is shown: expired, used (at its limit), due (soon) or ready."""
    if one.expires is not None and today > one.expires:
        return "expired"
    for done, most in _counts(one):
        if most is not None and done >= most:
            return "used"
    near = one.expires is not None and one.expires - today <= EXPIRES_SOON
    for done, most in _counts(one):
        near = near or (most is not None and done * 100 >= most * NEARLY_PER_CENT)
    return "due" if near else "ready"


def check_consumables(name: str, installed: Iterable[OnAnalyzer], *, today: date) -> None:
    """Refuse (ConsumableExpired, ConsumableAtLimit) an analyzer on which something has run out."""
    for one in installed:
        words = Say(CONSUMABLE_WORDS[one.kind])
        if one.expires is not None and today > one.expires:
            raise ConsumableExpired(
                consumable=words, number=one.number, name=name, expires=one.expires.isoformat()
            )
        for (done, most), what in zip(_counts(one), _COUNTED, strict=True):
            if most is not None and done >= most:
                raise ConsumableAtLimit(
                    consumable=words, number=one.number, name=name, done=done, most=most,
                    what=Say(what),
                )  # fmt: skip


def check_reason(reason: str) -> str:
    """Return the reason without outer blanks; refuse (ReasonMissing) an empty one."""
    said = reason.strip()
    if not said:
        raise ReasonMissing()
    return said[:200]


_COUNTED = (N_("injections"), N_("runs"))


def _counts(one: OnAnalyzer) -> tuple[tuple[int, int | None], tuple[int, int | None]]:
    return ((one.injections, one.most_injections), (one.runs, one.most_runs))
