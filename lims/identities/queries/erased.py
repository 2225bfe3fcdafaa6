# SPDX-License-Identifier: Apache-2.0
"""What can still be said of withdrawn and erased donors, without opening anything."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.core.sealing import SealedKey, Vault
from lims.identities.models import (
    Consent,
    Donor,
    LegalHold,
    ReferenceCoding,
    ReferenceSampling,
    Relation,
)
from lims.identities.queries.persons import PAGE


@dataclass(frozen=True)
class ErasedShown:
    """What is left of an erased donor: a random name and when."""

    donor: Donor
    at: datetime


@dataclass(frozen=True)
class LegalHoldShown:
    """What blocks an erasure, opened."""

    hold: LegalHold
    reason: str


def erased_on(session: Session, donor_ref: str) -> datetime | None:
    """Return when a donor was erased, None for one who was not. Raises NotFound."""
    row = session.execute(
        select(SealedKey.destroyed_at)
        .join(Donor, Donor.key_ref == SealedKey.ref)
        .where(Donor.ref == donor_ref)
    ).one_or_none()
    if row is None:
        raise NotFound(code=donor_ref[:40])
    when: datetime | None = row[0]
    return when


def erased_donors(session: Session, *, limit: int = PAGE) -> list[ErasedShown]:
    """Return the donors erased last: all that is left to be shown of them."""
    rows = session.execute(
        select(Donor, SealedKey.destroyed_at)
        .join(SealedKey, SealedKey.ref == Donor.key_ref)
        .where(SealedKey.destroyed_at.is_not(None))
        .order_by(SealedKey.destroyed_at.desc(), Donor.ref)
        .limit(limit)
    )
    return [ErasedShown(donor, at) for donor, at in rows if at is not None]


def erased_relatives(session: Session, missing_ref: str) -> list[ErasedShown]:
    """Return the erased donors who had declared a relation to a missing person."""
    rows = session.execute(
        select(Donor, SealedKey.destroyed_at)
        .join(SealedKey, SealedKey.ref == Donor.key_ref)
        .join(Relation, Relation.donor_ref == Donor.ref)
        .where(Relation.missing_ref == missing_ref, SealedKey.destroyed_at.is_not(None))
        .order_by(SealedKey.destroyed_at, Donor.ref)
    )
    return [ErasedShown(donor, at) for donor, at in rows if at is not None]


def given_by(session: Session, donor_ref: str) -> list[ReferenceSampling]:
    """Return what a donor gave, unopened: materials, days and states."""
    rows = select(ReferenceSampling).where(ReferenceSampling.donor_ref == donor_ref)
    return list(session.scalars(rows.order_by(ReferenceSampling.recorded_at)))


def withdrawn_since(session: Session, donor_ref: str) -> datetime | None:
    """Return since when no consent of a donor stands; None where one does, or none ever did."""
    ends = session.scalars(select(Consent.withdrawn_at).where(Consent.donor_ref == donor_ref)).all()
    whole = [at for at in ends if at is not None]
    return max(whole) if whole and len(whole) == len(ends) else None


def legal_hold_of(session: Session, donor_ref: str) -> LegalHold | None:
    """Return the legal hold that stands on a donor."""
    return session.scalar(
        select(LegalHold).where(LegalHold.donor_ref == donor_ref, LegalHold.lifted_at.is_(None))
    )


def erased_of_list(session: Session, list_ref: str) -> int:
    """Return how many references of a coding list belong to erased donors."""
    return (
        session.scalar(
            select(func.count())
            .select_from(ReferenceCoding)
            .join(SealedKey, SealedKey.ref == ReferenceCoding.key_ref)
            .where(ReferenceCoding.list_ref == list_ref, SealedKey.destroyed_at.is_not(None))
        )
        or 0
    )


def consents_given_by(session: Session, donor_ref: str) -> list[Consent]:
    """Return a donor's consents, unopened: days and states."""
    rows = select(Consent).where(Consent.donor_ref == donor_ref)
    return list(session.scalars(rows.order_by(Consent.given_on, Consent.recorded_at)))


def legal_hold_read(session: Session, vault: Vault, donor_ref: str) -> LegalHoldShown | None:
    """Return the legal hold that stands on a donor, opened."""
    hold = legal_hold_of(session, donor_ref)
    if hold is None:
        return None
    return LegalHoldShown(hold, vault.key(session, hold.key_ref).open(hold.reason, hold, "reason"))
