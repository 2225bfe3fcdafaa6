# SPDX-License-Identifier: Apache-2.0
"""Files of whole-rack scanners: bytes in, the code at each position out.

The scanners of several makers write the same few shapes of text: one line a position, with or
without a heading, the rack's number in a column or in a line of its own, `NO READ` where a tube was
seen and not read, `NO TUBE` or nothing where there is none. Separators, encodings and spellings
differ. Nothing is guessed: a line that fits no shape is an error that names it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.texts import (
    DELIMITERS,
    Row,
    clean,
    column_key,
    decode_table,
    rows_of,
    western_digits,
)

LARGEST_FILE = 1_000_000
"""Bytes. A rack of 384 positions is 20 kB at most."""

ROWS = "ABCDEFGHIJKLMNOP"
MOST_COLUMNS = 24
_POSITION = re.compile(r"([A-P])[ .:-]?0*([1-9]\d?)")
_DATE = re.compile(
    r"\d{4}[-/.]?\d{2}[-/.]?\d{2}([ T_]?\d{2}[:.]?\d{2}([:.]?\d{2})?)?"
    r"|\d{1,2}[-/. ](\d{1,2}|[A-Za-z]{3,9})[-/. ]\d{2,4}"
    r"([ ,T]+\d{1,2}[:.]\d{2}([:.]\d{2})?( ?[APap][Mm])?)?"
)

_POSITION_KEYS = frozenset(
    {
        "position", "pos", "well", "wellid", "wellposition", "tubeposition", "tubelocation",
        "location", "locationcell", "cell", "coordinate", "coordinates", "rackposition",
        "positionid", "locationid", "wellname", "tubewell",
    }
)  # fmt: skip
_ROW_KEYS = frozenset({"row", "locationrow", "tuberow", "rowname"})
_COLUMN_KEYS = frozenset({"column", "col", "locationcolumn", "tubecolumn", "columnname"})
_CODE_KEYS = frozenset(
    {
        "code", "barcode", "tube", "tubecode", "tubeid", "tubebarcode", "id", "tube2dcode",
        "2dcode", "2dbarcode", "tube2dbarcode", "datamatrix", "sampleid", "samplecode", "decode",
        "decoded", "value", "tubeidentifier", "content",
    }
)  # fmt: skip
_STATUS_KEYS = frozenset({"status", "state", "result", "tubestatus", "readstatus", "error"})
_RACK_KEYS = frozenset(
    {
        "rack", "rackid", "rackcode", "rackbarcode", "rackbasename", "rackname", "rackidentifier",
        "plateid", "platebarcode", "plate", "box", "boxid", "boxbarcode", "containerid", "rack1d",
        "containerbarcode", "1dbarcode", "racknumber",
    }
)  # fmt: skip
_DATE_KEYS = frozenset(
    {
        "date", "time", "datetime", "scandate", "scantime", "scandatetime", "timestamp", "scanned",
        "datetimeoftrace", "dateandtimeoftrace", "dateofscan", "dateandtime", "scannedat",
        "datestamp", "readdate", "readtime",
    }
)  # fmt: skip
_EMPTY = frozenset(
    {
        "", "empty", "notube", "none", "notubes", "nothing", "na", "null", "vacant", "emptywell",
        "nocontainer", "notubefound", "notpresent", "absent",
    }
)  # fmt: skip
_UNREAD = frozenset(
    {
        "noread", "error", "readerror", "unread", "unreadable", "notread", "fail", "failed",
        "nodecode", "undecoded", "misread", "nocode", "decodeerror", "readfailure", "notdecoded",
        "badread", "failedread", "undecodable",
    }
)  # fmt: skip


class Seen(StrEnum):
    """What a scanner saw at a position."""

    CODE = "code"
    UNREAD = "unread"
    """A tube stands there and its code could not be read."""
    EMPTY = "empty"


@dataclass(frozen=True)
class RackPosition:
    """One position: `position` as A1, `code` as it was read and '' unless something was."""

    position: str
    seen: Seen
    code: str
    line: int


@dataclass(frozen=True)
class RackFile:
    """A rack as a scanner read it; `rack` and `scanned` are '' where the file does not say."""

    name: str
    rack: str
    scanned: str
    """Date and time as written: scanners write them in the order of their country."""
    positions: tuple[RackPosition, ...]


@dataclass(frozen=True)
class _Columns:
    position: int | None
    row: int | None
    column: int | None
    code: int
    status: int | None
    rack: int | None
    dates: tuple[int, ...]


def read_rack(content: bytes, *, name: str) -> RackFile:
    """Read a rack scanner's text file; `name` is the file's, used in errors.

    Raises AnalyzerFileError with the reasons `not-text-…`, `too-large`, `table-damaged`,
    `rack-line` (a line of no known shape), `rack-position` (a position that no rack has),
    `rack-twice` (a position twice), `rack-two` (two racks in one file), `rack-none` (no position).
    """
    if len(content) > LARGEST_FILE:
        raise AnalyzerFileError(
            name, "too-large", "size", f"at most {LARGEST_FILE} bytes", f"{len(content)} bytes",
            values={"size": len(content), "most": LARGEST_FILE},
        )  # fmt: skip
    text = decode_table(content, name=name).text
    rows = [row for row in rows_of(text, _delimiter(text), name=name) if any(row.cells)]
    return _rack_of(rows, name=name)


def position_of(text: str) -> str | None:
    """Return a position as A1 from what scanners write: A01, a1, A-1, A 01; None for others."""
    match = _POSITION.fullmatch(western_digits(clean(text)).upper())
    if match is None or int(match[2]) > MOST_COLUMNS:
        return None
    return f"{match[1]}{int(match[2])}"


def _rack_of(rows: Sequence[Row], *, name: str) -> RackFile:
    racks: list[str] = []
    dates: list[str] = []
    columns: _Columns | None = None
    positions: list[RackPosition] = []
    for row in rows:
        if columns is None or not positions:
            heading = _heading(row)
            if heading is not None:
                columns = heading
                continue
            if _told(row, racks, dates):
                continue
        if columns is None:
            columns = _headless(row, name=name)
        elif positions and _told(row, racks, dates):
            # Some scanners write the rack's number last.
            continue
        one = _position(row, columns, name=name)
        positions.append(one)
        if columns.rack is not None and (told := _cell(row, columns.rack)):
            racks.append(told)
        at = " ".join(filter(None, (_cell(row, index) for index in columns.dates)))
        if at:
            dates.append(at)
    return RackFile(
        name, _one_rack(racks, name), dates[0] if dates else "", _checked(positions, name)
    )


def _delimiter(text: str) -> str:
    counts = Counter({one: text.count(one) for one in DELIMITERS})
    return max(DELIMITERS, key=lambda one: counts[one])


def _heading(row: Row) -> _Columns | None:
    """Return the columns where a line is a heading: it names a position and a code."""
    keys = [column_key(cell) for cell in row.cells]
    where = _index(keys, _POSITION_KEYS)
    letter, figure = _index(keys, _ROW_KEYS), _index(keys, _COLUMN_KEYS)
    code = _index(keys, _CODE_KEYS)
    if code is None or (where is None and (letter is None or figure is None)):
        return None
    return _Columns(
        where, letter, figure, code, _index(keys, _STATUS_KEYS), _index(keys, _RACK_KEYS),
        tuple(index for index, key in enumerate(keys) if key in _DATE_KEYS),
    )  # fmt: skip


def _told(row: Row, racks: list[str], dates: list[str]) -> bool:
    """Take the rack's number or the date from a line that says nothing else; say whether it did."""
    cells = [cell for cell in row.cells if cell]
    if len(cells) <= 2 and _DATE.fullmatch(" ".join(cells)):
        dates.append(" ".join(cells))
        return True
    if len(cells) == 1 and (match := re.fullmatch(r"([^:=]{2,40}?)\s*[:=]\s*(.+)", cells[0])):
        cells = [match[1], match[2]]
    key = column_key(cells[0])
    if len(cells) >= 2 and key in _DATE_KEYS:
        dates.append(" ".join(cells[1:])[:40])
        return True
    if len(cells) == 2 and key in _RACK_KEYS:
        racks.append(cells[1])
        return True
    return False


