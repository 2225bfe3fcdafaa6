# SPDX-License-Identifier: Apache-2.0
"""A person's word on what the limits propose, one by one or many at once."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.quantification import operations
from lims.quantification.schemas import DecisionsSchema, OverrideSchema
from lims.quantification.views.blueprint import Answer, blueprint
from lims.samples.rules import read_volume
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, write
from lims.web.rights import Right


@blueprint.post("/quantification/<code>/decisions")
@needs(Right.RECORD_QUANTITIES)
def post_decisions(code: str) -> Answer:
    """Confirm what is proposed for the extracts that were ticked, each as it was seen."""
    read = code_in_path(code, Kind.PLATE)
    seen = dict(_seen(text) for text in form(DecisionsSchema())["confirm"])

    def confirm(session: Session) -> dict[str, object]:
        confirmed = operations.confirm_decisions(session, read, seen, by=signed_in(), at=now())
        return {"to": url_for("quantification.plate", code=read), "confirmed": list(confirmed)}

    return done(write(confirm))


@blueprint.post("/quantification/<code>/override")
@needs(Right.RECORD_QUANTITIES)
def post_override(code: str) -> Answer:
    """Decide otherwise than was proposed for one extract, for a reason."""
    read = code_in_path(code, Kind.PLATE)
    sent = form(OverrideSchema())
    extract, seen = _seen(sent["decision"])
    volume = read_volume(sent["volume"]) if sent["volume"] else None

    def decide(session: Session) -> dict[str, object]:
        made = operations.override_decision(
            session, extract, sent["step"], seen=seen, reason=sent["reason"], volume_nl=volume,
            dilution=sent["dilution"], by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("quantification.plate", code=read), "code": extract,
            "step": made.step.value, "volume_nl": made.volume_nl, "dilution": made.dilution,
        }  # fmt: skip

    return done(write(decide))


def _seen(text: str) -> tuple[str, int]:
    """Return the extract and the number of the decision that was looked at, of "X…:12"."""
    code, _, number = text.partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18):
        raise BadInput(field="confirm", problem=Say(N_("It is malformed.")))
    return code_in_path(code, Kind.EXTRACT), int(number)
