# SPDX-License-Identifier: Apache-2.0
"""The pages of label sheets: what waits, a sheet with its places, its PDF, what was spoiled."""

import io
from typing import Any

from flask import send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from labels import pdf
from labels.sheets import NAMES as STOCKS
from labels.sheets import sheet as stock_of
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.layouts.queries import in_use
from lims.layouts.rules import layout_words
from lims.people.queries import initials_of, stations
from lims.printing.operations import sheets as acts
from lims.printing.queries import sheets as queries
from lims.printing.rules import STATE_LOOKS, STATE_WORDS
from lims.printing.schemas import GiveOutSchema, SheetQuerySchema, SheetSchema, SpoilSchema
from lims.printing.views.blueprint import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import in_words, language
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right


@blueprint.get("/labels/sheets")
@needs(Right.PRINT_SETS)
def sheets() -> ResponseReturnValue:
    """Show what waits at the stations, to be put on sheets for an office printer."""
    asked = query(SheetQuerySchema())
    with reading() as session:
        names = _stations(session)
        rows = []
        for one in queries.waiting_for_sheets(session):
            layout = in_use(session, one.layout).layout
            fit = [s for s in STOCKS if stock_of(s).holds(layout.width_mm, layout.height_mm)]
            rows.append((one, names.get(one.station, one.station), _name(one.layout), fit))
        chosen = next(
            (
                (one, name, words, fit)
                for one, name, words, fit in rows
                if (one.station, one.layout) == (asked["station"], asked["layout"]) and fit
            ),
            None,
        )
        stock = ""
        start = None
        if chosen is not None:
            stock = asked["stock"] if asked["stock"] in chosen[3] else chosen[3][0]
            start = queries.beginning(session, asked["station"], stock)
        made = queries.newest_sheets(session)
        who = initials_of(session, {row.made_by for row in made})
        return page(
            "printing/sheets.html", rows=rows, chosen=chosen, stock=stock, start=start,
            stocks=[(one, one) for one in chosen[3]] if chosen else [],
            paper=stock_of(stock) if stock else None,
            made=[(row, names.get(row.station_code, ""), who.get(row.made_by, "")) for row in made],
        )  # fmt: skip


@blueprint.post("/labels/sheets")
@needs(Right.PRINT_SETS)
def post_sheet() -> ResponseReturnValue:
    """Put what waits on sheets."""
    sent = form(SheetSchema())
    station = code_in_path(sent["station"], Kind.STATION)

    def act(session: Session) -> dict[str, Any]:
        made = acts.make_sheet(
            session, station, layout=sent["layout"], stock=sent["stock"], start=sent["start"],
            used=sent["used"], offset=(sent["offset_x"], sent["offset_y"]),
            reason=sent["reason"], by=signed_in(), at=now(),
        )  # fmt: skip
        return {"sheet": made.id, "to": url_for("printing.sheet", number=made.id)}

    return done(write(act))


@blueprint.get("/labels/sheets/<int:number>")
@needs(Right.PRINT_SETS)
def sheet(number: int) -> ResponseReturnValue:
    """Show a sheet with its places and what became of each label."""
    with reading() as session:
        made = queries.sheet_of(session, number)
        labels = queries.labels_on(session, made)
        return page(
            "printing/sheet.html", made=made, paper=stock_of(made.stock),
            spots=[
                (index, one[1], one[2], labels[one[0]])
                for index, one in enumerate(made.placed, start=1)
            ],
            spoilable=acts.SPOILABLE, words=STATE_WORDS, looks=STATE_LOOKS,
            layout=_name(made.layout), station=_stations(session).get(made.station_code, ""),
        )  # fmt: skip


@blueprint.post("/labels/sheets/<int:number>/pdf")
@needs(Right.PRINT_SETS)
def post_sheet_pdf(number: int) -> ResponseReturnValue:
    """Give a sheet out as a PDF, once; the same request again gets the same file."""
    form(GiveOutSchema())

    def act(session: Session) -> dict[str, Any]:
        return {"sheet": acts.give_out(session, number, by=signed_in(), at=now()).id}

    write(act)
    with reading() as session:
        content = acts.drawn(session, queries.sheet_of(session, number))
    return _sent(content, f"labels-{number}.pdf")


@blueprint.post("/labels/sheets/<int:number>/spoiled")
@needs(Right.PRINT_SETS)
def post_spoiled(number: int) -> ResponseReturnValue:
    """Void the labels at spoiled places and order others."""
    sent = form(SpoilSchema())

    def act(session: Session) -> dict[str, Any]:
        count = acts.spoil(
            session, number, sent["places"], reason=sent["reason"], by=signed_in(), at=now()
        )
        return {"labels": count, "to": url_for("printing.sheet", number=number)}

    return done(write(act))


@blueprint.get("/labels/sheets/<stock>/calibration.pdf")
@needs(Right.PRINT_SETS)
def calibration(stock: str) -> ResponseReturnValue:
    """Answer with the outlines of a stock's labels, to be held against one."""
    if stock not in STOCKS:
        raise NotFound(code=stock[:40])
    return _sent(pdf.calibration(stock_of(stock)), f"{stock}-calibration.pdf")


def _sent(content: bytes, name: str) -> ResponseReturnValue:
    return send_file(io.BytesIO(content), mimetype="application/pdf", download_name=name)


def _stations(session: Session) -> dict[str, str]:
    arabic = language() == "ar"
    return {
        one.station.code: one.station.name_ar if arabic else one.station.name
        for one in stations(session)
    }


def _name(name: str) -> str:
    words = layout_words(name)
    return words if isinstance(words, str) else in_words(words)
