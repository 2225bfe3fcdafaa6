# SPDX-License-Identifier: Apache-2.0
"""A label as TSPL: one label, one copy, the same dots as in ZPL; and the dots read back.

Format: TSC bar code printer programming manual. BITMAP takes raw bytes, 0 is a black dot. Four of
the 256 must not stand in them: XON and XOFF (0x11, 0x13), which a line with that flow control
swallows, and ESC and ~ (0x1B, 0x7E), with which commands begin that are obeyed at once wherever
they stand. Such a byte loses its first black dot, and a BAR of one dot puts it back.

Commands used: SIZE GAP DIRECTION REFERENCE DENSITY SPEED CLS BITMAP BAR PRINT.
"""

import io
import re
from collections.abc import Sequence

from PIL import Image, ImageDraw

from labels.adjust import NONE, Adjust, moved
from labels.bitmap import Bitmap
from labels.errors import LabelError
from labels.layout import DPIS, MM_PER_INCH, Layout, Values, dots, place
from labels.preview import LARGEST_SIDE, Picture

UNSENDABLE = frozenset(b"\x11\x13\x1b\x7e")


def render(layout: Layout, values: Values, *, dpi: int, adjust: Adjust = NONE) -> bytes:
    """Return the label's TSPL for a printer of 203, 300 or 600 dpi, always the same bytes.

    Raises LabelError when a value does not fit, cannot be written, or is moved off the label.
    """
    plan = moved(place(layout, values, dpi=dpi), adjust)
    marks = [(symbol.x, symbol.y, symbol.ink) for symbol in plan.symbols]
    marks += [(line.x, line.y, line.ink) for line in plan.lines if line.ink.rows]
    return label(layout, marks, dpi=dpi, adjust=adjust)


def label(
    layout: Layout, marks: Sequence[tuple[int, int, Bitmap]], *, dpi: int, adjust: Adjust
) -> bytes:
    """Return a label on the stock of a layout that consists of these dots, each at its (x, y)."""
    # What is moved to the right lies beyond the width that the printer would print.
    wide = layout.width_mm + round(float(max(adjust.x, 0) * MM_PER_INCH / dpi), 2)
    parts = [
        f"SIZE {wide:g} mm,{layout.height_mm:g} mm",
        f"GAP {layout.gap:g} mm,0 mm",
        "DIRECTION 0,0",
        "REFERENCE 0,0",
    ]
    if adjust.darkness is not None:
        parts.append(f"DENSITY {adjust.darkness}")
    if adjust.speed is not None:
        parts.append(f"SPEED {adjust.speed}")
    head = "\r\n".join([*parts, "CLS"]).encode("ascii")
    drawn = [graphic(x, y, ink) for x, y, ink in marks]
    # One copy and no more: a second label of the same instance must not exist.
    return b"\r\n".join([head, *drawn, b"PRINT 1,1"]) + b"\r\n"


def graphic(x: int, y: int, ink: Bitmap) -> bytes:
    """Return the commands that draw dots with their top left corner at (x, y)."""
    stride = len(ink.rows[0])
    content = bytearray(255 - byte for row in ink.rows for byte in row)
    bars = []
    for at, byte in enumerate(content):
        if byte in UNSENDABLE:
            row, column = divmod(at, stride)
            first = next(bit for bit in range(8) if not byte & 0x80 >> bit)
            content[at] = byte | 0x80 >> first
            bars.append(b"\r\nBAR %d,%d,1,1" % (x + 8 * column + first, y + row))
    return b"BITMAP %d,%d,%d,%d,0,%s%s" % (x, y, stride, ink.height, content, b"".join(bars))


_SIZE = re.compile(rb"SIZE ([0-9.]{1,7}) mm,([0-9.]{1,7}) mm")
_BITMAP = re.compile(rb"BITMAP (\d{1,5}),(\d{1,5}),(\d{1,4}),(\d{1,5}),0,")
_BAR = re.compile(rb"BAR (\d{1,5}),(\d{1,5}),(\d{1,5}),(\d{1,5})")
_OTHER = re.compile(
    rb"GAP [0-9.]{1,7} mm,0 mm|DIRECTION 0,0|REFERENCE 0,0|DENSITY \d{1,2}|SPEED \d{1,2}|CLS"
)
_END = b"\r\n"
_PRINT = b"PRINT 1,1"


def draw(tspl: bytes, *, dpi: int) -> Picture:
    """Return the picture of one label, one pixel a printer dot.

    This is a reader of what `render` writes alone. Raises LabelError `bad_tspl` with the place.
    """
    if dpi not in DPIS:
        raise LabelError("unknown_dpi", "dpi", str(dpi), "203, 300 or 600")
    size = _SIZE.match(tspl)
    if size is None:
        raise _refused(0, "SIZE in millimetres")
    width, height = (dots(float(side), dpi) for side in size.groups())
    if not 0 < width <= LARGEST_SIDE or not 0 < height <= LARGEST_SIDE:
        raise _refused(0, f"sides up to {LARGEST_SIDE} dots")
    picture = Image.new("1", (width, height), 1)
    pen = ImageDraw.Draw(picture)
    at = size.end()
    while tspl.startswith(_END, at):
        at += len(_END)
        if bitmap := _BITMAP.match(tspl, at):
            x, y, stride, rows = (int(number) for number in bitmap.groups())
            content = tspl[bitmap.end() : bitmap.end() + stride * rows]
            if len(content) < stride * rows or not content:
                raise _refused(at, "a whole BITMAP")
            ink = Image.frombytes("1", (8 * stride, rows), bytes(255 - byte for byte in content))
            picture.paste(0, (x, y), ink)
            at = bitmap.end() + stride * rows
        elif bar := _BAR.match(tspl, at):
            x, y, across, down = (int(number) for number in bar.groups())
            pen.rectangle((x, y, x + across - 1, y + down - 1), fill=0)
            at = bar.end()
        elif other := _OTHER.match(tspl, at):
            at = other.end()
        elif tspl[at:] == _PRINT + _END:
            out = io.BytesIO()
            picture.save(out, "PNG", dpi=(dpi, dpi))
            return Picture(out.getvalue(), width, height)
        else:
            break
    raise _refused(at, "a command that labels are written with, and PRINT 1,1 at the end")


def _refused(at: int, expected: str) -> LabelError:
    return LabelError("bad_tspl", "TSPL", f"at byte {at}", expected)
