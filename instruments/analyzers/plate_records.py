# SPDX-License-Identifier: Apache-2.0
"""Plate records that data collection software imports, written and read by templates.

The columns and their order differ between instruments and versions; a laboratory exports one
record from its own instrument, and it becomes the template.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.texts import Row, column_key, decode_table, rows_of
from instruments.analyzers.wells import well_of

_LONGEST_CELL = 200
# What stands under these names in the head belongs to one plate and not to the template.
_FILLED = {
    "containername": "{plate}",
    "plateid": "{plate}",
    "platename": "{plate}",
    "barcodenumber": "{plate}",
    "description": "{description}",
    "comments": "{description}",
    "owner": "{owner}",
    "ownername": "{owner}",
    "operator": "{operator}",
}
_FORBIDDEN = frozenset("\t\r\n\x00")


@dataclass(frozen=True)
class PlateTemplate:
    """What a record of one instrument looks like: its head lines and its columns, in order."""

    name: str
    # Lines before the column names. Cells in braces are filled in: {plate}, {owner}, {operator},
    # {description}.
    head: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...]
    defaults: Mapping[str, str] = field(default_factory=dict)  # column -> what every well gets
    trailing_tab: bool = True


@dataclass(frozen=True)
class PlateRecordWell:
    """One well: the name that the analyzer shall write into the file, and its other columns."""

    well: str  # A01
    sample_name: str
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PlateRecord:
    """A plate record as it stands in a file."""

    plate: str
    owner: str
    operator: str
    description: str
    template: PlateTemplate
    wells: tuple[PlateRecordWell, ...]


_GENEMAPPER = ("GeneMapper", "GeneMapper_Generic_Instance")
_PLATE_HEAD = (
    ("Container Name", "Plate ID", "Description", "ContainerType", "AppType", "Owner", "Operator"),
    ("{plate}", "{plate}", "{description}", "96-Well", "Regular", "{owner}", "{operator}"),
    ("AppServer", "AppInstance"),
    _GENEMAPPER,
)
_SEALED_HEAD = (
    (*_PLATE_HEAD[0], "PlateSealing", "SchedulingPref"),
    (*_PLATE_HEAD[1], "Septa", "1234"),
    *_PLATE_HEAD[2:],
)

# 3130 and 3730 as published code writes them. No public record of a 3500 was found: its columns
# follow the names on its plate page, and a laboratory's own exported record goes first.
TEMPLATES: Mapping[str, PlateTemplate] = {
    template.name: template
    for template in (
        PlateTemplate(
            name="3130",
            head=_PLATE_HEAD,
            columns=(
                *("Well", "Sample Name", "Comment", "Priority", "Sample Type", "Snp Set"),
                *("Analysis Method", "Panel", "User-Defined 3", "Size Standard"),
                *("User-Defined 2", "User-Defined 1", "Results Group 1", "Instrument Protocol 1"),
            ),
            defaults={"Priority": "100"},
        ),
        PlateTemplate(
            name="3730",
            head=_SEALED_HEAD,
            columns=(
                *("Well", "Sample Name", "Comment", "Size Standard", "Snp Set", "User-Defined 3"),
                *("User-Defined 2", "User-Defined 1", "Panel", "Study", "Sample Type"),
                *("Analysis Method", "Results Group 1", "Instrument Protocol 1"),
            ),
        ),
        PlateTemplate(
            name="3500",
            head=(
                ("3500 Plate Layout File Version 1.0",),
                ("Plate Name", "Application Type", "Capillary Length (cm)", "Polymer"),
                ("{plate}", "HID", "36", "POP4"),
                ("Number of Wells", "Owner Name", "Barcode Number", "Comments"),
                ("96", "{owner}", "{plate}", "{description}"),
            ),
            columns=(
                *("Well", "Sample Name", "Assay", "Results Group", "File Name Convention"),
                *("Sample Type", "Size Standard", "User Defined Field 1", "Comments"),
            ),
            trailing_tab=False,
        ),
    )
}


def write_plate_record(
    wells: Sequence[PlateRecordWell],
    *,
    template: PlateTemplate,
    plate: str,
    owner: str = "",
    operator: str = "",
    description: str = "",
) -> bytes:
    """Write a plate record as the instrument of the template imports it (tab text, CRLF).

    Wells stand in the order given. Raises ValueError for a well twice or outside the plate, for a
    column that the template lacks, and for text that would break the file's lines or cells.
    """
    filled = {
        "{plate}": plate, "{owner}": owner, "{operator}": operator, "{description}": description,
    }  # fmt: skip
    lines = [[filled.get(cell, cell) for cell in line] for line in template.head]
    lines.append(list(template.columns))
    seen: set[str] = set()
    for well in wells:
        place = well_of(well.well)
        if place is None or place in seen:
            raise ValueError(f"well {well.well!r} is {'twice' if place else 'no well'}")
        seen.add(place)
        unknown = well.columns.keys() - set(template.columns) - {"Well", "Sample Name"}
        if unknown:
            raise ValueError(f"template {template.name} has no column {sorted(unknown)[0]!r}")
        cells = {
            **template.defaults, **well.columns, "Well": place, "Sample Name": well.sample_name,
        }  # fmt: skip
        lines.append([cells.get(column, "") for column in template.columns])
    for line in lines:
        for cell in line:
            if _FORBIDDEN & set(cell) or len(cell) > _LONGEST_CELL:
                raise ValueError(f"{cell[:40]!r} cannot stand in a cell of a plate record")
    end = "\t\r\n" if template.trailing_tab else "\r\n"
    text = "".join("\t".join(line) + end for line in lines)
    # The software of these instruments reads the code page of its Windows, and ASCII in any.
    return text.encode("ascii") if text.isascii() else text.encode("utf-8-sig")


def read_plate_record(content: bytes, *, name: str) -> PlateRecord:
    """Read a plate record of any instrument; its head and columns come back as a template.

    Raises AnalyzerFileError where no line names the columns Well and Sample Name, for a well that
    is none or stands twice, and for a row longer than its header.
    """
    decoded = decode_table(content, name=name)
    rows = [row for row in rows_of(decoded.text, "\t", name=name) if any(row.cells)]
    place = next(
        (
            place
            for place, row in enumerate(rows)
            if {"well", "samplename"} <= {column_key(cell) for cell in row.cells}
        ),
        None,
    )
    if place is None:
        raise AnalyzerFileError(
            name,
            "header-missing",
            "whole file",
            "a line with the columns Well and Sample Name, separated by tab",
            "none",
        )
    head, header = rows[:place], rows[place]
    columns = _trimmed(header.cells)
    keys = [column_key(cell) for cell in columns]
    wells = tuple(_well(row, columns, keys, name) for row in rows[place + 1 :])
    seen: dict[str, int] = {}
    for well, row in zip(wells, rows[place + 1 :], strict=True):
        if seen.setdefault(well.well, row.line) != row.line:
            raise AnalyzerFileError(
                name,
                "well-twice",
                f"line {row.line}",
                "one line for each well",
                f"{well.well} again, after line {seen[well.well]}",
            )
    values = _head_values(head)
    trailing_tab = header.cells[-1] == ""
    return PlateRecord(
        plate=values.get("platename") or values.get("containername") or values.get("plateid", ""),
        owner=values.get("owner") or values.get("ownername", ""),
        operator=values.get("operator", ""),
        description=values.get("description") or values.get("comments", ""),
        template=PlateTemplate(
            name=name,
            head=_head_template(head, trailing_tab=trailing_tab),
            columns=tuple(columns),
            trailing_tab=trailing_tab,
        ),
        wells=wells,
    )


def _well(row: Row, columns: list[str], keys: list[str], name: str) -> PlateRecordWell:
    cells = _trimmed(row.cells)
    if len(cells) > len(columns):
        raise AnalyzerFileError(
            name,
            "row-too-long",
            f"line {row.line}",
            f"at most {len(columns)} cells, as in the header",
            f"{len(cells)} cells",
        )
    cells += [""] * (len(columns) - len(cells))
    text = cells[keys.index("well")]
    well = well_of(text)
    if well is None:
        raise AnalyzerFileError(
            name, "well-unknown", f"line {row.line}", "a well such as A01", f'"{text}"'
        )
    return PlateRecordWell(
        well=well,
        sample_name=cells[keys.index("samplename")],
        columns={
            column: cell
            for column, key, cell in zip(columns, keys, cells, strict=True)
            if cell and key not in ("well", "samplename")
        },
    )


def _head_values(head: Sequence[Row]) -> dict[str, str]:
    """Return what the head lines say: a line of names stands above a line of values."""
    values: dict[str, str] = {}
    for names, below in pairwise(head):
        for column, cell in zip(names.cells, below.cells, strict=False):
            values.setdefault(column_key(column), cell)
    return values


def _head_template(head: Sequence[Row], *, trailing_tab: bool) -> tuple[tuple[str, ...], ...]:
    """Return the head lines with braces where the next plate has its own values."""
    lines = []
    names: list[str] = []
    for row in head:
        cells = row.cells[:-1] if trailing_tab and row.cells[-1] == "" else row.cells
        keys = names + [""] * (len(cells) - len(names))
        lines.append(tuple(_FILLED.get(key, cell) for key, cell in zip(keys, cells, strict=False)))
        names = [column_key(cell) for cell in cells]
    return tuple(lines)


def _trimmed(cells: Sequence[str]) -> list[str]:
    """Return the cells without the empty ones at the end, which trailing tabs make."""
    last = max((place for place, cell in enumerate(cells) if cell), default=-1)
    return list(cells[: last + 1])
