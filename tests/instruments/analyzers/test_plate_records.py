# SPDX-License-Identifier: Apache-2.0
"""A laboratory's own record serves as template; nothing leaves that does not say what stands."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.plate_records import (
    AnalyzerModel,
    PlateTemplate,
    RecordRefused,
    RecordRole,
    RecordWell,
    Wanted,
    dyes_of_set,
    read_back,
    read_plate_record,
    understand,
    write_plate_record,
)
from lims.core.catalogue import shipped_kit, shipped_kits, shipped_size_standards

A3130 = (
    b"Container Name\tPlate ID\tDescription\tContainerType\tAppType\tOwner\tOperator\t\r\n"
    b"OLD\tOLD\tMonday\t96-Well\tRegular\tAB\tCD\t\r\n"
    b"AppServer\tAppInstance\t\r\n"
    b"GeneMapper\tGeneMapper_Generic_Instance\t\r\n"
    b"Well\tSample Name\tComment\tPriority\tSample Type\tAnalysis Method\tPanel\tSize Standard"
    b"\tUser-Defined 1\tResults Group 1\tInstrument Protocol 1\t\r\n"
    b"A01\tLADDER\t\t100\tAllelic Ladder\tGF_AM\tGlobalFiler_v1\tGS600_LIZ\tL\tRG1\tHID36_J6\t\r\n"
    b"B01\tFEMUR\tx\t100\tSample\tGF_AM\tGlobalFiler_v1\tGS600_LIZ\tFEMUR\tRG1\tHID36_J6\t\r\n"
    b"C01\tPOS\t\t100\tPositive Control\tGF_AM\tGlobalFiler_v1\tGS600_LIZ\t\tRG1\tHID36_J6\t\r\n"
    b"D01\tNEG\t\t100\tNegative Control\tGF_AM\tGlobalFiler_v1\tGS600_LIZ\tN\tRG1\tHID36_J6\t\r\n"
)
A3500 = (
    "3500 Plate Layout File Version 1.0\r\n"
    "Plate Name,Application Type,Capillary Length (cm),Polymer,Number of Wells,Owner Name,"
    "Barcode Number,Comments\r\n"
    'OLD,HID,36,POP4,96,AB,,"one, two"\r\n'
    "Well,Sample Name,Assay,File Name Convention,Results Group,Sample Type,Dye Set\r\n"
    "A1,Ladder 1,GF_HID,FNC,RG_HID,Allelic Ladder,J6\r\n"
    'A2,"one, two",GF_HID,FNC,RG_HID,Sample,J6\r\n'
    "A3,pos,GF_HID,FNC,RG_HID,Positive Control,J6\r\n"
    "A4,neg,GF_HID,FNC,RG_HID,Negative Control,J6\r\n"
    "A5,RB 1,GF_HID,FNC,RG_HID,Blank,J6\r\n"
    "A6,,,,,,\r\n"
    "B2,,,,,,\r\n"
    "\r\n"
).encode("utf-8-sig")
SEQSTUDIO = (
    '"Plate Name","OLD"\n"Owner","Société"\n"Plate Type","96"\n\n'
    '"Well","Sample Name","Sample Type","Run Module","Size Standard"\n'
    '"A01","AL","Sample","HID_J6","GS600 LIZ"\n'
    '"B01","FEMUR","Sample","HID_J6","GS600 LIZ"\n'
    '"C01","PC","Sample","HID_J6","GS600 LIZ"\n'
    '"D01","NTC","Sample","HID_J6","GS600 LIZ"'
).encode("cp1252")
TEMPLATES = {
    AnalyzerModel.A3100: A3130, AnalyzerModel.A3130: A3130, AnalyzerModel.A3500: A3500,
    AnalyzerModel.SEQSTUDIO: SEQSTUDIO,
}  # fmt: skip
WANTED = Wanted(
    shipped_kit("GlobalFiler"), "ABI-LIZ-600-60-TO-460", shipped_size_standards(), shipped_kits()
)
WELLS = (
    RecordWell("A01", "X7A4KQ9MC", RecordRole.SAMPLE),
    RecordWell("B01", "LADDER-B01", RecordRole.LADDER),
    RecordWell("C02", "POS-C02", RecordRole.POSITIVE),
    RecordWell("D02", "NEG-D02", RecordRole.NEGATIVE),
    RecordWell("H12", "X3MR7TC4W", RecordRole.BLANK),
)


def template_of(
    content: bytes = A3130, model: AnalyzerModel = AnalyzerModel.A3130
) -> PlateTemplate:
    return understand(content, name="record.plt", model=model)


def written(template: PlateTemplate, wells: tuple[RecordWell, ...] = WELLS, **how: Any) -> bytes:
    given = {"plate": "P4K7QM3XT", "about": "GlobalFiler", "wanted": WANTED, **how}
    return write_plate_record(template, wells, **given)


@pytest.mark.parametrize("model", list(AnalyzerModel))
def test_a_template_keeps_all_that_does_not_vary_and_is_filled_with_the_plate(
    model: AnalyzerModel,
) -> None:
    content = written(template_of(TEMPLATES[model], model))
    record = read_plate_record(content, name="record")

    assert record.plate == "P4K7QM3XT"
    assert {row.well: row.name for row in record.rows if row.name} == {
        well.position: well.name for well in WELLS
    }
    original = TEMPLATES[model].split(b"Sample Name", 1)[0].replace(b"OLD", b"P4K7QM3XT")
    for about in (b"Monday", b'"one, two"'):
        quoted = b'"GlobalFiler"' if about[:1] == b'"' else b"GlobalFiler"
        original = original.replace(about, quoted)
    assert content.split(b"Sample Name", 1)[0] == original


def test_a_record_of_a_3130_gives_each_well_the_constants_of_its_role_to_the_byte() -> None:
    lines = written(template_of()).split(b"\r\n")

    assert lines[4] == A3130.split(b"\r\n")[4]
    every = b"\tGF_AM\tGlobalFiler_v1\tGS600_LIZ\t"
    assert lines[5:] == [
        b"A01\tX7A4KQ9MC\tx\t100\tSample" + every + b"X7A4KQ9MC\tRG1\tHID36_J6\t",
        b"B01\tLADDER-B01\t\t100\tAllelic Ladder" + every + b"L\tRG1\tHID36_J6\t",
        b"C02\tPOS-C02\t\t100\tPositive Control" + every + b"\tRG1\tHID36_J6\t",
        b"D02\tNEG-D02\t\t100\tNegative Control" + every + b"N\tRG1\tHID36_J6\t",
        b"H12\tX3MR7TC4W\t\t100\tNegative Control" + every + b"N\tRG1\tHID36_J6\t",
        b"",
    ]


def test_a_record_of_a_3500_keeps_its_spelling_order_empty_wells_and_byte_order_mark() -> None:
    content = written(template_of(A3500, AnalyzerModel.A3500))

    assert content.startswith(b"\xef\xbb\xbf3500 Plate Layout")
    assert content.endswith(
        b'A1,"X7A4KQ9MC",GF_HID,FNC,RG_HID,Sample,J6\r\n'
        b"A6,,,,,,\r\n"
        b"B1,LADDER-B01,GF_HID,FNC,RG_HID,Allelic Ladder,J6\r\n"
        b"B2,,,,,,\r\n"
        b"C2,POS-C02,GF_HID,FNC,RG_HID,Positive Control,J6\r\n"
        b"D2,NEG-D02,GF_HID,FNC,RG_HID,Negative Control,J6\r\n"
        b"H12,X3MR7TC4W,GF_HID,FNC,RG_HID,Blank,J6\r\n"
        b"\r\n"
    )


def test_a_file_without_a_last_line_end_and_in_another_encoding_stays_so() -> None:
    content = written(template_of(SEQSTUDIO, AnalyzerModel.SEQSTUDIO))

    assert content.endswith(b'"H12","X3MR7TC4W","Sample","HID_J6","GS600 LIZ"')
    assert b'"Owner","Soci\xe9t\xe9"\n' in content
    wide = SEQSTUDIO.decode("cp1252").encode("utf-16")
    again = written(template_of(wide, AnalyzerModel.SEQSTUDIO))
    assert again.decode("utf-16") == content.decode("cp1252")


@pytest.mark.parametrize(
    ("before", "after", "reason", "well"),
    [
        (b"B01\tLADDER-B01", b"B01\tLADDER-B02", "read-back-well", "B01"),
        (b"C02\tPOS", b"C03\tPOS", "read-back-well", "C02"),
        (
            b"D02\tNEG-D02\t\t100\tNegative",
            b"D02\tNEG-D02\t\t100\tPositive",
            "read-back-role",
            "D02",
        ),
        (b"P4K7QM3XT", b"P4K7QM3XV", "read-back-plate", None),
        (b"Priority", b"Urgency", "read-back-columns", None),
        (b"H12\tX3", b"A01\tX3", "read-back-unreadable", None),
    ],
)
def test_a_record_that_reads_back_otherwise_does_not_leave(
    before: bytes, after: bytes, reason: str, well: str | None
) -> None:
    template = template_of()
    changed = written(template).replace(before, after)

    with pytest.raises(RecordRefused) as refused:
        read_back(changed, template, WELLS, plate="P4K7QM3XT", wanted=WANTED)

    assert (refused.value.reason, refused.value.values.get("well")) == (reason, well)


@pytest.mark.parametrize(
    ("content", "model", "reason"),
    [
        (b"", "3130", "not-text-empty"),
        (b"<?xml version='1.0'?><plot/>", "3130", "not-text-xml"),
        (b"PK\x03\x04....", "SeqStudio", "not-text-zip"),
        (b"Container Name\tOwner\r\nP1\tAB\r\n", "3130", "columns-missing"),
        (A3130.replace(b"Sample Name", b"Wherefore"), "3130", "column-missing"),
        (A3130.replace(b"Container Name\tPlate ID", b"What\tWhich"), "3130", "head-missing"),
        (A3130.replace(b"Allelic Ladder", b"Curiosity"), "3130", "type-unknown"),
        (A3130.replace(b"Allelic Ladder", b"").replace(b"LADDER", b"L1"), "3130", "role-missing"),
        (A3130.replace(b"C01\tPOS", b"B1\tPOS"), "3130", "well-twice"),
        (A3130.replace(b"C01\tPOS", b"Z9\tPOS"), "3130", "well-unknown"),
        (A3130.replace(b"C01\tPOS", b"P24\tPOS"), "3130", "well-outside"),
        (A3130.replace(b"C01\tPOS\t", b"C01\tPOS\t\t\t"), "3130", "row-too-long"),
        (A3130.replace(b"Comment\t", b"Sample Type\t"), "3130", "column-twice"),
        (A3500.replace(b'AB,,"one', b'AB,,"on"e'), "3500", "table-damaged"),
        (A3500, "3130", "other-instrument"),
    ],
)
def test_a_template_that_is_not_understood_is_refused_with_its_place(
    content: bytes, model: str, reason: str
) -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        understand(content, name="record.plt", model=AnalyzerModel(model))

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("template", "how", "reason"),
    [
        (A3130, {"size": 384}, "plate-size"),
        (A3130.replace(b"96-Well", b"384-Well"), {}, "plate-size"),
        (A3130.replace(b"GS600_LIZ", b"GS500_ROX"), {}, "size-standard"),
        (A3130.replace(b"GlobalFiler_v1", b"Identifiler_v1"), {}, "panel"),
        (A3130.replace(b"HID36_J6", b"HID36_G5"), {}, "dye-set"),
        (A3130.replace(b"Positive Control", b"Sample").replace(b"POS", b"X"), {}, "role-missing"),
        (A3130, {"plate": "Ω"}, "name-characters"),
        (A3130, {"plate": "P" * 51}, "name-too-long"),
        (A3130, {"plate": ""}, "name-characters"),
    ],
)
def test_what_the_template_does_not_fit_is_not_written(
    template: bytes, how: dict[str, Any], reason: str
) -> None:
    with pytest.raises(RecordRefused) as refused:
        written(template_of(template), **how)

    assert refused.value.reason == reason


@pytest.mark.parametrize(
    ("position", "name", "reason"),
    [
        ("E01", "two words", "name-characters"),
        ("E01", "قلب", "name-characters"),
        ("E01", "a\tb", "name-characters"),
        ("E01", "=1+1", "name-characters"),
        ("E01", "x" * 51, "name-too-long"),
        ("E01", "x7a4kq9mc", "name-twice"),
        ("A01", "other", "well-wrong"),
        ("I13", "other", "well-wrong"),
        ("E1", "other", "well-wrong"),
    ],
)
def test_a_name_that_the_instrument_does_not_take_is_refused_with_its_well(
    position: str, name: str, reason: str
) -> None:
    with pytest.raises(RecordRefused) as refused:
        written(template_of(), (*WELLS, RecordWell(position, name, RecordRole.SAMPLE)))

    assert (refused.value.reason, refused.value.values["well"]) == (reason, position)


def test_of_two_kits_in_one_template_the_rows_of_the_plates_kit_are_taken() -> None:
    second = A3130.split(b"\r\n")[5:9]
    more = b"\r\n".join(
        line.replace(b"GlobalFiler_v1\tGS600_LIZ", b"Identifiler_v1\tGS500_LIZ")
        .replace(b"HID36_J6", b"HID36_G5")
        .replace(b"01\t", b"02\t", 1)
        for line in second
    )
    template = template_of(A3130 + more + b"\r\n")
    other = replace(WANTED, kit=shipped_kit("Identifiler"), size_standard="")

    assert b"Identifiler_v1" not in written(template)
    assert b"GlobalFiler_v1" not in written(template, wanted=other)
    assert written(template, wanted=other).count(b"HID36_G5") == len(WELLS)


def test_a_dye_set_tells_how_many_dyes_it_detects() -> None:
    told = {text: dyes_of_set(text) for text in ("F", "G5", "J6", "Any5Dye", "Dye Set E5", "odd")}

    assert told == {"F": 4, "G5": 5, "J6": 6, "Any5Dye": 5, "Dye Set E5": 5, "odd": None}
    assert dyes_of_set("HID36_POP4_G5_x", whole=False) == 5
    assert dyes_of_set("HID36_POP4", whole=False) is None


@pytest.mark.data
def test_a_record_of_the_published_form_serves_as_template(shared_data: Path) -> None:
    path = shared_data / "exports/plate-records/3130_3730_plate_SYNTHETIC.plt"
    template = understand(path.read_bytes(), name=path.name, model=AnalyzerModel.A3130)

    assert (template.record.plate, template.record.owner) == ("PLATE0001", "AB")
    assert template.record.operator == "CD"
    content = written(template, WELLS[:2])
    assert content.count(b"\t\r\n") + content.count(b"\t\n") == 7
    with pytest.raises(RecordRefused, match="role-missing"):
        written(template)
