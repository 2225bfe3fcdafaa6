# SPDX-License-Identifier: Apache-2.0
"""States of a label instance, and what may follow what."""

import re
from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_


class LabelState(StrEnum):
    """Where a label instance is between the queue and a tube.

    queued → leased → intent → sent → printed → active; ambiguous when nobody can know whether it
    left the printer; lost when it certainly did not; void when another replaced it. Stopped while
    the job that it belongs to is.
    """

    QUEUED = "queued"
    STOPPED = "stopped"
    LEASED = "leased"
    INTENT = "intent"
    SENT = "sent"
    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    ACTIVE = "active"
    LOST = "lost"
    VOID = "void"


class Settled(StrEnum):
    """What became of a label that was perhaps printed and that nobody scanned back."""

    DESTROYED = "destroyed"
    NEVER_OUT = "never out"


class AlarmWhy(StrEnum):
    """Why a label is an alarm."""

    VOID = "LabelVoid"
    UNKNOWN = "LabelUnknown"
    COUNTER = "counter jumped"


class JobState(StrEnum):
    """How a job stands, by its labels."""

    PRINTING = "printing"
    STOPPED = "stopped"
    LOOK = "look"
    SCAN = "scan back"
    DONE = "done"


class PrintOutcome(StrEnum):
    """What a bench agent tells of a job."""

    INTENT = "intent"
    SENT = "sent"
    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    FAILED_SAFE = "failed_safe"
    LOST = "lost"


PENDING = (
    LabelState.QUEUED,
    LabelState.STOPPED,
    LabelState.LEASED,
    LabelState.INTENT,
    LabelState.SENT,
    LabelState.PRINTED,
    LabelState.AMBIGUOUS,
)
"""States in which a label may still become the live one."""

COUNTER_JUMPED = "counter-jumped"
_JUMP = re.compile(COUNTER_JUMPED + ":([0-9]{1,9})->([0-9]{1,9})")


def jump_of(detail: str) -> tuple[int, int] | None:
    """Return where a printer's counter stood last and where it stands, if an agent says it jumped.

    Labels came out of that printer, or it was exchanged, without this agent's doing.
    """
    found = _JUMP.fullmatch(detail)
    return None if found is None else (int(found[1]), int(found[2]))


SCANNABLE = (LabelState.INTENT, LabelState.SENT, LabelState.PRINTED, LabelState.AMBIGUOUS)
"""States in which a label may be in somebody's hand: a scan of it proves that it was printed."""

AFTER_OUTCOME = {
    PrintOutcome.INTENT: LabelState.INTENT,
    PrintOutcome.SENT: LabelState.SENT,
    PrintOutcome.PRINTED: LabelState.PRINTED,
    PrintOutcome.AMBIGUOUS: LabelState.AMBIGUOUS,
    # The fault was seen before the first byte: it is safe to print it later.
    PrintOutcome.FAILED_SAFE: LabelState.QUEUED,
    PrintOutcome.LOST: LabelState.LOST,
}

_MAY_FOLLOW = {
    LabelState.INTENT: {LabelState.LEASED},
    LabelState.SENT: {LabelState.INTENT},
    LabelState.PRINTED: {LabelState.INTENT, LabelState.SENT, LabelState.AMBIGUOUS},
    LabelState.AMBIGUOUS: {LabelState.INTENT, LabelState.SENT},
    LabelState.QUEUED: {LabelState.LEASED},
    LabelState.LOST: {LabelState.INTENT, LabelState.SENT, LabelState.AMBIGUOUS},
}


def may_follow(before: LabelState, after: LabelState) -> bool:
    """Return whether an agent may report `after` of a label that is `before`."""
    return before in _MAY_FOLLOW.get(after, set())


UNPROVEN = (LabelState.INTENT, LabelState.SENT, LabelState.PRINTED, LabelState.AMBIGUOUS)
"""States of a label that perhaps lies somewhere and that no scan has proven."""

REMINDER = timedelta(minutes=15)
"""A label perhaps printed and not scanned back within this time is unexplained."""

JOB_BLOCK = 5
"""So many labels of a job at most are given to an agent before it has told of them: a job that is
stopped or moved voids those, for they may come out all the same."""

MOST_LABELS = 200
"""No job has more labels: a roll has not many more, and a page shows them all."""

STATE_WORDS = {
    LabelState.QUEUED: N_("waits for the printer"),
    LabelState.STOPPED: N_("stopped"),
    LabelState.LEASED: N_("on its way to the printer"),
    LabelState.INTENT: N_("being printed"),
    LabelState.SENT: N_("being printed"),
    LabelState.PRINTED: N_("printed: scan it back"),
    LabelState.AMBIGUOUS: N_("perhaps printed: look, and scan it back"),
    LabelState.ACTIVE: N_("live"),
    LabelState.LOST: N_("did not come out"),
    LabelState.VOID: N_("void"),
}
"""A label's state, in words."""

STATE_LOOKS = {
    LabelState.QUEUED: ("plain", "clock"),
    LabelState.STOPPED: ("kept", "hand"),
    LabelState.LEASED: ("plain", "clock"),
    LabelState.INTENT: ("run", "printer"),
    LabelState.SENT: ("run", "printer"),
    LabelState.PRINTED: ("run", "scanner"),
    LabelState.AMBIGUOUS: ("warn", "ask"),
    LabelState.ACTIVE: ("ok", "check"),
    LabelState.LOST: ("bad", "close"),
    LabelState.VOID: ("plain", "close"),
}
"""How a label's state looks: colour and shape."""

