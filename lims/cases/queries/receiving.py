# SPDX-License-Identifier: Apache-2.0
"""Reading what was received: who held what, which seals, what may not be coded yet."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased

from lims.cases.models import BoneSampling, Case, Item, Site
from lims.cases.models.dispatches import (
    Discrepancy,
    DispatchItem,
    Package,
    PackageSeal,
    SealedPossession,
)
from lims.cases.rules.dispatches import ItemState, PackageState, SealEnd


@dataclass(frozen=True)
class SealGap:
    """A seal that was broken and that nothing followed: neither a new seal nor use."""

    package_ref: str
    number: int
    broken_at: datetime
    broken_by: str


def quarantined_samplings(session: Session, refs: Collection[str]) -> set[str]:
    """Return those samplings that came in a dispatch and may not be coded.

    A sampling is found by the numbers of its site, case and item, however it was recorded. It may
    not be coded while a discrepancy of the item or of its package is not decided, nor when the
    item was kept out and not announced again.
    """
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
        select(PackageSeal)
        .join(Package, Package.ref == PackageSeal.package_ref)
        .where(PackageSeal.broken_at.is_not(None), PackageSeal.followed_by == SealEnd.NONE)
        .order_by(PackageSeal.broken_at, PackageSeal.ref)
    )
    if dispatch_ref:
        asked = asked.where(Package.dispatch_ref == dispatch_ref)
    return tuple(
        SealGap(one.package_ref, one.number, one.broken_at, one.broken_by or "")
        for one in session.scalars(asked)
        if one.broken_at is not None
    )


def awaited(session: Session, dispatch_ref: str) -> Sequence[Package]:
    """Return the packages of a dispatch that are not here yet."""
    return session.scalars(
        select(Package)
        .where(Package.dispatch_ref == dispatch_ref, Package.state == PackageState.ANNOUNCED)
        .order_by(Package.number)
    ).all()
