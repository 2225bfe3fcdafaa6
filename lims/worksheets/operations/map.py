# SPDX-License-Identifier: Apache-2.0
"""The map of a rack of 24 or a plate of 96 on a worksheet: never mirrored, as it lies."""

from labels.paper import write
from lims.core.codes import threes
from lims.plates.rules import WellRole
from lims.samples.rules import thousandths
from lims.worksheets.operations.drawing import INNER, MARGIN, Block, Pen
from lims.worksheets.queries import Sheet, SheetWell
from lims.worksheets.rules import MARKS

SIDE, HEAD = 16.0, 13.0


def map_block(sheet: Sheet) -> Block:
    """Return the map: each code in threes, the mark of its role, its volume."""
    rows, columns, tall = (8, 12, 43.0) if sheet.is_plate else (4, 6, 58.0)
    width = (INNER - SIDE) / columns
    standing = {(one.position[0], int(one.position[1:])): one for one in sheet.wells}

    def draw(pen: Pen, top: float) -> None:
        left = MARGIN + SIDE
        for column in range(1, columns + 1):
            _middle(pen, left + (column - 0.5) * width, top - 9, str(column), 7)
        for row in range(rows):
            letter = "ABCDEFGH"[row]
            y = top - HEAD - (row + 1) * tall
            _middle(pen, MARGIN + SIDE / 2, y + tall / 2 - 3, letter, 8)
            for column in range(1, columns + 1):
                x = left + (column - 1) * width
                pen.canvas.setLineWidth(0.4)
                pen.canvas.rect(x, y, width, tall)
                one = standing.get((letter, column))
                if one is not None:
                    _well(pen, one, x, y, width, tall)

    return Block(HEAD + rows * tall + 6, draw)


def _well(pen: Pen, well: SheetWell, x: float, y: float, width: float, tall: float) -> None:
    parts = threes(well.code).split()
    size = min(width / 5.0, 12.0)
    for number, pair in enumerate((parts[:2], parts[2:])):
        _middle(pen, x + width / 2, y + tall - (number + 1) * (size + 2), " ".join(pair), size)
    if well.volume_nl is not None and well.volume_nl > 0:
        thinned = f" 1:{well.dilution}" if well.dilution > 1 else ""
        write(
            pen.canvas, x + width - 2, y + 3, f"{thousandths(well.volume_nl)} µl{thinned}",
            size=6, edge="right",
        )  # fmt: skip
    mark = MARKS[well.role]
    if mark:
        write(pen.canvas, x + 3, y + 3, mark, size=9, bold=True)
    if well.role is not WellRole.SAMPLE:
        # A second frame: seen on a copy in black and white too.
        pen.canvas.setLineWidth(1.2)
        pen.canvas.rect(x + 1.4, y + 1.4, width - 2.8, tall - 2.8)


def _middle(pen: Pen, x: float, y: float, text: str, size: float) -> None:
    write(pen.canvas, x, y, text, size=size, code=True, edge="middle")
