# SPDX-License-Identifier: Apache-2.0
"""The timeline of a thing on paper: A4, English and Arabic, numbered pages, a mark at the end."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.lettering import CODES, Face, Script, face_of, shaped
from lims.core.codes import is_code, threes
from lims.core.words import N_, Say, Translate
from lims.quality.rules.sections import Both, Cell, Picture, Section

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


@dataclass(frozen=True)
class _Text:
    """Text at a place: from its left edge, or to its right edge."""

    x: float
    y: float
    text: str
    bold: bool = False
    code: bool = False
    right: bool = False
    size: float = SIZE

    def draw(self, canvas: Canvas) -> None:
        face, seen = _lettered(self.text, bold=self.bold, code=self.code)
        canvas.setFont(_font(face), self.size)
        (canvas.drawRightString if self.right else canvas.drawString)(self.x, self.y, seen)


@dataclass(frozen=True)
class _Rule:
    """A thin line across the page."""

    y: float

    def draw(self, canvas: Canvas) -> None:
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)


@dataclass(frozen=True)
class _Image:
    """A photograph with its lower left corner at a place; sizes in points."""

    x: float
    y: float
    width: float
    height: float
    content: bytes

    def draw(self, canvas: Canvas) -> None:
        image = ImageReader(io.BytesIO(self.content))
        canvas.drawImage(image, self.x, self.y, self.width, self.height)


_Mark = _Text | _Rule | _Image


class _Paper:
    """Pages that fill from the top; whatever does not fit begins a new one."""

    def __init__(self) -> None:
        self.pages: list[list[_Mark]] = [[]]
        self.y = TOP

    def fits(self, height: float) -> bool:
        return self.y - height >= BOTTOM

    def turn(self) -> None:
        self.pages.append([])
        self.y = TOP

    def put(self, marks: Iterable[_Mark], height: float) -> None:
        """Draw what is laid out from 0 downward at the present height, and go down."""
        for mark in marks:
            self.pages[-1].append(replace(mark, y=mark.y + self.y))
        self.y -= height


def _pages(
    sheet: Sheet, rows: Sequence[Row], arabic: Translate, sections: Sequence[Section]
) -> list[list[_Mark]]:
    paper = _Paper()
    _facts(paper, sheet, arabic)
    for section in sections:
        if section.first:
            _section(paper, section, arabic)
    if sections:
        _title(paper, EVENTS, arabic)
    else:
        paper.y -= LEADING
    _table(paper, COLUMNS, [_cells(row, arabic) for row in rows], arabic)
    if sections:
        for text in (MADE, arabic(MADE)):
            _lines(paper, text)
    for section in sections:
        if not section.first:
            _section(paper, section, arabic)
    if not paper.fits(2 * LEADING):
        paper.turn()
    paper.put(
        [
            _Text(MARGIN, -LEADING, f"*** {END}: {sheet.id} ***", bold=True),
            _Text(WIDTH - MARGIN, -LEADING, arabic(END), bold=True, right=True),
        ],
        2 * LEADING,
    )
    return paper.pages


def _facts(paper: _Paper, sheet: Sheet, arabic: Translate) -> None:
    for words, value in sheet.facts:
        lines = _wrapped(value, 290)
        marks = [_Text(185, -number * LEADING, line) for number, line in enumerate(lines)]
        marks += [
            _Text(MARGIN, 0, words, bold=True),
            _Text(WIDTH - MARGIN, 0, arabic(words), bold=True, right=True),
        ]
        paper.put(marks, len(lines) * LEADING)
    for note in (NOTE, arabic(NOTE)):
        paper.y -= LEADING / 2
        _lines(paper, note)


def _lines(paper: _Paper, text: str) -> None:
    whole = WIDTH - 2 * MARGIN
    for line in _wrapped(text, whole):
        if not paper.fits(LEADING):
            paper.turn()
        paper.put([_edge(MARGIN, whole, 0, line)], LEADING)


def _title(paper: _Paper, words: str, arabic: Translate) -> None:
    # A heading does not stand alone at the foot of a page.
    if not paper.fits(8 * LEADING):
        paper.turn()
    else:
        paper.y -= LEADING
    paper.put(
        [
            _Text(MARGIN, 0, words, bold=True, size=10.5),
            _Text(WIDTH - MARGIN, 0, arabic(words), bold=True, right=True, size=10.5),
            _Rule(-5),
        ],
        1.8 * LEADING,
    )


def _section(paper: _Paper, section: Section, arabic: Translate) -> None:
    _title(paper, section.title, arabic)
    for note in filter(None, (section.note, arabic(section.note) if section.note else "")):
        _lines(paper, note)
    if not section.rows and not section.pictures:
        for text in (section.empty, arabic(section.empty)):
            _lines(paper, text)
        return
    if section.rows:
        _table(
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


def _table(
    paper: _Paper,
    columns: Sequence[tuple[float, float, str]],
    rows: Iterable[Sequence[Sequence[str]]],
    arabic: Translate,
) -> None:
    """Draw rows under their headings; a row is never cut, unless it is higher than a page."""
    headings, deep = _laid(columns, [(words, arabic(words)) for _, _, words in columns], bold=True)
    begun = False
    for row in rows:
        marks, height = _laid(columns, row)
        if not begun and not paper.fits(deep + min(height, TOP - BOTTOM - deep)):
            paper.turn()
        if begun and not paper.fits(height):
            paper.turn()
            begun = False
        if not begun:
            paper.put(headings, deep)
            begun = True
        for part, size in _split(marks, height, TOP - BOTTOM - deep):
            if not paper.fits(size) and paper.y < TOP - deep:
                paper.turn()
                paper.put(headings, deep)
            paper.put(part, size)
    if not begun:
        paper.put(headings, deep)


def _split(
    marks: Sequence[_Text], height: float, most: float
) -> Iterator[tuple[list[_Text], float]]:
    """Cut a row that is higher than a page into parts that are not."""
    start = 0.0
    while height - start > most:
        inside = [mark for mark in marks if start <= -mark.y < start + most - LEADING]
        deepest = max(-mark.y for mark in inside) + LEADING
        yield [replace(mark, y=mark.y + start) for mark in inside], most
        start = deepest
    rest = [replace(mark, y=mark.y + start) for mark in marks if -mark.y >= start]
    yield rest, height - start


def _laid(
    columns: Sequence[tuple[float, float, str]], cells: Sequence[Sequence[str]], bold: bool = False
) -> tuple[list[_Text], float]:
    """Lay a row out from 0 downward; return its texts and its height."""
    found, deepest = [], 1
    for (x, width, _), texts in zip(columns, cells, strict=True):
        lines = [line for text in texts for line in _wrapped(text, width - 6)]
        deepest = max(deepest, len(lines))
        for number, line in enumerate(lines):
            found.append(replace(_edge(x, width - 6, -number * LEADING, line), bold=bold))
    return found, deepest * LEADING + 3


def _picture(paper: _Paper, picture: Picture, arabic: Translate) -> None:
    """Draw a photograph at most half a page high, with what stands under it."""
    wide, high = ImageReader(io.BytesIO(picture.drawn)).getSize()
    scale = min((WIDTH - 2 * MARGIN) / wide, (TOP - BOTTOM) / 2 / high)
    width, height = wide * scale, high * scale
    caption = _said(picture.caption, arabic)
    if not paper.fits(height + (len(caption) + 1) * LEADING):
        paper.turn()
    paper.put([_Image(MARGIN, -height, width, height, picture.drawn)], height + LEADING)
    for line in caption:
        _lines(paper, line)


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
