# SPDX-License-Identifier: Apache-2.0
"""Robot templates that the laboratory saved, and the wells of a plate as a robot fills them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.amplification.queries import plate_page
from lims.extraction.models import Extract
from lims.people.rules import Activity
from lims.plates.models import Well
from lims.plates.queries import fill_order, plate_of, wells_of
from lims.worksheets.models import RobotTemplate
from lims.worksheets.rules import (
    Ends,
    NotForARobot,
    RobotWell,
    Separator,
    Template,
    TemplateUnknown,
    read_template,
)

ROBOT_ACTIVITIES = (Activity.QUANTIFICATION, Activity.AMPLIFICATION)
"""Of which plates robot files are written."""


@dataclass(frozen=True)
class SavedTemplate:
    """A template that the laboratory saved, by its name and version."""

    id: int
    name: str
    version: int
    template: Template
    at: datetime
    by: str


def saved_templates(session: Session) -> tuple[SavedTemplate, ...]:
    """Return the newest version of each template, by name."""
    newest = select(func.max(RobotTemplate.id)).group_by(RobotTemplate.name)
    found = select(RobotTemplate).where(RobotTemplate.id.in_(newest)).order_by(RobotTemplate.name)
    return tuple(_saved(one) for one in session.scalars(found))


def saved_template(session: Session, name: str) -> SavedTemplate:
    """Return the newest version of a template; raises TemplateUnknown."""
    newest = session.scalar(
        select(RobotTemplate)
        .where(RobotTemplate.name == name.strip())
        .order_by(RobotTemplate.version.desc())
        .limit(1)
    )
    if newest is None:
        raise TemplateUnknown(name=name[:60])
    return _saved(newest)


def _saved(row: RobotTemplate) -> SavedTemplate:
    held = json.loads(row.figures)
    template = read_template(
        held["text"], separator=Separator(held["separator"]), ends=Ends(held["ends"]),
        decimal=held["decimal"], extracts_only=held["extracts_only"],
    )  # fmt: skip
    return SavedTemplate(row.id, row.name, row.version, template, row.at, row.by)


def robot_wells(session: Session, plate_code: str) -> tuple[RobotWell, ...]:
    """Return the wells of a quantification or amplification plate in the order of its procedure.

    Raises NotFound, NotForARobot.
    """
    plate = plate_of(session, plate_code)
    if plate.activity not in ROBOT_ACTIVITIES:
        raise NotForARobot(code=plate_code)
    wells = wells_of(session, plate_code)
    extracts = _extracts(session, wells)
    setups = (
        {row.position: row for row in plate_page(session, plate_code).rows}
        if plate.activity is Activity.AMPLIFICATION
        else {}
    )
    order = {position: place for place, position in enumerate(fill_order(session, plate_code))}
    found = []
    for well in sorted(wells, key=lambda one: order[one.position]):
        extract = extracts.get(well.subject_code or "")
        row = setups.get(well.position)
        found.append(
            RobotWell(
                plate_code, well.position, well.role.value, well.subject_code or "",
                extract.position if extract else "", extract.batch_code if extract else "",
                row.setup.extract_nl if row else well.volume_nl,
                row.reaction.dilution if row and row.reaction else 1,
                row.setup.water_nl if row else None,
            )
        )  # fmt: skip
    return tuple(found)


def _extracts(session: Session, wells: Sequence[Well]) -> dict[str, Extract]:
    codes = [well.subject_code for well in wells if well.subject_code]
    found = session.scalars(select(Extract).where(Extract.code.in_(codes)))
    return {one.code: one for one in found}
