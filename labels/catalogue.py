# SPDX-License-Identifier: Apache-2.0
"""The named layouts. Sizes are those of common stock; the modules are those that scanners read."""

from labels.errors import LabelError
from labels.layout import Align, Code, Dots, Layout, Text
from labels.lettering import Script
from labels.symbols import Kind

# Side of a module at 203, 300 and 600 dpi; about 0.25, 0.35, 0.5, 0.75 and 1 mm.
FINE = Dots(2, 3, 6)
MIDDLE = Dots(3, 4, 8)
COARSE = Dots(4, 6, 12)
LARGE = Dots(6, 9, 18)
HUGE = Dots(8, 12, 24)


def _code(x: float, y: float, width: float, size: float) -> Text:
    return Text("code", x, y, width, size, bold=True)


def _words(field: str, x: float, y: float, width: float, size: float, *, bold: bool = True) -> Text:
    return Text(field, x, y, width, size, bold=bold, script=Script.ANY)


def _figures(field: str, x: float, y: float, width: float, size: float) -> Text:
    return Text(field, x, y, width, size)


def _square(x: float, y: float, dots: Dots, kind: Kind = Kind.DATAMATRIX) -> Code:
    return Code("payload", kind, x, y, dots)


def _bars(x: float, y: float, height: float, dots: Dots) -> Code:
    return Code("payload", Kind.CODE128, x, y, dots, height)


# Wraps a tube of 2 ml; the symbol covers less than a third of its curve.
TUBE = Layout(
    "tube",
    25.4,
    12.7,
    3.2,
    (
        _square(0.7, 0.6, FINE),
        _code(6.1, 0.7, 18.7, 2.6),
        _words("kind", 6.1, 3.5, 18.7, 2.2),
        _words("line1", 0.8, 5.9, 23.9, 2.2, bold=False),
        _words("line2", 0.8, 8.2, 13.0, 2.1),
        _figures("date", 14.0, 8.5, 10.8, 1.7),
        _figures("anchor", 0.8, 10.5, 20.2, 1.6),
        Text("copy", 21.2, 10.5, 3.6, 1.6, align=Align.RIGHT),
    ),
)

# The same on a sheet of 189 labels for an office printer.
TUBE_ON_SHEET = Layout(
    "tube on sheet",
    25.4,
    10.0,
    0.0,
    (
        _square(0.6, 0.5, FINE),
        _code(5.9, 0.6, 18.9, 2.6),
        _words("kind", 5.9, 3.3, 18.9, 2.2),
        _words("line1", 0.8, 5.8, 23.9, 1.7, bold=False),
        _figures("anchor", 0.8, 7.6, 20.2, 1.1),
        _figures("date", 0.8, 8.8, 10.8, 1.1),
        Text("copy", 20.0, 8.8, 4.8, 1.1, align=Align.RIGHT),
    ),
)

# A dot of 9.5 mm on the cap: the code stands in threes beside the symbol. It is the one label that
# has no room for the anchor; the label around the tube, printed with it, bears it.
TUBE_CAP = Layout(
    "tube cap",
    9.5,
    9.5,
    3.2,
    (
        _square(1.05, 2.2, FINE),
        Text("code1", 6.2, 2.9, 2.3, 1.2, bold=True),
        Text("code2", 6.2, 4.15, 2.3, 1.2, bold=True),
        Text("code3", 6.2, 5.4, 2.3, 1.2, bold=True),
    ),
    round=True,
)

BONE_BAG = Layout(
    "bone bag",
    100.0,
    50.0,
    3.0,
    (
        _square(3.0, 3.0, LARGE),
        _code(20.0, 3.0, 77.0, 8.0),
        _words("kind", 20.0, 12.0, 77.0, 6.5),
        _words("line1", 20.0, 19.0, 77.0, 5.5, bold=False),
        _words("line2", 20.0, 25.0, 77.0, 5.0, bold=False),
        _bars(3.0, 31.0, 12.0, MIDDLE),
        _figures("date", 71.0, 31.0, 26.0, 4.0),
        Text("copy", 71.0, 37.0, 26.0, 4.0),
        _figures("anchor", 3.0, 45.0, 94.0, 3.5),
    ),
)

# Stands on the side of a 96-well plate, read with the plate on the bench.
PLATE = Layout(
    "plate",
    60.0,
    8.0,
    3.0,
    (
        _square(0.3, 0.2, MIDDLE),
        _code(8.4, 0.5, 25.0, 3.8),
        _words("kind", 33.8, 0.8, 25.7, 3.2),
        _words("line1", 8.4, 4.7, 29.5, 2.8, bold=False),
        _figures("date", 38.5, 4.2, 13.0, 1.8),
        Text("copy", 52.0, 4.2, 7.3, 1.8, align=Align.RIGHT),
        _figures("anchor", 38.5, 6.1, 21.0, 1.7),
    ),
)

BOX = Layout(
    "box",
    70.0,
    30.0,
    3.0,
    (
        _square(2.0, 2.0, COARSE),
        _code(13.0, 2.0, 55.0, 6.0),
        _words("kind", 13.0, 8.3, 55.0, 4.4),
        _words("line1", 2.0, 12.9, 66.0, 3.6),
        _bars(2.0, 17.0, 8.0, FINE),
        _words("line2", 47.5, 16.8, 20.5, 3.0, bold=False),
        _figures("date", 47.5, 20.2, 20.5, 2.6),
        Text("copy", 47.5, 23.0, 20.5, 2.4),
        _figures("anchor", 2.0, 26.0, 66.0, 2.6),
    ),
)

