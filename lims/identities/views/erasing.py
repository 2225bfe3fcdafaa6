# SPDX-License-Identifier: Apache-2.0
"""Withdrawal of consent and what follows: erasure with a second person, and what blocks it."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases.schemas import ReasonSchema
from lims.core.clock import now
from lims.core.erasures import DestroyedKey, erasure_list
from lims.core.sealing import open_vault
from lims.identities import operations
from lims.identities.views.shared import Answer, blueprint
from lims.people.schemas import WitnessSchema
from lims.people.views import witness_of
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, laboratory, settings, write
from lims.web.rights import Right


@blueprint.post("/intake/donors/<ref>/consents/withdraw")
@needs(Right.REGISTER_PERSONS)
def post_withdraw(ref: str) -> Answer:
    """Withdraw a donor's consent; at once nobody works with the codes or reads under them."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def withdraw(session: Session) -> dict[str, object]:
        operations.withdraw_consent(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref)}

    return done(write(withdraw))


@blueprint.post("/intake/donors/<ref>/erasure")
@needs(Right.REGISTER_PERSONS)
def post_erase(ref: str) -> Answer:
    """Erase a donor who withdrew; a second person confirms with badge and PIN."""
    sent, vault = form(WitnessSchema()), open_vault(settings())
    witness = witness_of(sent)

    def erase(session: Session) -> dict[str, object]:
        erased = operations.erase_donor(
            session, vault, ref, after_days=settings().erasure_days, witness=witness,
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("identities.donor", ref=ref), "codes": erased.codes,
            "keys": [[one.kind, one.ref] for one in erased.keys],
        }  # fmt: skip

    answer = write(erase)
    # After the commit: an erasure that did not happen must never be repeated on a restored copy.
    # One that a crash keeps off the list is put on it when the laboratory is next opened.
    keys = [DestroyedKey(kind, name) for kind, name in answer["keys"]]
    erasure_list(settings()).add(keys, on=now().date())
    laboratory().database.empty_log()
    return done({"to": answer["to"], "codes": answer["codes"]})


@blueprint.post("/intake/donors/<ref>/legal-hold")
@needs(Right.REGISTER_PERSONS)
def post_legal_hold(ref: str) -> Answer:
    """Block the erasure of a donor for a legal reason."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def block(session: Session) -> dict[str, object]:
        operations.set_legal_hold(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref)}

    return done(write(block))


@blueprint.post("/intake/donors/<ref>/legal-hold/lift")
@needs(Right.REGISTER_PERSONS)
def post_lift_legal_hold(ref: str) -> Answer:
    """Lift what blocks the erasure of a donor."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def lift(session: Session) -> dict[str, object]:
        operations.lift_legal_hold(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref)}

    return done(write(lift))
