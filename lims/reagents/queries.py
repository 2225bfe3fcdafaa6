# SPDX-License-Identifier: Apache-2.0
"""Reading the catalogue and lots: one, whether it may be used, its containers and acts, a page."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.operations import refuse_if_held
from lims.people.rules import Activity
from lims.reagents.models import Lot, LotAct, LotContainer, Reagent
from lims.reagents.rules import (
    ENDED,
    LotState,
    ReagentUnit,
    Standing,
    check_lot,
    stock_state,
)

PAGE = 50
FILTERS = ("", "usable", "new", "expired", "quarantined", "ended")
"""How a list of lots can be narrowed: ids of lims.reagents.views.FILTER_WORDS."""


@dataclass(frozen=True)
class LotShown:
    """A lot as the list shows it; `state` is a key of the badges, `left` of its unit."""

    code: str
    reagent: str
    activity: str
    number: str
    expires: date
    use_by: date
    state: str
    released_at: datetime | None
    unit: ReagentUnit
    left: int
    containers: int
    unopened: int

    def days_left(self, today: date) -> int:
        """Return how many days of use remain after today; below zero where it is past."""
        return (self.use_by - today).days


@dataclass(frozen=True)
class LotsPage:
    """A page of lots, and where the next one begins ('' at the end)."""

    rows: tuple[LotShown, ...]
    after: str


def lot_of(session: Session, code: str) -> Lot:
    """Return the lot of a code; raises NotFound."""
    lot = session.get(Lot, code)
    if lot is None:
        raise NotFound(code=code)
    return lot


def reagent_of(session: Session, number: int) -> Reagent:
    """Return an entry of the catalogue; raises NotFound."""
    found = session.get(Reagent, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def reagent_named(session: Session, name: str, activity: Activity) -> Reagent | None:
    """Return the entry of a name and an activity, None if there is none."""
    return session.scalar(
        select(Reagent).where(Reagent.name == name, Reagent.activity == activity)
    )  # fmt: skip


def catalogue(session: Session) -> Sequence[Reagent]:
    """Return the catalogue by activity and name."""
    return session.scalars(select(Reagent).order_by(Reagent.activity, Reagent.name)).all()


def containers_of(session: Session, code: str) -> Sequence[LotContainer]:
    """Return the containers of a lot by number."""
    return session.scalars(
        select(LotContainer).where(LotContainer.lot_code == code).order_by(LotContainer.number)
    ).all()


def acts_of(session: Session, code: str, *, limit: int = 200) -> Sequence[LotAct]:
    """Return what was done with a lot, the newest first."""
    return session.scalars(
        select(LotAct).where(LotAct.lot_code == code).order_by(LotAct.id.desc()).limit(limit)
    ).all()


def left_of(containers: Collection[LotContainer]) -> int:
    """Return what is left in containers that have not ended."""
    return sum(one.amount - one.used for one in containers if one.ended_at is None)


def open_one(containers: Collection[LotContainer]) -> LotContainer | None:
    """Return the container that stands open."""
    return next((o for o in containers if o.opened_at is not None and o.ended_at is None), None)


def standing_of(session: Session, lot: Lot) -> Standing:
    """Return what decides whether a lot may be used."""
    state = session.scalar(select(Subject.state).where(Subject.code == lot.code)) or ""
    containers = containers_of(session, lot.code)
    opened = open_one(containers)
    since = lot.ended_at if state in ENDED else lot.quarantined_at
    return Standing(
        number=lot.number, reagent=lot.reagent, state=state, expires=lot.expires,
        opened=None if opened is None or opened.opened_at is None else opened.opened_at.date(),
        open_days=reagent_of(session, lot.reagent_id).open_days,
        since="" if since is None else since.date().isoformat(), reason=lot.quarantine_reason,
        left=left_of(containers),
    )  # fmt: skip


def usable_lot(session: Session, code: str, *, activity: Activity, on: date) -> Lot:
    """Return the lot if it may be used for `activity` on that day.

    Raises NotFound, LotOfOtherActivity, LotExpired, LotOpenTooLong, LotNotReleased,
    LotQuarantined, LotEmpty, LotDiscarded, OnHold.
    """
    lot = lot_of(session, code)
    check_lot(standing_of(session, lot), today=on, fits=lot.activity == activity)
    refuse_if_held(session, code)
    return lot


def lots_page(
    session: Session,
    *,
    today: date,
    state: str = "",
    within: int | None = None,
    after: str = "",
    limit: int = PAGE,
) -> LotsPage:
    """Return a page of lots, those whose last day of use is nearest first.

    `state` is one of FILTERS ('' all that have not ended), `within` only those whose last day of
    use lies at most so many days ahead; `after` is the page's beginning as the page before it gave.
    """
    asked = (
        select(Lot, Subject.state, Reagent.unit)
        .join(Subject, Subject.code == Lot.code)
        .join(Reagent, Reagent.id == Lot.reagent_id)
        .where(_narrowed(state, today))
        .order_by(Lot.use_by, Lot.code)
        .limit(limit + 1)
    )
    if within is not None:
        asked = asked.where(Lot.use_by <= today + timedelta(days=within))
    day, _, code = after.partition("_")
    if code:
        try:
            begin = date.fromisoformat(day)
        except ValueError:
            raise NotFound(code=after[:40]) from None
        asked = asked.where(or_(Lot.use_by > begin, and_(Lot.use_by == begin, Lot.code > code)))
    rows = session.execute(asked).all()
    shown = rows[:limit]
    left = _counts(session, [lot.code for lot, _, _ in shown])
    further = f"{shown[-1][0].use_by.isoformat()}_{shown[-1][0].code}" if rows[limit:] else ""
    return LotsPage(
        tuple(
            LotShown(
                lot.code, lot.reagent, lot.activity, lot.number, lot.expires, lot.use_by,
                stock_state(standing, lot.use_by, today=today), lot.released_at, unit,
                *left.get(lot.code, (0, 0, 0)),
            )
            for lot, standing, unit in shown
        ),
        further,
    )  # fmt: skip


def lots(session: Session, *, today: date) -> tuple[LotShown, ...]:
    """Return every lot that has not ended, what must be used first at the top."""
    return lots_page(session, today=today, limit=100_000).rows


def _narrowed(state: str, today: date) -> ColumnElement[bool]:
    if state == "ended":
        return Subject.state.in_(ENDED)
    if state == "quarantined":
        return Subject.state == LotState.QUARANTINED
    if state == "expired":
        return (Lot.use_by < today) & Subject.state.not_in(ENDED)
    if state == "new":
        return (Subject.state == LotState.REGISTERED) & (Lot.use_by >= today)
    if state == "usable":
        return (Subject.state == LotState.RELEASED) & (Lot.use_by >= today)
    return Subject.state.not_in(ENDED)


def _counts(session: Session, codes: Collection[str]) -> dict[str, tuple[int, int, int]]:
    """Return what is left, how many containers have not ended, how many are unopened, by lot."""
    found: dict[str, tuple[int, int, int]] = {}
    asked = list(codes)
    for begin in range(0, len(asked), 500):
        rows = session.execute(
            select(
                LotContainer.lot_code,
                func.sum(LotContainer.amount - LotContainer.used),
                func.count(),
                func.sum(case((LotContainer.opened_at.is_(None), 1), else_=0)),
            )
            .where(
                LotContainer.lot_code.in_(asked[begin : begin + 500]),
                LotContainer.ended_at.is_(None),
            )
            .group_by(LotContainer.lot_code)
        )
        found |= {code: (int(left), count, int(closed)) for code, left, count, closed in rows}
    return found
