# SPDX-License-Identifier: Apache-2.0
"""Read quantities: QuantStudio text and workbooks, and plain tables of any separator."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from instruments.analyzers.contents import kind_of
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.header import (
    Columns,
    columns_of,
    head_of,
    lacking,
    refuse_lacking,
    refuse_unlike_twins,
)
from instruments.analyzers.quantification.targets import target_of
from instruments.analyzers.quantification.values import (
    MeasuredQuantity,
    QuantificationTable,
    StandardCurve,
    Task,
)
from instruments.analyzers.texts import (
    DELIMITERS,
    Row,
    column_key,
    decimal_mark,
    decimal_of,
    decode_table,
    rows_of,
)
from instruments.analyzers.wells import well_of
from instruments.analyzers.workbooks import read_workbook

_LOOK_FOR_HEADER = 100  # lines of a plain table
_SECTIONS = ("[results]", "[result]")
_TASKS = {
    "standard": Task.STANDARD,
    "std": Task.STANDARD,
    "ntc": Task.NO_TEMPLATE,
    "notemplatecontrol": Task.NO_TEMPLATE,
    "negativecontrol": Task.NO_TEMPLATE,
    "unknown": Task.SAMPLE,
    "sample": Task.SAMPLE,
    "": Task.SAMPLE,
}
_NOTHING = frozenset({"", "-", "--", "n/a", "na", "nan", "none", "undetermined", "undet", "und."})
_FIGURES = ("quantity", "ct", "slope", "intercept", "r_squared", "efficiency")


def read_quantities(content: bytes, *, name: str) -> QuantificationTable:
    """Read a table of quantities (ng/µl) and threshold cycles by the names of its columns.

    Takes QuantStudio and ViiA 7 exports as text (the [Results] section) or .xlsx (the Results
    sheet), and plain tables: a row per well and target, or a row per well with columns named by
    target. Quantities in columns that name pg/µl are converted. Raises AnalyzerFileError naming
    line and column for a table without results, sample, target or figures, for a figure that is
    no number, and for one well and target twice.
    """
    source, head, columns, rows = _results(content, name)
    refuse_unlike_twins(columns, rows, name=name)
    reader = _Reader(name, columns, rows, None if "workbook" not in source else ".")
    measured = tuple(reader.measured())
    if not measured:
        raise AnalyzerFileError(
            name, "results-empty", f"below line {columns.row.line}", "at least one result", "none"
        )
    if not columns.powers and any(row.quantity is not None for row in measured):
        reader.notes.append("the file names no unit; quantities are taken as ng/µl")
    if all(row.quantity is None for row in measured):
        reader.notes.append("the file gives no quantities")
    return QuantificationTable(
        name, source, head, measured, tuple(reader.curves()), tuple(reader.notes)
    )


def _results(content: bytes, name: str) -> tuple[str, Mapping[str, str], Columns, list[Row]]:
    if kind_of(content).code == "zip":
        return _in_workbook(read_workbook(content, name=name), name)
    text = decode_table(content, name=name).text
    if text.lstrip().startswith("*") or any(
        line.strip().casefold().startswith(_SECTIONS) for line in text.splitlines()
    ):
        return _in_sections(list(rows_of(text, "\t", name=name)), name)
    return _in_plain_table(text, name)


def _in_sections(rows: list[Row], name: str) -> tuple[str, Mapping[str, str], Columns, list[Row]]:
    starts = [place for place, row in enumerate(rows) if row.cells[0].casefold() in _SECTIONS]
    if len(starts) != 1:
        sections = ", ".join(row.cells[0] for row in rows if row.cells[0].startswith("["))
        raise AnalyzerFileError(
            name,
            "results-missing" if not starts else "results-twice",
            "whole file",
            "one section [Results]",
            f"sections {sections}" if sections else "no section",
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
    columns = columns_of(below[0], name=name)
    if word := lacking(columns):
        raise refuse_lacking(columns, word, name=name)
    table = []
    for row in below[1:]:
        if not any(row.cells) or row.cells[0].startswith("["):
            break
        table.append(row)
    return "QuantStudio text", head_of(rows[: starts[0]]), columns, table


def _in_workbook(
    sheets: Mapping[str, list[Row]], name: str
) -> tuple[str, Mapping[str, str], Columns, list[Row]]:
    for title, rows in sheets.items():
        if title.strip().casefold() in ("results", "result"):
            head, columns, table = _below_header(rows, name)
            return "QuantStudio workbook", head, columns, table
    if len(sheets) == 1:
        head, columns, table = _below_header(next(iter(sheets.values())), name)
        return "workbook", head, columns, table
    raise AnalyzerFileError(
        name,
        "results-missing",
        "workbook",
        "a sheet Results",
        "sheets " + ", ".join(f'"{title}"' for title in sheets),
    )


def _in_plain_table(text: str, name: str) -> tuple[str, Mapping[str, str], Columns, list[Row]]:
    best: AnalyzerFileError | None = None
    for delimiter in DELIMITERS:
        if delimiter not in text:
            continue
        try:
            rows = list(rows_of(text, delimiter, name=name))
            head, columns, table = _below_header(rows, name)
            return "plain table", head, columns, table
        except AnalyzerFileError as fault:
            if best is None or best.reason in ("header-missing", "table-damaged"):
                best = fault
    raise best or _no_header(name)


def _below_header(rows: Sequence[Row], name: str) -> tuple[Mapping[str, str], Columns, list[Row]]:
    """Find the header in a sheet or plain table; its table ends with the first empty row."""
    nearest: Columns | None = None
    for place, row in enumerate(rows[:_LOOK_FOR_HEADER]):
        columns = columns_of(row, name=name)
        if not lacking(columns):
            table = []
            for above, below in pairwise(rows[place:]):
                # Sheets leave empty rows out altogether.
                if not any(below.cells) or below.line > above.line + 1:
                    break
                table.append(below)
            return head_of(rows[:place]), columns, table
        if len(columns.fields) > 1 and (
            nearest is None or len(columns.fields) > len(nearest.fields)
        ):
            nearest = columns
    if nearest is None:
        raise _no_header(name)
    raise refuse_lacking(nearest, lacking(nearest), name=name)


def _no_header(name: str) -> AnalyzerFileError:
    return AnalyzerFileError(
        name,
        "header-missing",
        f"the first {_LOOK_FOR_HEADER} lines",
        "a header with the columns Sample Name, Target Name and Quantity",
        "none",
    )


class _Reader:
    """Reads the rows below a header."""

    def __init__(self, name: str, columns: Columns, rows: list[Row], mark: str | None) -> None:
        self.name = name
        self.columns = columns
        self.rows = rows
        self.notes: list[str] = []
        self.mark = mark or self._decimal_mark()

    def measured(self) -> Iterator[MeasuredQuantity]:
        """Yield each target of each well; empty wells have none."""
        seen: dict[tuple[str | None, str, str], int] = {}
        for row in self.rows:
            for measured in self._measured(row):
                key = (
                    measured.well,
                    "" if measured.well else measured.sample,
                    measured.target or measured.target_text,
                )
                if key in seen:
                    raise self._fault(
                        row,
                        None,
                        "one row for each well and target",
                        f"{measured.target_text} of {measured.well or measured.sample} again, "
                        f"after line {seen[key]}",
                        "row-repeated",
                        earlier=seen[key],
                    )
                seen[key] = row.line
                yield measured

    def curves(self) -> Iterator[StandardCurve]:
        """Yield the standard curve of each target that has one."""
        found: dict[str, StandardCurve] = {}
        for row in self.rows:
            target, slope = self.columns.cell(row, "target"), self._figure(row, "slope")
            if not target or slope is None:
                continue
            curve = StandardCurve(
                target_text=target,
                target=target_of(target),
                slope=slope,
                intercept=self._figure(row, "intercept"),
                r_squared=self._figure(row, "r_squared"),
                efficiency_percent=self._figure(row, "efficiency"),
            )
            if found.setdefault(target, curve) != curve:
                raise self._fault(
                    row,
                    self.columns.fields["slope"],
                    f"the one standard curve of {target}",
                    f"slope {slope} beside {found[target].slope}",
                    "curve-contradicts",
                )
        yield from found.values()

    def _measured(self, row: Row) -> Iterator[MeasuredQuantity]:
        columns = self.columns
        sample, target_text = columns.cell(row, "sample"), columns.cell(row, "target")
        task = self._task(row)
        if "target" in columns.fields:
            texts = {target_text: {name: columns.fields.get(name) for name in ("quantity", "ct")}}
            if not target_text:
                if self._text(row, columns.fields.get("quantity")):
                    raise self._fault(row, columns.fields["target"], "a target", "an empty cell")
                return
        else:
            texts = {
                str(target): {name: places.get(name) for name in ("quantity", "ct")}
                for target, places in columns.wide.items()
            }
            if not any(
                self._text(row, place) for places in texts.values() for place in places.values()
            ):
                return
        if not sample and task is Task.SAMPLE:
            raise self._fault(row, columns.fields["sample"], "a sample name", "an empty cell")
        for text, places in texts.items():
            quantity, ct = places["quantity"], places["ct"]
            amount = self._number(row, quantity)
            if amount is not None and amount < 0:
                raise self._fault(row, quantity, "no negative quantity", f'"{amount}"')
            power = columns.powers.get(quantity, 0) if quantity is not None else 0
            yield MeasuredQuantity(
                line=row.line,
                well=self._well(row),
                sample=sample,
                target_text=text,
                target=target_of(text),
                task=task,
                quantity=amount.scaleb(power) if amount is not None else None,
                quantity_text=self._text(row, quantity),
                ct=self._number(row, ct),
                ct_text=self._text(row, ct),
                omitted=columns.cell(row, "omit").casefold() in ("true", "yes", "1", "x"),
            )

    def _well(self, row: Row) -> str | None:
        text = self.columns.cell(row, "well")
        if not text:
            return None
        well = well_of(text)
        if well is None:
            raise self._fault(row, self.columns.fields["well"], "a well such as A1", f'"{text}"')
        return well

    def _task(self, row: Row) -> Task:
        text = self.columns.cell(row, "task")
        task = _TASKS.get(column_key(text))
        if task is None:
            raise self._fault(
                row, self.columns.fields["task"], "UNKNOWN, STANDARD or NTC", f'"{text}"'
            )
        return task

    def _figure(self, row: Row, name: str) -> Decimal | None:
        return self._number(row, self.columns.fields.get(name))

    def _number(self, row: Row, column: int | None) -> Decimal | None:
        text = self._text(row, column)
        if text.casefold() in _NOTHING:
            return None
        try:
            return decimal_of(text, self.mark)
        except ValueError as fault:
            raise self._fault(row, column, "a number", f'"{text}" ({fault})') from None

    def _text(self, row: Row, column: int | None) -> str:
        return row.cells[column] if column is not None and column < len(row.cells) else ""

    def _decimal_mark(self) -> str | None:
        columns = [self.columns.fields[name] for name in _FIGURES if name in self.columns.fields]
        columns += [place for places in self.columns.wide.values() for place in places.values()]
        try:
            return decimal_mark(self._text(row, place) for row in self.rows for place in columns)
        except ValueError as fault:
            raise AnalyzerFileError(
                self.name,
                "decimal-marks-mixed",
                "columns of figures",
                "one decimal mark in the whole table",
                str(fault),
            ) from None

    def _fault(
        self,
        row: Row,
        column: int | None,
        expected: str,
        found: str,
        reason: str = "cell-damaged",
        **values: str | int,
    ) -> AnalyzerFileError:
        where = f"line {row.line}"
        values["line"] = row.line
        if column is not None:
            values |= {"column": self.columns.row.cells[column], "read": self._text(row, column)}
            where += f', column "{values["column"]}"'
        return AnalyzerFileError(self.name, reason, where, expected, found, values=values)
