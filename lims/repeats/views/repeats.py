# SPDX-License-Identifier: Apache-2.0
"""What is to be done again: the list, asking, withdrawing."""

from collections.abc import Mapping

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.people.queries import initials_of
from lims.repeats import operations
from lims.repeats.models import Repeat
from lims.repeats.queries import sample_of_thing, standing_repeats
from lims.repeats.rules import (
    KIND_WORDS,
    OF_SAMPLES,
    REASON_WORDS,
    RepeatKind,
    WrongThingToRepeat,
)
from lims.repeats.schemas import AskSchema, RepeatsSchema, WithdrawSchema
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

blueprint = Blueprint("repeats", __name__)

PAGE = 100


@blueprint.get("/repeats")
@needs(Right.ASK_REPEATS)
def repeats() -> ResponseReturnValue:
    """Show what waits to be done again, the oldest first, and the form to ask for more."""
    asked = query(RepeatsSchema())
    with reading() as session:
        rows = standing_repeats(session, after=asked["after"], limit=PAGE + 1)
        further, rows = len(rows) > PAGE, rows[:PAGE]
        staff = initials_of(session, {one.asked_by for one in rows})
        if wants_json():
            return {"repeats": [_json(one, staff) for one in rows]}
        return page(
            "repeats/repeats.html", rows=rows, staff=staff, asked=asked, kind_words=KIND_WORDS,
            reason_words=REASON_WORDS,
            kinds=[(one.value, translate(words)) for one, words in KIND_WORDS.items()],
            reasons=[(one.value, translate(words)) for one, words in REASON_WORDS.items()],
            further=url_for("repeats.repeats", after=rows[-1].id) if further else "",
            first=url_for("repeats.repeats") if asked["after"] else "",
        )  # fmt: skip


@blueprint.post("/repeats")
@needs(Right.ASK_REPEATS)
def post_repeat() -> ResponseReturnValue:
    """Ask that something is done again. An extract may stand for its sample."""
    sent = form(AskSchema())
    code = code_in_path(sent["code"], Kind.BONE, Kind.REFERENCE, Kind.EXTRACT)
    parent = code_in_path(sent["parent"], Kind.BATCH, Kind.PLATE) if sent["parent"] else None

    def ask(session: Session) -> dict[str, object]:
        thing = _thing(session, sent["kind"], code)
        made = operations.ask_repeat(
            session, sent["kind"], thing, reason=sent["reason"], words=sent["words"],
            extract=code if code[0] == Kind.EXTRACT else None, parent=parent,
            position=sent["position"], urgent=bool(sent["urgent"]), by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("repeats.repeats"), "repeat": made.id, "code": thing}

    return done(write(ask))


@blueprint.post("/repeats/<int:number>/withdrawal")
@needs(Right.ASK_REPEATS)
def post_withdrawal(number: int) -> ResponseReturnValue:
    """Withdraw a repeat that nobody has taken up."""
    sent = form(WithdrawSchema())

    def withdraw(session: Session) -> dict[str, object]:
        operations.withdraw_repeat(session, number, **sent, by=signed_in(), at=now())
        return {"to": url_for("repeats.repeats")}

    return done(write(withdraw))


def _thing(session: Session, kind: RepeatKind, code: str) -> str:
    """Return what a repeat is asked of: of an extract its sample, where the kind wants one."""
    if kind not in OF_SAMPLES or code[0] != Kind.EXTRACT:
        return code
    sample = sample_of_thing(session, code)
    if sample is None:
        raise WrongThingToRepeat(code=code)
    return sample.code


def _json(one: Repeat, staff: Mapping[str, str]) -> dict[str, object]:
    return {
        "repeat": one.id, "kind": one.kind.value, "code": one.thing_code,
        "sample": one.sample_code, "extract": one.extract_code, "parent": one.parent_code,
        "position": one.position, "reason": one.reason.value, "why": one.words,
        "urgent": one.is_urgent, "number": one.number, "asked_at": utc_text(one.asked_at),
        "asked_by": staff.get(one.asked_by, one.asked_by),
    }  # fmt: skip
