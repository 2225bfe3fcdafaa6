# SPDX-License-Identifier: Apache-2.0
"""What bench agents ask of the printing queue, and the reprint asked for by people."""

import time
from base64 import b64encode
from typing import Any

from flask import g, jsonify, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.people.operations import require_claim
from lims.printers.operations import LEASE as TEST_LEASE
from lims.printers.operations import lease_test, record_test_outcome
from lims.printers.queries import waiting_test
from lims.printers.rules import Language, number_of_test
from lims.printing.operations import (
    HOLD,
    LEASE,
    Lease,
    lease_labels,
    record_print_outcome,
    reprint,
)
from lims.printing.queries import queued_at
from lims.printing.schemas import OutcomeSchema, ReprintSchema, WaitSchema
from lims.printing.views.blueprint import blueprint
from lims.web.guard import may_here, needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, query, reading, write
from lims.web.rights import Right

LOOK_AGAIN_SECONDS = 0.15


@blueprint.get("/api/bench/<station>/labels")
@needs(Right.AGENT)
def get_labels(station: str) -> ResponseReturnValue:
    """Lease the next labels of the agent's own station, waiting up to `wait` seconds for one.

    Several are a block that the agent may print while the server is away.
    """
    station = own_station(station)
    asked = query(WaitSchema())
    ends = time.monotonic() + asked["wait"]
    while True:
        leases = _lease(
            station, asked["dpi"], asked["language"], most=asked["most"], idle=asked["idle"]
        )
        jobs = [_job(lease) for lease in leases] or _tests(station, asked["dpi"], asked["language"])
        if jobs or time.monotonic() >= ends:
            return jsonify({"jobs": jobs})
        time.sleep(LOOK_AGAIN_SECONDS)


@blueprint.post("/api/bench/<station>/labels/<payload>/outcome")
@needs(Right.AGENT)
def post_outcome(station: str, payload: str) -> ResponseReturnValue:
    """Take the agent's word on a job; it may say it twice."""
    station = own_station(station)
    said = form(OutcomeSchema())
    with laboratory().database.writing() as session:
        require_claim(session, station, g.who.agent, at=now())
        if number_of_test(payload) is not None:
            record_test_outcome(
                session, payload, said["outcome"].value, station=station, fence=said["fence"],
                at=now(), detail=said["detail"],
            )  # fmt: skip
            return jsonify({})
        record_print_outcome(
            session, payload, said["outcome"], station=station, fence=said["fence"],
            by=signed_in(), at=now(), before=said["odometer_before"],
            after=said["odometer_after"], detail=said["detail"],
        )  # fmt: skip
    return jsonify({})


@blueprint.post("/labels/<code>/reprint")
@needs(Right.PRINT_LABELS)
def post_reprint(code: str) -> ResponseReturnValue:
    """Void the label of a thing and queue a new one, for a reason."""
    code = code_in_path(code)
    asked = form(ReprintSchema())
    station = code_in_path(asked["station"], Kind.STATION)

    def act(session: Session) -> dict[str, Any]:
        payload = reprint(
            session, code, reason=asked["reason"], station=station, by=signed_in(), at=now()
        )
        seen = may_here(Right.SEE_SAMPLES)
        to = url_for("samples.thing", code=code) if seen else url_for("people.home")
        return {"label": payload, "to": to}

    return done(write(act))


def own_station(station: str) -> str:
    """Return the station's code if it is the agent's own; raises NotFound for any other."""
    code = code_in_path(station, Kind.STATION)
    if g.who.station != code:
        raise NotFound(code=code)
    return code


def _lease(
    station: str, dpi: int, language: Language, *, most: int, idle: bool
) -> tuple[Lease, ...]:
    agent = g.who.agent
    # Looking costs nothing; the writing door is opened only when there is something to take.
    with reading() as session:
        require_claim(session, station, agent, at=now())
        if not queued_at(session, station, at=now(), idle=agent if idle else ""):
            return ()
    hold = LEASE if most == 1 else HOLD
    with laboratory().database.writing() as session:
        return lease_labels(
            session,
            station,
            dpi=dpi,
            by=signed_in(),
            at=now(),
            limit=most,
            hold=hold,
            agent=agent,
            idle=idle,
            language=language,
        )


def _tests(station: str, dpi: int, language: Language) -> list[dict[str, object]]:
    """Return the station's test print, if one waits, as a job beside those of labels."""
    with reading() as session:
        if waiting_test(session, station, at=now()) is None:
            return []
    with laboratory().database.writing() as session:
        lease = lease_test(session, station, language=language, dpi=dpi, at=now())
    if lease is None:
        return []
    job = Lease(lease.name, lease.fence, lease.content, lease.sha256, dpi, TEST_LEASE, language)
    return [_job(job)]


def _job(lease: Lease) -> dict[str, object]:
    return {
        "instance": lease.payload,
        "fence": lease.fence,
        "language": lease.language.value,
        lease.language.value: b64encode(lease.content).decode("ascii"),
        "sha256": lease.sha256,
        "dpi": lease.dpi,
        "hold_seconds": int(lease.hold.total_seconds()),
    }
