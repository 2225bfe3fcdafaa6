# SPDX-License-Identifier: Apache-2.0
"""Reading a dispatch list: which column is which, and the verdict on each row.

Pure: rows of text in, verdicts out. Nothing is guessed in silence: what is not understood is a
remark on the row, what is needed and not understood refuses it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from lims.cases.rules.dispatch_columns import (
    COLUMN_WORDS,
    KNOWN,
    MASS_WITHOUT_UNIT,
    NAME_OF_THINGS,
    NAME_TOKENS,
    NAMES,
    NEEDED,
    TEMPLATE_HEADERS,
    Column,
)
from lims.cases.rules.dispatch_rows import (
    ListRow,
    ReadList,
    TableRow,
    identity,
    with_count,
    with_day,
    with_element,
    with_mass,
    with_material,
)
from lims.cases.rules.dispatches import ListRefused
from lims.core.spelling import normalised, number_key
from lims.core.words import N_, Say
from lims.people.rules import Line

LONGEST = {
    Column.SEAL: 60, Column.PACKAGE: 60, Column.SITE: 20, Column.CASE: 40, Column.FIELD: 40,
    Column.DONOR: 40, Column.REMARKS: 500,
}  # fmt: skip
"""Letters of a cell at most, as the records take them."""

HEADER_WITHIN = 10
"""The header stands in one of so many first rows; titles may stand above it."""
LOOKS_LIKE_NAMES = 3
"""Cells at least before a column without a known header is held to be one of names."""

_SIGNS = re.compile(r"[\W_]+")
_SCIENTIFIC = re.compile(r"[0-9]+([.,][0-9]+)?e[+-]?[0-9]+", re.IGNORECASE)
_LETTERS_ONLY = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*(?: [^\W\d_]+(?:[-'’][^\W\d_]+)*){1,4}")


def header_key(header: str) -> str:
    """Return what is compared of a header: one spelling, words parted by one blank, no signs."""
    return _SIGNS.sub(" ", normalised(header)).strip()


_COLUMN_OF = {header_key(word): column for column, words in KNOWN.items() for word in words} | {
    header_key(words): column
    for headers in TEMPLATE_HEADERS.values()
    for column, words in headers.items()
}
_NAME_KEYS = frozenset(header_key(word) for word in NAMES)
_UNITLESS = frozenset(header_key(word) for word in MASS_WITHOUT_UNIT)


def is_of_names(header: str) -> bool:
    """Return whether a header speaks of a person: names, parents, telephone, papers."""
    key = header_key(header)
    tokens = set(key.split(" "))
    return key in _NAME_KEYS or bool(tokens & NAME_TOKENS and not tokens & NAME_OF_THINGS)


def read_rows(
    table: Sequence[TableRow],
    *,
    line: Line,
    mapping: Mapping[str, str] | None = None,
) -> ReadList:
    """Read a table as a list of one line of the laboratory.

    `mapping` is the sender's own: header to the value of a Column, before the known words. Raises
    ListRefused where the list as a whole cannot be taken: no header, a needed column missing, one
    column twice, a column of names.
    """
    own = {header_key(header): Column(value) for header, value in (mapping or {}).items()}
    known = own | {key: column for key, column in _COLUMN_OF.items() if key not in own}
    at = _header_at(table, known)
    headers = [header.strip() for header in table[at].cells]
    columns: dict[int, Column] = {}
    for place, header in enumerate(headers):
        key = header_key(header)
        if is_of_names(header) and key not in own:
            raise ListRefused(why=Say(
                N_("the column “%(header)s” looks like names of persons. A list carries numbers"
                   " only: take the column out"), {"header": header[:40]},
            ))  # fmt: skip
        if key in _UNITLESS and key not in own:
            raise ListRefused(why=Say(
                N_("the column “%(header)s” does not say its unit: write mg or g behind it"),
                {"header": header[:40]},
            ))  # fmt: skip
        column = known.get(key)
        if column is None:
            continue
        if column in columns.values():
            raise ListRefused(why=Say(
                N_("two columns are taken for “%(column)s”, the second is “%(header)s”"),
                {"column": Say(COLUMN_WORDS[column]), "header": header[:40]},
            ))  # fmt: skip
        columns[place] = column
    _check_columns(line, set(columns.values()), headers)
    body = [row for row in table[at + 1 :] if row.faults or any(map(str.strip, row.cells))]
    if not body:
        raise ListRefused(why=Say(N_("there is no row under the header")))
    unknown = [place for place, header in enumerate(headers) if place not in columns and header]
    for place in unknown:
        cells = [row.cells[place] for row in body if place < len(row.cells)]
        _check_not_names(headers[place], cells)
    rows = [_row(row, headers, columns, line) for row in body]
    return ReadList(
        line,
        tuple((headers[place], column) for place, column in sorted(columns.items())),
        tuple(headers[place] for place in unknown),
        tuple(_told_twice(rows)),
    )


def _header_at(table: Sequence[TableRow], known: Mapping[str, Column]) -> int:
    for at, row in enumerate(table[:HEADER_WITHIN]):
        keys = [header_key(cell) for cell in row.cells]
        if sum(key in known for key in keys) >= 2:
            return at
    raise ListRefused(why=Say(
        N_("no header is recognised in the first %(rows)s rows"), {"rows": HEADER_WITHIN}
    ))  # fmt: skip


def _check_columns(line: Line, found: set[Column], headers: Sequence[str]) -> None:
    for column in NEEDED[line]:
        if column not in found:
            raise ListRefused(why=Say(
                N_("the column “%(column)s” is missing; found: %(headers)s"),
                {
                    "column": Say(COLUMN_WORDS[column]),
                    "headers": ", ".join(filter(None, headers))[:200],
                },
            ))  # fmt: skip
    if {Column.MASS_G, Column.MASS_MG} <= found:
        raise ListRefused(why=Say(N_("the mass stands in two columns of different units")))
    if line is Line.REFERENCE and found & {Column.SITE, Column.CASE}:
        raise ListRefused(why=Say(N_("a list of references carries no site and no case")))
    if line is Line.BONE and Column.DONOR in found:
        raise ListRefused(why=Say(N_("a list of remains carries no donor")))


def _check_not_names(header: str, cells: Sequence[str]) -> None:
    """Refuse a column of unknown header whose every cell reads as the name of somebody else."""
    filled = [normalised(cell) for cell in cells if cell.strip()]
    if set(header_key(header).split(" ")) & NAME_OF_THINGS:
        return
    if (
        len(filled) >= LOOKS_LIKE_NAMES
        and all(_LETTERS_ONLY.fullmatch(cell) for cell in filled)
        and len(set(filled)) * 5 >= len(filled) * 4
    ):
        raise ListRefused(why=Say(
            N_("the cells of the column “%(header)s” look like names of persons. Take the column"
               " out; what it says of the items belongs in “Remarks”"), {"header": header[:40]},
        ))  # fmt: skip


def _row(
    read: TableRow,
    headers: Sequence[str],
    columns: Mapping[int, Column],
    line: Line,
) -> ListRow:
    cells = read.cells
    said = {
        column: cells[place].strip() if place < len(cells) else ""
        for place, column in columns.items()
    }
    other = tuple(
        (header, cells[place].strip()[:500])
        for place, header in enumerate(headers)
        if place not in columns and header and place < len(cells) and cells[place].strip()
    )
    loose = [cell.strip() for cell in cells[len(headers) :] if cell.strip()]
    row = ListRow(
        read.line, seal=said.get(Column.SEAL, ""), package=said.get(Column.PACKAGE, ""),
        site=said.get(Column.SITE, ""), case=said.get(Column.CASE, ""),
        field=said.get(Column.FIELD, ""), donor=said.get(Column.DONOR, ""),
        remarks=said.get(Column.REMARKS, ""), other=other,
    )  # fmt: skip
    row = replace(row, refused=tuple(read.faults.values()))
    for place, cell in read.dates.items():
        if columns.get(place) not in (None, Column.TAKEN_ON):
            row = row.refuse(
                N_("cell %(cell)s is a date where a number or a word was meant: make it text and"
                   " write it again"), cell=cell,
            )  # fmt: skip
    if loose:
        row = row.refuse(N_("“%(read)s” stands beside the last column"), read=loose[0][:40])
    for column in NEEDED[line]:
        if not said[column]:
            row = row.refuse(_MISSING[column])
    for column, longest in LONGEST.items():
        if len(said.get(column, "")) > longest:
            row = row.refuse(
                N_("“%(read)s…” is longer than %(longest)s characters"),
                read=said[column][:20], longest=longest,
            )  # fmt: skip
    for column in (Column.SEAL, Column.CASE, Column.FIELD, Column.DONOR):
        if _SCIENTIFIC.fullmatch(said.get(column, "")):
            row = row.refuse(
                N_("“%(read)s” is a number that a spreadsheet has shortened: make the cell text and"
                   " write it again"), read=said[column],
            )  # fmt: skip
    if row.donor and not any(letter.isdigit() for letter in row.donor):
        row = row.refuse(N_("the donor’s number has no digit: a name does not belong here"))
    row = with_element(row, said.get(Column.ELEMENT, ""), said.get(Column.SIDE, ""))
    row = with_material(row, said.get(Column.MATERIAL, ""), line)
    row = with_mass(row, said.get(Column.MASS_MG, ""), "mg")
    row = with_mass(row, said.get(Column.MASS_G, ""), "g")
    row = with_count(row, said.get(Column.COUNT, ""))
    return with_day(row, said.get(Column.TAKEN_ON, ""))


_MISSING = {
    Column.SEAL: N_("the seal number is missing"),
    Column.SITE: N_("the site is missing"),
    Column.CASE: N_("the case number is missing"),
    Column.FIELD: N_("the field number is missing"),
    Column.DONOR: N_("the donor’s number is missing"),
    Column.MATERIAL: N_("the material is missing"),
}


def _told_twice(rows: Sequence[ListRow]) -> list[ListRow]:
    """Refuse a row that stands twice, and a seal that closes two packages."""
    seen: dict[tuple[str, ...], int] = {}
    package_of: dict[str, tuple[str, int]] = {}
    told = []
    for row in rows:
        same = identity(row)
        if row.number and same in seen:
            row = row.refuse(N_("the same item stands in row %(row)s"), row=seen[same])
        seen.setdefault(same, row.line)
        if row.seal:
            held, first = package_of.setdefault(
                number_key(row.seal), (normalised(row.package), row.line)
            )
            if held != normalised(row.package):
                row = row.refuse(
                    N_("seal %(seal)s closes another package in row %(row)s"),
                    seal=row.seal, row=first,
                )  # fmt: skip
        told.append(row)
    return told
