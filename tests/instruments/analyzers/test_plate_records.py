# SPDX-License-Identifier: Apache-2.0
"""A plate record comes back as it was written; what cannot stand in one is refused."""

from dataclasses import replace
from pathlib import Path

import pytest

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.plate_records import (
    TEMPLATES,
    PlateRecordWell,
    read_plate_record,
    write_plate_record,
)

WELLS = (
    PlateRecordWell("A01", "LADDER", {"Sample Type": "Allelic Ladder"}),
    PlateRecordWell("B01", "X7A-4KQ-9MC", {"Sample Type": "Sample"}),
    PlateRecordWell("H12", "NEG", {"Sample Type": "Negative Control"}),
)


@pytest.mark.parametrize("instrument", sorted(TEMPLATES))
def test_a_record_comes_back_as_it_was_written(instrument: str) -> None:
    template = replace(TEMPLATES[instrument], defaults={})
    content = write_plate_record(
        WELLS, template=template, plate="P4K-7QM-3XT", owner="AB", description="batch 12"
    )
    record = read_plate_record(content, name="plate.plt")

    assert record.wells == WELLS
    assert record.plate == "P4K-7QM-3XT"
    assert record.owner == "AB"
    assert record.description == "batch 12"
    assert record.template.columns == template.columns
    assert record.template.trailing_tab == template.trailing_tab


@pytest.mark.parametrize("instrument", sorted(TEMPLATES))
def test_a_record_that_was_read_serves_as_template_for_the_next(instrument: str) -> None:
    first = write_plate_record(WELLS, template=TEMPLATES[instrument], plate="P4K-7QM-3XT")
    record = read_plate_record(first, name="plate.plt")

    again = write_plate_record(record.wells, template=record.template, plate="P4K-7QM-3XT")
    assert again == first
    other = write_plate_record(record.wells, template=record.template, plate="P9R-3TC-7WD")
    assert other == first.replace(b"P4K-7QM-3XT", b"P9R-3TC-7WD")


def test_defaults_of_a_template_stand_in_every_well() -> None:
    content = write_plate_record(WELLS, template=TEMPLATES["3130"], plate="P4K-7QM-3XT")
    record = read_plate_record(content, name="plate.plt")

    assert {well.columns["Priority"] for well in record.wells} == {"100"}


def test_every_line_of_a_3730_record_ends_with_a_tab() -> None:
    content = write_plate_record(WELLS, template=TEMPLATES["3730"], plate="P4K-7QM-3XT")

    assert content.endswith(b"\t\r\n")
    assert all(line.endswith(b"\t") for line in content.split(b"\r\n")[:-1])


@pytest.mark.parametrize(
    ("wells", "words"),
    [
        ((PlateRecordWell("A1", "a"), PlateRecordWell("A01", "b")), "twice"),
        ((PlateRecordWell("Z1", "a"),), "no well"),
        ((PlateRecordWell("A1", "a\tb"),), "cannot stand in a cell"),
        ((PlateRecordWell("A1", "a\nb"),), "cannot stand in a cell"),
        ((PlateRecordWell("A1", "a" * 300),), "cannot stand in a cell"),
        ((PlateRecordWell("A1", "a", {"Colour": "red"}),), "no column 'Colour'"),
    ],
)
def test_what_would_break_a_record_is_not_written(
    wells: tuple[PlateRecordWell, ...], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        write_plate_record(wells, template=TEMPLATES["3730"], plate="P4K-7QM-3XT")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not-text-empty"),
        (b"<?xml version='1.0'?><plot/>", "not-text-xml"),
        (b"Container Name\tOwner\nP1\tAB\n", "header-missing"),
        (b"Well\tSample Name\nA01\tX\nA1\tY\n", "well-twice"),
        (b"Well\tSample Name\nZ9\tX\n", "well-unknown"),
        (b"Well\tSample Name\nA01\tX\tY\n", "row-too-long"),
    ],
)
def test_a_record_that_cannot_be_trusted_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_plate_record(content, name="plate.plt")

    assert refused.value.reason == reason


@pytest.mark.data
def test_a_record_of_the_published_form_is_read(shared_data: Path) -> None:
    path = shared_data / "exports/plate-records/3130_3730_plate_SYNTHETIC.plt"
    record = read_plate_record(path.read_bytes(), name=path.name)

    assert record.plate == "PLATE0001"
    assert (record.owner, record.operator) == ("AB", "CD")
    assert record.template.columns == TEMPLATES["3730"].columns
    assert [(well.well, well.sample_name) for well in record.wells] == [
        ("A01", "LADDER"),
        ("B01", "BN-2026-00012-E1"),
    ]
    assert record.wells[0].columns["Size Standard"] == "GS600_LIZ"
    assert record.template.head == TEMPLATES["3730"].head
