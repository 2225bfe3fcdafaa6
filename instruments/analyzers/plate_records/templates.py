# SPDX-License-Identifier: Apache-2.0
"""A record of the laboratory's own instrument as template: which row serves for which role."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import Kit, SizeStandard, name_key
from instruments.analyzers.plate_records.fields import (
    DYE_KEYS,
    NAME_KEYS,
    PANEL_KEYS,
    PLATE_KEYS,
    SIZE_KEYS,
    WELL_KEYS,
    AnalyzerModel,
    RecordRole,
    dyes_of_set,
    role_of,
)
from instruments.analyzers.plate_records.lines import said
from instruments.analyzers.plate_records.reading import PlateRecord, RecordRow, read_plate_record
from instruments.analyzers.plate_records.refusals import RecordRefused
from instruments.analyzers.size_standards import named_size_standard

_MODEL_SAID = re.compile(r"(?i)\b(3100|3130|3500|3730|SeqStudio)")
_SAME_MAKE = {"3130": ("3100", "3130"), "3100": ("3100", "3130"), "3500": ("3500",)}
# Protocols whose names may hold the name of a dye set.
_PROTOCOL = re.compile(r"instrumentprotocol|assay|runmodule")


@dataclass(frozen=True)
class ModelRow:
    """The row whose constants every well of a role gets."""

    role: RecordRole
    row: RecordRow


@dataclass(frozen=True)
class PlateTemplate:
    """A record that serves as template for plates of its instrument."""

    model: AnalyzerModel
    record: PlateRecord
    # Rows with a name, by role, in the file's order; those alike but for well and name once.
    models: Mapping[RecordRole, tuple[ModelRow, ...]]
    # Rows without a name by well: the template lists wells that hold nothing.
    empty: Mapping[str, RecordRow]
    # Whether wells are written as A01 (else A1), and listed down the columns (else along rows).
    padded: bool
    down: bool

    def serving(self, role: RecordRole) -> tuple[ModelRow, ...]:
        """Return the rows that serve a role; a blank without one goes as the negative control."""
        found = self.models.get(role, ())
        if not found and role is RecordRole.BLANK:
            return self.models.get(RecordRole.NEGATIVE, ())
        return found

    def given(self, one: ModelRow) -> tuple[tuple[str, str], ...]:
        """Return what every well that a row serves for gets: column and text, if there is any."""
        cells = constants(self.record, one.row)
        return tuple(
            (column, said(cell))
            for column, cell in zip(self.record.columns, cells, strict=False)
            if said(cell)
        )


@dataclass(frozen=True)
class Wanted:
    """What the plate is run with: its kit, its size standard, and all that the names may mean."""

    kit: Kit
    size_standard: str
    standards: Sequence[SizeStandard]
    kits: Sequence[Kit] = ()


def understand(content: bytes, *, name: str, model: AnalyzerModel) -> PlateTemplate:
    """Read a record as a template. Raises AnalyzerFileError saying what is missing or unclear.

    Needed: a head cell with the plate's name, a row of a sample and one of a ladder.
    """
    record = read_plate_record(content, name=name)
    _check_model(record, model, name)
    if not any(key in record.head for key in PLATE_KEYS):
        raise AnalyzerFileError(
            name, "head-missing", "lines above the columns",
            "a name such as Container Name or Plate Name, with the plate's name below", "none",
            values={"line": record.text.lines[record.header].number},
        )  # fmt: skip
    models: dict[RecordRole, list[ModelRow]] = {}
    for row in record.rows:
        if not row.name:
            continue
        role = role_of(record.sample_type(row), row.name)
        if role is None:
            raise AnalyzerFileError(
                name, "type-unknown", f"line {row.line}, column Sample Type",
                "sample, allelic ladder, positive control, negative control or blank",
                f'"{record.sample_type(row)}"',
                values={
                    "line": row.line, "column": "Sample Type",
                    "read": record.sample_type(row)[:40],
                },
            )  # fmt: skip
        known = models.setdefault(role, [])
        if all(constants(record, one.row) != constants(record, row) for one in known):
            known.append(ModelRow(role, row))
    for role in (RecordRole.SAMPLE, RecordRole.LADDER):
        if role not in models:
            raise AnalyzerFileError(
                name, "role-missing", "rows", f"a row of a {role.value}", "none",
                values={"role": role.value},
            )  # fmt: skip
    wells = [row.well for row in record.rows]
    return PlateTemplate(
        model, record,
        MappingProxyType({role: tuple(rows) for role, rows in models.items()}),
        MappingProxyType({row.well: row for row in record.rows if not row.name}),
        padded=_is_padded(record),
        down=_runs_down(wells),
    )  # fmt: skip


def constants(record: PlateRecord, row: RecordRow) -> tuple[str, ...]:
    """Return a row's cells as written, with nothing where the well, its name or a copy of it is."""
    own = {record.column(WELL_KEYS), record.column(NAME_KEYS)}
    cells = [*row.cells, *[""] * (len(record.columns) - len(row.cells))]
    return tuple(
        "" if place in own or (row.name and said(cell) == row.name) else cell
        for place, cell in enumerate(cells)
    )


