# SPDX-License-Identifier: Apache-2.0
"""Erasure of a person after withdrawal: keys and salts destroyed, and destroyed again after a
database was restored. Rows keep codes, times and states; nobody can read what is sealed in them.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import LargeBinary, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases.models import EventSalt
from lims.cases.operations import found, record_sealed
from lims.cases.rules import check_reason
from lims.core.actors import Actor
from lims.core.code_keys import CodeKey, destroy_code_key
from lims.core.erasures import CODE, PERSON, DestroyedKey
from lims.core.sealing import INDEX_LENGTH, PLAIN, SealedKey, Vault, destroy_key, new_ref
from lims.custody.operations import append, unlinked
from lims.custody.rules import Tag
from lims.identities.models import (
    Consent,
    Donor,
    LegalHold,
    NameIndex,
    ReferenceCoding,
    ReferenceSampling,
)
from lims.identities.operations.withdrawing import take_off_list, take_out, tell_later
from lims.identities.queries import legal_hold_of, pairs_of_references, withdrawn_since
from lims.identities.rules import (
    LaterAct,
    LegalHoldStands,
    LegalHoldThere,
    NoLegalHold,
    NotWithdrawn,
    SecondPersonNeeded,
    TooEarly,
)

SEALED_OF_DONOR = (Donor, Consent, ReferenceSampling, ReferenceCoding, LegalHold, EventSalt)
"""Every table whose rows are sealed by a donor's key."""
INDEXES = ("number_index", "code_index")


@dataclass(frozen=True)
class Erasure:
    """What an erasure destroyed, for the list of erasures."""

    keys: tuple[DestroyedKey, ...]
    codes: int


