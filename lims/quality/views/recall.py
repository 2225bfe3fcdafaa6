# SPDX-License-Identifier: Apache-2.0
"""Recall: all that a lot or an instrument touched, on one page."""

from dataclasses import asdict

from flask.typing import ResponseReturnValue

from lims.core.clock import utc_text
from lims.core.codes import Kind
from lims.people.rules import ACTIVITY_WORDS
from lims.quality.queries import Reach, reach_of
from lims.quality.views.blueprint import blueprint
from lims.web.errors import wants_json
from lims.web.guard import needs
from lims.web.pages import code_in_path, page, reading
from lims.web.rights import Right

SHOWN = 500
"""How many wells the page shows; the rest is in the JSON and at the console."""


@blueprint.get("/recall/<code>")
@needs(Right.SEE_STOCK)
def recall(code: str) -> ResponseReturnValue:
    """Show all that a lot or an instrument touched: batches, plates, samples, wells, profiles."""
    read = code_in_path(code, Kind.LOT, Kind.CONTAINER)
    with reading() as session:
        found = reach_of(session, read)
    if wants_json():
        return _json(found)
    return page(
        "quality/recall.html", found=found, wells=found.wells[:SHOWN],
        activity_words=ACTIVITY_WORDS,
    )  # fmt: skip


def _json(found: Reach) -> dict[str, object]:
    told = asdict(found)
    told["profiles"] = [
        {**profile, "decided_at": utc_text(one.decided_at)}
        for one, profile in zip(found.profiles, told["profiles"], strict=True)
    ]
    return told
