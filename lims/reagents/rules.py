# SPDX-License-Identifier: Apache-2.0
"""When a lot may be used: released, in date, not open too long, not empty, for this activity."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import StrEnum

from lims.core.errors import ReasonMissing, Refusal
from lims.core.words import N_

SOON = timedelta(days=30)
"""How long before its last day of use a lot is shown as running out of time."""
MOST_CONTAINERS = 500
MOST_AMOUNT = 10**15
"""What a container can hold at most, in its unit: a thousand litres in nanolitres."""


class LotState(StrEnum):
    """Where a lot stands; the state of its subject."""

    REGISTERED = "registered"
    RELEASED = "released"
    QUARANTINED = "quarantined"
    EMPTY = "empty"
    DISCARDED = "discarded"


ENDED = (LotState.EMPTY, LotState.DISCARDED)


class ReagentUnit(StrEnum):
    """What amounts of a reagent are counted in, always in whole numbers."""

    NANOLITRE = "nl"
    MICROGRAM = "ug"
    REACTION = "reaction"
    PIECE = "piece"


UNIT_WORDS = {
    ReagentUnit.NANOLITRE: N_("volume, in µl"),
    ReagentUnit.MICROGRAM: N_("mass, in mg"),
    ReagentUnit.REACTION: N_("reactions"),
    ReagentUnit.PIECE: N_("pieces"),
}
_SHOWN = {
    ReagentUnit.NANOLITRE: (3, "µl"),
    ReagentUnit.MICROGRAM: (3, "mg"),
    ReagentUnit.REACTION: (0, ""),
    ReagentUnit.PIECE: (0, ""),
}


class ContainerEnd(StrEnum):
    """How a container came to its end."""

    EMPTY = "empty"
    DISCARDED = "discarded"


class LotActKind(StrEnum):
    """What can be done with a lot."""

    RECEIVED = "received"
    RELEASED = "released"
    OPENED = "opened"
    QUARANTINED = "quarantined"
    LIFTED = "lifted"
    USED = "used"
    CORRECTED = "corrected"
    EMPTY = "empty"
    DISCARDED = "discarded"


ACT_WORDS = {
    LotActKind.RECEIVED: N_("received"),
    LotActKind.RELEASED: N_("released"),
    LotActKind.OPENED: N_("opened"),
    LotActKind.QUARANTINED: N_("put into quarantine"),
    LotActKind.LIFTED: N_("quarantine lifted"),
    LotActKind.USED: N_("used"),
    LotActKind.CORRECTED: N_("amount corrected"),
    LotActKind.EMPTY: N_("empty"),
    LotActKind.DISCARDED: N_("discarded"),
}


class LotExpired(Refusal):
    """The lot is past its expiry."""

    says = N_("Lot %(number)s of %(reagent)s expired on %(expires)s.")
    do = N_("Put it aside and scan a lot that is still in date.")


class LotOpenTooLong(Refusal):
    """The container that stands open keeps no longer."""

    says = N_(
        "Lot %(number)s of %(reagent)s was opened on %(opened)s and keeps %(days)s days after "
        "opening: until %(until)s."
    )
    do = N_("Discard the open container on the page of the lot: the next scan opens another one.")


class LotNotReleased(Refusal):
    """Quality control has not released the lot."""

    says = N_("Lot %(number)s of %(reagent)s is not yet released by quality control.")
    do = N_("Ask the quality officer to release it, or scan another lot.")


class LotQuarantined(Refusal):
    """The lot stands in quarantine."""

    says = N_("Lot %(number)s of %(reagent)s is in quarantine since %(since)s: %(reason)s")
    do = N_("Put it aside and scan another lot; the quality officer decides on this one.")


class LotEmpty(Refusal):
    """Nothing is left of the lot."""

    says = N_("Lot %(number)s of %(reagent)s is empty since %(since)s.")
    do = N_("Scan another lot. If there is something left, correct the amount before it is empty.")


class LotDiscarded(Refusal):
    """The lot was thrown away."""

    says = N_("Lot %(number)s of %(reagent)s was discarded on %(since)s.")
    do = N_("Scan another lot, and throw this container away.")


class LotShort(Refusal):
    """Less is left than is asked for."""

    says = N_("Only %(left)s of lot %(number)s of %(reagent)s left, %(asked)s asked.")
    do = N_("Scan a second lot of it as well, or correct the amount on the page of the lot.")


class LotOfOtherActivity(Refusal):
    """A lot that is for another step of the work."""

    says = N_("Lot %(number)s of %(reagent)s is not for this step of the work.")
    do = N_("Compare the bottle with the procedure and scan the right lot.")


class LotThere(Refusal):
    """The lot was registered before."""

    says = N_("Lot %(number)s of %(reagent)s is registered already, as %(code)s.")
    do = N_("Use its label, or print that one again.")


class ReagentThere(Refusal):
    """The reagent is in the catalogue."""

    says = N_("%(name)s is in the catalogue already.")
    do = N_("Receive a lot of it.")


class AlreadyReleased(Refusal):
    """The lot was released before."""

    says = N_("Lot %(number)s of %(reagent)s was released already: %(at)s, by %(who)s.")
    do = N_("Nothing is to be done.")


class OwnReceipt(Refusal):
    """Whoever received a lot releases it."""

    says = N_("You received lot %(number)s of %(reagent)s: a second person must release it.")
    do = N_("Ask somebody else who may release lots.")
    status = 403


class ExpiryPast(Refusal):
    """A lot that is out of date on the day it is registered or released."""

    says = N_("Lot %(number)s of %(reagent)s expired on %(expires)s.")
    do = N_("Compare the date with the bottle. An expired lot is not taken into stock.")
    status = 422


class NotQuarantined(Refusal):
    """A quarantine is to be lifted, and there is none."""

    says = N_("Lot %(number)s of %(reagent)s is not in quarantine.")
    do = N_("Read the page again.")


class NothingOpen(Refusal):
    """A container is meant that does not stand open, or is not there."""

    says = N_("Container %(container)s of lot %(number)s of %(reagent)s does not stand open.")
    do = N_("Read the page of the lot again: somebody may have ended it.")


class StandsOpen(Refusal):
    """A second container is to be opened."""

    says = N_("Container %(container)s of lot %(number)s of %(reagent)s stands open already.")
    do = N_("Use it, or record it as empty or discarded first.")


class AmountWrong(Refusal):
    """An amount that a container cannot have."""

    says = N_("Container %(container)s holds %(amount)s at most, and not less than nothing.")
    do = N_("Measure again and write what is left in it.")
    status = 422


class AmountNotRead(Refusal):
    """A text that is no amount."""

    says = N_("“%(read)s” is not an amount.")
    do = N_("Write a whole number or a decimal with at most three places; pieces are whole.")
    status = 422


@dataclass(frozen=True)
class Standing:
    """What decides whether a lot may be used; `opened` and `open_days` of what stands open."""

    number: str
    reagent: str
    state: str
    expires: date
    opened: date | None = None
    open_days: int | None = None
    since: str = ""
    """When it was put into quarantine, emptied or discarded."""
    reason: str = ""
    left: int = 1


def is_expired(expires: date, *, today: date) -> bool:
    """Return whether a lot is past its expiry: on the day itself it may still be used."""
    return today > expires


def last_day(expires: date, opened: date | None, open_days: int | None) -> date:
    """Return the last day of use: the expiry, or earlier by the shelf life after opening."""
    if opened is None or open_days is None:
        return expires
    return min(expires, opened + timedelta(days=open_days))


def stock_state(state: str, use_by: date, *, today: date) -> str:
    """Return how a lot is shown: its end, quarantined, expired, new, due (soon) or released."""
    if state in ENDED or state == LotState.QUARANTINED:
        return state
    if is_expired(use_by, today=today):
        return "expired"
    if state != LotState.RELEASED:
        return "new"
    return "due" if use_by - today <= SOON else "released"


def check_lot(lot: Standing, *, today: date, fits: bool) -> None:
    """Refuse a lot for another activity (not `fits`), or one that may not be used on this day."""
    named = {"number": lot.number, "reagent": lot.reagent}
    if not fits:
        raise LotOfOtherActivity(**named)
    if lot.state == LotState.DISCARDED:
        raise LotDiscarded(**named, since=lot.since)
    if lot.state == LotState.EMPTY or lot.left <= 0:
        raise LotEmpty(**named, since=lot.since or today.isoformat())
    if is_expired(lot.expires, today=today):
        raise LotExpired(**named, expires=lot.expires.isoformat())
    if lot.state == LotState.QUARANTINED:
        raise LotQuarantined(**named, since=lot.since, reason=lot.reason)
    if lot.state != LotState.RELEASED:
        raise LotNotReleased(**named)
    until = last_day(lot.expires, lot.opened, lot.open_days)
    if lot.opened is not None and is_expired(until, today=today):
        raise LotOpenTooLong(
            **named, opened=lot.opened.isoformat(), days=lot.open_days or 0,
            until=until.isoformat(),
        )  # fmt: skip


def check_reason(reason: str) -> str:
    """Return the reason without outer blanks; refuse (ReasonMissing) an empty one."""
    said = reason.strip()
    if not said:
        raise ReasonMissing()
    return said[:200]


def read_amount(text: str, unit: ReagentUnit) -> int:
    """Return an amount as people write it (µl, mg, or whole pieces) in the unit that is stored.

    Raises AmountNotRead.
    """
    places, _ = _SHOWN[unit]
    read = text.strip().replace(",", ".").translate(_DIGITS)
    whole, dot, part = read.partition(".")
    if (
        not whole.isascii() or not whole.isdigit() or len(whole) > 12 or len(part) > places
        or (dot and not (part.isascii() and part.isdigit()))
    ):  # fmt: skip
        raise AmountNotRead(read=text[:20])
    scale: int = 10**places
    return int(whole) * scale + int(part.ljust(places, "0") or "0")


def words_of(amount: int, unit: ReagentUnit) -> str:
    """Return an amount as people read it: 12.5 µl, 96."""
    places, shown = _SHOWN[unit]
    number = f"{Decimal(amount).scaleb(-places).normalize():f}"
    return f"{number} {shown}".strip()


def with_overage(each: int, count: int, percent: Decimal) -> int:
    """Return `count` times `each` with `percent` on top, rounded up to a whole unit."""
    exact = Decimal(each * count) * (100 + percent) / 100
    return int(exact.to_integral_value(ROUND_CEILING))


def shares(asked: int, left: list[int]) -> list[int]:
    """Return how much of `asked` comes out of each container, the first one first.

    What they do not hold is left out: the caller compares the sum.
    """
    taken = []
    for held in left:
        part = min(asked, held)
        taken.append(part)
        asked -= part
    return taken


_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩٫", "0123456789.")
