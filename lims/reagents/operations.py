# SPDX-License-Identifier: Apache-2.0
"""The verbs of reagent lots: register, release."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import change_state, create_subject, fresh_code, lock_subject
from lims.custody.rules import Tag
from lims.people.queries import who
from lims.people.rules import Activity
from lims.reagents.models import Lot
from lims.reagents.queries import lot_of
from lims.reagents.rules import AlreadyReleased, ExpiryPast, LotState, LotThere, is_expired


def register_lot(
    session: Session,
    *,
    reagent: str,
    activity: Activity,
    number: str,
    expires: date,
    by: Actor,
    at: datetime,
    station: str = "",
) -> str:
    """Register the maker's lot `number` of a reagent; return its code. It is not released yet.

    `expires` is its last day of use. Raises ExpiryPast, LotThere.
    """
    if is_expired(expires, today=at.date()):
        raise ExpiryPast(number=number, reagent=reagent, expires=expires.isoformat())
    code = fresh_code(session, Kind.LOT)
    try:
        # The database decides which of two registrations of one lot is the first.
        with session.begin_nested():
            create_subject(
                session, code, Tag.LOT_RECORD_RECEIVED, by=by, at=at, device=station,
                content={
                    "reagent": reagent, "activity": activity.value, "number": number,
                    "expires": expires.isoformat(),
                },
                state=LotState.REGISTERED,
            )  # fmt: skip
            session.add(
                Lot(
                    code=code, reagent=reagent, activity=activity, number=number, expires=expires,
                    registered_at=at, released_at=None, released_by=None,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        there = session.scalar(select(Lot.code).where(Lot.reagent == reagent, Lot.number == number))
        if there is None:
            raise
        raise LotThere(number=number, reagent=reagent, code=there) from None
    return code


def release_lot(session: Session, code: str, *, by: Actor, at: datetime, station: str = "") -> Lot:
    """Release a lot after its quality control. Raises NotFound, AlreadyReleased, ExpiryPast."""
    lock_subject(session, code)
    lot = lot_of(session, code)
    if lot.released_at is not None:
        actor = lot.released_by or ""
        raise AlreadyReleased(
            number=lot.number, reagent=lot.reagent, at=f"{lot.released_at:%Y-%m-%d %H:%M} UTC",
            who=who(session, actor),
        )  # fmt: skip
    if is_expired(lot.expires, today=at.date()):
        raise ExpiryPast(number=lot.number, reagent=lot.reagent, expires=lot.expires.isoformat())
    lot.released_at, lot.released_by = at, by.id
    change_state(
        session, code, LotState.RELEASED, Tag.LOT_RECORD_RELEASED, by=by, at=at, content={},
        device=station,
    )  # fmt: skip
    session.flush()
    return lot
