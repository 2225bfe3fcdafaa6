# SPDX-License-Identifier: Apache-2.0
"""What is decided about hand-overs without looking anything up."""

from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_, Many

MOST_THINGS = 200
"""So many things go into one hand-over."""


class Way(StrEnum):
    """How things came from one holder to the next."""

    HAND = "hand"
    """Both acted."""
    TAKEN = "taken"
    """A quality officer and a second person took them, without whoever held them."""
    OUT = "out"
    """Given to somebody from outside."""
    BACK = "back"
    """Brought back from outside."""


class Purpose(StrEnum):
    """What things are handed over for."""

    WORK = "work"
    STORAGE = "storage"
    REVIEW = "review"
    QUARANTINE = "quarantine"
    RETURN = "return"


DESPITE_HOLDS = frozenset({Purpose.QUARANTINE, Purpose.RETURN})
"""A hold forbids to work with a thing, not to set it aside or to give it back."""


class HandOverState(StrEnum):
    """Where a hand-over stands."""

    OPEN = "open"
    COMPLETED = "completed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class ThingState(StrEnum):
    """What became of one thing of a hand-over."""

    WAITING = "waiting"
    PASSED = "passed"
    KEPT = "kept"
    """It stayed with the giver."""


class Difference(StrEnum):
    """What the receiver found instead of a thing as it was listed."""

    MISSING = "missing"
    DAMAGED = "damaged"


WAY_WORDS = {
    Way.HAND: N_("handed over"),
    Way.TAKEN: N_("taken over without the giver"),
    Way.OUT: N_("given to somebody from outside"),
    Way.BACK: N_("came back from outside"),
}
PURPOSE_WORDS = {
    Purpose.WORK: N_("for the next work"),
    Purpose.STORAGE: N_("to be put in storage"),
    Purpose.REVIEW: N_("to be looked at"),
    Purpose.QUARANTINE: N_("to quarantine"),
    Purpose.RETURN: N_("to be given back"),
}
STATE_WORDS = {
    HandOverState.OPEN: N_("waits for the receiver"),
    HandOverState.COMPLETED: N_("completed"),
    HandOverState.REFUSED: N_("refused by the receiver"),
    HandOverState.WITHDRAWN: N_("withdrawn by the giver"),
}
THING_WORDS = {
    ThingState.WAITING: N_("waits"),
    ThingState.PASSED: N_("passed on"),
    ThingState.KEPT: N_("stayed with the giver"),
}
DIFFERENCE_WORDS = {
    Difference.MISSING: N_("missing"),
    Difference.DAMAGED: N_("damaged"),
}


class NothingListed(Refusal):
    """A hand-over of nothing."""

    says: ClassVar[str] = N_("No thing is listed that you may hand over.")
    do: ClassVar[str] = N_("Scan the things first, or the box that holds them.")
    status = 422


class TooManyListed(Refusal):
    """More things than one hand-over takes."""

    says = Many(
        "%(count)s thing is listed; one hand-over takes %(most)s.",
        "%(count)s things are listed; one hand-over takes %(most)s.",
    )
    do: ClassVar[str] = N_("Make two hand-overs of it.")
    status = 422


class NotHandedOver(Refusal):
    """What nobody holds is not handed over: a lot, an instrument, a batch."""

    says: ClassVar[str] = N_("%(code)s is not a thing that passes from hand to hand.")
    do: ClassVar[str] = N_("Samples, aliquots, extracts and plates are handed over.")
    status = 422


class ToOneself(Refusal):
    """Giver and receiver are one person."""

    says: ClassVar[str] = N_("Giver and receiver are the same person.")
    do: ClassVar[str] = N_("Scan the badge of whoever receives the things.")
    status = 422


class MayNotReceive(Refusal):
    """The role of the receiver lays no hand on things, or the account is closed."""

    says: ClassVar[str] = N_("%(person)s may not receive things.")
    do: ClassVar[str] = N_("Hand them to somebody whose role may, or put them in storage.")
    status = 403


class MayNotGive(Refusal):
    """The role of the giver lays no hand on things, or the account is closed."""

    says: ClassVar[str] = N_("%(person)s may not hand things over.")
    do: ClassVar[str] = N_("Ask the quality officer to take them over.")
    status = 403


class NotTrained(Refusal):
    """The receiver works at benches and is authorised for nothing in date, or may contaminate."""

    says: ClassVar[str] = N_(
        "%(person)s has no authorisation in date, or no elimination profile on file."
    )
    do: ClassVar[str] = N_("Ask the laboratory manager, or hand the things to somebody who has.")
    status = 403


class InOpenHandOver(Refusal):
    """The thing waits for its receiver in another hand-over."""

    says: ClassVar[str] = N_("%(code)s is in hand-over %(number)s of %(who)s since %(since)s.")
    do: ClassVar[str] = N_("Let the receiver answer it, or let the giver withdraw it first.")


class HandOverEnded(Refusal):
    """The hand-over has its answer already."""

    says: ClassVar[str] = N_("Hand-over %(number)s was ended by %(who)s at %(since)s.")
    do: ClassVar[str] = N_("Open it to see what became of it.")


class NotTheReceiver(Refusal):
    """Somebody else is to receive the things."""

    says: ClassVar[str] = N_("Hand-over %(number)s is for %(who)s.")
    do: ClassVar[str] = N_("Only the receiver named in it can answer it.")
    status = 403


class NotTheGiver(Refusal):
    """Somebody else gives the things."""

    says: ClassVar[str] = N_("Hand-over %(number)s was opened by %(who)s.")
    do: ClassVar[str] = N_("Only the giver can withdraw it.")
    status = 403


class NotOnTheList(Refusal):
    """A thing that is not part of the hand-over."""

    says: ClassVar[str] = N_("%(code)s is not listed in hand-over %(number)s.")
    do: ClassVar[str] = N_("Let its holder list it in a hand-over of its own.")
    status = 422


class HeldByNobody(Refusal):
    """A take-over of what no person holds."""

    says: ClassVar[str] = N_("%(code)s is not held by a person of the laboratory.")
    do: ClassVar[str] = N_("Look where it is; a take-over is for what somebody holds who is away.")


class ReasonAwaited(Refusal):
    """An act that needs a reason came without."""

    says: ClassVar[str] = N_("A reason is needed.")
    do: ClassVar[str] = N_("Say in a few words why. Nothing was stored.")
    status = 422


class TheOneWhoHolds(Refusal):
    """Whoever holds the things is here: they can hand them over."""

    says: ClassVar[str] = N_("%(person)s holds %(code)s and is here.")
    do: ClassVar[str] = N_("Let them hand it over.")


class NotOutside(Refusal):
    """The thing is not with somebody from outside."""

    says: ClassVar[str] = N_("%(code)s is not outside the laboratory.")
    do: ClassVar[str] = N_("Look where it is on its own page.")


class BadgeAwaited(Refusal):
    """The station waits for the badge of the receiver."""

    says: ClassVar[str] = N_("The receiver is not named yet.")
    do: ClassVar[str] = N_("Scan the badge of whoever receives the things.")


class CommandUnknownHere(Refusal):
    """A command without a meaning at this station, as things stand."""

    says: ClassVar[str] = N_("There is nothing to do that for.")
    do: ClassVar[str] = N_("Scan the things that you hand over, then the receiver's badge.")
