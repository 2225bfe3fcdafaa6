# SPDX-License-Identifier: Apache-2.0
"""Pages of missing persons and donors, with relations, consents and what was given."""

from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.operations import found, record_read
from lims.cases.views import look, recorded, words
from lims.core.clock import now
from lims.core.errors import BadInput
from lims.core.sealing import Vault, open_vault
from lims.core.words import N_, Say
from lims.identities import operations, queries
from lims.identities.models import Donor, MissingPerson
from lims.identities.queries import MISSING_INDEX
from lims.identities.rules import NAME_FIELDS, ConsentStanding, Names
from lims.identities.schemas import (
    ConsentSchema,
    DonorSchema,
    MissingPersonSchema,
    ReferenceSchema,
    RelationSchema,
)
from lims.identities.views.shared import Answer, blueprint, person_words, today
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, page, reading, settings, write
from lims.web.rights import Right


@blueprint.get("/intake/persons")
@needs(Right.SEE_PERSONS)
def persons() -> Answer:
    """List the missing persons and donors recorded last, with forms for new ones."""
    vault = look("persons", "")
    with reading() as session:
        return page(
            "identities/persons.html", missing=queries.newest_missing(session, vault),
            donors=queries.newest_donors(session, vault, today=today()),
            erased=queries.erased_donors(session), **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/missing")
@needs(Right.REGISTER_PERSONS)
def post_missing() -> Answer:
    """Record a missing person."""
    sent, vault = form(MissingPersonSchema()), open_vault(settings())
    names = _names(sent)

    def register(session: Session) -> dict[str, object]:
        ref = operations.register_missing_person(
            session, vault, names, **sent, by=signed_in(), at=now()
        )
        return {"to": url_for("identities.missing_person", ref=ref), "ref": ref}

    return done(write(register))


@blueprint.get("/intake/missing/<ref>")
@needs(Right.SEE_PERSONS)
def missing_person(ref: str) -> Answer:
    """Show a missing person and who gave a sample for them."""
    vault = _read(ref, MissingPerson)
    with reading() as session:
        return page(
            "identities/missing.html", shown=queries.missing_person(session, vault, ref),
            relatives=queries.relations_of_missing(session, vault, ref, today=today()),
            erased=queries.erased_relatives(session, ref),
            **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/donors")
@needs(Right.REGISTER_PERSONS)
def post_donor() -> Answer:
    """Record a donor."""
    sent, vault = form(DonorSchema()), open_vault(settings())
    names = _names(sent)

    def register(session: Session) -> dict[str, object]:
        ref = operations.register_donor(session, vault, names, **sent, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref), "ref": ref}

    return done(write(register))


@blueprint.get("/intake/donors/<ref>")
@needs(Right.SEE_PERSONS)
def donor(ref: str) -> Answer:
    """Show a donor: relations, consents, what was given, and its codes."""
    with reading() as session:
        erased_at = queries.erased_on(session, ref)
        if erased_at is not None:
            return page(
                "identities/erased.html", erased_at=erased_at,
                given=queries.given_by(session, ref),
                consents=queries.consents_given_by(session, ref), **words(),
            )  # fmt: skip
    vault = _read(ref, Donor)
    with reading() as session:
        given = queries.references_of_donor(session, vault, ref, today=today())
        refs = [one.sampling.ref for one in given]
        shown = queries.donor(session, vault, ref, today=today())
        return page(
            "identities/donor.html", shown=shown, given=given,
            consents=queries.consents_of(session, vault, ref),
            relatives=queries.relations_of_donor(session, vault, ref),
            codes={
                pair.sampling_ref: pair
                for pair in queries.pairs_of_references(session, vault, refs)
            },
            legal_hold=queries.legal_hold_read(session, vault, ref),
            withdrawn_since=queries.withdrawn_since(session, ref),
            erasure_days=settings().erasure_days,
            stands=shown.standing not in (ConsentStanding.NONE, ConsentStanding.WITHDRAWN),
            **words(), **person_words(),
        )  # fmt: skip


@blueprint.post("/intake/donors/<ref>/relations")
@needs(Right.REGISTER_PERSONS)
def post_relation(ref: str) -> Answer:
    """Record what a donor declares to be to a missing person."""
    sent, vault = form(RelationSchema()), open_vault(settings())

    def declare(session: Session) -> dict[str, object]:
        missing = session.scalar(
            select(MissingPerson.ref).where(
                MissingPerson.number_index == vault.blind(sent["missing"], MISSING_INDEX)
            )
        )
        if missing is None:
            raise BadInput(
                field="missing", problem=Say(N_("no missing person has this file number"))
            )
        operations.declare_relation(
            session, vault, ref, missing, sent["kind"], by=signed_in(), at=now()
        )
        return {"to": url_for("identities.donor", ref=ref)}

    return done(write(declare))


@blueprint.post("/intake/donors/<ref>/consents")
@needs(Right.REGISTER_PERSONS)
def post_consent(ref: str) -> Answer:
    """Record a consent."""
    sent, vault = form(ConsentSchema()), open_vault(settings())

    def record(session: Session) -> dict[str, object]:
        operations.record_consent(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref)}

    return done(write(record))


@blueprint.post("/intake/donors/<ref>/references")
@needs(Right.REGISTER_PERSONS)
def post_reference(ref: str) -> Answer:
    """Record a blood card or swab of a donor."""
    sent, vault = form(ReferenceSchema()), open_vault(settings())

    def record(session: Session) -> dict[str, object]:
        given = operations.record_reference(session, vault, ref, **sent, by=signed_in(), at=now())
        return {"to": url_for("identities.donor", ref=ref), "ref": given}

    return done(write(record))


def _names(sent: dict[str, Any]) -> Names:
    """Take the names out of what was sent."""
    return Names(**{column: sent.pop(column) for column in NAME_FIELDS})


def _read(ref: str, table: type[MissingPerson] | type[Donor]) -> Vault:
    """Record that a person's page is read, on the person's own stream, before it is shown."""
    vault = open_vault(settings())

    def record(session: Session) -> None:
        row = found(session, table, ref)
        key = vault.key(session, row.key_ref)
        record_read(session, key, row.ref, page=table.__tablename__, by=signed_in(), at=now())

    recorded(record)
    return vault
