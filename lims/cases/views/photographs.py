# SPDX-License-Identifier: Apache-2.0
"""Photographs of items and samplings: sent from a telephone, shown, withdrawn."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.cases import operations, queries
from lims.cases.models import BoneSampling, FieldPhotograph, Item
from lims.cases.operations import found, thing_of
from lims.cases.rules import LARGEST_MB
from lims.cases.schemas import NothingSchema, ReasonSchema
from lims.cases.schemas.registry import PhotographSchema
from lims.cases.views.blueprint import Answer, blueprint, look, today, words
from lims.core.clock import local, now
from lims.core.errors import NotFound
from lims.core.sealing import open_vault
from lims.people.queries import initials_of
from lims.web.guard import needs, signed_in
from lims.web.pages import done, form, laboratory, page, reading, settings, write
from lims.web.pictures import needed_photograph, picture_answer
from lims.web.rights import Right


@blueprint.get("/cases/photographs/of/<ref>")
@needs(Right.SEE_CASES)
def photographs(ref: str) -> Answer:
    """Show the photographs of an item or of a sampling, and the form that adds one."""
    vault = look("photographs", ref)
    with reading() as session:
        thing = thing_of(session, ref)
        if not isinstance(thing, Item | BoneSampling):
            raise NotFound(code=ref[:40])
        item_ref = thing.ref if isinstance(thing, Item) else thing.item_ref
        shown = queries.photographs_of(session, vault, laboratory().files, [ref]).get(ref, ())
        return page(
            "cases/photographs.html", of=ref, item=queries.item(session, vault, item_ref),
            sampling=thing if isinstance(thing, BoneSampling) else None, photographs=shown,
            who_is=initials_of(session, {one.row.recorded_by for one in shown}),
            now=f"{local(now(), settings().time_zone):%Y-%m-%dT%H:%M}", today=today(),
            megabytes=LARGEST_MB, **words(),
        )  # fmt: skip


@blueprint.post("/cases/photographs/of/<ref>")
@needs(Right.REGISTER_CASES)
def post_photographs(ref: str) -> Answer:
    """Add a photograph of an item or of a sampling."""
    sent = form(PhotographSchema())
    vault, files, photograph = open_vault(settings()), laboratory().files, needed_photograph()
    if sent["taken_at"] is not None:
        sent["taken_at"] = sent["taken_at"].replace(tzinfo=settings().time_zone)

    def add(session: Session) -> dict[str, object]:
        added = operations.add_photograph(
            session, vault, files, ref, photograph, **sent, by=signed_in(), at=now()
        )
        return {"to": url_for("cases.photographs", ref=ref), "ref": added}

    return done(write(add))


@blueprint.get("/cases/photographs/<ref>")
@needs(Right.SEE_CASES)
def field_photograph(ref: str) -> Answer:
    """Show a photograph as it came, byte for byte."""
    vault = look("photograph", ref)
    with reading() as session:
        row = found(session, FieldPhotograph, ref)
        shown = operations.open_photograph(session, vault, laboratory().files, row)
        return picture_answer(shown.content, shown.kind, row.ref)


@blueprint.post("/cases/photographs/<ref>/withdraw")
@needs(Right.REGISTER_CASES)
def post_photograph_withdrawn(ref: str) -> Answer:
    """Withdraw a photograph that does not show what it should."""
    reason, vault = form(ReasonSchema())["reason"], open_vault(settings())

    def withdraw(session: Session) -> dict[str, object]:
        thing = operations.withdraw_photograph(
            session, vault, ref, reason=reason, by=signed_in(), at=now()
        )
        return {"to": url_for("cases.photographs", ref=thing)}

    return done(write(withdraw))


@blueprint.post("/cases/samplings/<ref>/photograph")
@needs(Right.REGISTER_CASES)
def post_photograph(ref: str) -> Answer:
    """Add the photograph with scale and label of a sampling."""
    form(NothingSchema())
    vault, files, photograph = open_vault(settings()), laboratory().files, needed_photograph()

    def add(session: Session) -> dict[str, object]:
        by, at = signed_in(), now()
        operations.add_photograph(session, vault, files, ref, photograph, by=by, at=at)
        return {"to": url_for("cases.item", ref=found(session, BoneSampling, ref).item_ref)}

    return done(write(add))


@blueprint.get("/cases/samplings/<ref>/photograph")
@needs(Right.SEE_CASES)
def photograph(ref: str) -> Answer:
    """Show the photograph that a sampling rests on, as it came."""
    vault = look("photograph", ref)
    with reading() as session:
        taken = found(session, BoneSampling, ref)
        shown = operations.photograph_of(session, vault, laboratory().files, taken)
        return picture_answer(shown.content, shown.kind, ref)
