# SPDX-License-Identifier: Apache-2.0
"""The administrator's pages of printers: what each needs, its test prints, what faults mean."""

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from labels import catalogue
from labels.adjust import MOST_OFFSET_DOTS, TSPL_DARKNESS, ZPL_DARKNESS, Adjust
from labels.layout import DPIS
from labels.trial import frail_at
from lims.core.clock import now
from lims.core.codes import Kind
from lims.layouts.queries import in_use, newest
from lims.layouts.rules import layout_words
from lims.people.queries import initials_of, open_station, stations
from lims.printers import operations, queries
from lims.printers.rules import LANGUAGE_WORDS, TEST_WORDS, TROUBLES, trouble_of
from lims.printers.schemas import SettingSchema, TestSchema
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, translate
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right

blueprint = Blueprint("printers", __name__)


@blueprint.get("/printers")
@needs(Right.KEEP_STATIONS)
def printers() -> ResponseReturnValue:
    """List what the printer of every station is set to, and what each fault means."""
    with reading() as session:
        rows = [
            (one.station, queries.setting_of(session, one.station.code))
            for one in stations(session)
        ]
        return page(
            "printers/printers.html", rows=rows, language_words=LANGUAGE_WORDS, troubles=TROUBLES
        )


@blueprint.get("/printers/<station>")
@needs(Right.KEEP_STATIONS)
def printer(station: str) -> ResponseReturnValue:
    """Show what a station's printer is set to, what it was, and its test prints."""
    code = code_in_path(station, Kind.STATION)
    with reading() as session:
        at = open_station(session, code)
        history = queries.settings_of(session, code)
        tests = queries.prints_of(session, code)
        actors = {row.saved_by for row in history} | {row.ordered_by for row in tests}
        who = initials_of(session, actors)
        names = sorted({*catalogue.NAMES, *newest(session)})
        setting = queries.setting_of(session, code)
        frail = [
            _name(name) for name in names if setting.dpi in frail_at(in_use(session, name).layout)
        ]
        return page(
            "printers/printer.html",
            station=at,
            setting=setting,
            history=[(row, who.get(row.saved_by, row.saved_by)) for row in history],
            tests=[
                (row, who.get(row.ordered_by, row.ordered_by), _fault(row.fault)) for row in tests
            ],
            frail=frail,
            layouts=[(name, _name(name)) for name in names],
            languages=[(one.value, translate(words)) for one, words in LANGUAGE_WORDS.items()],
            language_words=LANGUAGE_WORDS,
            test_words=TEST_WORDS,
            dpis=[(str(dpi), str(dpi)) for dpi in DPIS],
            most=MOST_OFFSET_DOTS,
            zpl_darkness=ZPL_DARKNESS,
            tspl_darkness=TSPL_DARKNESS,
        )


@blueprint.post("/printers/<station>")
@needs(Right.KEEP_STATIONS)
def post_printer(station: str) -> ResponseReturnValue:
    """Set a station's printer: every label from now on is drawn so."""
    code = code_in_path(station, Kind.STATION)
    sent = form(SettingSchema())

    def act(session: Session) -> dict[str, Any]:
        open_station(session, code)
        row = operations.save_setting(
            session, code, language=sent["language"], dpi=sent["dpi"],
            adjust=Adjust(sent["offset_x"], sent["offset_y"], sent["darkness"], sent["speed"]),
            seen=sent["seen"], reason=sent["reason"], by=signed_in(), at=now(),
        )  # fmt: skip
        return {"setting": row.number, "to": url_for("printers.printer", station=code)}

    return done(write(act))


@blueprint.post("/printers/<station>/tests")
@needs(Right.KEEP_STATIONS)
def post_test(station: str) -> ResponseReturnValue:
    """Order a ruler at a station's printer."""
    code = code_in_path(station, Kind.STATION)
    sent = form(TestSchema())

    def act(session: Session) -> dict[str, Any]:
        open_station(session, code)
        row = operations.order_test(session, code, layout=sent["layout"], by=signed_in(), at=now())
        return {"test": row.id, "to": url_for("printers.printer", station=code) + "#tests"}

    return done(write(act))


def _name(name: str) -> str:
    words = layout_words(name)
    return words if isinstance(words, str) else in_words(words)


def _fault(detail: str) -> str:
    trouble = trouble_of(detail)
    return "" if trouble is None else translate(trouble.happened)
