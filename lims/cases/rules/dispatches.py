# SPDX-License-Identifier: Apache-2.0
"""Rules of dispatches: how a list, a package and an item come in, and what is no discrepancy."""

from collections.abc import Sequence
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.spelling import normalised
from lims.core.words import N_, Many


class DispatchState(StrEnum):
    """How far a dispatch has come."""

    ANNOUNCED = "announced"
    ARRIVED = "arrived"
    RECEIVED = "received"
    REFUSED = "refused"


DISPATCH_LOOKS = {
    DispatchState.ANNOUNCED: ("kept", N_("announced")),
    DispatchState.ARRIVED: ("run", N_("being received")),
    DispatchState.RECEIVED: ("ok", N_("received")),
    DispatchState.REFUSED: ("bad", N_("cancelled")),
}


class PackageState(StrEnum):
    """What a package is: on its way, closed by its seal, open, or emptied and done with."""

    ANNOUNCED = "announced"
    SEALED = "sealed"
    OPEN = "open"
    EMPTIED = "emptied"
    MISSING = "missing"


PACKAGE_LOOKS = {
    PackageState.ANNOUNCED: ("kept", N_("not here yet")),
    PackageState.SEALED: ("ok", N_("sealed")),
    PackageState.OPEN: ("warn", N_("open")),
    PackageState.EMPTIED: ("plain", N_("emptied")),
    PackageState.MISSING: ("bad", N_("missing")),
}


class ItemState(StrEnum):
    """How far an item of a list has come."""

    ANNOUNCED = "announced"
    SCANNED = "scanned"
    MISSING = "missing"
    RECORDED = "recorded"
    KEPT_OUT = "kept out"


ITEM_LOOKS = {
    ItemState.ANNOUNCED: ("kept", N_("not scanned")),
    ItemState.SCANNED: ("ok", N_("scanned")),
    ItemState.MISSING: ("bad", N_("missing")),
    ItemState.RECORDED: ("ok", N_("ready for coding")),
    ItemState.KEPT_OUT: ("bad", N_("kept out")),
}


class DiscrepancyKind(StrEnum):
    """What differs between a list and what came."""

    SEAL = "seal differs"
    PACKAGE_DAMAGED = "package damaged"
    PACKAGE_MISSING = "package missing"
    ITEM_MISSING = "item missing"
    ITEM_TOO_MANY = "item too many"
    ITEM_DAMAGED = "item damaged"
    MASS = "mass differs"


DISCREPANCY_WORDS = {
    DiscrepancyKind.SEAL: N_("seal differs"),
    DiscrepancyKind.PACKAGE_DAMAGED: N_("package damaged"),
    DiscrepancyKind.PACKAGE_MISSING: N_("package missing"),
    DiscrepancyKind.ITEM_MISSING: N_("item missing"),
    DiscrepancyKind.ITEM_TOO_MANY: N_("item too many"),
    DiscrepancyKind.ITEM_DAMAGED: N_("item damaged"),
    DiscrepancyKind.MASS: N_("mass differs"),
}

OF_PACKAGES = frozenset(
    {DiscrepancyKind.SEAL, DiscrepancyKind.PACKAGE_DAMAGED, DiscrepancyKind.PACKAGE_MISSING}
)
ABSENT = frozenset({DiscrepancyKind.PACKAGE_MISSING, DiscrepancyKind.ITEM_MISSING})


class Decision(StrEnum):
    """What the coordinator and a second person decide of a discrepancy."""

    USE = "use"
    KEEP_OUT = "keep out"


DECISION_WORDS = {
    Decision.USE: N_("go on with it"),
    Decision.KEEP_OUT: N_("keep it out: it is never coded"),
}


class SealEnd(StrEnum):
    """What followed a broken seal."""

    NONE = ""
    NEW_SEAL = "new seal"
    USE = "use"


SEAL_END_WORDS = {
    SealEnd.NONE: N_("neither a new seal nor use followed"),
    SealEnd.NEW_SEAL: N_("a new seal followed"),
    SealEnd.USE: N_("all of it was taken out and used"),
}


MASS_TOLERANCE_PERMILLE = 50
"""How far the balance here may differ from the list before it is a discrepancy, in thousandths."""
MASS_TOLERANCE_UG = 20_000
"""What may always differ, micrograms: drying, another balance."""

MOST_NAMED = 8
"""So many items are named in one sentence; the rest is counted."""


class ListRefused(Refusal):
    """The list cannot be taken as a whole."""

    says = N_("This list cannot be taken: %(why)s.")
    do = N_("Correct the file and send it again. Nothing was stored.")
    status = 422


class RowsRefused(Refusal):
    """Some rows of the list are refused, so none is taken."""

    says = Many("%(count)s row of the list is refused.", "%(count)s rows of the list are refused.")
    do = N_("Correct them and send the list again. Nothing was stored.")
    status = 422


class ListThere(Refusal):
    """The same list came before, under this name or another."""

    says = N_("This list was taken already: %(number)s, on %(at)s.")
    do = N_("Look at that dispatch. Nothing was stored twice.")


class AnnouncedBefore(Refusal):
    """A seal or an item of the list stands in another one; two lists came at the same time."""

    says = N_("A seal or an item of this list stands in another list already.")
    do = N_("Check the list again: each row says where. Nothing was stored.")


class WrongState(Refusal):
    """The dispatch, the package or the item is not at the point where this can be done."""

    says = N_("%(what)s is %(state)s: this cannot be done now.")
    do = N_("Read the page again.")


