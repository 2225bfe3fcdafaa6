# SPDX-License-Identifier: Apache-2.0
"""Writing a procedure, approving it by a second person, withdrawing it."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.errors import ReasonMissing
from lims.core.versions import approve, is_pending, one_line_ends, sha256_of, withdraw
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.procedures.models import Procedure
from lims.procedures.queries import procedure_of, versions
from lims.procedures.rules import (
    OwnDraft,
    ProcedureState,
    VersionDecided,
    VersionNotNewer,
    VersionPending,
    read_document,
    state_at,
)


def draft_procedure(
    session: Session,
    text: str,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    version: int | None = None,
) -> Procedure:
    """Keep a document as the next version of the name that stands in it; nobody works by it yet.

    `version` may leave numbers out, to go on from the laboratory's own. Raises ProcedureRefused,
    ReasonMissing, VersionNotNewer, VersionPending.
    """
    text = one_line_ends(text)
    document = read_document(text)
    if not reason.strip():
        raise ReasonMissing()
    there = versions(session, document.name)
    newest = there[0].version if there else 0
    number = newest + 1 if version is None else version
    if number <= newest:
        raise VersionNotNewer(name=document.name, current=newest, version=number)
    for one in there:
        if is_pending(one):
            raise VersionPending(name=one.name, version=one.version)
    drafted = Procedure(
        name=document.name, version=number, activity=document.activity, title=document.title,
        title_ar=document.title_ar, text=text, sha256=sha256_of(text), reason=reason.strip()[:200],
        drafted_at=at, drafted_by=by.id,
    )  # fmt: skip
    try:
        # Two who save at once collide on the name's version: one is refused, whole.
        with session.begin_nested():
            session.add(drafted)
            session.flush()
    except IntegrityError:
        raise VersionPending(name=document.name, version=number) from None
    append(
        session, Tag.PROCEDURE_VERSION_ADDED, stream=_stream(drafted), by=by, at=at,
        content={
            "name": drafted.name, "version": number, "activity": drafted.activity.value,
            "sha256": drafted.sha256, "why": drafted.reason,
        },
    )  # fmt: skip
    return drafted


def approve_procedure(
    session: Session,
    number: int,
    *,
    by: Actor,
    at: datetime,
    valid_from: datetime | None = None,
) -> Procedure:
    """Approve a draft: in force from `valid_from`, at once if that is not given or is past.

    From then on the version before is withdrawn. Raises NotFound, OwnDraft, VersionDecided.
    """
    procedure = _locked(session, number)
    if procedure.approved_at is not None or procedure.withdrawn_at is not None:
        raise VersionDecided(name=procedure.name, version=procedure.version)
    if procedure.drafted_by == by.id:
        raise OwnDraft(name=procedure.name, version=procedure.version)
    begins, ended = approve(
        procedure, versions(session, procedure.name), by=by.id, at=at, valid_from=valid_from
    )
    append(
        session, Tag.PROCEDURE_VERSION_APPROVED, stream=_stream(procedure), by=by, at=at,
        content={
            "name": procedure.name, "version": procedure.version, "sha256": procedure.sha256,
            "in_force_from": begins.isoformat(),
        },
    )  # fmt: skip
    for former in ended:
        append(
            session, Tag.PROCEDURE_VERSION_WITHDRAWN, stream=_stream(former), by=by, at=at,
            content={
                "name": former.name, "version": former.version,
                "followed_by": procedure.version, "from": begins.isoformat(),
            },
        )  # fmt: skip
    session.flush()
    return procedure


def withdraw_procedure(
    session: Session, number: int, *, reason: str, by: Actor, at: datetime
) -> Procedure:
    """Withdraw a draft or a version in force, at once and without a successor.

    Where the version was not in force yet, the one before it stays. Raises NotFound, ReasonMissing,
    VersionDecided for one that is withdrawn.
    """
    procedure = _locked(session, number)
    if not reason.strip():
        raise ReasonMissing()
    state = state_at(at, valid_from=procedure.valid_from, withdrawn_at=procedure.withdrawn_at)
    if state is ProcedureState.WITHDRAWN:
        raise VersionDecided(name=procedure.name, version=procedure.version)
    stays = withdraw(procedure, versions(session, procedure.name), at=at)
    content: dict[str, object] = {
        "name": procedure.name, "version": procedure.version, "why": reason.strip()[:200],
    }  # fmt: skip
    if stays is not None:
        content["stays_in_force"] = stays.version
    append(
        session, Tag.PROCEDURE_VERSION_WITHDRAWN, stream=_stream(procedure), by=by, at=at,
        content=content,
    )  # fmt: skip
    session.flush()
    return procedure


def _locked(session: Session, number: int) -> Procedure:
    # Two who decide at once take turns: the second sees what the first did.
    session.scalar(select(Procedure.id).where(Procedure.id == number).with_for_update())
    procedure = procedure_of(session, number)
    session.refresh(procedure)
    return procedure


def _stream(procedure: Procedure) -> str:
    # By number: a name may hold what a stream's name may not.
    return f"procedure:{procedure.id}"
