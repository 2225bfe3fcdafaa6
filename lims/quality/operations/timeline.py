# SPDX-License-Identifier: Apache-2.0
"""The timeline of a thing on paper: A4, English and Arabic, numbered pages, a mark at the end."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.lettering import CODES, Face, Script, face_of, shaped
from lims.core.words import N_, Translate

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 40.0
TOP, BOTTOM = HEIGHT - 92, 62.0  # of the rows
SIZE, LEADING = 8.0, 11.5  # points; Amiri needs the room above and below

COLUMNS = (  # left edge, width, heading
    (40.0, 38.0, N_("Number")),
    (78.0, 98.0, N_("Time (UTC)")),
    (176.0, 70.0, N_("Thing")),
    (246.0, 185.0, N_("What happened")),
    (431.0, 66.0, N_("By")),
    (497.0, 58.0, N_("Station")),
)
WHAT = 3
TITLE = N_("Chain of custody")
END = N_("End of the record")
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


def draw_timeline(sheet: Sheet, rows: Sequence[Row], arabic: Translate) -> bytes:
    """Return the PDF; the same bytes for the same rows. `arabic` translates marked words."""
    pages = list(_pages(sheet, rows, arabic))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE} {sheet.thing}")
    for number, lines in enumerate(pages, start=1):
        _frame(canvas, sheet, number, len(pages), arabic)
        for line in lines:
            line.draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@dataclass(frozen=True)
class _Text:
    """Text at a place: from its left edge, or to its right edge."""

    x: float
    y: float
    text: str
    bold: bool = False
    code: bool = False
    right: bool = False

    def draw(self, canvas: Canvas) -> None:
        face, seen = _lettered(self.text, bold=self.bold, code=self.code)
        canvas.setFont(_font(face), SIZE)
        (canvas.drawRightString if self.right else canvas.drawString)(self.x, self.y, seen)


def _pages(sheet: Sheet, rows: Sequence[Row], arabic: Translate) -> Iterator[list[_Text]]:
    page: list[_Text] = []
    y = TOP
    for words, value in sheet.facts:
        page.append(_Text(MARGIN, y, words, bold=True))
        page.append(_Text(WIDTH - MARGIN, y, arabic(words), bold=True, right=True))
        for line in _wrapped(value, 290):
            page.append(_Text(185, y, line))
            y -= LEADING
    for note in (NOTE, arabic(NOTE)):
        y -= LEADING / 2
        for line in _wrapped(note, WIDTH - 2 * MARGIN):
            page.append(_edge(MARGIN, WIDTH - 2 * MARGIN, y, line))
            y -= LEADING
    page, y = [*page, *_headings(y - LEADING, arabic)], y - 3.5 * LEADING
    for row in rows:
        lines, height = _row(row, arabic)
        if y - height < BOTTOM:
            yield page
            page, y = _headings(TOP, arabic), TOP - 2.5 * LEADING
        page += [_Text(t.x, y + t.y, t.text, t.bold, t.code, t.right) for t in lines]
        y -= height
    if y - 2 * LEADING < BOTTOM:
        yield page
        page, y = [], TOP
    page.append(_Text(MARGIN, y - LEADING, f"*** {END}: {sheet.id} ***", bold=True))
    page.append(_Text(WIDTH - MARGIN, y - LEADING, arabic(END), bold=True, right=True))
    yield page


def _headings(y: float, arabic: Translate) -> list[_Text]:
    found = []
    for x, _, words in COLUMNS:
        found += [_Text(x, y, words, bold=True), _Text(x, y - LEADING, arabic(words), bold=True)]
    return found


def _row(row: Row, arabic: Translate) -> tuple[list[_Text], float]:
    """Lay a row out from 0 downward; return its texts and its height."""
    times = [row.at]
    if row.recorded:
        times += [words % {"at": row.recorded} for words in (RECORDED, arabic(RECORDED))]
    cells = ((str(row.number),), times, (row.thing,), row.what, (row.by,), (row.station,))
    found, deepest = [], 1
    for column, texts in enumerate(cells):
        x, width, _ = COLUMNS[column]
        lines = [line for text in texts for line in _wrapped(text, width - 6)]
        deepest = max(deepest, len(lines))
        for number, line in enumerate(lines):
            found.append(_edge(x, width - 6, -number * LEADING, line))
    return found, deepest * LEADING + 3


def _edge(x: float, width: float, y: float, text: str) -> _Text:
    """Set Arabic to the right edge of its place, all else to the left."""
    if face_of(text, script=Script.ANY, bold=False, field="").right_to_left:
        return _Text(x + width, y, text, right=True)
    return _Text(x, y, text)


def _frame(canvas: Canvas, sheet: Sheet, page: int, pages: int, arabic: Translate) -> None:
    """Draw what stands on every page."""
    right = WIDTH - MARGIN
    counted = {"page": page, "pages": pages}
    for text in (
        _Text(MARGIN, HEIGHT - 40, sheet.laboratory[0], bold=True),
        _Text(right, HEIGHT - 40, sheet.laboratory[1], bold=True, right=True),
        _Text(MARGIN, HEIGHT - 54, f"{TITLE}: {sheet.thing}", bold=True),
        _Text(right, HEIGHT - 54, arabic(TITLE), bold=True, right=True),
        _Text(MARGIN, 36, sheet.id, code=True),
        _Text(right, 36, PAGE_OF % counted, right=True),
        _Text(right, 36 - LEADING, arabic(PAGE_OF) % counted, right=True),
    ):
        text.draw(canvas)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, HEIGHT - 64, right, HEIGHT - 64)
    canvas.line(MARGIN, 50, right, 50)


def _wrapped(text: str, width: float) -> list[str]:
    """Break a text at blanks so that each line fits `width` points; a longer word is cut."""
    lines, line = [], ""
    for word in text.split():
        while _width(word) > width:
            fits = next(
                n for n in range(len(word) - 1, 0, -1) if n == 1 or _width(word[:n]) <= width
            )
            lines += [line] * bool(line) + [word[:fits]]
            line, word = "", word[fits:]
        longer = f"{line} {word}".strip()
        if line and _width(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    return [*lines, line] if line else lines or [""]


def _width(text: str) -> float:
    face, seen = _lettered(text, bold=False, code=False)
    return float(pdfmetrics.stringWidth(seen, _font(face), SIZE))


@lru_cache(maxsize=4096)
def _lettered(text: str, *, bold: bool, code: bool) -> tuple[Face, str]:
    """Choose the font and join and order the letters; what no font has is shown as `?`."""
    face = CODES if code else face_of(text, script=Script.ANY, bold=bold, field="")
    plain = "".join(c for c in text if c not in "\u2066\u2067\u2068\u2069\u200e\u200f")
    try:
        return face, shaped(plain, face=face, field="")
    except LabelError:
        kept = "".join(one if _writes(face, one) else "?" for one in plain)
        return face, shaped(kept, face=face, field="")


@lru_cache(maxsize=4096)
def _writes(face: Face, letter: str) -> bool:
    try:
        shaped(letter, face=face, field="")
    except LabelError:
        return False
    return True


@cache
def _font(face: Face) -> str:
    pdfmetrics.registerFont(TTFont(face.name, str(face.path)))
    return face.name
