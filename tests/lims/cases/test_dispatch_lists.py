# SPDX-License-Identifier: Apache-2.0
"""Reading dispatch lists: encodings, words of two languages, spreadsheets, and every fault."""

import zipfile
from datetime import date
from io import BytesIO

import pytest
from openpyxl import Workbook

from lims.cases.operations.dispatch_files import MOST_ROWS, read_list, template
from lims.cases.rules.dispatch_columns import COLUMNS, Column
from lims.cases.rules.dispatch_rows import ReadList, RowVerdict
from lims.cases.rules.dispatches import ListRefused
from lims.people.rules import Line
from lims.samples.rules import Material, Side

HEADER = "Seal number,Site,Case number,Field number"
ARABIC = "رقم الختم;الموقع;رقم الحالة;الرقم الميداني;العنصر;الجانب;الكتلة (غ);العدد;تاريخ الأخذ"


def read(
    content: str | bytes,
    *,
    line: Line = Line.BONE,
    mapping: dict[str, str] | None = None,
) -> ReadList:
    raw = content.encode() if isinstance(content, str) else content
    return read_list(raw, name="list.csv", line=line, mapping=mapping)


def why(content: str | bytes, *, line: Line = Line.BONE) -> str:
    with pytest.raises(ListRefused) as refused:
        read(content, line=line)
    return str(refused.value)


def book(
    *rows: tuple[object, ...], formats: dict[str, str] | None = None, merged: str = ""
) -> bytes:
    made = Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    for cell, shown_as in (formats or {}).items():
        sheet[cell].number_format = shown_as
    if merged:
        sheet.merge_cells(merged)
    out = BytesIO()
    made.save(out)
    return out.getvalue()


HEAD = ("Seal number", "Site", "Case number", "Field number")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1256"])
def test_a_list_is_read_in_whatever_encoding_and_with_whatever_separator(
    delimiter: str, encoding: str
) -> None:
    text = delimiter.join(HEAD) + delimiter + "ملاحظات\r\n"
    text += delimiter.join(("S-1", "TR04", "031 B", "F-1", "عظم سليم")) + "\r\n"

    (row,) = read(text.encode(encoding)).rows

    assert (row.seal, row.site, row.case, row.field) == ("S-1", "TR04", "031 B", "F-1")
    assert row.remarks == "عظم سليم"
    assert row.verdict is RowVerdict.TAKEN


def test_arabic_headers_digits_decimal_signs_and_words_are_understood() -> None:
    text = f"{ARABIC}\nخ-١٢;TR04;٠٣١;ف-٧;عظم الفخذ;أيسر;١٢٫٥;٢;٣١/٠٣/٢٠٢٦\n"

    (row,) = read(text).rows

    assert (row.element, row.side, row.mass_ug) == ("femur", Side.LEFT, 12_500_000)
    assert (row.count, row.taken_on) == (2, date(2026, 3, 31))


def test_a_decimal_comma_a_unit_in_the_cell_and_milligrams_give_exact_micrograms() -> None:
    text = f'{HEADER},Mass (g)\nS,T,1,F-1,"3,125"\nS,T,1,F-2,250 mg\nS,T,1,F-3,0.000001\n'
    assert [row.mass_ug for row in read(text).rows] == [3_125_000, 250_000, 1]
    (row,) = read(f"{HEADER},Weight mg\nS,T,1,F-1,412.5\n").rows
    assert row.mass_ug == 412_500
    assert "unit" in why(f"{HEADER},Mass\nS,T,1,F-1,412.5\n")
    (row,) = read(f"{HEADER},Mass g\nS,T,1,F-1,about 3\n").rows
    assert "not a figure" in str(row.refused[0])


def test_titles_above_the_header_are_passed_over_and_row_numbers_are_those_of_the_file() -> None:
    text = f"Authority of an invented town\n\n{HEADER}\nS-1,TR04,031,F-1\n"
    assert [row.line for row in read(text).rows] == [4]


