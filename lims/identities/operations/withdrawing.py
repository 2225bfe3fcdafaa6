# SPDX-License-Identifier: Apache-2.0
"""Withdrawal of consent: at once everywhere, and told to the ledger where nothing pairs it."""

import secrets
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.operations import found, record_sealed
from lims.cases.rules import SamplingState, check_reason
from lims.core.actors import Actor
from lims.core.code_keys import close_code
from lims.core.sealing import Vault, new_ref
from lims.custody.operations import append, record_withheld, unlinked, withhold
from lims.custody.queries import descendants
from lims.custody.rules import Gone, Tag
from lims.genotyping.operations import record_profile_withdrawn, withdraw_profile
from lims.identities.models import Consent, Donor, ReferenceSampling, ToTell
from lims.identities.queries import pairs_of_references
from lims.identities.rules import TELL_WITHIN, LaterAct, NoConsentToWithdraw
from lims.samples.operations import queue_destruction
from lims.samples.rules import DestructionReason, NotDestructible, QueuedAlready


def withdraw_consent(
    session: Session, vault: Vault, donor_ref: str, *, reason: str, by: Actor, at: datetime
) -> int:
    """Withdraw every consent of a donor that stands; return how many codes were taken out by it.

    At once every code is on hold, leaves worklists, and nobody reads under it any more: the
    laboratory sees that a consent was withdrawn, and no more. The ledger learns of each code at an
    hour of its own (tell_next). What was not coded yet leaves the list.
    Raises NotFound, NoConsentToWithdraw, ReasonNeeded.
    """
    check_reason(reason)
    donor = found(session, Donor, donor_ref, lock=True)
    key = vault.key(session, donor.key_ref)
    standing = session.scalars(
        select(Consent).where(Consent.donor_ref == donor.ref, Consent.withdrawn_at.is_(None))
    ).all()
    if not standing:
        raise NoConsentToWithdraw()
    for consent in standing:
        consent.withdrawn_at, consent.withdrawn_by = at, by.id
        consent.withdrawn_because = key.seal(reason.strip(), consent, "withdrawn_because")
        record_sealed(
            session, key, Tag.SEALED_CONSENT_WITHDRAWN, consent.ref,
            {"donor": donor.ref, "reason": reason.strip()}, by=by, at=at,
        )  # fmt: skip
    taken = take_off_list(session, donor.ref, at=at)
    pairs = pairs_of_references(session, vault, taken)
    for pair in sorted(pairs, key=lambda one: one.code):
        take_out(session, pair.code, by=by, at=at)
    return len(pairs)


def take_off_list(session: Session, donor_ref: str, *, at: datetime) -> list[str]:
    """Take what a donor gave and was not coded yet off the list; return the refs of all of it."""
    taken = session.scalars(
        select(ReferenceSampling).where(ReferenceSampling.donor_ref == donor_ref)
    ).all()
    for sampling in taken:
        if sampling.state is SamplingState.PENDING:
            sampling.state, sampling.withdrawn_at = SamplingState.WITHDRAWN, at
    session.flush()
    return [one.ref for one in taken]


def take_out(session: Session, code: str, *, by: Actor, at: datetime) -> None:
    """Take a code out of every worklist, reading and comparison from now on."""
    close_code(session, code, on=at.date())
    withdraw_profile(session, code)
    if withhold(session, code, on=at.date()):
        tell_later(session, code, LaterAct.HELD, by=by, at=at)


def tell_later(session: Session, code: str, act: LaterAct, *, by: Actor, at: datetime) -> None:
    """Let the ledger learn of an act on a code at an hour drawn for it."""
    wait = TELL_WITHIN * secrets.randbelow(1_000_000) / 1_000_000
    session.add(
        ToTell(ref=new_ref(), code=code, act=act, due_at=at + wait, asked_by=by.id, told_event=None)
    )
    session.flush()


def _queue_for_destruction(session: Session, code: str, *, by: Actor, at: datetime) -> None:
    """Queue an erased sample, and all that was made of it and is still there, for destruction."""
    for thing in (code, *descendants(session, code)):
        try:
            queue_destruction(session, thing, DestructionReason.CONSENT, by=by, at=at)
        except (NotDestructible, QueuedAlready, Gone):
            continue


def tell_next(session: Session, *, at: datetime) -> bool:
    """Tell the ledger the next act whose hour has come; return whether there was one.

    With the erasure of a code what is left of the sample is queued for destruction, which takes
    two persons. One a transaction: acts of one transaction would be neighbours in the ledger.
    """
    one = session.scalar(
        select(ToTell)
        .where(ToTell.told_event.is_(None), ToTell.due_at <= at)
        .order_by(ToTell.due_at, ToTell.ref)
        .limit(1)
        .with_for_update()
    )
    if one is None:
        return False
    by = Actor(one.asked_by)
    if one.act is LaterAct.HELD:
        event = record_withheld(session, one.code, by=by, at=at)
        record_profile_withdrawn(session, one.code, by=by, at=at)
    else:
        event = append(
            session, Tag.SAMPLE_RECORD_ERASED, stream=one.code, by=by, at=at, content={},
            idem=unlinked(),
        )  # fmt: skip
        _queue_for_destruction(session, one.code, by=by, at=at)
    # '' where the hold was recorded by other means before its hour came.
    one.told_event = event or ""
    session.flush()
    return True
