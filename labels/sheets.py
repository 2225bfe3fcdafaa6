# SPDX-License-Identifier: Apache-2.0
"""Label sheets for office printers: where each label of a sheet lies."""

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


# Margins and pitches are the nominal ones. Printers draw paper in a millimetre off: for that there
# are the calibration page and the offset of `labels.pdf`.
_SHEETS = {
    each.name: each
    for each in (
        Sheet("L4731", 210.0, 297.0, 7, 27, 8.5, 13.5, 27.9, 10.0, 25.4, 10.0),
        Sheet("L7651", 210.0, 297.0, 5, 13, 4.75, 10.7, 40.6, 21.2, 38.1, 21.2),
    )
}
NAMES = tuple(_SHEETS)


def sheet(name: str) -> Sheet:
    """Return the sheet of this name, or raise LabelError `unknown_sheet`."""
    if name not in _SHEETS:
        raise LabelError("unknown_sheet", "sheet", name, ", ".join(NAMES))
    return _SHEETS[name]
