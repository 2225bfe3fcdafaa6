# SPDX-License-Identifier: Apache-2.0
"""Receiving a dispatch: who brings it, each seal, each item; what is whole becomes samplings."""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import Dispatch, DispatchItem, Package, PackageSeal
from lims.cases.operations.possession import pass_sealed
from lims.cases.operations.recording import found
from lims.cases.operations.sealed import record_sealed
from lims.cases.operations.seals import take_seal
from lims.cases.operations.taking_in import items_locked, record_ready
from lims.cases.queries.dispatches import (
    LABEL_INDEX,
    PACKAGE_SEAL_INDEX,
    names_of,
)
from lims.cases.queries.numbers import SCAN_INDEX, number_blind
from lims.cases.queries.receiving import awaited, holders_of, seal_gaps
from lims.cases.rules.dispatches import (
    DISPATCH_LOOKS,
    DayNotThere,
    DispatchState,
    ItemState,
    MassNotThere,
    NotAllScanned,
    NotEntitled,
    NothingHeld,
    NotOnList,
    PackageNotHere,
    PackageNotOpen,
    PackagesStillOpen,
    PackageState,
    SameHands,
    ScannedBefore,
    SealDiffers,
    SeveralCarryNumber,
    WrongState,
    named,
    same_person,
)
from lims.core.actors import Actor, Role
from lims.core.errors import BadInput
from lims.core.sealing import Key, Vault, commitment
from lims.core.spelling import normalised
from lims.core.words import N_, Say
from lims.custody.rules import Tag
from lims.people.rules import Line

SALT_BYTES, SHOWN_DIGITS = 32, 16


@dataclass(frozen=True)
class Outsider:
    """Somebody from outside who brings a package: name, organisation, document."""

    name: str
    organisation: str
    document: str


@dataclass(frozen=True)
class Read:
    """What a scan at receiving led to: `package` is the one that is now worked on."""

    say: Say
    package: str
    item: str = ""


def arrive(
    session: Session,
    vault: Vault,
    dispatch_ref: str,
    *,
    deliverer: Outsider | Actor,
    receiver_name: str,
    by: Actor,
    at: datetime,
) -> None:
    """Record who brings a dispatch and who receives it: two different persons.

    An outsider's name and document are sealed; the holder is named by a commitment to them.
    Raises SameHands, WrongState, BadInput for an outsider without name.
    """
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    _check_state(listed, DispatchState.ANNOUNCED)
    key = vault.key(session, listed.key_ref)
    told: dict[str, str] = {}
    if isinstance(deliverer, Actor):
        holder = deliverer.id
    else:
        if not normalised(deliverer.name) or not normalised(deliverer.document):
            raise BadInput(field="name", problem=Say(N_("Missing data for required field.")))
        told = {
            "name": deliverer.name.strip(), "organisation": deliverer.organisation.strip(),
            "document": deliverer.document.strip(),
        }  # fmt: skip
        salt = secrets.token_bytes(SALT_BYTES)
        holder = f"outside:{commitment(told, salt)[:SHOWN_DIGITS]}"
        told["salt"] = salt.hex()
    if holder == by.id or same_person(told.get("name", ""), receiver_name):
        raise SameHands()
    if told:
        own = vault.new_key(session, at=at)
        listed.deliverer_key = own.ref
        listed.deliverer = own.seal(json.dumps(told, ensure_ascii=False), listed, "deliverer")
    listed.delivered_by, listed.arrived_by, listed.arrived_at = holder, by.id, at
    listed.state = DispatchState.ARRIVED
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_LIST_ARRIVED, listed.ref,
        {"delivered_by": holder, "received_by": by.id}, by=by, at=at,
    )  # fmt: skip


