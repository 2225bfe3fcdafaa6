# SPDX-License-Identifier: Apache-2.0
"""What waits for which stage, asked by the state of things; the queries do not grow with rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from lims.core.codes import Kind
from lims.custody.models import Derivation, Hold, Subject
from lims.plates.models import BatchMember, Plate
from lims.plates.rules import Activity, Stage, WorkState
from lims.samples.models import Aliquot, Sample
from lims.samples.rules import AliquotState, ExtractState, Line, SampleState

SHOWN = 100
"""How many things a worklist shows at once, the oldest first."""


@dataclass(frozen=True)
class Waiting:
    """A thing that waits; `sample` is the one behind it, None for plates and blanks."""

    code: str
    state: str
    since: datetime
    sample: Sample | None
    aliquot: Aliquot | None
    held: bool


def waiting_counts(session: Session) -> dict[Stage, int]:
    """Return how many things wait for each stage."""
    return {
        stage: session.scalar(select(func.count()).select_from(_waiting(stage).subquery())) or 0
        for stage in Stage
    }


def waiting(
    session: Session, stage: Stage, *, line: Line | None = None, limit: int = SHOWN
) -> tuple[Waiting, ...]:
    """Return what waits for a stage, the oldest first. Three queries."""
    codes = _waiting(stage).subquery()
    link, through, direct = aliased(Derivation), aliased(Aliquot), aliased(Aliquot)
    behind, itself = aliased(Sample), aliased(Sample)
    # A sample itself, an aliquot of one, or an extract of an aliquot of one.
    found = (
        select(Subject, itself, direct, through, behind)
        .join(codes, codes.c.code == Subject.code)
        .outerjoin(itself, itself.code == Subject.code)
        .outerjoin(direct, direct.code == Subject.code)
        .outerjoin(link, (link.child == Subject.code) & (link.parent >= "A") & (link.parent < "B"))
        .outerjoin(through, through.code == link.parent)
        .outerjoin(behind, behind.code == func.coalesce(direct.sample_code, through.sample_code))
        .order_by(Subject.created_at, Subject.code)
        .limit(limit)
    )
    if line is not None:
        found = found.where(func.coalesce(itself.line, behind.line) == line)
    rows = session.execute(found).all()
    shown = [subject.code for subject, *_ in rows]
    parents: dict[str, set[str]] = {}
    for child, parent in session.execute(
        select(Derivation.child, Derivation.parent).where(Derivation.child.in_(shown))
    ):
        parents.setdefault(child, set()).add(parent)
    near = {
        subject.code: parents.get(subject.code, set())
        | {subject.code}
        | {sample.code for sample in (one, far) if sample is not None}
        for subject, one, _, _, far in rows
    }
    held = set(
        session.scalars(
            select(Hold.code).where(
                Hold.lifted_by_event.is_(None), Hold.code.in_(set().union(*near.values()))
            )
        )
    )
    return tuple(
        Waiting(
            subject.code, subject.state, (one.accepted_at if one else None) or subject.created_at,
            one or far, part or source, held=not held.isdisjoint(near[subject.code]),
        )
        for subject, one, part, source, far in rows
    )  # fmt: skip


def _waiting(stage: Stage) -> Select[Any]:
    found = select(Subject.code)
    if stage is Stage.RECEPTION:
        return found.where(
            Subject.kind.in_((Kind.BONE, Kind.REFERENCE)), Subject.state == SampleState.CODED
        )
    if stage is Stage.PREPARATION:
        return found.where(
            Subject.kind.in_((Kind.BONE, Kind.REFERENCE)), Subject.state == SampleState.ACCEPTED
        )
    if stage is Stage.EXTRACTION:
        placed = select(BatchMember.id).where(
            BatchMember.subject_code == Subject.code, BatchMember.voided_at.is_(None)
        )
        return found.where(
            Subject.kind == Kind.ALIQUOT, Subject.state == AliquotState.CREATED, ~placed.exists()
        )
    if stage in (Stage.QUANTIFICATION, Stage.AMPLIFICATION):
        state = ExtractState.CREATED if stage is Stage.QUANTIFICATION else ExtractState.QUANTIFIED
        return found.where(Subject.kind == Kind.EXTRACT, Subject.state == state)
    after = aliased(Plate)
    carried = select(after.code).where(after.made_from == Plate.code)
    plates = (
        found.join(Plate, Plate.code == Subject.code)
        .where(Subject.kind == Kind.PLATE, Subject.state == WorkState.COMPLETED)
    )  # fmt: skip
    if stage is Stage.INJECTION:
        return plates.where(Plate.activity == Activity.AMPLIFICATION, ~carried.exists())
    return plates.where(Plate.activity == Activity.INJECTION)
