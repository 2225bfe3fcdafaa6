# SPDX-License-Identifier: Apache-2.0
"""Photographs from the field: kept sealed, byte for byte, once by their content."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import BoneSampling, FieldPhotograph, Item
from lims.cases.operations.recording import added, found
from lims.cases.operations.sealed import record_sealed
from lims.cases.rules import (
    PhotographGone,
    PhotographKind,
    PhotographNeeded,
    PhotographTwice,
    SamplingState,
    check_reason,
)
from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.core.files import FileStore
from lims.core.pictures import Photograph, read_photograph
from lims.core.sealing import FieldDamaged, Vault, new_ref
from lims.custody.rules import Tag

__all__ = [
    "Photograph",
    "add_photograph",
    "open_photograph",
    "photograph_of",
    "read_photograph",
    "withdraw_photograph",
]


def add_photograph(
    session: Session,
    vault: Vault,
    files: FileStore,
    thing_ref: str,
    photograph: Photograph,
    *,
    by: Actor,
    at: datetime,
    kind: PhotographKind = PhotographKind.SCALE,
    taken_at: datetime | None = None,
    taken_by: str = "",
    place: str = "",
) -> str:
    """Keep a photograph of an item or of a sampling; return its ref.

    Nothing is replaced: one that is wrong is withdrawn. Raises NotFound, PhotographTwice.
    """
    sampling = session.get(BoneSampling, thing_ref, with_for_update=True, populate_existing=True)
    thing = sampling or found(session, Item, thing_ref)
    key = vault.key(session, thing.key_ref)
    row = FieldPhotograph(
        ref=new_ref(), key_ref=key.ref, item_ref=None if sampling else thing_ref,
        sampling_ref=thing_ref if sampling else None, kind=kind,
        sha256=files.keep(photograph.content, key),
        thumbnail_sha256=files.keep(photograph.thumbnail, key), type=photograph.kind,
        width=photograph.width, height=photograph.height, size_bytes=len(photograph.content),
        taken_at=taken_at, recorded_at=at, recorded_by=by.id, withdrawn_at=None,
        withdrawn_by=None,
    )  # fmt: skip
    row.taken_by = key.seal(taken_by.strip(), row, "taken_by")
    row.place = key.seal(place.strip(), row, "place")
    row.withdrawn_because = key.seal("", row, "withdrawn_because")
    added(session, row, PhotographTwice())
    if sampling is not None and kind is PhotographKind.SCALE and not sampling.photograph_sha256:
        sampling.photograph_sha256 = row.sha256
        session.flush()
    record_sealed(
        session, key, Tag.SEALED_PHOTOGRAPH_ADDED, row.ref,
        {
            "of": thing_ref, "kind": kind.value, "photograph_sha256": row.sha256,
            "thumbnail_sha256": row.thumbnail_sha256, "type": row.type,
            "taken_at": taken_at.isoformat() if taken_at else "", "taken_by": taken_by.strip(),
            "place": place.strip(),
        },
        by=by, at=at,
    )  # fmt: skip
    return row.ref


def withdraw_photograph(
    session: Session, vault: Vault, ref: str, *, reason: str, by: Actor, at: datetime
) -> str:
    """Withdraw a photograph for a reason, its bytes are kept; return the ref of its thing.

    Raises NotFound, ReasonNeeded, PhotographGone, PhotographNeeded.
    """
    check_reason(reason)
    row = found(session, FieldPhotograph, ref, lock=True)
    if row.withdrawn_at is not None:
        raise PhotographGone()
    if row.sampling_ref is not None and row.kind is PhotographKind.SCALE:
        sampling = found(session, BoneSampling, row.sampling_ref, lock=True)
        left = _with_scale(session, sampling.ref, but=row.ref)
        if left is None and sampling.state is SamplingState.CODED:
            raise PhotographNeeded()
        sampling.photograph_sha256 = left.sha256 if left is not None else ""
    key = vault.key(session, row.key_ref)
    row.withdrawn_at, row.withdrawn_by = at, by.id
    row.withdrawn_because = key.seal(reason.strip(), row, "withdrawn_because")
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_PHOTOGRAPH_WITHDRAWN, row.ref, {"reason": reason.strip()},
        by=by, at=at,
    )  # fmt: skip
    return row.item_ref or row.sampling_ref or ""


def open_photograph(
    session: Session, vault: Vault, files: FileStore, row: FieldPhotograph
) -> Photograph:
    """Open a photograph with its thumbnail. Raises FieldDamaged, FileDamaged, Erased."""
    key = vault.key(session, row.key_ref)
    return Photograph(
        files.read(row.sha256, key), row.type, row.width, row.height,
        files.read(row.thumbnail_sha256, key),
    )  # fmt: skip


def photograph_of(
    session: Session, vault: Vault, files: FileStore, sampling: BoneSampling
) -> Photograph:
    """Open the photograph with scale that a sampling rests on.

    Raises NotFound where there is none; FieldDamaged, FileDamaged, Erased.
    """
    row = _with_scale(session, sampling.ref)
    if row is None:
        raise NotFound(code=sampling.ref)
    photograph = open_photograph(session, vault, files, row)
    if photograph.sha256 != sampling.photograph_sha256:
        raise FieldDamaged("a photograph is not the one that was recorded")
    return photograph


def _with_scale(session: Session, sampling_ref: str, *, but: str = "") -> FieldPhotograph | None:
    return session.scalars(
        select(FieldPhotograph)
        .where(
            FieldPhotograph.sampling_ref == sampling_ref,
            FieldPhotograph.kind == PhotographKind.SCALE,
            FieldPhotograph.withdrawn_at.is_(None),
            FieldPhotograph.ref != but,
        )
        .order_by(FieldPhotograph.recorded_at, FieldPhotograph.ref)
        .limit(1)
    ).first()
