# SPDX-License-Identifier: Apache-2.0
"""Quantities are read with the text they stood in, from exports and plain tables, or refused."""

import io
import zipfile
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import Target, Task, read_quantities, target_of
from instruments.analyzers.workbooks import read_workbook

EXPORT = (
    "* Instrument Type = QuantStudio(TM) 5 System\n"
    "* Experiment Run End Time = 2026-03-14 10:00:00 AM EET\n"
    "\n"
    "[Sample Setup]\n"
    "Well\tWell Position\tSample Name\n"
    "1\tA1\tX7A-4KQ-9MC\n"
    "[Results]\n"
    "Well\tWell Position\tOmit\tSample Name\tTarget Name\tTask\tCT\tQuantity\tY-Intercept\t"
    "R(superscript 2)\tSlope\tEfficiency\n"
    "1\tA1\tfalse\tX7A-4KQ-9MC\tT.Small Autosomal\tUNKNOWN\t29.123\t0.0481\t"
    "27.9\t0.998\t-3.3\t100.9\n"
    "1\tA1\tfalse\tX7A-4KQ-9MC\tT.Large Autosomal\tUNKNOWN\t33.9\t0.0021\t26.1\t0.997\t-3.4\t96.8\n"
    "1\tA1\tfalse\tX7A-4KQ-9MC\tT.Y\tUNKNOWN\tUndetermined\t\t27.0\t0.999\t-3.3\t100.9\n"
    "1\tA1\tfalse\tX7A-4KQ-9MC\tT.IPC\tUNKNOWN\t27.5\t\t\t\t\t\n"
    "2\tA2\ttrue\t\tT.Small Autosomal\tNTC\tUndetermined\t\t27.9\t0.998\t-3.3\t100.9\n"
    "3\tA3\tfalse\t\t\t\t\t\t\t\t\t\n"
    "4\tB1\tfalse\tS1\tT.Small Autosomal\tSTANDARD\t22.1\t1,250.500\t27.9\t0.998\t-3.3\t100.9\n"
    "\n"
    "Endogenous Control\t\n"
)


def _refusal(content: bytes | str) -> AnalyzerFileError:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(AnalyzerFileError) as refused:
        read_quantities(raw, name="quant.txt")
    return refused.value


