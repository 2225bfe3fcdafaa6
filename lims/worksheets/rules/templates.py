# SPDX-License-Identifier: Apache-2.0
"""How the file of a pipetting robot is written: a line a column, its name and what stands in it.

Destination = {position}
Source = {source}
Volume = {volume}
Liquid class = DNA
"""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lims.core.errors import Value
from lims.core.words import N_, Say
from lims.worksheets.rules.refusals import TemplateRefused

LONGEST, MOST_COLUMNS = 4_000, 40

PLACEHOLDER_WORDS = {
    "position": N_("well, A01 to H12"),
    "row": N_("row of the well, A to H"),
    "column": N_("column of the well, 1 to 12"),
    "number_down": N_("number of the well down the columns, 1 to 96"),
    "number_across": N_("number of the well across the rows, 1 to 96"),
    "source": N_("code of the extract or lot that goes in"),
    "source_position": N_("position of the extract in the rack of its batch"),
    "source_rack": N_("extraction batch of the extract"),
    "volume": N_("µl of the extract or of its dilution"),
    "dilution": N_("1, or 10 for a dilution of 1 in 10"),
    "diluent": N_("µl of water to the reaction's volume"),
    "role": N_("sample, blank, positive, negative, standard"),
    "plate": N_("code of the plate"),
}
"""What may stand in a cell, and what it is."""

WELL_NAMES = ({"position"}, {"row", "column"}, {"number_down"}, {"number_across"})
"""Placeholders that say which well a line is for, one of these sets at least."""

_PLACEHOLDER = re.compile(r"\{([a-z_]*)\}")
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@")


class Separator(StrEnum):
    """What stands between two cells."""

    COMMA = "comma"
    SEMICOLON = "semicolon"
    TAB = "tab"


class Ends(StrEnum):
    """What ends a line."""

    CRLF = "crlf"
    LF = "lf"


SEPARATORS = {Separator.COMMA: ",", Separator.SEMICOLON: ";", Separator.TAB: "\t"}
_ENDS = {Ends.CRLF: "\r\n", Ends.LF: "\n"}


@dataclass(frozen=True)
class RobotWell:
    """A well as a robot fills it; nanolitres, None where it is not known."""

    plate: str
    position: str
    role: str
    source: str = ""
    source_position: str = ""
    source_rack: str = ""
    volume_nl: int | None = None
    dilution: int = 1
    diluent_nl: int | None = None


@dataclass(frozen=True)
class Template:
    """Columns in their order, name and cell; `extracts_only` leaves controls and standards out."""

    columns: tuple[tuple[str, str], ...]
    separator: Separator = Separator.COMMA
    ends: Ends = Ends.CRLF
    decimal: str = "."
    extracts_only: bool = False

    @property
    def text(self) -> str:
        """Return the columns as they are written and read."""
        return "".join(f"{name} = {cell}\n" for name, cell in self.columns)

    def as_json(self) -> dict[str, object]:
        """Return it as it is stored and said in the ledger."""
        return {
            "text": self.text, "separator": self.separator.value, "ends": self.ends.value,
            "decimal": self.decimal, "extracts_only": self.extracts_only,
        }  # fmt: skip

    def rows(self, wells: Sequence[RobotWell]) -> list[dict[str, str]]:
        """Return the cells of each well that gets a line, by the names of the columns."""
        return [
            {name: _filled(cell, well, self.decimal) for name, cell in self.columns}
            for well in wells
            if not self.extracts_only or well.role in ("sample", "blank")
        ]


def read_template(
    text: str, *, separator: Separator, ends: Ends, decimal: str, extracts_only: bool
) -> Template:
    """Return a template. Raises TemplateRefused naming the line and what is expected."""
    if len(text) > LONGEST:
        raise _fault(N_("it is longer than %(most)s letters."), most=LONGEST)
    columns: list[tuple[str, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            columns.append(_column(line, number))
    names = [name.casefold() for name, _ in columns]
    for name, _ in columns:
        if names.count(name.casefold()) > 1:
            raise _fault(N_("column “%(column)s” stands there twice."), column=name)
    if not 0 < len(columns) <= MOST_COLUMNS:
        raise _fault(N_("it must have 1 to %(most)s columns."), most=MOST_COLUMNS)
    used = {one for _, cell in columns for one in _PLACEHOLDER.findall(cell)}
    if not any(names_it <= used for names_it in WELL_NAMES):
        raise _fault(
            N_("no column says which well a line is for: use {position}, {row} with {column}, "
               "{number_down} or {number_across}.")
        )  # fmt: skip
    if "source" not in used:
        raise _fault(N_("no column says what goes into the well: use {source}."))
    return Template(tuple(columns), separator, ends, decimal, extracts_only)


def write_file(template: Template, wells: Sequence[RobotWell]) -> str:
    """Return the robot's file: a header, then a line a well."""
    out = io.StringIO()
    names = [name for name, _ in template.columns]
    writer = csv.DictWriter(
        out, names, delimiter=SEPARATORS[template.separator], lineterminator=_ENDS[template.ends]
    )
    writer.writeheader()
    writer.writerows(template.rows(wells))
    return out.getvalue()


def _fault(words: str, **values: Value) -> TemplateRefused:
    return TemplateRefused(fault=Say(words, values))


def _column(line: str, number: int) -> tuple[str, str]:
    name, sign, cell = (part.strip() for part in line.partition("="))
    if not sign or not name or len(name) > 60 or len(cell) > 120 or not line.isprintable():
        raise _fault(
            N_("line %(line)s: write the column's name, = and what stands in it."), line=number
        )
    if name.startswith(_FORMULA) or cell.startswith(_FORMULA):
        raise _fault(
            N_("line %(line)s: a spreadsheet would take it for a formula; begin it with a letter "
               "or a digit."), line=number,
        )  # fmt: skip
    for found in _PLACEHOLDER.findall(cell):
        if found not in PLACEHOLDER_WORDS:
            raise _fault(
                N_("line %(line)s: {%(read)s} is not known; known are %(expected)s."),
                line=number, read=found, expected=", ".join(PLACEHOLDER_WORDS),
            )  # fmt: skip
    if "{" in _PLACEHOLDER.sub("", cell) or "}" in _PLACEHOLDER.sub("", cell):
        raise _fault(N_("line %(line)s: a bracket is left open."), line=number)
    return name, cell


def _filled(cell: str, well: RobotWell, decimal: str) -> str:
    values = values_of(well, decimal)
    return _PLACEHOLDER.sub(lambda found: values[found[1]], cell)


def values_of(well: RobotWell, decimal: str = ".") -> Mapping[str, str]:
    """Return what each placeholder stands for in a well."""
    row, column = "ABCDEFGH".index(well.position[0]), int(well.position[1:])
    return {
        "position": well.position, "row": well.position[0], "column": str(column),
        "number_down": str((column - 1) * 8 + row + 1), "number_across": str(row * 12 + column),
        "source": well.source, "source_position": well.source_position,
        "source_rack": well.source_rack, "volume": _ul(well.volume_nl, decimal),
        "dilution": str(well.dilution), "diluent": _ul(well.diluent_nl, decimal),
        "role": well.role, "plate": well.plate,
    }  # fmt: skip


def _ul(volume_nl: int | None, decimal: str) -> str:
    if volume_nl is None:
        return ""
    whole, part = divmod(volume_nl, 1000)
    return f"{whole}.{part:03d}".rstrip("0").rstrip(".").replace(".", decimal)
