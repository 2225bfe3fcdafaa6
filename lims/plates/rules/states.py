# SPDX-License-Identifier: Apache-2.0
"""States of batches and plates, how one follows another, and who may say so."""

from collections.abc import Mapping
from enum import StrEnum

from lims.core.errors import ReasonMissing, Refusal
from lims.core.evidence import Evidence
from lims.core.words import N_, Many, Say


class WorkState(StrEnum):
    """States of a batch and of a plate; a hold of quality stands beside them.

    While it is a draft, things are placed; released, its checks have passed; running, its tubes
    are scanned into their places. One that failed its review and was begun again is repeated.
    """

    DRAFT = "draft"
    RELEASED = "released"
    RUNNING = "running"
    COMPLETED = "completed"
    REVIEWED = "reviewed"
    REPEATED = "repeated"


OPEN_STATES = (WorkState.DRAFT, WorkState.RELEASED, WorkState.RUNNING)
"""States in which the work is not over."""

RELEASED_STATES = (WorkState.RELEASED, WorkState.RUNNING)
"""States in which nothing more is placed, and the work goes on."""


class ReviewOutcome(StrEnum):
    """What a review said of a batch or a plate."""

    PASS = "pass"  # noqa: S105 (an outcome, no password)
    EXCEPTIONS = "exceptions"
    FAIL = "fail"


OUTCOME_WORDS = {
    ReviewOutcome.PASS: N_("passed"),
    ReviewOutcome.EXCEPTIONS: N_("passed with exceptions"),
    ReviewOutcome.FAIL: N_("failed"),
}
OUTCOME_TONES = {
    ReviewOutcome.PASS: "ok",
    ReviewOutcome.EXCEPTIONS: "warn",
    ReviewOutcome.FAIL: "bad",
}
WORK_WORDS: Mapping[str, str] = {
    WorkState.DRAFT: N_("draft"),
    WorkState.RELEASED: N_("released"),
    WorkState.RUNNING: N_("running"),
    WorkState.COMPLETED: N_("completed"),
    WorkState.REVIEWED: N_("reviewed"),
    WorkState.REPEATED: N_("repeated"),
}
OPERATOR = N_("worked on it")
"""What a person did who may not review a batch or plate."""


class NotOpen(Refusal):
    """Something is to be placed where the work is over."""

    says = N_("%(code)s is %(state)s: nothing can be changed in it.")
    do = N_("Open a new one for further work.")


class ReleasedAlready(Refusal):
    """Something is to be placed in what was released, or it is released again."""

    says = N_("%(code)s is released: what stands in it is settled.")
    do = N_("Work on what stands in it. What comes later goes into a new one.")


class NotReleased(Refusal):
    """Work is begun on what nobody released."""

    says = N_("%(code)s is %(state)s: it is not released.")
    do = N_("Release it first: its checks must pass before the work begins.")


class NotCompleted(Refusal):
    """A review of what is not completed, or was reviewed before."""

    says = N_("%(code)s is %(state)s: only what is completed is reviewed.")
    do = N_("Complete it first. A review that was given stands; what failed is repeated.")


class ControlsTooFew(Refusal):
    """Fewer controls stand on it than its procedure asks for."""

    says = N_("%(code)s has %(has)s of %(control)s; procedure %(procedure)s asks for %(needs)s.")
    do = N_("Put the missing ones in, then release it.")


class WrongPlace(Refusal):
    """Another tube is scanned than the one whose place is next."""

    says = N_("Position %(position)s expects %(expected)s, you scanned %(read)s.")
    do = N_("Put this tube down. Take %(expected)s and scan it.")
    stops = True


class ScannedAlready(Refusal):
    """A tube is scanned into its place twice."""

    says = N_("%(code)s stands in %(position)s already: it was scanned.")
    do = N_("Go on with the next tube.")


