# SPDX-License-Identifier: Apache-2.0
"""Labels as TSPL: the same dots as in ZPL, and no byte that a line or a printer takes for more."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from labels import preview, ruler, tspl, zpl
from labels.adjust import Adjust
from labels.bitmap import Bitmap
from labels.catalogue import layout
from labels.errors import LabelError
from labels.layout import Values

STOCK = layout("tube")


def ink_of(label: bytes) -> Image.Image:
    return Image.open(io.BytesIO(tspl.draw(label, dpi=203).png))


@given(st.binary(min_size=1, max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_any_dots_come_back_as_they_were_and_none_is_flow_control_or_an_immediate_command(
    content: bytes, x: int, y: int
) -> None:
    ink = Bitmap(8, len(content), tuple(bytes([byte]) for byte in content))
    label = tspl.label(STOCK, [(x, y, ink)], dpi=203, adjust=Adjust())

    assert not tspl.UNSENDABLE & set(label)
    drawn = ink_of(label).crop((x, y, x + 8, y + len(content)))
    expected = Image.frombytes("1", (8, len(content)), bytes(255 - byte for byte in content))
    room = ink_of(label).size
    drawn, expected = (each.crop((0, 0, 8, room[1] - y)) for each in (drawn, expected))
    assert drawn.tobytes() == expected.tobytes()


@pytest.mark.parametrize("adjust", [Adjust(3, 2, 5, 4), Adjust(-2, 1), Adjust(40, -2, 0, 1)])
def test_what_a_printer_needs_moves_every_mark_of_a_label_in_both_languages(
    adjust: Adjust, payload: str
) -> None:
    values = Values(payload, line1="femur")
    for dpi in (203, 300):
        moved = zpl.render(STOCK, values, dpi=dpi, adjust=adjust)
        shown = preview.draw(moved, dpi=dpi)
        other = tspl.render(STOCK, values, dpi=dpi, adjust=adjust)
        plain = preview.draw(zpl.render(STOCK, values, dpi=dpi), dpi=dpi)

        assert tspl.draw(other, dpi=dpi).png == shown.png
        assert preview.codes_in(moved) == (payload,)
        before, after = (Image.open(io.BytesIO(one.png)).convert("L") for one in (plain, shown))
        box = Image.eval(before, lambda grey: 255 - grey).getbbox()
        assert box is not None
        assert Image.eval(after, lambda grey: 255 - grey).getbbox() == (
            box[0] + adjust.x, box[1] + adjust.y, box[2] + adjust.x, box[3] + adjust.y,
        )  # fmt: skip
        test_print = ruler.render(STOCK, dpi=dpi, adjust=adjust)
        assert tspl.draw(ruler.render_tspl(STOCK, dpi=dpi, adjust=adjust), dpi=dpi) == (
            preview.draw(test_print, dpi=dpi)
        )
    if adjust.darkness is not None:
        assert f"^MD{adjust.darkness}\n^PR{adjust.speed}\n".encode() in moved
        assert f"DENSITY {adjust.darkness}\r\nSPEED {adjust.speed}\r\n".encode() in other


@pytest.mark.parametrize("adjust", [Adjust(x=-20), Adjust(y=-20), Adjust(y=20)])
def test_an_offset_that_takes_marks_off_the_label_is_refused(adjust: Adjust, payload: str) -> None:
    with pytest.raises(LabelError, match="outside") as refused:
        tspl.render(STOCK, Values(payload, copy="·12", anchor="1:a"), dpi=203, adjust=adjust)

    assert "dots" in refused.value.value


@pytest.mark.parametrize(
    "label",
    [
        b"",
        b"SIZE 9 mm,9 mm\r\nCLS\r\n",
        b"SIZE 9 mm,9 mm\r\nCLS\r\nPRINT 2,1\r\n",
        b"SIZE 9 mm,9 mm\r\nSOUND 5,200\r\nPRINT 1,1\r\n",
        b"SIZE 9 mm,9 mm\r\nBITMAP 0,0,9,9,0,\xff\r\nPRINT 1,1\r\n",
        b"SIZE 999 mm,9 mm\r\nPRINT 1,1\r\n",
    ],
)
def test_anything_else_than_one_label_of_ours_is_refused_with_its_place(label: bytes) -> None:
    with pytest.raises(LabelError, match="bad_tspl"):
        tspl.draw(label, dpi=300)
