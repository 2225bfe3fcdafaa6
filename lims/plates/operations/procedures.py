# SPDX-License-Identifier: Apache-2.0
"""Versions of standard operating procedures."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.plates.models import Procedure
from lims.plates.rules import Activity, ReasonMissing, VersionNotNewer


def add_procedure(
    session: Session, name: str, *, version: int, activity: Activity, by: Actor, at: datetime
) -> Procedure:
    """Put a version of a procedure in force; it withdraws the former one.

    Raises VersionNotNewer, ReasonMissing for an empty name.
    """
    if not name.strip():
        raise ReasonMissing()
    former = session.scalars(
        select(Procedure).where(Procedure.name == name).order_by(Procedure.version.desc())
    ).all()
    if former and former[0].version >= version:
        raise VersionNotNewer(name=name, current=former[0].version, version=version)
    for one in former:
        if one.withdrawn_at is None:
            one.withdrawn_at = at
            append(
                session, Tag.PROCEDURE_VERSION_WITHDRAWN, stream=_stream(one), by=by, at=at,
                content={"name": name, "version": one.version, "followed_by": version},
            )  # fmt: skip
    added = Procedure(
        name=name, version=version, activity=activity, valid_from=at, withdrawn_at=None
    )
    session.add(added)
    session.flush()
    append(
        session, Tag.PROCEDURE_VERSION_ADDED, stream=_stream(added), by=by, at=at,
        content={"name": name, "version": version, "activity": activity.value},
    )  # fmt: skip
    return added


def withdraw_procedure(
    session: Session, procedure: Procedure, *, reason: str, by: Actor, at: datetime
) -> None:
    """Withdraw a version without a successor. Raises ReasonMissing."""
    if not reason.strip():
        raise ReasonMissing()
    procedure.withdrawn_at = procedure.withdrawn_at or at
    append(
        session, Tag.PROCEDURE_VERSION_WITHDRAWN, stream=_stream(procedure), by=by, at=at,
        content={"name": procedure.name, "version": procedure.version, "why": reason.strip()},
    )  # fmt: skip
    session.flush()


def _stream(procedure: Procedure) -> str:
    # By number: a name may hold what a stream's name may not.
    return f"procedure:{procedure.id}"
