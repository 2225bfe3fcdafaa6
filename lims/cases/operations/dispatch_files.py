# SPDX-License-Identifier: Apache-2.0
"""Files of dispatch lists: text tables in many encodings, workbooks, and the template."""

import csv
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from io import BytesIO, StringIO
from xml.etree.ElementTree import ParseError

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter
from openpyxl.utils.exceptions import InvalidFileException

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.texts import DELIMITERS, clean, decode_table, rows_of
from lims.cases.rules.dispatch_columns import COLUMNS, TEMPLATE_HEADERS
from lims.cases.rules.dispatch_lists import read_rows
from lims.cases.rules.dispatch_rows import ReadList, TableRow
from lims.cases.rules.dispatches import ListRefused
from lims.core.words import N_, Say
from lims.people.rules import Line

LARGEST_LIST_MB = 8
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 5_000, 100, 200_000
MOST_UNPACKED = 64 << 20
"""Bytes that a workbook may unpack to: a list of 5,000 rows has some two million."""
LARGEST_WHOLE = 10**11
"""From here on a spreadsheet shows a whole number shortened, and after 10^15 it has lost digits."""

_PADDED = re.compile(r"0{2,20}")
_SHORTENED = re.compile(r"[Ee][+-]")
_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z0-9:]{1,30})"')
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError,
    ValueError, KeyError, TypeError, IndexError, AttributeError, ParseError, InvalidFileException,
)  # fmt: skip
"""What openpyxl raises for a damaged workbook: it lets through whatever breaks inside it."""


def read_list(
    content: bytes, *, name: str, line: Line, mapping: Mapping[str, str] | None = None
) -> ReadList:
    """Read a file as a dispatch list of a line, each row with its verdict.

    Taken: text parted by comma, semicolon or tab (UTF-8, UTF-16, Windows-1256), and .xlsx. Raises
    ListRefused, which names the place where it can.
    """
    return read_rows(read_table(content, name=name), line=line, mapping=mapping)


def read_table(content: bytes, *, name: str) -> tuple[TableRow, ...]:
    """Read the cells of a text table or workbook as text. Raises ListRefused."""
    if len(content) > LARGEST_LIST_MB * 1_000_000:
        raise _refused(N_("it is larger than %(mb)s MB"), mb=LARGEST_LIST_MB)
    rows = _workbook(content) if content.startswith(b"PK") else _text(content, name)
    found: list[TableRow] = []
    cells = 0
    for row in rows:
        cells += len(row.cells)
        if row.line > MOST_ROWS:
            raise _refused(N_("it has more than %(most)s rows"), most=MOST_ROWS)
        if len(row.cells) > MOST_COLUMNS:
            raise _refused(N_("it has more than %(most)s columns"), most=MOST_COLUMNS)
        if cells > MOST_CELLS:
            raise _refused(N_("it has more than %(most)s cells"), most=MOST_CELLS)
        if any(row.cells) or row.faults:
            found.append(row)
    return tuple(found)


def template(line: Line, language: str, *, workbook: bool) -> bytes:
    """Return the file that a sender fills in: a header in a language, nothing under it."""
    headers = [TEMPLATE_HEADERS[language][column] for column in COLUMNS[line]]
    if not workbook:
        out = StringIO()
        csv.writer(out).writerow(headers)
        # The mark tells spreadsheets that it is UTF-8.
        return b"\xef\xbb\xbf" + out.getvalue().encode()
    book = Workbook()
    sheet = book.active
    if sheet is None:
        raise TypeError("a new workbook without a sheet")
    sheet.sheet_view.rightToLeft = language == "ar"
    for place, header in enumerate(headers, start=1):
        cell = sheet.cell(1, place, header)
        letter = get_column_letter(place)
        sheet.column_dimensions[letter].width = max(14, len(header) + 4)
        # Text, so that no number is shortened and no number becomes a day.
        sheet.column_dimensions[letter].number_format = "@"
        cell.number_format = "@"
    stored = BytesIO()
    book.save(stored)
    return stored.getvalue()


def _text(content: bytes, name: str) -> Iterator[TableRow]:
    try:
        text = decode_table(content, name=name).text
        for row in rows_of(text, _delimiter(text), name=name):
            yield TableRow(row.line, tuple(row.cells))
    except AnalyzerFileError as fault:
        if fault.reason == "not-text-empty":
            raise _refused(N_("it is empty")) from None
        if fault.reason == "table-damaged":
            raise _refused(
                N_("row %(row)s cannot be parted into cells: a quotation mark stands alone"),
                row=fault.values.get("line", 0),
            ) from None
        raise _refused(N_("it is neither a text table nor an .xlsx workbook")) from None


