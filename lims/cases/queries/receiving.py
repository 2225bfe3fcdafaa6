# SPDX-License-Identifier: Apache-2.0
"""Reading what was received: who held what, which seals, what may not be coded yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from lims.cases.models import BoneSampling, Case, Item, Site
from lims.cases.models.dispatches import (
    Discrepancy,
    Dispatch,
    DispatchItem,
    Package,
    PackageSeal,
    SealedPossession,
)
from lims.cases.queries.numbers import SCAN_INDEX, number_blind
from lims.cases.rules.dispatches import ItemState, PackageState, SealEnd
from lims.core.sealing import Vault
from lims.people.rules import Line
from lims.samples.rules import Material


@dataclass(frozen=True)
class ReferenceGiven:
    """A reference sampling that is to be coded, and the file number of its donor."""

    ref: str
    donor_number: str
    material: Material
    taken_on: date


@dataclass(frozen=True)
class SealGap:
    """A seal that was broken and that nothing followed: neither a new seal nor use."""

    dispatch_ref: str
    package_ref: str
    package: int
    number: int
    broken_at: datetime
    broken_by: str


def quarantined_samplings(session: Session, refs: Collection[str]) -> set[str]:
    """Return those samplings that came in a dispatch and may not be coded.

    A sampling is found by the numbers of its site, case and item, however it was recorded. It may
    not be coded while a discrepancy of the item or of its package is not decided, nor when the
    item was kept out and not announced again.
    """
    undecided, kept_out = _in_quarantine()
    return set(
        session.scalars(
            select(BoneSampling.ref)
            .join(Item, Item.ref == BoneSampling.item_ref)
            .join(Case, Case.ref == Item.case_ref)
            .join(Site, Site.ref == Case.site_ref)
            .join(
                DispatchItem,
                and_(
                    DispatchItem.field_index == Item.number_index,
                    DispatchItem.case_index == Case.number_index,
                    DispatchItem.site_index == Site.code_index,
                ),
            )
            .where(BoneSampling.ref.in_(refs), or_(undecided, kept_out))
        )
    )


def quarantined_references(
    session: Session, vault: Vault, given: Collection[ReferenceGiven]
) -> set[str]:
    """Return those reference samplings that came in a dispatch and may not be coded.

    A sampling is found by the donor's number and its material, however it was recorded. None is
    coded while a discrepancy of such an item or of its package is not decided; nor what was taken
    on the day of an item that was kept out and not announced again.
    """
    by_number: dict[bytes, list[ReferenceGiven]] = {}
    for one in given:
        by_number.setdefault(number_blind(vault, one.donor_number, SCAN_INDEX), []).append(one)
    undecided, kept_out = _in_quarantine()
    rows = session.execute(
        select(
            DispatchItem.scan_index, DispatchItem.material, DispatchItem.taken_on,
            DispatchItem.sampling_ref, undecided,
        )
        .join(Dispatch, Dispatch.ref == DispatchItem.dispatch_ref)
        .where(
            Dispatch.line == Line.REFERENCE, DispatchItem.scan_index.in_(list(by_number)),
            or_(undecided, kept_out),
        )
    )  # fmt: skip
    return {
        one.ref
        for number, material, taken_on, sampling_ref, is_undecided in rows
        for one in by_number[bytes(number)]
        if one.ref == sampling_ref
        or (one.material is material and (is_undecided or taken_on in (None, one.taken_on)))
    }


def _in_quarantine() -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return of an item: a discrepancy of it is not decided; it was kept out for good."""
    later = aliased(DispatchItem)
    undecided = exists().where(
        Discrepancy.dispatch_ref == DispatchItem.dispatch_ref,
        Discrepancy.decided_at.is_(None),
        or_(
            Discrepancy.item_ref == DispatchItem.ref,
            and_(
                Discrepancy.item_ref.is_(None),
                Discrepancy.package_ref == DispatchItem.package_ref,
            ),
        ),
    )
    kept_out = and_(
        DispatchItem.state == ItemState.KEPT_OUT,
        ~exists().where(
            later.identity_index == DispatchItem.identity_index, later.round > DispatchItem.round
        ),
    )
    return undecided, kept_out


def holders_of(session: Session, thing_refs: Collection[str]) -> dict[str, str]:
    """Return who holds packages and items now: ref to actor id, outside:… or a word."""
    return dict(
        session.execute(
            select(SealedPossession.thing_ref, SealedPossession.holder).where(
                SealedPossession.thing_ref.in_(thing_refs), SealedPossession.ended_at.is_(None)
            )
        ).all()
    )


def held_intervals(session: Session, thing_ref: str) -> Sequence[SealedPossession]:
    """Return who held a package or an item, in order, without gap."""
    return session.scalars(
        select(SealedPossession)
        .where(SealedPossession.thing_ref == thing_ref)
        .order_by(SealedPossession.number)
    ).all()


def seal_gaps(session: Session, dispatch_ref: str = "") -> tuple[SealGap, ...]:
    """Return broken seals that nothing followed yet, of one dispatch or of all, oldest first."""
    asked = (
        select(PackageSeal, Package)
        .join(Package, Package.ref == PackageSeal.package_ref)
        .where(PackageSeal.broken_at.is_not(None), PackageSeal.followed_by == SealEnd.NONE)
        .order_by(PackageSeal.broken_at, PackageSeal.ref)
    )
    if dispatch_ref:
        asked = asked.where(Package.dispatch_ref == dispatch_ref)
    return tuple(
        SealGap(
            package.dispatch_ref, package.ref, package.number, one.number, one.broken_at,
            one.broken_by or "",
        )
        for one, package in session.execute(asked)
        if one.broken_at is not None
    )  # fmt: skip


def seals_of_sampling(session: Session, sampling_ref: str) -> Sequence[PackageSeal]:
    """Return the seals of the package in which a sampling came, in order; () if in none."""
    return session.scalars(
        select(PackageSeal)
        .join(DispatchItem, DispatchItem.package_ref == PackageSeal.package_ref)
        .where(DispatchItem.sampling_ref == sampling_ref)
        .order_by(PackageSeal.number)
    ).all()


def with_seal_gap(session: Session, sampling_refs: Collection[str]) -> set[str]:
    """Return those samplings that came in a package whose broken seal nothing followed."""
    return set(
        session.scalars(
            select(DispatchItem.sampling_ref)
            .join(PackageSeal, PackageSeal.package_ref == DispatchItem.package_ref)
            .where(
                DispatchItem.sampling_ref.in_(sampling_refs), PackageSeal.broken_at.is_not(None),
                PackageSeal.followed_by == SealEnd.NONE,
            )
        )
    )  # fmt: skip


def awaited(session: Session, dispatch_ref: str) -> Sequence[Package]:
    """Return the packages of a dispatch that are not here yet."""
    return session.scalars(
        select(Package)
        .where(Package.dispatch_ref == dispatch_ref, Package.state == PackageState.ANNOUNCED)
        .order_by(Package.number)
    ).all()
