# SPDX-License-Identifier: Apache-2.0
"""Robot templates saved in versions, and a robot's file compared with its plate."""

import hashlib
import json
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import BadInput
from lims.core.words import N_, Say
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.worksheets.models import RobotTemplate
from lims.worksheets.queries import robot_wells, saved_template
from lims.worksheets.rules import NothingForARobot, Template, check_file

STREAM = "robots:templates"


def save_template(
    session: Session, name: str, template: Template, *, by: Actor, at: datetime
) -> RobotTemplate:
    """Save a template as the next version of its name; the same again changes nothing.

    Raises BadInput for an empty name.
    """
    called = " ".join(name.split())[:60]
    if not called:
        raise BadInput(field="name", problem=Say(N_("is missing")))
    held = template.as_json()
    text = json.dumps(held, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    newest = session.scalar(
        select(RobotTemplate)
        .where(RobotTemplate.name == called)
        .order_by(RobotTemplate.version.desc())
        .limit(1)
    )
    if newest is not None and newest.figures == text:
        return newest
    row = RobotTemplate(
        name=called, version=newest.version + 1 if newest is not None else 1, figures=text,
        at=at, by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.ROBOT_TEMPLATE_SAVED, stream=STREAM, by=by, at=at,
        content={"name": called, "version": row.version, "template": held},
    )  # fmt: skip
    return row


def compare_robot_file(
    session: Session, code: str, name: str, content: bytes, *, file_name: str, by: Actor,
    at: datetime,
) -> int:  # fmt: skip
    """Compare a robot's file with a plate; say in the ledger that it agrees, in how many wells.

    Raises NotFound, NotForARobot, NothingForARobot, TemplateUnknown, and what check_file raises.
    """
    saved = saved_template(session, name)
    wells = robot_wells(session, code)
    if not saved.template.rows(wells):
        raise NothingForARobot(code=code)
    agree = check_file(saved.template, wells, content, name=saved.name, code=code)
    append(
        session, Tag.PLATE_ROBOT_COMPARED, stream=code, by=by, at=at,
        content={
            "template": saved.name, "version": saved.version, "file": file_name,
            "sha256": hashlib.sha256(content).hexdigest(), "wells": agree,
        },
    )  # fmt: skip
    return agree
