# SPDX-License-Identifier: Apache-2.0
"""Text on paper: English, Arabic and codes in the fonts that Osteon brings, at any size."""

from functools import cache, lru_cache
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from labels.errors import LabelError
from labels.lettering import CODES, Face, Script, face_of, shaped

SIZE = 9.0  # points, where nothing else is said
Edge = Literal["left", "right", "middle"]
_UNSEEN = frozenset("\u2066\u2067\u2068\u2069\u200e\u200f")


def write(
    canvas: Canvas, x: float, y: float, text: str, *, size: float = SIZE, bold: bool = False,
    code: bool = False, edge: Edge = "left",
) -> None:  # fmt: skip
    """Write one line with its left edge, its right edge or its middle at `x` (points)."""
    face, seen = lettered(text, bold=bold, code=code)
    canvas.setFont(font_name(face), size)
    if edge == "right":
        canvas.drawRightString(x, y, seen)
    elif edge == "middle":
        canvas.drawCentredString(x, y, seen)
    else:
        canvas.drawString(x, y, seen)


def width(text: str, *, size: float = SIZE, bold: bool = False, code: bool = False) -> float:
    """Return how wide a line is, in points."""
    face, seen = lettered(text, bold=bold, code=code)
    return float(pdfmetrics.stringWidth(seen, font_name(face), size))


def wrapped(text: str, limit: float, *, size: float = SIZE, bold: bool = False) -> list[str]:
    """Break a text at its blanks so that each line fits `limit` points; a longer word is cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if width(longer, size=size, bold=bold) <= limit:
            lines[-1] = longer
            continue
        lines += [word] if lines[-1] else []
        lines[-1] = word
        while len(word) > 1 and width(word, size=size, bold=bold) > limit:
            fits = len(word) - 1
            while fits > 1 and width(word[:fits], size=size, bold=bold) > limit:
                fits -= 1
            word = word[fits:]
            lines[-1:] = [lines[-1][:fits], word]
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
def font_name(face: Face) -> str:
    """Return the name under which reportlab knows a font, made known at the first call."""
    pdfmetrics.registerFont(TTFont(face.name, str(face.path)))
    return face.name
