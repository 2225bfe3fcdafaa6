# SPDX-License-Identifier: Apache-2.0
"""The laboratory manager's page: counts and ages by stage."""

from flask import Blueprint
from flask.typing import ResponseReturnValue

from lims.core.clock import now
from lims.throughput.queries import holds_standing, stage_counts
from lims.throughput.rules import AGE_LIMITS
from lims.web.guard import needs
from lims.web.locale import translate
from lims.web.pages import page, reading
from lims.web.rights import Right

blueprint = Blueprint("throughput", __name__)


@blueprint.get("/laboratory")
@needs(Right.SEE_THROUGHPUT)
def overview() -> ResponseReturnValue:
    """Show how many wait at each stage, and how long."""
    at = now()
    with reading() as session:
        counts = stage_counts(session, at=at)
        holds = holds_standing(session)
    largest = max((count.total for count in counts), default=0)
    longest = max(
        (count for count in counts if count.oldest is not None),
        key=lambda count: at - (count.oldest or at),
        default=None,
    )
    return page(
        "throughput/overview.html",
        at=at,
        rows=[
            {
                "words": translate(count.stage.words),
                "total": count.total,
                "ages": count.ages,
                "oldest_days": (at - count.oldest).days if count.oldest else None,
                "share": round(100 * count.total / largest) if largest else 0,
            }
            for count in counts
        ],
        limits=AGE_LIMITS,
        holds=holds,
        longest=translate(longest.stage.words) if longest else "",
        longest_days=(at - longest.oldest).days if longest and longest.oldest else 0,
        largest=largest,
    )
