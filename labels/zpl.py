# SPDX-License-Identifier: Apache-2.0
"""A label as ZPL II: one format, one copy, every mark as dots.

Symbols and letters are graphics (^GF), so the printer's own encoders and fonts, which differ from
model to model, have no part in the label, and no text of anybody's stands in the stream but the
payload of a symbol, which is capital letters and digits. A comment (^FX) before each symbol says
what it holds; `labels.preview` refuses a label whose dots say something else.

Commands used: ^XA ^PON ^LH ^PW ^LL ^MD ^PR ^FX ^FO ^GFA ^FS ^PQ ^XZ.
"""

from itertools import groupby

from labels.adjust import NONE, Adjust, moved
from labels.bitmap import Bitmap
from labels.layout import Layout, Values, place


def render(layout: Layout, values: Values, *, dpi: int, adjust: Adjust = NONE) -> bytes:
    """Return the label's ZPL for a printer of 203, 300 or 600 dpi: plain ASCII, always the same.

    Raises LabelError when a value does not fit, cannot be written, or is moved off the label.
    """
    plan = moved(place(layout, values, dpi=dpi), adjust)
    parts = ["^XA", "^PON^LH0,0", f"^PW{plan.width}^LL{plan.height}", *settings(adjust)]
    for symbol in plan.symbols:
        parts.append(f"^FX{symbol.kind} {symbol.payload}^FS")
        parts.append(graphic(symbol.x, symbol.y, symbol.ink))
    parts += [graphic(line.x, line.y, line.ink) for line in plan.lines if line.ink.rows]
    # One copy and no more, whatever quantity the printer remembers: a second label of the same
    # instance must not exist.
    parts += ["^PQ1", "^XZ"]
    return ("\n".join(parts) + "\n").encode("ascii")


def settings(adjust: Adjust) -> list[str]:
    """Return the commands of a printer's darkness and speed; neither is saved in the printer."""
    # Each ^MD counts from the darkness of the panel, not from the ^MD before it.
    darkness = [] if adjust.darkness is None else [f"^MD{adjust.darkness}"]
    return darkness + ([] if adjust.speed is None else [f"^PR{adjust.speed}"])


def graphic(x: int, y: int, dots: Bitmap) -> str:
    """Return the command that draws dots with their top left corner at (x, y)."""
    stride = len(dots.rows[0])
    size = stride * dots.height
    return f"^FO{x},{y}^GFA,{size},{size},{stride},{_compressed(dots)}^FS"


def _compressed(dots: Bitmap) -> str:
    """Write rows in the run-length letters of ^GF (ZPL II programming guide, ~DG and ^GF).

    Base 64 of deflate would be shorter, but its bytes change with the release of zlib.
    """
    rows: list[str] = []
    previous = b""
    for row in dots.rows:
        rows.append(":" if row == previous else _compressed_row(row.hex().upper()))
        previous = row
    return "".join(rows)


def _compressed_row(digits: str) -> str:
    body = digits.rstrip("0")
    end = ","
    if digits.endswith("F"):
        body, end = digits.rstrip("F"), "!"
    if len(digits) - len(body) < 2:
        body, end = digits, ""
    return "".join(_run(digit, len(list(run))) for digit, run in groupby(body)) + end


def _run(digit: str, count: int) -> str:
    letters = ""
    while count > 400:
        letters += "z" + digit
        count -= 400
    if count == 1:
        return letters + digit
    twenties, ones = divmod(count, 20)
    tens = chr(ord("g") + twenties - 1) if twenties else ""
    return letters + tens + (chr(ord("G") + ones - 1) if ones else "") + digit
