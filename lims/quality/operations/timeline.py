# SPDX-License-Identifier: Apache-2.0
"""The timeline of a thing on paper: A4, English and Arabic, numbered pages, a mark at the end."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from labels.paper import wrapped
from lims.core.codes import is_code, threes
from lims.core.words import N_, Say, Translate
from lims.quality.operations.layout import (
    BOTTOM,
    HEIGHT,
    LEADING,
    MARGIN,
    SIZE,
    TOP,
    WIDTH,
    Image,
    Mark,
    Paper,
    Rule,
    Text,
    put_lines,
    put_table,
)
from lims.quality.rules.sections import Both, Cell, Picture, Section

COLUMNS = (  # left edge, width, heading
    (40.0, 38.0, N_("Number")),
    (78.0, 98.0, N_("Time (UTC)")),
    (176.0, 70.0, N_("Thing")),
    (246.0, 185.0, N_("What happened")),
    (431.0, 66.0, N_("By")),
    (497.0, 58.0, N_("Station")),
)
TITLE = N_("Chain of custody")
END = N_("End of the record")
EVENTS = N_("Timeline")
MADE = N_(
    "That this package was made is an event after these. It stands in proof.ndjson, and holds the "
    "hash of manifest.sha256, which lists every file with its hash."
)
RECORDED = N_("recorded %(at)s")
PAGE_OF = N_("Page %(page)s of %(pages)s")
NOTE = N_(
    "Readable copy. The evidence is proof.ndjson beside it; every number is the event's place in "
    "the signed ledger. It proves what was recorded, when and by which account, not that it is "
    "true."
)


@dataclass(frozen=True)
class Row:
    """One event as it is read: `what` in English, then in Arabic, then what it says beside."""

    number: int
    at: str
    recorded: str  # "" where it was recorded when it happened
    thing: str
    what: tuple[str, ...]
    by: str
    station: str


@dataclass(frozen=True)
class Sheet:
    """What stands on every page and before the rows."""

    id: str
    laboratory: tuple[str, str]  # in English and in Arabic
    thing: str
    facts: tuple[tuple[str, str], ...]  # marked English words, value


def draw_timeline(
    sheet: Sheet, rows: Sequence[Row], arabic: Translate, sections: Sequence[Section] = ()
) -> bytes:
    """Return the PDF; the same bytes for the same rows. `arabic` translates marked words.

    Sections that are `first` stand before the timeline, the others after it.
    """
    pages = list(_pages(sheet, rows, arabic, sections))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE} {sheet.thing}")
    canvas.setSubject(sheet.id)
    for number, marks in enumerate(pages, start=1):
        _frame(canvas, sheet, number, len(pages), arabic)
        for mark in marks:
            mark.draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(
    sheet: Sheet, rows: Sequence[Row], arabic: Translate, sections: Sequence[Section]
) -> list[list[Mark]]:
    paper = Paper()
    _facts(paper, sheet, arabic)
    for section in sections:
        if section.first:
            _section(paper, section, arabic)
    if sections:
        _title(paper, EVENTS, arabic)
    else:
        paper.y -= LEADING
    put_table(paper, COLUMNS, [_cells(row, arabic) for row in rows], arabic)
    if sections:
        for text in (MADE, arabic(MADE)):
            put_lines(paper, text)
    for section in sections:
        if not section.first:
            _section(paper, section, arabic)
    if not paper.fits(2 * LEADING):
        paper.turn()
    paper.put(
        [
            Text(MARGIN, -LEADING, f"*** {END}: {sheet.id} ***", bold=True),
            Text(WIDTH - MARGIN, -LEADING, arabic(END), bold=True, right=True),
        ],
        2 * LEADING,
    )
    return paper.pages


def _facts(paper: Paper, sheet: Sheet, arabic: Translate) -> None:
    for words, value in sheet.facts:
        lines = wrapped(value, 290, size=SIZE)
        marks = [Text(185, -number * LEADING, line) for number, line in enumerate(lines)]
        marks += [
            Text(MARGIN, 0, words, bold=True),
            Text(WIDTH - MARGIN, 0, arabic(words), bold=True, right=True),
        ]
        paper.put(marks, len(lines) * LEADING)
    for note in (NOTE, arabic(NOTE)):
        paper.y -= LEADING / 2
        put_lines(paper, note)


def _title(paper: Paper, words: str, arabic: Translate) -> None:
    # A heading does not stand alone at the foot of a page.
    if not paper.fits(12 * LEADING):
        paper.turn()
    else:
        paper.y -= LEADING
    paper.put(
        [
            Text(MARGIN, 0, words, bold=True, size=10.5),
            Text(WIDTH - MARGIN, 0, arabic(words), bold=True, right=True, size=10.5),
            Rule(-5),
        ],
        1.8 * LEADING,
    )


def _section(paper: Paper, section: Section, arabic: Translate) -> None:
    _title(paper, section.title, arabic)
    for note in filter(None, (section.note, arabic(section.note) if section.note else "")):
        put_lines(paper, note)
    if not section.rows and not section.pictures:
        for text in (section.empty, arabic(section.empty)):
            put_lines(paper, text)
        return
    if section.rows:
        put_table(
            paper, _columns(section.columns),
            [[_said(cell, arabic) for cell in row] for row in section.rows], arabic,
        )  # fmt: skip
    for picture in section.pictures:
        _picture(paper, picture, arabic)


def _columns(shares: Sequence[tuple[str, int]]) -> list[tuple[float, float, str]]:
    whole, x = sum(share for _, share in shares), MARGIN
    columns = []
    for words, share in shares:
        width = (WIDTH - 2 * MARGIN) * share / whole
        columns.append((x, width, words))
        x += width
    return columns


def _said(cell: Cell, arabic: Translate) -> tuple[str, ...]:
    """Return a cell as it is read: words in English, then in Arabic; all else as it is."""
    if isinstance(cell, str):
        return (cell,)
    if isinstance(cell, Both):
        both = (cell.english, cell.arabic)
    else:
        said = (cell,) if isinstance(cell, Say) else cell
        both = (
            ", ".join(one.in_words(str, show=_shown) for one in said),
            "، ".join(one.in_words(arabic, show=_shown) for one in said),
        )
    return tuple(dict.fromkeys(both))


def _shown(value: str) -> str:
    return threes(value) if is_code(value) else value


def _cells(row: Row, arabic: Translate) -> list[tuple[str, ...]]:
    times: tuple[str, ...] = (row.at,)
    if row.recorded:
        times += tuple(words % {"at": row.recorded} for words in (RECORDED, arabic(RECORDED)))
    return [(str(row.number),), times, (row.thing,), row.what, (row.by,), (row.station,)]


def _picture(paper: Paper, picture: Picture, arabic: Translate) -> None:
    """Draw a photograph at most half a page high, with what stands under it."""
    wide, high = ImageReader(io.BytesIO(picture.drawn)).getSize()
    scale = min((WIDTH - 2 * MARGIN) / wide, (TOP - BOTTOM) / 2 / high)
    width, height = wide * scale, high * scale
    caption = _said(picture.caption, arabic)
    if not paper.fits(height + (len(caption) + 1) * LEADING):
        paper.turn()
    paper.put([Image(MARGIN, -height, width, height, picture.drawn)], height + LEADING)
    for line in caption:
        put_lines(paper, line)


def _frame(canvas: Canvas, sheet: Sheet, page: int, pages: int, arabic: Translate) -> None:
    """Draw what stands on every page."""
    right = WIDTH - MARGIN
    counted = {"page": page, "pages": pages}
    for text in (
        Text(MARGIN, HEIGHT - 40, sheet.laboratory[0], bold=True),
        Text(right, HEIGHT - 40, sheet.laboratory[1], bold=True, right=True),
        Text(MARGIN, HEIGHT - 54, f"{TITLE}: {sheet.thing}", bold=True),
        Text(right, HEIGHT - 54, arabic(TITLE), bold=True, right=True),
        Text(MARGIN, 36, sheet.id, code=True),
        Text(right, 36, PAGE_OF % counted, right=True),
        Text(right, 36 - LEADING, arabic(PAGE_OF) % counted, right=True),
    ):
        text.draw(canvas)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, HEIGHT - 64, right, HEIGHT - 64)
    canvas.line(MARGIN, 50, right, 50)
