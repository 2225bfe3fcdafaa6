# SPDX-License-Identifier: Apache-2.0
"""States of a label instance, and what may follow what."""

import re
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_


class LabelState(StrEnum):
    """Where a label instance is between the queue and a tube.

    queued → leased → intent → sent → printed → active; ambiguous when nobody can know whether it
    left the printer; lost when it certainly did not; void when another replaced it.
    """

    QUEUED = "queued"
    LEASED = "leased"
    INTENT = "intent"
    SENT = "sent"
    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    ACTIVE = "active"
    LOST = "lost"
    VOID = "void"


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
