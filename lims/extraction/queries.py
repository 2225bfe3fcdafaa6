# SPDX-License-Identifier: Apache-2.0
"""Reading extracts, extraction batches and the picture of a rack."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.extraction.models import Extract
from lims.extraction.rules import BLANKS
from lims.plates.models import Batch, BatchMember
from lims.plates.queries import Used, batch_of, members_of, state_of, uses_of
from lims.plates.rules import OPEN_STATES, RACK_POSITIONS, Activity, WellRole
from lims.procedures.models import Procedure
from lims.samples.models import Aliquot, Sample


@dataclass(frozen=True)
class RackPlace:
    """What stands at a position of a rack; `role` is a key of the roles that macros draw."""

    role: str
    code: str
    mark: str = ""


@dataclass(frozen=True)
class Rack:
    """A batch's rack: filled places, the next one ('' when full or over), what was used."""

    batch: str
    line: str
    state: str
    procedure: str
    places: dict[str, RackPlace]
    next: str
    loaded: int
    room: int
    uses: tuple[Used, ...]


@dataclass(frozen=True)
class BatchShown:
    """An extraction batch as the page lists it."""

    code: str
    line: str
    state: str
    procedure: str
    samples: int
    opened_at: datetime
    completed_at: datetime | None


def extract_of(session: Session, code: str) -> Extract:
    """Return the extract of a code; raises NotFound."""
    extract = session.get(Extract, code)
    if extract is None:
        raise NotFound(code=code)
    return extract


def extracts_of_batch(session: Session, batch_code: str) -> tuple[Extract, ...]:
    """Return the extracts of a batch in the order of its rack."""
    found = session.scalars(select(Extract).where(Extract.batch_code == batch_code))
    return tuple(sorted(found, key=lambda extract: RACK_POSITIONS.index(extract.position)))


def extracts_of(session: Session, sample_code: str) -> tuple[Extract, ...]:
    """Return the extracts of a sample, the oldest first."""
    found = (
        select(Extract)
        .join(Aliquot, Aliquot.code == Extract.source_code)
        .where(Aliquot.sample_code == sample_code)
        .order_by(Extract.made_at, Extract.code)
    )
    return tuple(session.scalars(found))


def samples_of_extracts(session: Session, codes: Collection[str]) -> dict[str, Sample]:
    """Return the sample behind each extract of `codes`; blanks have none."""
    rows = session.execute(
        select(Extract.code, Sample)
        .join(Aliquot, Aliquot.code == Extract.source_code)
        .join(Sample, Sample.code == Aliquot.sample_code)
        .where(Extract.code.in_(codes))
    )
    return dict(rows.all())


def blanks_of(session: Session, batch_codes: Collection[str]) -> dict[str, str]:
    """Return the reagent blank's extract of each batch of `batch_codes`, by batch."""
    rows = session.execute(
        select(Extract.batch_code, Extract.code)
        .where(Extract.batch_code.in_(batch_codes), Extract.is_blank)
        .order_by(Extract.code)
    )
    return dict(rows.all())


def rack_of(session: Session, batch_code: str) -> Rack:
    """Return the picture of an extraction batch's rack; raises NotFound."""
    batch = batch_of(session, batch_code)
    state = state_of(session, batch_code)
    procedure = session.get_one(Procedure, batch.procedure_id)
    members = members_of(session, batch_code)
    places = {
        member.position: RackPlace(
            "blank" if member.role is WellRole.BLANK else "done", member.subject_code or ""
        )
        for member in members
    }
    free = [position for position in RACK_POSITIONS if position not in places]
    room = max(0, len(free) - BLANKS) if state in OPEN_STATES else 0
    if room:
        places[free[0]] = RackPlace("next", "", free[0])
    elif free and state in OPEN_STATES:
        places[free[0]] = RackPlace("blank", "")
    return Rack(
        batch=batch_code, line=batch.line.value, state=state,
        procedure=f"{procedure.name} v{procedure.version}", places=places,
        next=free[0] if room else "",
        loaded=sum(1 for member in members if member.role is WellRole.SAMPLE), room=room,
        uses=uses_of(session, batch_code),
    )  # fmt: skip


def extraction_batches(session: Session, *, limit: int = 50) -> tuple[BatchShown, ...]:
    """Return the extraction batches that are open, then those completed last; one query."""
    # Counted for the rows shown only, not for every batch there ever was.
    counted = (
        select(func.count())
        .where(
            BatchMember.batch_code == Batch.code, BatchMember.role == WellRole.SAMPLE,
            BatchMember.voided_at.is_(None),
        )
        .correlate(Batch)
        .scalar_subquery()
    )  # fmt: skip
    rows = session.execute(
        select(Batch, Subject.state, Procedure.name, Procedure.version, counted)
        .join(Subject, Subject.code == Batch.code)
        .join(Procedure, Procedure.id == Batch.procedure_id)
        .where(Batch.activity == Activity.EXTRACTION)
        .order_by(Batch.completed_at.is_not(None), Batch.opened_at.desc(), Batch.code)
        .limit(limit)
    )
    return tuple(
        BatchShown(
            batch.code, batch.line.value, state, f"{name} v{version}", samples,
            batch.opened_at, batch.completed_at,
        )
        for batch, state, name, version, samples in rows
    )  # fmt: skip
