# SPDX-License-Identifier: Apache-2.0
"""Seals of packages: each broken one is witnessed, and followed by a new seal or by use."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import Dispatch, DispatchItem, Package, PackageSeal
from lims.cases.operations.possession import require_held
from lims.cases.operations.recording import found
from lims.cases.operations.sealed import record_sealed
from lims.cases.queries.dispatches import PACKAGE_SEAL_INDEX, names_of
from lims.cases.queries.numbers import number_blind
from lims.cases.rules import check_reason
from lims.cases.rules.dispatches import (
    PACKAGE_LOOKS,
    ItemState,
    PackageNotEmpty,
    PackageState,
    SealEnd,
    SealUsed,
    SecondPersonNeeded,
    WrongState,
    named,
)
from lims.core.actors import Actor
from lims.core.errors import BadInput
from lims.core.sealing import Key, Vault, new_ref
from lims.core.spelling import normalised
from lims.core.words import N_, Say
from lims.custody.rules import Tag


def take_seal(
    session: Session, key: Key, package: Package, number: str, *, by: Actor, at: datetime,
    index: bytes = b"",
) -> None:  # fmt: skip
    """Record the seal that a package carries now; the first is the one read at receiving."""
    last = session.scalar(
        select(PackageSeal)
        .where(PackageSeal.package_ref == package.ref)
        .order_by(PackageSeal.number.desc())
        .limit(1)
    )
    seal = PackageSeal(
        ref=new_ref(), key_ref=key.ref, package_ref=package.ref,
        number=last.number + 1 if last else 1, previous=last.number if last else None,
        seal_index=index or package.seal_index, applied_at=at, applied_by=by.id, broken_at=None,
        broken_by=None, witness="", followed_by=SealEnd.NONE, followed_at=None,
    )  # fmt: skip
    seal.seal_number = key.seal(number, seal, "seal_number")
    seal.broken_because = key.seal("", seal, "broken_because")
    if last is not None:
        last.followed_by, last.followed_at = SealEnd.NEW_SEAL, at
    session.add(seal)
    session.flush()


def standing_seal(session: Session, key: Key, package: Package) -> str:
    """Return the number of the seal that closes a package, '' for an open one."""
    seal = session.scalar(
        select(PackageSeal).where(
            PackageSeal.package_ref == package.ref, PackageSeal.broken_at.is_(None)
        )
    )
    return key.open(seal.seal_number, seal, "seal_number") if seal is not None else ""


def break_seal(
    session: Session,
    vault: Vault,
    package_ref: str,
    *,
    reason: str,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> None:
    """Break the seal of a package before a witness, for a reason.

    Raises WrongState, SecondPersonNeeded, HeldBySomebodyElse, ReasonNeeded.
    """
    check_reason(reason)
    package, key = _package(session, vault, package_ref, PackageState.SEALED)
    if witness.id == by.id:
        raise SecondPersonNeeded()
    require_held(session, package.ref, by)
    seal = session.scalars(
        select(PackageSeal)
        .where(PackageSeal.package_ref == package.ref, PackageSeal.broken_at.is_(None))
        .with_for_update()
    ).one()
    seal.broken_at, seal.broken_by, seal.witness = max(at, seal.applied_at), by.id, witness.id
    seal.broken_because = key.seal(reason.strip(), seal, "broken_because")
    package.state = PackageState.OPEN
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_SEAL_BROKEN, package.ref,
        {"seal": seal.ref, "witness": witness.id, "reason": reason.strip()}, by=by, at=at,
    )  # fmt: skip


def apply_seal(
    session: Session, vault: Vault, package_ref: str, *, number: str, by: Actor, at: datetime
) -> None:
    """Close an open package with a new seal. Raises WrongState, SealUsed, HeldBySomebodyElse."""
    if not normalised(number):
        raise BadInput(field="seal_number", problem=Say(N_("Missing data for required field.")))
    package, key = _package(session, vault, package_ref, PackageState.OPEN)
    require_held(session, package.ref, by)
    index = number_blind(vault, number, PACKAGE_SEAL_INDEX)
    used = session.scalar(select(PackageSeal.ref).where(PackageSeal.seal_index == index).limit(1))
    if used is not None or session.scalar(
        select(Package.ref).where(Package.seal_index == index).limit(1)
    ):
        raise SealUsed(read=number[:40])
    take_seal(session, key, package, number.strip(), by=by, at=at, index=index)
    package.state = PackageState.SEALED
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_SEAL_APPLIED, package.ref, {"seal": number.strip()}, by=by, at=at
    )


def empty_package(
    session: Session, vault: Vault, package_ref: str, *, by: Actor, at: datetime
) -> None:
    """Say that an open package is emptied: what was in it is used.

    Raises WrongState, PackageNotEmpty, HeldBySomebodyElse.
    """
    package, key = _package(session, vault, package_ref, PackageState.OPEN)
    require_held(session, package.ref, by)
    left = session.scalars(
        select(DispatchItem).where(
            DispatchItem.package_ref == package.ref,
            DispatchItem.counted < DispatchItem.expected,
            DispatchItem.state != ItemState.MISSING,
        )
    ).all()
    if left:
        raise PackageNotEmpty(items=named(names_of(session, vault, left)))
    last = session.scalars(
        select(PackageSeal)
        .where(PackageSeal.package_ref == package.ref)
        .order_by(PackageSeal.number.desc())
        .limit(1)
    ).one()
    last.followed_by, last.followed_at = SealEnd.USE, at
    package.state = PackageState.EMPTIED
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_PACKAGE_EMPTIED, package.ref, {"seal": last.ref}, by=by, at=at
    )


def _package(
    session: Session, vault: Vault, package_ref: str, wanted: PackageState
) -> tuple[Package, Key]:
    """Return a package in the state that is wanted, its dispatch locked first."""
    known = found(session, Package, package_ref)
    found(session, Dispatch, known.dispatch_ref, lock=True)
    package = found(session, Package, package_ref, lock=True)
    if package.state is not wanted:
        raise WrongState(what=Say(N_("The package")), state=Say(PACKAGE_LOOKS[package.state][1]))
    return package, vault.key(session, package.key_ref)