def _headless(row: Row, *, name: str) -> _Columns:
    """Return the columns of a file without a heading, from its first line."""
    cells = row.cells
    if len(cells) >= 2 and position_of(cells[0]):
        return _Columns(0, None, None, 1, None, 2 if len(cells) == 3 else None, ())
    if len(cells) >= 3 and position_of(cells[1]):
        return _Columns(1, None, None, 2, None, 0, ())
    raise _strange(row, name)


def _position(row: Row, columns: _Columns, *, name: str) -> RackPosition:
    if columns.position is not None:
        written = _cell(row, columns.position)
    else:
        written = _cell(row, columns.row) + _cell(row, columns.column)
    if not written:
        raise _strange(row, name)
    position = position_of(written)
    if position is None:
        raise AnalyzerFileError(
            name, "rack-position", f"line {row.line}", "a position such as A1 or H12", written[:40],
            values={"line": row.line, "read": written[:40]},
        )  # fmt: skip
    code, status = _cell(row, columns.code), _cell(row, columns.status)
    seen = _seen(code)
    if seen is not Seen.UNREAD and status:
        # A column of states speaks where the column of codes is silent.
        seen = Seen.UNREAD if seen is Seen.EMPTY and _seen(status) is Seen.UNREAD else seen
    return RackPosition(position, seen, code if seen is Seen.CODE else "", row.line)


def _seen(text: str) -> Seen:
    key = column_key(text)
    if key in _UNREAD or (text and not key and set(text) <= set("?!*#")):
        return Seen.UNREAD
    return Seen.EMPTY if key in _EMPTY else Seen.CODE


def _one_rack(racks: Iterable[str], name: str) -> str:
    told = {one for one in racks if _seen(one) is Seen.CODE}
    if len(told) > 1:
        raise AnalyzerFileError(
            name, "rack-two", "the whole file", "one rack", " and ".join(sorted(told))[:80],
            values={"racks": ", ".join(sorted(told))[:80]},
        )  # fmt: skip
    return next(iter(told), "")


def _checked(positions: Sequence[RackPosition], name: str) -> tuple[RackPosition, ...]:
    if not positions:
        raise AnalyzerFileError(
            name, "rack-none", "the whole file", "a position and a code in each line", "none"
        )
    known: dict[str, int] = {}
    for one in positions:
        if one.position in known:
            raise AnalyzerFileError(
                name, "rack-twice", f"line {one.line}", "each position once",
                f"{one.position} again (line {known[one.position]})",
                values={"line": one.line, "read": one.position, "first": known[one.position]},
            )  # fmt: skip
        known[one.position] = one.line
    return tuple(sorted(positions, key=lambda one: (one.position[0], int(one.position[1:]))))


def _index(keys: Sequence[str], known: frozenset[str]) -> int | None:
    return next((index for index, key in enumerate(keys) if key in known), None)


def _cell(row: Row, index: int | None) -> str:
    return row.cells[index] if index is not None and index < len(row.cells) else ""


def _strange(row: Row, name: str) -> AnalyzerFileError:
    read = " | ".join(row.cells)[:60]
    return AnalyzerFileError(
        name, "rack-line", f"line {row.line}", "a position and a code", read,
        values={"line": row.line, "read": read},
    )  # fmt: skip
