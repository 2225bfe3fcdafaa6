# SPDX-License-Identifier: Apache-2.0
"""Label sheets for office printers: where each label of a sheet lies."""

from collections.abc import Collection
from dataclasses import dataclass

from labels.errors import LabelError


@dataclass(frozen=True)
class Sheet:
    """A sheet of labels; all sizes in millimetres from the page's top left corner."""

    name: str
    page_width: float
    page_height: float
    columns: int
    rows: int
    left: float
    top: float
    pitch_x: float
    pitch_y: float
    width: float
    height: float

    @property
    def count(self) -> int:
        """How many labels a sheet has."""
        return self.columns * self.rows

    def cell(self, index: int) -> tuple[float, float]:
        """Return the top left corner of a label, counted from 0 along the rows."""
        row, column = divmod(index, self.columns)
        return self.left + column * self.pitch_x, self.top + row * self.pitch_y

    def holds(self, width: float, height: float) -> bool:
        """Tell whether a label of this size (millimetres) fits one of the places."""
        return width <= self.width and height <= self.height


@dataclass(frozen=True)
class SheetPlace:
    """A label's place: the sheet counted from 0, the place on it from 1 along the rows."""

    sheet: int
    place: int


def places(
    sheet: Sheet, count: int, *, start: int = 1, skip: Collection[int] = ()
) -> tuple[SheetPlace, ...]:
    """Return where so many labels go, from place `start` of the first sheet on.

    `skip` are places of the first sheet that are used or spoiled. Raises LabelError `bad_start`,
    `absent`.
    """
    if not 1 <= start <= sheet.count:
        raise LabelError("bad_start", "start", str(start), f"1 to {sheet.count}")
    if count < 1:
        raise LabelError("absent", "values", f"{count} labels", "at least one label")
    found: list[SheetPlace] = []
    at = start - 1
    while len(found) < count:
        number, index = divmod(at, sheet.count)
        if number or index + 1 not in skip:
            found.append(SheetPlace(number, index + 1))
        at += 1
    return tuple(found)


# Margins and pitches are the nominal ones. Printers draw paper in a millimetre off: for that there
# are the calibration page and the offset of `labels.pdf`.
_SHEETS = {
    each.name: each
    for each in (
        Sheet("L4731", 210.0, 297.0, 7, 27, 8.5, 13.5, 27.9, 10.0, 25.4, 10.0),
        Sheet("L7651", 210.0, 297.0, 5, 13, 4.75, 10.7, 40.6, 21.2, 38.1, 21.2),
        Sheet("L7636", 210.0, 297.0, 4, 12, 9.7, 21.5, 48.3, 21.2, 45.7, 21.2),
        Sheet("L7159", 210.0, 297.0, 3, 8, 7.2, 12.9, 66.0, 33.9, 63.5, 33.9),
        Sheet("L7160", 210.0, 297.0, 3, 7, 7.2, 15.1, 66.0, 38.1, 63.5, 38.1),
        Sheet("L7163", 210.0, 297.0, 2, 7, 4.7, 15.1, 101.6, 38.1, 99.1, 38.1),
        Sheet("L7165", 210.0, 297.0, 2, 4, 4.7, 13.1, 101.6, 67.7, 99.1, 67.7),
        Sheet("5160", 215.9, 279.4, 3, 10, 4.76, 12.7, 69.85, 25.4, 66.68, 25.4),
        Sheet("5163", 215.9, 279.4, 2, 5, 3.97, 12.7, 106.36, 50.8, 101.6, 50.8),
        Sheet("5167", 215.9, 279.4, 4, 20, 7.14, 12.7, 52.07, 12.7, 44.45, 12.7),
    )
}
NAMES = tuple(_SHEETS)


def sheet(name: str) -> Sheet:
    """Return the sheet of this name, or raise LabelError `unknown_sheet`."""
    if name not in _SHEETS:
        raise LabelError("unknown_sheet", "sheet", name, ", ".join(NAMES))
    return _SHEETS[name]
