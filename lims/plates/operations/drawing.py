# SPDX-License-Identifier: Apache-2.0
"""What a completed batch or plate took of its lots, by the volumes of its procedure."""

from collections import Counter
from datetime import datetime
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import lock_subjects
from lims.plates.models import BatchMember, Well
from lims.plates.queries import lots_used
from lims.procedures.models import Procedure
from lims.procedures.queries import document_of
from lims.procedures.rules import Document
from lims.reagents.models import Lot
from lims.reagents.operations import use_amount
from lims.reagents.queries import containers_of, left_of, reagent_of
from lims.reagents.rules import ReagentUnit, shares, with_overage

OVERAGE = "overage_percent"
"""The figure of a procedure that says how much more is taken than goes in; absent: nothing."""


def draw_amounts(
    session: Session, work: str, procedure: Procedure, *, by: Actor, at: datetime,
    station: str = "",
) -> None:  # fmt: skip
    """Record what a batch or plate took of each of its lots.

    A reagent with a volume in the procedure is taken once for each tube or well, with overage; one
    counted in reactions or pieces one by one; a control for the wells that it stands in. Of two
    lots of a reagent the one that was scanned first is used up first. What the procedure gives no
    volume for is taken as needed, and not counted. Raises LotShort.
    """
    document = document_of(procedure)
    used = lots_used(session, work)
    lock_subjects(session, [lot.code for lot in used])
    stands = _stands(session, work)
    filled = _filled(session, work)
    together: dict[int, list[Lot]] = {}
    for lot in used:
        if lot.code in stands:
            _take(
                session, [lot], stands[lot.code], work, document, by=by, at=at, station=station
            )  # fmt: skip
        else:
            together.setdefault(lot.reagent_id, []).append(lot)
    for lots in together.values():
        _take(session, lots, filled, work, document, by=by, at=at, station=station)


def _take(
    session: Session, lots: list[Lot], count: int, work: str, document: Document, *, by: Actor,
    at: datetime, station: str,
) -> None:  # fmt: skip
    each = _each(session, lots[0], document)
    asked = with_overage(each, count, document.limits.get(OVERAGE, Decimal(0)))
    left = [left_of(containers_of(session, lot.code)) for lot in lots]
    parts = shares(asked, left)
    # What they do not hold together is asked of the last, which refuses.
    parts[-1] += asked - sum(parts)
    for lot, part in zip(lots, parts, strict=True):
        use_amount(session, lot.code, part, work=work, by=by, at=at, station=station)


def _each(session: Session, lot: Lot, document: Document) -> int:
    unit = reagent_of(session, lot.reagent_id).unit
    if unit in (ReagentUnit.REACTION, ReagentUnit.PIECE):
        return 1
    if unit is ReagentUnit.MICROGRAM:
        return 0
    for need in document.reagents:
        if need.name.casefold() == lot.reagent.casefold():
            return need.volume_nl or 0
    return 0


def _filled(session: Session, work: str) -> int:
    of = (
        select(func.count())
        .select_from(BatchMember)
        .where(BatchMember.batch_code == work, BatchMember.voided_at.is_(None))
        if work[0] == Kind.BATCH
        else select(func.count())
        .select_from(Well)
        .where(Well.plate_code == work, Well.voided_at.is_(None))
    )
    return session.scalar(of) or 0


def _stands(session: Session, work: str) -> Counter[str]:
    """Return in how many wells of a plate each lot stands itself: controls."""
    if work[0] == Kind.BATCH:
        return Counter()
    rows = session.execute(
        select(Well.subject_code, func.count())
        .join(Lot, Lot.code == Well.subject_code)
        .where(Well.plate_code == work, Well.voided_at.is_(None))
        .group_by(Well.subject_code)
    )
    return Counter({code: count for code, count in rows if code is not None})
