# SPDX-License-Identifier: Apache-2.0
"""What came whole in a dispatch becomes cases, items and samplings, ready for coding."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import Case, Item, Site
from lims.cases.models.dispatches import Dispatch, DispatchItem, Package
from lims.cases.operations.recording import open_case, record_item, record_sampling
from lims.cases.operations.seals import standing_seal
from lims.cases.queries import CASE_INDEX, ITEM_INDEX, SITE_INDEX
from lims.cases.queries.dispatches import quarantined_things
from lims.cases.queries.numbers import number_blind
from lims.cases.rules.dispatches import DispatchState, ItemState
from lims.core.actors import Actor
from lims.core.sealing import Vault
from lims.people.rules import Line


def record_ready(
    session: Session, vault: Vault, listed: Dispatch, *, by: Actor, at: datetime
) -> int:
    """Make samplings of the items of remains that are whole; return how many.

    What is in quarantine waits until its discrepancy is decided. Case and item are opened under
    their numbers where they are not there yet.
    """
    if listed.line is not Line.BONE:
        return 0
    ready = ready_items(session, listed)
    for one in ready:
        _record(session, vault, one, by=by, at=at)
    return len(ready)


def ready_items(session: Session, listed: Dispatch) -> list[DispatchItem]:
    """Return the items of a received dispatch that are whole, decided and not recorded yet."""
    if listed.state is not DispatchState.RECEIVED:
        return []
    packages, items = quarantined_things(session, listed.ref)
    return [
        one
        for one in items_locked(session, listed.ref)
        if one.state is ItemState.SCANNED
        and one.ref not in items
        and one.package_ref not in packages
    ]


def items_locked(session: Session, dispatch_ref: str) -> Sequence[DispatchItem]:
    """Return the items of a dispatch, locked and fresh, in the order of the list."""
    return session.scalars(
        select(DispatchItem)
        .where(DispatchItem.dispatch_ref == dispatch_ref)
        .order_by(DispatchItem.number)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _record(session: Session, vault: Vault, item: DispatchItem, *, by: Actor, at: datetime) -> None:
    """Make the sampling of one whole item, opening its case and item where they are new."""
    mass_ug = item.read_mass_ug or item.mass_ug
    if mass_ug is None or item.taken_on is None:
        raise TypeError("an item that was received without mass or day")
    key = vault.key(session, item.key_ref)
    site_code = key.open(item.site, item, "site")
    site = session.scalars(
        select(Site).where(Site.code_index == vault.blind(site_code, SITE_INDEX))
    ).one()
    number = key.open(item.case_number, item, "case_number")
    case_ref = session.scalar(
        select(Case.ref).where(
            Case.site_ref == site.ref, Case.number_index == number_blind(vault, number, CASE_INDEX)
        )
    ) or open_case(session, vault, site.ref, number=number, by=by, at=at)
    field = key.open(item.field_number, item, "field_number")
    item_ref = session.scalar(
        select(Item.ref).where(
            Item.case_ref == case_ref, Item.number_index == number_blind(vault, field, ITEM_INDEX)
        )
    ) or record_item(
        session, vault, case_ref, field_number=field, element=item.element, side=item.side,
        description=key.open(item.remarks, item, "remarks"), by=by, at=at,
    )  # fmt: skip
    package = session.get_one(Package, item.package_ref)
    item.sampling_ref = record_sampling(
        session, vault, item_ref, material=item.material, mass_ug=mass_ug, taken_on=item.taken_on,
        element=item.element, side=item.side, seal_number=standing_seal(session, key, package),
        by=by, at=at,
    )  # fmt: skip
    item.state = ItemState.RECORDED
    session.flush()
