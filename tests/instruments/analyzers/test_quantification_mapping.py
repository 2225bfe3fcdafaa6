# SPDX-License-Identifier: Apache-2.0
"""A laboratory's own table is read by the names it gave its columns, or refused with the column."""

import io
from decimal import Decimal

import openpyxl
import pytest

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import (
    HeaderMapping,
    MappingBroken,
    Target,
    Task,
    guessed_columns,
    guessed_header,
    preview,
    read_quantities,
)

OWN = HeaderMapping(
    {"sample": "Probe", "well": "Pos", "target": "Ziel", "quantity": "Menge", "ct": "CP",
     "task": "Art"},
    targets={"klein": Target.SMALL, "gross": Target.LARGE},
    tasks={"leer": Task.NO_TEMPLATE, "Eichung": Task.STANDARD},
    unit="pg", decimal=",",
)  # fmt: skip
TABLE = (
    "Messung;12\n\nPos;Probe;Ziel;Art;Menge;CP;Bemerkung\n"
    "A1;X7A;klein;;50,5;29,1;\nA1;X7A;gross;;1.050,25;31,0;\nB1;;klein;leer;;Undetermined;\n"
    "C1;E1;klein;Eichung;50000;22,1;\n"
)


def test_a_mapping_names_columns_targets_tasks_unit_and_decimal_mark() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "cp1252"):
        table = read_quantities(TABLE.encode(encoding), name="eigen.csv", mapping=OWN)

        assert [(row.well, row.target, row.task, row.quantity, row.ct) for row in table.rows] == [
            ("A01", Target.SMALL, Task.SAMPLE, Decimal("0.0505"), Decimal("29.1")),
            ("A01", Target.LARGE, Task.SAMPLE, Decimal("1.05025"), Decimal("31.0")),
            ("B01", Target.SMALL, Task.NO_TEMPLATE, None, None),
            ("C01", Target.SMALL, Task.STANDARD, Decimal("50"), Decimal("22.1")),
        ]


def test_a_mapping_reads_the_sheet_it_names_and_says_where_a_cell_is_wrong() -> None:
    book = openpyxl.Workbook()
    book.active.title = "Deckblatt"  # type: ignore[union-attr]  # a new workbook has a sheet
    sheet = book.create_sheet("Werte")
    for row in (["Probe", "klein ng"], ["X7A", 0.25], ["X8B", "viel"]):
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    wide = HeaderMapping({"sample": "Probe", "small autosomal quantity": "klein ng"}, sheet="Werte")
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(stream.getvalue(), name="eigen.xlsx", mapping=wide)
    other = HeaderMapping(dict(wide.columns), sheet="Blatt 3")
    with pytest.raises(AnalyzerFileError) as elsewhere:
        read_quantities(stream.getvalue(), name="eigen.xlsx", mapping=other)

    assert str(refused.value).startswith(
        'eigen.xlsx cannot be read: sheet "Werte", line 3, column "klein ng": expected a number, '
        'found "viel"'
    )
    assert refused.value.values == {
        "sheet": "Werte", "line": 3, "column": "klein ng", "read": "viel"
    }  # fmt: skip
    assert refused.value.do
    assert elsewhere.value.reason == "results-missing"


def test_a_renamed_column_is_named_with_those_that_are_there() -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(TABLE.replace("Menge", "Mass").encode(), name="t.csv", mapping=OWN)

    assert refused.value.reason == "mapped-column-missing"
    assert (refused.value.values["column"], refused.value.values["line"]) == ("Menge", 3)
    assert '"Mass"' in str(refused.value.values["read"])


@pytest.mark.parametrize(
    "columns",
    [
        {"target": "T", "quantity": "Q"},
        {"sample": "S", "quantity": "Q"},
        {"sample": "S", "target": "T"},
        {"sample": "S", "target": "s", "quantity": "S"},
        {"sample": "S", "target": "T", "Y quantity": "Y"},
        {"sample": "S", "target": "T", "quantity": "Q", "colour": "C"},
        {"sample": "S", "target": "T", "quantity": "-"},
    ],
)
def test_a_mapping_that_can_read_no_table_is_none(columns: dict[str, str]) -> None:
    with pytest.raises(MappingBroken):
        HeaderMapping(columns)


def test_a_mapping_is_kept_and_comes_back_whole() -> None:
    assert HeaderMapping.of_json(OWN.as_json()) == OWN
    with pytest.raises(MappingBroken):
        HeaderMapping.of_json({"columns": []})


def test_the_columns_of_a_sample_file_are_shown_and_guessed() -> None:
    rows = preview(b"Run 7\n\nWell,Sample Name,Target,Conc. (ng/ul),Cq\nA1,X,Small,1,2\n", name="a")
    header = guessed_header(rows)

    assert header.line == 3
    assert guessed_columns(header, name="a") == {
        "well": "Well", "sample": "Sample Name", "target": "Target",
        "quantity": "Conc. (ng/ul)", "ct": "Cq",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("A1,X7A,Small,-0.5,29", "Quantity"), ("A1,X7A,Small,1e999,29", "Quantity"),
        ("A1,X7A,Small,inf,29", "Quantity"), ("A1,X7A,Small,0.5,-3", "Ct"),
        ("A1,X7A,Small,0.5,101", "Ct"), ("Q1,X7A,Small,0.5,29", "Well"),
        ("A25,X7A,Small,0.5,29", "Well"), ("A1,,Small,0.5,29", "Sample"),
    ],
)  # fmt: skip
def test_a_figure_that_cannot_be_is_refused_with_its_cell(row: str, column: str) -> None:
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(f"Well,Sample,Target,Quantity,Ct\n{row}\n".encode(), name="t.csv")

    assert refused.value.reason == "cell-damaged"
    assert (refused.value.values["column"], refused.value.values["line"]) == (column, 2)


def test_a_table_of_cycles_with_standards_gives_quantities_read_off_them() -> None:
    levels = "\n".join(
        f"S{number},Small,Std-0{number},{level},{22 + number * 3.32:.2f}"
        for number, level in enumerate(("50", "5", "0.5", "0.05"))
    )
    table = read_quantities(
        f"Sample,Target,Content,Starting Quantity (SQ),Cq\n{levels}\nX7A,Small,Unkn-1,,27.0\n"
        "N,Small,NTC,,N/A\n".encode(),
        name="cfx.csv",
    )

    assert table.rows[4].quantity == Decimal("1.559358")  # 10^(log10 50 - 5.0 / 3.32)
    assert table.rows[5].quantity is None
    assert any("standards" in note for note in table.notes)