JOB_WORDS = {
    JobState.PRINTING: N_("printing"),
    JobState.STOPPED: N_("stopped"),
    JobState.LOOK: N_("look at the labels"),
    JobState.SCAN: N_("scan the labels back"),
    JobState.DONE: N_("finished"),
}
JOB_LOOKS = {
    JobState.PRINTING: ("run", "printer"),
    JobState.STOPPED: ("kept", "hand"),
    JobState.LOOK: ("warn", "ask"),
    JobState.SCAN: ("run", "scanner"),
    JobState.DONE: ("ok", "check"),
}

SETTLED_WORDS = {
    Settled.DESTROYED: N_("found and destroyed"),
    Settled.NEVER_OUT: N_("never came out"),
}


def job_state(counts: Mapping[LabelState, int]) -> JobState:
    """Return how a job stands whose labels are in these states."""

    def some(*states: LabelState) -> bool:
        return any(counts.get(state, 0) for state in states)

    if some(LabelState.STOPPED):
        return JobState.STOPPED
    if some(LabelState.QUEUED, LabelState.LEASED, LabelState.INTENT, LabelState.SENT):
        return JobState.PRINTING
    if some(LabelState.AMBIGUOUS, LabelState.LOST):
        return JobState.LOOK
    return JobState.SCAN if some(LabelState.PRINTED) else JobState.DONE


class LabelNotVerified(Refusal):
    """The thing's label was never scanned back."""

    says = N_("The label of %(code)s is not verified.")
    do = N_("Label not verified: scan it. If no label came out, ask for a new one with a reason.")


class LabelVoid(Refusal):
    """A label that was replaced, or given up as lost, has been scanned: an alarm."""

    says = N_("This label of %(code)s was voided. It must not be on anything.")
    do = N_("Put the tube aside and call the quality officer. Find the tube with the live label.")
    stops = True


class LabelPending(Refusal):
    """There is already a label on its way for this thing."""

    says = N_("A label for %(code)s is already on its way (%(state)s).")
    do = N_("Scan it back when it is printed. To replace it, void it with a reason first.")


class LabelUnknown(Refusal):
    """A payload that no label of this laboratory carries."""

    says = N_("No label of this laboratory carries %(payload)s.")
    do = N_("Keep the tube apart and call the quality officer: the label was not printed here.")
    stops = True
    status = 404


class ReasonMissing(Refusal):
    """A new label for a thing that has one needs a reason."""

    says = N_("%(code)s has a label already. A new one needs a reason, and voids the old one.")
    do = N_("Say why: damaged, unreadable, lost.")
    status = 422


class StaleLease(Refusal):
    """An agent speaks of a job that is no longer its own."""

    says = N_("This print job is no longer leased to this agent.")
    do = N_("Do not print it.")


class LabelDoesNotFit(Refusal):
    """The words do not fit on the label, or cannot be written with its fonts."""

    says = N_("“%(words)s” cannot be printed on this label.")
    do = N_("Use fewer words, or letters that the label's fonts have. Nothing was queued.")
    status = 422


class NothingToPrint(Refusal):
    """A job without labels, or with more than a roll has."""

    says = N_("A job has 1 to %(most)s labels.")
    do = N_("Choose the things that need one.")
    status = 422


class SizesMixed(Refusal):
    """Labels of different sizes never come from one roll."""

    says = N_("These labels are of different sizes: %(sizes)s.")
    do = N_("Print one size, then the other.")
    status = 422


class NeverLabelled(Refusal):
    """A thing that never had a label, and for which nobody knows which it should have."""

    says = N_("%(code)s never had a label.")
    do = N_("Its first label is printed where it is made.")


class JobChanged(Refusal):
    """Somebody else did something to the job in the meantime."""

    says = N_("%(who)s changed this job at %(at)s.")
    do = N_("Look at it again. Nothing was done.")


class JobOver(Refusal):
    """Nothing of the job waits."""

    says = N_("Nothing of job %(job)s waits to be printed.")
    do = N_("Print single labels of it again, with a reason.")


class OtherStock(Refusal):
    """The labels in the other printer are not known to be of the size that the job needs."""

    says = N_("The printer there last printed labels of another size than %(size)s, or none yet.")
    do = N_("Look into it. If labels of %(size)s are in it, say so and move the job.")
    status = 422


class NotUnexplained(Refusal):
    """The label was scanned back, or settled, in the meantime."""

    says = N_("This label is explained: %(state)s.")
    do = N_("Nothing is left to do.")


class AlarmAnswered(Refusal):
    """Somebody has answered the alarm already."""

    says = N_("This alarm is answered already: %(at)s, %(who)s.")
    do = N_("Nothing needs to be done.")


class SheetRefused(Refusal):
    """A sheet that there is not, or on which the labels do not fit."""

    says = N_("These labels cannot be put on this sheet: %(fault)s")
    do = N_("Choose another sheet, or another place to begin.")
    status = 422


class SheetReasonMissing(Refusal):
    """A sheet that does not begin where the last one ended."""

    says = N_("The last sheet ended elsewhere. Beginning at another place needs a reason.")
    do = N_("Say why: misfeed, new sheet, places damaged.")
    status = 422


class SheetGivenOut(Refusal):
    """A sheet whose file somebody has."""

    says = N_("The file of this sheet was given out already. It is never given out twice.")
    do = N_("If nothing was printed, mark all places as spoiled: other labels are then ordered.")


class SheetTooOld(Refusal):
    """A sheet whose labels went elsewhere after too long a wait, or that was not given out."""

    says = N_("The labels of this sheet are no longer its own, or were not given out yet.")
    do = N_("Put what waits on a new sheet.")


class SheetEmpty(Refusal):
    """No label waits, or none of those chosen can be ordered again."""

    says = N_("There is no label to put on a sheet, or none here that could be ordered again.")
    do = N_("Order labels first. What was scanned back stays as it is.")
    status = 422
