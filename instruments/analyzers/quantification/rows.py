# SPDX-License-Identifier: Apache-2.0
"""Read the rows below a header: a figure for each target of each well, or what is wrong."""

from collections.abc import Iterator
from decimal import Decimal

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.header import Columns
from instruments.analyzers.quantification.mapping import UNITS, HeaderMapping
from instruments.analyzers.quantification.targets import target_of
from instruments.analyzers.quantification.values import (
    MeasuredQuantity,
    StandardCurve,
    Target,
    Task,
)
from instruments.analyzers.texts import Row, column_key, decimal_mark, decimal_of
from instruments.analyzers.wells import well_of

_TASKS = {
    "standard": Task.STANDARD,
    "std": Task.STANDARD,
    "ntc": Task.NO_TEMPLATE,
    "notemplatecontrol": Task.NO_TEMPLATE,
    "notemplate": Task.NO_TEMPLATE,
    "negativecontrol": Task.NO_TEMPLATE,
    "unknown": Task.SAMPLE,
    "unkn": Task.SAMPLE,
    "unk": Task.SAMPLE,
    "sample": Task.SAMPLE,
    "": Task.SAMPLE,
}
_NOTHING = frozenset({"", "-", "--", "n/a", "na", "nan", "none", "undetermined", "undet", "und."})
_FIGURES = ("quantity", "ct", "slope", "intercept", "r_squared", "efficiency")
_MOST_CYCLES = 100


class Reader:
    """Reads the rows below a header, by what its columns hold or a laboratory's own mapping."""

    def __init__(
        self,
        name: str,
        columns: Columns,
        rows: list[Row],
        *,
        mark: str | None,
        sheet: str,
        mapping: HeaderMapping | None,
    ) -> None:
        self.name = name
        self.columns = columns
        self.rows = rows
        self.sheet = sheet
        self.mapping = mapping
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
                target=self._target(target),
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
            cycles = self._number(row, ct)
            if cycles is not None and not 0 <= cycles <= _MOST_CYCLES:
                raise self._fault(row, ct, f"a cycle from 0 to {_MOST_CYCLES}", f'"{cycles}"')
            power = columns.powers.get(quantity, self._power()) if quantity is not None else 0
            yield MeasuredQuantity(
                line=row.line,
                well=self._well(row),
                sample=sample,
                target_text=text,
                target=self._target(text),
                task=task,
                quantity=amount.scaleb(power) if amount is not None else None,
                quantity_text=self._text(row, quantity),
                ct=cycles,
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
        task = self.mapping.task_of(text) if self.mapping is not None else None
        if task is None:
            task = _TASKS.get(column_key(text).rstrip("0123456789"))
        if task is None:
            raise self._fault(
                row, self.columns.fields["task"], "UNKNOWN, STANDARD or NTC", f'"{text}"'
            )
        return task

    def _target(self, text: str) -> Target | None:
        own = self.mapping.target_of(text) if self.mapping is not None else None
        return own or target_of(text)

    def _power(self) -> int:
        return UNITS[self.mapping.unit] if self.mapping is not None else 0

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
        if self.sheet:
            where = f'sheet "{self.sheet}", {where}'
            values["sheet"] = self.sheet
        if column is not None:
            values |= {"column": self.columns.row.cells[column], "read": self._text(row, column)}
            where += f', column "{values["column"]}"'
        return AnalyzerFileError(
            self.name,
            reason,
            where,
            expected,
            found,
            values=values,
            do="Correct that cell in the cycler's software and export again.",
        )
