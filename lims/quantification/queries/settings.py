# SPDX-License-Identifier: Apache-2.0
"""What the laboratory has set for quantification: limits and mappings, with their versions."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from instruments.analyzers.quantification import HeaderMapping
from lims.people.rules import Activity, Line
from lims.procedures.queries import current_procedures, document_of
from lims.quantification.models import QuantificationLimits, QuantificationMapping
from lims.quantification.rules import (
    LIMITS,
    Limits,
    MappingUnknown,
    limits_of_text,
    room_of,
    within,
)


@dataclass(frozen=True)
class InForce:
    """The limits that quantities are judged by now, and their version; 0: as shipped."""

    version: int
    limits: Limits


@dataclass(frozen=True)
class SavedMapping:
    """A mapping that the laboratory saved, by its name and version."""

    id: int
    name: str
    version: int
    mapping: HeaderMapping


def in_force(session: Session) -> InForce:
    """Return the newest approved limits, or those that the program comes with."""
    newest = session.scalar(
        select(QuantificationLimits)
        .where(QuantificationLimits.approved.is_(True))
        .order_by(QuantificationLimits.version.desc())
        .limit(1)
    )
    if newest is None:
        return InForce(0, LIMITS)
    return InForce(newest.version, limits_of_text(newest.figures))


def within_reactions(session: Session, limits: Limits, *, at: datetime) -> Limits:
    """Return the limits that apply to bones: no more than any amplification in force holds."""
    documents = (
        document_of(one)
        for one in current_procedures(session, Activity.AMPLIFICATION, at=at, line=Line.BONE)
    )
    return within(limits, [room_of(one) for one in documents])


def limits_of(session: Session, version: int) -> Limits:
    """Return the limits of a version; 0 are those that the program comes with."""
    if version == 0:
        return LIMITS
    return limits_of_text(session.get_one(QuantificationLimits, version).figures)


def limits_versions(session: Session, *, limit: int = 50) -> tuple[QuantificationLimits, ...]:
    """Return every version of the limits that was proposed, the newest first."""
    found = select(QuantificationLimits).order_by(QuantificationLimits.version.desc())
    return tuple(session.scalars(found.limit(limit)))


def saved_mappings(session: Session) -> tuple[SavedMapping, ...]:
    """Return the newest version of each mapping, by name."""
    newest = (
        select(QuantificationMapping.name, func.max(QuantificationMapping.version).label("version"))
        .group_by(QuantificationMapping.name)
        .subquery()
    )
    found = (
        select(QuantificationMapping)
        .join(
            newest,
            (newest.c.name == QuantificationMapping.name)
            & (newest.c.version == QuantificationMapping.version),
        )
        .order_by(QuantificationMapping.name)
    )
    return tuple(_saved(one) for one in session.scalars(found))


def saved_mapping(session: Session, name: str) -> SavedMapping:
    """Return the newest version of a mapping; raises MappingUnknown."""
    newest = session.scalar(
        select(QuantificationMapping)
        .where(QuantificationMapping.name == name.strip())
        .order_by(QuantificationMapping.version.desc())
        .limit(1)
    )
    if newest is None:
        raise MappingUnknown(name=name[:60])
    return _saved(newest)


def _saved(one: QuantificationMapping) -> SavedMapping:
    return SavedMapping(
        one.id, one.name, one.version, HeaderMapping.of_json(json.loads(one.figures))
    )