def test_unknown_columns_are_kept_with_their_row_and_a_senders_own_words_are_used() -> None:
    text = f"{HEADER},Shelf,Obj\nS-1,TR04,031,F-1,9,tibia\n"
    plain = read(text)
    assert plain.unknown == ("Shelf", "Obj")
    assert plain.rows[0].other == (("Shelf", "9"), ("Obj", "tibia"))

    mapped = read(text, mapping={"obj": Column.ELEMENT.value})
    assert mapped.unknown == ("Shelf",)
    assert mapped.rows[0].element == "tibia"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "it is empty"),
        ("nothing of a list\n", "no header"),
        (f"{HEADER}\n", "no row under the header"),
        ("Seal number,Site,Case number\nS,T,1\n", "“Field number” is missing"),
        ("Site,Case number,Field number\nT,1,F\n", "“Seal number” is missing"),
        (f"{HEADER},Seal no.\nS,T,1,F,S\n", "two columns are taken for “Seal number”"),
        (f"{HEADER},Mass g,Mass mg\nS,T,1,F,1,2\n", "two columns of different units"),
        (f"{HEADER},Name\nS,T,1,F,x\n", "looks like names"),
        (f"{HEADER},اسم المفقود\nS,T,1,F,x\n", "looks like names"),
        (f"{HEADER},Phone\nS,T,1,F,1\n", "looks like names"),
        (
            f"{HEADER},Column7\nS,T,1,F,Anwar Bin Salim\nS,T,1,G,Huda Salim\nS,T,1,H,Umar Qasim\n",
            "look like names",
        ),
        (f"{HEADER},Donor number\nS,T,1,F,D1\n", "carries no donor"),
        (f'{HEADER}\nS,T,1,"F\n', "quotation mark"),
        (b"\x89PNG\r\n\x1a\n" + b"\x00" * 40, "neither a text table nor"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "neither a text table nor"),
        (b"PK\x03\x04" + b"\x00" * 60, "no whole .xlsx workbook"),
        ("x," * 120 + "\n", "columns"),
        (HEADER + "\nS,T,1,F" * (MOST_ROWS + 1), "rows"),
        (b"a," * 4_000_001, "larger than"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_taken_says_why(content: str | bytes, says: str) -> None:
    assert says in why(content)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (",TR04,031,F-1", "seal number is missing"),
        ("S-1,,031,F-1", "site is missing"),
        ("S-1,TR04,,F-1", "case number is missing"),
        ("S-1,TR04,031,", "field number is missing"),
        ("S-1,TR04,1.2E+11,F-1", "a spreadsheet has shortened"),
        (f"S-1,TR04,{'9' * 41},F-1", "longer than 40"),
        ("S-1,TR04,031,F-1,,,,,x", "beside the last column"),
        ("S-1,TR04,031,F-1,0", "whole number from 1"),
        ("S-1,TR04,031,F-1,a", "whole number from 1"),
        ("S-1,TR04,031,F-1,1,31.02.2026", "is no day"),
        ("S-1,TR04,031,F-1,1,2026-02-01,plastic", "is none of this list"),
        ("S-1,TR04,031,F-1,1,2026-02-01,swab", "is none of this list"),
    ],
)
def test_a_row_that_cannot_be_taken_says_why(row: str, says: str) -> None:
    found = read(f"{HEADER},Count,Taken on,Material\n{row}\nS-2,TR04,031,F-2\n")

    assert says in str(found.rows[0].refused[0])
    assert found.rows[1].verdict is RowVerdict.TAKEN
    assert found.refused == 1


def test_what_is_not_understood_is_a_remark_and_stays_with_the_row() -> None:
    (row,) = read(f"{HEADER},Element,Side\nS,T,1,F,os incognitum,upper\n").rows

    assert row.verdict is RowVerdict.REMARKED
    assert (row.element, row.side) == ("", Side.UNKNOWN)
    assert row.other == (("element", "os incognitum"), ("side", "upper"))


def test_an_item_twice_in_a_list_and_a_seal_of_two_packages_are_seen() -> None:
    found = read(
        "Seal,Package,Site,Case,Field number\n"
        "S-1,P1,TR04,031,F-1\nS-1,P1,tr04,031,f 1\nS-1,P2,TR04,031,F-3\n"
    )  # fmt: skip
    assert [bool(row.refused) for row in found.rows] == [False, True, True]
    assert "row 2" in str(found.rows[1].refused[0])
    assert "closes another package" in str(found.rows[2].refused[0])


