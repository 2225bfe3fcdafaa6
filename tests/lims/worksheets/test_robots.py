# SPDX-License-Identifier: Apache-2.0
"""Robot templates and their files: what is written, what of a file read back is refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.plates.rules import PLATE_POSITIONS
from lims.worksheets.rules import (
    Ends,
    RobotFileNotRead,
    RobotFileOfOtherPlate,
    RobotWell,
    RobotWellMissing,
    RobotWellOther,
    RobotWellStrange,
    RobotWellTwice,
    Separator,
    Template,
    TemplateRefused,
    check_file,
    read_template,
    write_file,
)

TEXT = (
    "Plate = {plate}\nRow = {row}\nColumn = {column}\nWell = {position}\nDown = {number_down}\n"
    "Across = {number_across}\nSource = {source}\nRack = {source_rack}:{source_position}\n"
    "Volume = {volume}\nWater = {diluent}\nDilution = {dilution}\nRole = {role}\n"
    "Liquid class = DNA, low\n"
)
WELLS = (
    RobotWell("PK7", "A01", "sample", "XAB", "B2", "GH2", 4_500, 10, 10_500),
    RobotWell("PK7", "B02", "blank", "XCD", "B3", "GH2", 15_000, 1, 0),
    RobotWell("PK7", "C02", "negative", volume_nl=0, diluent_nl=15_000),
)


def template(
    text: str = TEXT, *, separator: Separator = Separator.COMMA, ends: Ends = Ends.LF,
    decimal: str = ".", extracts_only: bool = False,
) -> Template:  # fmt: skip
    return read_template(
        text, separator=separator, ends=ends, decimal=decimal, extracts_only=extracts_only
    )


def test_a_file_is_written_as_its_template_says() -> None:
    assert write_file(template(), WELLS).splitlines() == [
        "Plate,Row,Column,Well,Down,Across,Source,Rack,Volume,Water,Dilution,Role,Liquid class",
        'PK7,A,1,A01,1,1,XAB,GH2:B2,4.5,10.5,10,sample,"DNA, low"',
        'PK7,B,2,B02,10,14,XCD,GH2:B3,15,0,1,blank,"DNA, low"',
        'PK7,C,2,C02,11,26,,:,0,15,1,negative,"DNA, low"',
    ]
    semicolons = template(
        "W = {position}\nS = {source}\nV = {volume}", separator=Separator.SEMICOLON,
        ends=Ends.CRLF, decimal=",", extracts_only=True,
    )  # fmt: skip
    assert write_file(semicolons, WELLS) == "W;S;V\r\nA01;XAB;4,5\r\nB02;XCD;15\r\n"
    assert read_template(
        semicolons.text, separator=semicolons.separator, ends=semicolons.ends,
        decimal=semicolons.decimal, extracts_only=True,
    ) == semicolons  # fmt: skip


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Well {position}\n", "line 1: write the column's name"),
        ("Well = {position}\nSource = {sauce}\n", "line 2: {sauce} is not known; known are posit"),
        ("=Well = {position}\n", "line 1: write the column's name"),
        ("+Well = {position}\n", "line 1: a spreadsheet would take it for a formula"),
        ("Well = @{position}\n", "line 1: a spreadsheet would take it for a formula"),
        ("Well = {position\n", "line 1: a bracket is left open"),
        ("Row = {row}\nSource = {source}\n", "no column says which well a line is for"),
        ("Well = {position}\n", "no column says what goes into the well"),
        ("Well = {position}\nWELL = {source}\n", "column “Well” stands there twice"),
        ("\n \n", "it must have 1 to 40 columns"),
        ("x" * 4_001, "it is longer than 4000 letters"),
    ],
)
def test_a_template_that_no_robot_could_follow_is_refused(text: str, fault: str) -> None:
    with pytest.raises(TemplateRefused) as refused:
        template(text)

    assert fault in refused.value.say.in_words(str)


def check(content: str | bytes, held: Template | None = None) -> int:
    raw = content if isinstance(content, bytes) else content.encode()
    return check_file(held or template(), WELLS, raw, name="Janus", code="PK7")


def test_a_robots_own_report_agrees_in_any_order_with_columns_of_its_own() -> None:
    lines = write_file(template(), WELLS).splitlines()
    report = [f"\ufeff{lines[0]},Status", *(f"{line},ok" for line in reversed(lines[1:])), "", ""]

    assert check("\r\n".join(report).replace("A01", "a1").replace("4.5", "4.50")) == 3


@pytest.mark.parametrize(
    ("find", "put", "refusal", "words"),
    [
        ("PK7,B", "PZ9,B", RobotFileOfOtherPlate, "for plate PZ9, not for PK7 (line 3)"),
        ("B,2,B02,10,14", "H,2,H02,16,86", RobotWellStrange, "well H02 (line 3)"),
        ("XCD", "XAB", RobotWellOther, "Well B02, column “Source”: the file has “XAB”, PK7 “XCD”"),
        ("4.5", "5.4", RobotWellOther, "Well A01, column “Volume”: the file has “5.4”, PK7 “4.5”"),
        ("blank", "sample", RobotWellOther, "Well B02, column “Role”"),
        ("B,2,B02,10,14", "A,1,A01,1,1", RobotWellTwice, "fills well A01 twice (line 3)"),
        ('PK7,C,2,C02,11,26,,:,0,15,1,negative,"DNA, low"', "", RobotWellMissing,
         "leaves out well C02 of PK7 (1 left out in all)"),
        ("Source", "Sauce", RobotFileNotRead, "its header must have column “Source” once."),
        (',negative,"DNA, low"', "", RobotFileNotRead, "line 4 is cut off."),
    ],
)  # fmt: skip
def test_a_file_for_another_plate_or_with_other_wells_is_refused_naming_the_well(
    find: str, put: str, refusal: type[Exception], words: str
) -> None:
    written = write_file(template(), WELLS)
    assert find in written

    with pytest.raises(refusal) as refused:
        check(written.replace(find, put, 1))

    assert words in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xff\xfe\x00", b"x" * 1_000_001])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(RobotFileNotRead):
        check(content)


@given(
    st.dictionaries(
        st.sampled_from(PLATE_POSITIONS), st.integers(0, 99_999), min_size=1, max_size=96
    ),
    st.sampled_from(list(Separator)), st.sampled_from(list(Ends)), st.sampled_from([".", ","]),
    st.data(),
)  # fmt: skip
def test_what_is_written_is_read_back_and_any_changed_volume_is_found(
    volumes: dict[str, int], separator: Separator, ends: Ends, decimal: str, data: st.DataObject
) -> None:
    wells = [
        RobotWell("PK7", position, "sample", f"X{place}", volume_nl=volume)
        for place, (position, volume) in enumerate(volumes.items())
    ]
    held = template(separator=separator, ends=ends, decimal=decimal)
    content = write_file(held, wells).encode()

    assert check_file(held, wells, content, name="Janus", code="PK7") == len(wells)
    place = data.draw(st.integers(0, len(wells) - 1))
    other = replace(wells[place], volume_nl=wells[place].volume_nl + 1)  # type: ignore[operator]
    with pytest.raises(RobotWellOther, match=wells[place].position):
        check_file(
            held, [*wells[:place], other, *wells[place + 1 :]], content, name="Janus", code="PK7"
        )
