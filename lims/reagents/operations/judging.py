# SPDX-License-Identifier: Apache-2.0
"""Quality control's word on a lot: release, quarantine, and its lifting."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import change_state, lock_subject
from lims.custody.rules import Tag
from lims.people.queries import who
from lims.reagents.models import Lot, LotAct
from lims.reagents.queries import lot_of, standing_of
from lims.reagents.rules import (
    ENDED,
    AlreadyReleased,
    ExpiryPast,
    LotActKind,
    LotQuarantined,
    LotState,
    NotQuarantined,
    OwnReceipt,
    check_lot,
    check_reason,
    is_expired,
)


def release_lot(
    session: Session, code: str, *, tested: str, by: Actor, at: datetime, station: str = ""
) -> Lot:
    """Release a lot after its quality control; `tested` says with what it was tested.

    Raises NotFound, AlreadyReleased, OwnReceipt, LotQuarantined, LotDiscarded, ExpiryPast,
    ReasonMissing.
    """
    state = lock_subject(session, code).state
    lot = lot_of(session, code)
    if lot.released_at is not None:
        raise AlreadyReleased(
            number=lot.number, reagent=lot.reagent, at=f"{lot.released_at:%Y-%m-%d %H:%M} UTC",
            who=who(session, lot.released_by or ""),
        )  # fmt: skip
    if lot.received_by == by.id:
        raise OwnReceipt(number=lot.number, reagent=lot.reagent)
    if state == LotState.QUARANTINED:
        raise LotQuarantined(
            number=lot.number, reagent=lot.reagent, since=_day(lot.quarantined_at),
            reason=lot.quarantine_reason,
        )  # fmt: skip
    if state in ENDED:
        check_lot(standing_of(session, lot), today=at.date(), fits=True)
    if is_expired(lot.expires, today=at.date()):
        raise ExpiryPast(number=lot.number, reagent=lot.reagent, expires=lot.expires.isoformat())
    said = check_reason(tested)
    lot.released_at, lot.released_by, lot.tested = at, by.id, said
    change_state(
        session, code, LotState.RELEASED, Tag.LOT_RECORD_RELEASED, by=by, at=at,
        content={"tested": said}, device=station,
    )  # fmt: skip
    _act(session, code, LotActKind.RELEASED, said, by=by, at=at)
    return lot


def quarantine_lot(
    session: Session, code: str, *, reason: str, by: Actor, at: datetime, station: str = ""
) -> Lot:
    """Put a lot into quarantine: nothing more may be used of it.

    Raises NotFound, ReasonMissing, LotQuarantined, LotEmpty, LotDiscarded.
    """
    state = lock_subject(session, code).state
    lot = lot_of(session, code)
    said = check_reason(reason)
    if state in ENDED or state == LotState.QUARANTINED:
        # In date for the question: an expired lot can be put aside as well.
        check_lot(standing_of(session, lot), today=min(at.date(), lot.expires), fits=True)
    lot.quarantined_at, lot.quarantined_by, lot.quarantine_reason = at, by.id, said
    change_state(
        session, code, LotState.QUARANTINED, Tag.LOT_RECORD_BLOCKED, by=by, at=at,
        content={"why": said}, device=station,
    )  # fmt: skip
    _act(session, code, LotActKind.QUARANTINED, said, by=by, at=at)
    return lot


def lift_quarantine(
    session: Session, code: str, *, reason: str, by: Actor, at: datetime, station: str = ""
) -> Lot:
    """Lift a quarantine: the lot is what it was before, released or not.

    Raises NotFound, ReasonMissing, NotQuarantined.
    """
    state = lock_subject(session, code).state
    lot = lot_of(session, code)
    said = check_reason(reason)
    if state != LotState.QUARANTINED:
        raise NotQuarantined(number=lot.number, reagent=lot.reagent)
    lot.quarantined_at, lot.quarantined_by, lot.quarantine_reason = None, "", ""
    before = LotState.REGISTERED if lot.released_at is None else LotState.RELEASED
    change_state(
        session, code, before, Tag.LOT_RECORD_UNBLOCKED, by=by, at=at, content={"why": said},
        device=station,
    )  # fmt: skip
    _act(session, code, LotActKind.LIFTED, said, by=by, at=at)
    return lot


def _day(at: datetime | None) -> str:
    return "" if at is None else at.date().isoformat()


def _act(
    session: Session, code: str, act: LotActKind, reason: str, *, by: Actor, at: datetime
) -> None:
    session.add(
        LotAct(
            lot_code=code, act=act, container=None, change=0, work_code=None, reason=reason, at=at,
            by=by.id,
        )
    )  # fmt: skip
    session.flush()
