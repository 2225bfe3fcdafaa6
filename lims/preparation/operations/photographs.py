# SPDX-License-Identifier: Apache-2.0
"""Photographs of the laboratory: kept byte for byte, once by their content."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.code_keys import PLAIN, code_key
from lims.core.codes import Kind
from lims.core.files import FileStore
from lims.core.picture_rules import PhotographGone, PhotographTwice
from lims.core.pictures import Photograph
from lims.core.sealing import Key
from lims.custody.operations import append, refuse_if_held
from lims.custody.rules import Tag
from lims.plates.rules import check_reason
from lims.preparation.models import LaboratoryPhotograph
from lims.preparation.operations.sets import working_set
from lims.preparation.queries import photograph_of, row_of
from lims.preparation.rules import NotInSet, PictureOf
from lims.storage.operations import require_at_hand


def add_photograph(
    session: Session, files: FileStore, set_code: str, code: str, photograph: Photograph, *,
    kind: PictureOf, by: Actor, at: datetime, station: str = "",
) -> str:  # fmt: skip
    """Keep a photograph of a sample in a set; return its ref. Nothing is replaced.

    Raises NotOpen, OnHold, NotInSet, PhotographTwice, HeldByOther, Withdrawn, StorageFull.
    """
    working_set(session, set_code)
    if row_of(session, set_code, code) is None:
        raise NotInSet(code=code, set=set_code)
    refuse_if_held(session, code)
    require_at_hand(session, code, by)
    there = select(LaboratoryPhotograph.ref).where(
        LaboratoryPhotograph.sample_code == code, LaboratoryPhotograph.sha256 == photograph.sha256
    )
    if session.scalar(there) is not None:
        raise PhotographTwice()
    key = key_of(session, code)
    row = LaboratoryPhotograph(
        ref=secrets.token_hex(16), set_code=set_code, sample_code=code, kind=kind,
        sha256=files.keep(photograph.content, key),
        thumbnail_sha256=files.keep(photograph.thumbnail, key), type=photograph.kind,
        width=photograph.width, height=photograph.height, size_bytes=len(photograph.content),
        recorded_at=at, recorded_by=by.id, withdrawn_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.SAMPLE_PHOTOGRAPH_ADDED, stream=code, by=by, at=at, device=station,
        content={
            "batch": set_code, "when": kind.value, "photograph_sha256": row.sha256,
            "type": row.type, "bytes": row.size_bytes,
        },
    )  # fmt: skip
    return row.ref


def withdraw_photograph(
    session: Session, ref: str, *, reason: str, by: Actor, at: datetime
) -> LaboratoryPhotograph:
    """Withdraw a photograph of an open set for a reason; its bytes are kept.

    Raises NotFound, NotOpen, OnHold, PhotographGone, ReasonMissing.
    """
    said = check_reason(reason)
    row = photograph_of(session, ref)
    working_set(session, row.set_code)
    session.refresh(row)
    if row.withdrawn_at is not None:
        raise PhotographGone()
    row.withdrawn_at, row.withdrawn_by, row.withdrawn_because = at, by.id, said
    session.flush()
    append(
        session, Tag.SAMPLE_PHOTOGRAPH_WITHDRAWN, stream=row.sample_code, by=by, at=at,
        content={"photograph_sha256": row.sha256, "why": said},
    )  # fmt: skip
    return row


def open_photograph(
    session: Session, files: FileStore, row: LaboratoryPhotograph, *, small: bool = False
) -> bytes:
    """Return a photograph, or its thumbnail. Raises FileDamaged, Withdrawn, CodeErased."""
    return files.read(
        row.thumbnail_sha256 if small else row.sha256, key_of(session, row.sample_code)
    )


def key_of(session: Session, code: str) -> Key:
    """Return the key under which what is known of a sample lies: bones have none."""
    return code_key(session, code) if code[0] == Kind.REFERENCE else PLAIN
