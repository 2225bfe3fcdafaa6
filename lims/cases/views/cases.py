# SPDX-License-Identifier: Apache-2.0
"""Pages of remains: sites, cases, items, samplings. Reception and the coordinator see them."""

from datetime import datetime

from flask import Response, request, url_for
from sqlalchemy.orm import Session

from lims.cases import operations, queries
from lims.cases.models import BoneSampling
from lims.cases.operations import Photograph, found, read_photograph
from lims.cases.queries import CaseShown
from lims.cases.rules import LARGEST_MB
from lims.cases.schemas import (
    CaseSchema,
    CasesSchema,
    ItemSchema,
    NothingSchema,
    ReasonSchema,
    SamplingSchema,
    SearchSchema,
    SiteSchema,
)
from lims.cases.views.blueprint import Answer, blueprint, look, words
from lims.core.clock import from_utc_text, local, now, utc_text
from lims.core.errors import BadInput
from lims.core.sealing import Vault, open_vault
from lims.core.words import N_, Say
from lims.samples.rules import read_mass
from lims.web.guard import may_here, needs, signed_in
from lims.web.pages import done, form, laboratory, page, query, reading, settings, write
from lims.web.rights import Right


@blueprint.get("/cases")
@needs(Right.SEE_CASES)
def cases() -> Answer:
    """List sites and cases, the newest case first."""
    asked = query(CasesSchema())["before"]
    vault = look("cases", asked)
    with reading() as session:
        listed = queries.cases(session, vault, before=_read_before(asked))
        full = len(listed) == queries.PAGE
        return page(
            "cases/cases.html", sites=queries.sites(session, vault), cases=listed, asked=None,
            samplings=(), first=url_for("cases.cases") if asked else "",
            further=url_for("cases.cases", before=_before(listed[-1])) if full else "",
        )  # fmt: skip


@blueprint.post("/cases/search")
@needs(Right.SEE_CASES)
def search() -> Answer:
    """Find cases, items and seals by their number; it is sent in the body, not in the address."""
    asked = form(SearchSchema())["search"]
    vault = look("cases search", asked)
    with reading() as session:
        listed = queries.cases(session, vault, number=asked)
        taken = queries.search_samplings(session, vault, asked)
        return page(
            "cases/cases.html", sites=(), cases=listed, samplings=taken, asked=asked, first="",
            further="", **words(),
        )  # fmt: skip


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
        listed = queries.cases(session, vault, site_ref=ref, before=_read_before(asked))
        full = len(listed) == queries.PAGE
        return page(
            "cases/site.html", site=shown, cases=listed,
            first=url_for("cases.site", ref=ref) if asked else "",
            further=url_for("cases.site", ref=ref, before=_before(listed[-1])) if full else "",
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
    """Show a case: its items, what was taken of them; codes to the coordinator alone."""
    vault = look("case", ref)
    with reading() as session:
        shown = queries.case(session, vault, ref)
        items = queries.items_of_case(session, vault, ref)
        taken = [one.sampling.ref for item in items for one in item.samplings]
        codes = (
            {pair.sampling_ref: pair for pair in queries.pairs_of_samplings(session, vault, taken)}
            if may_here(Right.CODE_SAMPLES)
            else {}
        )
        return page(
            "cases/case.html", case=shown, items=items, codes=codes,
            today=local(now(), settings().time_zone).date(), **words(),
        )  # fmt: skip


@blueprint.post("/cases/<ref>/items")
@needs(Right.REGISTER_CASES)
def post_item(ref: str) -> Answer:
    """Record a recovered item of a case."""
    sent, vault = form(ItemSchema()), open_vault(settings())

    def record(session: Session) -> dict[str, object]:
        item = operations.record_item(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": url_for("cases.case", ref=ref), "ref": item}

    return done(write(record))


@blueprint.post("/cases/<ref>/items/<item>/samplings")
@needs(Right.REGISTER_CASES)
def post_sampling(ref: str, item: str) -> Answer:
    """Record what was taken of an item, with its photograph if there is one."""
    sent, vault = form(SamplingSchema()), open_vault(settings())
    mass_ug = read_mass(sent.pop("mass"))
    photograph = _sent_photograph()
    files = laboratory().files

    def record(session: Session) -> dict[str, object]:
        by, at = signed_in(), now()
        taken = operations.record_sampling(
            session, vault, item, mass_ug=mass_ug, **sent, by=by, at=at
        )
        if photograph is not None:
            operations.add_photograph(session, vault, files, taken, photograph, by=by, at=at)
        return {"to": url_for("cases.case", ref=ref), "ref": taken}

    return done(write(record))


@blueprint.post("/cases/samplings/<ref>/photograph")
@needs(Right.REGISTER_CASES)
def post_photograph(ref: str) -> Answer:
    """Add the photograph of a sampling, or a better one before it is coded."""
    form(NothingSchema())
    vault, files, photograph = open_vault(settings()), laboratory().files, _sent_photograph()
    if photograph is None:
        raise BadInput(field="photograph", problem=Say(N_("Missing data for required field.")))

    def add(session: Session) -> dict[str, object]:
        operations.add_photograph(session, vault, files, ref, photograph, by=signed_in(), at=now())
        return {"to": _case_of(session, vault, ref)}

    return done(write(add))


@blueprint.get("/cases/samplings/<ref>/photograph")
@needs(Right.SEE_CASES)
def photograph(ref: str) -> Answer:
    """Show the photograph of a sampling."""
    vault = look("photograph", ref)
    with reading() as session:
        taken = found(session, BoneSampling, ref)
        shown = operations.photograph_of(session, vault, laboratory().files, taken)
    return Response(shown.content, mimetype=f"image/{shown.kind}")


@blueprint.post("/cases/samplings/<ref>/withdraw")
@needs(Right.REGISTER_CASES)
def post_withdraw(ref: str) -> Answer:
    """Take a sampling that was not coded off the list."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def withdraw(session: Session) -> dict[str, object]:
        operations.withdraw_sampling(session, vault, ref, reason=reason, by=signed_in(), at=now())
        return {"to": _case_of(session, vault, ref)}

    return done(write(withdraw))


def _sent_photograph() -> Photograph | None:
    sent = request.files.get("photograph")
    # One byte more than is taken is enough to refuse it.
    content = sent.read(LARGEST_MB * 1_000_000 + 1) if sent is not None else b""
    return read_photograph(content) if content else None


def _case_of(session: Session, vault: Vault, sampling_ref: str) -> str:
    return url_for("cases.case", ref=queries.sampling(session, vault, sampling_ref).case_ref)


def _before(shown: CaseShown) -> str:
    return f"{utc_text(shown.case.opened_at)}.{shown.case.ref}"


def _read_before(asked: str) -> tuple[datetime, str] | None:
    if not asked:
        return None
    instant, _, ref = asked.rpartition(".")
    try:
        return from_utc_text(instant), ref
    except ValueError:
        raise BadInput(field="before", problem=Say(N_("Not a valid datetime."))) from None
