# SPDX-License-Identifier: Apache-2.0
"""Read the cells of an .xlsx workbook as the text that stands in the file, numbers included.

Spreadsheet libraries turn numbers into binary fractions; a figure that is evidence is wanted as it
was written. Format: ECMA-376 part 1, sections 18.3 and 18.4, as far as exports use it.
"""

import re
import zipfile
import zlib
from collections.abc import Mapping
from io import BytesIO
from typing import NoReturn
from xml.etree import ElementTree

from instruments.analyzers.contents import LARGEST_FILE, refuse_too_large
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.texts import Row, clean
from instruments.analyzers.xml_parts import local as _local
from instruments.analyzers.xml_parts import parse_xml

_MOST_COLUMNS = 512
_MOST_CELLS = 2_000_000
_PLACE = re.compile(r"([A-Z]{1,3})([1-9]\d{0,6})")
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def read_workbook(content: bytes, *, name: str) -> Mapping[str, list[Row]]:
    """Return the rows of each sheet, by the sheet's name, in the workbook's order.

    Cells are text: numbers as written in the file, empty ones as "". Raises AnalyzerFileError for
    what is no workbook, and for one that unpacks to more than any export holds.
    """
    refuse_too_large(content, name=name)
    try:
        with zipfile.ZipFile(BytesIO(content)) as archive:
            return _Workbook(archive, name).sheets()
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        _refuse(name, "whole file", f"an archive that cannot be opened ({fault})")
    except (UnicodeDecodeError, OSError, ValueError) as fault:
        _refuse(name, "archive", f"a damaged directory of parts ({fault})")


class _Workbook:
    """The parts of one open workbook."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.left = LARGEST_FILE  # bytes that may still be unpacked
        self.cells = 0

    def sheets(self) -> dict[str, list[Row]]:
        targets = {
            relation.get("Id", ""): relation.get("Target", "")
            for relation in self._part("xl/_rels/workbook.xml.rels")
        }
        book = self._part("xl/workbook.xml")
        strings = self._strings()
        found: dict[str, list[Row]] = {}
        for sheet in book.iter():
            if _local(sheet) != "sheet":
                continue
            target = targets.get(sheet.get(_RELATION, ""), "")
            path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            if path in self.archive.namelist():
                found[sheet.get("name", "")] = self._rows(self._part(path), strings)
        if not found:
            _refuse(self.name, "workbook", "no sheet")
        return found

    def _part(self, path: str) -> ElementTree.Element:
        try:
            part = self.archive.getinfo(path)
        except KeyError:
            _refuse(self.name, "archive", f"no part {path}: not a workbook")
        with self.archive.open(part) as stream:
            content = stream.read(self.left + 1)
        self.left -= len(content)
        if self.left < 0:
            _refuse(self.name, path, f"more than {LARGEST_FILE} bytes when unpacked")
        try:
            return parse_xml(content)
        except ValueError as fault:
            _refuse(self.name, path, str(fault))

    def _strings(self) -> list[str]:
        if "xl/sharedStrings.xml" not in self.archive.namelist():
            return []
        return [_text(item) for item in self._part("xl/sharedStrings.xml") if _local(item) == "si"]

    def _rows(self, sheet: ElementTree.Element, strings: list[str]) -> list[Row]:
        rows = []
        line = 0
        for row in sheet.iter():
            if _local(row) != "row":
                continue
            told = row.get("r", "")
            line = int(told) if told.isascii() and told.isdigit() and len(told) < 8 else line + 1
            cells: dict[int, str] = {}
            column = -1
            for cell in row:
                if _local(cell) != "c":
                    continue
                place = _PLACE.fullmatch(cell.get("r", ""))
                column = _column(place[1]) if place else column + 1
                if column >= _MOST_COLUMNS:
                    _refuse(self.name, f"row {line}", f"more than {_MOST_COLUMNS} columns")
                cells[column] = clean(self._value(cell, strings, line))
            width = max((number for number, text in cells.items() if text), default=-1) + 1
            self.cells += width
            if self.cells > _MOST_CELLS:
                _refuse(self.name, f"row {line}", f"more than {_MOST_CELLS} cells")
            rows.append(Row(line, [cells.get(number, "") for number in range(width)]))
        return rows

    def _value(self, cell: ElementTree.Element, strings: list[str], line: int) -> str:
        kind = cell.get("t", "n")
        if kind == "inlineStr":
            return _text(cell)
        value = next((part.text or "" for part in cell if _local(part) == "v"), "")
        if kind == "s":
            if not (value.isascii() and value.isdigit() and int(value) < len(strings)):
                _refuse(self.name, f"row {line}", f"a text number {value[:20]} that is not there")
            return strings[int(value)]
        if kind == "b":
            return "true" if value == "1" else "false"
        return value


def _text(element: ElementTree.Element) -> str:
    """Join the runs of a rich text, without the readings that East Asian text carries."""
    parts = []
    for part in element:
        if _local(part) == "t":
            parts.append(part.text or "")
        elif _local(part) in ("r", "is"):
            parts.append(_text(part))
    return "".join(parts)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _refuse(name: str, where: str, found: str) -> NoReturn:
    raise AnalyzerFileError(name, "workbook-damaged", where, "an .xlsx workbook", found)
