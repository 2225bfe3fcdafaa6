# SPDX-License-Identifier: Apache-2.0
"""Reading amounts: how much is left of things, how it came to that, whether it is the last."""

from collections.abc import Collection

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from lims.custody.models import Subject
from lims.custody.queries import held
from lims.custody.rules import is_place
from lims.samples.models import Aliquot, Amount, ConsumptionPermission, Sample
from lims.samples.rules import (
    AliquotKind,
    AliquotStage,
    AliquotState,
    AmountUnit,
    AmountUnknown,
    stage_of,
)


def last_amount(session: Session, code: str) -> Amount | None:
    """Return the newest entry of a thing's amounts: its `left` is what there is."""
    return session.scalar(
        select(Amount).where(Amount.code == code).order_by(Amount.number.desc()).limit(1)
    )


def measured(session: Session, code: str) -> Amount:
    """Return the newest entry; raises AmountUnknown where nobody measured."""
    found = last_amount(session, code)
    if found is None:
        raise AmountUnknown(code=code)
    return found


def amounts_of(session: Session, code: str) -> tuple[Amount, ...]:
    """Return every entry of a thing's amounts, the oldest first."""
    found = select(Amount).where(Amount.code == code).order_by(Amount.number)
    return tuple(session.scalars(found))


def amounts_left(session: Session, codes: Collection[str]) -> dict[str, int]:
    """Return what is left of each of `codes` in its unit; what nobody measured is not in it."""
    newest = (
        select(Amount.code, func.max(Amount.number))
        .where(Amount.code.in_(codes))
        .group_by(Amount.code)
    )
    rows = session.execute(
        select(Amount.code, Amount.left).where(tuple_(Amount.code, Amount.number).in_(newest))
    )
    return dict(rows.all())


def is_last(session: Session, code: str, quantity: int, *, alone: bool = False) -> bool:
    """Return whether taking `quantity` uses the last of a bone or of its powder.

    The last of a bone: nothing of it is left. The last of its powder: nothing is left of the bone,
    of this tube, nor of any other tube of powder that can still be used; `alone` asks of this tube
    only.
    """
    newest = last_amount(session, code)
    if newest is None or newest.unit is not AmountUnit.MASS or newest.left > quantity:
        return False
    aliquot = session.get(Aliquot, code)
    if aliquot is None or alone:
        return True
    others = session.scalars(
        select(Aliquot.code)
        .join(Subject, Subject.code == Aliquot.code)
        .where(
            Aliquot.sample_code == aliquot.sample_code, Aliquot.code != code,
            Aliquot.kind == AliquotKind.POWDER, Subject.state == AliquotState.CREATED,
        )
    )  # fmt: skip
    return not any(amounts_left(session, (aliquot.sample_code, *others)).values())


def behind(session: Session, code: str) -> Sample | None:
    """Return the sample that a sample or aliquot is of, None for anything else."""
    aliquot = session.get(Aliquot, code)
    return session.get(Sample, aliquot.sample_code if aliquot is not None else code)


def permissions_of(session: Session, code: str) -> tuple[ConsumptionPermission, ...]:
    """Return the permissions to use up a sample, the oldest first."""
    return tuple(
        session.scalars(
            select(ConsumptionPermission)
            .where(ConsumptionPermission.code == code)
            .order_by(ConsumptionPermission.ordinal)
        )
    )


def stage(session: Session, code: str) -> AliquotStage:
    """Return where a tube is in its life."""
    entries = amounts_of(session, code)
    standing = held(session, code)
    state = session.scalar(select(Subject.state).where(Subject.code == code)) or ""
    return stage_of(
        state=state, stored=standing is not None and is_place(standing.holder),
        moved=standing is not None and standing.number > 1,
        left=entries[-1].left if entries else None, made=entries[0].left if entries else None,
    )  # fmt: skip