SHELF = Layout(
    "shelf",
    100.0,
    40.0,
    3.0,
    (
        _square(3.0, 3.0, HUGE),
        _code(25.0, 3.0, 72.0, 9.0),
        _words("kind", 25.0, 12.5, 72.0, 6.5),
        _words("line1", 25.0, 19.5, 72.0, 5.5),
        _bars(25.0, 26.5, 11.0, MIDDLE),
        _figures("date", 3.0, 30.0, 21.0, 3.0),
        Text("copy", 3.0, 34.0, 21.0, 3.0),
        _figures("anchor", 3.0, 37.7, 94.0, 2.0),
    ),
)

# Paper on the office printer, photographed and copied in its life: QR bears that best.
CASE_FOLDER = Layout(
    "case folder",
    100.0,
    50.0,
    3.0,
    (
        _square(3.0, 3.0, LARGE, Kind.QR),
        _code(27.0, 3.0, 70.0, 8.0),
        _words("kind", 27.0, 12.0, 70.0, 6.5),
        _words("line1", 27.0, 19.0, 70.0, 5.5),
        _words("line2", 27.0, 25.0, 70.0, 5.0, bold=False),
        _bars(3.0, 31.5, 12.0, MIDDLE),
        _figures("date", 71.0, 31.5, 26.0, 4.0),
        Text("copy", 71.0, 37.0, 26.0, 4.0),
        _figures("anchor", 3.0, 45.0, 94.0, 3.5),
    ),
)

STAFF_BADGE = Layout(
    "staff badge",
    85.6,
    54.0,
    3.0,
    (
        _square(4.0, 4.0, LARGE),
        _words("line1", 21.0, 5.0, 61.0, 6.5),
        _words("line2", 21.0, 13.0, 61.0, 5.5, bold=False),
        _words("kind", 4.0, 21.0, 77.0, 5.5),
        _code(4.0, 27.5, 55.0, 6.0),
        _bars(4.0, 34.5, 12.0, MIDDLE),
        _figures("date", 4.0, 48.0, 30.0, 3.5),
        Text("copy", 58.0, 48.0, 23.0, 3.5, align=Align.RIGHT),
        _figures("anchor", 4.0, 51.7, 77.0, 1.9),
    ),
)

# A command laid on the bench and scanned: its word is read from a metre away.
BENCH_CARD = Layout(
    "bench card",
    85.6,
    54.0,
    3.0,
    (
        _square(4.0, 3.0, HUGE),
        _words("kind", 26.0, 4.0, 56.0, 8.0),
        _words("line1", 26.0, 14.0, 56.0, 6.4),
        _words("line2", 4.0, 25.5, 78.0, 5.0, bold=False),
        _bars(4.0, 31.5, 12.0, MIDDLE),
        _code(4.0, 45.5, 55.0, 5.5),
        _figures("anchor", 4.0, 51.2, 77.0, 2.2),
    ),
)

REAGENT_LOT = Layout(
    "reagent lot",
    50.0,
    25.0,
    3.0,
    (
        _square(1.5, 1.2, MIDDLE),
        _code(9.6, 1.5, 39.0, 4.6),
        _words("kind", 9.6, 6.2, 39.0, 3.5),
        _words("line1", 1.5, 9.8, 38.0, 2.7, bold=False),
        Text("copy", 40.0, 9.9, 8.5, 2.4, align=Align.RIGHT),
        _words("line2", 1.5, 12.6, 32.0, 2.7, bold=False),
        _figures("date", 34.0, 12.8, 14.5, 2.2),
        _bars(1.5, 15.4, 7.2, FINE),
        _figures("anchor", 1.5, 22.9, 46.0, 1.7),
    ),
)

BATCH_CARD = Layout(
    "batch card",
    100.0,
    60.0,
    3.0,
    (
        _square(3.0, 3.0, HUGE),
        _code(25.0, 3.0, 72.0, 9.0),
        _words("kind", 25.0, 12.5, 72.0, 7.0),
        _words("line1", 25.0, 20.0, 72.0, 5.5),
        _words("line2", 3.0, 26.5, 94.0, 5.5, bold=False),
        _bars(3.0, 34.0, 14.0, MIDDLE),
        _figures("date", 71.0, 34.0, 26.0, 4.0),
        Text("copy", 71.0, 40.0, 26.0, 4.0),
        _figures("anchor", 3.0, 54.0, 94.0, 3.5),
    ),
)

_LAYOUTS = {
    each.name: each
    for each in (
        TUBE,
        TUBE_ON_SHEET,
        TUBE_CAP,
        BONE_BAG,
        PLATE,
        BOX,
        SHELF,
        CASE_FOLDER,
        STAFF_BADGE,
        BENCH_CARD,
        REAGENT_LOT,
        BATCH_CARD,
    )
}
NAMES = tuple(_LAYOUTS)


def layout(name: str) -> Layout:
    """Return the layout of this name, or raise LabelError `unknown_layout`."""
    if name not in _LAYOUTS:
        raise LabelError("unknown_layout", "layout", name, ", ".join(NAMES))
    return _LAYOUTS[name]
