# SPDX-License-Identifier: Apache-2.0
"""Who holds a package or an item before coding: the database lets no gap and no overlap stand."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models.dispatches import DispatchItem, SealedPossession
from lims.cases.rules.dispatches import HeldBySomebodyElse
from lims.core.actors import Actor
from lims.custody.rules import EventId

CODED = "coded"
"""Held no more under a list's number: the ledger of codes tells who holds it."""


def pass_sealed(
    session: Session, thing_ref: str, holder: str, *, event_id: EventId, at: datetime
) -> None:
    """End the standing interval of a thing and begin the next; begin the first if there is none.

    An instant before the standing interval began counts as its beginning: clocks go back, and
    intervals do not.
    """
    standing = session.scalar(
        select(SealedPossession)
        .where(SealedPossession.thing_ref == thing_ref, SealedPossession.ended_at.is_(None))
        .with_for_update()
    )
    number, previous, began = 1, None, at
    if standing is not None:
        began = max(at, standing.began_at)
        standing.ended_at, standing.ended_event = began, event_id
        session.flush()
        number, previous = standing.number + 1, standing.number
    session.add(
        SealedPossession(
            thing_ref=thing_ref, number=number, previous=previous, holder=holder, began_at=began,
            began_event=event_id, ended_at=None, ended_event=None,
        )
    )  # fmt: skip
    session.flush()


def release_coded(session: Session, sampling_ref: str, *, event_id: EventId, at: datetime) -> None:
    """End what was held under a list's number: the sampling has its code from now on."""
    item = session.scalar(select(DispatchItem.ref).where(DispatchItem.sampling_ref == sampling_ref))
    if item is not None:
        pass_sealed(session, item, CODED, event_id=event_id, at=at)


def require_held(session: Session, thing_ref: str, by: Actor) -> None:
    """Refuse (HeldBySomebodyElse) an act on a thing that somebody else holds, or nobody here."""
    holder = session.scalar(
        select(SealedPossession.holder).where(
            SealedPossession.thing_ref == thing_ref, SealedPossession.ended_at.is_(None)
        )
    )
    if holder != by.id:
        raise HeldBySomebodyElse()
