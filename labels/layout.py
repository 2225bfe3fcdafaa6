# SPDX-License-Identifier: Apache-2.0
"""Label layouts as values, and their placing on the whole dots of a printer."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from enum import StrEnum
from fractions import Fraction

from labels.bitmap import Bitmap, of_modules
from labels.errors import LabelError
from labels.lettering import Face, Ink, Script, face_of, ink_of, shaped
from labels.symbols import QUIET, Kind, Matrix, modules

DPIS = (203, 300, 600)

# Read with a camera, one dot a module failed under one dot of ink gain in every symbology and two
# dots held (0.17 mm at 300 dpi): nothing finer is drawn on any printer.
SMALLEST_MODULE_DOTS = 2
SMALLEST_MODULE_MM = Fraction(16, 100)

# At 203 dpi eight dots: the least in which capitals and digits keep their shapes.
SMALLEST_LETTERS_MM = 1

MM_PER_INCH = Fraction(254, 10)


class Align(StrEnum):
    """Where a line stands in the width it is given."""

    # Where the line begins: left for Latin, right for Arabic.
    START = "start"
    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True)
class Dots:
    """The side of one module in printer dots, for each resolution."""

    at203: int = 2
    at300: int = 3
    at600: int = 6

    def at(self, dpi: int) -> int:
        """Return the module's side in dots at 203, 300 or 600 dpi."""
        return {203: self.at203, 300: self.at300, 600: self.at600}[dpi]


@dataclass(frozen=True)
class Text:
    """A line of text in a box of `width` by `size` millimetres whose top left corner is (x, y)."""

    field: str
    x: float
    y: float
    width: float
    size: float
    bold: bool = False
    align: Align = Align.START
    script: Script = Script.LATIN


@dataclass(frozen=True)
class Code:
    """A symbol; (x, y) in millimetres is the top left corner of its quiet zone.

    `height` is the height of the bars of a Code 128, in millimetres; the other kinds are square.
    """

    field: str
    kind: Kind
    x: float
    y: float
    dots: Dots = Dots()
    height: float = 0


@dataclass(frozen=True)
class Layout:
    """A named label: its size and the gap to the next one in millimetres, and what stands on it."""

    name: str
    width_mm: float
    height_mm: float
    gap: float
    fields: tuple[Text | Code, ...]
    round: bool = False

    def shows(self, field: str) -> bool:
        """Tell whether this label has a place for the named value."""
        return any(each.field == field for each in self.fields)

    @property
    def shows_anchor(self) -> bool:
        """Whether this label has a place for the whole anchor, in one line or in two."""
        return self.shows("anchor") or all(self.shows(part) for part in ANCHOR_PARTS)


@dataclass(frozen=True)
class Values:
    """What one label says. An empty text leaves its place empty.

    `payload` is what the symbols hold: a code of 9 characters, or the code and the two of the label
    instance. `code` may be left out; when given it must be the same code, spaces aside.
    """

    payload: str
    code: str = ""
    kind: str = ""
    line1: str = ""
    line2: str = ""
    date: str = ""
    anchor: str = ""
    copy: str = ""


VALUE_NAMES = tuple(each.name for each in fields(Values))
# The three parts of a code, for labels too narrow for the whole of it.
CODE_PARTS = ("code1", "code2", "code3")
# The two parts of the anchor, before and after its colon.
ANCHOR_PARTS = ("anchor1", "anchor2")


@dataclass(frozen=True)
class Symbol:
    """A symbol on its dots: (x, y) is the first module, `module` its side, all in dots."""

    field: str
    kind: Kind
    payload: str
    x: int
    y: int
    module: int
    bar_height: int
    matrix: Matrix

    @property
    def width(self) -> int:
        """The width in dots without quiet zones."""
        return len(self.matrix[0]) * self.module

    @property
    def height(self) -> int:
        """The height in dots without quiet zones."""
        return self.bar_height or len(self.matrix) * self.module

    @property
    def ink(self) -> Bitmap:
        """The modules as dots."""
        return of_modules(self.matrix, module=self.module, bar_height=self.bar_height)


@dataclass(frozen=True)
class Line:
    """A line of text on its dots.

    (x, y) is the corner of its ink, (origin, baseline) the point its letters start from, `em` the
    letter size and `advance` the length of the line in dots; `text` is in the order of the eye,
    joined and mirrored.
    """

    field: str
    text: str
    face: Face
    em: int
    origin: int
    baseline: int
    advance: int
    x: int
    y: int
    ink: Bitmap


@dataclass(frozen=True)
class Plan:
    """A label on the dots of one printer."""

    width: int
    height: int
    dpi: int
    symbols: tuple[Symbol, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class _Box:
    field: str
    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: "_Box") -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def corners(self) -> Iterator[tuple[int, int]]:
        for x in (self.left, self.right):
            for y in (self.top, self.bottom):
                yield x, y


def dots(mm: float, dpi: int) -> int:
    """Return millimetres as whole dots, the nearest; decimal places of `mm` count exactly."""
    return round(Fraction(str(mm)) * dpi / MM_PER_INCH)


def place(layout: Layout, values: Values, *, dpi: int) -> Plan:
    """Put the values on the label's dots, or raise LabelError naming the field at fault."""
    if dpi not in DPIS:
        raise LabelError("unknown_dpi", layout.name, str(dpi), "203, 300 or 600")
    words = _words(values)
    boxes: list[_Box] = []
    symbols: list[Symbol] = []
    lines: list[Line] = []
    for each in layout.fields:
        if each.field not in words:
            raise LabelError("unknown_field", each.field, layout.name, ", ".join(words))
        if isinstance(each, Code):
            symbol, box = _place_code(each, words[each.field], dpi)
            symbols.append(symbol)
        else:
            box = _text_box(each, dpi)
            if words[each.field]:
                lines.append(_place_text(each, words[each.field], box, dpi))
        boxes.append(box)
    width, height = dots(layout.width_mm, dpi), dots(layout.height_mm, dpi)
    _check_boxes(layout, boxes, width, height)
    return Plan(width, height, dpi, tuple(symbols), tuple(lines))


