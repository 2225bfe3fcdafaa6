# SPDX-License-Identifier: Apache-2.0
"""Templates of plate records, and the record of an injection plate for an analyzer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.plate_records import (
    AnalyzerModel,
    ModelRow,
    PlateTemplate,
    RecordRefused,
    RecordRole,
    RecordWell,
    Wanted,
    understand,
    write_plate_record,
)
from lims.core.errors import NotFound
from lims.genotyping.models import PlateRecordTemplate
from lims.genotyping.queries.kits import kit_of_plate
from lims.genotyping.queries.plates import plate_picture
from lims.genotyping.rules.records import (
    LARGEST_TEMPLATE,
    RecordNotWritten,
    TemplateNotRead,
    record_fault,
    template_fault,
)
from lims.kits.queries import kits_in_force, standards_for
from lims.plates.rules import PLATE_POSITIONS


@dataclass(frozen=True)
class Understood:
    """A template as it was understood: for each role its rows; None where it has none."""

    template: PlateTemplate
    rows: tuple[tuple[RecordRole, tuple[ModelRow, ...]], ...]
    # Whether a blank goes as the negative control, since no row is its own.
    blank_as_negative: bool


def record_templates(session: Session) -> Sequence[PlateRecordTemplate]:
    """Return the newest version of every template, by name."""
    newest = (
        select(PlateRecordTemplate.name, func.max(PlateRecordTemplate.version).label("version"))
        .group_by(PlateRecordTemplate.name)
        .subquery()
    )
    return session.scalars(
        select(PlateRecordTemplate)
        .join(
            newest,
            (PlateRecordTemplate.name == newest.c.name)
            & (PlateRecordTemplate.version == newest.c.version),
        )
        .order_by(PlateRecordTemplate.name)
    ).all()


def record_template(session: Session, number: int) -> PlateRecordTemplate:
    """Return a version of a template. Raises NotFound."""
    found = session.get(PlateRecordTemplate, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def template_versions(session: Session, name: str) -> Sequence[PlateRecordTemplate]:
    """Return every version of a template, the newest first."""
    return session.scalars(
        select(PlateRecordTemplate)
        .where(PlateRecordTemplate.name == name)
        .order_by(PlateRecordTemplate.version.desc())
    ).all()


def understood(content: bytes, *, file_name: str, model: AnalyzerModel) -> Understood:
    """Return how a file is understood as template. Raises TemplateNotRead."""
    name = file_name or "record"
    if len(content) > LARGEST_TEMPLATE:
        raise TemplateNotRead(file=name, **template_fault("too-large", {}))
    try:
        template = understand(content, name=name, model=model)
    except AnalyzerFileError as fault:
        raise TemplateNotRead(file=name, **template_fault(fault.reason, fault.values)) from None
    rows = tuple((role, template.serving(role)) for role in RecordRole)
    return Understood(
        template, rows,
        blank_as_negative=RecordRole.BLANK not in template.models
        and RecordRole.NEGATIVE in template.models,
    )  # fmt: skip


def plate_record(session: Session, plate_code: str, template: PlateRecordTemplate) -> bytes:
    """Return the record of an injection plate, read back and compared with its wells.

    Raises NotFound, KitUnknown, RecordNotWritten.
    """
    picture = plate_picture(session, plate_code)
    plate = picture.plate
    read = understood(template.content, file_name=template.file_name, model=template.model)
    wells = [
        RecordWell(well.position, picture.names[well.position], RecordRole(well.role.value))
        for well in picture.wells
    ]
    kit = kit_of_plate(session, plate)
    wanted = Wanted(
        kit, plate.size_standard, standards_for(kit),
        tuple(one.kit for one in kits_in_force(session, at=plate.opened_at)),
    )  # fmt: skip
    on_96 = {well.position for well in wells} <= set(PLATE_POSITIONS)
    try:
        return write_plate_record(
            read.template, wells, plate=plate.file_plate_name or plate.code, about=plate.kit,
            wanted=wanted, size=96 if on_96 else 384,
        )  # fmt: skip
    except RecordRefused as fault:
        raise RecordNotWritten(
            plate=plate_code, **record_fault(fault.reason, fault.values)
        ) from None
