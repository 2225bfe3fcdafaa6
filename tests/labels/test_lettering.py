# SPDX-License-Identifier: Apache-2.0
"""Letters: joined and ordered as they are read, whole, or refused."""

import unicodedata

import pytest
from PIL import Image, ImageDraw, ImageFont, features

from labels.errors import LabelError
from labels.lettering import (
    ARABIC,
    ARABIC_BOLD,
    CODES,
    FACES,
    LATIN,
    LATIN_BOLD,
    Face,
    Script,
    face_of,
    ink_of,
    shaped,
)

# The words that labels say, as the glossary has them.
WORDS = [
    "عظم الفخذ",
    "العظم الصخري، الجانب الأيمن",
    "عيّنة مرجعيّة",
    "شاهد الكواشف (فارغ)",
    "مسحوق عظم",
    "مستخلَص",
    "لُقية منتشلة",
    "مسحة من باطن الخد",
    "محلول التحلّل",
    "مُلغى",
    "سلّم أليلي",
    "الظنبوب",
    "لا إله إلا الله",
]


def test_arabic_letters_are_joined_and_run_from_the_right() -> None:
    seen = shaped("عظم", face=ARABIC, field="kind")

    # Meem final, zah medial, ain initial: from the left, as the eye meets them.
    assert seen == "\ufee2\ufec8\ufecb"


def test_brackets_enclose_and_figures_keep_their_order_within_arabic() -> None:
    assert shaped("عظم (12.5)", face=ARABIC, field="kind").startswith("(12.5) ")
    assert shaped("(٣)", face=ARABIC, field="kind") == "(٣)"
    assert shaped("[أ]", face=ARABIC, field="kind") == "[\ufe83]"


def test_marks_that_change_a_word_are_kept() -> None:
    seen = shaped("عيّنة مُلغاة", face=ARABIC, field="kind")

    assert "\u0651" in seen
    assert "\u064f" in seen


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("face", [ARABIC, ARABIC_BOLD], ids=lambda face: face.name)
def test_arabic_words_look_as_another_shaper_writes_them(words: str, face: Face) -> None:
    if not (features.check("raqm") and features.check("fribidi")):
        pytest.skip("Pillow has no RAQM with fribidi here, so there is no second shaper")
    ours = ink_of(shaped(words, face=face, field="kind"), face=face, em=60)
    font = ImageFont.truetype(str(face.path), 60, layout_engine=ImageFont.Layout.RAQM)
    theirs = Image.new("1", (900, 220), 0)
    ImageDraw.Draw(theirs).text((20, 120), words, fill=1, font=font, direction="rtl", anchor="ls")
    box = theirs.getbbox()
    assert box is not None

    # Amiri's own substitutions draw some words up to 14 % narrower; the same words unjoined are
    # 19 to 99 % wider.
    assert ours.dots.width == pytest.approx(box[2] - box[0], rel=0.16)


@pytest.mark.parametrize(
    ("text", "script", "bold", "face"),
    [
        ("B34 F7K 9QX", Script.LATIN, True, CODES),
        ("femur", Script.ANY, False, LATIN),
        ("femur", Script.ANY, True, LATIN_BOLD),
        ("عظم", Script.ANY, False, ARABIC),
        ("12 عظم", Script.ANY, True, ARABIC_BOLD),
        ("12", Script.ARABIC, False, ARABIC),
    ],
)
def test_the_font_follows_from_what_is_written(
    text: str, script: Script, bold: bool, face: Face
) -> None:
    assert face_of(text, script=script, bold=bold, field="kind") == face


@pytest.mark.parametrize("text", ["عظم", "B34 ٣", "١٢"])
def test_a_field_of_codes_takes_no_arabic(text: str) -> None:
    with pytest.raises(LabelError) as refusal:
        face_of(text, script=Script.LATIN, bold=False, field="code")

    assert (refusal.value.reason, refusal.value.field) == ("wrong_script", "code")


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
@pytest.mark.parametrize("character", ["漢", "\U0001f9b4", "अ"])
def test_a_character_that_the_font_lacks_is_refused_by_name(face: Face, character: str) -> None:
    with pytest.raises(LabelError) as refusal:
        shaped(f"a{character}b", face=face, field="line1")

    assert refusal.value.reason == "no_glyph"
    assert f"U+{ord(character):04X}" in refusal.value.expected


@pytest.mark.parametrize(
    "character", ["\n", "\x00", "\u202e", "\u2066", "\u200f", "\u2028", "\x1b"]
)
def test_characters_without_ink_that_could_turn_or_hide_text_are_refused(character: str) -> None:
    with pytest.raises(LabelError) as refusal:
        shaped(f"12{character}34", face=LATIN, field="line1")

    assert refusal.value.reason == "control_character"


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
def test_every_letter_and_figure_of_a_label_leaves_ink(face: Face) -> None:
    for code in range(0x21, 0x7F):
        assert ink_of(shaped(chr(code), face=face, field="x"), face=face, em=20).dots.rows


def test_every_arabic_letter_leaves_ink_in_each_of_its_places() -> None:
    letters = [chr(code) for code in range(0x621, 0x64B) if unicodedata.category(chr(code)) == "Lo"]

    for letter in letters:
        for text in (letter, f"ب{letter}", f"{letter}ب", f"ب{letter}ب"):
            assert ink_of(shaped(text, face=ARABIC, field="x"), face=ARABIC, em=20).dots.rows


def test_nought_and_the_letter_o_are_told_apart_in_codes() -> None:
    nought = ink_of("0", face=CODES, em=24).dots.rows
    letter = ink_of("O", face=CODES, em=24).dots.rows

    assert nought != letter


def test_fonts_come_with_their_licences_and_stay_small() -> None:
    folder = CODES.path.parent
    fonts = sorted(folder.glob("*.ttf"))

    assert {font.stem for font in fonts} == {face.name for face in FACES}
    assert (folder / "Amiri-OFL.txt").read_text().count("SIL OPEN FONT LICENSE") >= 1
    assert "Bitstream" in (folder / "DejaVu-LICENSE.txt").read_text()
    assert sum(font.stat().st_size for font in fonts) < 3_000_000
