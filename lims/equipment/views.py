# SPDX-License-Identifier: Apache-2.0
"""The instruments: what is due, one with its history, and what runs out on an analyzer."""

from datetime import date
from typing import Any

from flask import Blueprint, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import local, now, utc_text
from lims.core.codes import Kind
from lims.equipment import operations, queries
from lims.equipment.models import Consumable
from lims.equipment.rules import (
    CONSUMABLE_WORDS,
    KIND_WORDS,
    PLAN_WORDS,
    ConsumableKind,
    InstrumentKind,
    PlanKind,
    consumable_state,
    instrument_state,
)
from lims.equipment.schemas import (
    ConsumableSchema,
    InstrumentSchema,
    PlanSchema,
    ReasonSchema,
    UpkeepSchema,
)
from lims.people.queries import initials_of, open_station, stations
from lims.people.rules import ACTIVITY_WORDS, Activity
from lims.printing.operations import queue_label
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, reading, settings, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("equipment", __name__)


@blueprint.get("/instruments")
@needs(Right.SEE_STOCK)
def instruments() -> Answer:
    """List instruments, what is due first at the top."""
    today = _today()
    with reading() as session:
        found = queries.instruments(session, today=today)
        if wants_json():
            return {
                "instruments": [
                    {
                        "code": one.code, "name": one.name, "kind": one.kind,
                        "activity": one.activity, "serial": one.serial,
                        "calibration_due": one.calibration_due.isoformat(),
                        "next_due": one.next_due.isoformat(), "state": one.state,
                    }
                    for one in found
                ]
            }  # fmt: skip
        arabic = language() == "ar"
        return page(
            "equipment/instruments.html", instruments=found, kind_words=KIND_WORDS,
            activity_words=ACTIVITY_WORDS,
            kinds=[(one.value, translate(KIND_WORDS[one])) for one in InstrumentKind],
            activities=[(one.value, translate(ACTIVITY_WORDS[one])) for one in Activity],
            stations=[
                (one.station.code, one.station.name_ar if arabic else one.station.name)
                for one in stations(session)
                if one.station.closed_at is None
            ],
        )  # fmt: skip


@blueprint.get("/instruments/<code>")
@needs(Right.SEE_STOCK)
def instrument(code: str) -> Answer:
    """Show an instrument: its plans, what was done, what is on it."""
    read = code_in_path(code, Kind.CONTAINER)
    today = _today()
    with reading() as session:
        found = queries.instrument_of(session, read)
        plans = queries.plans_of(session, read)
        upkeep = queries.upkeep_of(session, read)
        installed = queries.installed_on(session, read)
        state = instrument_state(plans[0].due, today=today, out=found.out_since is not None)
        if wants_json():
            return {
                "code": read, "name": found.name, "kind": found.kind.value, "state": state,
                "out_of_service": found.out_reason,
                "plans": [
                    {"plan": one.id, "kind": one.kind.value, "name": one.name,
                     "interval_days": one.interval_days, "due": one.due.isoformat()}
                    for one in plans
                ],
                "done": [
                    {"plan": one.plan_id, "done_on": one.done_on.isoformat(),
                     "done_by": one.done_by, "certificate": one.certificate,
                     "at": utc_text(one.at)}
                    for one in upkeep
                ],
                "consumables": [_consumable_json(one, today) for one in installed],
            }  # fmt: skip
        return page(
            "equipment/instrument.html", tool=found, plans=plans, upkeep=upkeep, state=state,
            names={one.id: one.name for one in plans}, plan_words=PLAN_WORDS,
            kind_words=KIND_WORDS, activity_words=ACTIVITY_WORDS, today=today,
            installed=[
                (one, consumable_state(queries.on_analyzer(one), today=today))
                for one in installed
            ],
            consumable_words=CONSUMABLE_WORDS,
            is_analyzer=found.kind is InstrumentKind.ANALYZER,
            own_stop=found.out_by == signed_in().id,
            plan_kinds=[(one.value, translate(PLAN_WORDS[one])) for one in PlanKind],
            consumable_kinds=[
                (one.value, translate(CONSUMABLE_WORDS[one])) for one in ConsumableKind
            ],
            staff=initials_of(session, {one.by for one in upkeep} | {found.out_by}),
        )  # fmt: skip


