# SPDX-License-Identifier: Apache-2.0
"""Draw a label from the ZPL that `labels.zpl` writes, as the printer would, and read its codes.

This is a reader of that ZPL alone, not of the language: whatever else stands in the stream is
refused with its place, so that a picture on a page is never kinder than the printer.
"""

import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from PIL import Image, ImageDraw

from labels.bitmap import Bitmap, of_modules
from labels.errors import LabelError
from labels.layout import DPIS, Code, Layout, Text, dots
from labels.symbols import QUIET, Kind, modules

# Larger than any label here at 600 dpi; a bound on what a stream can make us draw.
LARGEST_SIDE = 6000

_COMMAND = re.compile(rb"\^([A-Z]{2})([^^~]*)")
_GRAPHIC = re.compile(r"A,(\d{1,8}),(\d{1,8}),(\d{1,4}),(.*)", re.DOTALL)
_SYMBOL = re.compile(r"(datamatrix|code128|qr) ([0-9A-Z]{1,20})")
_RUNS = {letter: count for count, letter in enumerate("GHIJKLMNOPQRSTUVWXY", start=1)}
_RUNS |= {letter: 20 * count for count, letter in enumerate("ghijklmnopqrstuvwxyz", start=1)}


@dataclass(frozen=True)
class Picture:
    """A label as PNG, one pixel a printer dot; width and height in dots."""

    png: bytes
    width: int
    height: int


@dataclass(frozen=True)
class _Graphic:
    x: int
    y: int
    dots: Bitmap
    kind: Kind | None
    payload: str


@dataclass(frozen=True)
class _Label:
    width: int
    height: int
    graphics: tuple[_Graphic, ...]


def draw(zpl: bytes, *, dpi: int) -> Picture:
    """Return the picture of one label.

    Raises LabelError `bad_zpl` with the command and its offset in bytes.
    """
    if dpi not in DPIS:
        raise LabelError("unknown_dpi", "dpi", str(dpi), "203, 300 or 600")
    label = _read(zpl)
    picture = Image.new("1", (label.width, label.height), 1)
    for graphic in label.graphics:
        dots = graphic.dots
        ink = Image.frombytes("1", (dots.width, dots.height), b"".join(dots.rows))
        picture.paste(0, (graphic.x, graphic.y), ink)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi))
    return Picture(out.getvalue(), label.width, label.height)


def outline(layout: Layout, payload: str, *, dpi: int, faulty: Collection[str]) -> Picture:
    """Return where the places of a layout lie, for one that cannot be printed; nothing is checked.

    The places of the `faulty` fields are drawn thick. What lies outside the label is cut off.
    """
    width, height = dots(layout.width_mm, dpi), dots(layout.height_mm, dpi)
    picture = Image.new("1", (width, height), 1)
    pen = ImageDraw.Draw(picture)
    if layout.round:
        pen.ellipse((0, 0, width - 1, height - 1), outline=0)
    for each in layout.fields:
        left, top = dots(each.x, dpi), dots(each.y, dpi)
        across, down = _size(each, payload, dpi)
        if across > 0 and down > 0:
            thick = dots(0.8 if each.field in faulty else 0.2, dpi)
            pen.rectangle((left, top, left + across - 1, top + down - 1), outline=0, width=thick)
    out = io.BytesIO()
    picture.save(out, "PNG", dpi=(dpi, dpi))
    return Picture(out.getvalue(), width, height)


def _size(each: Text | Code, payload: str, dpi: int) -> tuple[int, int]:
    """Return the width and height of a place in dots, with the white round a symbol."""
    if isinstance(each, Text):
        return dots(each.width, dpi), dots(each.size, dpi)
    matrix, module = modules(each.kind, payload), each.dots.at(dpi)
    across = (len(matrix[0]) + 2 * QUIET[each.kind]) * module
    bars = each.kind is Kind.CODE128
    return across, dots(each.height, dpi) if bars else across


def codes_in(zpl: bytes) -> tuple[str, ...]:
    """Return the payloads of the label's symbols, in the order drawn.

    Each is compared with the dots that follow it. Raises LabelError `bad_zpl`.
    """
    return tuple(graphic.payload for graphic in _read(zpl).graphics if graphic.kind is not None)


