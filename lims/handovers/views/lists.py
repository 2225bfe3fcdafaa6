# SPDX-License-Identifier: Apache-2.0
"""Lists of hand-overs, a new one, and a take-over without the giver."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.handovers.models import HandOver
from lims.handovers.operations import hand_over, open_handover, take_over
from lims.handovers.queries import all_open, mine
from lims.handovers.rules import (
    MOST_THINGS,
    PURPOSE_WORDS,
    STATE_WORDS,
    WAY_WORDS,
    HandOverState,
)
from lims.handovers.schemas import ListedSchema, NewSchema, TakeOverSchema
from lims.handovers.views.blueprint import (
    Answer,
    blueprint,
    purposes,
    read_list,
    receiver_of,
    row_json,
)
from lims.people.views import confirm_badge, confirm_oneself, witness_of
from lims.web.errors import wants_json
from lims.web.guard import may_here, needs, signed_in
from lims.web.pages import done, form, page, query, reading, write
from lims.web.rights import Right


@blueprint.get("/handovers")
@needs(Right.HAND_OVER)
def handovers() -> Answer:
    """Show what waits for whoever looks, what they gave, and what has ended."""
    with reading() as session:
        own = mine(session, signed_in().id)
        everybody = all_open(session) if may_here(Right.TAKE_OVER) else ()
    if wants_json():
        return {
            "waiting": [row_json(one) for one in own.waiting],
            "given": [row_json(one) for one in own.given],
            "ended": [row_json(one) for one in own.ended],
            "open": [row_json(one) for one in everybody],
        }
    return page(
        "handovers/handovers.html", own=own, everybody=everybody, way_words=WAY_WORDS,
        purpose_words=PURPOSE_WORDS, state_words=STATE_WORDS,
    )  # fmt: skip


@blueprint.get("/handovers/new")
@needs(Right.HAND_OVER)
def new() -> Answer:
    """Show the form of a new hand-over."""
    begun = query(ListedSchema())["things"]
    return page("handovers/new.html", listed=begun, purposes=purposes(), most=MOST_THINGS)


@blueprint.post("/handovers")
@needs(Right.HAND_OVER)
def post_new() -> Answer:
    """Open a hand-over; with the receiver's PIN the things pass at once."""
    sent = form(NewSchema())
    listed = read_list(sent)
    giver = signed_in()
    if sent["receiver_pin"]:
        to = confirm_badge(
            sent["receiver"], sent["receiver_pin"], not_by=giver, right=Right.HAND_OVER
        )
    confirm_oneself(sent["secret"])

    def act(session: Session) -> dict[str, object]:
        if sent["receiver_pin"]:
            row = hand_over(session, listed, by=giver, to=to, purpose=sent["purpose"], at=now())
        else:
            row = open_handover(
                session, listed, by=giver, to=receiver_of(session, sent["receiver"]),
                purpose=sent["purpose"], at=now(),
            )  # fmt: skip
        return _answer(row)

    return done(write(act))


@blueprint.get("/handovers/take-over")
@needs(Right.TAKE_OVER)
def taking() -> Answer:
    """Show the form of a take-over."""
    return page("handovers/take_over.html", listed=query(ListedSchema())["things"])


@blueprint.post("/handovers/take-over")
@needs(Right.TAKE_OVER)
def post_take_over() -> Answer:
    """Take over what people hold who are away, before a second person."""
    sent = form(TakeOverSchema())
    listed = read_list(sent)
    if not sent["reason"].strip():
        raise BadInput(field="reason", problem=Say(N_("is missing or malformed")))
    witness = witness_of(sent)

    def act(session: Session) -> dict[str, object]:
        rows = take_over(
            session, listed, by=signed_in(), witness=witness, reason=sent["reason"], at=now()
        )
        return {
            "to": url_for("handovers.handover", number=rows[0].id) if len(rows) == 1
            else url_for("handovers.handovers"),
            "handovers": [row.id for row in rows],
        }  # fmt: skip

    return done(write(act))


def _answer(row: HandOver) -> dict[str, object]:
    return {
        "to": url_for("handovers.handover", number=row.id), "handover": row.id,
        "state": row.state.value, "passed": row.state is HandOverState.COMPLETED,
        "things": [thing.code for thing in row.things],
    }  # fmt: skip
