# SPDX-License-Identifier: Apache-2.0
"""Find the table of results in an export, and what its columns hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.targets import figure_of_column
from instruments.analyzers.quantification.values import Target
from instruments.analyzers.texts import Row, column_key

_FIELDS = {
    "well": ("wellposition", "well", "wellid", "الحفرة"),
    "sample": ("samplename", "sample", "sampleid", "samplecode", "اسمالعينة", "العينة"),
    "target": ("targetname", "target", "detectorname", "detector", "assay", "الهدف"),
    "task": ("task", "sampletype", "role"),
    "quantity": ("quantity", "qty", "concentration", "conc", "dnaconcentration",
                 "الكمية", "التركيز"),
    "ct": ("ct", "cq", "cт", "сt", "ст"),
    "omit": ("omit", "omitted"),
    "slope": ("slope", "curveslope"),
    "intercept": ("yintercept", "intercept"),
    "r_squared": ("rsuperscript2", "r2", "rsquared"),
    "efficiency": ("efficiency", "eff"),
}  # fmt: skip
_UNIT = re.compile(r"[\[(]?\s*\b(ng|pg)\s*/\s*[µμu]\s*l\b\s*[\])]?", re.IGNORECASE)
_UNITS = {"ng": 0, "pg": -3}  # powers of ten to ng/µl


@dataclass
class Columns:
    """What the columns hold, counted from 0; `wide` are columns named by a target."""

    row: Row
    fields: dict[str, int] = field(default_factory=dict)
    wide: dict[Target, dict[str, int]] = field(default_factory=dict)
    twins: list[tuple[str, int, int]] = field(default_factory=list)  # the same name twice
    powers: dict[int, int] = field(default_factory=dict)  # of ten, of columns that name a unit

    def cell(self, row: Row, name: str) -> str:
        """Return the cell of a field, "" where the table or the row has none."""
        column = self.fields.get(name)
        return row.cells[column] if column is not None and column < len(row.cells) else ""


def columns_of(row: Row, *, name: str) -> Columns:
    """Tell what the columns of a header hold; raise AnalyzerFileError where two hold the same."""
    columns = Columns(row)
    ranks: dict[str, int] = {}
    for column, text in enumerate(row.cells):
        unit = _UNIT.search(text)
        key = column_key(_UNIT.sub("", text))
        if unit:
            columns.powers[column] = _UNITS[unit[1].lower()]
        word = next((word for word, keys in _FIELDS.items() if key in keys), None)
        if word is None:
            wide = figure_of_column(key)
            if wide is not None:
                target, figure = wide
                places = columns.wide.setdefault(target, {})
                if figure in places:
                    raise _twice(row, places[figure], column, f"{figure} of {target}", name)
                places[figure] = column
            continue
        rank = _FIELDS[word].index(key)
        if word in ranks:
            if rank == ranks[word]:
                columns.twins.append((word, columns.fields[word], column))
            if rank >= ranks[word]:
                continue
        ranks[word] = rank
        columns.fields[word] = column
    return columns


def refuse_unlike_twins(columns: Columns, rows: Sequence[Row], *, name: str) -> None:
    """Raise AnalyzerFileError where two columns of one name do not say the same in every row.

    QuantStudio exports may repeat Target Name and Task at the end of each row.
    """
    for word, first, second in columns.twins:
        for row in rows:
            cells = [*row.cells, *[""] * (second + 1 - len(row.cells))]
            if cells[first] != cells[second]:
                raise _twice(columns.row, first, second, word, name)


def lacking(columns: Columns) -> str:
    """Name the first thing that a table of quantities needs and this header lacks; "" if none."""
    fields = columns.fields
    if "sample" not in fields:
        return "sample"
    if "target" not in fields and not columns.wide:
        return "target"
    if "target" in fields and not {"quantity", "ct"} & fields.keys():
        return "quantity"
    return ""


def refuse_lacking(columns: Columns, word: str, *, name: str) -> AnalyzerFileError:
    """Return the error for a header without a column that is needed."""
    shown = ", ".join(f'"{cell}"' for cell in columns.row.cells if cell)
    return AnalyzerFileError(
        name,
        f"{word}-column-missing",
        f"line {columns.row.line}, the header",
        f"a column for the {word}",
        f"columns {shown}",
        values={"line": columns.row.line},
    )


def head_of(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return what the lines above the results say: `* key = value`, or two cells a row."""
    head = {}
    for row in rows:
        cells = [cell for cell in row.cells if cell]
        text = cells[0] if cells else ""
        if text.startswith("*") and "=" in text:
            key, _, value = text[1:].partition("=")
            head[key.strip()] = value.strip()
        elif len(cells) == 2 and row.cells[0]:
            head[cells[0]] = cells[1]
    return head


def _twice(row: Row, first: int, second: int, what: str, name: str) -> AnalyzerFileError:
    return AnalyzerFileError(
        name,
        "column-twice",
        f"line {row.line}, the header",
        f"one column for the {what}",
        f'both "{row.cells[first]}" (column {first + 1}) and '
        f'"{row.cells[second]}" (column {second + 1})',
        values={"first": row.cells[first], "second": row.cells[second]},
    )