@blueprint.post("/instruments")
@needs(Right.KEEP_STOCK)
def post_instrument() -> Answer:
    """Register an instrument; its label is printed at the station chosen."""
    sent = form(InstrumentSchema())

    def register(session: Session) -> dict[str, object]:
        code = operations.register_instrument(session, **sent, by=signed_in(), at=now())
        if sent["station"]:
            queue_label(
                session, code, layout="reagent lot",
                station=open_station(session, sent["station"]).code, kind=sent["name"],
                line1=sent["serial"], line2="", by=signed_in(), at=now(),
            )  # fmt: skip
        return {"to": url_for("equipment.instrument", code=code), "code": code}

    return done(write(register))


@blueprint.post("/instruments/<code>/plans")
@needs(Right.KEEP_STOCK)
def post_plan(code: str) -> Answer:
    """Add a plan of calibration or maintenance."""
    sent = form(PlanSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def add(session: Session) -> dict[str, object]:
        plan = operations.add_plan(session, read, **sent, by=signed_in(), at=now())
        return _back(read) | {"plan": plan.id}

    return done(write(add))


@blueprint.post("/instruments/plans/<int:plan>/done")
@needs(Right.KEEP_STOCK)
def post_upkeep(plan: int) -> Answer:
    """Record what was done under a plan."""
    sent = form(UpkeepSchema())

    def record(session: Session) -> dict[str, object]:
        done_one = operations.record_upkeep(session, plan, **sent, by=signed_in(), at=now())
        return _back(done_one.instrument_code) | {"due": done_one.due.isoformat()}

    return done(write(record))


@blueprint.post("/instruments/<code>/stop")
@needs(Right.HANDLE_STOCK)
def post_stop(code: str) -> Answer:
    """Take an instrument out of service."""
    sent = form(ReasonSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def stop(session: Session) -> dict[str, object]:
        operations.stop_instrument(
            session, read, reason=sent["reason"], by=signed_in(), at=now()
        )  # fmt: skip
        return _back(read)

    return done(write(stop))


@blueprint.post("/instruments/<code>/resume")
@needs(Right.RELEASE_STOCK)
def post_resume(code: str) -> Answer:
    """Release an instrument into service again."""
    sent = form(ReasonSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def resume(session: Session) -> dict[str, object]:
        operations.resume_instrument(
            session, read, reason=sent["reason"], by=signed_in(), at=now()
        )  # fmt: skip
        return _back(read)

    return done(write(resume))


@blueprint.post("/instruments/<code>/consumables")
@needs(Right.HANDLE_STOCK)
def post_consumable(code: str) -> Answer:
    """Record what was put on an analyzer."""
    sent = form(ConsumableSchema())
    read = code_in_path(code, Kind.CONTAINER)
    lot = code_in_path(sent["lot"], Kind.LOT) if sent["lot"] else None

    def install(session: Session) -> dict[str, object]:
        operations.install_consumable(
            session, read, kind=sent["kind"], number=sent["number"], expires=sent["expires"],
            most_injections=sent["most_injections"], most_runs=sent["most_runs"], lot_code=lot,
            by=signed_in(), at=now(),
        )  # fmt: skip
        return _back(read)

    return done(write(install))


def _back(code: str) -> dict[str, object]:
    return {"to": url_for("equipment.instrument", code=code)}


def _today() -> date:
    return local(now(), settings().time_zone).date()


def _consumable_json(one: Consumable, today: date) -> dict[str, Any]:
    return {
        "kind": one.kind.value, "number": one.number, "lot": one.lot_code,
        "expires": None if one.expires is None else one.expires.isoformat(),
        "injections": one.injections, "most_injections": one.most_injections, "runs": one.runs,
        "most_runs": one.most_runs,
        "state": consumable_state(queries.on_analyzer(one), today=today),
    }  # fmt: skip
