# SPDX-License-Identifier: Apache-2.0
"""Review what is completed; say that what failed was begun again."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.evidence import Evidence
from lims.core.stages import Stages
from lims.core.words import N_, Say
from lims.custody.operations import change_state, lock_subject
from lims.custody.queries import blocked, holds_of
from lims.custody.rules import Tag
from lims.plates.models import Batch, Plate
from lims.plates.operations.releasing import work_of
from lims.plates.queries import hands_in
from lims.plates.rules import (
    OPERATOR,
    NotFailed,
    ReviewOutcome,
    WorkState,
    check_outcome,
    check_reviewable,
    check_reviewer,
)


def review(
    session: Session,
    code: str,
    outcome: ReviewOutcome,
    reason: str,
    *,
    by: Actor,
    at: datetime,
    stages: Stages,
) -> Batch | Plate:
    """Review a completed batch or plate: completed → reviewed, with the outcome and its reason.

    `stages` is `lims.features.STAGES`. Whoever worked on it or read it first does not review it.
    What a control failed, or quality holds, can only fail; a rule without an answer lets nothing
    pass; exceptions and failures have a reason. Raises NotFound, NotCompleted, OwnReview,
    ReasonMissing, ControlsDecide, Unanswered, ExceptionsThere.
    """
    check_reviewable(code, lock_subject(session, code).state)
    work = work_of(session, code)
    found = evidence_of(session, code, stages)
    check_reviewer(code, by.id, found.involved)
    holds = blocked(session, code)
    said = check_outcome(
        code, outcome, reason=reason, evidence=found,
        held=Say(N_("it is on hold: %(why)s"), {"why": holds[0].words}) if holds else None,
    )  # fmt: skip
    work.reviewed_at, work.reviewed_by = at, by.id
    work.outcome, work.review_reason = outcome, said
    tag = Tag.PLATE_WORK_REVIEWED if code[0] == Kind.PLATE else Tag.BATCH_WORK_REVIEWED
    change_state(
        session, code, WorkState.REVIEWED, tag, by=by, at=at,
        content={"outcome": outcome.value, "why": said},
    )  # fmt: skip
    session.flush()
    return work


def evidence_of(session: Session, code: str, stages: Stages) -> Evidence:
    """Return what a review looks at: that of its stage, holds that were lifted, its hands."""
    work = work_of(session, code)
    rules = stages.get(work.activity)
    found = rules.evidence(session, code) if rules is not None else Evidence()
    lifted = tuple(
        Say(N_("it was on hold, and quality lifted that"))
        for hold in holds_of(session, code)
        if hold.lifted_by_event is not None
    )
    hands = dict.fromkeys(hands_in(session, work), OPERATOR)
    return Evidence(
        failed=found.failed, unanswered=found.unanswered,
        exceptions=(*found.exceptions, *lifted[:1]), involved={**found.involved, **hands},
    )  # fmt: skip


def mark_repeated(session: Session, code: str, by_code: str, *, by: Actor, at: datetime) -> None:
    """Say that what failed its review was begun again as `by_code`: reviewed → repeated.

    Said again for a further repeat it changes nothing. Raises NotFound, NotFailed.
    """
    state = lock_subject(session, code).state
    work = work_of(session, code)
    if work.outcome is not ReviewOutcome.FAIL:
        raise NotFailed(code=code)
    if state == WorkState.REVIEWED:
        tag = Tag.PLATE_WORK_REPEATED if code[0] == Kind.PLATE else Tag.BATCH_WORK_REPEATED
        change_state(
            session, code, WorkState.REPEATED, tag, by=by, at=at, content={"repeat": by_code}
        )
