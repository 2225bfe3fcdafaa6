# SPDX-License-Identifier: Apache-2.0
"""Holds: what stands on hold, setting one, the decision that releases."""

from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.custody.rules import HOLD_WORDS
from lims.quality.operations import (
    hold_thing,
    lift,
)
from lims.quality.queries import frozen_by, standing_holds
from lims.quality.rules import DECISION_WORDS
from lims.quality.schemas import (
    FrozenSchema,
    HoldSchema,
    LiftSchema,
)
from lims.quality.views.blueprint import blueprint
from lims.samples.rules import QUARANTINE_REASONS, state_look
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import (
    code_in_path,
    done,
    form,
    page,
    query,
    reading,
    write,
)
from lims.web.rights import Right


@blueprint.get("/holds")
@needs(Right.SET_HOLDS)
def holds() -> ResponseReturnValue:
    """Show what stands on hold."""
    with reading() as session:
        rows = standing_holds(session)
    return page(
        "quality/holds.html",
        rows=[(row, translate(HOLD_WORDS[row.reason])) for row in rows],
        reasons=[(reason.value, translate(HOLD_WORDS[reason])) for reason in QUARANTINE_REASONS],
    )


@blueprint.post("/holds")
@needs(Right.SET_HOLDS)
def post_hold() -> ResponseReturnValue:
    """Put a thing on hold."""
    given = form(HoldSchema())
    code = code_in_path(given["code"])

    def act(session: Session) -> dict[str, Any]:
        hold_thing(session, code, given["reason"], remark=given["remark"], by=signed_in(), at=now())
        return {"to": url_for("quality.holds")}

    return done(write(act))


@blueprint.get("/holds/<int:hold>", endpoint="hold")
@needs(Right.RELEASE)
def one_hold(hold: int) -> ResponseReturnValue:
    """Show what a hold froze, and take the decision."""
    after = query(FrozenSchema())["after"]
    with reading() as session:
        found = frozen_by(session, hold, after=after)
        return page(
            "quality/hold.html", found=found, words=translate(HOLD_WORDS[found.reason]),
            look=state_look,
            decisions=[(one.value, translate(words)) for one, words in DECISION_WORDS.items()],
            further=url_for("quality.hold", hold=hold, after=found.after) if found.after else "",
            first=url_for("quality.hold", hold=hold) if after else "",
        )  # fmt: skip


@blueprint.post("/holds/<int:hold>/lift")
@needs(Right.RELEASE)
def post_lift(hold: int) -> ResponseReturnValue:
    """Release from a hold: the decision, the incident, the reason."""
    given = form(LiftSchema())

    def act(session: Session) -> dict[str, Any]:
        lift(
            session, hold, decision=given["decision"], incident=given["incident"],
            because=given["reason"], by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("quality.holds")}

    return done(write(act))