def model_row(template: PlateTemplate, role: RecordRole, wanted: Wanted) -> ModelRow:
    """Return the row that serves a role with the plate's kit and size standard.

    Raises RecordRefused: `role-missing`; `size-standard`, `dye-set` or `panel` where the template
    names them and no row of the role has the kit's.
    """
    rows = template.serving(role)
    if not rows:
        raise RecordRefused("role-missing", role=role.value)
    record = template.record
    for reason, keys, fits in (
        ("panel", PANEL_KEYS, _panel_fits),
        ("size-standard", SIZE_KEYS, _size_fits),
        ("dye-set", DYE_KEYS, _dyes_fit),
    ):
        left = tuple(one for one in rows if fits(record, one.row, wanted))
        if not left:
            named = sorted({_named(record, one.row, reason, keys) for one in rows})
            raise RecordRefused(
                reason, role=role.value, named=", ".join(named), kit=wanted.kit.name,
                needed=wanted.size_standard or ", ".join(wanted.kit.size_standards[:4])
                if reason == "size-standard" else len(wanted.kit.dyes),
                line=rows[0].row.line,
            )  # fmt: skip
        rows = left
    return rows[0]


def _named(record: PlateRecord, row: RecordRow, reason: str, keys: Sequence[str]) -> str:
    if reason == "dye-set" and record.column(keys) is None:
        return ", ".join(text for text in _protocols(record, row) if text)
    return record.cell(row, keys)


def _panel_fits(record: PlateRecord, row: RecordRow, wanted: Wanted) -> bool:
    panel = name_key(record.cell(row, PANEL_KEYS))
    if not panel:
        return True
    own = {name_key(name) for name in (wanted.kit.name, *wanted.kit.aliases)}
    best = ""
    for kit in wanted.kits:
        for name in (kit.name, *kit.aliases):
            key = name_key(name)
            if len(key) > max(3, len(best)) and key in panel:
                best = key
    return not best or any(best.startswith(key) or key.startswith(best) for key in own)


def _size_fits(record: PlateRecord, row: RecordRow, wanted: Wanted) -> bool:
    text = record.cell(row, SIZE_KEYS)
    if not text:
        return True
    named = named_size_standard(text, wanted.standards, kit=wanted.kit)
    if named is None:
        return False
    if not wanted.size_standard:
        return True
    own = named_size_standard(wanted.size_standard, wanted.standards)
    return own is None or own.family == named.family


def _dyes_fit(record: PlateRecord, row: RecordRow, wanted: Wanted) -> bool:
    text = record.cell(row, DYE_KEYS)
    count = len(wanted.kit.dyes)
    if text:
        return dyes_of_set(text) == count
    told = {dyes_of_set(each, whole=False) for each in _protocols(record, row)} - {None}
    return told in (set(), {count})


def _protocols(record: PlateRecord, row: RecordRow) -> list[str]:
    return [
        said(cell)
        for key, cell in zip(record.keys, row.cells, strict=False)
        if _PROTOCOL.match(key)
    ]


def _check_model(record: PlateRecord, model: AnalyzerModel, name: str) -> None:
    """Refuse a file whose head says that it is another instrument's."""
    above = [line.text for line in record.text.lines[: record.header] if not line.is_empty]
    named = _MODEL_SAID.match(above[0].strip(' \t"*#')) if above else None
    if named is None:
        return
    told = named[1]
    if model.value.lower() not in {one.lower() for one in _SAME_MAKE.get(told, (told,))}:
        raise AnalyzerFileError(
            name, "other-instrument", "line 1", f"a record of a {model.value}", f"of a {told}",
            values={"model": model.value, "read": told},
        )  # fmt: skip


def _is_padded(record: PlateRecord) -> bool:
    place = record.column(WELL_KEYS) or 0
    written = [said(row.cells[place]) for row in record.rows if row.well[1] == "0"]
    return not written or any(len(text) == 3 for text in written)


def _runs_down(wells: Sequence[str]) -> bool:
    by_column = sorted(wells, key=lambda well: (well[1:], well[0]))
    by_row = sorted(wells, key=lambda well: (well[0], well[1:]))
    return list(wells) == by_column or list(wells) != by_row