def _workbook(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    for number, (title, rows) in enumerate(sheets.items()):
        sheet = book.active if number == 0 else book.create_sheet()
        assert sheet is not None
        sheet.title = title
        for row in rows:
            sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_an_export_gives_each_target_of_each_well_with_its_own_text() -> None:
    table = read_quantities(EXPORT.encode(), name="quant.txt")

    assert table.source == "QuantStudio text"
    assert table.head["Instrument Type"] == "QuantStudio(TM) 5 System"
    assert [(row.well, row.target, row.quantity, row.ct) for row in table.rows] == [
        ("A01", Target.SMALL, Decimal("0.0481"), Decimal("29.123")),
        ("A01", Target.LARGE, Decimal("0.0021"), Decimal("33.9")),
        ("A01", Target.Y, None, None),
        ("A01", Target.IPC, None, Decimal("27.5")),
        ("A02", Target.SMALL, None, None),
        ("B01", Target.SMALL, Decimal("1250.500"), Decimal("22.1")),
    ]
    assert table.rows[0].quantity_text == "0.0481"
    assert table.rows[5].quantity_text == "1,250.500"
    assert table.rows[2].undetermined
    assert not table.rows[3].undetermined
    assert [row.task for row in table.rows[3:]] == [Task.SAMPLE, Task.NO_TEMPLATE, Task.STANDARD]
    assert [row.omitted for row in table.rows] == [False] * 4 + [True, False]
    assert table.rows[0].line == 9
    assert table.notes == ("the file names no unit; quantities are taken as ng/µl",)


def test_the_standard_curve_of_each_target_stands_in_the_results() -> None:
    curves = read_quantities(EXPORT.encode(), name="quant.txt").curves

    assert [(curve.target, curve.slope, curve.r_squared) for curve in curves] == [
        (Target.SMALL, Decimal("-3.3"), Decimal("0.998")),
        (Target.LARGE, Decimal("-3.4"), Decimal("0.997")),
        (Target.Y, Decimal("-3.3"), Decimal("0.999")),
    ]
    assert curves[0].intercept == Decimal("27.9")
    assert curves[0].efficiency_percent == Decimal("100.9")


@pytest.mark.parametrize(
    "content",
    [
        "Sample,Well,Target,Quantity (ng/µl),Ct\nX7A,A1,Small,0.05,29.1\nX7A,A1,IPC,,27.5\n",
        "Sample\tWell\tTarget\tConc. [ng/uL]\tCq\n"
        "X7A\ta01\tAuto\t0.05\t29.1\nX7A\tA1\tIC\t\t27.5\n",
        "Sample;Well;Target;Quantity;Ct\nX7A;A1;Human;0,05;29,1\nX7A;A1;IPC;;27,5\n",
        "Sample,Well,Target,Quantity (pg/µL),Ct\nX7A,A1,Small,50,29.1\nX7A,A1,IPC,N/A,27.5\n",
        "Sample,Well,Small Autosomal Quantity,Small Ct,IPC Ct\nX7A,A1,0.05,29.1,27.5\n",
        "Sample,Well,Small (ng/µl),Ct Small,T.IPC Ct\nX7A,A1,0.05,29.1,27.5\n",
        "Sample,Well,Target,Quantity,Cт\nX7A,A1,Small,٠٫٠٥,29.1\nX7A,A1,IPC,,27.5\n",
        "Plate,P12\n\nSample,Well,Target,Quantity,Ct\nX7A,A1,Small,0.05,29.1\nX7A,A1,IPC,-,27.5\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_plain_table_of_any_dialect_gives_the_same_figures(content: str, encoding: str) -> None:
    table = read_quantities(content.encode(encoding), name="quant.csv")

    assert [(row.well, row.sample, row.target, row.quantity, row.ct) for row in table.rows] == [
        ("A01", "X7A", Target.SMALL, Decimal("0.05"), Decimal("29.1")),
        ("A01", "X7A", Target.IPC, None, Decimal("27.5")),
    ]


def test_a_workbook_gives_figures_as_they_stand_in_its_file() -> None:
    content = _workbook(
        {
            "Sample Setup": [["Block Type", "96-Well"], [], ["Well", "Sample Name"]],
            "Results": [
                ["Instrument Type", "QuantStudio(TM) 5 System"],
                [],
                ["Well", "Well Position", "Sample Name", "Target Name", "Task", "CT", "Quantity"],
                [1, "A1", "X7A", "T.Small Autosomal", "UNKNOWN", 29.123, 0.1],
                [2, "A2", "عيّنة", "T.Y", "UNKNOWN", "Undetermined", None],
                [],
                ["Endogenous Control", "none"],
            ],
        }
    )
    table = read_quantities(content, name="quant.xlsx")

    assert table.source == "QuantStudio workbook"
    assert table.head == {"Instrument Type": "QuantStudio(TM) 5 System"}
    assert [(row.well, row.sample, row.quantity, row.ct_text) for row in table.rows] == [
        ("A01", "X7A", Decimal("0.1"), "29.123"),
        ("A02", "عيّنة", None, "Undetermined"),
    ]


def test_a_workbook_of_one_sheet_is_a_plain_table() -> None:
    content = _workbook({"Sheet1": [["Sample", "Target", "Quantity"], ["X7A", "Small", 0.05]]})

    assert read_quantities(content, name="q.xlsx").rows[0].quantity == Decimal("0.05")


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", "not-text-empty", "an empty file"),
        (b"ABIF\x00\x65", "not-text-abif", "an ABIF file"),
        (b"nothing\nof use\n", "header-missing", "Sample Name, Target Name"),
        (EXPORT.replace("[Results]", "[Outcome]"), "results-missing", "[Sample Setup], [Outcome]"),
        (EXPORT + "[Results]\n", "results-twice", "one section [Results]"),
        (EXPORT.partition("Well\tWell Position\tOmit")[0], "results-empty", "end of the file"),
        (EXPORT.partition("1\tA1\tfalse")[0], "results-empty", "at least one result"),
        (EXPORT.replace("\tTarget Name", "\tAssay Colour"), "target-column-missing", "line 8"),
        (EXPORT.replace("Omit\tSample Name", "Omit\tRemark"), "sample-column-missing", "line 8"),
        (
            EXPORT.replace("\tCT\tQuantity", "\tRn\tDelta Rn"),
            "quantity-column-missing",
            '"Delta Rn"',
        ),
        (EXPORT.replace("0.0481", "much"), "cell-damaged", 'line 9, column "Quantity"'),
        (EXPORT.replace("0.0481", "-0.1"), "cell-damaged", "no negative quantity"),
        (EXPORT.replace("29.123", "29,12"), "decimal-marks-mixed", "one decimal mark"),
        (EXPORT.replace("1\tA1\tfalse\tX7A", "1\tZ1\tfalse\tX7A"), "cell-damaged", '"Z1"'),
        (EXPORT.replace("T.Large", "T.Small"), "row-repeated", "after line 9"),
        (EXPORT.replace("-3.3\t100.9\n\n", "-3.1\t109\n\n"), "curve-contradicts", "-3.3"),
        (EXPORT.replace("STANDARD", "FRIEND"), "cell-damaged", '"FRIEND"'),
        (EXPORT.replace("X7A-4KQ-9MC\tT.Y", "\tT.Y"), "cell-damaged", "a sample name"),
        ("Sample,Target,Quantity\nX7A,,0.05\n", "cell-damaged", "a target"),
        ("Sample,Target,Quantity\nX7A,Small,NaN\nX7B,Small,Infinity\n", "cell-damaged", "Infinity"),
        ("Sample,Target,Quantity\nX7A,Small,1e999999\n", "cell-damaged", "no number"),
        ("Sample\tTarget\tQuantity\nX7A\tSmall\t1,250\n", "cell-damaged", "a thousand or"),
        ("Sample,Small,Small Quantity\nX7A,1,2\n", "column-twice", "column 3"),
        (b"PK\x03\x04not really", "workbook-damaged", "cannot be opened"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_trusted_is_refused_with_its_place(
    content: bytes | str, reason: str, words: str
) -> None:
    refusal = _refusal(content)

    assert refusal.reason == reason
    assert words in str(refusal)


def _zip(parts: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in parts.items():
            archive.writestr(path, content)
    return stream.getvalue()


def test_a_zip_that_is_no_workbook_is_refused() -> None:
    refusal = _refusal(_zip({"run.eds": b"1"}))

    assert refusal.reason == "workbook-damaged"
    assert "not a workbook" in str(refusal)


def test_a_workbook_that_unpacks_to_more_than_any_export_is_refused() -> None:
    refusal = _refusal(_zip({"xl/_rels/workbook.xml.rels": b" " * (70 * 1024 * 1024)}))

    assert "when unpacked" in str(refusal)


def test_a_workbook_with_entities_is_refused() -> None:
    refusal = _refusal(
        _zip({"xl/_rels/workbook.xml.rels": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'})
    )

    assert "a document type" in str(refusal)


def test_a_workbook_without_results_among_several_sheets_is_refused() -> None:
    refusal = _refusal(_workbook({"Sample Setup": [["a"]], "Raw": [["b"]]}))

    assert refusal.reason == "results-missing"
    assert '"Sample Setup", "Raw"' in str(refusal)


def test_no_flipped_byte_of_a_workbook_raises_anything_but_the_one_error() -> None:
    whole = _workbook({"Results": [["Sample", "Target", "Quantity"], ["X7A", "Small", 0.05]]})
    assert read_workbook(whole, name="q.xlsx")["Results"]
    for place in range(0, len(whole), 7):
        mutant = bytearray(whole)
        mutant[place] ^= 1 << place % 8
        try:
            table = read_quantities(bytes(mutant), name="q.xlsx")
        except AnalyzerFileError:
            continue
        assert len(table.rows) == 1


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_bytes_whatever_raise_anything_but_the_one_error(tail: bytes) -> None:
    for content in (tail, EXPORT.encode() + tail, b"Sample,Well,Target,Quantity\n" + tail):
        try:
            table = read_quantities(content, name="quant.txt")
        except AnalyzerFileError:
            continue
        assert table.rows


@pytest.mark.parametrize(
    ("written", "target"),
    [
        ("Small Autosomal", Target.SMALL),
        ("T.Small Autosomal", Target.SMALL),
        ("Auto", Target.SMALL),
        ("Human", Target.SMALL),
        ("large_autosomal", Target.LARGE),
        ("Deg", Target.LARGE),
        ("Y", Target.Y),
        ("T.Y", Target.Y),
        ("Male", Target.Y),
        ("IPC", Target.IPC),
        ("Internal PCR Control", Target.IPC),
        ("GAPDH", None),
    ],
)
def test_a_target_has_one_name(written: str, target: Target | None) -> None:
    assert target_of(written) is target


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "rows", "curves", "source"),
    [
        ("appbio_quantstudio_example01.txt", 16, 0, "QuantStudio text"),
        ("appbio_quantstudio_example05.txt", 16, 0, "QuantStudio text"),
        ("appbio_quantstudio_example10.xlsx", 8, 0, "QuantStudio workbook"),
        ("example_quantsudio_results_only.txt", 24, 1, "QuantStudio text"),
    ],
)
def test_real_exports_are_read(
    shared_data: Path, file: str, rows: int, curves: int, source: str
) -> None:
    content = (shared_data / "exports" / "quantstudio" / file).read_bytes()
    table = read_quantities(content, name=file)

    assert (len(table.rows), len(table.curves), table.source) == (rows, curves, source)
    assert all(row.ct is not None or row.undetermined for row in table.rows)


@pytest.mark.data
def test_a_real_standard_curve_has_the_slope_that_the_export_gives(shared_data: Path) -> None:
    path = shared_data / "exports/quantstudio/example_quantsudio_results_only.txt"
    table = read_quantities(path.read_bytes(), name=path.name)

    assert table.curves[0].slope == Decimal("-3.196")
    assert table.curves[0].r_squared == Decimal("0.999")
    unknown = [row for row in table.rows if row.task is Task.SAMPLE]
    assert (unknown[0].quantity_text, unknown[0].quantity) == ("118,248.200", Decimal("118248.200"))


@pytest.mark.data
def test_an_export_of_a_genotyping_experiment_holds_no_quantities(shared_data: Path) -> None:
    path = shared_data / "exports/quantstudio/appbio_quantstudio_minimal_missing_results.txt"

    assert _refusal(path.read_bytes()).reason == "target-column-missing"
