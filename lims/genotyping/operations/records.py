# SPDX-License-Identifier: Apache-2.0
"""Keep a template of plate records, and let a plate's record leave for its analyzer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.analyzers.plate_records import AnalyzerModel
from lims.core.actors import Actor
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.rules import Tag
from lims.genotyping.models import PlateRecordTemplate
from lims.genotyping.operations.injecting import check_age
from lims.genotyping.queries.plates import plate_picture
from lims.genotyping.queries.records import plate_record, record_template, understood
from lims.genotyping.rules.refusals import PlateNotCompleted
from lims.plates.rules import WorkState

STREAM = "genotyping:plate-records"


@dataclass(frozen=True)
class LeftRecord:
    """A record that leaves: its bytes, their SHA-256, the template it was written from."""

    content: bytes
    sha256: str
    template: PlateRecordTemplate


def keep_record_template(
    session: Session,
    content: bytes,
    *,
    name: str,
    model: AnalyzerModel,
    file_name: str,
    by: Actor,
    at: datetime,
) -> PlateRecordTemplate:
    """Keep a record of the laboratory's own instrument as the next version of a template.

    The bytes of the newest version again change nothing. Raises TemplateNotRead.
    """
    understood(content, file_name=file_name, model=model)
    sha256 = hashlib.sha256(content).hexdigest()
    newest = session.scalar(
        select(PlateRecordTemplate)
        .where(PlateRecordTemplate.name == name)
        .order_by(PlateRecordTemplate.version.desc())
        .limit(1)
    )
    if newest is not None and (newest.sha256, newest.model) == (sha256, model):
        return newest
    version = session.scalar(
        select(func.max(PlateRecordTemplate.version)).where(PlateRecordTemplate.name == name)
    )
    row = PlateRecordTemplate(
        name=name, version=(version or 0) + 1, model=model, file_name=file_name[-200:],
        content=content, sha256=sha256, at=at, by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.PLATE_TEMPLATE_ADDED, stream=STREAM, by=by, at=at,
        content={"template": row.id, "version": row.version, "model": model.value,
                 "sha256": sha256},
    )  # fmt: skip
    return row


def let_record_leave(
    session: Session, plate_code: str, template_id: int, *, by: Actor, at: datetime
) -> LeftRecord:
    """Write the record of a completed injection plate and say in the ledger what left.

    Raises NotFound, OnHold, PlateNotCompleted, PlateTooOld, RecordNotWritten.
    """
    lock_subject(session, plate_code)
    picture = plate_picture(session, plate_code)
    refuse_if_held(session, plate_code)
    if picture.state not in (WorkState.COMPLETED, WorkState.REVIEWED):
        raise PlateNotCompleted(code=plate_code, state=picture.state)
    check_age(session, picture.plate, at=at)
    template = record_template(session, template_id)
    content = plate_record(session, plate_code, template)
    sha256 = hashlib.sha256(content).hexdigest()
    append(
        session, Tag.PLATE_RECORD_EXPORTED, stream=plate_code, by=by, at=at,
        content={"sha256": sha256, "template": template.id, "template_sha256": template.sha256,
                 "model": template.model.value, "wells": len(picture.wells)},
    )  # fmt: skip
    return LeftRecord(content, sha256, template)
