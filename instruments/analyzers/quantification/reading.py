# SPDX-License-Identifier: Apache-2.0
"""Read quantities: QuantStudio text and workbooks, RDML, and plain tables of any separator."""

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise
from typing import NamedTuple

from instruments.analyzers.contents import kind_of
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.fitting import read_off
from instruments.analyzers.quantification.header import (
    Columns,
    columns_of,
    head_of,
    lacking,
    refuse_lacking,
    refuse_unlike_twins,
)
from instruments.analyzers.quantification.mapping import LONG_FIELDS, HeaderMapping
from instruments.analyzers.quantification.rdml import is_rdml, read_rdml
from instruments.analyzers.quantification.rows import Reader
from instruments.analyzers.quantification.values import QuantificationTable, Task
from instruments.analyzers.texts import DELIMITERS, Row, decode_table, rows_of
from instruments.analyzers.workbooks import read_workbook

_LOOK_FOR_HEADER = 100  # lines of a plain table
_SECTIONS = ("[results]", "[result]")


class Results(NamedTuple):
    """Where the results of a file stand: its kind, its head, its columns and their rows."""

    source: str
    head: Mapping[str, str]
    columns: Columns
    rows: list[Row]
    sheet: str = ""


def read_quantities(
    content: bytes, *, name: str, mapping: HeaderMapping | None = None
) -> QuantificationTable:
    """Read a table of quantities (ng/µl) and threshold cycles by the names of its columns.

    Takes QuantStudio, ViiA 7 and 7500 exports as text (the [Results] section) or .xlsx (the
    Results sheet), RDML, and plain tables: a row per well and target, or a row per well with
    columns named by target. `mapping` names the columns of a laboratory's own table instead.
    Quantities in columns that name pg/µl are converted; where a file gives cycles only, quantities
    are read off its own standards. Raises AnalyzerFileError naming sheet, line and column for a
    table without results, sample, target or figures, for a figure that is no number, and for one
    well and target twice.
    """
    if is_rdml(content):
        return read_rdml(content, name=name, targets=mapping.targets if mapping else None)
    found = _results(content, name, mapping)
    refuse_unlike_twins(found.columns, found.rows, name=name)
    mark = "." if "workbook" in found.source else None
    if mapping is not None and mapping.decimal and mark is None:
        mark = mapping.decimal
    reader = Reader(
        name, found.columns, found.rows, mark=mark, sheet=found.sheet, mapping=mapping
    )  # fmt: skip
    measured = tuple(reader.measured())
    if not measured:
        raise AnalyzerFileError(
            name,
            "results-empty",
            f"below line {found.columns.row.line}",
            "at least one result",
            "none",
        )
    if (
        mapping is None
        and not found.columns.powers
        and any(row.quantity is not None for row in measured)
    ):
        reader.notes.append("the file names no unit; quantities are taken as ng/µl")
    if all(row.quantity is None for row in measured if row.task is Task.SAMPLE):
        computed = read_off(measured)
        if computed is not None:
            measured = computed
            reader.notes.append("the file gives no quantities of samples; read off its standards")
        elif all(row.quantity is None for row in measured):
            reader.notes.append("the file gives no quantities")
    return QuantificationTable(
        name, found.source, found.head, measured, tuple(reader.curves()), tuple(reader.notes)
    )


def preview(content: bytes, *, name: str, sheet: str = "") -> Sequence[Row]:
    """Return the first rows of a table as they stand, for a person to say what is what.

    Of a workbook the sheet named, else its first; of text by the separator that gives the most
    columns. Raises AnalyzerFileError.
    """
    if kind_of(content).code == "zip":
        sheets = read_workbook(content, name=name)
        return sheets.get(sheet, next(iter(sheets.values())))[:_LOOK_FOR_HEADER]
    text = decode_table(content, name=name).text
    widest: list[Row] = []
    for delimiter in DELIMITERS:
        try:
            rows = list(islice(rows_of(text, delimiter, name=name), _LOOK_FOR_HEADER))
        except AnalyzerFileError:
            continue
        if not widest or max(map(_width, rows), default=0) > max(map(_width, widest), default=0):
            widest = rows
    return widest


def guessed_header(rows: Sequence[Row]) -> Row:
    """Return the row of a preview that looks most like a header: the first with most known columns.

    Where no row has any: the first of those with the most filled cells.
    """

    def known(row: Row) -> tuple[int, int]:
        filled = sum(1 for cell in row.cells if cell)
        return len(guessed_columns(row, name="")), filled

    return max(rows, key=known, default=Row(1, []))


def guessed_columns(row: Row, *, name: str) -> Mapping[str, str]:
    """Return which columns of a header are known by name: the header's text by field."""
    try:
        columns = columns_of(row, name=name)
    except AnalyzerFileError:
        return {}
    found = {field: row.cells[at] for field, at in columns.fields.items() if field in LONG_FIELDS}
    if "target" not in found:
        for target, places in columns.wide.items():
            found |= {f"{target.value} {figure}": row.cells[at] for figure, at in places.items()}
    return found