def _delimiter(text: str) -> str:
    """Return the separator that parts the first lines into most cells."""
    head = text.splitlines()[:10]
    return max(DELIMITERS, key=lambda mark: max(line.count(mark) for line in head))


def _workbook(content: bytes) -> Iterator[TableRow]:
    _check_archive(content)
    try:
        book = load_workbook(BytesIO(content), read_only=True, keep_links=False)
        filled = []
        for sheet in book.worksheets:
            # The size that a sheet claims may be anything; the rows themselves are counted.
            sheet.reset_dimensions()
            rows = list(_rows(sheet.iter_rows()))
            if any(any(row.cells) or row.faults for row in rows):
                filled.append(rows)
        book.close()
    except _DAMAGED as fault:
        raise _refused(N_("it is no whole .xlsx workbook")) from fault
    if not filled:
        raise _refused(N_("it is empty"))
    if len(filled) > 1:
        raise _refused(N_("the workbook has more than one filled sheet"))
    yield from filled[0]


def _check_archive(content: bytes) -> None:
    """Refuse what unpacks to more than any list, declares entities, or has merged cells."""
    left = MOST_UNPACKED
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            if "xl/workbook.xml" not in archive.namelist():
                raise _refused(N_("it is neither a text table nor an .xlsx workbook"))
            for part in archive.infolist():
                with archive.open(part) as stream:
                    unpacked = stream.read(left + 1)
                left -= len(unpacked)
                if left < 0:
                    raise _refused(N_("it unpacks to more than %(mb)s MB"), mb=MOST_UNPACKED >> 20)
                if b"<!DOCTYPE" in unpacked or b"<!ENTITY" in unpacked:
                    raise _refused(N_("it is no whole .xlsx workbook"))
                merged = _MERGED.search(unpacked) if part.filename.endswith(".xml") else None
                if merged:
                    raise _refused(
                        N_("cells %(cells)s are merged: each row needs its own"),
                        cells=merged[1].decode(),
                    )
    except _DAMAGED as fault:
        raise _refused(N_("it is no whole .xlsx workbook")) from fault


def _rows(rows: Iterator[tuple[Cell | MergedCell, ...]]) -> Iterator[TableRow]:
    for line, row in enumerate(rows, start=1):
        if line > MOST_ROWS:
            raise _refused(N_("it has more than %(most)s rows"), most=MOST_ROWS)
        if len(row) > MOST_COLUMNS and any(cell.value is not None for cell in row[MOST_COLUMNS:]):
            raise _refused(N_("it has more than %(most)s columns"), most=MOST_COLUMNS)
        texts: list[str] = []
        faults: dict[int, Say] = {}
        dates: dict[int, str] = {}
        for place, cell in enumerate(row[:MOST_COLUMNS]):
            name = f"{get_column_letter(place + 1)}{line}"
            text, fault = _cell(cell, name)
            texts.append(clean(text))
            if fault is not None:
                faults[place] = fault
            elif isinstance(cell.value, date | time):
                dates[place] = name
        while texts and not texts[-1] and len(texts) - 1 not in faults:
            texts.pop()
        yield TableRow(line, tuple(texts), faults, dates)


def _cell(cell: Cell | MergedCell, name: str) -> tuple[str, Say | None]:
    """Return the text of a cell, or why there is none."""
    value = cell.value
    if value is None:
        return "", None
    if cell.data_type == "f" or not isinstance(value, str | int | float | date | time):
        return "", Say(N_("cell %(cell)s holds a formula: write what it comes to"), {"cell": name})
    if cell.data_type == "e":
        return "", Say(N_("cell %(cell)s holds an error of the spreadsheet"), {"cell": name})
    if isinstance(value, str):
        return value, None
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" "), None
    if isinstance(value, date | time):
        return value.isoformat(), None
    if isinstance(value, bool):
        return str(value).upper(), None
    return _number(value, str(cell.number_format or ""), name)


def _number(value: int | float, shown_as: str, name: str) -> tuple[str, Say | None]:
    if abs(value) >= LARGEST_WHOLE or _SHORTENED.search(shown_as):
        return "", Say(
            N_("cell %(cell)s is a number that the spreadsheet has shortened: make the cell text"
               " and write it again"), {"cell": name},
        )  # fmt: skip
    if value != int(value):
        # Twelve digits: what a person wrote, without the noise of the binary fraction.
        return f"{value:.12g}", None
    text = str(int(value))
    return (text.zfill(len(shown_as)), None) if _PADDED.fullmatch(shown_as) else (text, None)


def _refused(text: str, **values: str | int) -> ListRefused:
    return ListRefused(why=Say(text, values))
