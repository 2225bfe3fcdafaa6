# SPDX-License-Identifier: Apache-2.0
"""Dividing a tube: a part of powder, lysate or a dilution becomes a tube of its own."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import (
    append,
    change_state,
    create_subject,
    fresh_code,
    lock_subject,
    pass_to,
    refuse_if_held,
)
from lims.custody.rules import GONE, Tag, moves
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Activity
from lims.printing.operations import queue_label
from lims.printing.queries import check_label
from lims.samples.models import Aliquot, Amount
from lims.samples.operations.amounts import begin_amount, check_last, take_amount, witnessed
from lims.samples.operations.taking import Taken, check_room
from lims.samples.queries import aliquot_of, sample_of
from lims.samples.queries.amounts import measured
from lims.samples.rules import (
    AliquotKind,
    AliquotState,
    AmountUnit,
    AmountWhy,
    DivisionReasonMissing,
    Expired,
    NotDivisible,
    TooLittleLeft,
    words_of_amount,
)
from lims.storage.operations import bring_out


def divide(
    session: Session,
    code: str,
    quantity: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    station: str = "",
    witness: Actor | None = None,
) -> Taken:
    """Put `quantity` of a tube (µg of powder, nl of a liquid) into a new one; return that.

    A tube of which nothing is left is used up. Raises NotFound, NotDivisible, AmountUnknown,
    TooLittleLeft, DivisionReasonMissing, LabelNotVerified, OnHold, Expired, WrongRoom,
    NotAuthorised, EliminationMissing, HeldByOther, NotHere, and what check_last raises.
    """
    state = lock_subject(session, code).state
    refuse_if_held(session, code)
    aliquot = aliquot_of(session, code)
    if aliquot is None or aliquot.kind is AliquotKind.PUNCH:
        raise NotDivisible(code=code)
    if not reason.strip():
        raise DivisionReasonMissing(code=code)
    check_label(session, code)
    newest = measured(session, code)
    if state != AliquotState.CREATED or quantity > newest.left:
        raise TooLittleLeft(
            code=code, left=words_of_amount(newest.left, newest.unit),
            asked=words_of_amount(quantity, newest.unit),
        )  # fmt: skip
    check_expiry(aliquot, on=at.date())
    check_room(session, code, line=sample_of(session, aliquot.sample_code).line, station=station)
    require_authorised(session, by, Activity.PREPARATION, on=at.date())
    require_elimination(session, by)
    last = check_last(session, code, quantity, by=by, witness=witness)
    bring_out(session, code, by=by, at=at, station=station)
    made, drawn = make_part(
        session, code, quantity, kind=aliquot.kind, sample=aliquot.sample_code, how="divided",
        by=by, at=at, station=station, expires=aliquot.expires,
    )  # fmt: skip
    append(
        session, Tag.ALIQUOT_TUBE_USED, stream=code, by=by, at=at, device=station,
        content={
            "aliquot": made.code, f"{_word(drawn.unit)}_{drawn.unit}": quantity,
            f"left_{drawn.unit}": drawn.left, "why": reason.strip()[:200],
            **witnessed(witness if last else None),
        },
    )  # fmt: skip
    if drawn.left == 0:
        exhaust(session, code, by=by, at=at, station=station)
    return made


def exhaust(session: Session, code: str, *, by: Actor, at: datetime, station: str = "") -> None:
    """End an aliquot of which nothing is left: used, and there no more."""
    ended = change_state(
        session, code, AliquotState.USED, Tag.ALIQUOT_TUBE_CONSUMED, by=by, at=at, device=station,
        content=moves(GONE),
    )  # fmt: skip
    pass_to(session, code, GONE, event_id=ended, at=at)


def make_part(
    session: Session,
    code: str,
    quantity: int,
    *,
    kind: AliquotKind,
    sample: str,
    how: str,
    by: Actor,
    at: datetime,
    added: int = 0,
    station: str = "",
    expires: date | None = None,
    more: dict[str, object] | None = None,
) -> tuple[Taken, Amount]:
    """Take `quantity` of a thing into a new tube of a sample, to which `added` is added.

    Returns the tube and the entry that took it; `more` stands in the tube's first event. Whether
    it may be taken is for the caller to ask. Raises TooLittleLeft, AmountUnknown.
    """
    drawn = take_amount(session, code, quantity, AmountWhy.DIVIDED, by=by, at=at)
    part, whole = fresh_code(session, Kind.ALIQUOT), quantity + added
    content: dict[str, object] = {"kind": kind.value, f"{_word(drawn.unit)}_{drawn.unit}": whole}
    create_subject(
        session, part, Tag.ALIQUOT_TUBE_TAKEN, by=by, at=at, content=content | (more or {}),
        state=AliquotState.CREATED, parents=(code,), reason=how, device=station,
    )  # fmt: skip
    session.add(
        Aliquot(
            code=part, sample_code=sample, kind=kind,
            mass_ug=whole if drawn.unit is AmountUnit.MASS else None,
            volume_nl=whole if drawn.unit is AmountUnit.VOLUME else None,
            taken_at=at, taken_by=by.id, expires=expires,
        )
    )  # fmt: skip
    session.flush()
    begin_amount(session, part, drawn.unit, whole, by=by, at=at, source=drawn, added=added)
    label = ""
    if station:
        label = queue_label(
            session, part, layout="tube", station=station, kind=kind.value.upper(), line1=code,
            by=by, at=at,
        )  # fmt: skip
    return Taken(part, label), drawn


def check_expiry(aliquot: Aliquot, *, on: date) -> None:
    """Refuse (Expired) a tube after its date."""
    if aliquot.expires is not None and aliquot.expires < on:
        raise Expired(code=aliquot.code, on=aliquot.expires.isoformat())


def _word(unit: AmountUnit) -> str:
    return "mass" if unit is AmountUnit.MASS else "volume"
