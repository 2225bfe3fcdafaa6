# SPDX-License-Identifier: Apache-2.0
"""Using a lot: open a container, draw amounts, correct what is left, end a container or the lot."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, change_state, lock_subject
from lims.custody.rules import Tag
from lims.people.rules import Activity
from lims.reagents.models import Lot, LotAct, LotContainer
from lims.reagents.queries import (
    containers_of,
    left_of,
    lot_of,
    open_one,
    reagent_of,
    standing_of,
    usable_lot,
)
from lims.reagents.rules import (
    ENDED,
    AmountWrong,
    ContainerEnd,
    LotActKind,
    LotShort,
    LotState,
    NothingOpen,
    StandsOpen,
    check_lot,
    check_reason,
    last_day,
    shares,
    words_of,
)


def take_into_use(
    session: Session, code: str, *, activity: Activity, by: Actor, at: datetime, station: str = ""
) -> Lot:
    """Return a lot that is scanned into work; the scan opens a container where none stands open.

    Raises what usable_lot raises.
    """
    lock_subject(session, code)
    lot = usable_lot(session, code, activity=activity, on=at.date())
    if open_one(containers_of(session, code)) is None:
        _open_next(session, lot, by=by, at=at, station=station)
    return lot


def open_container(
    session: Session, code: str, *, by: Actor, at: datetime, station: str = ""
) -> LotContainer:
    """Open the next container of a lot: from today on it keeps its shelf life after opening.

    Raises StandsOpen, and what usable_lot raises.
    """
    lock_subject(session, code)
    lot = lot_of(session, code)
    there = open_one(containers_of(session, code))
    if there is not None:
        raise StandsOpen(container=there.number, number=lot.number, reagent=lot.reagent)
    usable_lot(session, code, activity=Activity(lot.activity), on=at.date())
    return _open_next(session, lot, by=by, at=at, station=station)


def use_amount(
    session: Session, code: str, amount: int, *, work: str, by: Actor, at: datetime,
    reason: str = "", station: str = "",
) -> None:  # fmt: skip
    """Record that `amount` of a lot went into a batch, plate, set or tube.

    It comes out of what stands open; what that does not hold, out of the next containers, which
    are opened. Raises LotShort where the lot holds less.
    """
    if amount <= 0:
        return
    lock_subject(session, code)
    lot = lot_of(session, code)
    going = [one for one in containers_of(session, code) if one.ended_at is None]
    going.sort(key=lambda one: (one.opened_at is None, one.number))
    unit = reagent_of(session, lot.reagent_id).unit
    if left_of(going) < amount:
        raise LotShort(
            left=words_of(left_of(going), unit), asked=words_of(amount, unit), number=lot.number,
            reagent=lot.reagent,
        )  # fmt: skip
    parts = shares(amount, [one.amount - one.used for one in going])
    for container, part in zip(going, parts, strict=True):
        if not part:
            break
        if container.opened_at is None:
            _open(session, lot, container, by=by, at=at, station=station)
        container.used += part
        _act(
            session, lot, LotActKind.USED, container, -part, work=work, reason=reason, by=by, at=at
        )
        append(
            session, Tag.LOT_AMOUNT_USED, stream=code, by=by, at=at, device=station,
            content={
                "amount": part, "unit": unit.value, "container": container.number, "in": work,
                "left": container.amount - container.used,
            },
        )  # fmt: skip
        if container.used == container.amount:
            _end(session, lot, container, ContainerEnd.EMPTY, "", by=by, at=at, station=station)


def correct_amount(
    session: Session, code: str, container: int, *, left: int, reason: str, by: Actor,
    at: datetime, station: str = "",
) -> None:  # fmt: skip
    """Write what is left in an unended container after it was measured.

    Raises NotFound, NothingOpen, AmountWrong, ReasonMissing.
    """
    lock_subject(session, code)
    lot, one = _going(session, code, container)
    said = check_reason(reason)
    if not 0 <= left <= one.amount:
        unit = reagent_of(session, lot.reagent_id).unit
        raise AmountWrong(container=container, amount=words_of(one.amount, unit))
    change = left - (one.amount - one.used)
    one.used = one.amount - left
    _act(session, lot, LotActKind.CORRECTED, one, change, reason=said, by=by, at=at)
    append(
        session, Tag.LOT_AMOUNT_CORRECTED, stream=code, by=by, at=at, device=station,
        content={"container": container, "change": change, "left": left, "why": said},
    )  # fmt: skip


def end_container(
    session: Session, code: str, container: int, end: ContainerEnd, *, by: Actor, at: datetime,
    reason: str = "", station: str = "",
) -> None:  # fmt: skip
    """Record that a container is empty, or was discarded with a reason; the last ends the lot.

    Raises NotFound, NothingOpen, ReasonMissing.
    """
    lock_subject(session, code)
    lot, one = _going(session, code, container)
    said = check_reason(reason) if end is ContainerEnd.DISCARDED else reason.strip()[:200]
    if end is ContainerEnd.EMPTY and one.opened_at is None:
        raise NothingOpen(container=container, number=lot.number, reagent=lot.reagent)
    _end(session, lot, one, end, said, by=by, at=at, station=station)


def discard_lot(
    session: Session, code: str, *, reason: str, by: Actor, at: datetime, station: str = ""
) -> None:
    """Discard all that is left of a lot. Raises NotFound, ReasonMissing, LotEmpty, LotDiscarded."""
    state = lock_subject(session, code).state
    lot = lot_of(session, code)
    said = check_reason(reason)
    if state in ENDED:
        check_lot(standing_of(session, lot), today=at.date(), fits=True)
    for one in containers_of(session, code):
        if one.ended_at is None:
            _end(session, lot, one, ContainerEnd.DISCARDED, said, by=by, at=at, station=station)


def _going(session: Session, code: str, container: int) -> tuple[Lot, LotContainer]:
    lot = lot_of(session, code)
    for one in containers_of(session, code):
        if one.number == container and one.ended_at is None:
            return lot, one
    raise NothingOpen(container=container, number=lot.number, reagent=lot.reagent)


def _open_next(
    session: Session, lot: Lot, *, by: Actor, at: datetime, station: str
) -> LotContainer:
    closed: Sequence[LotContainer] = [
        one for one in containers_of(session, lot.code) if one.opened_at is None
        and one.ended_at is None
    ]  # fmt: skip
    _open(session, lot, closed[0], by=by, at=at, station=station)
    return closed[0]


def _open(
    session: Session, lot: Lot, container: LotContainer, *, by: Actor, at: datetime, station: str
) -> None:
    container.opened_at, container.opened_by = at, by.id
    days = reagent_of(session, lot.reagent_id).open_days
    lot.use_by = last_day(lot.expires, at.date(), days)
    _act(session, lot, LotActKind.OPENED, container, 0, by=by, at=at)
    append(
        session, Tag.LOT_RECORD_OPENED, stream=lot.code, by=by, at=at, device=station,
        content={"container": container.number, "use_by": lot.use_by.isoformat()},
    )  # fmt: skip


def _end(
    session: Session, lot: Lot, container: LotContainer, end: ContainerEnd, reason: str, *,
    by: Actor, at: datetime, station: str,
) -> None:  # fmt: skip
    was_open = container.opened_at is not None
    left = container.amount - container.used
    container.ended_at, container.end, container.end_reason = at, end, reason
    if was_open:
        lot.use_by = lot.expires
    act = LotActKind.EMPTY if end is ContainerEnd.EMPTY else LotActKind.DISCARDED
    _act(session, lot, act, container, -left, reason=reason, by=by, at=at)
    content: dict[str, object] = {"container": container.number, "left": left, "why": reason}
    empty = end is ContainerEnd.EMPTY
    tag = Tag.LOT_RECORD_EMPTIED if empty else Tag.LOT_RECORD_DISCARDED
    if any(one.ended_at is None for one in containers_of(session, lot.code)):
        append(
            session, tag, stream=lot.code, by=by, at=at, content=content, device=station
        )  # fmt: skip
        return
    lot.ended_at = at
    change_state(
        session, lot.code, LotState.EMPTY if empty else LotState.DISCARDED, tag, by=by, at=at,
        content=content, device=station,
    )  # fmt: skip


def _act(
    session: Session, lot: Lot, act: LotActKind, container: LotContainer, change: int, *,
    by: Actor, at: datetime, work: str | None = None, reason: str = "",
) -> None:  # fmt: skip
    session.add(
        LotAct(
            lot_code=lot.code, act=act, container=container.number, change=change, work_code=work,
            reason=reason, at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()
