# SPDX-License-Identifier: Apache-2.0
"""The stock: lots and instruments, with what runs out."""

from datetime import date

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import local, now
from lims.core.codes import Kind
from lims.equipment.operations import record_calibration, register_instrument
from lims.equipment.queries import instruments
from lims.people.queries import open_station, stations
from lims.people.rules import ACTIVITY_WORDS, Activity
from lims.plates.schemas import (
    CalibrationSchema,
    InstrumentSchema,
    LotSchema,
    NothingSchema,
)
from lims.plates.views.work import blueprint
from lims.printing.operations import queue_label
from lims.reagents.operations import register_lot, release_lot
from lims.reagents.queries import lots
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, reading, settings, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]


@blueprint.get("/stock")
@needs(Right.SEE_STOCK)
def stock() -> Answer:
    """List lots and instruments."""
    today = local(now(), settings().time_zone).date()
    with reading() as session:
        kept, tools = lots(session, today=today), instruments(session, today=today)
        if wants_json():
            return {
                "lots": [
                    {
                        "code": lot.code, "reagent": lot.reagent, "activity": lot.activity,
                        "number": lot.number, "expires": lot.expires.isoformat(),
                        "state": lot.state,
                    }
                    for lot in kept
                ],
                "instruments": [
                    {
                        "code": one.code, "name": one.name, "activity": one.activity,
                        "serial": one.serial, "calibration_due": one.calibration_due.isoformat(),
                        "state": one.state,
                    }
                    for one in tools
                ],
            }  # fmt: skip
        arabic = language() == "ar"
        return page(
            "plates/stock.html", lots=kept, instruments=tools,
            activity_words={one.value: words for one, words in ACTIVITY_WORDS.items()},
            activities=[(one.value, translate(ACTIVITY_WORDS[one])) for one in Activity],
            stations=[
                (one.station.code, one.station.name_ar if arabic else one.station.name)
                for one in stations(session)
                if one.station.closed_at is None
            ],
        )  # fmt: skip


@blueprint.post("/stock/lots")
@needs(Right.KEEP_STOCK)
def post_lot() -> Answer:
    """Register a lot; its label is printed at the station chosen."""
    sent = form(LotSchema())

    def register(session: Session) -> dict[str, object]:
        code = register_lot(session, **sent, by=signed_in(), at=now())
        _label(session, code, sent["station"], sent["reagent"], sent["number"], sent["expires"])
        return {"to": url_for("plates.stock"), "code": code}

    return done(write(register))


@blueprint.post("/stock/lots/<code>/release")
@needs(Right.KEEP_STOCK)
def post_release(code: str) -> Answer:
    """Release a lot after its quality control."""
    form(NothingSchema())
    read = code_in_path(code, Kind.LOT)

    def release(session: Session) -> dict[str, object]:
        release_lot(session, read, by=signed_in(), at=now())
        return {"to": url_for("plates.stock")}

    return done(write(release))


@blueprint.post("/stock/instruments")
@needs(Right.KEEP_STOCK)
def post_instrument() -> Answer:
    """Register an instrument; its label is printed at the station chosen."""
    sent = form(InstrumentSchema())

    def register(session: Session) -> dict[str, object]:
        code = register_instrument(session, **sent, by=signed_in(), at=now())
        _label(session, code, sent["station"], sent["name"], sent["serial"], None)
        return {"to": url_for("plates.stock"), "code": code}

    return done(write(register))


@blueprint.post("/stock/instruments/<code>/calibration")
@needs(Right.KEEP_STOCK)
def post_calibration(code: str) -> Answer:
    """Record a calibration."""
    sent = form(CalibrationSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def record(session: Session) -> dict[str, object]:
        record_calibration(session, read, until=sent["until"], by=signed_in(), at=now())
        return {"to": url_for("plates.stock")}

    return done(write(record))


def _label(
    session: Session, code: str, station: str, name: str, number: str, expires: date | None
) -> None:
    if station:
        queue_label(
            session, code, layout="reagent lot", station=open_station(session, station).code,
            kind=name, line1=number, line2="" if expires is None else expires.isoformat(),
            by=signed_in(), at=now(),
        )  # fmt: skip
