# SPDX-License-Identifier: Apache-2.0
"""Pages of items: what is recorded and was corrected, numbers, samplings."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases import operations, queries
from lims.cases.models import BoneSampling, Case, Individual, Item
from lims.cases.operations import thing_of
from lims.cases.queries.receiving import with_seal_gap
from lims.cases.rules import ItemFacts
from lims.cases.schemas import ReasonSchema, SamplingSchema
from lims.cases.schemas.registry import CorrectionSchema, NumberSchema
from lims.cases.views.blueprint import Answer, blueprint, look, today, words
from lims.cases.views.cases import codes_of, read_item
from lims.core.clock import now
from lims.core.sealing import open_vault
from lims.people.queries import initials_of
from lims.samples.rules import read_mass
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, laboratory, page, reading, settings, write
from lims.web.pictures import sent_photograph
from lims.web.rights import Right


@blueprint.get("/cases/items/<ref>")
@needs(Right.SEE_CASES)
def item(ref: str) -> Answer:
    """Show an item: its facts with every earlier word, numbers, photographs, samplings."""
    vault = look("item", ref)
    with reading() as session:
        shown = queries.item(session, vault, ref)
        taken = [one.sampling.ref for one in shown.samplings]
        versions = queries.versions_of(session, vault, ref)
        photographs = queries.photographs_of(session, vault, laboratory().files, [ref, *taken])
        people = {one.by for one in versions} | {
            one.row.recorded_by for many in photographs.values() for one in many
        }
        return page(
            "cases/item.html", item=shown, case=queries.case(session, vault, shown.item.case_ref),
            versions=versions, numbers=queries.numbers_of(session, vault, [ref, *taken]),
            photographs=photographs, assigned=queries.assigned(session, [ref, *taken]),
            codes=codes_of(session, vault, taken), unsealed=with_seal_gap(session, taken),
            who_is=initials_of(session, people),
            today=today(), **words(),
        )  # fmt: skip


@blueprint.post("/cases/items/<ref>/corrections")
@needs(Right.REGISTER_CASES)
def post_correction(ref: str) -> Answer:
    """Correct what is recorded of an item; what stood there before is kept."""
    sent, vault = read_item(form(CorrectionSchema())), open_vault(settings())
    reason, seen = sent.pop("reason"), sent.pop("seen")
    facts = ItemFacts(
        **{**sent, "field_number": sent["field_number"].strip(),
           "description": sent["description"].strip()}
    )  # fmt: skip

    def correct(session: Session) -> dict[str, object]:
        version = operations.correct_item(
            session, vault, ref, facts, seen=seen, reason=reason, by=signed_in(), at=now()
        )
        return {"to": url_for("cases.item", ref=ref), "version": version}

    return done(write(correct))


@blueprint.post("/cases/<ref>/items/<item>/samplings")
@needs(Right.REGISTER_CASES)
def post_sampling(ref: str, item: str) -> Answer:
    """Record what was taken of an item, with its photograph if there is one."""
    sent, vault = form(SamplingSchema()), open_vault(settings())
    mass_ug = read_mass(sent.pop("mass"))
    photograph = sent_photograph()
    files = laboratory().files

    def record(session: Session) -> dict[str, object]:
        by, at = signed_in(), now()
        taken = operations.record_sampling(
            session, vault, item, mass_ug=mass_ug, **sent, by=by, at=at
        )
        if photograph is not None:
            operations.add_photograph(session, vault, files, taken, photograph, by=by, at=at)
        return {"to": url_for("cases.item", ref=item), "ref": taken}

    return done(write(record))


@blueprint.post("/cases/samplings/<ref>/withdraw")
@needs(Right.REGISTER_CASES)
def post_withdraw(ref: str) -> Answer:
    """Take a sampling that was not coded off the list."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def withdraw(session: Session) -> dict[str, object]:
        operations.withdraw_sampling(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": page_of(session, ref)}

    return done(write(withdraw))


@blueprint.post("/cases/numbers/of/<ref>")
@needs(Right.REGISTER_CASES)
def post_number(ref: str) -> Answer:
    """Keep another's number of a case, an item, a sampling or an individual."""
    sent, vault = form(NumberSchema()), open_vault(settings())

    def give(session: Session) -> dict[str, object]:
        given = operations.give_number(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": page_of(session, ref), "ref": given}

    return done(write(give))


@blueprint.post("/cases/numbers/<ref>/withdraw")
@needs(Right.REGISTER_CASES)
def post_number_withdrawn(ref: str) -> Answer:
    """Withdraw a number that was kept wrongly."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def withdraw(session: Session) -> dict[str, object]:
        thing = operations.withdraw_number(
            session, vault, ref, reason=reason, by=signed_in(), at=now()
        )
        return {"to": page_of(session, thing)}

    return done(write(withdraw))


def page_of(session: Session, ref: str) -> str:
    """Return the address of the page on which a thing stands. Raises NotFound."""
    match thing_of(session, ref):
        case Case():
            return url_for("cases.case", ref=ref)
        case Individual():
            return url_for("cases.individual", ref=ref)
        case Item():
            return url_for("cases.item", ref=ref)
        case BoneSampling(item_ref=item_ref):
            return url_for("cases.item", ref=item_ref)
