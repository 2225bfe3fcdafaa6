# SPDX-License-Identifier: Apache-2.0
"""Reading lots: one, whether it may be used, the stock."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.operations import refuse_if_held
from lims.people.rules import Activity
from lims.reagents.models import Lot
from lims.reagents.rules import check_lot, stock_state


@dataclass(frozen=True)
class LotShown:
    """A lot as the stock page lists it; `state` is a key of the badges."""

    code: str
    reagent: str
    activity: str
    number: str
    expires: date
    state: str
    released_at: datetime | None


def lot_of(session: Session, code: str) -> Lot:
    """Return the lot of a code; raises NotFound."""
    lot = session.get(Lot, code)
    if lot is None:
        raise NotFound(code=code)
    return lot


def usable_lot(session: Session, code: str, *, activity: Activity, on: date) -> Lot:
    """Return the lot if it may be used for `activity` on that day.

    Raises NotFound, LotOfOtherActivity, LotExpired, LotNotReleased, OnHold.
    """
    lot = lot_of(session, code)
    state = session.scalar(select(Subject.state).where(Subject.code == code)) or ""
    check_lot(
        number=lot.number, reagent=lot.reagent, state=state, expires=lot.expires, today=on,
        fits=lot.activity == activity,
    )  # fmt: skip
    refuse_if_held(session, code)
    return lot


def lots(session: Session, *, today: date) -> tuple[LotShown, ...]:
    """Return the lots in stock, what expires first at the top; those long expired last."""
    rows = session.execute(
        select(Lot, Subject.state)
        .join(Subject, Subject.code == Lot.code)
        .order_by(Lot.expires < today, Lot.expires, Lot.code)
        .limit(500)
    )
    return tuple(
        LotShown(
            lot.code, lot.reagent, lot.activity, lot.number, lot.expires,
            stock_state(state, lot.expires, today=today), lot.released_at,
        )
        for lot, state in rows
    )  # fmt: skip
