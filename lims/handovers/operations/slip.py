# SPDX-License-Identifier: Apache-2.0
"""The slip of a hand-over on paper: A4, English and Arabic, with the anchor of the ledger."""

import io
from dataclasses import dataclass
from datetime import datetime

from reportlab.pdfgen.canvas import Canvas

from labels.paper import write
from lims.core.codes import threes
from lims.core.words import N_, Translate
from lims.handovers.rules import (
    DIFFERENCE_WORDS,
    PURPOSE_WORDS,
    STATE_WORDS,
    WAY_WORDS,
    Difference,
    HandOverState,
    Purpose,
    Way,
)

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 36.0
TOP, BOTTOM = HEIGHT - 210.0, 130.0
LEADING, COLUMNS = 16.0, 3

TITLE = N_("Slip of hand-over %(number)s")
GIVES = N_("Gives")
RECEIVES = N_("Receives")
WITNESS_WORDS = N_("Second person")
COUNT = N_("Things: %(count)s")
PRINTED = N_("As recorded at %(at)s UTC")
PAGE_OF = N_("Page %(page)s of %(pages)s")
INK = N_("Signature")


@dataclass(frozen=True)
class Line:
    """A thing on the slip."""

    code: str
    difference: Difference | None = None


@dataclass(frozen=True)
class Slip:
    """What a slip says. `giver` and `receiver` are initials, or the holder outside."""

    number: int
    way: Way
    purpose: Purpose
    state: HandOverState
    giver: str
    receiver: str
    witness: str
    opened_at: datetime
    ended_at: datetime | None
    things: tuple[Line, ...]


def draw_slip(
    slip: Slip, *, laboratory: tuple[str, str], at: datetime, anchor: str, arabic: Translate
) -> bytes:
    """Return the PDF. `laboratory`: its name in English and Arabic; `anchor`: as on labels.

    The same bytes for the same hand-over and instant.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(TITLE % {"number": slip.number})
    rows = int((TOP - BOTTOM) / LEADING)
    fit = rows * COLUMNS
    pages = max(1, -(-len(slip.things) // fit))
    for page in range(pages):
        _frame(canvas, slip, laboratory, at, anchor, arabic, page + 1, pages)
        for place, thing in enumerate(slip.things[page * fit : (page + 1) * fit]):
            column, row = divmod(place, rows)
            x = MARGIN + column * (WIDTH - 2 * MARGIN) / COLUMNS
            y = TOP - (row + 1) * LEADING
            write(canvas, x, y, threes(thing.code), size=11, code=True)
            if thing.difference is not None:
                write(canvas, x + 92, y, DIFFERENCE_WORDS[thing.difference], bold=True)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _frame(
    canvas: Canvas, slip: Slip, laboratory: tuple[str, str], at: datetime, anchor: str,
    arabic: Translate, page: int, pages: int,
) -> None:  # fmt: skip
    right = WIDTH - MARGIN
    number = {"number": slip.number}
    write(canvas, MARGIN, HEIGHT - 40, laboratory[0], bold=True)
    write(canvas, right, HEIGHT - 40, laboratory[1], bold=True, edge="right")
    write(canvas, MARGIN, HEIGHT - 64, TITLE % number, size=14, bold=True)
    write(canvas, right, HEIGHT - 64, arabic(TITLE) % number, size=14, bold=True, edge="right")
    told = (WAY_WORDS[slip.way], PURPOSE_WORDS[slip.purpose], STATE_WORDS[slip.state])
    _both(canvas, HEIGHT - 82, " · ".join(told), " · ".join(arabic(one) for one in told))
    count = {"count": len(slip.things)}
    _both(canvas, HEIGHT - 96, COUNT % count, arabic(COUNT) % count)
    y = HEIGHT - 122
    parties = [(GIVES, slip.giver, slip.opened_at), (RECEIVES, slip.receiver, slip.ended_at)]
    if slip.witness:
        parties.append((WITNESS_WORDS, slip.witness, slip.ended_at))
    for words, who, instant in parties:
        write(canvas, MARGIN, y, words)
        write(canvas, MARGIN + 90, y, who, size=12, code=True)
        write(canvas, MARGIN + 250, y, f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant else "–")
        write(canvas, right, y, arabic(words), edge="right")
        y -= 20
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, TOP + 4, right, TOP + 4)
    half = (WIDTH - 2 * MARGIN) / 2
    for x, who in ((MARGIN, slip.giver), (MARGIN + half, slip.receiver)):
        canvas.line(x, 92, x + half - 20, 92)
        write(canvas, x, 80, f"{INK} / {who}")
        write(canvas, x + half - 20, 80, arabic(INK), edge="right")
    canvas.line(MARGIN, 56, right, 56)
    when = {"at": f"{at:%Y-%m-%d %H:%M}"}
    numbers = {"page": page, "pages": pages}
    write(canvas, MARGIN, 42, PRINTED % when)
    write(canvas, MARGIN, 28, arabic(PRINTED) % when)
    write(canvas, WIDTH / 2 - 40, 42, anchor, code=True)
    write(canvas, right, 42, PAGE_OF % numbers, edge="right")
    write(canvas, right, 28, arabic(PAGE_OF) % numbers, edge="right")


def _both(canvas: Canvas, y: float, english: str, arabic: str) -> None:
    write(canvas, MARGIN, y, english)
    write(canvas, WIDTH - MARGIN, y, arabic, edge="right")