def erase_donor(
    session: Session,
    vault: Vault,
    donor_ref: str,
    *,
    after_days: int,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> Erasure:
    """Erase a donor who withdrew: the person's key, the keys of all codes, and so every salt.

    A second person confirms. The caller writes the keys on the list of erasures once the
    transaction is committed. Raises NotFound, Erased, NotWithdrawn, TooEarly, LegalHoldStands,
    SecondPersonNeeded.
    """
    if witness.id == by.id:
        raise SecondPersonNeeded()
    donor = found(session, Donor, donor_ref, lock=True)
    vault.key(session, donor.key_ref)
    since = withdrawn_since(session, donor.ref)
    if since is None:
        raise NotWithdrawn()
    if at < since + timedelta(days=after_days):
        raise TooEarly(day=(since + timedelta(days=after_days)).date().isoformat())
    if legal_hold_of(session, donor.ref) is not None:
        raise LegalHoldStands()
    return _erase(session, vault, donor, {"witness": witness.id}, by=by, at=at)


def erase_again(
    session: Session, vault: Vault, keys: Collection[DestroyedKey], *, by: Actor, at: datetime
) -> int:
    """Destroy keys again that a restored database brought back; return how many it did.

    The events of the erasure are not in a restored ledger: it is told anew.
    """
    persons = [one.ref for one in keys if one.kind == PERSON]
    codes = [one.ref for one in keys if one.kind == CODE]
    done = 0
    for donor in session.scalars(
        select(Donor)
        .join(SealedKey, SealedKey.ref == Donor.key_ref)
        .where(SealedKey.ref.in_(persons), SealedKey.destroyed_at.is_(None))
        .order_by(Donor.ref)
    ).all():
        done += len(_erase(session, vault, donor, {"again": True}, by=by, at=at).keys)
    for row in session.scalars(
        select(CodeKey).where(CodeKey.ref.in_(codes), CodeKey.destroyed_on.is_(None))
    ).all():
        _erase_code(session, row.code, by=by, at=at)
        done += 1
    for ref in session.scalars(
        select(SealedKey.ref).where(SealedKey.ref.in_(persons), SealedKey.destroyed_at.is_(None))
    ).all():
        destroy_key(session, ref, at=at)
        done += 1
    return done


def set_legal_hold(
    session: Session, vault: Vault, donor_ref: str, *, reason: str, by: Actor, at: datetime
) -> str:
    """Block the erasure of a donor, with the reason; a withdrawal it does not block.

    Raises NotFound, Erased, ReasonNeeded, LegalHoldThere.
    """
    check_reason(reason)
    donor = found(session, Donor, donor_ref, lock=True)
    key = vault.key(session, donor.key_ref)
    hold = LegalHold(
        ref=new_ref(), key_ref=key.ref, donor_ref=donor.ref, set_at=at, set_by=by.id,
        lifted_at=None, lifted_by="",
    )  # fmt: skip
    hold.reason = key.seal(reason.strip(), hold, "reason")
    try:
        with session.begin_nested():
            session.add(hold)
            session.flush()
    except IntegrityError:
        raise LegalHoldThere() from None
    record_sealed(
        session, key, Tag.SEALED_LEGAL_HOLD_SET, hold.ref,
        {"donor": donor.ref, "reason": reason.strip()}, by=by, at=at,
    )  # fmt: skip
    return hold.ref


def lift_legal_hold(
    session: Session, vault: Vault, donor_ref: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """Lift the legal hold on a donor. Raises NotFound, ReasonNeeded, NoLegalHold."""
    check_reason(reason)
    donor = found(session, Donor, donor_ref, lock=True)
    hold = legal_hold_of(session, donor.ref)
    if hold is None:
        raise NoLegalHold()
    hold.lifted_at, hold.lifted_by = at, by.id
    session.flush()
    record_sealed(
        session, vault.key(session, donor.key_ref), Tag.SEALED_LEGAL_HOLD_LIFTED, hold.ref,
        {"donor": donor.ref, "reason": reason.strip()}, by=by, at=at,
    )  # fmt: skip


def _erase(
    session: Session, vault: Vault, donor: Donor, said: dict[str, object], *, by: Actor,
    at: datetime,
) -> Erasure:  # fmt: skip
    is_plain = not vault.key(session, donor.key_ref).secret
    pairs = pairs_of_references(session, vault, take_off_list(session, donor.ref, at=at))
    keys = [
        _erase_code(session, one.code, by=by, at=at)
        for one in sorted(pairs, key=lambda one: one.code)
    ]
    session.execute(
        update(Consent)
        .where(Consent.donor_ref == donor.ref, Consent.withdrawn_at.is_(None))
        .values(withdrawn_at=at, withdrawn_by=by.id)
    )
    if is_plain:
        _overwrite(session, donor.key_ref)
    # A blind index answers whoever guesses a name or a code: it goes like a salt.
    for part in session.scalars(select(NameIndex).where(NameIndex.donor_ref == donor.ref)):
        part.part = secrets.token_bytes(INDEX_LENGTH)
    donor.number_index = secrets.token_bytes(INDEX_LENGTH)
    for coding in session.scalars(
        select(ReferenceCoding).where(ReferenceCoding.key_ref == donor.key_ref)
    ):
        coding.code_index = secrets.token_bytes(INDEX_LENGTH)
    destroy_key(session, donor.key_ref, at=at)
    append(session, Tag.SEALED_RECORD_ERASED, f"s:{donor.ref}", said, by=by, at=at, idem=unlinked())
    return Erasure((DestroyedKey(PERSON, donor.key_ref), *keys), len(pairs))


def _erase_code(session: Session, code: str, *, by: Actor, at: datetime) -> DestroyedKey:
    take_out(session, code, by=by, at=at)
    ref = destroy_code_key(session, code, on=at.date())
    tell_later(session, code, LaterAct.ERASED, by=by, at=at)
    return DestroyedKey(CODE, ref)


def _overwrite(session: Session, key_ref: str) -> None:
    """Overwrite what a laboratory without encryption stored plain of a person."""
    for table in SEALED_OF_DONOR:
        blank = {
            column.name: PLAIN
            for column in table.__table__.columns
            if isinstance(column.type, LargeBinary) and column.name not in INDEXES
        }
        session.execute(update(table).where(table.key_ref == key_ref).values(blank))
    session.expire_all()
