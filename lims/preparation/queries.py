# SPDX-License-Identifier: Apache-2.0
"""Reading preparation: sets, how far each sample is, tools and what they touched last."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.people.rules import Activity, Line
from lims.plates.models import Batch
from lims.plates.queries import batch_of, lots_used, uses_of
from lims.plates.queries.records import Used
from lims.preparation.models import (
    CleaningStep,
    LaboratoryPhotograph,
    PreparedPart,
    PreparedSample,
    Tool,
    ToolRecord,
)
from lims.preparation.rules import (
    Method,
    NotAPreparationSet,
    Standing,
    ToolAct,
    still_dirty,
)
from lims.procedures.models import Procedure
from lims.procedures.queries import document_of, procedure_of
from lims.procedures.rules import Preparation
from lims.reagents.models import Lot
from lims.samples.models import Sample


@dataclass(frozen=True)
class SetShown:
    """A set as the list shows it."""

    code: str
    line: Line
    state: str
    procedure: str
    samples: int
    opened_at: datetime


@dataclass(frozen=True)
class ToolShown:
    """A tool: what it touched last, and what it lacks before it touches another sample."""

    tool: Tool
    last: ToolRecord | None
    lacks: tuple[Method | None, ...]


@dataclass(frozen=True)
class SampleShown:
    """A sample of a set with all that was done with it."""

    row: PreparedSample
    sample: Sample
    standing: Standing
    cleaned: tuple[CleaningStep, ...]
    tools: tuple[Tool, ...]
    photographs: tuple[LaboratoryPhotograph, ...]
    part: PreparedPart | None


@dataclass(frozen=True)
class Set:
    """A set with its samples, in the order in which they came into it."""

    batch: Batch
    state: str
    procedure: Procedure
    asked: Preparation
    samples: tuple[SampleShown, ...]
    uses: tuple[Used, ...]


def preparation_set(session: Session, code: str) -> Batch:
    """Return a preparation set; raises NotFound, NotAPreparationSet."""
    if code[0] != Kind.BATCH or batch_of(session, code).activity is not Activity.PREPARATION:
        raise NotAPreparationSet(code=code)
    return batch_of(session, code)


def asked_of(session: Session, set_code: str) -> Preparation:
    """Return what the procedure of a set asks for."""
    batch = preparation_set(session, set_code)
    return document_of(procedure_of(session, batch.procedure_id)).preparation


def preparation_sets(session: Session, *, limit: int = 50) -> tuple[SetShown, ...]:
    """Return the newest sets. One query."""
    counted = (
        select(func.count())
        .where(PreparedSample.set_code == Batch.code, PreparedSample.taken_out_at.is_(None))
        .correlate(Batch)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Batch, Subject.state, Procedure, counted)
        .join(Subject, Subject.code == Batch.code)
        .join(Procedure, Procedure.id == Batch.procedure_id)
        .where(Batch.activity == Activity.PREPARATION)
        .order_by(Batch.opened_at.desc(), Batch.code)
        .limit(limit)
    )
    return tuple(
        SetShown(
            batch.code, batch.line, state, f"{procedure.name} v{procedure.version}", samples,
            batch.opened_at,
        )
        for batch, state, procedure, samples in rows
    )  # fmt: skip


def row_of(session: Session, set_code: str, sample: str) -> PreparedSample | None:
    """Return that a sample stands in a set, None where it does not or was taken out."""
    found = session.get(PreparedSample, (set_code, sample))
    return None if found is None or found.taken_out_at is not None else found


def part_of(session: Session, set_code: str, sample: str) -> PreparedPart | None:
    """Return the part that a set gave of a sample."""
    return session.scalar(
        select(PreparedPart).where(
            PreparedPart.set_code == set_code, PreparedPart.sample_code == sample
        )
    )


def standing_of(session: Session, set_code: str, sample: str) -> Standing:
    """Return how far a sample has come in a set."""
    return _shown(session, set_code, [sample]).get(sample, Standing())


def the_set(session: Session, code: str) -> Set:
    """Return a set with its samples; the number of queries does not grow with them."""
    batch = preparation_set(session, code)
    procedure = procedure_of(session, batch.procedure_id)
    rows = session.execute(
        select(PreparedSample, Sample)
        .join(Sample, Sample.code == PreparedSample.sample_code)
        .where(PreparedSample.set_code == code)
        .order_by(PreparedSample.number)
    ).all()
    codes = [row.sample_code for row, _ in rows]
    standing = _shown(session, code, codes)
    cleaned: dict[str, list[CleaningStep]] = defaultdict(list)
    for step in session.scalars(
        select(CleaningStep).where(CleaningStep.set_code == code).order_by(CleaningStep.id)
    ):
        cleaned[step.sample_code].append(step)
    tools: dict[str, dict[str, Tool]] = defaultdict(dict)
    for user, tool in session.execute(
        select(ToolRecord.sample_code, Tool)
        .join(Tool, Tool.code == ToolRecord.tool_code)
        .where(ToolRecord.set_code == code, ToolRecord.act == ToolAct.USED)
        .order_by(ToolRecord.at, ToolRecord.number)
    ):
        tools[user or ""][tool.code] = tool
    pictures: dict[str, list[LaboratoryPhotograph]] = defaultdict(list)
    for picture in session.scalars(
        select(LaboratoryPhotograph)
        .where(LaboratoryPhotograph.set_code == code)
        .order_by(LaboratoryPhotograph.recorded_at, LaboratoryPhotograph.ref)
    ):
        pictures[picture.sample_code].append(picture)
    parts = {
        part.sample_code: part
        for part in session.scalars(select(PreparedPart).where(PreparedPart.set_code == code))
    }
    return Set(
        batch, session.scalar(select(Subject.state).where(Subject.code == code)) or "", procedure,
        document_of(procedure).preparation,
        tuple(
            SampleShown(
                row, sample, standing.get(sample.code, Standing()), tuple(cleaned[sample.code]),
                tuple(tools[sample.code].values()), tuple(pictures[sample.code]),
                parts.get(sample.code),
            )
            for row, sample in rows
        ),
        uses_of(session, code),
    )  # fmt: skip


def photograph_of(session: Session, ref: str) -> LaboratoryPhotograph:
    """Return a photograph; raises NotFound."""
    found = session.get(LaboratoryPhotograph, ref)
    if found is None:
        raise NotFound(code=ref[:40])
    return found


def tool_records(session: Session, tool: str) -> tuple[ToolRecord | None, tuple[Method, ...]]:
    """Return the last use of a tool, and the methods on record after it."""
    last = session.scalar(
        select(ToolRecord)
        .where(ToolRecord.tool_code == tool, ToolRecord.act == ToolAct.USED)
        .order_by(ToolRecord.number.desc())
        .limit(1)
    )
    since = session.scalars(
        select(ToolRecord.method).where(
            ToolRecord.tool_code == tool, ToolRecord.act == ToolAct.DECONTAMINATED,
            ToolRecord.number > (last.number if last is not None else 0),
        )
    )  # fmt: skip
    return last, tuple(one for one in since if one is not None)


def tools(session: Session) -> tuple[ToolShown, ...]:
    """Return every tool by name, and whether it was cleaned since it was used. Two queries."""
    used = aliased(ToolRecord)
    last_use = (
        select(used.number)
        .where(used.tool_code == Tool.code, used.act == ToolAct.USED)
        .order_by(used.number.desc())
        .limit(1)
        .correlate(Tool)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Tool, ToolRecord)
        .outerjoin(
            ToolRecord, (ToolRecord.tool_code == Tool.code) & (ToolRecord.number == last_use)
        )
        .order_by(Tool.name)
    ).all()
    since: dict[str, list[Method]] = defaultdict(list)
    for code, method in session.execute(
        select(ToolRecord.tool_code, ToolRecord.method)
        .join(Tool, Tool.code == ToolRecord.tool_code)
        .where(
            ToolRecord.act == ToolAct.DECONTAMINATED,
            ToolRecord.number > func.coalesce(last_use, 0),
        )
    ):
        if method is not None:
            since[code].append(method)
    return tuple(
        ToolShown(tool, last, still_dirty((), since[tool.code], touched=last is not None))
        for tool, last in rows
    )


def lot_in_set(session: Session, set_code: str, reagent: str) -> Lot | None:
    """Return the lot of a reagent that was scanned last into a set."""
    fitting = [
        lot for lot in lots_used(session, set_code)
        if lot.reagent.casefold() == reagent.casefold()
    ]  # fmt: skip
    return fitting[-1] if fitting else None


def _shown(session: Session, set_code: str, samples: Collection[str]) -> dict[str, Standing]:
    methods: dict[str, set[Method]] = defaultdict(set)
    for code, method in session.execute(
        select(CleaningStep.sample_code, CleaningStep.method).where(
            CleaningStep.set_code == set_code, CleaningStep.sample_code.in_(samples)
        )
    ):
        methods[code].add(method)
    kinds = defaultdict(set)
    for user, kind in session.execute(
        select(ToolRecord.sample_code, Tool.kind)
        .join(Tool, Tool.code == ToolRecord.tool_code)
        .where(ToolRecord.set_code == set_code, ToolRecord.sample_code.in_(samples))
    ):
        kinds[user or ""].add(kind)
    pictures = defaultdict(set)
    for code, when in session.execute(
        select(LaboratoryPhotograph.sample_code, LaboratoryPhotograph.kind).where(
            LaboratoryPhotograph.set_code == set_code,
            LaboratoryPhotograph.sample_code.in_(samples),
            LaboratoryPhotograph.withdrawn_at.is_(None),
        )
    ):
        pictures[code].add(when)
    return {
        code: Standing(
            frozenset(methods[code]), frozenset(kinds[code]), frozenset(pictures[code])
        )
        for code in samples
    }  # fmt: skip
