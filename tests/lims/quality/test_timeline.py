# SPDX-License-Identifier: Apache-2.0
"""The timeline on paper loses no row, whatever is written in it, and says where it ends."""

import re

import pypdfium2

from lims.quality.operations import Row, Sheet, draw_timeline

SHEET = Sheet(
    id="B12345678-900-ABCDEFGHIJ",
    laboratory=("Laboratory", "مختبر"),
    thing="B12 345 678",
    facts=(("Thing", "B12 345 678"), ("Root", "ab" * 32)),
)
STRANGE = ("", " ", "W" * 400, "a\u0301 🦴 \x07 \u202e", "ختم مكسور (A1) 12%", "عظم" * 90)


def row(number: int, *what: str) -> Row:
    return Row(
        number=number, at="2026-03-14 09:26:53", recorded="2026-03-14 11:00:00" * (number % 2),
        thing="B12 345 678", what=what or ("Note added", "أضيفت ملاحظة"), by="T-01", station="",
    )  # fmt: skip


def read(document: bytes) -> list[str]:
    opened = pypdfium2.PdfDocument(document)
    pages = [page.get_textpage().get_text_bounded() for page in opened]
    opened.close()
    return pages


def test_a_long_timeline_has_every_row_once_and_one_end() -> None:
    for count in (0, 1, *range(14, 26), 400):
        rows = [row(number) for number in range(1_000, 1_000 + count)]
        pages = read(draw_timeline(SHEET, rows, lambda text: text))
        whole = "\n".join(pages)

        assert re.findall(r"^(1\d\d\d)\b", whole, re.MULTILINE) == [str(one.number) for one in rows]
        assert [page.count("End of the record") for page in pages] == [0] * (len(pages) - 1) + [2]
        for number, page in enumerate(pages, start=1):
            assert f"Page {number} of {len(pages)}" in page
            assert SHEET.id in page


def test_strange_text_stops_neither_the_paper_nor_the_rows_after_it() -> None:
    rows = [row(1_000 + number, text, text) for number, text in enumerate(STRANGE)]
    drawn = draw_timeline(SHEET, rows, lambda text: text)
    whole = "\n".join(read(drawn))

    assert [str(one.number) for one in rows if str(one.number) not in whole] == []
    assert whole.count("W") >= 800
    assert drawn == draw_timeline(SHEET, rows, lambda text: text)
