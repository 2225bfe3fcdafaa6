# SPDX-License-Identifier: Apache-2.0
"""What waits for which stage, asked by the state of things; the queries do not grow with rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, func, or_, select, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from lims.core.code_keys import CodeKey
from lims.core.codes import Kind
from lims.custody.models import Derivation, Hold, Subject
from lims.plates.models import Batch, BatchMember, Plate, Well
from lims.plates.rules import OPEN_STATES, Activity, Stage, WorkState
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
    counted = {
        stage: select(func.count()).select_from(codes_waiting(stage).subquery()) for stage in Stage
    }
    return {stage: session.scalar(count) or 0 for stage, count in counted.items()}


def waiting(
    session: Session, stage: Stage, *, line: Line | None = None, limit: int = SHOWN
) -> tuple[Waiting, ...]:
    """Return what waits for a stage, the oldest first. Three queries."""
    codes = codes_waiting(stage).subquery()
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


def waits_for_quantification() -> ColumnElement[bool]:
    """Return the condition for an extract (Subject, Batch joined) to wait for quantification.

    It never stood on a quantification plate, or the plate failed and it stands on no open one.
    """
    plate = aliased(Subject)
    placed = _placed(Activity.QUANTIFICATION)
    on_open = placed.join(plate, plate.code == Plate.code).where(plate.state.in_(OPEN_STATES))
    return or_(
        and_(Subject.state == ExtractState.CREATED, ~placed.exists()),
        and_(Subject.state == ExtractState.TO_REPEAT, ~on_open.exists()),
    )


def waits_for_amplification() -> ColumnElement[bool]:
    """Return the condition for an extract (Subject, Batch joined) to wait for amplification.

    Of bones what quantification sent on; references need no quantity. Blanks are carried along
    with their batch, they wait for nothing by themselves.
    """
    needs_none = and_(
        Batch.line == Line.REFERENCE,
        Subject.state.in_((ExtractState.CREATED, ExtractState.TO_REPEAT)),
    )
    source = select(Derivation.parent).where(
        Derivation.child == Subject.code, Derivation.parent.between("A", "B")
    )
    return and_(
        source.exists(), ~_placed(Activity.AMPLIFICATION).exists(),
        or_(Subject.state == ExtractState.QUANTIFIED, needs_none),
    )  # fmt: skip


def _placed(activity: Activity) -> Select[Any]:
    """Return the wells of plates of an activity in which a thing stands."""
    return (
        select(Well.id)
        .join(Plate, Plate.code == Well.plate_code)
        .where(
            Well.subject_code == Subject.code, Well.voided_at.is_(None), Plate.activity == activity
        )
        .correlate(Subject)
    )


def _of_closed() -> CompoundSelect[Any]:
    """Return the reference samples whose consent was withdrawn, and what was made of them."""
    part = aliased(Aliquot)
    closed = CodeKey.closed_on.is_not(None)
    parts = select(Aliquot.code).join(CodeKey, CodeKey.code == Aliquot.sample_code).where(closed)
    extracts = (
        select(Derivation.child)
        .join(part, part.code == Derivation.parent)
        .join(CodeKey, CodeKey.code == part.sample_code)
        .where(closed)
    )
    return union_all(select(CodeKey.code).where(closed), parts, extracts)


def codes_waiting(stage: Stage) -> Select[Any]:
    """Return a selection of the codes that wait for a stage; of closed samples nothing waits."""
    found = select(Subject.code).where(Subject.code.not_in(_of_closed()))
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
        made_in = aliased(Derivation)
        extracts = (
            found.join(made_in, made_in.child == Subject.code)
            .join(Batch, Batch.code == made_in.parent)
            .where(Subject.kind == Kind.EXTRACT)
        )
        # Asked first by kind and state: the index knows nothing of the conditions' alternatives.
        if stage is Stage.QUANTIFICATION:
            return extracts.where(
                Subject.state.in_((ExtractState.CREATED, ExtractState.TO_REPEAT)),
                Batch.line == Line.BONE, waits_for_quantification(),
            )  # fmt: skip
        return extracts.where(
            Subject.state.in_(
                (ExtractState.CREATED, ExtractState.TO_REPEAT, ExtractState.QUANTIFIED)
            ),
            waits_for_amplification(),
        )
    after = aliased(Plate)
    carried = select(after.code).where(after.made_from == Plate.code)
    plates = (
        found.join(Plate, Plate.code == Subject.code)
        .where(Subject.kind == Kind.PLATE, Subject.state == WorkState.COMPLETED)
    )  # fmt: skip
    if stage is Stage.INJECTION:
        return plates.where(Plate.activity == Activity.AMPLIFICATION, ~carried.exists())
    return plates.where(Plate.activity == Activity.INJECTION)
