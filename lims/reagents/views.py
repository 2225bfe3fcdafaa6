# SPDX-License-Identifier: Apache-2.0
"""The stock of reagents: what runs out, one lot with its history, and every act upon it."""

from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, request, url_for
from marshmallow import Schema
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import local, now, utc_text
from lims.core.codes import Kind
from lims.core.words import N_
from lims.custody.models import Subject
from lims.people.queries import initials_of, open_station, stations
from lims.people.rules import ACTIVITY_WORDS, Activity
from lims.printing.operations import queue_label
from lims.reagents import operations, queries
from lims.reagents.rules import (
    ACT_WORDS,
    ENDED,
    UNIT_WORDS,
    LotState,
    read_amount,
    stock_state,
    words_of,
)
from lims.reagents.schemas import (
    EndSchema,
    LeftSchema,
    LotSchema,
    NothingSchema,
    ReagentSchema,
    ReasonSchema,
    StockSchema,
    TestedSchema,
)
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, query, reading, settings, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("reagents", __name__)

FILTER_WORDS = {
    "": N_("all that are there"),
    "usable": N_("released"),
    "new": N_("not released"),
    "expired": N_("expired"),
    "quarantined": N_("in quarantine"),
    "ended": N_("empty or discarded"),
}
STATE_BADGES = {
    "new": ("kept", N_("not released")),
    "due": ("warn", N_("expires soon")),
    "quarantined": ("bad", N_("in quarantine")),
    "empty": ("plain", N_("empty")),
    "discarded": ("plain", N_("discarded")),
}


@blueprint.get("/stock")
@needs(Right.SEE_STOCK)
def stock() -> Answer:
    """List lots, what must be used first at the top."""
    asked = query(StockSchema())
    today = _today()
    with reading() as session:
        found = queries.lots_page(session, today=today, **asked)
        if wants_json():
            return {"lots": [_lot_json(lot, today) for lot in found.rows], "after": found.after}
        kept: dict[str, Any] = {
            name: request.args[name] for name in ("state", "within") if request.args.get(name)
        }
        return page(
            "reagents/stock.html", found=found, asked=asked, today=today, words_of=words_of,
            activity_words=ACTIVITY_WORDS, badges=STATE_BADGES,
            filters=[(one, translate(words)) for one, words in FILTER_WORDS.items()],
            first=url_for("reagents.stock", **kept) if asked["after"] else "",
            further=(
                url_for("reagents.stock", **kept, after=found.after) if found.after else ""
            ),
            reagents=[
                (str(one.id), f"{one.name} · {translate(ACTIVITY_WORDS[one.activity])}")
                for one in queries.catalogue(session)
            ],
            activities=[(one.value, translate(ACTIVITY_WORDS[one])) for one in Activity],
            units=[(one.value, translate(words)) for one, words in UNIT_WORDS.items()],
            stations=_stations(session),
        )  # fmt: skip


@blueprint.get("/stock/lots/<code>")
@needs(Right.SEE_STOCK)
def lot(code: str) -> Answer:
    """Show a lot: what came in, its containers, all that was done with it."""
    read = code_in_path(code, Kind.LOT)
    today = _today()
    with reading() as session:
        found = queries.lot_of(session, read)
        reagent = queries.reagent_of(session, found.reagent_id)
        containers = queries.containers_of(session, read)
        acts = queries.acts_of(session, read)
        subject = session.get_one(Subject, read)
        state = stock_state(subject.state, found.use_by, today=today)
        if wants_json():
            return {
                "code": read, "reagent": found.reagent, "number": found.number, "state": state,
                "expires": found.expires.isoformat(), "use_by": found.use_by.isoformat(),
                "unit": reagent.unit.value, "left": queries.left_of(containers),
                "tested": found.tested, "quarantine": found.quarantine_reason,
                "containers": [
                    {
                        "number": one.number, "amount": one.amount, "used": one.used,
                        "opened": None if one.opened_at is None else utc_text(one.opened_at),
                        "end": None if one.end is None else one.end.value,
                    }
                    for one in containers
                ],
                "acts": [
                    {
                        "act": one.act.value, "at": utc_text(one.at), "change": one.change,
                        "container": one.container, "work": one.work_code, "reason": one.reason,
                    }
                    for one in acts
                ],
            }  # fmt: skip
        return page(
            "reagents/lot.html", lot=found, reagent=reagent, containers=containers, acts=acts,
            state=state, badges=STATE_BADGES, left=queries.left_of(containers), today=today,
            opened=queries.open_one(containers), ended=subject.state in ENDED,
            quarantined=subject.state == LotState.QUARANTINED, words_of=words_of,
            own=found.received_by == signed_in().id, activity_words=ACTIVITY_WORDS,
            act_words=ACT_WORDS,
            staff=initials_of(
                session,
                {found.received_by, found.released_by or "", found.quarantined_by}
                | {one.by for one in acts},
            ),
        )  # fmt: skip


