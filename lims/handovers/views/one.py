# SPDX-License-Identifier: Apache-2.0
"""One hand-over: look at it, receive it, refuse it, withdraw it, print its slip."""

import io
from functools import partial

from flask import send_file, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.codes import read_payload
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.custody.queries import anchor
from lims.handovers.operations import accept_handover, refuse_handover, withdraw_handover
from lims.handovers.operations.slip import Line, Slip, draw_slip
from lims.handovers.queries import handover_of, is_outside, names_of
from lims.handovers.rules import (
    DIFFERENCE_WORDS,
    PURPOSE_WORDS,
    STATE_WORDS,
    THING_WORDS,
    WAY_WORDS,
    Difference,
)
from lims.handovers.schemas import AcceptSchema, ReasonSchema
from lims.handovers.views.blueprint import Answer, blueprint, handover_json, visible
from lims.people.views import confirm_badge, confirm_oneself
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import done, form, laboratory, page, reading, write
from lims.web.rights import Right


@blueprint.get("/handovers/<int:number>")
@needs(Right.HAND_OVER)
def handover(number: int) -> Answer:
    """Show a hand-over, with what its two people can do about it."""
    me = signed_in().id
    with reading() as session:
        row = visible(handover_of(session, number))
        if wants_json():
            return handover_json(session, row)
        return page(
            "handovers/handover.html", row=row, me=me,
            names=names_of(session, [row.giver, row.receiver, row.witness, row.ended_by or ""]),
            outside=is_outside, way_words=WAY_WORDS, purpose_words=PURPOSE_WORDS,
            state_words=STATE_WORDS, thing_words=THING_WORDS, difference_words=DIFFERENCE_WORDS,
        )  # fmt: skip


@blueprint.post("/handovers/<int:number>/accept")
@needs(Right.HAND_OVER)
def post_accept(number: int) -> Answer:
    """Receive the things: with the own secret, or with badge and PIN at the giver's screen."""
    sent = form(AcceptSchema())
    differences = {read_payload(one).code: Difference.MISSING for one in sent["missing"]}
    differences |= {read_payload(one).code: Difference.DAMAGED for one in sent["damaged"]}
    by = signed_in()
    if sent["receiver_pin"]:
        by = confirm_badge(
            sent["receiver"], sent["receiver_pin"], not_by=signed_in(), right=Right.HAND_OVER
        )
    elif not sent["secret"]:
        raise BadInput(field="secret", problem=Say(N_("Missing data for required field.")))
    else:
        confirm_oneself(sent["secret"])

    def act(session: Session) -> dict[str, object]:
        row = accept_handover(
            session, number, by=by, at=now(), differences=differences,
            notes=dict.fromkeys(differences, sent["note"].strip()),
        )  # fmt: skip
        return {
            "to": url_for("handovers.handover", number=number), "handover": number,
            "state": row.state.value, "kept": sorted(differences),
        }  # fmt: skip

    return done(write(act))


@blueprint.post("/handovers/<int:number>/refuse")
@needs(Right.HAND_OVER)
def post_refuse(number: int) -> Answer:
    """Refuse all of it; the things stay with the giver."""
    reason = form(ReasonSchema())["reason"]

    def act(session: Session) -> dict[str, object]:
        row = refuse_handover(session, number, by=signed_in(), at=now(), reason=reason)
        return {"to": url_for("handovers.handovers"), "handover": number, "state": row.state.value}

    return done(write(act))


@blueprint.post("/handovers/<int:number>/withdraw")
@needs(Right.HAND_OVER)
def post_withdraw(number: int) -> Answer:
    """Take back what nobody has answered."""
    reason = form(ReasonSchema())["reason"]

    def act(session: Session) -> dict[str, object]:
        row = withdraw_handover(session, number, by=signed_in(), at=now(), reason=reason)
        return {"to": url_for("handovers.handovers"), "handover": number, "state": row.state.value}

    return done(write(act))


@blueprint.get("/handovers/<int:number>/slip.pdf")
@needs(Right.HAND_OVER)
def get_slip(number: int) -> AnyResponse:
    """Hand out the slip: codes, both people, times, and the anchor of the ledger."""
    here = laboratory().settings
    with reading() as session:
        row = visible(handover_of(session, number))
        names = names_of(session, [row.giver, row.receiver, row.witness])
        slip = Slip(
            row.id, row.way, row.purpose, row.state, names[row.giver], names[row.receiver],
            names[row.witness], row.opened_at, row.ended_at,
            tuple(Line(thing.code, thing.difference) for thing in row.things),
        )  # fmt: skip
        drawn = draw_slip(
            slip, laboratory=(here.laboratory, here.laboratory_ar), at=now(),
            anchor=anchor(session), arabic=partial(translate, into="ar"),
        )  # fmt: skip
    return send_file(
        io.BytesIO(drawn), mimetype="application/pdf", as_attachment=True,
        download_name=f"handover-{number}.pdf",
    )  # fmt: skip
