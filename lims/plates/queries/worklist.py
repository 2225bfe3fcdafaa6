# SPDX-License-Identifier: Apache-2.0
"""What waits for which stage, asked by the state of things; the queries do not grow with rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import CompoundSelect, Select, and_, case, func, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, aliased
from sqlalchemy.sql.elements import ColumnElement

from lims.core.code_keys import CodeKey
from lims.core.codes import Kind
from lims.custody.models import Derivation, Hold, Subject
from lims.plates.models import Batch, BatchMember, Plate, Well
from lims.plates.rules import OPEN_STATES, Activity, Stage, WorkState
from lims.repeats.models import Repeat
from lims.repeats.queries import asked_for, urgent_samples
from lims.repeats.rules import RepeatKind
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
    urgent: bool
    repeats: tuple[Repeat, ...]
    """Why it is done again: what was asked of it, of its sample, or of wells of the plate."""


REPEATS_OF = {
    Stage.PREPARATION: (RepeatKind.RE_EXTRACTION,),
    Stage.EXTRACTION: (RepeatKind.RE_EXTRACTION,),
    Stage.QUANTIFICATION: (RepeatKind.RE_QUANTIFICATION, RepeatKind.REPURIFICATION),
    Stage.AMPLIFICATION: (RepeatKind.DILUTION, RepeatKind.RE_AMPLIFICATION),
    Stage.INJECTION: (RepeatKind.RE_INJECTION,),
}
"""Which repeats a stage takes up."""


def waiting_counts(session: Session) -> dict[Stage, int]:
    """Return how many things wait for each stage."""
    counted = {
        stage: select(func.count()).select_from(codes_waiting(stage).subquery()) for stage in Stage
    }
    return {stage: session.scalar(count) or 0 for stage, count in counted.items()}


def waiting(
    session: Session,
    stage: Stage,
    *,
    line: Line | None = None,
    search: str = "",
    after: str = "",
    limit: int = SHOWN,
) -> tuple[Waiting, ...]:
    """Return what waits for a stage: the urgent first, then the oldest. Four queries.

    `search` is the beginning of a code, its own or its sample's; `after` the code of the last of
    the page before.
    """
    codes = codes_waiting(stage).subquery()
    link, through, direct = aliased(Derivation), aliased(Aliquot), aliased(Aliquot)
    behind, itself = aliased(Sample), aliased(Sample)
    sample_code = func.coalesce(itself.code, behind.code)
    rank = case((sample_code.in_(urgent_samples()), 0), else_=1)

    def joined(*columns: Any) -> Select[Any]:
        # A sample itself, an aliquot of one, or an extract of an aliquot of one.
        return (
            select(*columns)
            .select_from(Subject)
            .outerjoin(itself, itself.code == Subject.code)
            .outerjoin(direct, direct.code == Subject.code)
            .outerjoin(
                link, (link.child == Subject.code) & (link.parent >= "A") & (link.parent < "B")
            )
            .outerjoin(through, through.code == link.parent)
            .outerjoin(
                behind, behind.code == func.coalesce(direct.sample_code, through.sample_code)
            )
        )

    found = (
        joined(Subject, itself, direct, through, behind, rank)
        .join(codes, codes.c.code == Subject.code)
        .order_by(rank, Subject.created_at, Subject.code)
        .limit(limit)
    )
    if line is not None:
        found = found.where(func.coalesce(itself.line, behind.line) == line)
    if search:
        found = found.where(
            or_(
                Subject.code.between(search, search + "Z"),
                sample_code.between(search, search + "Z"),
            )
        )
    last = (
        session.execute(
            joined(rank, Subject.created_at, Subject.code).where(Subject.code == after)
        ).first()
        if after
        else None
    )
    if last is not None:
        found = found.where(tuple_(rank, Subject.created_at, Subject.code) > tuple_(*last))
    rows = session.execute(found).all()
    near = _near(session, rows)
    held = set(
        session.scalars(
            select(Hold.code).where(
                Hold.lifted_by_event.is_(None), Hold.code.in_(set().union(*near.values()))
            )
        )
    )
    again = _again(session, stage, {row[0].code: row[1] or row[4] for row in rows})
    return tuple(
        Waiting(
            subject.code, subject.state, (one.accepted_at if one else None) or subject.created_at,
            one or far, part or source, held=not held.isdisjoint(near[subject.code]),
            urgent=not order, repeats=again.get(subject.code, ()),
        )
        for subject, one, part, source, far, order in rows
    )  # fmt: skip


def _near(session: Session, rows: Sequence[Any]) -> dict[str, set[str]]:
    """Return each thing with its parents and its sample: where a hold of it would stand."""
    parents: dict[str, set[str]] = {}
    for child, parent in session.execute(
        select(Derivation.child, Derivation.parent).where(
            Derivation.child.in_([subject.code for subject, *_ in rows])
        )
    ):
        parents.setdefault(child, set()).add(parent)
    return {
        subject.code: parents.get(subject.code, set())
        | {subject.code}
        | {sample.code for sample in (one, far) if sample is not None}
        for subject, one, _, _, far, _ in rows
    }


def _again(
    session: Session, stage: Stage, samples: dict[str, Sample | None]
) -> dict[str, tuple[Repeat, ...]]:
    """Return the repeats that the stage takes up, by what waits. One query."""
    kinds = REPEATS_OF.get(stage)
    if kinds is None or not samples:
        return {}
    of = Repeat.parent_code if stage is Stage.INJECTION else Repeat.thing_code
    by_sample = {one.code: code for code, one in samples.items() if one is not None}
    asked: set[str] = set(samples)
    if stage is Stage.EXTRACTION:
        asked = set(by_sample)
    found: dict[str, list[Repeat]] = {}
    for repeat in session.scalars(
        select(Repeat)
        .where(Repeat.ended_at.is_(None), Repeat.kind.in_(kinds), of.in_(asked))
        .order_by(Repeat.id)
    ):
        key = repeat.parent_code if stage is Stage.INJECTION else repeat.thing_code
        code = by_sample.get(key or "", "") if stage is Stage.EXTRACTION else key or ""
        found.setdefault(code, []).append(repeat)
    return {code: tuple(repeats) for code, repeats in found.items()}


def waits_for_quantification() -> ColumnElement[bool]:
    """Return the condition for an extract (Subject, Batch joined) to wait for quantification.

    It never stood on a quantification plate; or its plate failed, or it is to be quantified or
    purified again, and it stands on no open one.
    """
    return or_(_unquantified(), _is_asked(Stage.QUANTIFICATION, Activity.QUANTIFICATION))


def _unquantified() -> ColumnElement[bool]:
    return or_(
        and_(Subject.state == ExtractState.CREATED, ~_placed(Activity.QUANTIFICATION).exists()),
        and_(Subject.state == ExtractState.TO_REPEAT, ~_on_open(Activity.QUANTIFICATION).exists()),
    )


def waits_for_amplification() -> ColumnElement[bool]:
    """Return the condition for an extract (Subject, Batch joined) to wait for amplification.

    Of bones what quantification sent on; references need no quantity; and what is to be amplified
    again. Blanks are carried along with their batch, they wait for nothing by themselves.
    """
    return or_(_unamplified(), _is_asked(Stage.AMPLIFICATION, Activity.AMPLIFICATION))


def _unamplified() -> ColumnElement[bool]:
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


def _is_asked(stage: Stage, activity: Activity) -> ColumnElement[bool]:
    """Return the condition for an extract to wait for a repeat, and to stand on no open plate."""
    return and_(Subject.code.in_(asked_for(REPEATS_OF[stage])), ~_on_open(activity).exists())


def _on_open(activity: Activity) -> Select[Any]:
    """Return the wells of plates under way of an activity in which a thing stands."""
    plate = aliased(Subject)
    return (
        _placed(activity).join(plate, plate.code == Plate.code).where(plate.state.in_(OPEN_STATES))
    )


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
    ways = _ways(stage)
    if len(ways) == 1:
        return ways[0]
    # Each way has an index of its own; a thing that waits by two of them waits once.
    return select(ways[0].union(*ways[1:]).subquery().c.code)


def _ways(stage: Stage) -> tuple[Select[Any], ...]:
    """Return the ways in which something comes to wait for a stage, a selection each."""
    found = select(Subject.code).where(Subject.code.not_in(_of_closed()))
    samples = (Kind.BONE, Kind.REFERENCE)
    if stage is Stage.RECEPTION:
        return (found.where(Subject.kind.in_(samples), Subject.state == SampleState.CODED),)
    if stage is Stage.PREPARATION:
        return (
            found.where(Subject.kind.in_(samples), Subject.state == SampleState.ACCEPTED),
            found.where(Subject.code.in_(asked_for(REPEATS_OF[stage])), ~_unused().exists()),
        )
    if stage is Stage.EXTRACTION:
        placed = select(BatchMember.id).where(
            BatchMember.subject_code == Subject.code, BatchMember.voided_at.is_(None)
        )
        return (
            found.where(
                Subject.kind == Kind.ALIQUOT, Subject.state == AliquotState.CREATED,
                ~placed.exists(),
            ),
        )  # fmt: skip
    if stage is Stage.CONFIRMATION:
        return (found.where(Subject.kind == Kind.EXTRACT, Subject.state == ExtractState.MEASURED),)
    if stage in (Stage.QUANTIFICATION, Stage.AMPLIFICATION):
        return _of_extracts(found, stage)
    return _of_plates(found, stage)


def _of_extracts(found: Select[Any], stage: Stage) -> tuple[Select[Any], ...]:
    made_in = aliased(Derivation)
    extracts = (
        found.join(made_in, made_in.child == Subject.code)
        .join(Batch, Batch.code == made_in.parent)
        .where(Subject.kind == Kind.EXTRACT)
    )
    # Asked first by kind and state: the index knows nothing of the conditions' alternatives.
    if stage is Stage.QUANTIFICATION:
        return (
            extracts.where(
                Subject.state.in_((ExtractState.CREATED, ExtractState.TO_REPEAT)),
                Batch.line == Line.BONE, _unquantified(),
            ),
            found.where(_is_asked(stage, Activity.QUANTIFICATION)),
        )  # fmt: skip
    return (
        extracts.where(
            Subject.state.in_(
                (ExtractState.CREATED, ExtractState.TO_REPEAT, ExtractState.QUANTIFIED)
            ),
            _unamplified(),
        ),
        found.where(_is_asked(stage, Activity.AMPLIFICATION)),
    )


def _of_plates(found: Select[Any], stage: Stage) -> tuple[Select[Any], ...]:
    after, under_way = aliased(Plate), aliased(Subject)
    carried = select(after.code).where(after.made_from == Plate.code)
    plates = (
        found.join(Plate, Plate.code == Subject.code)
        .where(Subject.kind == Kind.PLATE, Subject.state == WorkState.COMPLETED)
    )  # fmt: skip
    if stage is not Stage.INJECTION:
        return (plates.where(Plate.activity == Activity.INJECTION),)
    again = (
        select(Repeat.parent_code)
        .where(Repeat.ended_at.is_(None), Repeat.kind.in_(REPEATS_OF[stage]))
    )  # fmt: skip
    on_open = carried.join(under_way, under_way.code == after.code).where(
        under_way.state.in_(OPEN_STATES)
    )
    return (
        plates.where(Plate.activity == Activity.AMPLIFICATION, ~carried.exists()),
        found.join(Plate, Plate.code == Subject.code).where(
            Subject.code.in_(again), Plate.activity == Activity.AMPLIFICATION, ~on_open.exists()
        ),
    )


def _unused() -> Select[Any]:
    """Return the parts of a sample (Subject) that are not used yet: they wait for extraction."""
    part = aliased(Subject)
    return (
        select(Aliquot.code)
        .join(part, part.code == Aliquot.code)
        .where(Aliquot.sample_code == Subject.code, part.state == AliquotState.CREATED)
        .correlate(Subject)
    )
