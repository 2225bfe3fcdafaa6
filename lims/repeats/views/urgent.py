# SPDX-License-Identifier: Apache-2.0
"""Which samples go before others: the list, by code alone, and its form."""

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.repeats import operations
from lims.repeats.queries import urgencies
from lims.repeats.rules import URGENCY_WORDS
from lims.repeats.schemas import NothingSchema, UrgentSchema
from lims.repeats.views.repeats import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right


@blueprint.get("/urgency")
@needs(Right.SET_URGENCY)
def urgent() -> ResponseReturnValue:
    """Show the samples that go before others."""
    with reading() as session:
        rows = urgencies(session)
    return page(
        "repeats/urgent.html", rows=rows, words=URGENCY_WORDS,
        reasons=[(one.value, translate(words)) for one, words in URGENCY_WORDS.items()],
    )  # fmt: skip


@blueprint.post("/urgency")
@needs(Right.SET_URGENCY)
def post_urgent() -> ResponseReturnValue:
    """Let a sample go before others."""
    sent = form(UrgentSchema())
    code = code_in_path(sent["code"], Kind.BONE, Kind.REFERENCE)

    def act(session: Session) -> dict[str, object]:
        operations.set_urgent(session, code, sent["reason"], by=signed_in(), at=now())
        return {"to": url_for("repeats.urgent"), "code": code}

    return done(write(act))


@blueprint.post("/urgency/<code>/end")
@needs(Right.SET_URGENCY)
def post_lift(code: str) -> ResponseReturnValue:
    """Let an urgent sample wait as all others do."""
    read = code_in_path(code, Kind.BONE, Kind.REFERENCE)
    form(NothingSchema())

    def act(session: Session) -> dict[str, object]:
        operations.lift_urgency(session, read, by=signed_in(), at=now())
        return {"to": url_for("repeats.urgent"), "code": read}

    return done(write(act))
