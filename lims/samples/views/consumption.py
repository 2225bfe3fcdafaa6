# SPDX-License-Identifier: Apache-2.0
"""The coordinator's page of the customer's rule and permission to use up a sample: codes alone."""

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.samples import operations
from lims.samples.queries.consumption import permissions_shown
from lims.samples.rules import CONSUMPTION_WORDS
from lims.samples.schemas import PermissionSchema, RuleSchema
from lims.samples.views.things import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right


@blueprint.get("/consumption")
@needs(Right.PERMIT_CONSUMPTION)
def consumption() -> ResponseReturnValue:
    """Show the permissions recorded last, and the two forms."""
    with reading() as session:
        rows = permissions_shown(session)
    return page(
        "samples/consumption.html", rows=rows, today=now().date(),
        rules=[(rule.value, translate(words)) for rule, words in CONSUMPTION_WORDS.items()],
    )  # fmt: skip


@blueprint.post("/consumption/rules")
@needs(Right.PERMIT_CONSUMPTION)
def post_rule() -> ResponseReturnValue:
    """Set the customer's rule for the last of a sample."""
    given = form(RuleSchema())
    code = code_in_path(given["code"], Kind.BONE, Kind.REFERENCE)

    def act(session: Session) -> dict[str, object]:
        operations.rule_consumption(session, code, given["rule"], by=signed_in(), at=now())
        return {"code": code, "to": url_for("samples.consumption")}

    return done(write(act))


@blueprint.post("/consumption/permissions")
@needs(Right.PERMIT_CONSUMPTION)
def post_permission() -> ResponseReturnValue:
    """Record the customer's permission to use the last of a sample."""
    given = form(PermissionSchema())
    code = code_in_path(given["code"], Kind.BONE, Kind.REFERENCE)

    def act(session: Session) -> dict[str, object]:
        operations.permit_consumption(
            session, code, reference=given["number"], given_on=given["given_on"], by=signed_in(),
            at=now(),
        )  # fmt: skip
        return {"code": code, "to": url_for("samples.consumption")}

    return done(write(act))