def _width(row: Row) -> int:
    return len(row.cells)


def _results(content: bytes, name: str, mapping: HeaderMapping | None) -> Results:
    if kind_of(content).code == "zip":
        return _in_workbook(read_workbook(content, name=name), name, mapping)
    text = decode_table(content, name=name).text
    if text.lstrip().startswith("*") or any(
        line.strip().casefold().startswith(_SECTIONS) for line in text.splitlines()
    ):
        return _in_sections(list(rows_of(text, "\t", name=name)), name, mapping)
    return _in_plain_table(text, name, mapping)


def _in_sections(rows: list[Row], name: str, mapping: HeaderMapping | None) -> Results:
    starts = [place for place, row in enumerate(rows) if row.cells[0].casefold() in _SECTIONS]
    if len(starts) != 1:
        sections = ", ".join(row.cells[0] for row in rows if row.cells[0].startswith("["))
        raise AnalyzerFileError(
            name,
            "results-missing" if not starts else "results-twice",
            "whole file",
            "one section [Results]",
            f"sections {sections}" if sections else "no section",
            do="Export the results of one plate, with the section Results ticked.",
        )
    below = rows[starts[0] + 1 :]
    if not below or not any(below[0].cells):
        raise AnalyzerFileError(
            name,
            "results-empty",
            f"line {rows[starts[0]].line + 1}",
            "the names of the columns of [Results]",
            "an empty line" if below else "the end of the file",
        )
    columns = columns_of(below[0], name=name, mapping=mapping)
    if word := lacking(columns):
        raise refuse_lacking(columns, word, name=name, mapping=mapping)
    table = []
    for row in below[1:]:
        if not any(row.cells) or row.cells[0].startswith("["):
            break
        table.append(row)
    return Results("QuantStudio text", head_of(rows[: starts[0]]), columns, table)


def _in_workbook(
    sheets: Mapping[str, list[Row]], name: str, mapping: HeaderMapping | None
) -> Results:
    wanted = (mapping.sheet.strip().casefold(),) if mapping is not None and mapping.sheet else ()
    for title, rows in sheets.items():
        if title.strip().casefold() in (wanted or ("results", "result")):
            head, columns, table = _below_header(rows, name, mapping, sheet=title)
            return Results("QuantStudio workbook", head, columns, table, title)
    if len(sheets) == 1 and not wanted:
        title, rows = next(iter(sheets.items()))
        head, columns, table = _below_header(rows, name, mapping, sheet=title)
        return Results("workbook", head, columns, table, title)
    raise AnalyzerFileError(
        name,
        "results-missing",
        "workbook",
        f'a sheet "{mapping.sheet}"' if mapping is not None and wanted else "a sheet Results",
        "sheets " + ", ".join(f'"{title}"' for title in sheets),
        do="Export the results of the plate, or say in a mapping which sheet holds them.",
    )


def _in_plain_table(text: str, name: str, mapping: HeaderMapping | None) -> Results:
    best: AnalyzerFileError | None = None
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        try:
            rows = list(rows_of(text, delimiter, name=name))
            head, columns, table = _below_header(rows, name, mapping)
            return Results("plain table", head, columns, table)
        except AnalyzerFileError as fault:
            if best is None or best.reason in ("header-missing", "table-damaged"):
                best = fault
    raise best or _no_header(name)


def _below_header(
    rows: Sequence[Row], name: str, mapping: HeaderMapping | None, *, sheet: str = ""
) -> tuple[Mapping[str, str], Columns, list[Row]]:
    """Find the header in a sheet or plain table; its table ends with the first empty row."""
    nearest: Columns | None = None
    for place, row in enumerate(rows[:_LOOK_FOR_HEADER]):
        columns = columns_of(row, name=name, mapping=mapping)
        if not lacking(columns):
            table = []
            for above, below in pairwise(rows[place:]):
                # Sheets leave empty rows out altogether.
                if not any(below.cells) or below.line > above.line + 1:
                    break
                table.append(below)
            return head_of(rows[:place]), columns, table
        found = len(columns.fields) + len(columns.wide)
        if found > (1 if mapping is None else 0) and (
            nearest is None or found > len(nearest.fields) + len(nearest.wide)
        ):
            nearest = columns
    if nearest is None:
        raise _no_header(name)
    raise refuse_lacking(nearest, lacking(nearest), name=name, mapping=mapping, sheet=sheet)


def _no_header(name: str) -> AnalyzerFileError:
    return AnalyzerFileError(
        name,
        "header-missing",
        f"the first {_LOOK_FOR_HEADER} lines",
        "a header with the columns Sample Name, Target Name and Quantity",
        "none",
        do="Export the results again, or save a mapping that names the columns.",
    )
