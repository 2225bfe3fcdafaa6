# SPDX-License-Identifier: Apache-2.0
"""A full worksheet on paper: nothing is lost at the breaks between pages."""

from datetime import UTC, datetime

import pypdfium2

from lims.amplification.rules import Room, set_up
from lims.core.codes import threes
from lims.people.rules import Activity, Line
from lims.plates.rules import PLATE_POSITIONS, WellRole
from lims.procedures.rules import read_document
from lims.worksheets.operations import draw_worksheet
from lims.worksheets.queries import Sheet, SheetWell

AT = datetime(2026, 3, 14, 9, 26, tzinfo=UTC)
ROOM = Room(25_000, 15_000)
STEPS = "".join(f'[[step]]\nwords = "Step {n} {"and so on " * 20}."\n' for n in range(1, 31))
DOCUMENT = read_document(f'name = "AM-1"\ntitle = "t"\nactivity = "amplification"\n{STEPS}')


def a_sheet() -> Sheet:
    wells = tuple(
        SheetWell(
            position, WellRole.BLANK if place == 95 else WellRole.SAMPLE, f"X{place:08d}", 15_000,
            1, set_up(15_000, dilution=1, drawn_nl=15_000, room=ROOM),
        )
        for place, position in enumerate(PLATE_POSITIONS)
    )  # fmt: skip
    return Sheet(
        "PT3RGFGTR", Activity.AMPLIFICATION, Line.BONE, "MiniFiler", "running", "AM-1 v1",
        DOCUMENT, AT, "T-01", (), wells, ROOM,
    )  # fmt: skip


def test_every_well_and_step_of_a_full_plate_stands_on_some_page_and_none_runs_over_its_foot() -> (
    None
):
    pdf = draw_worksheet(
        a_sheet(), laboratory=("Laboratory", "مختبر"), at=AT, by="T-02", anchor="12:ABCDEFGHIJ",
        arabic=False, translate=str,
    )  # fmt: skip
    document = pypdfium2.PdfDocument(pdf)
    pages = [page.get_textpage() for page in document]
    text = "\n".join(page.get_text_range() for page in pages)
    for place, position in enumerate(PLATE_POSITIONS):
        assert position in text
        assert threes(f"X{place:08d}") in text
    assert text.count("too much: 5") == 96
    assert all(f"Step {number} and so on" in text for number in range(1, 31))
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page.get_text_range()
        # The rule above the foot stands at 46 points.
        assert "".join(page.get_text_bounded(bottom=40, top=55).split()) in ("", "12:ABCDEFGHIJ")
        assert threes("PT3RGFGTR") in page.get_text_range()
