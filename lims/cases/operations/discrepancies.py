# SPDX-License-Identifier: Apache-2.0
"""Discrepancies of a dispatch: recorded with their reason, decided by two persons."""

from datetime import datetime
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import Discrepancy, Dispatch, DispatchItem, Package
from lims.cases.operations.receiving import take_package
from lims.cases.operations.recording import found
from lims.cases.operations.sealed import record_sealed
from lims.cases.operations.taking_in import record_ready
from lims.cases.queries.dispatches import PACKAGE_SEAL_INDEX
from lims.cases.queries.numbers import number_blind
from lims.cases.rules import check_reason, is_reason
from lims.cases.rules.dispatches import (
    ABSENT,
    DISPATCH_LOOKS,
    ITEM_LOOKS,
    OF_PACKAGES,
    PACKAGE_LOOKS,
    AbsentCannotBeUsed,
    DecidedBefore,
    Decision,
    DiscrepancyKind,
    DispatchState,
    ItemState,
    MassDiffers,
    PackageState,
    SecondPersonNeeded,
    WrongState,
    mass_differs,
)
from lims.core.actors import Actor
from lims.core.errors import BadInput, NotFound
from lims.core.files import FileStore
from lims.core.pictures import Photograph
from lims.core.sealing import FieldDamaged, Key, Vault, new_ref
from lims.core.spelling import normalised
from lims.core.words import N_, Say
from lims.custody.rules import Tag
from lims.samples.rules import thousandths

Part = TypeVar("Part", Package, DispatchItem)


def record_discrepancy(
    session: Session,
    vault: Vault,
    dispatch_ref: str,
    kind: DiscrepancyKind,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    package_ref: str = "",
    item_ref: str = "",
    read: str = "",
    photograph: Photograph | None = None,
    files: FileStore | None = None,
) -> str:
    """Record what differs from the list; what it is about is in quarantine until it is decided.

    Of a package: `package_ref`, and for another seal `read`, the seal it carries. Of an item:
    `item_ref`; for one that is on no row `read` alone. Returns the ref. Raises WrongState,
    ReasonNeeded, BadInput.
    """
    check_reason(reason)
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    if listed.state is not DispatchState.ARRIVED:
        raise WrongState(what=Say(N_("The dispatch")), state=Say(DISPATCH_LOOKS[listed.state][1]))
    key = vault.key(session, listed.key_ref)
    package = _of(session, Package, package_ref, dispatch_ref)
    item = _of(session, DispatchItem, item_ref, dispatch_ref)
    if kind in OF_PACKAGES:
        item = None
        if package is None:
            raise BadInput(field="package", problem=Say(N_("Missing data for required field.")))
        sent = key.open(package.seal_number, package, "seal_number")
        _package_differs(session, vault, key, listed, package, kind, read, by=by, at=at)
    else:
        package = None
        sent = ""
        if item is not None:
            sent = key.open(item.donor_number, item, "donor_number") or key.open(
                item.field_number, item, "field_number"
            )
        elif kind is not DiscrepancyKind.ITEM_TOO_MANY or not normalised(read):
            raise BadInput(field="item", problem=Say(N_("Missing data for required field.")))
        _item_differs(session, item, kind)
    ref = _add(
        session, key, listed, kind, package=package, item=item, sent=sent, read=read,
        reason=reason, photograph=photograph, files=files, by=by, at=at,
    )  # fmt: skip
    return ref


def weigh(
    session: Session,
    vault: Vault,
    item_ref: str,
    *,
    mass_ug: int,
    reason: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """Record what the balance here says of an item, micrograms.

    Where it differs from the list a reason is needed, and the item is in quarantine. Raises
    MassDiffers, WrongState.
    """
    known = found(session, DispatchItem, item_ref)
    listed = found(session, Dispatch, known.dispatch_ref, lock=True)
    item = found(session, DispatchItem, item_ref, lock=True)
    if listed.state is not DispatchState.ARRIVED or not item.counted:
        raise WrongState(what=Say(N_("The item")), state=Say(ITEM_LOOKS[item.state][1]))
    key = vault.key(session, item.key_ref)
    differs = mass_differs(item.mass_ug, mass_ug)
    if differs and not is_reason(reason):
        raise MassDiffers(read=thousandths(mass_ug), sent=thousandths(item.mass_ug or 0))
    item.read_mass_ug = mass_ug
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_ITEM_WEIGHED, item.ref, {"mass_ug": mass_ug}, by=by, at=at
    )
    if differs:
        _add(
            session, key, listed, DiscrepancyKind.MASS, package=None, item=item,
            sent=f"{thousandths(item.mass_ug or 0)} mg", read=f"{thousandths(mass_ug)} mg",
            reason=reason, photograph=None, files=None, by=by, at=at,
        )  # fmt: skip


