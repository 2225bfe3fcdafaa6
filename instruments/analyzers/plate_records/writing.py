# SPDX-License-Identifier: Apache-2.0
"""Fill a template for a plate, and read what was written back before it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.plate_records.fields import (
    ABOUT_KEYS,
    LONGEST_NAME,
    NAME_KEYS,
    PLATE_KEYS,
    WELL_KEYS,
    RecordRole,
    takes_name,
)
from instruments.analyzers.plate_records.lines import RawLine, said, split_cells, written_like
from instruments.analyzers.plate_records.reading import RecordRow, read_plate_record
from instruments.analyzers.plate_records.refusals import RecordRefused
from instruments.analyzers.plate_records.templates import (
    PlateTemplate,
    Wanted,
    constants,
    model_row,
)
from instruments.analyzers.wells import well_of


@dataclass(frozen=True)
class RecordWell:
    """A well of the plate: its position (A01), the name its file shall carry, what it holds."""

    position: str
    name: str
    role: RecordRole


def write_plate_record(
    template: PlateTemplate,
    wells: Sequence[RecordWell],
    *,
    plate: str,
    about: str,
    wanted: Wanted,
    size: int = 96,
) -> bytes:
    """Return the record of a plate: the template with its own plate, wells and names, read back.

    `about` stands in the head's description where the template fills it; `size` is 96 or 384
    wells. Raises RecordRefused where a name, a well, the plate's size, its kit or a role does not
    fit the template, and where reading back gives anything but these wells.
    """
    record = template.record
    if record.size != size:
        raise RecordRefused("plate-size", has=record.size, needs=size)
    _check_names(template, wells, plate)
    rows = {role: model_row(template, role, wanted).row for role in {one.role for one in wells}}
    filled = {one.position: _row(template, rows[one.role], one) for one in wells}
    for well, empty in template.empty.items():
        filled.setdefault(well, (record.delimiter.join(empty.cells), empty.end))
    order = sorted(filled, key=lambda well: _place(well, down=template.down))
    ends = [row.end for row in record.rows if row.end] or [record.text.lines[record.header].end]
    lines = [*_head(template, plate, about), *(filled[well][0] + ends[0] for well in order)]
    lines += [line.text + line.end for line in _tail(template)]
    text = "".join(lines)
    if record.text.lines[-1].end == "":
        text = text.removesuffix(ends[0])
    try:
        content = record.text.encoded(text)
    except UnicodeEncodeError as fault:
        raise RecordRefused("encoding", read=fault.object[fault.start : fault.end]) from None
    read_back(content, template, wells, plate=plate, wanted=wanted)
    return content


def read_back(
    content: bytes,
    template: PlateTemplate,
    wells: Sequence[RecordWell],
    *,
    plate: str,
    wanted: Wanted,
) -> None:
    """Raise RecordRefused where a record does not say exactly these wells of this plate.

    The bytes are read anew; each row's name is compared, and its constants with those of the row
    of its role.
    """
    try:
        record = read_plate_record(content, name="record")
    except AnalyzerFileError as fault:
        raise RecordRefused("read-back-unreadable", why=str(fault)) from fault
    if record.plate != plate:
        raise RecordRefused("read-back-plate", read=record.plate, needs=plate)
    if record.columns != template.record.columns or record.size != template.record.size:
        raise RecordRefused("read-back-columns")
    due = {one.position: one for one in wells}
    there = {row.well: row for row in record.rows if row.name}
    for well in sorted({*due, *there}):
        if well not in due or well not in there:
            raise RecordRefused(
                "read-back-well", well=well, read=there[well].name if well in there else "",
                needs=due[well].name if well in due else "",
            )  # fmt: skip
        if there[well].name != due[well].name:
            raise RecordRefused(
                "read-back-well", well=well, read=there[well].name, needs=due[well].name
            )
        model = model_row(template, due[well].role, wanted).row
        if constants(record, there[well]) != constants(template.record, model):
            raise RecordRefused("read-back-role", well=well, role=due[well].role.value)


def _check_names(template: PlateTemplate, wells: Sequence[RecordWell], plate: str) -> None:
    given = [("", plate), *((one.position, one.name) for one in wells)]
    seen: set[str] = set()
    called: dict[str, str] = {}
    for well, name in given:
        if len(name) > LONGEST_NAME:
            raise RecordRefused("name-too-long", well=well, name=name[:80], most=LONGEST_NAME)
        if not takes_name(template.model, name):
            raise RecordRefused("name-characters", well=well, name=name, model=template.model.value)
        if not well:
            continue
        if well_of(well) != well or well in seen or not _stands(well, template.record.size):
            raise RecordRefused("well-wrong", well=well)
        seen.add(well)
        if name.casefold() in called:
            raise RecordRefused("name-twice", name=name, well=well, other=called[name.casefold()])
        called[name.casefold()] = well


def _stands(well: str, size: int) -> bool:
    return size == 384 or (well[0] <= "H" and int(well[1:]) <= 12)


def _head(template: PlateTemplate, plate: str, about: str) -> list[str]:
    record = template.record
    lines = []
    for place, line in enumerate(record.text.lines[: record.header + 1]):
        spots = {at: key for key, (row, at) in record.head.items() if row == place}
        cells = split_cells(line, record.delimiter, name="template") if spots else []
        changed = False
        for at, key in spots.items():
            value = {**dict.fromkeys(PLATE_KEYS, plate), **dict.fromkeys(ABOUT_KEYS, about)}.get(
                key
            )
            # What the template leaves empty stays so, but the plate must have its name.
            if value is None or (not said(cells[at]) and key not in PLATE_KEYS[:2]):
                continue
            cells[at] = written_like(value, cells[at], record.delimiter)
            changed = True
        lines.append((record.delimiter.join(cells) if changed else line.text) + line.end)
    return lines


def _row(template: PlateTemplate, model: RecordRow, well: RecordWell) -> tuple[str, str]:
    record = template.record
    well_at, name_at = record.column(WELL_KEYS), record.column(NAME_KEYS)
    cells = list(model.cells)
    for place, cell in enumerate(cells):
        if place == well_at:
            spelled = well.position
            if not template.padded:
                spelled = f"{spelled[0]}{int(spelled[1:])}"
            cells[place] = written_like(spelled, cell, record.delimiter)
        elif place == name_at or said(cell) == model.name:
            cells[place] = written_like(well.name, cell, record.delimiter)
    return record.delimiter.join(cells), model.end


def _tail(template: PlateTemplate) -> list[RawLine]:
    record = template.record
    last = max((row.line for row in record.rows), default=0)
    return [line for line in record.text.lines[record.header + 1 :] if line.number > last]


def _place(well: str, *, down: bool) -> tuple[str, str]:
    return (well[1:], well[0]) if down else (well[0], well[1:])
