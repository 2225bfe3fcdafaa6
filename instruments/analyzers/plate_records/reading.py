# SPDX-License-Identifier: Apache-2.0
"""Read a plate record of any of the instruments: head, columns, rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.plate_records.fields import (
    HEAD_KEYS,
    NAME_KEYS,
    OPERATOR_KEYS,
    OWNER_KEYS,
    PLATE_KEYS,
    SIZE_OF_PLATE_KEYS,
    TYPE_KEYS,
    WELL_KEYS,
)
from instruments.analyzers.plate_records.lines import (
    RawLine,
    RawText,
    find_columns,
    raw_text,
    said,
    split_cells,
)
from instruments.analyzers.texts import column_key
from instruments.analyzers.wells import well_of


@dataclass(frozen=True)
class RecordRow:
    """One well's line: the well as A01, its name, the cells as written, what ends the line."""

    line: int
    well: str
    name: str
    cells: tuple[str, ...]
    end: str


@dataclass(frozen=True)
class PlateRecord:
    """A plate record as it stands in a file."""

    text: RawText
    delimiter: str
    # Place in `text.lines` of the line that names the columns, and the keys of its columns.
    header: int
    columns: tuple[str, ...]
    keys: tuple[str, ...]
    rows: tuple[RecordRow, ...]
    # Key of a head cell to its line's place and its own.
    head: Mapping[str, tuple[int, int]]
    head_values: Mapping[str, str]
    # 96 or 384: what the head says, else what the wells show.
    size: int

    @property
    def plate(self) -> str:
        """The plate's name."""
        return self._first(PLATE_KEYS)

    @property
    def owner(self) -> str:
        """The plate's owner, '' where none is named."""
        return self._first(OWNER_KEYS)

    @property
    def operator(self) -> str:
        """The operator, '' where none is named."""
        return self._first(OPERATOR_KEYS)

    def column(self, keys: Sequence[str]) -> int | None:
        """Return the place of the first column that has one of these keys."""
        return next((place for place, key in enumerate(self.keys) if key in keys), None)

    def cell(self, row: RecordRow, keys: Sequence[str]) -> str:
        """Return what a row says in a column, '' without such a column."""
        place = self.column(keys)
        return said(row.cells[place]) if place is not None and place < len(row.cells) else ""

    def sample_type(self, row: RecordRow) -> str:
        """Return the sample type of a row as it is written."""
        return self.cell(row, TYPE_KEYS)

    def _first(self, keys: Sequence[str]) -> str:
        return next((v for key in keys if (v := self.head_values.get(key, ""))), "")


def read_plate_record(content: bytes, *, name: str) -> PlateRecord:
    """Read a plate record; every error names the line, the column, and what is expected there.

    Raises AnalyzerFileError: no text, no columns, a column twice, a row longer than the columns, a
    well that is none, stands twice or outside the plate.
    """
    text = raw_text(content, name=name)
    header, delimiter = find_columns(text, WELL_KEYS, NAME_KEYS, name=name)
    columns = [said(cell) for cell in split_cells(text.lines[header], delimiter, name=name)]
    keys = [column_key(column) for column in columns]
    _refuse_twice(text.lines[header], columns, keys, name)
    head, values = _head(text, header, delimiter, name)
    rows = _rows(text, header, delimiter, columns, keys, name)
    size = _size(values, rows, text.lines[header], name)
    return PlateRecord(
        text, delimiter, header, tuple(columns), tuple(keys), rows, MappingProxyType(head),
        MappingProxyType(values), size,
    )  # fmt: skip


def _refuse_twice(line: RawLine, columns: list[str], keys: list[str], name: str) -> None:
    for meanings in (WELL_KEYS, NAME_KEYS, TYPE_KEYS):
        found = [column for column, key in zip(columns, keys, strict=True) if key in meanings]
        if len(found) > 1 and len({column_key(each) for each in found}) == 1:
            raise AnalyzerFileError(
                name, "column-twice", f"line {line.number}", "each column once", f'"{found[0]}"',
                values={"line": line.number, "column": found[0]},
            )  # fmt: skip


def _head(
    text: RawText, header: int, delimiter: str, name: str
) -> tuple[dict[str, tuple[int, int]], dict[str, str]]:
    """Return where the head's values stand: below their names, or beside them."""
    lines = [split_cells(line, delimiter, name=name) for line in text.lines[:header]]
    spots: dict[str, tuple[int, int]] = {}
    values: dict[str, str] = {}
    for place, cells in enumerate(lines):
        below = lines[place + 1] if place + 1 < len(lines) else []
        beside = not below or column_key(said(below[0])) in HEAD_KEYS
        for at, cell in enumerate(cells):
            key = column_key(said(cell))
            if key not in HEAD_KEYS or key in spots or (place, at) in spots.values():
                continue
            spot = (place, at + 1) if beside and at + 1 < len(cells) else (place + 1, at)
            if spot[0] >= len(lines) or spot[1] >= len(lines[spot[0]]):
                continue
            spots[key] = spot
            values[key] = said(lines[spot[0]][spot[1]])
    return spots, values


def _rows(
    text: RawText, header: int, delimiter: str, columns: list[str], keys: list[str], name: str
) -> tuple[RecordRow, ...]:
    well_at = next(place for place, key in enumerate(keys) if key in WELL_KEYS)
    name_at = next(place for place, key in enumerate(keys) if key in NAME_KEYS)
    rows: list[RecordRow] = []
    seen: dict[str, int] = {}
    for line in text.lines[header + 1 :]:
        if line.is_empty:
            continue
        cells = split_cells(line, delimiter, name=name)
        if any(said(cell) for cell in cells[len(columns) :]):
            raise AnalyzerFileError(
                name, "row-too-long", f"line {line.number}",
                f"at most {len(columns)} cells, as in the line of columns", f"{len(cells)}",
                values={"line": line.number, "most": len(columns), "count": len(cells)},
            )  # fmt: skip
        read = said(cells[well_at]) if well_at < len(cells) else ""
        well = well_of(read)
        where = f"line {line.number}, column {columns[well_at]}"
        if well is None:
            raise AnalyzerFileError(
                name, "well-unknown", where, "a well such as A01", f'"{read}"',
                values={"line": line.number, "column": columns[well_at], "read": read[:40]},
            )  # fmt: skip
        if well in seen:
            raise AnalyzerFileError(
                name, "well-twice", where, "one line for each well",
                f"{well} again, after line {seen[well]}",
                values={"line": line.number, "read": well, "first": seen[well]},
            )  # fmt: skip
        seen[well] = line.number
        called = said(cells[name_at]) if name_at < len(cells) else ""
        rows.append(RecordRow(line.number, well, called, tuple(cells), line.end))
    return tuple(rows)


def _size(values: Mapping[str, str], rows: Sequence[RecordRow], header: RawLine, name: str) -> int:
    beyond = next((row for row in rows if row.well[0] > "H" or int(row.well[1:]) > 12), None)
    for key in SIZE_OF_PLATE_KEYS:
        text = values.get(key, "")
        size = 384 if "384" in text else 96 if "96" in text else 0
        if size == 96 and beyond is not None:
            raise AnalyzerFileError(
                name, "well-outside", f"line {beyond.line}", "a well of a plate with 96 wells",
                beyond.well, values={"line": beyond.line, "read": beyond.well},
            )  # fmt: skip
        if size:
            return size
    return 96 if beyond is None else 384
