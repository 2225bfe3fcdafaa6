# SPDX-License-Identifier: Apache-2.0
"""Text on paper: English, Arabic and codes in the fonts that Osteon brings, at any size."""

from functools import cache, lru_cache
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.lettering import CODES, Face, Script, face_of, shaped

Edge = Literal["left", "right", "middle"]
_UNSEEN = frozenset("\u2066\u2067\u2068\u2069\u200e\u200f")


def write(
    canvas: Canvas, x: float, y: float, text: str, *, size: float, bold: bool = False,
    code: bool = False, edge: Edge = "left",
) -> None:  # fmt: skip
    """Write one line with its left edge, its right edge or its middle at `x` (points)."""
    face, seen = lettered(text, bold=bold, code=code)
    canvas.setFont(_font(face), size)
    if edge == "right":
        canvas.drawRightString(x, y, seen)
    elif edge == "middle":
        canvas.drawCentredString(x, y, seen)
    else:
        canvas.drawString(x, y, seen)


def width(text: str, *, size: float, bold: bool = False, code: bool = False) -> float:
    """Return how wide a line is, in points."""
    face, seen = lettered(text, bold=bold, code=code)
    return float(pdfmetrics.stringWidth(seen, _font(face), size))


def wrapped(text: str, limit: float, *, size: float, bold: bool = False) -> list[str]:
    """Break a text at its blanks so that each line fits `limit` points; no word is cut."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size=size, bold=bold) <= limit:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


@lru_cache(maxsize=4096)
def lettered(text: str, *, bold: bool, code: bool) -> tuple[Face, str]:
    """Choose the font and join and order the letters; what no font has is shown as `?`."""
    face = CODES if code else face_of(text, script=Script.ANY, bold=bold, field="")
    plain = "".join(c for c in text if c not in _UNSEEN)
    try:
        return face, shaped(plain, face=face, field="")
    except LabelError:
        kept = "".join(one if _writes(face, one) else "?" for one in plain)
        return face, shaped(kept, face=face, field="")


def _writes(face: Face, letter: str) -> bool:
    try:
        shaped(letter, face=face, field="")
    except LabelError:
        return False
    return True


@cache
def _font(face: Face) -> str:
    pdfmetrics.registerFont(TTFont(face.name, str(face.path)))
    return face.name
