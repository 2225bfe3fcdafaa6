# SPDX-License-Identifier: Apache-2.0
"""Reading labels: which is live, which are on their way."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session, aliased

from lims.printing.models import LabelInstance, LabelQueue
from lims.printing.rules import COUNTER_JUMPED, PENDING, LabelNotVerified, LabelState


def live_label(session: Session, code: str) -> LabelInstance | None:
    """Return the one active label of a thing."""
    return session.scalar(
        select(LabelInstance).where(
            LabelInstance.code == code, LabelInstance.state == LabelState.ACTIVE
        )
    )


def check_label(session: Session, code: str) -> None:
    """Refuse a thing whose label was never scanned back. Raises LabelNotVerified."""
    if live_label(session, code) is None:
        raise LabelNotVerified(code=code)


def label_of_payload(session: Session, payload: str) -> LabelInstance | None:
    """Return the label that carries a payload (11 characters)."""
    return session.scalar(select(LabelInstance).where(LabelInstance.payload == payload))


def newest_label(session: Session, code: str) -> LabelInstance | None:
    """Return the label of a thing that was ordered last."""
    return session.scalar(
        select(LabelInstance)
        .where(LabelInstance.code == code)
        .order_by(LabelInstance.id.desc())
        .limit(1)
    )


def labels_of(session: Session, code: str) -> Sequence[LabelInstance]:
    """Return every label a thing ever had, the newest first."""
    return session.scalars(
        select(LabelInstance).where(LabelInstance.code == code).order_by(LabelInstance.id.desc())
    ).all()


def pending_at(session: Session, station: str, *, limit: int = 100) -> Sequence[LabelInstance]:
    """Return the labels of a station that are not yet live, the oldest first.

    Those too that certainly did not come out, while their thing has no other: nobody can scan a
    thing without a label, so the bench must tell of it.
    """
    other = aliased(LabelInstance)
    has_other = (
        select(other.id)
        .where(other.code == LabelInstance.code, other.state.in_((*PENDING, LabelState.ACTIVE)))
        .exists()
    )
    return session.scalars(
        select(LabelInstance)
        .where(
            LabelInstance.station_code == station,
            or_(
                LabelInstance.state.in_(PENDING),
                and_(LabelInstance.state == LabelState.LOST, ~has_other),
            ),
        )
        .order_by(LabelInstance.id)
        .limit(limit)
    ).all()


def counter_jumped(session: Session, station: str) -> bool:
    """Return whether a label not yet live was printed after the printer's counter had jumped."""
    found = session.scalar(
        select(LabelInstance.id)
        .where(
            LabelInstance.station_code == station,
            LabelInstance.state.in_(PENDING),
            LabelInstance.fault.startswith(f"{COUNTER_JUMPED}:"),
        )
        .limit(1)
    )
    return found is not None


def waiting(station: str, at: datetime, *, idle: str = "") -> ColumnElement[bool]:
    """Return the condition on labels that an agent may take: queued, or leased too long ago.

    `idle` names an agent that says it holds nothing: an answer with its leases was lost on the way.
    """
    leased = LabelInstance.lease_ends < at
    if idle:
        leased = or_(leased, LabelInstance.leased_to == idle)
    return and_(
        LabelInstance.station_code == station,
        # Said of both first, so that the index is read at these two alone.
        LabelInstance.state.in_((LabelState.QUEUED, LabelState.LEASED)),
        or_(LabelInstance.state == LabelState.QUEUED, leased),
    )


def queued_at(session: Session, station: str, *, at: datetime, idle: str = "") -> bool:
    """Return whether a station has a label that its agent may take."""
    found = session.scalar(select(LabelInstance.id).where(waiting(station, at, idle=idle)).limit(1))
    return found is not None


def unverified(session: Session, codes: Collection[str]) -> set[str]:
    """Return those of `codes` that have no live label."""
    live = session.scalars(
        select(LabelInstance.code).where(
            LabelInstance.code.in_(codes), LabelInstance.state == LabelState.ACTIVE
        )
    )
    return set(codes) - set(live)


def queue_revisions(session: Session) -> dict[str, int]:
    """Return how often each station's labels have changed."""
    return {row.station_code: row.revision for row in session.scalars(select(LabelQueue))}