class StillToScan(Refusal):
    """Completed before every tube was scanned into its place."""

    says = Many(
        "%(missing)s of %(count)s tube not scanned into its place: %(codes)s.",
        "%(missing)s of %(count)s tubes not scanned into their places: %(codes)s.",
    )
    do = N_("Scan each of them, or take its place back with a reason.")


class OwnReview(Refusal):
    """Somebody reviews what they had a hand in."""

    says = N_("You may not review %(code)s: you %(what)s.")
    do = N_("The review is given by somebody who neither did the work nor read it first.")
    status = 403


class Unanswered(Refusal):
    """A review while a rule still waits for its answer."""

    says = N_("%(code)s cannot be reviewed yet: %(what)s.")
    do = N_("See to it, then review.")


class ControlsDecide(Refusal):
    """A review that passes what a control failed."""

    says = N_("%(code)s cannot pass: %(what)s.")
    do = N_("The controls decide: review it as failed, and repeat it.")


class ExceptionsThere(Refusal):
    """A review that passes without exceptions what has some."""

    says = N_("%(code)s has an exception: %(what)s.")
    do = N_("Review it as passed with exceptions, and say why it stands.")


class NotFailed(Refusal):
    """Something is marked as repeated that did not fail its review."""

    says = N_("%(code)s did not fail its review: it is not repeated.")
    do = N_("Review it as failed first.")


def check_open(code: str, state: str) -> None:
    """Refuse (NotOpen) work on a batch or plate that is completed or reviewed."""
    if state not in OPEN_STATES:
        raise NotOpen(code=code, state=state_words(state))


def check_draft(code: str, state: str) -> None:
    """Refuse to place something where the work is over (NotOpen) or released (ReleasedAlready)."""
    check_open(code, state)
    if state != WorkState.DRAFT:
        raise ReleasedAlready(code=code)


def check_released(code: str, state: str) -> None:
    """Refuse (NotReleased) to begin or complete what is a draft."""
    check_open(code, state)
    if state not in RELEASED_STATES:
        raise NotReleased(code=code, state=state_words(state))


def check_reviewable(code: str, state: str) -> None:
    """Refuse (NotCompleted) a review of what is open, or was reviewed."""
    if state != WorkState.COMPLETED:
        raise NotCompleted(code=code, state=state_words(state))


def check_outcome(
    code: str, outcome: ReviewOutcome, *, reason: str, evidence: Evidence, held: Say | None
) -> str:
    """Return the reason of a review, cut to what is stored; refuse an outcome that does not hold.

    A failure may always be said, with its reason. Raises ReasonMissing, Unanswered,
    ControlsDecide (a control failed, or it is on hold), ExceptionsThere.
    """
    said = reason.strip()[:300]
    if outcome is not ReviewOutcome.PASS and not said:
        raise ReasonMissing()
    if outcome is ReviewOutcome.FAIL:
        return said
    if held is not None:
        raise ControlsDecide(code=code, what=held)
    if evidence.failed:
        raise ControlsDecide(code=code, what=evidence.failed[0])
    if evidence.unanswered:
        raise Unanswered(code=code, what=evidence.unanswered[0])
    if outcome is ReviewOutcome.PASS and evidence.exceptions:
        raise ExceptionsThere(code=code, what=evidence.exceptions[0])
    return said


def check_reviewer(code: str, reviewer: str, involved: Mapping[str, str]) -> None:
    """Refuse (OwnReview) a reviewer who is among those involved: actor id to marked words."""
    if reviewer in involved:
        raise OwnReview(code=code, what=Say(involved[reviewer]))


def check_scanned(code: str, *, awaited: tuple[str, ...], count: int) -> None:
    """Refuse (StillToScan) where tubes were not scanned into their places."""
    if awaited:
        shown = ", ".join(awaited[:6]) + (" …" if len(awaited) > 6 else "")
        raise StillToScan(code=code, missing=len(awaited), count=count, codes=shown)


def state_words(state: str) -> Say | str:
    """Return the words of a state."""
    return Say(WORK_WORDS[state]) if state in WORK_WORDS else state
