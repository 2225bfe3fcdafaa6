# SPDX-License-Identifier: Apache-2.0
"""Reading dispatches: lists, packages, items, discrepancies; who held what before coding."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import (
    Discrepancy,
    Dispatch,
    DispatchItem,
    Package,
    PackageSeal,
    Sender,
)
from lims.cases.queries.receiving import holders_of
from lims.cases.rules.dispatches import ItemState
from lims.core.errors import NotFound
from lims.core.sealing import Key, Vault

SENDER_INDEX = "dispatch_sender.name"
BYTES_INDEX, CONTENT_INDEX = "dispatch.bytes", "dispatch.content"
PACKAGE_SEAL_INDEX, LABEL_INDEX = "dispatch_package.seal_number", "dispatch_package.label"
IDENTITY_INDEX = "dispatch_item.identity"

PAGE = 50
ITEMS_PAGE = 200


@dataclass(frozen=True)
class SenderShown:
    """A sender, opened: `mapping` is header of its lists to the value of a Column."""

    sender: Sender
    name: str
    mapping: Mapping[str, str]


@dataclass(frozen=True)
class DispatchShown:
    """A dispatch, opened, with how far it has come. `settled`: scanned or known to be missing."""

    dispatch: Dispatch
    number: str
    sender: str
    file_name: str
    again: str
    cancelled_because: str
    items: int
    scanned: int
    settled: int
    undecided: int


@dataclass(frozen=True)
class SealShown:
    """A seal of a package, opened."""

    seal: PackageSeal
    number: str
    broken_because: str


@dataclass(frozen=True)
class ListedShown:
    """An item of a dispatch, opened. `quarantined`: a discrepancy of it is not decided."""

    item: DispatchItem
    site: str
    case_number: str
    field_number: str
    donor_number: str
    remarks: str
    other: tuple[tuple[str, str], ...]
    quarantined: bool

    @property
    def name(self) -> str:
        """The number by which it is scanned and spoken of."""
        return self.donor_number or self.field_number


@dataclass(frozen=True)
class PackageShown:
    """A package, opened, with its seals in their order."""

    package: Package
    label: str
    seal_number: str
    seals: tuple[SealShown, ...]
    items: int
    settled: int
    quarantined: bool
    holder: str


@dataclass(frozen=True)
class DiscrepancyShown:
    """A discrepancy, opened; `about` names the item or the seal."""

    discrepancy: Discrepancy
    about: str
    sent: str
    read: str
    reason: str
    decided_because: str


def senders(session: Session, vault: Vault) -> tuple[SenderShown, ...]:
    """Return every sender, by name."""
    rows = session.scalars(select(Sender)).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown = [_sender(keys[row.key_ref], row) for row in rows if row.key_ref in keys]
    return tuple(sorted(shown, key=lambda one: one.name))


def sender(session: Session, vault: Vault, ref: str) -> SenderShown:
    """Return one sender. Raises NotFound."""
    row = session.get(Sender, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    return _sender(vault.key(session, row.key_ref), row)


def sender_named(session: Session, vault: Vault, name: str) -> SenderShown | None:
    """Return the sender of this name, None for one that never sent."""
    row = session.scalar(select(Sender).where(Sender.name_index == vault.blind(name, SENDER_INDEX)))
    return None if row is None else _sender(vault.key(session, row.key_ref), row)


def _sender(key: Key, row: Sender) -> SenderShown:
    mapping: dict[str, str] = json.loads(key.open(row.mapping, row, "mapping"))
    return SenderShown(row, key.open(row.name, row, "name"), mapping)


def dispatches(
    session: Session,
    vault: Vault,
    *,
    before: tuple[datetime, str] | None = None,
    limit: int = PAGE,
) -> tuple[DispatchShown, ...]:
    """Return dispatches, newest first, after `before`."""
    asked = select(Dispatch).order_by(Dispatch.recorded_at.desc(), Dispatch.ref.desc()).limit(limit)
    if before is not None:
        asked = asked.where(tuple_(Dispatch.recorded_at, Dispatch.ref) < tuple_(*before))
    return _dispatches(session, vault, session.scalars(asked).all())


def dispatch(session: Session, vault: Vault, ref: str) -> DispatchShown:
    """Return one dispatch. Raises NotFound, Erased."""
    row = session.get(Dispatch, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    vault.key(session, row.key_ref)
    return _dispatches(session, vault, [row])[0]


def _dispatches(
    session: Session, vault: Vault, rows: Sequence[Dispatch]
) -> tuple[DispatchShown, ...]:
    refs = [row.ref for row in rows]
    keys = vault.keys(session, {row.key_ref for row in rows})
    names = {
        one.sender.ref: one.name
        for one in senders(session, vault)
        if one.sender.ref in {row.sender_ref for row in rows}
    }
    counts = {
        ref: (many, scanned, settled)
        for ref, many, scanned, settled in session.execute(
            select(
                DispatchItem.dispatch_ref,
                func.count(),
                func.count().filter(DispatchItem.counted == DispatchItem.expected),
                func.count().filter(
                    or_(
                        DispatchItem.counted == DispatchItem.expected,
                        DispatchItem.state == ItemState.MISSING,
                    )
                ),
            )
            .where(DispatchItem.dispatch_ref.in_(refs))
            .group_by(DispatchItem.dispatch_ref)
        ).all()
    }
    undecided: dict[str, int] = dict(
        session.execute(
            select(Discrepancy.dispatch_ref, func.count())
            .where(Discrepancy.dispatch_ref.in_(refs), Discrepancy.decided_at.is_(None))
            .group_by(Discrepancy.dispatch_ref)
        ).all()
    )
    return tuple(
        DispatchShown(
            row,
            keys[row.key_ref].open(row.number, row, "number"),
            names.get(row.sender_ref, ""),
            keys[row.key_ref].open(row.file_name, row, "file_name"),
            keys[row.key_ref].open(row.again, row, "again"),
            keys[row.key_ref].open(row.cancelled_because, row, "cancelled_because"),
            *counts.get(row.ref, (0, 0, 0)),
            undecided.get(row.ref, 0),
        )
        for row in rows
        if row.key_ref in keys
    )


def packages_of(session: Session, vault: Vault, dispatch_ref: str) -> tuple[PackageShown, ...]:
    """Return the packages of a dispatch, in the order of the list."""
    rows = session.scalars(
        select(Package).where(Package.dispatch_ref == dispatch_ref).order_by(Package.number)
    ).all()
    refs = [row.ref for row in rows]
    keys = vault.keys(session, {row.key_ref for row in rows})
    seals: dict[str, list[SealShown]] = {}
    for seal in session.scalars(
        select(PackageSeal)
        .where(PackageSeal.package_ref.in_(refs))
        .order_by(PackageSeal.package_ref, PackageSeal.number)
    ):
        key = keys.get(seal.key_ref)
        if key is not None:
            seals.setdefault(seal.package_ref, []).append(
                SealShown(
                    seal, key.open(seal.seal_number, seal, "seal_number"),
                    key.open(seal.broken_because, seal, "broken_because"),
                )
            )  # fmt: skip
    counts = {
        ref: (many, settled)
        for ref, many, settled in session.execute(
            select(
                DispatchItem.package_ref,
                func.count(),
                func.count().filter(
                    or_(
                        DispatchItem.counted == DispatchItem.expected,
                        DispatchItem.state == ItemState.MISSING,
                    )
                ),
            )
            .where(DispatchItem.dispatch_ref == dispatch_ref)
            .group_by(DispatchItem.package_ref)
        ).all()
    }
    blocked, _ = quarantined_things(session, dispatch_ref)
    holders = holders_of(session, refs)
    return tuple(
        PackageShown(
            row,
            keys[row.key_ref].open(row.label, row, "label"),
            keys[row.key_ref].open(row.seal_number, row, "seal_number"),
            tuple(seals.get(row.ref, ())),
            *counts.get(row.ref, (0, 0)),
            row.ref in blocked,
            holders.get(row.ref, ""),
        )
        for row in rows
        if row.key_ref in keys
    )


def items_of(
    session: Session, vault: Vault, dispatch_ref: str, *, after: int = 0, limit: int = ITEMS_PAGE
) -> tuple[ListedShown, ...]:
    """Return items of a dispatch in the order of the list, after row `after`."""
    rows = session.scalars(
        select(DispatchItem)
        .where(DispatchItem.dispatch_ref == dispatch_ref, DispatchItem.number > after)
        .order_by(DispatchItem.number)
        .limit(limit)
    ).all()
    return listed(session, vault, rows)


def listed(session: Session, vault: Vault, rows: Sequence[DispatchItem]) -> tuple[ListedShown, ...]:
    """Open items; those whose key was destroyed are left out."""
    keys = vault.keys(session, {row.key_ref for row in rows})
    blocked: set[str] = set()
    for ref in sorted({row.dispatch_ref for row in rows}):
        packages, items = quarantined_things(session, ref)
        blocked |= packages | items
    shown = []
    for row in rows:
        key = keys.get(row.key_ref)
        if key is None:
            continue
        other = json.loads(key.open(row.other, row, "other"))
        shown.append(
            ListedShown(
                row, key.open(row.site, row, "site"),
                key.open(row.case_number, row, "case_number"),
                key.open(row.field_number, row, "field_number"),
                key.open(row.donor_number, row, "donor_number"),
                key.open(row.remarks, row, "remarks"),
                tuple((header, text) for header, text in other),
                row.ref in blocked or row.package_ref in blocked,
            )
        )  # fmt: skip
    return tuple(shown)


def names_of(session: Session, vault: Vault, rows: Sequence[DispatchItem]) -> list[str]:
    """Return the numbers by which items are spoken of."""
    keys = vault.keys(session, {row.key_ref for row in rows})
    return [
        keys[row.key_ref].open(row.donor_number, row, "donor_number")
        or keys[row.key_ref].open(row.field_number, row, "field_number")
        for row in rows
        if row.key_ref in keys
    ]


def discrepancies_of(
    session: Session, vault: Vault, dispatch_ref: str
) -> tuple[DiscrepancyShown, ...]:
    """Return the discrepancies of a dispatch, as they were recorded."""
    rows = session.scalars(
        select(Discrepancy)
        .where(Discrepancy.dispatch_ref == dispatch_ref)
        .order_by(Discrepancy.recorded_at, Discrepancy.ref)
    ).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    shown = []
    for row in rows:
        key = keys.get(row.key_ref)
        if key is None:
            continue
        about = ""
        if row.item_ref is not None:
            about = "".join(names_of(session, vault, [session.get_one(DispatchItem, row.item_ref)]))
        elif row.package_ref is not None:
            package = session.get_one(Package, row.package_ref)
            about = key.open(package.seal_number, package, "seal_number")
        shown.append(
            DiscrepancyShown(
                row, about, key.open(row.sent, row, "sent"), key.open(row.read, row, "read"),
                key.open(row.reason, row, "reason"),
                key.open(row.decided_because, row, "decided_because"),
            )
        )  # fmt: skip
    return tuple(shown)


def quarantined_things(session: Session, dispatch_ref: str) -> tuple[set[str], set[str]]:
    """Return the packages and the items of a dispatch with a discrepancy that is not decided."""
    rows = session.execute(
        select(Discrepancy.package_ref, Discrepancy.item_ref).where(
            Discrepancy.dispatch_ref == dispatch_ref, Discrepancy.decided_at.is_(None)
        )
    ).all()
    items = {item for _, item in rows if item is not None}
    return {package for package, item in rows if package is not None and item is None}, items


def deliverer_of(session: Session, vault: Vault, row: Dispatch) -> Mapping[str, str]:
    """Return who brought a dispatch: name, organisation, document; empty before it came."""
    ref = row.deliverer_key or row.key_ref
    key = vault.keys(session, [ref]).get(ref)
    told = key.open(row.deliverer, row, "deliverer") if key is not None else ""
    read: dict[str, str] = json.loads(told) if told else {}
    return read
