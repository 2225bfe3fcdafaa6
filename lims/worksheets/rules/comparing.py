# SPDX-License-Identifier: Apache-2.0
"""A robot's file read back and compared with the plate, well by well."""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from lims.core.errors import Value
from lims.core.words import N_, Say
from lims.worksheets.rules.refusals import (
    RobotFileNotRead,
    RobotFileOfOtherPlate,
    RobotWellMissing,
    RobotWellOther,
    RobotWellStrange,
    RobotWellTwice,
)
from lims.worksheets.rules.templates import SEPARATORS, WELL_NAMES, RobotWell, Template

MOST_BYTES = 1_000_000
_WELL = re.compile(r"([A-H])0?([1-9]|1[0-2])")
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,9})?")
_NAMES_A_WELL = frozenset().union(*WELL_NAMES)


def check_file(
    template: Template, wells: Sequence[RobotWell], content: bytes, *, name: str, code: str
) -> int:
    """Compare a robot's file with plate `code`; return how many wells agree.

    Columns of its own that a robot adds are passed over, lines may stand in any order, and 5,0 is
    5. Raises RobotFileNotRead, RobotFileOfOtherPlate, RobotWellStrange, RobotWellTwice,
    RobotWellOther, RobotWellMissing: the first disagreement, named by its well.
    """
    awaited = template.rows(wells)
    keys = [column for column, cell in template.columns if _names_a_well(cell)]
    named = [column for column, cell in template.columns if cell == "{position}"] or keys
    plates = [column for column, cell in template.columns if cell == "{plate}"]
    lines = list(_lines(template, content, name))
    for line, read in lines:
        for column in plates:
            if _same(read[column], code) is False:
                raise RobotFileOfOtherPlate(found=read[column][:40] or "–", code=code, line=line)
    by_key = {_key(row, keys): row for row in awaited}
    shown = {_key(row, keys): well.position for row, well in _with_wells(template, wells)}
    seen = set()
    for line, read in lines:
        key = _key(read, keys)
        if key not in by_key:
            told = " ".join(read[column] for column in named)[:40]
            raise RobotWellStrange(well=told or "–", line=line, code=code)
        if key in seen:
            raise RobotWellTwice(well=shown[key], line=line)
        seen.add(key)
        _check_cells(read, by_key[key], well=shown[key], code=code)
    missing = [shown[key] for key in by_key if key not in seen]
    if missing:
        raise RobotWellMissing(well=missing[0], count=len(missing), code=code)
    return len(seen)


def _with_wells(
    template: Template, wells: Sequence[RobotWell]
) -> Iterator[tuple[dict[str, str], RobotWell]]:
    for well in wells:
        for row in template.rows((well,)):
            yield row, well


def _check_cells(
    read: Mapping[str, str], awaited: Mapping[str, str], *, well: str, code: str
) -> None:
    for column, value in awaited.items():
        if not _same(read[column], value):
            raise RobotWellOther(
                well=well, column=column, found=read[column][:40], awaited=value, code=code
            )


def _names_a_well(cell: str) -> bool:
    return any(f"{{{one}}}" in cell for one in _NAMES_A_WELL)


def _key(row: Mapping[str, str], columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(_plain(row[column]) for column in columns)


def _same(read: str, awaited: str) -> bool:
    return _plain(read) == _plain(awaited)


def _plain(text: str) -> str:
    """Return a cell so that two ways of writing the same are one: a01 and A1, 5,0 and 5."""
    bare = " ".join(text.split()).upper()
    if well := _WELL.fullmatch(bare):
        return f"{well[1]}{int(well[2]):02d}"
    number = bare.replace(",", ".")
    if _NUMBER.fullmatch(number):
        return f"{Decimal(number).normalize():f}"
    return bare


def _lines(
    template: Template, content: bytes, name: str
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Yield number and cells of each line that holds something."""
    if len(content) > MOST_BYTES:
        raise _fault(name, N_("it is larger than any such file."))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _fault(name, N_("it is no text in UTF-8.")) from None
    reader = csv.reader(text.splitlines(), delimiter=SEPARATORS[template.separator])
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = [cell.strip() for cell in cells]
                for column, _ in template.columns:
                    if header.count(column) != 1:
                        raise _fault(
                            name, N_("its header must have column “%(column)s” once."),
                            column=column,
                        )  # fmt: skip
                continue
            if len(cells) < len(header):
                raise _fault(name, N_("line %(line)s is cut off."), line=reader.line_num)
            yield reader.line_num, dict(zip(header, cells, strict=False))
    except csv.Error:
        raise _fault(
            name, N_("the cells of line %(line)s cannot be told apart."), line=reader.line_num
        ) from None
    if header is None:
        raise _fault(name, N_("it is empty."))


def _fault(name: str, words: str, **values: Value) -> RobotFileNotRead:
    return RobotFileNotRead(name=name, fault=Say(words, values))
