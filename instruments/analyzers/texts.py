# SPDX-License-Identifier: Apache-2.0
"""Text tables of unknown encoding, separator and decimal mark, read without guessing in silence."""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from instruments.analyzers.contents import kind_of, refuse_too_large
from instruments.analyzers.errors import AnalyzerFileError

DELIMITERS = ("\t", ";", ",")
MOST_LINES = 1_000_000
DELIMITER_WORDS = {"\t": "tab", ";": "semicolon", ",": "comma"}

_ARABIC_1256 = re.compile(r"[\u0621-\u064a]{2}")
_EUROPEAN = re.compile(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][a-z]")
# Marks that turn the direction of text: invisible, and fatal to the comparison of codes.
_BIDI_CONTROLS = dict.fromkeys(
    (0x061C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
)
_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹٫", "01234567890123456789.", "٬\u00a0\u202f")
_POINTED = re.compile(r"[-+]?(\d{1,3}(,\d{3})+|\d+)?\.\d*([eE][-+]?\d+)?")
_COMMAED = re.compile(r"[-+]?(\d{1,3}(\.\d{3})+|\d+)?,\d*([eE][-+]?\d+)?")
_WHOLE = re.compile(r"[-+]?\d+([eE][-+]?\d+)?")
_EITHER = re.compile(r"[-+]?[1-9]\d{0,2}[,.]\d{3}")  # a thousand or a fraction, nobody knows


class Row(NamedTuple):
    """One line of a table: its number in the file, counted from 1, and its cells."""

    line: int
    cells: list[str]


@dataclass(frozen=True)
class DecodedText:
    """A file's text with the encoding that was taken."""

    text: str
    encoding: str


def guess_legacy_text(raw: bytes) -> tuple[str, str]:
    """Decode bytes that are no UTF-8: Windows-1256 where Arabic words come out, else 1252."""
    arabic = raw.decode("cp1256", errors="replace")
    # European text has single accented letters between ASCII letters; Arabic has none beside them.
    if _ARABIC_1256.search(arabic) and not _EUROPEAN.search(raw):
        return arabic, "windows-1256"
    try:
        return raw.decode("cp1252"), "windows-1252"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "latin-1"


def decode_table(content: bytes, *, name: str) -> DecodedText:
    """Decode a text file: byte-order mark, UTF-16, UTF-8, Windows-1256 or Windows-1252.

    Raises AnalyzerFileError for what is no text, saying what it is.
    """
    refuse_too_large(content, name=name)
    kind = kind_of(content)
    found = _decoded(content)
    if found is None or kind.code not in ("text", "unknown") or not found.text.strip():
        empty = found is not None and not found.text.strip()
        code, words = ("empty", "an empty file") if empty else (kind.code, kind.words)
        raise AnalyzerFileError(name, f"not-text-{code}", "first bytes", "a table as text", words)
    return found


def _decoded(content: bytes) -> DecodedText | None:
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8"),
        (b"\xff\xfe", "utf-16-le"),
        (b"\xfe\xff", "utf-16-be"),
    ):
        if content.startswith(mark):
            try:
                return DecodedText(content[len(mark) :].decode(encoding), f"{encoding} with mark")
            except UnicodeDecodeError:
                return None
    head = content[:2000]
    if head and b"\x00" in head:
        for start, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
            zeros = head[start::2].count(0)
            if zeros * 5 >= len(head[start::2]) * 3:
                try:
                    return DecodedText(content.decode(encoding), encoding)
                except UnicodeDecodeError:
                    return None
        return None
    if b"\x00" in content:
        return None
    try:
        return DecodedText(content.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return DecodedText(*guess_legacy_text(content))


def clean(cell: str) -> str:
    """Return a cell without surrounding blanks, direction marks and non-breaking spaces."""
    return cell.translate(_BIDI_CONTROLS).replace("\u00a0", " ").strip()


def western_digits(text: str) -> str:
    """Return text with Arabic-Indic and Persian digits and decimal marks written as 0-9 and `.`."""
    return text.translate(_DIGITS)


def rows_of(text: str, delimiter: str, *, name: str) -> Iterator[Row]:
    """Split text into rows of cleaned cells, empty lines included; trailing separators allowed.

    Raises AnalyzerFileError for a quotation mark that never closes.
    """
    if delimiter == "\t":
        # Instruments' own tab text quotes nothing but whole cells: a lone mark is a character.
        for line, content in enumerate(text.splitlines(), start=1):
            yield Row(line, [clean(_unquoted(cell)) for cell in content.split("\t")])
        return
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    try:
        for cells in reader:
            yield Row(reader.line_num, [clean(cell) for cell in cells])
    except csv.Error as fault:
        raise AnalyzerFileError(
            name,
            "table-damaged",
            f"line {reader.line_num}",
            f"cells separated by {DELIMITER_WORDS[delimiter]}",
            f"a cell that cannot be read ({fault})",
            values={"line": reader.line_num},
        ) from None


def _unquoted(cell: str) -> str:
    if len(cell) > 1 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def column_key(header: str) -> str:
    """Return what is compared of a column's name: letters and digits, without case and signs."""
    text = western_digits(clean(header)).casefold().replace("²", "2")
    return re.sub(r"[\W_\u064b-\u0652]+", "", text)


def decimal_mark(cells: Iterable[str]) -> str | None:
    """Tell whether a table writes decimals with a point or a comma; None if nothing shows it.

    Raises ValueError naming two cells that contradict each other.
    """
    seen: dict[str, str] = {}
    for cell in cells:
        text = western_digits(cell)
        if _EITHER.fullmatch(text):
            continue
        if _POINTED.fullmatch(text) or text.count(",") > 1:
            seen.setdefault(".", cell)
        elif _COMMAED.fullmatch(text) or text.count(".") > 1:
            seen.setdefault(",", cell)
    if len(seen) > 1:
        raise ValueError(f'"{seen["."]}" beside "{seen[","]}"')
    return next(iter(seen), None)


def decimal_of(cell: str, mark: str | None) -> Decimal:
    """Read a number with the table's decimal mark, thousands separators allowed.

    Raises ValueError for what is no number, and for "1,234" in a table that shows no mark.
    """
    text = western_digits(cell)
    if mark is None and _EITHER.fullmatch(text) and "," in text:
        raise ValueError("a thousand or a fraction: the table does not show which")
    thousands = "." if mark == "," else ","
    pattern = _COMMAED if mark == "," else _POINTED
    grouped = re.fullmatch(rf"[-+]?\d{{1,3}}({re.escape(thousands)}\d{{3}})+", text)
    if not (pattern.fullmatch(text) or _WHOLE.fullmatch(text) or grouped):
        raise ValueError("no number")
    try:
        number = Decimal(text.replace(thousands, "").replace(",", "."))
    except InvalidOperation:
        raise ValueError("no number") from None
    if abs(number.adjusted()) > 30:
        raise ValueError("no number of this world")
    return number
