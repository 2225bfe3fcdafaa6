# SPDX-License-Identifier: Apache-2.0
"""Pages of A4 that fill from the top: lines, tables whose rows are not cut, pictures."""

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from labels.lettering import Script, face_of
from labels.paper import wrapped, write
from lims.core.words import Translate

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 40.0
TOP, BOTTOM = HEIGHT - 92, 62.0  # of the rows
SIZE, LEADING = 8.0, 11.5  # points; Amiri needs the room above and below


@dataclass(frozen=True)
class Text:
    """Text at a place: from its left edge, or to its right edge."""

    x: float
    y: float
    text: str
    bold: bool = False
    code: bool = False
    right: bool = False
    size: float = SIZE

    def draw(self, canvas: Canvas) -> None:
        """Draw it."""
        write(
            canvas, self.x, self.y, self.text, size=self.size, bold=self.bold, code=self.code,
            edge="right" if self.right else "left",
        )  # fmt: skip


@dataclass(frozen=True)
class Rule:
    """A thin line across the page."""

    y: float

    def draw(self, canvas: Canvas) -> None:
        """Draw it."""
        canvas.setLineWidth(0.4)
        canvas.line(MARGIN, self.y, WIDTH - MARGIN, self.y)


@dataclass(frozen=True)
class Image:
    """A photograph with its lower left corner at a place; sizes in points."""

    x: float
    y: float
    width: float
    height: float
    content: bytes

    def draw(self, canvas: Canvas) -> None:
        """Draw it."""
        image = ImageReader(io.BytesIO(self.content))
        canvas.drawImage(image, self.x, self.y, self.width, self.height)


Mark = Text | Rule | Image


class Paper:
    """Pages that fill from the top; whatever does not fit begins a new one."""

    def __init__(self) -> None:
        self.pages: list[list[Mark]] = [[]]
        self.y = TOP

    def fits(self, height: float) -> bool:
        """Return whether so much still fits on the page."""
        return self.y - height >= BOTTOM

    def turn(self) -> None:
        """Begin a new page."""
        self.pages.append([])
        self.y = TOP

    def put(self, marks: Iterable[Mark], height: float) -> None:
        """Draw what is laid out from 0 downward at the present height, and go down."""
        for mark in marks:
            self.pages[-1].append(replace(mark, y=mark.y + self.y))
        self.y -= height


def put_lines(paper: Paper, text: str) -> None:
    """Write a text over the whole width, Arabic from the right edge."""
    whole = WIDTH - 2 * MARGIN
    for line in wrapped(text, whole, size=SIZE):
        if not paper.fits(LEADING):
            paper.turn()
        paper.put([edged(MARGIN, whole, 0, line)], LEADING)


def put_table(
    paper: Paper,
    columns: Sequence[tuple[float, float, str]],
    rows: Iterable[Sequence[Sequence[str]]],
    arabic: Translate,
) -> None:
    """Draw rows under their headings; a row is never cut, unless it is higher than a page."""
    words = [tuple(dict.fromkeys((one, arabic(one)))) for _, _, one in columns]
    headings, deep = _laid(columns, words, bold=True)
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


def _split(marks: Sequence[Text], height: float, most: float) -> Iterator[tuple[list[Text], float]]:
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
) -> tuple[list[Text], float]:
    """Lay a row out from 0 downward; return its texts and its height."""
    found, deepest = [], 1
    for (x, wide, _), texts in zip(columns, cells, strict=True):
        lines = [line for text in texts for line in wrapped(text, wide - 6, size=SIZE)]
        deepest = max(deepest, len(lines))
        for number, line in enumerate(lines):
            found.append(replace(edged(x, wide - 6, -number * LEADING, line), bold=bold))
    return found, deepest * LEADING + 3


def edged(x: float, wide: float, y: float, text: str) -> Text:
    """Set Arabic to the right edge of its place, all else to the left."""
    if face_of(text, script=Script.ANY, bold=False, field="").right_to_left:
        return Text(x + wide, y, text, right=True)
    return Text(x, y, text)
