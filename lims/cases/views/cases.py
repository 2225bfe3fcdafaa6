# SPDX-License-Identifier: Apache-2.0
"""Pages of sites and cases, and the search by any number."""

from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases import operations, queries
from lims.cases.queries import CaseShown, Pair
from lims.cases.schemas import (
    CaseItemsSchema,
    CaseSchema,
    CasesSchema,
    SearchSchema,
    SiteSchema,
)
from lims.cases.schemas.registry import ItemSchema
from lims.cases.views.blueprint import (
    Answer,
    blueprint,
    look,
    page_key,
    read_page_key,
    words,
)
from lims.core.clock import now
from lims.core.sealing import Vault, open_vault
from lims.samples.rules import read_thousandths
from lims.web.guard import may_here, needs, signed_in
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right


@blueprint.get("/cases")
@needs(Right.SEE_CASES)
def cases() -> Answer:
    """List sites and cases, the newest case first."""
    asked = query(CasesSchema())["before"]
    vault = look("cases", asked)
    with reading() as session:
        listed = queries.cases(session, vault, before=read_page_key(asked, "before"))
        full = len(listed) == queries.PAGE
        return page(
            "cases/cases.html", sites=queries.sites(session, vault), cases=listed,
            first=url_for("cases.cases") if asked else "",
            further=url_for("cases.cases", before=_after(listed)) if full else "",
        )  # fmt: skip


@blueprint.post("/cases/search")
@needs(Right.SEE_CASES)
def search() -> Answer:
    """Find things by any number, typed or scanned; it is sent in the body, not in the address."""
    asked = form(SearchSchema())["search"]
    vault = look("cases search", asked)
    with reading() as session:
        return page("cases/found.html", asked=asked, found=queries.find(session, vault, asked),
                    **words())  # fmt: skip


@blueprint.post("/cases/sites")
@needs(Right.REGISTER_CASES)
def post_site() -> Answer:
    """Register a recovery site."""
    sent, vault = form(SiteSchema()), open_vault(settings())

    def register(session: Session) -> dict[str, object]:
        ref = operations.register_site(session, vault, **sent, by=signed_in(), at=now())
        return {"to": url_for("cases.site", ref=ref), "ref": ref}

    return done(write(register))


@blueprint.get("/cases/sites/<ref>")
@needs(Right.SEE_CASES)
def site(ref: str) -> Answer:
    """Show a site with its cases."""
    asked = query(CasesSchema())["before"]
    vault = look("site", ref)
    with reading() as session:
        shown = queries.site(session, vault, ref)
        listed = queries.cases(session, vault, site_ref=ref, before=read_page_key(asked, "before"))
        full = len(listed) == queries.PAGE
        return page(
            "cases/site.html", site=shown, cases=listed,
            first=url_for("cases.site", ref=ref) if asked else "",
            further=url_for("cases.site", ref=ref, before=_after(listed)) if full else "",
        )  # fmt: skip


@blueprint.post("/cases/sites/<ref>/cases")
@needs(Right.REGISTER_CASES)
def post_case(ref: str) -> Answer:
    """Open a case of a site."""
    sent, vault = form(CaseSchema()), open_vault(settings())

    def register(session: Session) -> dict[str, object]:
        case_ref = operations.open_case(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": url_for("cases.case", ref=case_ref), "ref": case_ref}

    return done(write(register))


@blueprint.get("/cases/<ref>")
@needs(Right.SEE_CASES)
def case(ref: str) -> Answer:
    """Show a case: its items by pages, whose remains they are, its numbers."""
    asked = query(CaseItemsSchema())["after"]
    vault = look("case", ref)
    with reading() as session:
        shown = queries.case(session, vault, ref)
        items = queries.items_of_case(
            session, vault, ref, after=read_page_key(asked, "after"), limit=queries.PAGE
        )
        full = len(items) == queries.PAGE
        taken = [one.sampling.ref for item in items for one in item.samplings]
        return page(
            "cases/case.html", case=shown, items=items,
            numbers=queries.numbers_of(session, vault, [ref]).get(ref, ()),
            individuals=queries.individuals_of_case(session, ref),
            assigned=queries.assigned(session, [*taken, *(one.item.ref for one in items)]),
            codes=codes_of(session, vault, taken),
            first=url_for("cases.case", ref=ref) if asked else "",
            further=url_for(
                "cases.case", ref=ref,
                after=page_key(items[-1].item.recorded_at, items[-1].item.ref),
            ) if full else "",
            **words(),
        )  # fmt: skip


@blueprint.post("/cases/<ref>/items")
@needs(Right.REGISTER_CASES)
def post_item(ref: str) -> Answer:
    """Record a recovered item of a case."""
    sent, vault = read_item(form(ItemSchema())), open_vault(settings())

    def record(session: Session) -> dict[str, object]:
        item = operations.record_item(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": url_for("cases.item", ref=item), "ref": item}

    return done(write(record))


def read_item(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what a form says of an item; its mass is typed in grams."""
    mass = sent.pop("mass")
    return {**sent, "mass_ug": read_thousandths(mass, unit="g") * 1000 if mass else None}


def codes_of(session: Session, vault: Vault, refs: list[str]) -> dict[str, Pair]:
    """Return the codes of samplings, to the coordinator alone."""
    if not may_here(Right.CODE_SAMPLES):
        return {}
    return {pair.sampling_ref: pair for pair in queries.pairs_of_samplings(session, vault, refs)}


def _after(listed: tuple[CaseShown, ...]) -> str:
    return page_key(listed[-1].case.opened_at, listed[-1].case.ref)
