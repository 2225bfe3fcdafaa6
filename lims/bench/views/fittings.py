# SPDX-License-Identifier: Apache-2.0
"""What benches are fitted with: command cards and screens."""

import io

from flask import send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from labels.layout import Values
from labels.pdf import render_sheet
from labels.sheets import Sheet
from lims.bench.operations import (
    CARD,
    close_screen,
    order_screen,
    print_cards,
)
from lims.bench.queries import benches, screens
from lims.bench.rules import COMMAND_CODES
from lims.bench.schemas import CardsSchema
from lims.bench.views.pages import CARD_WORDS, KIND_WORDS, blueprint
from lims.core.clock import now
from lims.core.codes import Kind, threes
from lims.core.scans import Command
from lims.core.words import Say
from lims.layouts.queries import in_use
from lims.people.schemas import NothingSchema
from lims.people.views.shown_once import Once
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right

A4_CARDS = Sheet("cards", 210.0, 297.0, 2, 5, 14.0, 10.0, 95.0, 56.0, 85.6, 54.0)
"""Two rows of command cards on paper, to be cut out."""


@blueprint.get("/benches")
@needs(Right.FIT_BENCHES)
def fittings() -> ResponseReturnValue:
    """Show every bench with its cards and screens."""
    with reading() as session:
        return page(
            "bench/fittings.html",
            rows=benches(session),
            kinds=KIND_WORDS,
            screens=screens(session),
        )


@blueprint.get("/benches/cards.pdf")
@needs(Right.FIT_BENCHES)
def cards_pdf() -> ResponseReturnValue:
    """Answer with the six command cards on one A4 page, good at every bench."""
    lines = _card_lines()
    with reading() as session:
        layout = in_use(session, CARD).layout
    drawn = render_sheet(
        layout,
        [
            Values(code, code=threes(code), kind=command.value.upper(), line1=lines[command][0],
                   line2=lines[command][1])
            for code, command in COMMAND_CODES.items()
        ],
        sheet=A4_CARDS,
    )  # fmt: skip
    return send_file(io.BytesIO(drawn), mimetype="application/pdf", download_name="bench-cards.pdf")


@blueprint.post("/benches/<station>/cards")
@needs(Right.FIT_BENCHES)
def post_cards(station: str) -> ResponseReturnValue:
    """Print the six command cards at a station's printer."""
    station = code_in_path(station, Kind.STATION)
    reason = form(CardsSchema())["reason"]

    def act(session: Session) -> dict[str, object]:
        labels = print_cards(
            session, station, _card_lines(), reason=reason, by=signed_in(), at=now()
        )
        return {"to": url_for("bench.fittings"), "labels": list(labels)}

    return done(write(act))


@blueprint.post("/benches/<station>/screens")
@needs(Right.KEEP_STATIONS)
def post_screen_order(station: str) -> ResponseReturnValue:
    """Give out a code that opens a screen of a station; it is shown once."""
    form(NothingSchema())
    station = code_in_path(station, Kind.STATION)
    once = Once()

    def act(session: Session) -> dict[str, object]:
        once.secret = order_screen(session, station, by=signed_in(), at=now())
        return {"to": url_for("bench.fittings"), "code": station}

    answer = write(act)
    return page(
        "bench/screen_code.html", secret=threes(once.secret) if once.secret else "",
        code=answer["code"], address=url_for("bench.screen", _external=True),
    )  # fmt: skip


@blueprint.post("/benches/screens/<int:number>/close")
@needs(Right.KEEP_STATIONS)
def post_screen_close(number: int) -> ResponseReturnValue:
    """Close a screen."""
    form(NothingSchema())

    def act(session: Session) -> dict[str, object]:
        close_screen(session, number, by=signed_in(), at=now())
        return {"to": url_for("bench.fittings")}

    return done(write(act))


def _card_lines() -> dict[Command, tuple[str, str]]:
    """Return what stands on each card, in both languages: whoever reads it chose neither."""
    told = {command: in_both(Say(words)) for command, words in CARD_WORDS.items()}
    return {command: (both["en"], both["ar"]) for command, both in told.items()}
