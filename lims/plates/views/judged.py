# SPDX-License-Identifier: Apache-2.0
"""What the page of a batch or plate shows of its release and its review."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.evidence import Evidence
from lims.people.queries import initials_of
from lims.plates import operations
from lims.plates.models import Batch, Plate
from lims.plates.queries import roles_in
from lims.plates.rules import OUTCOME_TONES, OUTCOME_WORDS, ReviewOutcome, WellRole, WorkState
from lims.web.locale import translate
from lims.web.pages import laboratory


def judged(session: Session, work: Batch | Plate, state: str) -> dict[str, object]:
    """Return what a page shows of release and review, and what may be done next."""
    names = initials_of(
        session, {one for one in (work.released_by, work.completed_by, work.reviewed_by) if one}
    )
    is_completed = state == WorkState.COMPLETED
    return {
        "steps": [
            (step, at, names.get(by, by))
            for step, at, by in (
                (WorkState.RELEASED, work.released_at, work.released_by),
                (WorkState.COMPLETED, work.completed_at, work.completed_by),
                (WorkState.REVIEWED, work.reviewed_at, work.reviewed_by),
            )
            if at is not None and by is not None
        ],
        "outcome": work.outcome,
        "tone": OUTCOME_TONES[work.outcome] if work.outcome else "",
        "words": OUTCOME_WORDS[work.outcome] if work.outcome else "",
        "reason": work.review_reason,
        "outcomes": [(one.value, translate(OUTCOME_WORDS[one])) for one in ReviewOutcome],
        "to_release": state == WorkState.DRAFT
        and bool(roles_in(session, work.code)[WellRole.SAMPLE]),
        "to_review": is_completed,
        "found": operations.evidence_of(session, work.code, laboratory().stages)
        if is_completed
        else Evidence(),
        "release": url_for(_at(work, "release"), code=work.code),
        "review": url_for(_at(work, "review"), code=work.code),
    }


def _at(work: Batch | Plate, act: str) -> str:
    return f"plates.post_{act}_{'plate' if isinstance(work, Plate) else 'batch'}"
