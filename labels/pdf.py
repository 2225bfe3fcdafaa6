# SPDX-License-Identifier: Apache-2.0
"""A label as PDF, one a page or many on a sheet: for office printers, at 100 %.

Everything stands on a grid of 300 dots an inch, which printers of 300, 600 and 1200 dpi meet. A
label printer gets ZPL: at 203 dpi a PDF's modules fall between the dots and cannot be read.
"""

import io
from collections.abc import Collection, Iterator, Sequence
from itertools import groupby

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.layout import Layout, Line, Plan, Symbol, Values, dots, place
from labels.paper import font_name
from labels.sheets import Sheet, places
from labels.symbols import Matrix

GRID_DPI = 300
POINTS_PER_DOT = 72 / GRID_DPI
POINTS_PER_MM = 72 / 25.4

# Renderers of one bit a dot blacken every dot that a shape touches; a little less than the module
# keeps it from growing by a whole dot.
TRIM_DOTS = 0.05


def render(layout: Layout, values: Values) -> bytes:
    """Return a PDF of one page with the label's exact size; the same bytes every time.

    Raises LabelError when a value does not fit or cannot be written.
    """
    out = io.BytesIO()
    canvas = _canvas(out, layout.width_mm, layout.height_mm, layout.name)
    _draw(canvas, place(layout, values, dpi=GRID_DPI), 0, 0, layout.height_mm)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def render_sheet(
    layout: Layout,
    many: Sequence[Values],
    *,
    sheet: Sheet,
    start: int = 1,
    skip: Collection[int] = (),
    offset_mm: tuple[float, float] = (0.0, 0.0),
) -> bytes:
    """Return a PDF of as many sheets as the labels need, the first label in place `start`.

    Places count from 1 along the rows, so that a half-used sheet can be used up; those of the first
    sheet in `skip` stay empty. `offset_mm` moves all labels right and down by what the calibration
    page has shown. Raises LabelError `sheet_too_small`, `bad_start`, `absent`, and those of
    `render`.
    """
    if not sheet.holds(layout.width_mm, layout.height_mm):
        size = f"{layout.width_mm} x {layout.height_mm} mm"
        place_size = f"at most {sheet.width} x {sheet.height} mm"
        raise LabelError("sheet_too_small", layout.name, size, place_size)
    where = places(sheet, len(many), start=start, skip=skip)
    out = io.BytesIO()
    canvas = _canvas(out, sheet.page_width, sheet.page_height, f"{layout.name}, {sheet.name}")
    drawn = where[0].sheet
    for at, values in zip(where, many, strict=True):
        for _ in range(at.sheet - drawn):
            canvas.showPage()
        drawn = at.sheet
        x, y = sheet.cell(at.place - 1)
        left = x + (sheet.width - layout.width_mm) / 2 + offset_mm[0]
        top = y + (sheet.height - layout.height_mm) / 2 + offset_mm[1]
        plan = place(layout, values, dpi=GRID_DPI)
        corner = dots(left, GRID_DPI), dots(top, GRID_DPI)
        _draw(canvas, plan, *corner, sheet.page_height)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def calibration(sheet: Sheet, *, offset_mm: tuple[float, float] = (0.0, 0.0)) -> bytes:
    """Return a PDF page with the outline of every label of the sheet, to be held against one."""
    out = io.BytesIO()
    canvas = _canvas(out, sheet.page_width, sheet.page_height, f"calibration, {sheet.name}")
    canvas.setLineWidth(0.3)
    for index in range(sheet.count):
        x, y = sheet.cell(index)
        canvas.rect(
            (x + offset_mm[0]) * POINTS_PER_MM,
            (sheet.page_height - y - offset_mm[1] - sheet.height) * POINTS_PER_MM,
            sheet.width * POINTS_PER_MM,
            sheet.height * POINTS_PER_MM,
        )
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _canvas(out: io.BytesIO, width_mm: float, height_mm: float, title: str) -> Canvas:
    size = (width_mm * POINTS_PER_MM, height_mm * POINTS_PER_MM)
    # Invariant: no time of day and no random identity in the file.
    canvas = Canvas(out, pagesize=size, invariant=1)
    canvas.setTitle(title)
    # A viewer that "fits to page" would make every module a fraction of a dot.
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


def _draw(canvas: Canvas, plan: Plan, left: int, top: int, page_height_mm: float) -> None:
    canvas.saveState()
    canvas.translate(left * POINTS_PER_DOT, page_height_mm * POINTS_PER_MM - top * POINTS_PER_DOT)
    for symbol in plan.symbols:
        _draw_symbol(canvas, symbol)
    for line in plan.lines:
        _draw_line(canvas, line)
    canvas.restoreState()


def _draw_symbol(canvas: Canvas, symbol: Symbol) -> None:
    step_x = symbol.module
    step_y = symbol.bar_height or symbol.module
    path = canvas.beginPath()
    # Runs along the rows and along the columns, over each other, leave no seams between modules.
    for matrix, turned in ((symbol.matrix, False), (tuple(zip(*symbol.matrix, strict=True)), True)):
        for row, first, length in _runs(matrix):
            column, line = (row, first) if turned else (first, row)
            across, down = (1, length) if turned else (length, 1)
            path.rect(
                (symbol.x + column * step_x + TRIM_DOTS) * POINTS_PER_DOT,
                -(symbol.y + (line + down) * step_y - TRIM_DOTS) * POINTS_PER_DOT,
                (across * step_x - 2 * TRIM_DOTS) * POINTS_PER_DOT,
                (down * step_y - 2 * TRIM_DOTS) * POINTS_PER_DOT,
            )
    # Fill mode 1 is the non-zero rule; by the other rule the overlaps would be white.
    canvas.drawPath(path, stroke=0, fill=1, fillMode=1)


def _runs(matrix: Matrix) -> Iterator[tuple[int, int, int]]:
    """Give (row, first, length) of the black runs of each row."""
    for number, row in enumerate(matrix):
        first = 0
        for black, run in groupby(row):
            length = len(list(run))
            if black:
                yield number, first, length
            first += length


def _draw_line(canvas: Canvas, line: Line) -> None:
    font, size = font_name(line.face), line.em * POINTS_PER_DOT
    written = canvas.beginText(line.origin * POINTS_PER_DOT, -line.baseline * POINTS_PER_DOT)
    written.setFont(font, size)
    # On the printer every letter is a whole number of dots wide. Stretched to the same length, by a
    # percent or so, the line fits here when it fits there.
    natural = pdfmetrics.stringWidth(line.text, font, size)
    if natural:
        written.setHorizScale(100 * line.advance * POINTS_PER_DOT / natural)
    written.textOut(line.text)
    canvas.drawText(written)