def _read(zpl: bytes) -> _Label:
    width = height = 0
    at: tuple[int, int] | None = None
    symbol: tuple[Kind, str] | None = None
    graphics: list[_Graphic] = []
    names: list[str] = []
    for offset, name, text in _commands(zpl):
        if (name == "XA") != (not names) or names[-1:] == ["XZ"]:
            raise _refused(name, offset, "one label, from ^XA to ^XZ")
        names.append(name)
        if name in ("PW", "LL"):
            side = _number(text, name, offset, least=1)
            width, height = (side, height) if name == "PW" else (width, side)
        elif name == "FX":
            match = _SYMBOL.fullmatch(text)
            if match is None:
                raise _refused(name, offset, "a symbology and a payload")
            symbol = Kind(match[1]), match[2]
        elif name == "FO":
            x, _, y = text.partition(",")
            at = _number(x, name, offset), _number(y, name, offset)
        elif name == "GF":
            if at is None:
                raise _refused(name, offset, "^FO before it")
            dots = _graphic_dots(text, offset)
            if at[0] + _ink_right(dots) > width or at[1] + dots.height > height:
                raise _refused(name, offset, f"a graphic within {width} x {height} dots")
            if symbol is not None:
                _compare(*symbol, dots, offset)
            kind, payload = symbol or (None, "")
            graphics.append(_Graphic(*at, dots, kind, payload))
            at = symbol = None
        elif (name, text) not in _FIXED and not (name in _SETTINGS and _STEPS.fullmatch(text)):
            raise _refused(name, offset, "a command that labels are written with")
    if names[-1:] != ["XZ"] or not width or not height or symbol is not None:
        raise _refused("XZ", len(zpl), "a whole label, with its size, before the end")
    return _Label(width, height, tuple(graphics))


# Commands that stand in every label with the same parameters.
_FIXED = frozenset(
    {("XA", ""), ("PO", "N"), ("LH", "0,0"), ("FS", ""), ("PQ", "1"), ("XZ", "")},
)

_SETTINGS = frozenset({"MD", "PR"})
_STEPS = re.compile("-?[0-9]{1,2}")


def _commands(zpl: bytes) -> Iterator[tuple[int, str, str]]:
    offset = 0
    while offset < len(zpl):
        if zpl[offset : offset + 1].isspace():
            offset += 1
            continue
        match = _COMMAND.match(zpl, offset)
        if match is None or not match[0].isascii():
            shown = zpl[offset : offset + 3].decode("ascii", "backslashreplace")
            raise _refused(shown, offset, "a command that labels are written with")
        yield offset, match[1].decode("ascii"), match[2].decode("ascii").rstrip("\r\n")
        offset = match.end()


def _number(text: str, name: str, offset: int, *, least: int = 0) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not least <= int(text) <= LARGEST_SIDE:
        raise _refused(name, offset, f"a number from {least} to {LARGEST_SIDE}")
    return int(text)


def _graphic_dots(text: str, offset: int) -> Bitmap:
    match = _GRAPHIC.fullmatch(text)
    if match is None:
        raise _refused("GF", offset, "^GFA with three sizes and dots")
    size, total, stride = int(match[1]), int(match[2]), int(match[3])
    whole = stride > 0 and size % stride == 0 and total == size
    if not whole or 8 * stride > 2 * LARGEST_SIDE or size // stride > LARGEST_SIDE:
        raise _refused("GF", offset, "sizes that make whole rows")
    rows = _rows(match[4], stride, size // stride, offset)
    return Bitmap(8 * stride, len(rows), rows)


def _rows(text: str, stride: int, count: int, offset: int) -> tuple[bytes, ...]:
    """Unpack the run-length letters of ^GF; see `labels.zpl`."""
    rows: list[bytes] = []
    row, run = "", 0
    for character in text:
        if character in _RUNS:
            run += _RUNS[character]
            continue
        if character == ":" and not row and not run and rows:
            rows.append(rows[-1])
        elif character in ",!" and not run:
            row = row.ljust(2 * stride, "0" if character == "," else "F")
        elif character in "0123456789ABCDEF":
            row += character * max(run, 1)
        else:
            raise _refused("GF", offset, f"dots, not {character!r}")
        run = 0
        if len(row) > 2 * stride or len(rows) > count:
            raise _refused("GF", offset, f"{count} rows of {stride} bytes")
        if len(row) == 2 * stride:
            rows.append(bytes.fromhex(row))
            row = ""
    if row or run or len(rows) != count:
        raise _refused("GF", offset, f"{count} rows of {stride} bytes")
    return tuple(rows)


def _ink_right(dots: Bitmap) -> int:
    """Return how many columns there are up to the last black one."""
    used = 0
    for row in dots.rows:
        used |= int.from_bytes(row, "big")
    return dots.width - ((used & -used).bit_length() - 1 if used else dots.width)


def _compare(kind: Kind, payload: str, dots: Bitmap, offset: int) -> None:
    matrix = modules(kind, payload)
    bars = kind is Kind.CODE128
    # The row's bytes round the width up, by less than one dot a module.
    module = dots.width // len(matrix[0]) if bars else dots.height // len(matrix)
    bar_height = dots.height if bars else 0
    if not module or of_modules(matrix, module=module, bar_height=bar_height).rows != dots.rows:
        raise _refused("GF", offset, f"the dots of {kind} {payload}")


def _refused(command: str, offset: int, expected: str) -> LabelError:
    return LabelError("bad_zpl", command, f"at byte {offset}", expected)
