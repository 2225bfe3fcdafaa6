# SPDX-License-Identifier: Apache-2.0
"""Correcting items, and the numbers by which others know a thing."""

from datetime import datetime

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.cases.models import BoneSampling, Case, Individual, Item, ThingNumber
from lims.cases.operations.recording import (
    added,
    check_facts,
    found,
    keep_version,
    write_facts,
)
from lims.cases.operations.sealed import record_sealed
from lims.cases.queries import (
    ITEM_INDEX,
    THING_INDEX,
    THING_NUMBER_INDEX,
    facts_of,
    number_blind,
)
from lims.cases.rules import (
    ItemChanged,
    ItemFacts,
    NothingChanged,
    NumberKind,
    NumberTaken,
    NumberThere,
    NumberWithdrawn,
    check_another_number,
    check_reason,
)
from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.core.sealing import Vault, new_ref
from lims.core.spelling import normalised, number_key
from lims.custody.rules import Tag


def correct_item(
    session: Session,
    vault: Vault,
    item_ref: str,
    facts: ItemFacts,
    *,
    seen: int,
    reason: str,
    by: Actor,
    at: datetime,
) -> int:
    """Correct what is recorded of an item for a reason; return the number of the new version.

    `seen` is the version that was corrected. What was recorded before stays in its version.
    Raises NotFound, ReasonNeeded, ItemChanged, NothingChanged, AgeRefused, NumberThere,
    NumberEmpty, MassMissing, ElementNotListed.
    """
    check_reason(reason)
    check_facts(facts)
    item = found(session, Item, item_ref, lock=True)
    if item.version != seen:
        raise ItemChanged()
    key = vault.key(session, item.key_ref)
    if facts_of(item, key) == facts:
        raise NothingChanged()
    index = number_blind(vault, facts.field_number, ITEM_INDEX)
    try:
        with session.begin_nested():
            item.number_index = index
            session.flush()
    except IntegrityError:
        raise NumberThere() from None
    write_facts(item, key, facts)
    item.version = seen + 1
    session.flush()
    keep_version(session, key, item, facts, reason=reason, by=by, at=at)
    record_sealed(
        session, key, Tag.SEALED_ITEM_CHANGED, item.ref,
        {**facts.as_json(), "version": item.version, "reason": reason.strip()}, by=by, at=at,
    )  # fmt: skip
    return item.version


def give_number(
    session: Session,
    vault: Vault,
    thing_ref: str,
    *,
    kind: NumberKind,
    number: str,
    by: Actor,
    at: datetime,
    issuer: str = "",
) -> str:
    """Keep another's number of a case, an item, a sampling or an individual; return its ref.

    It stands once for its kind and issuer, however it is written. Raises NotFound, NumberEmpty,
    NumberTaken.
    """
    check_another_number(number)
    thing = thing_of(session, thing_ref)
    key = vault.key(session, thing.key_ref)
    row = ThingNumber(
        ref=new_ref(), key_ref=key.ref, kind=kind,
        case_ref=thing_ref if isinstance(thing, Case) else None,
        item_ref=thing_ref if isinstance(thing, Item) else None,
        sampling_ref=thing_ref if isinstance(thing, BoneSampling) else None,
        individual_ref=thing_ref if isinstance(thing, Individual) else None,
        number_index=number_blind(vault, number, THING_NUMBER_INDEX),
        identity_index=vault.blind(identity_of(kind, number, issuer), THING_INDEX),
        recorded_at=at, recorded_by=by.id, withdrawn_at=None, withdrawn_by=None,
    )  # fmt: skip
    row.issuer = key.seal(issuer.strip(), row, "issuer")
    row.number = key.seal(number.strip(), row, "number")
    row.withdrawn_because = key.seal("", row, "withdrawn_because")
    added(session, row, NumberTaken())
    record_sealed(
        session, key, Tag.SEALED_NUMBER_GIVEN, row.ref,
        {"of": thing_ref, "kind": kind.value, "issuer": issuer.strip(), "number": number.strip()},
        by=by, at=at,
    )  # fmt: skip
    return row.ref


def withdraw_number(
    session: Session, vault: Vault, ref: str, *, reason: str, by: Actor, at: datetime
) -> str:
    """Withdraw a number that was kept wrongly; return the ref of its thing.

    Raises NotFound, ReasonNeeded, NumberWithdrawn.
    """
    check_reason(reason)
    row = found(session, ThingNumber, ref, lock=True)
    if row.withdrawn_at is not None:
        raise NumberWithdrawn()
    key = vault.key(session, row.key_ref)
    row.withdrawn_at, row.withdrawn_by = at, by.id
    row.withdrawn_because = key.seal(reason.strip(), row, "withdrawn_because")
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_NUMBER_WITHDRAWN, row.ref, {"reason": reason.strip()},
        by=by, at=at,
    )  # fmt: skip
    return row.case_ref or row.item_ref or row.sampling_ref or row.individual_ref or ""


def thing_of(session: Session, ref: str) -> Case | Item | BoneSampling | Individual:
    """Return the case, item, sampling or individual of a ref. Raises NotFound."""
    thing = (
        session.get(Item, ref)
        or session.get(BoneSampling, ref)
        or session.get(Case, ref)
        or session.get(Individual, ref)
    )
    if thing is None:
        raise NotFound(code=ref[:40])
    return thing


def identity_of(kind: NumberKind, number: str, issuer: str) -> str:
    """Return what two entries of one number have in common; the issuer comes last, it is free."""
    return f"{kind.value}|{number_of(number)}|{normalised(issuer)}"


def number_of(number: str) -> str:
    """Return a number as it is compared, without the mark that parts it from the issuer."""
    return number_key(number).replace("|", "/")
