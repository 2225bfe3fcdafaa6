# SPDX-License-Identifier: Apache-2.0
"""Sheets of A4 in one language: lines from the reader's edge, symbols, blocks broken into pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from reportlab.pdfgen.canvas import Canvas

from labels.paper import SIZE, write
from labels.symbols import Kind, modules

WIDTH, HEIGHT = 595.0, 842.0  # A4 in points
MARGIN = 36.0
INNER = WIDTH - 2 * MARGIN
TOP, BOTTOM = HEIGHT - 88.0, 58.0
_BLEED = 0.03  # points; without it a reader of pictures sees seams between rows


@dataclass(frozen=True)
class Pen:
    """A canvas on which `x` counts from where the reader's lines begin, margin left out."""

    canvas: Canvas
    is_arabic: bool

    def text(
        self, x: float, y: float, text: str, *, size: float = SIZE, bold: bool = False,
        code: bool = False, at_end: bool = False,
    ) -> None:  # fmt: skip
        """Write a line that begins at `x`, or ends there."""
        edge = "left" if self.is_arabic is at_end else "right"
        place = WIDTH - MARGIN - x if self.is_arabic else MARGIN + x
        write(
            self.canvas, place, y, text, size=size, bold=bold, code=code,
            edge="left" if edge == "left" else "right",
        )  # fmt: skip

    def box(self, x: float, y: float, width: float, height: float, *, line: float = 0.6) -> None:
        """Draw a frame whose lower edge is `y`."""
        self.canvas.setLineWidth(line)
        self.canvas.rect(self._left(x, width), y, width, height)

    def rule(self, x: float, y: float, width: float, *, line: float = 0.5) -> None:
        """Draw a line along the paper."""
        left = self._left(x, width)
        self.canvas.setLineWidth(line)
        self.canvas.line(left, y, left + width, y)

    def symbol(
        self, kind: Kind, payload: str, x: float, top: float, *, module: float, height: float = 0
    ) -> None:
        """Draw a symbol of square modules, or of bars `height` high, under `top`."""
        matrix = modules(kind, payload)
        left = self._left(x, len(matrix[0]) * module)
        tall = height or module
        for number, row in enumerate(matrix):
            place = 0
            for is_black, run in groupby(row):
                length = len(list(run))
                if is_black:
                    self.canvas.rect(
                        left + place * module, top - (number + 1) * tall - _BLEED,
                        length * module, tall + 2 * _BLEED, stroke=0, fill=1,
                    )  # fmt: skip
                place += length

    def _left(self, x: float, width: float) -> float:
        return WIDTH - MARGIN - x - width if self.is_arabic else MARGIN + x


@dataclass(frozen=True)
class Block:
    """What is never broken: its height, and how it is drawn under an upper edge.

    `head` is drawn again where the block begins a page. `keep`: it stays with what follows.
    """

    height: float
    draw: Callable[[Pen, float], None]
    head: "Block | None" = None
    keep: bool = False


def pages_of(blocks: Sequence[Block]) -> list[list[Block]]:
    """Break blocks into pages, in their order."""
    pages: list[list[Block]] = [[]]
    left = TOP - BOTTOM
    for place, block in enumerate(blocks):
        needed = block.height
        if block.keep and place + 1 < len(blocks):
            needed += blocks[place + 1].height
        if needed > left and pages[-1]:
            pages.append([])
            left = TOP - BOTTOM
            if block.head is not None:
                pages[-1].append(block.head)
                left -= block.head.height
        pages[-1].append(block)
        left -= block.height
    return pages


def draw_page(pen: Pen, blocks: Sequence[Block]) -> None:
    """Draw the blocks of a page, one under the other."""
    y = TOP
    for block in blocks:
        block.draw(pen, y)
        y -= block.height