def read_at_receiving(
    session: Session,
    vault: Vault,
    dispatch_ref: str,
    read: str,
    *,
    package_ref: str = "",
    by: Actor,
    at: datetime,
) -> Read:
    """Take one scan at receiving: a seal, a package's own label, or an item.

    `package_ref` is the package worked on. Raises SealDiffers, NotOnList, ScannedBefore,
    PackageNotHere, PackageNotOpen, SeveralCarryNumber, WrongState.
    """
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    _check_state(listed, DispatchState.ARRIVED)
    text = read.strip()
    key = vault.key(session, listed.key_ref)
    here = select(Package).where(Package.dispatch_ref == dispatch_ref)
    seal_index = number_blind(vault, text, PACKAGE_SEAL_INDEX)
    sealed = session.scalar(here.where(Package.seal_index == seal_index))
    if sealed is None:
        sealed = session.scalar(
            here.join(PackageSeal, PackageSeal.package_ref == Package.ref).where(
                PackageSeal.seal_index == seal_index,
                PackageSeal.broken_at.is_(None),
            )
        )
    if sealed is not None:
        return _package_read(session, key, listed, sealed, text, by=by, at=at)
    items = session.scalars(
        select(DispatchItem)
        .where(
            DispatchItem.dispatch_ref == dispatch_ref,
            DispatchItem.scan_index == number_blind(vault, text, SCAN_INDEX),
        )
        .order_by(DispatchItem.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if items:
        return _item_read(session, vault, key, items, text, package_ref, by=by, at=at)
    labelled = session.scalars(
        here.where(Package.label_index == number_blind(vault, text, LABEL_INDEX))
    ).first() if normalised(text) else None  # fmt: skip
    if labelled is not None:
        seal = key.open(labelled.seal_number, labelled, "seal_number")
        return Read(
            Say(N_("Package %(read)s. Now scan its seal: the list says %(seal)s."),
                {"read": text[:40], "seal": seal}), labelled.ref,
        )  # fmt: skip
    waiting = awaited(session, dispatch_ref)
    worked_on = session.get(Package, package_ref) if package_ref else None
    if worked_on is None and len(waiting) == 1:
        worked_on = waiting[0]
    if (
        worked_on is not None
        and worked_on.dispatch_ref == dispatch_ref
        and worked_on.state is PackageState.ANNOUNCED
    ):
        sent = key.open(worked_on.seal_number, worked_on, "seal_number")
        raise SealDiffers(read=text[:40], sent=sent)
    raise NotOnList(read=text[:40])


def receive(
    session: Session,
    vault: Vault,
    dispatch_ref: str,
    *,
    taken_on: date | None = None,
    by: Actor,
    at: datetime,
) -> None:
    """Close the receiving of a dispatch; whole items of remains become samplings.

    `taken_on` is the day of sampling of items whose row does not say one. Raises NotAllScanned,
    PackagesStillOpen, MassNotThere, DayNotThere, WrongState.
    """
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    _check_state(listed, DispatchState.ARRIVED)
    items = items_locked(session, dispatch_ref)
    open_items = [
        one for one in items if one.counted < one.expected and one.state is not ItemState.MISSING
    ]
    if open_items:
        raise NotAllScanned(
            missing=len(open_items),
            of=len(items),
            items=named(names_of(session, vault, open_items)),
        )
    key = vault.key(session, listed.key_ref)
    if gaps := seal_gaps(session, dispatch_ref):
        rows = [session.get_one(Package, gap.package_ref) for gap in gaps]
        raise PackagesStillOpen(
            seals=named([key.open(row.seal_number, row, "seal_number") for row in rows])
        )
    came = [one for one in items if one.counted]
    bare = [one for one in came if not (one.read_mass_ug or one.mass_ug)]
    if bare and listed.line is Line.BONE:
        raise MassNotThere(items=named(names_of(session, vault, bare)))
    if bare := [one for one in came if one.taken_on is None]:
        if taken_on is None or taken_on > at.date():
            raise DayNotThere(items=named(names_of(session, vault, bare)))
        for one in bare:
            one.taken_on = taken_on
    listed.state, listed.received_at, listed.received_by = DispatchState.RECEIVED, at, by.id
    session.flush()
    record_sealed(
        session, key, Tag.SEALED_LIST_RECEIVED, listed.ref,
        {"items": len(items), "came": sum(one.counted > 0 for one in items)}, by=by, at=at,
    )  # fmt: skip
    record_ready(session, vault, listed, by=by, at=at)


def hand_over(
    session: Session, vault: Vault, dispatch_ref: str, *, to: Actor, by: Actor, at: datetime
) -> int:
    """Hand over what the giver holds of a dispatch, all at once; return how many things.

    Both have acted: the giver is signed in, the receiver confirmed. Raises SameHands, NotEntitled,
    NothingHeld.
    """
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    if to.id == by.id:
        raise SameHands()
    if to.role not in (Role.COORDINATOR, Role.RECEPTION):
        raise NotEntitled()
    key = vault.key(session, listed.key_ref)
    things = [
        *session.scalars(select(Package.ref).where(Package.dispatch_ref == dispatch_ref)),
        *session.scalars(select(DispatchItem.ref).where(DispatchItem.dispatch_ref == dispatch_ref)),
    ]
    holders = holders_of(session, things)
    held = sorted(ref for ref in things if holders.get(ref) == by.id)
    if not held:
        raise NothingHeld()
    event = record_sealed(
        session, key, Tag.SEALED_PACKAGE_HANDED_OVER, listed.ref,
        {"from": by.id, "to": to.id, "things": ", ".join(held)}, by=by, at=at,
    )  # fmt: skip
    for ref in held:
        pass_sealed(session, ref, to.id, event_id=event, at=at)
    return len(held)


def _package_read(
    session: Session,
    key: Key,
    listed: Dispatch,
    package: Package,
    text: str,
    *,
    by: Actor,
    at: datetime,
) -> Read:
    seal = key.open(package.seal_number, package, "seal_number")
    if package.state is not PackageState.ANNOUNCED:
        return Read(Say(N_("Seal %(seal)s is here already."), {"seal": text[:40]}), package.ref)
    take_package(session, key, listed, package, seal, by=by, at=at)
    return Read(
        Say(N_("Seal %(seal)s agrees with the list. Is the package whole?"), {"seal": seal}),
        package.ref,
    )


def take_package(
    session: Session,
    key: Key,
    listed: Dispatch,
    package: Package,
    seal: str,
    *,
    by: Actor,
    at: datetime,
    index: bytes = b"",
) -> None:
    """Take a package from who brought it, under the seal that it carries.

    `index` is that seal's blind index where it is not the one announced.
    """
    event = record_sealed(
        session, key, Tag.SEALED_PACKAGE_RECEIVED, package.ref,
        {"dispatch": listed.ref, "seal": seal}, by=by, at=at,
    )  # fmt: skip
    package.state = PackageState.SEALED
    brought = listed.arrived_at or at
    pass_sealed(session, package.ref, listed.delivered_by or by.id, event_id=event, at=brought)
    pass_sealed(session, package.ref, by.id, event_id=event, at=at)
    take_seal(session, key, package, seal, by=by, at=at, index=index)


def _item_read(
    session: Session,
    vault: Vault,
    key: Key,
    items: Sequence[DispatchItem],
    text: str,
    package_ref: str,
    *,
    by: Actor,
    at: datetime,
) -> Read:
    wanted = [one for one in items if one.package_ref == package_ref] or list(items)
    if len(wanted) > 1:
        # The same number in one package: whatever is not counted in full yet.
        waiting = [one for one in wanted if one.counted < one.expected]
        if len({one.package_ref for one in wanted}) > 1 and len(waiting) > 1:
            raise SeveralCarryNumber(read=text[:40])
        wanted = waiting[:1] or wanted[:1]
    item = wanted[0]
    package = session.get_one(Package, item.package_ref)
    seal = key.open(package.seal_number, package, "seal_number")
    if item.state is ItemState.MISSING or package.state in (
        PackageState.ANNOUNCED, PackageState.MISSING,
    ):  # fmt: skip
        raise PackageNotHere(read=text[:40], seal=seal)
    if item.counted >= item.expected:
        raise ScannedBefore(read=text[:40], count=item.counted, expected=item.expected)
    alone = session.scalars(
        select(DispatchItem.ref).where(DispatchItem.package_ref == package.ref).limit(2)
    ).all()
    if package.state is PackageState.SEALED and (len(alone) > 1 or item.expected > 1):
        raise PackageNotOpen(read=text[:40], seal=seal)
    item.counted += 1
    if item.scanned_at is None:
        item.scanned_at, item.scanned_by = at, by.id
    if item.counted == item.expected:
        item.state = ItemState.SCANNED
    session.flush()
    event = record_sealed(
        session, key, Tag.SEALED_ITEM_SCANNED, item.ref,
        {"package": package.ref, "counted": item.counted, "expected": item.expected},
        by=by, at=at,
    )  # fmt: skip
    if item.counted == 1:
        pass_sealed(session, item.ref, by.id, event_id=event, at=at)
    say = (
        Say(N_("%(read)s is on the list."), {"read": text[:40]})
        if item.expected == 1
        else Say(
            N_("%(read)s: %(count)s of %(expected)s pieces."),
            {"read": text[:40], "count": item.counted, "expected": item.expected},
        )
    )
    return Read(say, package.ref, item.ref)


def _check_state(listed: Dispatch, wanted: DispatchState) -> None:
    if listed.state is not wanted:
        raise WrongState(what=Say(N_("The dispatch")), state=Say(DISPATCH_LOOKS[listed.state][1]))
