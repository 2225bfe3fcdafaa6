# SPDX-License-Identifier: Apache-2.0
"""The sheet that sets a scanner: its bar codes in their order, in English and Arabic, on A4."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfgen.canvas import Canvas

from labels.paper import wrapped, write
from labels.symbols import Kind, Matrix, modules
from lims.bench.rules import COMMAND_CODES
from lims.core.scans import Command
from lims.core.words import N_, Say, Translate

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 42.0
DOT = 72 / 300
MODULE = 4 * DOT  # whole dots of every office printer
TRIM = 0.05 * DOT
BARS = 40.0
STEP = 118.0
LONE = 62.0

TITLE = N_("Settings for a scanner")
ORDER = N_("Scan from the top down, one after the other; cover the others with your hand.")
CHECK = N_("Last, at its bench: this is HELP. The page answers it, and the scanner sounds.")
CHOOSE = N_("No bar code is printed: choose it with %(tool)s or the handbook: %(called)s")
CHOOSE_ALONE = N_("Choose it with the scanner's own handbook.")
HELP = next(code for code, command in COMMAND_CODES.items() if command is Command.HELP)


@dataclass(frozen=True)
class Step:
    """One setting: its words, its bar code where there is one, else what its maker calls it."""

    words: Say
    bars: Matrix | None
    written: str
    instead: Say | None
    source: str


def help_bars() -> Matrix:
    """Return the bars of the HELP command, which tries a scanner and changes nothing."""
    return modules(Kind.CODE128, HELP)


def draw_sheet(
    steps: Sequence[Step], *, subject: str, toml: str, laboratory: str, arabic: Translate
) -> bytes:
    """Return the PDF; the same bytes for the same settings."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=1)
    canvas.setTitle(f"{TITLE}: {subject}")
    # A viewer that "fits to page" would make every module a fraction of a dot.
    canvas.setViewerPreference("PrintScaling", "None")
    y = _head(canvas, subject, toml, laboratory, arabic)
    last = Step(Say(CHECK), help_bars(), "HELP", None, "")
    for number, step in enumerate([*steps, last], start=1):
        height = STEP if step.bars is not None else LONE
        if y - height < MARGIN:
            canvas.showPage()
            y = _head(canvas, subject, toml, laboratory, arabic)
        _step(canvas, number, step, y, arabic)
        y -= height
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, subject: str, toml: str, laboratory: str, arabic: Translate) -> float:
    top = HEIGHT - MARGIN
    write(canvas, MARGIN, top, f"{TITLE}: {subject}", size=14, bold=True)
    write(canvas, WIDTH - MARGIN, top - 18, arabic(TITLE), size=12, bold=True, edge="right")
    write(canvas, MARGIN, top - 18, laboratory, size=9)
    write(canvas, MARGIN, top - 36, ORDER, size=9)
    write(canvas, WIDTH - MARGIN, top - 50, arabic(ORDER), size=9, edge="right")
    write(canvas, MARGIN, top - 66, toml, size=8, code=True)
    return top - 84


def _step(canvas: Canvas, number: int, step: Step, top: float, arabic: Translate) -> None:
    canvas.setLineWidth(0.3)
    canvas.line(MARGIN, top, WIDTH - MARGIN, top)
    english, translated = step.words.in_words(str), step.words.in_words(arabic, isolate=True)
    write(canvas, MARGIN, top - 14, f"{number}.  {english}", size=10, bold=True)
    write(canvas, WIDTH - MARGIN, top - 28, translated, size=10, edge="right")
    if step.bars is None:
        if step.instead is not None:
            lines = wrapped(step.instead.in_words(str), WIDTH - 2 * MARGIN, size=8)
            write(canvas, MARGIN, top - 42, lines[0], size=8)
            right = wrapped(step.instead.in_words(arabic, isolate=True), WIDTH - 2 * MARGIN, size=8)
            write(canvas, WIDTH - MARGIN, top - 54, right[0], size=8, edge="right")
        return
    left = MARGIN + 10 * MODULE
    bottom = top - 36 - BARS
    canvas.setFillColorRGB(0, 0, 0)
    first = 0
    for black, run in groupby(step.bars[0]):
        length = len(list(run))
        if black:
            # A little less than the modules keeps renderers of one bit from growing them by a dot.
            x, wide = left + first * MODULE + TRIM, length * MODULE - 2 * TRIM
            canvas.rect(x, bottom, wide, BARS, stroke=0, fill=1)
        first += length
    write(canvas, left, bottom - 11, step.written, size=8, code=True)
