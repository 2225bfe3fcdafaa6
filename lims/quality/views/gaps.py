# SPDX-License-Identifier: Apache-2.0
"""Gaps in the whole laboratory: the search is asked for here, and its result is read here."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text, now
from lims.core.words import Say
from lims.custody.rules import Gap, GapKind
from lims.people.queries import initials_of
from lims.quality.operations.gap_search import ask_search, keep_search, read_search
from lims.quality.schemas import GapPageSchema
from lims.quality.views.blueprint import blueprint
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both, in_words
from lims.web.pages import done, page, query, reading, settings, write
from lims.web.rights import Right

PAGE = 50


@blueprint.get("/gaps", endpoint="gaps")
@needs(Right.SEE_LEDGER)
def get_gaps() -> ResponseReturnValue:
    """Show how far the search is, or what the last one found."""
    start = query(GapPageSchema())["start"]
    found = read_search(settings().gap_report)
    kept = found.found[start : start + PAGE] if found is not None else ()
    gaps = [
        Gap(
            one["code"], GapKind(one["kind"]), Say.from_json(one["say"]), one["event"],
            from_utc_text(one["at"]) if one["at"] else None,
        )
        for one in kept
    ]  # fmt: skip
    actors = {actor for gap in gaps for actor in gap.actors}
    with reading() as session:
        who = initials_of(session, actors | ({found.asked_by} if found is not None else set()))
    if wants_json():
        return {
            "search": None if found is None else {
                "asked_at": found.asked_at, "by": who.get(found.asked_by, found.asked_by),
                "things": found.whole, "checked": found.checked, "done_at": found.done_at or None,
                "gaps": found.gaps,
            },
            "gaps": [
                {
                    "code": gap.code, "kind": gap.kind.value, "event": gap.event,
                    "say": in_both(gap.named(who).say),
                }
                for gap in gaps
            ],
        }  # fmt: skip
    last = start + PAGE
    return page(
        "quality/gaps.html", search=found, rows=[_shown(gap, who) for gap in gaps],
        asked_at=from_utc_text(found.asked_at) if found is not None else None,
        done_at=from_utc_text(found.done_at) if found is not None and found.done_at else None,
        by=who.get(found.asked_by, found.asked_by) if found is not None else "",
        further=url_for("quality.gaps", start=last)
        if found is not None and len(found.found) > last else "",
        first=url_for("quality.gaps") if start else "",
    )  # fmt: skip


@blueprint.post("/gaps", endpoint="post_gaps")
@needs(Right.SEE_LEDGER)
def post_gaps() -> ResponseReturnValue:
    """Ask for a search of the whole laboratory: the worker does it."""
    file = settings().gap_report

    def act(session: Session) -> dict[str, Any]:
        search = ask_search(session, read_search(file), by=signed_in(), at=now())
        # Before the commit: what is not recorded after all is only searched in vain.
        keep_search(file, search)
        return {"to": url_for("quality.gaps"), "things": search.whole}

    return done(write(act))


def _shown(gap: Gap, who: Any) -> dict[str, Any]:
    url = url_for("quality.timeline", code=gap.code)
    if gap.event is not None:
        url = url_for(
            "quality.timeline", code=gap.code, before=gap.event + 1, _anchor=f"e{gap.event}"
        )
    words = in_words(gap.named(who).say)
    return {"code": gap.code, "words": words, "at": gap.at, "index": gap.event, "url": url}
