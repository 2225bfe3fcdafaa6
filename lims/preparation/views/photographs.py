# SPDX-License-Identifier: Apache-2.0
"""Photographs of the laboratory: sent from the station or the page of the set, shown, withdrawn."""

from flask import url_for
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.people.queries import open_station
from lims.preparation import operations, queries
from lims.preparation.schemas import PhotographSchema, SmallSchema, WithdrawSchema
from lims.preparation.views.blueprint import Answer, blueprint
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, query, reading, write
from lims.web.pictures import needed_photograph, picture_answer
from lims.web.rights import Right


@blueprint.post("/preparation/<code>/photographs")
@needs(Right.WORK_BATCHES)
def post_photograph(code: str) -> Answer:
    """Add a photograph of a sample of a set; sent at a station, the answer leads back to it."""
    read, sent = code_in_path(code, Kind.BATCH), form(PhotographSchema())
    sample = code_in_path(sent["sample"], Kind.BONE, Kind.REFERENCE)
    files, photograph = laboratory().files, needed_photograph()

    def added(session: Session) -> dict[str, object]:
        station = open_station(session, sent["station"]).code if sent["station"] else ""
        ref = operations.add_photograph(
            session, files, read, sample, photograph, kind=sent["kind"], by=signed_in(), at=now(),
            station=station,
        )  # fmt: skip
        to = url_for("preparation.prepared", code=read)
        if station:
            to = url_for("bench.station", code=station)
        return {"to": to, "ref": ref, "sha256": photograph.sha256}

    return done(write(added))


@blueprint.get("/preparation/photographs/<ref>")
@needs(Right.SEE_SAMPLES)
def photograph(ref: str) -> Answer:
    """Show a photograph as it came, byte for byte, or its thumbnail."""
    small = query(SmallSchema())["small"]
    with reading() as session:
        row = queries.photograph_of(session, ref)
        content = operations.open_photograph(session, laboratory().files, row, small=small)
        return picture_answer(content, "jpeg" if small else row.type, row.ref)


@blueprint.post("/preparation/photographs/<ref>/withdraw")
@needs(Right.WORK_BATCHES)
def post_photograph_withdrawn(ref: str) -> Answer:
    """Withdraw a photograph that does not show what it should."""
    reason = form(WithdrawSchema())["reason"]

    def withdrawn(session: Session) -> dict[str, object]:
        row = operations.withdraw_photograph(
            session, ref, reason=reason, by=signed_in(), at=now()
        )  # fmt: skip
        return {"to": url_for("preparation.prepared", code=row.set_code)}

    return done(write(withdrawn))
