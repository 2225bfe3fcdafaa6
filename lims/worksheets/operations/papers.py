# SPDX-License-Identifier: Apache-2.0
"""What leaves for the bench: a worksheet printed, a robot's file written; kept by its hash."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.files import FileStore
from lims.custody.operations import append, refuse_if_held
from lims.custody.rules import Tag
from lims.worksheets.models import BenchPaper
from lims.worksheets.queries import robot_wells, saved_template
from lims.worksheets.rules import NothingForARobot, PaperKind, write_file


def keep_worksheet(
    session: Session, code: str, content: bytes, *, language: str, files: FileStore, by: Actor,
    at: datetime,
) -> BenchPaper:  # fmt: skip
    """Keep a worksheet that is printed now, and say in the ledger that it was."""
    paper = _keep(
        session, code, PaperKind.WORKSHEET, content, template=None, language=language,
        files=files, by=by, at=at,
    )  # fmt: skip
    tag = Tag.PLATE_WORKSHEET_PRINTED if code[0] == Kind.PLATE else Tag.BATCH_WORKSHEET_PRINTED
    append(
        session, tag, stream=code, by=by, at=at,
        content={"number": paper.id, "language": language, "sha256": paper.sha256},
    )  # fmt: skip
    return paper


def write_robot_file(
    session: Session, code: str, name: str, *, language: str, files: FileStore, by: Actor,
    at: datetime,
) -> BenchPaper:  # fmt: skip
    """Write a plate for a robot by the newest version of a template.

    Raises NotFound, OnHold, NotForARobot, NothingForARobot, TemplateUnknown.
    """
    refuse_if_held(session, code)
    saved = saved_template(session, name)
    wells = robot_wells(session, code)
    if not saved.template.rows(wells):
        raise NothingForARobot(code=code)
    content = write_file(saved.template, wells).encode()
    paper = _keep(
        session, code, PaperKind.ROBOT, content, template=saved.id, language=language,
        files=files, by=by, at=at,
    )  # fmt: skip
    append(
        session, Tag.PLATE_ROBOT_WRITTEN, stream=code, by=by, at=at,
        content={
            "number": paper.id, "template": saved.name, "version": saved.version,
            "sha256": paper.sha256,
        },
    )  # fmt: skip
    return paper


def _keep(
    session: Session, code: str, kind: PaperKind, content: bytes, *, template: int | None,
    language: str, files: FileStore, by: Actor, at: datetime,
) -> BenchPaper:  # fmt: skip
    # On disk before the commit that names it.
    paper = BenchPaper(
        subject_code=code, kind=kind, template_id=template, language=language,
        sha256=files.keep(content), at=at, by=by.id,
    )  # fmt: skip
    session.add(paper)
    session.flush()
    return paper
