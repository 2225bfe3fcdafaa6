# SPDX-License-Identifier: Apache-2.0
"""Find the table of results in an export, and what its columns hold."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification.mapping import WIDE_FIELDS, HeaderMapping
from instruments.analyzers.quantification.targets import figure_of_column
from instruments.analyzers.quantification.values import Target
from instruments.analyzers.texts import Row, column_key

_FIELDS = {
    "well": ("wellposition", "well", "wellid", "الحفرة"),
    "sample": ("samplename", "sample", "sampleid", "samplecode", "اسمالعينة", "العينة"),
    "target": ("targetname", "target", "detectorname", "detector", "assay", "الهدف"),
    "task": ("task", "sampletype", "role", "content"),
    "quantity": ("quantity", "qty", "concentration", "conc", "dnaconcentration",
                 "startingquantitysq", "startingquantity", "الكمية", "التركيز"),
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
    missing: str = ""  # the first column of a laboratory's mapping that is not there

    def cell(self, row: Row, name: str) -> str:
        """Return the cell of a field, "" where the table or the row has none."""
        column = self.fields.get(name)
        return row.cells[column] if column is not None and column < len(row.cells) else ""


def columns_of(row: Row, *, name: str, mapping: HeaderMapping | None = None) -> Columns:
    """Tell what the columns of a header hold; raise AnalyzerFileError where two hold the same.

    With a `mapping` only what it says; the columns of standard curves are found all the same.
    """
    if mapping is not None:
        return _mapped(row, mapping, name)
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


def _mapped(row: Row, mapping: HeaderMapping, name: str) -> Columns:
    columns = Columns(row)
    places: dict[str, list[int]] = {}
    for column, text in enumerate(row.cells):
        places.setdefault(column_key(text), []).append(column)
    for word, text in mapping.columns.items():
        found = places.get(column_key(text), [])
        if not found:
            columns.missing = columns.missing or text
            continue
        if len(found) > 1:
            raise _twice(row, found[0], found[1], word, name)
        unit = _UNIT.search(row.cells[found[0]])
        if unit:
            columns.powers[found[0]] = _UNITS[unit[1].lower()]
        if word in WIDE_FIELDS:
            target, figure = WIDE_FIELDS[word]
            columns.wide.setdefault(target, {})[figure] = found[0]
        else:
            columns.fields[word] = found[0]
    for word in ("slope", "intercept", "r_squared", "efficiency"):
        at = [place for key in _FIELDS[word] for place in places.get(key, [])]
        if at:
            columns.fields[word] = at[0]
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
    if columns.missing:
        return "mapped"
    if "sample" not in fields:
        return "sample"
    if "target" not in fields and not columns.wide:
        return "target"
    if "target" in fields and not {"quantity", "ct"} & fields.keys():
        return "quantity"
    return ""


def refuse_lacking(
    columns: Columns,
    word: str,
    *,
    name: str,
    mapping: HeaderMapping | None = None,
    sheet: str = "",
) -> AnalyzerFileError:
    """Return the error for a header without a column that is needed."""
    shown = ", ".join(f'"{cell}"' for cell in columns.row.cells if cell)
    where = f"line {columns.row.line}, the header"
    values: dict[str, str | int] = {"line": columns.row.line, "read": shown[:200]}
    if sheet:
        where = f'sheet "{sheet}", {where}'
        values["sheet"] = sheet
    if mapping is not None:
        values["column"] = columns.missing
    return AnalyzerFileError(
        name,
        f"{word}-column-missing",
        where,
        f'the column "{columns.missing}"' if mapping is not None else f"a column for the {word}",
        f"columns {shown}",
        values=values,
        do="Choose a mapping that names the columns of this file, or save one from it.",
    )


def head_of(rows: Sequence[Row]) -> Mapping[str, str]:
    """Return what the lines above the results say: `* key = value`, or two cells a row."""
    head = {}
    for row in rows:
        cells = [cell for cell in row.cells if cell]
        text = cells[0] if cells else ""
        if text.startswith("#") and ":" in text:
            key, _, value = text[1:].partition(":")
            head[key.strip()] = value.strip()
        elif text.startswith("*") and "=" in text:
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
