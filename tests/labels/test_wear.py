# SPDX-License-Identifier: Apache-2.0
"""Labels from worn printers, seen by a camera that is not quite sharp; and the test print."""

import io
from collections.abc import Callable
from typing import Any

import pypdfium2
import pytest
from PIL import Image, ImageFilter

from labels import preview, ruler, zpl
from labels.catalogue import NAMES, layout
from labels.errors import LabelError
from labels.layout import DPIS, Symbol, Values, dots, place
from labels.symbols import QUIET, Kind
from labels.trial import STURDY_DOTS, frail_at

Read = Callable[[Image.Image], list[tuple[str, str]]]


def cut_out(picture: Image.Image, symbol: Symbol) -> Image.Image:
    across = QUIET[symbol.kind] * symbol.module
    above = 0 if symbol.kind is Kind.CODE128 else across
    return picture.crop(
        (
            symbol.x - across,
            symbol.y - above,
            symbol.x + symbol.width + across,
            symbol.y + symbol.height + above,
        )
    )


def seen(picture: Image.Image, symbol: Symbol) -> Image.Image:
    """What the camera of the verifying station sees, after it has closed gaps of one dot.

    A module is eight pixels, and the edges are blurred by a quarter of one.
    """
    if symbol.module >= STURDY_DOTS:
        picture = picture.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
    framed = Image.new("L", (picture.width + 20, picture.height + 20), 255)
    framed.paste(picture, (10, 10))
    size = (framed.width * 8 // symbol.module, framed.height * 8 // symbol.module)
    return framed.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(2))


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_a_dead_dot_and_a_slight_blur_leave_every_symbol_of_three_dots_a_module_readable(
    name: str, dpi: int, kinds_of_values: dict[str, Values], read: Read
) -> None:
    values = kinds_of_values["longest"]
    label = zpl.render(layout(name), values, dpi=dpi)
    whole = Image.open(io.BytesIO(preview.draw(label, dpi=dpi).png)).convert("L")

    plan = place(layout(name), values, dpi=dpi)
    for symbol in plan.symbols:
        cut = cut_out(whole, symbol)
        left = QUIET[symbol.kind] * symbol.module
        for part in (1, 4, 7):
            dead = left + symbol.width * part // 9
            marred = cut.copy()
            marred.paste(255, (dead, 0, dead + 1, cut.height))
            found = {text for _aim, text in read(seen(marred, symbol))}
            assert found <= {values.payload}
            assert bool(found) or symbol.module < STURDY_DOTS
    sturdy = any(symbol.module >= STURDY_DOTS for symbol in plan.symbols)
    assert sturdy or dpi in frail_at(layout(name))


def test_only_what_goes_on_tubes_is_frail_and_only_at_203_dpi() -> None:
    frail = {name: frail_at(layout(name)) for name in NAMES if frail_at(layout(name))}

    assert frail == dict.fromkeys(("cryo tube wrap", "tube", "tube cap", "tube on sheet"), (203,))


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", ["tube", "tube cap", "shelf"])
def test_a_ruler_fits_its_stock_and_a_millimetre_of_it_is_one(
    name: str, dpi: int, printed: Callable[..., Image.Image]
) -> None:
    label = layout(name)
    content = ruler.render(label, dpi=dpi)

    picture = printed(content, dpi)
    shown = Image.open(io.BytesIO(preview.draw(content, dpi=dpi).png)).convert("L")

    assert picture.tobytes() == shown.tobytes()
    assert picture.size == (dots(label.width_mm, dpi), dots(label.height_mm, dpi))
    top = [x for x in range(picture.width) if picture.getpixel((x, 1)) == 0]
    assert top[0] <= dots(1, dpi) == next(x for x in top if x > 1)
    assert {dots(mm, dpi) for mm in range(1, int(label.width_mm))} <= set(top)
    assert preview.codes_in(content) == ()


def test_a_ruler_of_an_office_printer_is_the_label_s_own_size_and_the_same_every_time() -> None:
    document = ruler.render_pdf(layout("tube"))

    opened: Any = pypdfium2.PdfDocument(document)
    width, height = opened[0].get_size()
    opened.close()
    assert (width * 25.4 / 72, height * 25.4 / 72) == pytest.approx((25.4, 12.7), abs=0.01)
    assert b"/PrintScaling /None" in document
    assert document == ruler.render_pdf(layout("tube"))
    with pytest.raises(LabelError, match="unknown_dpi"):
        ruler.render(layout("tube"), dpi=360)