def check(layout: Layout, *, dpi: int, longest_values: Values) -> None:
    """Raise LabelError unless the layout holds these values at this resolution.

    The places of empty values are checked too: inside the label, and clear of each other.
    """
    place(layout, longest_values, dpi=dpi)
    for each in layout.fields:
        if isinstance(each, Text) and not _words(longest_values)[each.field]:
            raise LabelError("absent", each.field, "", "the longest value of the field")


def _words(values: Values) -> dict[str, str]:
    code = values.payload[:9]
    if values.code and values.code.replace(" ", "") != code:
        raise LabelError("code_differs", "code", values.code, code)
    parts = (code[:3], code[3:6], code[6:])
    words = {name: getattr(values, name) for name in VALUE_NAMES}
    words |= {"code": " ".join(parts), **dict(zip(CODE_PARTS, parts, strict=True))}
    size, colon, prefix = values.anchor.partition(":")
    return words | dict(zip(ANCHOR_PARTS, (size + colon, prefix), strict=True))


def _place_code(code: Code, payload: str, dpi: int) -> tuple[Symbol, _Box]:
    module = code.dots.at(dpi)
    if module < SMALLEST_MODULE_DOTS or module * MM_PER_INCH / dpi < SMALLEST_MODULE_MM:
        raise LabelError("module_too_small", code.field, f"{module} dots", "at least 0.16 mm")
    matrix = modules(code.kind, payload, field=code.field)
    quiet = QUIET[code.kind] * module
    # The bars of a Code 128 need no white above and below them.
    quiet_above = 0 if code.kind is Kind.CODE128 else quiet
    bar_height = dots(code.height, dpi) if code.kind is Kind.CODE128 else 0
    left, top = dots(code.x, dpi), dots(code.y, dpi)
    symbol = Symbol(
        field=code.field,
        kind=code.kind,
        payload=payload,
        x=left + quiet,
        y=top + quiet_above,
        module=module,
        bar_height=bar_height,
        matrix=matrix,
    )
    # Low bars leave the scan line when the label is turned by a few degrees.
    if bar_height * 100 < symbol.width * 15 and code.kind is Kind.CODE128:
        raise LabelError("bars_too_low", code.field, f"{code.height} mm", "15 % of the width")
    right, bottom = left + symbol.width + 2 * quiet, top + symbol.height + 2 * quiet_above
    return symbol, _Box(code.field, left, top, right, bottom)


def _text_box(text: Text, dpi: int) -> _Box:
    if text.size < SMALLEST_LETTERS_MM:
        raise LabelError("letters_too_small", text.field, f"{text.size} mm", "at least 1 mm")
    left, top = dots(text.x, dpi), dots(text.y, dpi)
    return _Box(text.field, left, top, left + dots(text.width, dpi), top + dots(text.size, dpi))


def _place_text(text: Text, words: str, box: _Box, dpi: int) -> Line:
    face = face_of(words, script=text.script, bold=text.bold, field=text.field)
    seen = shaped(words, face=face, field=text.field)
    height, room = box.bottom - box.top, box.right - box.left
    try:
        drawn, em = _largest(seen, face, height)
    except OSError as fault:  # FreeType on outlines too fine for the size, such as U+FDFD
        expected = "letters that can be drawn at this size"
        raise LabelError("undrawable", text.field, words, expected) from fault
    ink = drawn.dots
    if ink.height > height:
        raise LabelError("too_tall", text.field, words, f"{text.size} mm, {height} dots")
    if ink.width > room:
        raise LabelError("too_wide", text.field, words, f"{text.width} mm, {room} dots")
    # Stacked marks and deep tails move the line within its box.
    y = min(max(box.top + face.baseline_of(height) + drawn.top, box.top), box.bottom - ink.height)
    free = room - ink.width
    at_start = free if face.right_to_left else 0
    x = (
        box.left
        + {
            Align.START: at_start,
            Align.LEFT: 0,
            Align.CENTRE: free // 2,
            Align.RIGHT: free,
        }[text.align]
    )
    return Line(
        field=text.field,
        text=seen,
        face=face,
        em=em,
        origin=x - drawn.left,
        baseline=y - drawn.top,
        advance=drawn.advance,
        x=x,
        y=y,
        ink=ink,
    )


def _largest(seen: str, face: Face, height: int) -> tuple[Ink, int]:
    """Return the line in the largest letters whose ink has this height, or else in the smallest."""
    for em in face.ems_of(height):
        drawn = ink_of(seen, face=face, em=em)
        if drawn.dots.height <= height:
            break
    return drawn, em


def _check_boxes(layout: Layout, boxes: list[_Box], width: int, height: int) -> None:
    for index, box in enumerate(boxes):
        if box.left < 0 or box.top < 0 or box.right > width or box.bottom > height:
            raise LabelError("outside", box.field, layout.name, f"{width} x {height} dots")
        for x, y in box.corners() if layout.round else ():
            if (2 * x - width) ** 2 + (2 * y - height) ** 2 > width**2:
                raise LabelError("outside", box.field, layout.name, f"a circle of {width} dots")
        for other in boxes[:index]:
            if box.meets(other):
                raise LabelError("overlap", box.field, other.field, "places clear of each other")
