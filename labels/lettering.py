# SPDX-License-Identifier: Apache-2.0
"""Letters as dots: the fonts, what they can write, Arabic joining, and one-bit pictures of lines.

Text goes to the printer as dots, never as text: a printer's own fonts are unknown, have no Arabic,
and leave out what they lack without a word. Joining and ordering are done here once, in Python
alone, so that the printer and the PDF show the same letters on every machine; Pillow's own shaping
(RAQM) hangs on a system library that a fresh machine lacks.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from arabic_reshaper import ArabicReshaper
from bidi.algorithm import get_display
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfbase.ttfonts import TTFontFile

from labels.bitmap import Bitmap, of_picture
from labels.errors import LabelError

FONTS = Path(__file__).parent / "fonts"


class Script(StrEnum):
    """What a line may be written in; codes, dates and figures are Latin and stand alone."""

    LATIN = "latin"
    ARABIC = "arabic"
    ANY = "any"


@dataclass(frozen=True)
class Face:
    """A font; letter size and baseline as hundredths of the height of the line's box.

    A line whose marks and tails need more height may be set smaller, down to `least_percent`.
    """

    name: str
    em_percent: int
    least_percent: int
    baseline_percent: int
    right_to_left: bool = False

    @property
    def path(self) -> Path:
        """The font file."""
        return FONTS / f"{self.name}.ttf"

    def ems_of(self, height: int) -> range:
        """Return the letter sizes to try for a box of this height in dots, the largest first."""
        largest = height * self.em_percent // 100
        return range(largest, min(height * self.least_percent // 100, largest - 1), -1)

    def baseline_of(self, height: int) -> int:
        """Return how far under the top of a box of this height the letters stand, in dots."""
        return height * self.baseline_percent // 100


# Measured ink in em: DejaVu 0.76 above the line, 0.93 on capitals with an accent, 0.22 below; Amiri
# 1.02 above and 0.59 below, 1.16 above with stacked marks.
CODES = Face("DejaVuSansMono-Bold", 96, 80, 77)
LATIN = Face("DejaVuSansCondensed", 88, 76, 76)
LATIN_BOLD = Face("DejaVuSansCondensed-Bold", 88, 76, 76)
ARABIC = Face("Amiri-Regular", 70, 52, 70, right_to_left=True)
ARABIC_BOLD = Face("Amiri-Bold", 70, 52, 70, right_to_left=True)
FACES = (CODES, LATIN, LATIN_BOLD, ARABIC, ARABIC_BOLD)


def face_of(text: str, *, script: Script, bold: bool, field: str) -> Face:
    """Return the font for a line, or raise LabelError `wrong_script`."""
    arabic = any(_is_arabic(character) for character in text)
    if script is Script.LATIN:
        if arabic:
            raise LabelError("wrong_script", field, text, "Latin letters")
        return CODES
    if script is Script.ARABIC or arabic:
        return ARABIC_BOLD if bold else ARABIC
    return LATIN_BOLD if bold else LATIN


def shaped(text: str, *, face: Face, field: str) -> str:
    """Return the line as the eye meets it, left to right: joined, ordered, brackets mirrored.

    Raises LabelError `control_character`, or `no_glyph` naming what the font lacks.
    """
    for character in text:
        # Marks of direction are refused too: they could turn a figure round on the label.
        if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
            raise LabelError("control_character", field, text, f"no U+{ord(character):04X}")
    written = unicodedata.normalize("NFC", text)
    seen = written
    if face.right_to_left:
        seen = get_display(_RESHAPER.reshape(written), base_dir="R")
    known = _glyphs(face)
    lacking = sorted({character for character in written + seen if ord(character) not in known})
    if lacking:
        names = ", ".join(f"U+{ord(character):04X}" for character in lacking)
        raise LabelError("no_glyph", field, text, f"characters of {face.name}; it lacks {names}")
    return str(seen)


@dataclass(frozen=True)
class Ink:
    """A drawn line: its dots, where they begin from the origin, and how far the pen went.

    All in dots. `top` is counted from the baseline downward, so it is negative for letters.
    """

    dots: Bitmap
    left: int
    top: int
    advance: int


def ink_of(text: str, *, face: Face, em: int) -> Ink:
    """Draw a shaped line with letters of `em` dots."""
    font = _font(face, em)
    left, top, right, bottom = font.getbbox(text, anchor="ls")
    # Hinting can put ink a dot outside the box that the font announces.
    margin = 2 + em // 8
    width, height = int(right - left) + 2 * margin, int(bottom - top) + 2 * margin
    picture = Image.new("1", (width, height), 0)
    origin = (margin - int(left), margin - int(top))
    ImageDraw.Draw(picture).text(origin, text, fill=1, font=font, anchor="ls")
    box = picture.getbbox()
    if box is None:  # spaces only
        return Ink(Bitmap(0, 0, ()), 0, 0, round(font.getlength(text)))
    return Ink(
        dots=of_picture(picture.crop(box)),
        left=box[0] - origin[0],
        top=box[1] - origin[1],
        advance=round(font.getlength(text)),
    )


def _is_arabic(character: str) -> bool:
    return unicodedata.bidirectional(character) in ("AL", "R", "AN")


# Marks are kept: without shadda a word can be another word. Of whole words no ligature is asked.
_RESHAPER = ArabicReshaper(
    {"delete_harakat": False, "support_ligatures": True, "ARABIC LIGATURE ALLAH": False}
)


@cache
def _glyphs(face: Face) -> frozenset[int]:
    return frozenset(TTFontFile(str(face.path)).charToGlyph)


@cache
def _font(face: Face, em: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(face.path), em, layout_engine=ImageFont.Layout.BASIC)
