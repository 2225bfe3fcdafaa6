# SPDX-License-Identifier: Apache-2.0
"""Intake: what waits for a code, coding lists together, scanning back, resolving a code."""

from collections.abc import Callable

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases import queries as case_queries
from lims.cases.operations import code_remains
from lims.cases.schemas import CodingSchema, NothingSchema, SearchSchema
from lims.cases.views import look, words
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.scans import StationKind
from lims.core.sealing import Vault, open_vault
from lims.identities import queries
from lims.identities.operations import code_references, resolve_code
from lims.identities.operations.dispatches import record_listed_references
from lims.identities.rules import permits_testing
from lims.identities.schemas import ResolveSchema
from lims.identities.views.shared import Answer, blueprint, person_words, today
from lims.people.queries import stations
from lims.web.guard import needs, signed_in
from lims.web.locale import language
from lims.web.pages import code_in_path, done, form, page, reading, settings, write
from lims.web.rights import Right


@blueprint.get("/intake")
@needs(Right.SEE_PERSONS)
def intake() -> Answer:
    """Show what waits for its code, remains and references, and what was coded last."""
    vault = look("intake", "")
    with reading() as session:
        bones = case_queries.pending_samplings(session, vault)
        cards = queries.pending_references(session, vault, today=today())
        declared = queries.relations_declared(session, {card.donor.donor.ref for card in cards})
        missing, donors = queries.counts(session)
        return page(
            "identities/intake.html", bones=bones, cards=cards, declared=declared,
            missing=missing, donors=donors, permits=permits_testing,
            ready=sum(bool(one.sampling.photograph_sha256 and one.sampling.element)
                      for one in bones),
            stations=_intake_stations(session), minimum=settings().coding_minimum,
            lists=case_queries.coding_lists(session), **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/dispatches/<ref>/references")
@needs(Right.REGISTER_PERSONS)
def post_listed_references(ref: str) -> Answer:
    """Record the reference samples of a dispatch under the donors of its numbers."""
    form(NothingSchema())
    vault = open_vault(settings())

    def record(session: Session) -> dict[str, object]:
        made = record_listed_references(session, vault, ref, by=signed_in(), at=now())
        return {"to": url_for("cases.dispatch", ref=ref), "samples": made}

    return done(write(record))


@blueprint.post("/intake/search")
@needs(Right.SEE_PERSONS)
def search() -> Answer:
    """Find by number or name; what is asked is sent in the body, not in the address."""
    asked = form(SearchSchema())["search"]
    vault = look("intake search", asked)
    with reading() as session:
        return page(
            "identities/found.html", asked=asked,
            persons=queries.search_persons(session, vault, asked, today=today()),
            samplings=case_queries.search_samplings(session, vault, asked),
            cases=case_queries.cases(session, vault, number=asked), **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/code-remains")
@needs(Right.CODE_SAMPLES)
def post_code_remains() -> Answer:
    """Code a list of bone samplings."""
    return _code(code_remains)


@blueprint.post("/intake/code-references")
@needs(Right.CODE_SAMPLES)
def post_code_references() -> Answer:
    """Code a list of reference samplings."""
    return _code(code_references)


def _code(act: Callable[..., str]) -> Answer:
    sent, vault = form(CodingSchema()), open_vault(settings())
    station = code_in_path(sent["station"], Kind.STATION)

    def code(session: Session) -> dict[str, object]:
        listed = act(
            session, vault, sent["samplings"], station=station, urgent=sent["urgent"],
            minimum=settings().coding_minimum, by=signed_in(), at=now(),
        )  # fmt: skip
        # The answer is stored under the request's key: it names the list and nothing in it.
        return {"to": url_for("identities.coding_list", ref=listed), "list": listed}

    return done(write(code))


@blueprint.get("/intake/lists/<ref>")
@needs(Right.CODE_SAMPLES)
def coding_list(ref: str) -> Answer:
    """Show which code belongs to which bag, until every label is scanned back."""
    vault = look("coding list", ref)
    with reading() as session:
        listed = case_queries.coding_list(session, ref)
        bones = case_queries.pairs_of_list(session, vault, ref)
        cards = queries.reference_pairs_of_list(session, vault, ref)
        codes = {pair.sampling_ref: pair for pair in (*bones, *cards)}
        # By code, never by bag: labels are scanned back in the order of this list, and the ledger
        # keeps that order for everybody to compare with the order of the items.
        return page(
            "identities/list.html", listed=listed, codes=codes,
            left=sum(not pair.verified for pair in codes.values()),
            samplings=sorted(
                case_queries.samplings(session, vault, [one.sampling_ref for one in bones]),
                key=lambda one: codes[one.sampling.ref].code,
            ),
            cards=sorted(
                queries.references(
                    session, vault, [one.sampling_ref for one in cards], today=today()
                ),
                key=lambda one: codes[one.sampling.ref].code,
            ),
            erased=queries.erased_of_list(session, ref),
            urgent=vault.key(session, listed.key_ref).open(listed.urgent, listed, "urgent"),
            **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/resolve")
@needs(Right.CODE_SAMPLES)
def post_resolve() -> Answer:
    """Resolve a code to what it was given to, with a reason."""
    sent, vault = form(ResolveSchema()), open_vault(settings())
    code = code_in_path(sent["code"], Kind.BONE, Kind.REFERENCE)

    def resolve(session: Session) -> dict[str, object]:
        found = resolve_code(session, vault, code, reason=sent["reason"], by=signed_in(), at=now())
        return {"to": _resolved_at(session, vault, found.sampling_ref, found.donor_ref)}

    return done(write(resolve))


def _resolved_at(session: Session, vault: Vault, sampling_ref: str, donor_ref: str) -> str:
    if donor_ref:
        return url_for("identities.donor", ref=donor_ref)
    shown = case_queries.sampling(session, vault, sampling_ref)
    return url_for("cases.case", ref=shown.case_ref)


def _intake_stations(session: Session) -> list[tuple[str, str]]:
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.kind is StationKind.INTAKE and one.station.closed_at is None
    ]
