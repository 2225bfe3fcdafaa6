# SPDX-License-Identifier: Apache-2.0
"""Labels as PDF: exact in size, readable from paper, the same bytes every time."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pypdfium2
import pytest
from PIL import Image

from labels import pdf
from labels.catalogue import NAMES, layout
from labels.errors import LabelError
from labels.layout import Code, Text, Values, place
from labels.sheets import NAMES as SHEET_NAMES
from labels.sheets import places, sheet

AIM = {"datamatrix": "]d", "code128": "]C", "qr": "]Q"}
ALPHABET = "34679CDFGHJKMNPQRTVWXY"

Read = Callable[[Image.Image], list[tuple[str, str]]]


def pages_of(document: bytes, dpi: int) -> list[Image.Image]:
    opened = pypdfium2.PdfDocument(document)
    try:
        return [page.render(scale=dpi / 72).to_pil().convert("L") for page in opened]
    finally:
        opened.close()


def tubes(count: int) -> list[Values]:
    instances = ["".join(pair) for pair in product(ALPHABET, repeat=2)]
    return [
        Values(f"B34F7K9QX{instances[number]}", kind="عظم الفخذ", line1="left femur")
        for number in range(count)
    ]


@pytest.mark.parametrize("values_name", ["shortest", "longest", "arabic"])
@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize("name", NAMES)
def test_every_label_reads_back_from_an_office_printer(
    name: str, dpi: int, values_name: str, kinds_of_values: dict[str, Values], read: Read
) -> None:
    values = kinds_of_values[values_name]
    label = layout(name)
    expected = sorted(
        (AIM[each.kind], values.payload) for each in label.fields if isinstance(each, Code)
    )

    document = pdf.render(label, values)

    (page,) = pages_of(document, dpi)
    assert read(page) == expected
    # A printer has no grey: every dot is black or white.
    assert read(page.point(lambda grey: 255 if grey > 127 else 0)) == expected


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_the_label_to_the_tenth_of_a_millimetre_and_is_not_to_be_scaled(
    name: str, payload: str
) -> None:
    document = pdf.render(layout(name), Values(payload))

    opened = pypdfium2.PdfDocument(document)
    width, height = opened[0].get_size()
    opened.close()
    assert width * 25.4 / 72 == pytest.approx(layout(name).width_mm, abs=0.01)
    assert height * 25.4 / 72 == pytest.approx(layout(name).height_mm, abs=0.01)
    assert b"/PrintScaling /None" in document


@pytest.mark.parametrize("name", NAMES)
def test_a_label_is_the_same_bytes_every_time(
    name: str, kinds_of_values: dict[str, Values]
) -> None:
    values = kinds_of_values["arabic"]

    assert pdf.render(layout(name), values) == pdf.render(layout(name), values)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("values_name", ["longest", "arabic"])
def test_text_on_paper_stays_within_the_places_of_the_layout(
    name: str, values_name: str, kinds_of_values: dict[str, Values]
) -> None:
    label, values = layout(name), kinds_of_values[values_name]
    (page,) = pages_of(pdf.render(label, values), 600)
    assert page.getextrema() == (0, 255)

    dots_per_mm = 600 / 25.4
    places = [
        (each.x, each.y, each.width, each.size) for each in label.fields if isinstance(each, Text)
    ]
    places += [
        tuple(side * 25.4 / 300 for side in (each.x, each.y, each.width, each.height))
        for each in place(label, values, dpi=300).symbols
    ]
    for x, y, width, height in places:
        # A fifth of a millimetre for the grey edge, and for letters that are not hinted here.
        left, top = int(x * dots_per_mm) - 5, int(y * dots_per_mm) - 5
        right, bottom = int((x + width) * dots_per_mm) + 6, int((y + height) * dots_per_mm) + 6
        page.paste(255, (left, top, right, bottom))

    assert page.getextrema() == (255, 255)


@pytest.mark.parametrize("dpi", [300, 600])
@pytest.mark.parametrize(
    ("sheet_name", "layout_name", "count"), [("L4731", "tube on sheet", 189), ("L7651", "tube", 65)]
)
def test_every_label_of_a_full_sheet_reads_back(
    sheet_name: str, layout_name: str, count: int, dpi: int, read: Read
) -> None:
    many = tubes(count)
    assert sheet(sheet_name).count == count

    document = pdf.render_sheet(layout(layout_name), many, sheet=sheet(sheet_name))

    (page,) = pages_of(document, dpi)
    assert {text for _aim, text in read(page)} == {values.payload for values in many}
    assert document == pdf.render_sheet(layout(layout_name), many, sheet=sheet(sheet_name))


def test_a_half_used_sheet_is_used_up_from_its_first_free_place(read: Read) -> None:
    many = tubes(10)

    document = pdf.render_sheet(layout("tube"), many, sheet=sheet("L7651"), start=61)

    first, second = pages_of(document, 300)
    assert [text for _aim, text in read(first)] == [values.payload for values in many[:5]]
    assert [text for _aim, text in read(second)] == [values.payload for values in many[5:]]
    # Row 13 of 13: nothing stands above it.
    above = int((10.7 + 12 * 21.2) * 300 / 25.4)
    assert first.crop((0, 0, first.width, above)).getextrema() == (255, 255)


def test_spoiled_places_of_the_first_sheet_stay_empty_and_labels_do_not_overlap_on_any() -> None:
    stock = sheet("L7163")

    where = places(stock, 14, start=3, skip={4, 6, 14})

    assert [(one.sheet, one.place) for one in where[:10]] == [
        (0, 3), (0, 5), (0, 7), (0, 8), (0, 9), (0, 10), (0, 11), (0, 12), (0, 13), (1, 1),
    ]  # fmt: skip
    assert [(one.sheet, one.place) for one in where[10:]] == [(1, 2), (1, 3), (1, 4), (1, 5)]
    for name in SHEET_NAMES:
        each = sheet(name)
        assert each.pitch_x >= each.width
        assert each.pitch_y >= each.height
        assert min(each.left, each.top) > 0


def test_an_offset_moves_the_labels_by_what_the_calibration_page_showed() -> None:
    still = pages_of(pdf.render_sheet(layout("tube"), tubes(1), sheet=sheet("L7651")), 300)[0]
    moved = pages_of(
        pdf.render_sheet(layout("tube"), tubes(1), sheet=sheet("L7651"), offset_mm=(2.54, 1.27)),
        300,
    )[0]

    boxes = [page.point(lambda grey: 255 if grey < 128 else 0).getbbox() for page in (still, moved)]
    assert boxes[0] is not None
    assert boxes[1] is not None
    assert boxes[1][0] - boxes[0][0] == pytest.approx(30, abs=1)
    assert boxes[1][1] - boxes[0][1] == pytest.approx(15, abs=1)


@pytest.mark.parametrize("name", SHEET_NAMES)
def test_the_calibration_page_outlines_every_label_within_the_page(name: str) -> None:
    (page,) = pages_of(pdf.calibration(sheet(name)), 300)
    corner_x, corner_y = sheet(name).cell(sheet(name).count - 1)

    assert corner_x + sheet(name).width <= sheet(name).page_width
    assert corner_y + sheet(name).height <= sheet(name).page_height
    box = page.point(lambda grey: 255 if grey < 200 else 0).getbbox()
    assert box is not None
    assert box[0] == pytest.approx(sheet(name).left * 300 / 25.4, abs=2)
    assert box[3] == pytest.approx((corner_y + sheet(name).height) * 300 / 25.4, abs=2)


@pytest.mark.parametrize(
    ("layout_name", "sheet_name", "start", "count", "reason"),
    [
        ("tube", "L4731", 1, 1, "sheet_too_small"),
        ("bone bag", "L7651", 1, 1, "sheet_too_small"),
        ("tube", "L7651", 0, 1, "bad_start"),
        ("tube", "L7651", 66, 1, "bad_start"),
        ("tube", "L7651", 1, 0, "absent"),
    ],
)
def test_a_sheet_that_cannot_be_printed_is_refused(
    layout_name: str, sheet_name: str, start: int, count: int, reason: str
) -> None:
    with pytest.raises(LabelError) as refusal:
        pdf.render_sheet(layout(layout_name), tubes(count), sheet=sheet(sheet_name), start=start)

    assert refusal.value.reason == reason


def test_an_unknown_sheet_is_refused() -> None:
    with pytest.raises(LabelError, match="unknown_sheet"):
        sheet("L9999")


def test_labels_know_nothing_of_the_laboratory_the_instruments_the_web_or_the_database() -> None:
    package = Path(pdf.__file__).parent

    for file in package.glob("*.py"):
        lines = file.read_text().splitlines()
        imported = {
            line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))
        }
        assert not imported & {"lims", "instruments", "flask", "sqlalchemy", "serial"}