def test_a_list_of_references_carries_numbers_and_no_names() -> None:
    head = "Seal,Donor number,Material"
    found = read(f"{head}\nS-1,D-17,FTA card\nS-1,D-18,مسحة\n", line=Line.REFERENCE)
    assert [row.material for row in found.rows] == [Material.BLOOD_CARD, Material.BUCCAL_SWAB]

    (row,) = read(f"{head}\nS-1,Invented Relative,swab\n", line=Line.REFERENCE).rows
    assert "a name does not belong here" in str(row.refused[0])
    assert "looks like names" in why(f"{head},الاسم\nS,D-1,swab,x\n", line=Line.REFERENCE)
    assert "no site and no case" in why(f"{head},Site\nS,D-1,swab,x\n", line=Line.REFERENCE)


def test_the_hash_of_the_content_knows_a_list_under_another_name_order_and_spelling() -> None:
    one = read(f"{HEADER}\nS-1,TR04,031,F-1\nS-2,TR04,032,F-2\n")
    other = read("رقم الختم;الموقع;رقم الحالة;الرقم الميداني\nS-2;TR04;٠٣٢;f-2\ns-1;TR04;031;F-1\n")
    third = read(f"{HEADER}\nS-1,TR04,031,F-1\nS-2,TR04,032,F-3\n")

    assert one.content_hash == other.content_hash != third.content_hash


def test_a_workbook_is_read_as_its_cells_are_shown() -> None:
    rows = (
        (*HEAD, "Mass g", "Taken on", "Count"),
        ("S-1", "TR04", 31, 7, 0.1 + 0.2, date(2026, 3, 1), 2.0),
    )
    (row,) = read(book(*rows, formats={"C2": "0000"})).rows

    assert row.verdict is RowVerdict.TAKEN
    assert (row.case, row.field, row.mass_ug) == ("0031", "7", 300_000)
    assert (row.taken_on, row.count) == (date(2026, 3, 1), 2)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("=1+1", "cell C2 holds a formula"),
        ("#N/A", "cell C2 holds an error"),
        (date(2026, 3, 1), "cell C2 is a date where a number"),
        (123_456_789_012, "cell C2 is a number that the spreadsheet has shortened"),
    ],
)
def test_a_cell_that_a_spreadsheet_changed_is_named(cell: object, says: str) -> None:
    (row,) = read(book(HEAD, ("S-1", "TR04", cell, "F-1"))).rows
    assert says in str(row.refused[0])


def test_a_number_shown_shortened_is_refused_by_its_format() -> None:
    (row,) = read(book(HEAD, ("S", "T", 5, "F"), formats={"C2": "0.00E+00"})).rows
    assert "shortened" in str(row.refused[0])


def test_merged_cells_second_sheets_entities_and_bombs_are_refused() -> None:
    rows = (HEAD, ("S-1", "TR04", "031", "F-1"), ("S-1", "TR04", "031", "F-2"))
    assert "cells A2:A3 are merged" in why(book(*rows, merged="A2:A3"))

    two = Workbook()
    for _ in range(2):
        two.create_sheet().append(HEAD)
    out = BytesIO()
    two.save(out)
    assert "more than one filled sheet" in why(out.getvalue())

    bomb = BytesIO(book(*rows))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/zeros.bin", bytes(80 << 20))
    assert len(bomb.getvalue()) < 1_000_000
    assert "unpacks to more than 64 MB" in why(bomb.getvalue())

    entity = BytesIO(book(*rows))
    with zipfile.ZipFile(entity, "a") as archive:
        archive.writestr("xl/extra.xml", '<!DOCTYPE a [<!ENTITY b "c">]><a/>')
    assert "no whole .xlsx workbook" in why(entity.getvalue())

    cut = book(*rows)
    assert "no whole .xlsx workbook" in why(cut[: len(cut) // 2])


@pytest.mark.parametrize("line", list(Line))
@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("workbook", [True, False])
def test_a_template_is_understood_when_it_comes_back(
    line: Line, language: str, workbook: bool
) -> None:
    with pytest.raises(ListRefused) as refused:
        read(template(line, language, workbook=workbook), line=line)
    assert "no row under the header" in str(refused.value)
    assert len(COLUMNS[line]) == len(set(COLUMNS[line]))
