# SPDX-License-Identifier: Apache-2.0
"""Files of whole-rack scanners: the shapes that scanners write, and what fits none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.analyzers.errors import AnalyzerFileError
from instruments.racks import LARGEST_FILE, Seen, position_of, read_rack

PLAIN = "A1,TUBE000001\nA2, NO READ\nA3,NO TUBE\nB12,\n"
SHAPES = {
    "two columns": PLAIN,
    "zeros and semicolons": "A01;TUBE000001\r\nA02;No Read\r\nA03;No Tube\r\nB12;EMPTY\r\n",
    "tabs and a heading": "Position\tTube ID\nA1\tTUBE000001\nA2\tERROR\nA3\t\nB12\tnone\n",
    "states in a column": (
        "TubePosition,TubeID,Status\nA1,TUBE000001,OK\nA2,,No Read\nA3,,Empty\nB12,,Empty\n"
    ),
    "rows and columns": "Row,Column,Barcode\nA,1,TUBE000001\nA,2,?\nA,3,NOTUBE\nB,12,\n",
    "quoted": '"A1","TUBE000001"\n"A2","NO READ"\n"A3","NO TUBE"\n"B12",""\n',
    "Arabic digits": "A١;TUBE000001\nA٢;NO READ\nA٣;NO TUBE\nB١٢;\n",
    "UTF-16": "\ufeff" + PLAIN,
}
WITH_RACK = {
    "a column first": "R0042,A1,TUBE000001\nR0042,A2,NO READ\n",
    "a column last": "A1,TUBE000001,R0042\nA2,NO READ,R0042\n",
    "lines above": (
        "Date & time of Trace = 23 Aug 2026 01:42:01 PM\nRack Base Name: R0042\n"
        "A1,TUBE000001\nA2,NO READ\n"
    ),
    "lines below": "A1,TUBE000001\nA2,NO READ\nRack ID,R0042\nDate,2026-08-23 13:42:01\n",
    "cells of one heading": (
        "Date\tTime\tLocationCell\tLocationColumn\tLocationRow\tTubeCode\tRackID\n"
        "20260823\t134201\tA1\t1\tA\tTUBE000001\tR0042\n"
        "20260823\t134201\tA2\t2\tA\tNo Read\tR0042\n"
    ),
    "a date alone": "8/23/2026 13:42:01\nRack: R0042\nA1;TUBE000001\nA2;NOREAD\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_says_the_same_of_the_same_rack(shape: str) -> None:
    encoding = "utf-16-le" if shape == "UTF-16" else "utf-8"
    read = read_rack(SHAPES[shape].encode(encoding), name="rack.csv")

    assert [(one.position, one.seen, one.code) for one in read.positions] == [
        ("A1", Seen.CODE, "TUBE000001"), ("A2", Seen.UNREAD, ""), ("A3", Seen.EMPTY, ""),
        ("B12", Seen.EMPTY, ""),
    ]  # fmt: skip
    assert (read.rack, read.scanned) == ("", "")


@pytest.mark.parametrize("shape", WITH_RACK)
def test_the_racks_number_and_the_time_are_taken_wherever_they_stand(shape: str) -> None:
    read = read_rack(WITH_RACK[shape].encode(), name="rack.csv")

    assert read.rack == "R0042"
    assert [one.position for one in read.positions] == ["A1", "A2"]
    assert bool(read.scanned) == ("column" not in shape)


@pytest.mark.parametrize(
    ("text", "reason", "where"),
    [
        ("A1,X\nA1,Y\n", "rack-twice", "line 2"), ("A1,X\nZ9,Y\n", "rack-position", "line 2"),
        ("A1,X\nA25,Y\n", "rack-position", "line 2"), ("A1,X\n,Y\n", "rack-line", "line 2"),
        ("hello\nA1,X\n", "rack-line", "line 1"), ("R1,A1,X\nR2,A2,Y\n", "rack-two", "whole"),
        ("Position,TubeID\n", "rack-none", "whole"), ("", "not-text-empty", "first"),
        ('"A1,X\n', "table-damaged", "line 1"),
    ],
)  # fmt: skip
def test_what_fits_no_shape_is_refused_with_its_line(text: str, reason: str, where: str) -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_rack(text.encode(), name="rack.csv")

    assert refused.value.reason == reason
    assert where in refused.value.where
    assert "rack.csv" in str(refused.value)


def test_a_file_that_is_too_large_or_no_text_is_refused() -> None:
    with pytest.raises(AnalyzerFileError, match="at most"):
        read_rack(b"A1,X\n" * LARGEST_FILE, name="rack.csv")
    with pytest.raises(AnalyzerFileError):
        read_rack(b"\x89PNG\r\n\x1a\n\x00\x00", name="rack.csv")


@given(st.binary(max_size=400))
def test_any_bytes_are_a_rack_or_a_named_error(content: bytes) -> None:
    try:
        positions = read_rack(content, name="rack.csv").positions
    except AnalyzerFileError:
        return
    assert positions
    assert all(position_of(one.position) == one.position for one in positions)