def decide(
    session: Session,
    vault: Vault,
    discrepancy_ref: str,
    decision: Decision,
    *,
    reason: str,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> None:
    """Decide a discrepancy: the coordinator and a second person, for a reason.

    What is gone on with becomes a sampling at once where its dispatch is received. Raises
    DecidedBefore, SecondPersonNeeded, AbsentCannotBeUsed, ReasonNeeded.
    """
    check_reason(reason)
    known = found(session, Discrepancy, discrepancy_ref)
    listed = found(session, Dispatch, known.dispatch_ref, lock=True)
    differs = found(session, Discrepancy, discrepancy_ref, lock=True)
    if differs.decided_at is not None:
        raise DecidedBefore()
    if witness.id == by.id:
        raise SecondPersonNeeded()
    meant = _meant(session, differs)
    if differs.kind in ABSENT and decision is Decision.USE:
        # Of several pieces some may be here: what is here can be gone on with.
        if not any(item.counted for item in meant):
            raise AbsentCannotBeUsed()
        for item in meant:
            item.state = ItemState.SCANNED
    key = vault.key(session, differs.key_ref)
    differs.decision, differs.decided_at, differs.decided_by = decision, at, by.id
    differs.witness = witness.id
    differs.decided_because = key.seal(reason.strip(), differs, "decided_because")
    if decision is Decision.KEEP_OUT:
        for item in meant:
            if item.state in (ItemState.ANNOUNCED, ItemState.SCANNED):
                item.state = ItemState.KEPT_OUT
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_DISCREPANCY_DECIDED, differs.ref,
        {"decision": decision.value, "reason": reason.strip(), "witness": witness.id},
        by=by, at=at,
    )  # fmt: skip
    record_ready(session, vault, listed, by=by, at=at)


def discrepancy_photograph(
    session: Session, vault: Vault, files: FileStore, discrepancy_ref: str
) -> Photograph:
    """Open the photograph of a discrepancy. Raises NotFound, FieldDamaged, FileDamaged."""
    row = found(session, Discrepancy, discrepancy_ref)
    if not row.photograph_file:
        raise NotFound(code=discrepancy_ref[:40])
    key = vault.key(session, row.key_ref)
    content = key.open_bytes(files.read(row.photograph_file), row, "photograph")
    photograph = Photograph(content, row.photograph_type)
    if photograph.sha256 != row.photograph_sha256:
        raise FieldDamaged("a photograph is not the one that was recorded")
    return photograph


def _of(session: Session, table: type[Part], ref: str, dispatch_ref: str) -> Part | None:
    if not ref:
        return None
    row = found(session, table, ref, lock=True)
    if row.dispatch_ref != dispatch_ref:
        raise NotFound(code=ref[:40])
    return row


def _package_differs(
    session: Session,
    vault: Vault,
    key: Key,
    listed: Dispatch,
    package: Package,
    kind: DiscrepancyKind,
    read: str,
    *,
    by: Actor,
    at: datetime,
) -> None:
    awaited = package.state is PackageState.ANNOUNCED
    if kind is DiscrepancyKind.PACKAGE_DAMAGED:
        if awaited:
            seal = key.open(package.seal_number, package, "seal_number")
            take_package(session, key, listed, package, seal, by=by, at=at)
        return
    if not awaited:
        raise WrongState(what=Say(N_("The package")), state=Say(PACKAGE_LOOKS[package.state][1]))
    if kind is DiscrepancyKind.SEAL:
        if not normalised(read):
            raise BadInput(field="read", problem=Say(N_("Missing data for required field.")))
        take_package(
            session, key, listed, package, read.strip(), by=by, at=at,
            index=number_blind(vault, read, PACKAGE_SEAL_INDEX),
        )  # fmt: skip
        return
    package.state = PackageState.MISSING
    for item in session.scalars(
        select(DispatchItem).where(DispatchItem.package_ref == package.ref)
    ):
        item.state = ItemState.MISSING
    session.flush()


def _item_differs(session: Session, item: DispatchItem | None, kind: DiscrepancyKind) -> None:
    if item is None:
        return
    if kind is DiscrepancyKind.ITEM_MISSING:
        if item.state is not ItemState.ANNOUNCED:
            raise WrongState(what=Say(N_("The item")), state=Say(ITEM_LOOKS[item.state][1]))
        item.state = ItemState.MISSING
        session.flush()
    elif not item.counted:
        raise WrongState(what=Say(N_("The item")), state=Say(ITEM_LOOKS[item.state][1]))


def _add(
    session: Session,
    key: Key,
    listed: Dispatch,
    kind: DiscrepancyKind,
    *,
    package: Package | None,
    item: DispatchItem | None,
    sent: str,
    read: str,
    reason: str,
    photograph: Photograph | None,
    files: FileStore | None,
    by: Actor,
    at: datetime,
) -> str:
    row = Discrepancy(
        ref=new_ref(), key_ref=key.ref, dispatch_ref=listed.ref,
        package_ref=package.ref if package else None, item_ref=item.ref if item else None,
        kind=kind, photograph_sha256="", photograph_file="", photograph_type="", recorded_at=at,
        recorded_by=by.id, decision=None, decided_at=None, decided_by=None, witness=None,
    )  # fmt: skip
    words = {"sent": sent, "read": read.strip(), "reason": reason.strip(), "decided_because": ""}
    for column, text in words.items():
        setattr(row, column, key.seal(text, row, column))
    if photograph is not None and files is not None:
        row.photograph_file = files.keep(key.seal_bytes(photograph.content, row, "photograph"))
        row.photograph_sha256, row.photograph_type = photograph.sha256, photograph.kind
    session.add(row)
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_DISCREPANCY_RECORDED, row.ref,
        {
            "dispatch": listed.ref, "kind": kind.value, "sent": sent, "read": read.strip(),
            "reason": reason.strip(), "photograph": row.photograph_sha256,
            "about": (item or package or listed).ref,
        },
        by=by, at=at,
    )  # fmt: skip
    return row.ref


def _meant(session: Session, differs: Discrepancy) -> list[DispatchItem]:
    """Return the items that a discrepancy is about: one, or all of its package."""
    asked = select(DispatchItem).order_by(DispatchItem.number).with_for_update()
    if differs.item_ref is not None:
        return list(session.scalars(asked.where(DispatchItem.ref == differs.item_ref)))
    if differs.package_ref is not None:
        return list(session.scalars(asked.where(DispatchItem.package_ref == differs.package_ref)))
    return []
