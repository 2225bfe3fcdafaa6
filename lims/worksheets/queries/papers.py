# SPDX-License-Identifier: Apache-2.0
"""Worksheets that were printed and robot files that were written for a batch or plate."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.queries import events_of_stream
from lims.custody.rules import Tag
from lims.worksheets.models import BenchPaper, RobotTemplate
from lims.worksheets.rules import PaperKind

PAPERS = 20
"""So many are listed, the newest."""


@dataclass(frozen=True)
class Paper:
    """What was made; `template` is "name v2" for a robot's file, '' for a worksheet."""

    number: int
    kind: PaperKind
    template: str
    at: datetime
    by: str


def papers_of(session: Session, code: str) -> tuple[Paper, ...]:
    """Return what was made for a batch or plate, the newest first."""
    rows = session.execute(
        select(BenchPaper, RobotTemplate.name, RobotTemplate.version)
        .outerjoin(RobotTemplate, RobotTemplate.id == BenchPaper.template_id)
        .where(BenchPaper.subject_code == code)
        .order_by(BenchPaper.id.desc())
        .limit(PAPERS)
    )
    return tuple(
        Paper(one.id, one.kind, f"{name} v{version}" if name else "", one.at, one.by)
        for one, name, version in rows
    )


def paper_of(session: Session, code: str, number: int) -> BenchPaper:
    """Return one that was made for this batch or plate; raises NotFound."""
    found = session.get(BenchPaper, number)
    if found is None or found.subject_code != code:
        raise NotFound(code=code)
    return found


@dataclass(frozen=True)
class Compared:
    """When a robot's file last agreed with its plate: which file, in how many wells."""

    at: datetime
    file: str
    wells: int


def last_compared(session: Session, code: str) -> Compared | None:
    """Return the newest comparison of a plate with a robot's file, None without one."""
    for event in events_of_stream(session, code):
        if event.tag == Tag.PLATE_ROBOT_COMPARED:
            content = event.content
            return Compared(event.occurred, str(content["file"]), int(str(content["wells"])))
    return None
