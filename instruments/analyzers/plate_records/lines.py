# SPDX-License-Identifier: Apache-2.0
"""A text table that can be put together again byte for byte: encoding, line ends, quotes kept."""

import codecs
import re
from dataclasses import dataclass

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.texts import DELIMITERS, clean, column_key, decode_table

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r)|([^\r\n]+)\Z")
_MARKS = {
    "utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE,
}  # fmt: skip


@dataclass(frozen=True)
class RawLine:
    """One line: its number from 1, its text, and what ends it ('' at the end of the file)."""

    number: int
    text: str
    end: str

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands in it but separators."""
        return not self.text.strip(' \t,;"')


@dataclass(frozen=True)
class RawText:
    """A file's lines, and what turns text into its bytes."""

    lines: tuple[RawLine, ...]
    codec: str
    mark: bytes

    def encoded(self, text: str) -> bytes:
        """Return the bytes of a text. Raises UnicodeEncodeError for what the file cannot hold."""
        return self.mark + text.encode(self.codec)


def raw_text(content: bytes, *, name: str) -> RawText:
    """Take a text file apart. Raises AnalyzerFileError for what is no text."""
    decoded = decode_table(content, name=name)
    codec = decoded.encoding.removesuffix(" with mark").replace("windows-", "cp")
    mark = _MARKS[codec] if decoded.encoding.endswith(" with mark") else b""
    lines = tuple(
        RawLine(number, match[1] if match[2] else match[3], match[2] or "")
        for number, match in enumerate(_LINE.finditer(decoded.text), start=1)
    )
    made = RawText(lines, codec, mark)
    if made.encoded("".join(line.text + line.end for line in lines)) != content:
        raise AnalyzerFileError(
            name, "encoding-unclear", "whole file", "text of one encoding",
            f"bytes that are not all {decoded.encoding}",
        )  # fmt: skip
    return made


def split_cells(line: RawLine, delimiter: str, *, name: str) -> list[str]:
    """Return the cells of a line as they are written, quotation marks included.

    Raises AnalyzerFileError for a quotation mark that never closes.
    """
    if delimiter == "\t":
        return line.text.split("\t")
    cells, start, quoted = [], 0, False
    for place, letter in enumerate(line.text):
        if letter == '"':
            quoted = not quoted
        elif letter == delimiter and not quoted:
            cells.append(line.text[start:place])
            start = place + 1
    if quoted:
        raise AnalyzerFileError(
            name, "table-damaged", f"line {line.number}", "a closing quotation mark", "none",
            values={"line": line.number},
        )  # fmt: skip
    return [*cells, line.text[start:]]


def said(cell: str) -> str:
    """Return what a written cell says: without quotation marks, blanks and direction marks."""
    bare = cell.strip()
    if len(bare) > 1 and bare[0] == bare[-1] == '"':
        bare = bare[1:-1].replace('""', '"')
    return clean(bare)


def written_like(value: str, cell: str, delimiter: str) -> str:
    """Return a value as a cell, quoted where `cell` is or the value needs it."""
    needs = delimiter != "\t" and (delimiter in value or '"' in value)
    if needs or cell.strip().startswith('"'):
        doubled = value.replace('"', '""')
        return f'"{doubled}"'
    return value


def find_columns(
    text: RawText, wells: tuple[str, ...], names: tuple[str, ...], *, name: str
) -> tuple[int, str]:
    """Return which line names the columns and what separates them.

    Raises AnalyzerFileError where no line has a column of wells and one of names, naming what is
    missing where one of them is there.
    """
    half: tuple[int, str] | None = None
    for place, line in enumerate(text.lines):
        for delimiter in DELIMITERS:
            if delimiter not in line.text or line.text.count('"') % 2:
                continue
            keys = {column_key(said(c)) for c in split_cells(line, delimiter, name=name)}
            has_well, has_name = bool(keys & set(wells)), bool(keys & set(names))
            if has_well and has_name:
                return place, delimiter
            if (has_well or has_name) and half is None and len(keys) > 2:
                half = (line.number, "Sample Name" if has_well else "Well")
    if half is not None:
        raise AnalyzerFileError(
            name, "column-missing", f"line {half[0]}", f"a column {half[1]}", "none",
            values={"line": half[0], "column": half[1]},
        )  # fmt: skip
    raise AnalyzerFileError(
        name,
        "columns-missing",
        "whole file",
        "a line with the columns Well and Sample Name",
        "none",
    )