@blueprint.post("/stock/reagents")
@needs(Right.KEEP_STOCK)
def post_reagent() -> Answer:
    """Put a reagent into the catalogue."""
    sent = form(ReagentSchema())

    def add(session: Session) -> dict[str, object]:
        made = operations.add_reagent(session, **sent, by=signed_in(), at=now())
        return {"to": url_for("reagents.stock"), "number": made.id}

    return done(write(add))


@blueprint.post("/stock/lots")
@needs(Right.HANDLE_STOCK)
def post_lot() -> Answer:
    """Receive a lot; its label is printed at the station chosen."""
    sent = form(LotSchema())

    def receive(session: Session) -> dict[str, object]:
        reagent = queries.reagent_of(session, sent["reagent"])
        code = operations.receive_lot(
            session, reagent.id, number=sent["number"], expires=sent["expires"],
            containers=sent["containers"], each=read_amount(sent["each"], reagent.unit),
            received_on=sent["received_on"], condition=sent["condition"],
            certificate=sent["certificate"], seal=sent["seal"], station=sent["station"],
            by=signed_in(), at=now(),
        )  # fmt: skip
        if sent["station"]:
            queue_label(
                session, code, layout="reagent lot",
                station=open_station(session, sent["station"]).code, kind=reagent.name,
                line1=sent["number"], line2=sent["expires"].isoformat(), by=signed_in(), at=now(),
            )  # fmt: skip
        return {"to": url_for("reagents.lot", code=code), "code": code}

    return done(write(receive))


@blueprint.post("/stock/lots/<code>/release")
@needs(Right.RELEASE_STOCK)
def post_release(code: str) -> Answer:
    """Release a lot after its quality control."""
    return _act(code, TestedSchema(), operations.release_lot)


@blueprint.post("/stock/lots/<code>/open")
@needs(Right.HANDLE_STOCK)
def post_opening(code: str) -> Answer:
    """Open the next container."""
    return _act(code, NothingSchema(), operations.open_container)


@blueprint.post("/stock/lots/<code>/quarantine")
@needs(Right.HANDLE_STOCK)
def post_quarantine(code: str) -> Answer:
    """Put a lot into quarantine."""
    return _act(code, ReasonSchema(), operations.quarantine_lot)


@blueprint.post("/stock/lots/<code>/lift")
@needs(Right.RELEASE_STOCK)
def post_lifting(code: str) -> Answer:
    """Lift a quarantine."""
    return _act(code, ReasonSchema(), operations.lift_quarantine)


@blueprint.post("/stock/lots/<code>/discard")
@needs(Right.HANDLE_STOCK)
def post_discarding(code: str) -> Answer:
    """Discard all that is left of a lot."""
    return _act(code, ReasonSchema(), operations.discard_lot)


@blueprint.post("/stock/lots/<code>/end")
@needs(Right.HANDLE_STOCK)
def post_end(code: str) -> Answer:
    """Record that a container is empty or was discarded."""
    return _act(code, EndSchema(), operations.end_container)


@blueprint.post("/stock/lots/<code>/correct")
@needs(Right.HANDLE_STOCK)
def post_correction(code: str) -> Answer:
    """Write what is left in a container."""
    sent = form(LeftSchema())
    read = code_in_path(code, Kind.LOT)

    def correct(session: Session) -> dict[str, object]:
        unit = queries.reagent_of(session, queries.lot_of(session, read).reagent_id).unit
        operations.correct_amount(
            session, read, sent["container"], left=read_amount(sent["left"], unit),
            reason=sent["reason"], by=signed_in(), at=now(),
        )  # fmt: skip
        return {"to": url_for("reagents.lot", code=read)}

    return done(write(correct))


def _act(code: str, schema: Schema, do: Callable[..., object]) -> Answer:
    """Carry out one act upon a lot by what the form says."""
    sent = form(schema)
    read = code_in_path(code, Kind.LOT)

    def act(session: Session) -> dict[str, object]:
        do(session, read, **sent, by=signed_in(), at=now())
        return {"to": url_for("reagents.lot", code=read)}

    return done(write(act))


def _today() -> date:
    return local(now(), settings().time_zone).date()


def _stations(session: Session) -> list[tuple[str, str]]:
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None
    ]


def _lot_json(lot: queries.LotShown, today: date) -> dict[str, object]:
    return {
        "code": lot.code, "reagent": lot.reagent, "activity": lot.activity, "number": lot.number,
        "expires": lot.expires.isoformat(), "use_by": lot.use_by.isoformat(),
        "days_left": lot.days_left(today), "state": lot.state, "left": lot.left,
        "unit": lot.unit.value, "containers": lot.containers, "unopened": lot.unopened,
    }  # fmt: skip