class SameHands(Refusal):
    """Who brings a package may not receive it."""

    says = N_("Who delivers a package may not receive it.")
    do = N_("Ask a colleague to receive it, signed in as themselves.")


class SecondPersonNeeded(Refusal):
    """A second person must confirm, and it was the same one."""

    says = N_("A second person must confirm: breaking a seal and deciding need two.")
    do = N_("Ask a colleague to confirm with badge and PIN.")


class SealDiffers(Refusal):
    """The seal on the package is not the one on the list."""

    says = N_(
        "Seal %(read)s does not match the dispatch list (%(sent)s). Record the discrepancy; the"
        " sample is quarantined."
    )
    do = N_("Compare the seal once more. If it differs, record the discrepancy with its reason.")


class NotOnList(Refusal):
    """What was scanned is on no row of this dispatch."""

    says = N_("%(read)s stands nowhere in this dispatch.")
    do = N_("Scan again. If it came all the same, record “item too many”.")
    status = 404


class ScannedBefore(Refusal):
    """The item was counted in full."""

    says = N_("%(read)s was scanned already: %(count)s of %(expected)s.")
    do = N_("If there are more pieces than the list says, record “item too many”.")


class PackageNotOpen(Refusal):
    """An item of a package with several is scanned before the package was opened."""

    says = N_("%(read)s lies in the package under seal %(seal)s, which is not open.")
    do = N_("Scan the seal, then open the package with a witness.")


class PackageNotHere(Refusal):
    """An item is scanned before its package."""

    says = N_("The package of %(read)s was not scanned yet: seal %(seal)s.")
    do = N_("Scan the seal of the package first.")


class SeveralCarryNumber(Refusal):
    """The number stands on several rows, in several packages."""

    says = N_("%(read)s stands on several rows of this dispatch.")
    do = N_("Scan the seal of its package first, then the item.")


class HeldBySomebodyElse(Refusal):
    """The package or item is in the hands of another person."""

    says = N_("This is held by somebody else.")
    do = N_("Let them hand it over to you first.")


class NothingHeld(Refusal):
    """The giver holds nothing of the dispatch."""

    says = N_("You hold nothing of this dispatch.")
    do = N_("Whoever holds it signs in and hands it over.")


class NotEntitled(Refusal):
    """The receiver may not hold what is not coded."""

    says = N_("What is not coded may be held by reception and the coordinator only.")
    do = N_("Hand it over to one of them.")
    status = 403


class NotAllScanned(Refusal):
    """The dispatch cannot be closed: items were neither scanned nor recorded as missing."""

    says = N_("%(missing)s of %(of)s items not scanned: %(items)s.")
    do = N_("Scan them, or record each as missing.")


class PackagesStillOpen(Refusal):
    """A broken seal must be followed by a new one, or by use."""

    says = N_("The seal of an open package is not followed by anything yet: %(seals)s.")
    do = N_("Close the package with a new seal, or say that it is emptied.")


class PackageNotEmpty(Refusal):
    """A package is said to be empty while items of it were not scanned."""

    says = N_("Items of this package are not scanned: %(items)s.")
    do = N_("Scan them, record them as missing, or close the package with a new seal.")


class SealUsed(Refusal):
    """A new seal carries a number that closes or closed something else."""

    says = N_("Seal %(read)s was used before.")
    do = N_("Take an unused seal and scan its number.")


class MassDiffers(Refusal):
    """The balance here says something else than the list."""

    says = N_("The balance says %(read)s mg, the list %(sent)s mg.")
    do = N_("Weigh again. If it stays so, write the reason: it is recorded as a discrepancy.")


class MassNotThere(Refusal):
    """Items without a mass on the list were not weighed."""

    says = N_("These items have no mass yet: %(items)s.")
    do = N_("Weigh each of them.")


class DayNotThere(Refusal):
    """Items without the day of their sampling."""

    says = N_("These items have no day on which they were taken: %(items)s.")
    do = N_("Say on which day they were taken, as the papers say.")


class InQuarantine(Refusal):
    """Items with a discrepancy that nobody decided cannot be coded."""

    says = Many(
        "%(count)s in the list is in quarantine: a discrepancy of its dispatch is not decided.",
        "%(count)s in the list are in quarantine: a discrepancy of their dispatch is not decided.",
    )
    do = N_("Decide the discrepancy on the page of the dispatch. Nothing was coded.")


class AbsentCannotBeUsed(Refusal):
    """What is missing cannot be gone on with."""

    says = N_("What is missing cannot be gone on with.")
    do = N_("Choose to keep it out. If it is found, it comes in a list of its own.")
    status = 422


class DecidedBefore(Refusal):
    """The discrepancy was decided."""

    says = N_("This discrepancy was decided already.")
    do = N_("Read the page again.")


def mass_differs(sent_ug: int | None, read_ug: int) -> bool:
    """Return whether a mass differs from the list by more than drying and balances explain."""
    if sent_ug is None:
        return False
    allowed = max(MASS_TOLERANCE_UG, sent_ug * MASS_TOLERANCE_PERMILLE // 1000)
    return abs(sent_ug - read_ug) > allowed


def named(numbers: Sequence[str]) -> str:
    """Return numbers as they are named in a sentence: the first few, and how many more."""
    shown = ", ".join(numbers[:MOST_NAMED])
    return f"{shown} +{len(numbers) - MOST_NAMED}" if len(numbers) > MOST_NAMED else shown


def same_person(one: str, other: str) -> bool:
    """Return whether two names are written the same, in whatever hand."""
    return bool(one.strip()) and normalised(one) == normalised(other)
