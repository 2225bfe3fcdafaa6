# SPDX-License-Identifier: Apache-2.0
"""Which version of a procedure is in force, and which there were."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.approved import in_force
from lims.core.errors import NotFound
from lims.core.words import Say
from lims.people.queries import require_authorised
from lims.people.rules import LINE_WORDS, Activity, Line
from lims.procedures.models import Procedure
from lims.procedures.rules import (
    Document,
    ProcedureEnded,
    ProcedureNotInForce,
    ProcedureOfOtherActivity,
    ProcedureOfOtherLine,
    ProcedureState,
    ProcedureWithdrawn,
    read_document,
    state_at,
)


def procedure_of(session: Session, number: int) -> Procedure:
    """Return a version of a procedure; raises NotFound."""
    found = session.get(Procedure, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def document_of(procedure: Procedure) -> Document:
    """Return what a version says; the same text is read once."""
    return _read(procedure.text)


def current_procedure(session: Session, name: str, *, at: datetime) -> Procedure | None:
    """Return the version of a procedure in force at an instant, None if there is none."""
    return session.scalar(
        select(Procedure)
        .where(Procedure.name == name, in_force(Procedure, at))
        .order_by(Procedure.version.desc())
        .limit(1)
    )


def current_procedures(
    session: Session, activity: Activity, *, at: datetime, line: Line | None = None
) -> tuple[Procedure, ...]:
    """Return the procedures in force for an activity by name; of one line, if it is given."""
    found = session.scalars(
        select(Procedure)
        .where(Procedure.activity == activity, in_force(Procedure, at))
        .order_by(Procedure.name, Procedure.version)
    )
    return tuple(one for one in found if line is None or line in document_of(one).lines)


def procedures(session: Session) -> Sequence[Procedure]:
    """Return every version of every procedure: by activity and name, the newest first."""
    return session.scalars(
        select(Procedure).order_by(
            Procedure.activity, Procedure.name, Procedure.version.desc()
        )
    ).all()  # fmt: skip


def versions(session: Session, name: str) -> Sequence[Procedure]:
    """Return the versions of a procedure, the newest first."""
    return session.scalars(
        select(Procedure).where(Procedure.name == name).order_by(Procedure.version.desc())
    ).all()


def usable_procedure(
    session: Session, number: int, *, activity: Activity, at: datetime, line: Line | None = None
) -> Procedure:
    """Return a version that is in force for the activity, and for the line where one is given.

    Raises NotFound, ProcedureOfOtherActivity, ProcedureOfOtherLine, ProcedureNotInForce,
    ProcedureWithdrawn, ProcedureEnded.
    """
    procedure = procedure_of(session, number)
    if procedure.activity is not activity:
        raise ProcedureOfOtherActivity(name=procedure.name)
    if line is not None and line not in document_of(procedure).lines:
        raise ProcedureOfOtherLine(name=procedure.name, line=Say(LINE_WORDS[line]))
    state = state_at(
        at, valid_from=procedure.valid_from, withdrawn_at=procedure.withdrawn_at
    )  # fmt: skip
    if state is ProcedureState.IN_FORCE:
        return procedure
    if state is not ProcedureState.WITHDRAWN:
        raise ProcedureNotInForce(name=procedure.name, version=procedure.version)
    current = current_procedure(session, procedure.name, at=at)
    if current is None:
        raise ProcedureEnded(name=procedure.name, version=procedure.version)
    raise ProcedureWithdrawn(
        name=procedure.name, version=procedure.version, current=current.version
    )


def require_for(session: Session, by: Actor, procedure: Procedure, *, at: datetime) -> None:
    """Raise NotAuthorisedFor where a procedure asks for its own authorisation and there is none.

    That for the activity is asked for by whoever does the activity.
    """
    if document_of(procedure).needs_authorisation:
        require_authorised(
            session, by, procedure.activity, on=at.date(), procedure=procedure.name
        )  # fmt: skip


@lru_cache(maxsize=256)
def _read(text: str) -> Document:
    return read_document(text)
