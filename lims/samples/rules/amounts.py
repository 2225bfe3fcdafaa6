# SPDX-License-Identifier: Apache-2.0
"""How much of a thing is left, what takes it, and whose leave the last of it needs."""

import re
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.samples.rules.kinds import AliquotState, thousandths


class AmountUnit(StrEnum):
    """What a thing is measured in: whole micrograms or whole nanolitres."""

    MASS = "ug"
    VOLUME = "nl"


class AmountWhy(StrEnum):
    """Why an amount is what it is: the first entry, and each change after it."""

    MADE = "made"
    DIVIDED = "divided"
    """A part of it became a thing of its own."""
    WELL = "well"
    WELL_VOIDED = "well voided"
    USED = "used"
    LOST = "lost"
    """Lost while it was cut, cleaned or ground."""
    DISCARDED = "discarded"
    DESTROYED = "destroyed"
    CORRECTED = "corrected"


class CorrectionWhy(StrEnum):
    """Why an amount is corrected."""

    WEIGHED_AGAIN = "weighed again"
    TYPED_WRONG = "typed wrong"
    SPILT = "spilt"
    DRIED = "dried"
    OTHER = "other"


class Consumption(StrEnum):
    """What the customer allows: whether the last of a sample may be used."""

    FREE = "free"
    ASK = "ask"
    NEVER = "never"


class AliquotStage(StrEnum):
    """Where a tube is in its life: what its state, its holder and its amount come to."""

    CREATED = "created"
    STORED = "stored"
    CHECKED_OUT = "checked out"
    USED = "used"
    EXHAUSTED = "exhausted"
    DISCARDED = "discarded"


WHY_WORDS = {
    AmountWhy.MADE: N_("measured when it was made"),
    AmountWhy.DIVIDED: N_("a part was taken"),
    AmountWhy.WELL: N_("into a well"),
    AmountWhy.WELL_VOIDED: N_("well voided: not taken"),
    AmountWhy.USED: N_("used up"),
    AmountWhy.LOST: N_("lost in preparation"),
    AmountWhy.DISCARDED: N_("discarded"),
    AmountWhy.DESTROYED: N_("destroyed"),
    AmountWhy.CORRECTED: N_("corrected"),
}
CORRECTION_WORDS = {
    CorrectionWhy.WEIGHED_AGAIN: N_("weighed or measured again"),
    CorrectionWhy.TYPED_WRONG: N_("the figure was typed wrong"),
    CorrectionWhy.SPILT: N_("some was spilt"),
    CorrectionWhy.DRIED: N_("some dried up"),
    CorrectionWhy.OTHER: N_("another reason: see the remark"),
}
CONSUMPTION_WORDS = {
    Consumption.FREE: N_("may be used up, by two persons"),
    Consumption.ASK: N_("may be used up only with the customer's permission"),
    Consumption.NEVER: N_("may never be used up"),
}

_NEXT = {
    AliquotStage.CREATED: {
        AliquotStage.STORED, AliquotStage.CHECKED_OUT, AliquotStage.USED, AliquotStage.EXHAUSTED,
        AliquotStage.DISCARDED,
    },
    AliquotStage.STORED: {AliquotStage.CHECKED_OUT},
    AliquotStage.CHECKED_OUT: {
        AliquotStage.STORED, AliquotStage.USED, AliquotStage.EXHAUSTED, AliquotStage.DISCARDED,
    },
    AliquotStage.USED: {
        AliquotStage.STORED, AliquotStage.CHECKED_OUT, AliquotStage.EXHAUSTED,
        AliquotStage.DISCARDED,
    },
    AliquotStage.EXHAUSTED: {AliquotStage.DISCARDED},
    AliquotStage.DISCARDED: set(),
}  # fmt: skip


class TooLittleLeft(Refusal):
    """More is asked for than there is."""

    says = N_("Only %(left)s left of %(code)s, %(asked)s asked.")
    do = N_("Take less. If the tube holds more, correct its amount first.")


class AmountUnknown(Refusal):
    """Nobody measured it: a blood card or a swab."""

    says = N_("%(code)s has no amount on record.")
    do = N_("Only what was weighed or measured can be divided or corrected.")


class NotDivisible(Refusal):
    """A thing that is not divided into tubes."""

    says = N_("%(code)s cannot be divided into tubes here.")
    do = N_("Divide powder, lysate or a dilution. An extract is diluted, a bone is ground.")


class DivisionReasonMissing(Refusal):
    """A second tube without a reason."""

    says = N_("Why is %(code)s divided?")
    do = N_("Say it in a few words: two tubes of one thing need a reason.")
    status = 422


class NothingCorrected(Refusal):
    """The figure is what was on record."""

    says = N_("%(code)s has %(left)s on record already.")
    do = N_("Nothing is to be corrected.")


class Expired(Refusal):
    """A tube after its date."""

    says = N_("%(code)s expired on %(on)s.")
    do = N_("Discard it and take another.")


class SecondPersonAwaited(Refusal):
    """The last of a thing, and nobody confirms."""

    says = N_("This takes all that is left of %(code)s: a second person must confirm it.")
    do = N_("Ask a colleague for badge and PIN, or take less.")


class WitnessSame(Refusal):
    """Who does it cannot confirm it."""

    says = N_("You cannot be the second person of your own act.")
    do = N_("Ask a colleague for badge and PIN.")


class PermissionAwaited(Refusal):
    """The customer's permission is not recorded."""

    says = N_("The last of %(code)s may be used only with the customer's permission.")
    do = N_("Take less, or ask the coordinator to record the permission.")


class NeverConsumed(Refusal):
    """The customer forbids to use it up."""

    says = N_("%(code)s may never be used up: the customer's rule.")
    do = N_("Take less, so that some of it is left.")


class PermissionNotRead(Refusal):
    """The number of a permission holds more than figures."""

    says = N_("“%(read)s” is not the number of a permission.")
    do = N_("Only figures, “-” and “/” are taken here, so that no name comes into the laboratory.")
    status = 422


def read_permission(read: str) -> str:
    """Return the number of a permission, Latin figures; raises PermissionNotRead."""
    text = read.strip().translate(str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789"))
    if not re.fullmatch(r"[0-9][0-9/-]{0,19}", text):
        raise PermissionNotRead(read=read[:40])
    return text


def words_of_amount(quantity: int, unit: AmountUnit) -> str:
    """Return an amount as people read it: 12.5 mg, 8 µl."""
    return f"{thousandths(quantity)} {'mg' if unit is AmountUnit.MASS else 'µl'}"


def stage_of(*, state: str, stored: bool, moved: bool, left: int | None, made: int | None) -> (
    AliquotStage
):  # fmt: skip
    """Return where a tube is in its life.

    `stored`: a place of storage holds it; `moved`: its maker is not its only holder so far; `left`
    and `made` are amounts in one unit, None where nobody measured.
    """
    if state in ("discarded", "destroyed", "returned"):
        return AliquotStage.DISCARDED
    if state in (AliquotState.USED, "consumed") or left == 0:
        return AliquotStage.EXHAUSTED
    if stored:
        return AliquotStage.STORED
    if left is not None and left != made:
        return AliquotStage.USED
    return AliquotStage.CHECKED_OUT if moved else AliquotStage.CREATED


def may_follow(before: AliquotStage, after: AliquotStage) -> bool:
    """Return whether a tube may go from one stage of its life to another."""
    return after in _NEXT[before]
