# SPDX-License-Identifier: Apache-2.0
"""What can be done with a thing on its page: divide, correct, lose, find, discard, destroy."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.codes import Kind
from lims.people.queries import initials_of
from lims.people.schemas import WitnessSchema
from lims.people.views import witness_of
from lims.samples import operations
from lims.samples.queries import destructions, measured
from lims.samples.rules import DESTRUCTION_WORDS, AmountUnit, read_mass, read_volume
from lims.samples.schemas import (
    CorrectSchema,
    DestructionSchema,
    DiscardSchema,
    DivideSchema,
    QuarantineSchema,
    QueueSchema,
    RemarkSchema,
)
from lims.samples.views.things import PAGE_OF_QUEUE, blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right, may


@blueprint.post("/samples/<code>/quarantine")
@needs(Right.QUARANTINE)
def post_quarantine(code: str) -> ResponseReturnValue:
    """Put a thing and all that comes from it into quarantine."""
    given = form(QuarantineSchema())
    return _act(
        code, lambda session, read: operations.quarantine(
            session, read, given["reason"], remark=given["remark"], by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/missing")
@needs(Right.RECORD_LOSS)
def post_missing(code: str) -> ResponseReturnValue:
    """Record that a thing cannot be found."""
    given = form(RemarkSchema())
    return _act(
        code, lambda session, read: operations.record_missing(
            session, read, remark=given["remark"], by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/found")
@needs(Right.RECORD_LOSS)
def post_found(code: str) -> ResponseReturnValue:
    """Record that a missing thing was found, and where: it goes into quarantine."""
    given = form(RemarkSchema())
    return _act(
        code, lambda session, read: operations.record_found(
            session, read, remark=given["remark"], by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/parts")
@needs(Right.DIVIDE)
def post_part(code: str) -> ResponseReturnValue:
    """Put a part of a tube into a tube of its own."""
    given = form(DivideSchema())
    witness = _second(given)
    station = code_in_path(given["station"], Kind.STATION) if given["station"] else ""
    read = code_in_path(code)

    def act(session: Session) -> dict[str, object]:
        made = operations.divide(
            session, read, _quantity(session, read, given["amount"]), reason=given["remark"],
            by=signed_in(), at=now(), station=station, witness=witness,
        )  # fmt: skip
        return {
            "code": made.code, "label": made.label, "to": url_for("samples.thing", code=made.code)
        }  # fmt: skip

    return done(write(act))


@blueprint.post("/samples/<code>/amount")
@needs(Right.DIVIDE)
def post_amount(code: str) -> ResponseReturnValue:
    """Correct what is left of a thing."""
    given = form(CorrectSchema())
    witness = _second(given)
    return _act(
        code, lambda session, read: operations.correct_amount(
            session, read, _quantity(session, read, given["left"]), given["reason"],
            remark=given["remark"], by=signed_in(), at=now(), witness=witness,
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/discard")
@needs(Right.DIVIDE)
def post_discard(code: str) -> ResponseReturnValue:
    """Throw a tube away."""
    given = form(DiscardSchema())
    witness = _second(given)
    return _act(
        code, lambda session, read: operations.discard(
            session, read, given["reason"], remark=given["remark"], by=signed_in(), at=now(),
            witness=witness,
        ),
    )  # fmt: skip


@blueprint.get("/destructions", endpoint="destructions")
@needs(Right.DESTROY)
def destructions_list() -> ResponseReturnValue:
    """Show what waits for its destruction."""
    after = query(QueueSchema())["after"]
    with reading() as session:
        found = destructions(session, after=after, limit=PAGE_OF_QUEUE + 1)
        names = initials_of(session, {one for row in found for one in (row.by, row.holder)})
        rows = [
            (row, translate(DESTRUCTION_WORDS[row.reason]), names.get(row.by, row.by),
             names.get(row.holder, row.holder))
            for row in found[:PAGE_OF_QUEUE]
        ]  # fmt: skip
        mine = signed_in().id
        return page(
            "samples/destructions.html", rows=rows, mine=mine,
            further=url_for("samples.destructions", after=found[PAGE_OF_QUEUE - 1].id)
            if len(found) > PAGE_OF_QUEUE else "",
            first=url_for("samples.destructions") if after else "",
        )  # fmt: skip


@blueprint.post("/samples/<code>/destruction")
@needs(Right.DESTROY)
def post_destruction(code: str) -> ResponseReturnValue:
    """Queue a thing for destruction."""
    given = form(DestructionSchema())
    return _act(
        code, lambda session, read: operations.queue_destruction(
            session, read, given["reason"], remark=given["remark"], by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/destruction/withdrawn")
@needs(Right.DESTROY)
def post_withdrawn(code: str) -> ResponseReturnValue:
    """Take a thing off the queue of destruction."""
    given = form(RemarkSchema())
    return _act(
        code, lambda session, read: operations.withdraw_destruction(
            session, read, because=given["remark"], by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/destroyed")
@needs(Right.DESTROY)
def post_destroyed(code: str) -> ResponseReturnValue:
    """Destroy a thing that is queued, before a second person."""
    witness = witness_of(form(WitnessSchema()))
    return _act(
        code, lambda session, read: operations.destroy(
            session, read, witness=witness, by=signed_in(), at=now()
        ),
    )  # fmt: skip


@blueprint.post("/samples/<code>/returned")
@needs(Right.RELEASE)
def post_returned(code: str) -> ResponseReturnValue:
    """Close a thing that was handed over to somebody outside: returned for ever."""
    return _act(
        code, lambda session, read: operations.close_returned(
            session, read, by=signed_in(), at=now()
        ),
    )  # fmt: skip


def _act(code: str, do: Callable[[Session, str], object]) -> ResponseReturnValue:
    read = code_in_path(code)
    # Whoever may not see things by code goes back to the benches.
    seen = may(signed_in().role, Right.SEE_SAMPLES)
    to = url_for("samples.thing", code=read) if seen else url_for("bench.benches")

    def act(session: Session) -> dict[str, object]:
        do(session, read)
        return {"code": read, "to": to}

    return done(write(act))


def _second(given: Mapping[str, Any]) -> Actor | None:
    """Return the second person, where badge or PIN were given; checked before the act."""
    return witness_of(given) if given["witness_badge"] or given["witness_pin"] else None


def _quantity(session: Session, code: str, read: str) -> int:
    """Return an amount as typed, in whole units of the thing's own."""
    newest = measured(session, code)
    return read_mass(read) if newest.unit is AmountUnit.MASS else read_volume(read)
