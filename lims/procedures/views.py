# SPDX-License-Identifier: Apache-2.0
"""The pages of procedures: what is in force, what waits for approval, the documents."""

from datetime import datetime, time
from importlib.resources import files
from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.errors import NotFound
from lims.people.queries import initials_of
from lims.people.rules import ACTIVITY_WORDS, LINE_WORDS
from lims.procedures import operations, queries
from lims.procedures.models import Procedure
from lims.procedures.rules import (
    CONTROL_WORDS,
    PLATE_ORDER_WORDS,
    STATE_WORDS,
    Document,
    ProcedureState,
    read_document,
    state_at,
)
from lims.procedures.schemas import ApprovalSchema, BeginSchema, DraftSchema, WithdrawalSchema
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language
from lims.web.pages import done, form, page, query, reading, settings, write
from lims.web.rights import Right

blueprint = Blueprint("procedures", __name__)

EXAMPLES = files("lims") / "data" / "procedures"
"""The shipped examples: a document a file."""


@blueprint.get("/procedures")
@needs(Right.SEE_PROCEDURES)
def list_procedures() -> ResponseReturnValue:
    """List what is in force, then drafts and what is withdrawn."""
    at = now()
    with reading() as session:
        found = queries.procedures(session)
        rows = [(one, _state(one, at)) for one in found]
        if wants_json():
            return {"procedures": [_json(one, state) for one, state in rows]}
        who = initials_of(session, {one.drafted_by for one in found})
        return page(
            "procedures/procedures.html",
            rows=rows,
            states=ProcedureState,
            staff=who,
            arabic=language() == "ar",
            activity_words=ACTIVITY_WORDS,
            state_words=STATE_WORDS,
        )


@blueprint.get("/procedures/new")
@needs(Right.WRITE_PROCEDURES)
def new() -> ResponseReturnValue:
    """Show the editor: empty, with a version's text, or with a shipped example."""
    asked = query(BeginSchema())
    text = ""
    if asked["example"]:
        text = _example(asked["example"])
    elif asked["version"] is not None:
        with reading() as session:
            text = queries.procedure_of(session, asked["version"]).text
    return page(
        "procedures/edit.html", text=text, examples=_examples(), example=asked["example"],
        arabic=language() == "ar", activity_words=ACTIVITY_WORDS,
    )  # fmt: skip


@blueprint.post("/procedures")
@needs(Right.WRITE_PROCEDURES)
def post_draft() -> ResponseReturnValue:
    """Keep a document as a draft that somebody else must approve."""
    sent = form(DraftSchema())

    def keep(session: Session) -> dict[str, object]:
        drafted = operations.draft_procedure(
            session, sent["text"], reason=sent["reason"], version=sent["version"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        return {
            "to": url_for("procedures.procedure", number=drafted.id), "number": drafted.id,
            "version": drafted.version,
        }  # fmt: skip

    return done(write(keep))


@blueprint.get("/procedures/<int:number>")
@needs(Right.SEE_PROCEDURES)
def procedure(number: int) -> ResponseReturnValue:
    """Show a version: its document, who wrote and approved it, and the versions beside it."""
    at = now()
    with reading() as session:
        found = queries.procedure_of(session, number)
        if wants_json():
            return {**_json(found, _state(found, at)), "text": found.text, "sha256": found.sha256}
        others = queries.versions(session, found.name)
        who = initials_of(
            session, {one.drafted_by for one in others} | {one.approved_by for one in others}
        )
        return page(
            "procedures/procedure.html",
            found=found,
            document=queries.document_of(found),
            state=_state(found, at),
            others=[(one, _state(one, at)) for one in others],
            states=ProcedureState,
            state_words=STATE_WORDS,
            activity_words=ACTIVITY_WORDS,
            line_words=LINE_WORDS,
            control_words=CONTROL_WORDS,
            plate_order_words=PLATE_ORDER_WORDS,
            own=found.drafted_by == signed_in().id,
            staff=who,
            arabic=language() == "ar",
        )


@blueprint.post("/procedures/<int:number>/approve")
@needs(Right.APPROVE_PROCEDURES)
def post_approval(number: int) -> ResponseReturnValue:
    """Approve a draft that somebody else wrote."""
    sent = form(ApprovalSchema())
    day = sent["valid_from"]
    begins = None if day is None else datetime.combine(day, time.min, settings().time_zone)

    def approve(session: Session) -> dict[str, object]:
        operations.approve_procedure(
            session, number, valid_from=begins, by=signed_in(), at=now()
        )  # fmt: skip
        return {"to": url_for("procedures.procedure", number=number)}

    return done(write(approve))


@blueprint.post("/procedures/<int:number>/withdraw")
@needs(Right.APPROVE_PROCEDURES)
def post_withdrawal(number: int) -> ResponseReturnValue:
    """Withdraw a version without a successor."""
    sent = form(WithdrawalSchema())

    def withdraw(session: Session) -> dict[str, object]:
        operations.withdraw_procedure(
            session, number, reason=sent["reason"], by=signed_in(), at=now()
        )  # fmt: skip
        return {"to": url_for("procedures.procedure", number=number)}

    return done(write(withdraw))


def _state(one: Procedure, at: datetime) -> ProcedureState:
    return state_at(at, valid_from=one.valid_from, withdrawn_at=one.withdrawn_at)


def _json(one: Procedure, state: ProcedureState) -> dict[str, Any]:
    return {
        "number": one.id, "name": one.name, "version": one.version, "title": one.title,
        "activity": one.activity.value, "state": state.value,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
    }  # fmt: skip


def _examples() -> list[tuple[str, Document]]:
    return [
        (each.name.removesuffix(".toml"), read_document(each.read_text("utf-8")))
        for each in sorted(EXAMPLES.iterdir(), key=lambda one: one.name)
    ]


def _example(name: str) -> str:
    there = EXAMPLES / f"{name}.toml"
    if not there.is_file():
        raise NotFound(code=name)
    return there.read_text("utf-8")
