# SPDX-License-Identifier: Apache-2.0
"""Pages of counts: scan all that stands in a place, see what differs, settle it."""

import re

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.storage.operations.counts import (
    close_count,
    open_count,
    record_read,
    settle_explained,
    settle_found,
)
from lims.storage.queries.counts import CountShown, DifferenceShown, count_shown, differences_left
from lims.storage.rules.counts import DIFFERENCE_WORDS, SETTLED_WORDS
from lims.storage.schemas import EmptySchema, ReadsSchema, SettleSchema
from lims.storage.views.blueprint import Answer, blueprint, code_in, name_json, place_in
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right, may


@blueprint.post("/storage/<code>/count")
@needs(Right.STORE_THINGS)
def post_count(code: str) -> Answer:
    """Open a count of a place, or go on with the one that is open."""
    form(EmptySchema())
    read = code_in_path(code, Kind.CONTAINER)

    def begin(session: Session) -> dict[str, object]:
        count = open_count(session, read, by=signed_in(), at=now())
        return {"to": url_for("storage.count", number=count.id), "count": count.id}

    return done(write(begin))


@blueprint.get("/storage/counts/<int:number>")
@needs(Right.SEE_STOCK)
def count(number: int) -> Answer:
    """Show a count: what is expected, what was read, what differs."""
    with reading() as session:
        shown = count_shown(session, number, actor=signed_in().id)
        if wants_json():
            return _count_json(shown)
        here = next((one for one in shown.parts if one.code == shown.here), None)
        return page(
            "storage/count.html", shown=shown, count=shown.count, tally=shown.tally, here=here,
            difference_words=DIFFERENCE_WORDS, settled_words=SETTLED_WORDS,
            left=differences_left(session, number),
        )  # fmt: skip


@blueprint.post("/storage/counts/<int:number>/reads")
@needs(Right.STORE_THINGS)
def post_reads(number: int) -> Answer:
    """Keep one code or several that were read during a count."""
    sent = form(ReadsSchema())
    texts = [one.strip() for one in re.split(r"[\r\n\t]+", sent["text"]) if one.strip()]

    def keep(session: Session) -> dict[str, object]:
        kept = [record_read(session, number, one, by=signed_in(), at=now()) for one in texts]
        return {
            "to": url_for("storage.count", number=number),
            "read": [{"text": one.text, "code": one.code, "place": one.place_code} for one in kept],
        }

    return done(write(keep))


@blueprint.post("/storage/counts/<int:number>/close")
@needs(Right.STORE_THINGS)
def post_close(number: int) -> Answer:
    """Close a count and record what differs."""
    form(EmptySchema())

    def close(session: Session) -> dict[str, object]:
        said = close_count(session, number, by=signed_in(), at=now())
        return {
            "to": url_for("storage.count", number=number), "expected": said.expected,
            "seen": said.seen, "missing": said.missing, "strange": said.strange,
        }  # fmt: skip

    return done(write(close))


@blueprint.post("/storage/counts/<int:number>/differences/<int:difference>")
@needs(Right.STORE_THINGS)
def post_difference(number: int, difference: int) -> Answer:
    """Settle a difference: record the thing where it was found, or explain it."""
    sent = form(SettleSchema())
    actor = signed_in()

    def settle(session: Session) -> dict[str, object]:
        if sent["how"] == "moved":
            settle_found(
                session, number, difference, reason=sent["reason"], by=actor, at=now(),
                to=place_in(sent["to"]) if code_in(sent["to"]) or sent["to"] else "",
                overrule=may(actor.role, Right.KEEP_STOCK),
            )  # fmt: skip
        else:
            settle_explained(session, number, difference, reason=sent["reason"], by=actor, at=now())
        return {"to": url_for("storage.count", number=number)}

    return done(write(settle))


def _count_json(shown: CountShown) -> dict[str, object]:
    count, said = shown.count, shown.tally
    return {
        "count": count.id, "place": count.place_code,
        "path": [name_json(one) for one in shown.path],
        "opened": utc_text(count.opened_at), "opened_by": shown.opened_by,
        "closed": utc_text(count.closed_at) if count.closed_at else None,
        "expected": said.expected, "seen": said.seen, "missing": said.missing,
        "strange": said.strange, "here": shown.here,
        "people": [{"who": who, "scans": scans} for who, scans in shown.people],
        "differences": [_difference_json(one) for one in shown.differences],
    }  # fmt: skip


def _difference_json(one: DifferenceShown) -> dict[str, object]:
    return {
        "id": one.id, "kind": one.kind.value, "read": one.text,
        "code": one.text if code_in(one.text) and one.text[0] in set(Kind) else None,
        "recorded": [name_json(step) for step in one.recorded], "position": one.position,
        "seen": [name_json(step) for step in one.seen],
        "settled": one.settled.value if one.settled else None, "reason": one.reason,
    }  # fmt: skip
