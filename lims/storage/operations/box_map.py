# SPDX-License-Identifier: Apache-2.0
"""The map of a box, or the list of a shelf, on paper: A4, English and Arabic, with the anchor."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reportlab.pdfgen.canvas import Canvas

from labels.paper import write
from lims.core.codes import threes
from lims.core.words import N_, Translate
from lims.storage.queries import Content, PlaceContents
from lims.storage.rules import LETTERS, PLACE_WORDS

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 36.0
TOP, BOTTOM = HEIGHT - 128.0, 60.0
CELL_HEIGHT = 34.0  # at most; 16 rows fit
LIST_LEADING = 13.0

TITLE = N_("Map of a box")
LIST_TITLE = N_("What lies in a place")
PRINTED = N_("As recorded at (UTC)")
COUNTED = N_("%(taken)s in, %(free)s free")
ALONE = N_("%(taken)s things")
PAGE_OF = N_("Page %(page)s of %(pages)s")
ON_HOLD = N_("on hold")


@dataclass(frozen=True)
class _Page:
    """What one sheet shows: some rows of a box, or some lines of a list."""

    rows: Sequence[int]
    things: Sequence[Content]


def draw_map(
    found: PlaceContents,
    *,
    laboratory: tuple[str, str],
    at: datetime,
    anchor: str,
    arabic: Translate,
) -> bytes:
    """Return the PDF: a grid for a box, a list for a place without positions.

    `laboratory`: its name in English and in Arabic. `anchor`: size and root of the ledger, as on
    labels. The same bytes for the same contents and instant.
    """
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE} {found.place.code}")
    pages = list(_pages(found))
    for number, sheet in enumerate(pages, start=1):
        _frame(canvas, found, laboratory, at, anchor, arabic, number, len(pages))
        if found.place.rows is not None and found.place.columns is not None:
            _grid(canvas, found, found.place.columns, sheet.rows)
        else:
            _lines(canvas, sheet.things, arabic)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(found: PlaceContents) -> Iterator[_Page]:
    if found.place.rows is not None:
        yield _Page(range(found.place.rows), ())
        return
    fit = int((TOP - BOTTOM) / LIST_LEADING)
    for start in range(0, max(len(found.contents), 1), fit):
        yield _Page((), found.contents[start : start + fit])


def _frame(
    canvas: Canvas,
    found: PlaceContents,
    laboratory: tuple[str, str],
    at: datetime,
    anchor: str,
    arabic: Translate,
    page: int,
    pages: int,
) -> None:
    """Draw what stands on every page: whose, which place, when, how full, the ledger's anchor."""
    place, right = found.place, WIDTH - MARGIN
    title = TITLE if place.rows is not None else LIST_TITLE
    positions = (place.rows or 0) * (place.columns or 0)
    count = COUNTED if positions else ALONE
    values = {"taken": len(found.contents), "free": positions - len(found.contents)}
    # A date within Arabic words would be turned round: it stands beside the English alone.
    when = f"{at:%Y-%m-%d %H:%M}"
    numbers = {"page": page, "pages": pages}
    write(canvas, MARGIN, HEIGHT - 40, laboratory[0], bold=True)
    write(canvas, right, HEIGHT - 40, laboratory[1], bold=True, edge="right")
    write(canvas, MARGIN, HEIGHT - 56, title)
    write(canvas, right, HEIGHT - 56, arabic(title), edge="right")
    write(canvas, MARGIN, HEIGHT - 76, place.name, size=14, bold=True)
    write(canvas, right, HEIGHT - 76, threes(place.code), size=14, code=True, edge="right")
    way = " › ".join(one.name for one in found.path[:-1])
    write(canvas, MARGIN, HEIGHT - 92, f"{PLACE_WORDS[place.kind]} · {way}"[:100])
    write(canvas, right, HEIGHT - 92, arabic(PLACE_WORDS[place.kind]), edge="right")
    write(canvas, MARGIN, HEIGHT - 106, count % values)
    write(canvas, right, HEIGHT - 106, arabic(count) % values, edge="right")
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, HEIGHT - 114, right, HEIGHT - 114)
    canvas.line(MARGIN, 50, right, 50)
    write(canvas, MARGIN, 36, f"{PRINTED}: {when}")
    write(canvas, MARGIN, 24, arabic(PRINTED))
    write(canvas, WIDTH / 2 - 40, 36, anchor, code=True)
    write(canvas, right, 36, PAGE_OF % numbers, edge="right")
    write(canvas, right, 24, arabic(PAGE_OF) % numbers, edge="right")


def _grid(canvas: Canvas, found: PlaceContents, columns: int, rows: Sequence[int]) -> None:
    """Draw the positions as they lie in the box: rows from above, columns from the left."""
    head, side = 14.0, 16.0
    width = (WIDTH - 2 * MARGIN - side) / columns
    height = min(CELL_HEIGHT * 1.6, (TOP - BOTTOM - head) / len(rows), max(width, 24))
    taken = {one.position: one for one in found.contents}
    left, top = MARGIN + side, TOP - head
    for column in range(1, columns + 1):
        write(
            canvas,
            left + (column - 0.5) * width,
            TOP - 9,
            str(column),
            size=7,
            code=True,
            edge="middle",
        )
    for place, row in enumerate(rows):
        y = top - (place + 1) * height
        write(
            canvas,
            MARGIN + side / 2,
            y + height / 2 - 3,
            LETTERS[row],
            size=8,
            code=True,
            edge="middle",
        )
        for column in range(1, columns + 1):
            x = left + (column - 1) * width
            canvas.setLineWidth(0.4)
            canvas.rect(x, y, width, height)
            thing = taken.get(f"{LETTERS[row]}{column}")
            if thing is not None:
                _thing(canvas, thing, x, y, width, height)


def _thing(canvas: Canvas, thing: Content, x: float, y: float, width: float, height: float) -> None:
    """Write a code in threes, one under the other, as large as its cell lets it."""
    parts = threes(thing.code).split()
    size = min(height / 3.6, width / 2.2, 11.0)
    for number, part in enumerate(parts):
        write(
            canvas,
            x + width / 2,
            y + height - (number + 1) * size * 1.05,
            part,
            size=size,
            code=True,
            edge="middle",
        )
    if thing.held:
        # A thick frame: seen on a copy in black and white too.
        canvas.setLineWidth(1.8)
        canvas.rect(x + 1, y + 1, width - 2, height - 2)


def _middle(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    write(canvas, x, y, text, size=size, code=True, edge="middle")


def _lines(canvas: Canvas, things: Sequence[Content], arabic: Translate) -> None:
    for number, thing in enumerate(things):
        y = TOP - (number + 1) * LIST_LEADING
        write(canvas, MARGIN, y, threes(thing.code), code=True)
        write(canvas, MARGIN + 140, y, f"{thing.since:%Y-%m-%d %H:%M}")
        write(canvas, MARGIN + 260, y, thing.who)
        if thing.held:
            write(canvas, MARGIN + 340, y, ON_HOLD, bold=True)
            write(canvas, WIDTH - MARGIN, y, arabic(ON_HOLD), bold=True, edge="right")
