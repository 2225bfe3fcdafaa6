# SPDX-License-Identifier: Apache-2.0
"""The catalogue of reagents, and receiving a lot."""

from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, create_subject, fresh_code
from lims.custody.rules import Tag
from lims.people.rules import Activity
from lims.reagents.models import Lot, LotAct, LotContainer, Reagent
from lims.reagents.queries import reagent_named, reagent_of
from lims.reagents.rules import (
    MOST_AMOUNT,
    MOST_CONTAINERS,
    AmountNotRead,
    ExpiryPast,
    LotActKind,
    LotState,
    LotThere,
    ReagentThere,
    ReagentUnit,
    is_expired,
)


def add_reagent(
    session: Session,
    *,
    name: str,
    activity: Activity,
    by: Actor,
    at: datetime,
    maker: str = "",
    catalogue_number: str = "",
    unit: ReagentUnit = ReagentUnit.NANOLITRE,
    storage: str = "",
    open_days: int | None = None,
) -> Reagent:
    """Put a reagent, kit or control into the catalogue. Raises ReagentThere.

    `open_days` is how long a container keeps once it is open; None: until it expires.
    """
    made = Reagent(
        name=name.strip(), activity=activity, maker=maker, catalogue_number=catalogue_number,
        unit=unit, storage=storage, open_days=open_days, added_at=at, added_by=by.id,
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
            session.flush()
    except IntegrityError:
        if reagent_named(session, name.strip(), activity) is None:
            raise
        raise ReagentThere(name=name.strip()) from None
    append(
        session, Tag.REAGENT_RECORD_ADDED, stream=f"reagent:{made.id}", by=by, at=at,
        content={
            "name": made.name, "activity": activity.value, "maker": maker,
            "catalogue_number": catalogue_number, "unit": unit.value, "storage": storage,
            "open_days": open_days,
        },
    )  # fmt: skip
    return made


def receive_lot(
    session: Session,
    reagent_id: int,
    *,
    number: str,
    expires: date,
    containers: int,
    each: int,
    by: Actor,
    at: datetime,
    received_on: date | None = None,
    condition: str = "",
    certificate: str = "",
    seal: str = "",
    station: str = "",
) -> str:
    """Receive the maker's lot `number` of a reagent; return its code. It is not released yet.

    `containers` bottles or boxes with `each` of the reagent's unit; `expires` is the last day of
    use, `certificate` the number of its file. Raises NotFound, ExpiryPast, LotThere, AmountNotRead.
    """
    reagent = reagent_of(session, reagent_id)
    if is_expired(expires, today=at.date()):
        raise ExpiryPast(number=number, reagent=reagent.name, expires=expires.isoformat())
    if not 0 < containers <= MOST_CONTAINERS:
        raise AmountNotRead(read=str(containers)[:20])
    if not 0 < each <= MOST_AMOUNT:
        raise AmountNotRead(read=str(each)[:20])
    code = fresh_code(session, Kind.LOT)
    day = received_on or at.date()
    try:
        # The database decides which of two registrations of one lot is the first.
        with session.begin_nested():
            create_subject(
                session, code, Tag.LOT_RECORD_RECEIVED, by=by, at=at, device=station,
                content={
                    "reagent": reagent.name, "activity": reagent.activity.value, "number": number,
                    "expires": expires.isoformat(), "containers": containers, "each": each,
                    "unit": reagent.unit.value, "received_on": day.isoformat(),
                    "condition": condition, "certificate": certificate, "seal": seal,
                },
                state=LotState.REGISTERED,
            )  # fmt: skip
            session.add(
                Lot(
                    code=code, reagent_id=reagent.id, reagent=reagent.name,
                    activity=reagent.activity.value, number=number, expires=expires,
                    use_by=expires, received_on=day, received_by=by.id, condition=condition,
                    certificate=certificate, seal=seal, registered_at=at, released_at=None,
                    released_by=None, quarantined_at=None, ended_at=None,
                )
            )  # fmt: skip
            session.flush()
    except IntegrityError:
        same = select(Lot.code).where(Lot.reagent_id == reagent.id, Lot.number == number)
        there = session.scalar(same)
        if there is None:
            raise
        raise LotThere(number=number, reagent=reagent.name, code=there) from None
    session.add_all(
        LotContainer(
            lot_code=code, number=one, amount=each, used=0, opened_at=None, opened_by=None,
            ended_at=None, end=None,
        )
        for one in range(1, containers + 1)
    )  # fmt: skip
    session.add(
        LotAct(
            lot_code=code, act=LotActKind.RECEIVED, container=None, change=containers * each,
            work_code=None, at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()
    return code
