# SPDX-License-Identifier: Apache-2.0
"""How much there is of a thing: begin, take, give back, correct; and who may take the last."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.rules import Tag
from lims.samples.models import Amount, ConsumptionPermission, Sample
from lims.samples.queries import sample_of
from lims.samples.queries.amounts import behind, is_last, measured, permissions_of
from lims.samples.rules import (
    AmountUnit,
    AmountWhy,
    Consumption,
    CorrectionWhy,
    NeverConsumed,
    NothingCorrected,
    PermissionAwaited,
    ReasonMissing,
    SecondPersonAwaited,
    TooLittleLeft,
    WitnessSame,
    read_permission,
    words_of_amount,
)
from lims.storage.operations import require_at_hand


def begin_amount(
    session: Session,
    code: str,
    unit: AmountUnit,
    quantity: int,
    *,
    by: Actor,
    at: datetime,
    source: Amount | None = None,
    added: int = 0,
) -> None:
    """Record how much of a new thing there is: of itself, or what an entry of its parent took.

    The database refuses a part that is more than what was taken and `added`.
    """
    session.add(
        Amount(
            code=code, number=1, previous=None, unit=unit, before=0, change=quantity, left=quantity,
            why=AmountWhy.MADE, source=source.code if source else None,
            source_number=source.number if source else None,
            source_change=source.change if source else None, added=added, at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()


def take_amount(
    session: Session, code: str, quantity: int, why: AmountWhy, *, by: Actor, at: datetime
) -> Amount:
    """Take `quantity` of a thing, in its unit; return the entry. The thing is locked.

    Raises TooLittleLeft, AmountUnknown, NotFound.
    """
    lock_subject(session, code)
    newest = measured(session, code)
    if quantity > newest.left:
        raise TooLittleLeft(
            code=code, left=words_of_amount(newest.left, newest.unit),
            asked=words_of_amount(quantity, newest.unit),
        )  # fmt: skip
    return _enter(session, newest, -quantity, why, by=by, at=at)


def take_rest(
    session: Session, code: str, why: AmountWhy, *, by: Actor, at: datetime
) -> int | None:
    """Take all that is left of a thing, if anything; return how much, None if nobody measured."""
    lock_subject(session, code)
    newest = session.scalar(
        select(Amount).where(Amount.code == code).order_by(Amount.number.desc()).limit(1)
    )
    if newest is None:
        return None
    if newest.left:
        _enter(session, newest, -newest.left, why, by=by, at=at)
    return newest.left


def give_back(session: Session, code: str, quantity: int, *, by: Actor, at: datetime) -> None:
    """Give back what a well that was voided had taken."""
    lock_subject(session, code)
    _enter(session, measured(session, code), quantity, AmountWhy.WELL_VOIDED, by=by, at=at)


def correct_amount(
    session: Session,
    code: str,
    left: int,
    reason: CorrectionWhy,
    *,
    remark: str,
    by: Actor,
    at: datetime,
    witness: Actor | None = None,
    station: str = "",
) -> None:
    """Record that something else is left of a thing than was on record; the old figure stays.

    Whoever corrects it holds it. Raises AmountUnknown, NothingCorrected, ReasonMissing, OnHold,
    HeldByOther, InStorage, NotHere, and as check_last does where it would be the last.
    """
    lock_subject(session, code)
    refuse_if_held(session, code)
    require_at_hand(session, code, by)
    if len(remark.strip()) < 3:
        raise ReasonMissing()
    newest = measured(session, code)
    if left == newest.left:
        raise NothingCorrected(code=code, left=words_of_amount(left, newest.unit))
    if left < newest.left:
        check_last(session, code, newest.left - left, by=by, witness=witness)
    _enter(session, newest, left - newest.left, AmountWhy.CORRECTED, by=by, at=at)
    append(
        session, Tag.ALIQUOT_AMOUNT_CORRECTED, stream=code, by=by, at=at, device=station,
        content={
            f"was_{newest.unit}": newest.left, f"now_{newest.unit}": left,
            "reason": reason.value, "because": remark.strip()[:200], **witnessed(witness),
        },
    )  # fmt: skip


def check_last(
    session: Session, code: str, quantity: int, *, by: Actor, witness: Actor | None
) -> bool:
    """Return whether `quantity` is the last of a bone or of its powder, if that may be taken.

    Raises NeverConsumed, PermissionAwaited, SecondPersonAwaited, WitnessSame.
    """
    if not is_last(session, code, quantity, alone=True):
        return False
    sample = behind(session, code)
    if sample is not None:
        # Of two who empty two tubes of a bone at once the second sees what the first left.
        lock_subject(session, sample.code)
    if not is_last(session, code, quantity):
        return False
    if sample is not None:
        check_permitted(session, sample)
    if witness is None:
        raise SecondPersonAwaited(code=code)
    check_two(by, witness)
    return True


def check_permitted(session: Session, sample: Sample) -> None:
    """Refuse (NeverConsumed, PermissionAwaited) to use the last of a sample without leave."""
    if sample.consumption is Consumption.NEVER:
        raise NeverConsumed(code=sample.code)
    if sample.consumption is Consumption.ASK and not permissions_of(session, sample.code):
        raise PermissionAwaited(code=sample.code)


def check_two(by: Actor, witness: Actor) -> None:
    """Refuse (WitnessSame) who would confirm their own act."""
    if witness.id == by.id:
        raise WitnessSame()


def witnessed(witness: Actor | None) -> dict[str, object]:
    """Return what an event says of the second person."""
    return {} if witness is None else {"witness": witness.id}


def rule_consumption(
    session: Session, code: str, rule: Consumption, *, by: Actor, at: datetime
) -> None:
    """Set the customer's rule for the last of a sample. Raises NotFound, NotASample."""
    lock_subject(session, code)
    sample = sample_of(session, code)
    if sample.consumption is rule:
        return
    append(
        session, Tag.SAMPLE_CONSUMPTION_RULED, stream=code, by=by, at=at,
        content={"from": sample.consumption.value, "rule": rule.value},
    )  # fmt: skip
    sample.consumption = rule
    session.flush()


def permit_consumption(
    session: Session, code: str, *, reference: str, given_on: date, by: Actor, at: datetime
) -> None:
    """Record the customer's permission to use the last of a sample: its number and its date.

    Raises NotFound, NotASample, PermissionNotRead.
    """
    number = read_permission(reference)
    lock_subject(session, code)
    sample_of(session, code)
    ordinal = session.scalar(
        select(func.count()).where(ConsumptionPermission.code == code)
    ) or 0  # fmt: skip
    session.add(
        ConsumptionPermission(
            code=code, ordinal=ordinal + 1, reference=number, given_on=given_on, recorded_at=at,
            recorded_by=by.id,
        )
    )  # fmt: skip
    append(
        session, Tag.SAMPLE_CONSUMPTION_PERMITTED, stream=code, by=by, at=at,
        content={"permission": number, "given_on": given_on.isoformat()},
    )  # fmt: skip
    session.flush()


def _enter(
    session: Session, newest: Amount, change: int, why: AmountWhy, *, by: Actor, at: datetime
) -> Amount:
    entry = Amount(
        code=newest.code, number=newest.number + 1, previous=newest.number, unit=newest.unit,
        before=newest.left, change=change, left=newest.left + change, why=why, source=None,
        source_number=None, source_change=None, added=0, at=at, by=by.id,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry
