# SPDX-License-Identifier: Apache-2.0
"""A ruler on a label's stock, for a test print: where the print begins, and whether it is true.

It is held against a steel rule: a frame a millimetre inside the edge shows how far the print lies
off, the ticks whether a millimetre is one. Bars one to four dots wide show dead dots and the heat:
the finest that stands alone is the finest that this printer prints.
"""

import io

from PIL import Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from labels import tspl, zpl
from labels.adjust import NONE, Adjust
from labels.bitmap import of_picture
from labels.errors import LabelError
from labels.layout import DPIS, Layout, dots
from labels.lettering import CODES
from labels.pdf import GRID_DPI, POINTS_PER_MM

SMALLEST_FOR_FIGURES_MM = 20


def render(layout: Layout, *, dpi: int, adjust: Adjust = NONE) -> bytes:
    """Return the ruler's ZPL on the stock of a layout. Raises LabelError `unknown_dpi`.

    Moved by the offset of the printer, it shows whether that offset is right; what then lies
    outside of the label is not drawn.
    """
    picture = _moved(layout, dpi, adjust)
    parts = ["^XA", "^PON^LH0,0", f"^PW{picture.width}^LL{picture.height}", *zpl.settings(adjust)]
    parts += [zpl.graphic(0, 0, of_picture(picture)), "^PQ1", "^XZ"]
    return ("\n".join(parts) + "\n").encode("ascii")


def render_tspl(layout: Layout, *, dpi: int, adjust: Adjust = NONE) -> bytes:
    """Return the same ruler as TSPL. Raises LabelError `unknown_dpi`."""
    picture = _moved(layout, dpi, adjust)
    return tspl.label(layout, [(0, 0, of_picture(picture))], dpi=dpi, adjust=adjust)


def _moved(layout: Layout, dpi: int, adjust: Adjust) -> Image.Image:
    if dpi not in DPIS:
        raise LabelError("unknown_dpi", layout.name, str(dpi), "203, 300 or 600")
    drawn = _picture(layout, dpi)
    picture = Image.new("1", (drawn.width + max(adjust.x, 0), drawn.height), 0)
    picture.paste(drawn, (adjust.x, adjust.y))
    return picture


def render_pdf(layout: Layout) -> bytes:
    """Return the ruler as a PDF of one page of the label's exact size; the same bytes each time."""
    out = io.BytesIO()
    width, height = layout.width_mm * POINTS_PER_MM, layout.height_mm * POINTS_PER_MM
    canvas = Canvas(out, pagesize=(width, height), invariant=1)
    canvas.setTitle(f"ruler, {layout.name}")
    canvas.setViewerPreference("PrintScaling", "None")
    picture = _picture(layout, GRID_DPI).convert("L").point(lambda ink: 255 - ink)
    # The picture is whole dots; a page is not, by less than one.
    shown = (picture.width * 72 / GRID_DPI, picture.height * 72 / GRID_DPI)
    canvas.drawImage(ImageReader(picture), 0, height - shown[1], *shown)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _picture(layout: Layout, dpi: int) -> Image.Image:
    width, height = dots(layout.width_mm, dpi), dots(layout.height_mm, dpi)
    picture = Image.new("1", (width, height), 0)
    pen = ImageDraw.Draw(picture)
    inset = dots(1, dpi)
    frame = (inset, inset, width - 1 - inset, height - 1 - inset)
    if layout.round:
        pen.ellipse(frame, outline=1)
    pen.rectangle(frame, outline=1)
    for mm in range(1, int(layout.width_mm)):
        pen.line((dots(mm, dpi), 0, dots(mm, dpi), _tick(mm, dpi)), fill=1)
    for mm in range(1, int(layout.height_mm)):
        pen.line((0, dots(mm, dpi), _tick(mm, dpi), dots(mm, dpi)), fill=1)
    _figures(pen, layout, dpi)
    _wedge(pen, width, height, dpi)
    return picture


def _tick(mm: int, dpi: int) -> int:
    return dots(2.5 if mm % 10 == 0 else 1.8 if mm % 5 == 0 else 0.8, dpi)


def _figures(pen: ImageDraw.ImageDraw, layout: Layout, dpi: int) -> None:
    font = ImageFont.truetype(str(CODES.path), dots(1.8, dpi), layout_engine=ImageFont.Layout.BASIC)
    if layout.width_mm >= SMALLEST_FOR_FIGURES_MM:
        for mm in range(10, int(layout.width_mm) - 2, 10):
            pen.text((dots(mm + 0.3, dpi), dots(1.2, dpi)), str(mm), fill=1, font=font)
    if layout.height_mm >= SMALLEST_FOR_FIGURES_MM:
        for mm in range(10, int(layout.height_mm) - 2, 10):
            pen.text((dots(1.2, dpi), dots(mm + 0.3, dpi)), str(mm), fill=1, font=font)


def _wedge(pen: ImageDraw.ImageDraw, width: int, height: int, dpi: int) -> None:
    """Draw three bars each of 1, 2, 3 and 4 dots, with as much white between, in the middle."""
    total = sum(6 * wide for wide in (1, 2, 3, 4))
    left, top = (width - total) // 2, height // 2
    for wide in (1, 2, 3, 4):
        for _ in range(3):
            pen.rectangle((left, top, left + wide - 1, height - dots(1.6, dpi)), fill=1)
            left += 2 * wide
