# SPDX-License-Identifier: Apache-2.0
"""What pages and stations show of quantification: plates, their rows, the worklist."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from lims.core.codes import threes
from lims.custody.models import Hold, Subject
from lims.extraction.models import Extract
from lims.extraction.rules import ExtractState
from lims.people.rules import Line
from lims.plates.models import Batch, Plate, Well
from lims.plates.queries import (
    Used,
    fill_order,
    plate_of,
    state_of,
    uses_of,
    waits_for_quantification,
    wells_of,
)
from lims.plates.rules import OPEN_STATES, ROLE_MARKS, Activity, WellRole
from lims.printing.models import LabelInstance
from lims.printing.rules import LabelState
from lims.procedures.models import Procedure
from lims.quantification.models import QuantificationImport, Quantity, QuantityDecision
from lims.quantification.queries.records import (
    PlateMeasured,
    decisions_of,
    findings_of,
    imports_of,
    measured_plate,
    volume_left,
)
from lims.quantification.rules import Finding, NextStep
from lims.samples.models import Aliquot


@dataclass(frozen=True)
class PlateShown:
    """A plate as the list of its stage shows it."""

    code: str
    kit: str
    line: str
    state: str
    procedure: str
    filled: int
    opened_at: datetime
    completed_at: datetime | None


@dataclass(frozen=True)
class WellShown:
    """A well as a plate map draws it: a role that macros know, and words for it."""

    role: str
    words: str
    mark: str = ""


@dataclass(frozen=True)
class StationPlate:
    """A plate at a station; `next` is the next position, '' when it is full or over."""

    code: str
    kit: str
    line: str
    state: str
    wells: Mapping[str, WellShown]
    next: str
    loaded: int
    room: int
    uses: tuple[Used, ...]


@dataclass(frozen=True)
class MeasuredRow:
    """A well of a quantification plate with what was measured and decided."""

    position: str
    role: str
    code: str
    figures: Mapping[str, Quantity]
    """By target: small autosomal, large autosomal, Y, IPC."""
    decision: QuantityDecision | None


@dataclass(frozen=True)
class PlatePage:
    """A quantification plate as its page shows it."""

    plate: Plate
    state: str
    procedure: str
    rows: tuple[MeasuredRow, ...]
    measured: PlateMeasured
    findings: tuple[Finding, ...]
    imports: tuple[QuantificationImport, ...]
    uses: tuple[Used, ...]

    @property
    def is_filled(self) -> bool:
        """Whether figures can be taken."""
        return self.state not in OPEN_STATES

    @property
    def to_confirm(self) -> tuple[MeasuredRow, ...]:
        """The rows whose proposal waits for a person; a failed plate proposes nothing."""
        return tuple(
            row
            for row in self.rows
            if row.decision is not None
            and row.decision.confirmed_at is None
            and row.decision.step is not NextStep.REPEAT
        )


@dataclass(frozen=True)
class Waiting:
    """An extract that waits for a stage; `verified` tells whether its label was scanned back."""

    code: str
    batch: str
    is_blank: bool
    line: str
    left_nl: int
    made_at: datetime
    verified: bool
    step: NextStep | None = None


def plates_shown(
    session: Session, activity: Activity, *, limit: int = 50
) -> tuple[PlateShown, ...]:
    """Return the plates of an activity: those open first, then the newest; one query."""
    filled = (
        select(func.count())
        .where(Well.plate_code == Plate.code, Well.voided_at.is_(None))
        .correlate(Plate)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Plate, Subject.state, Procedure.name, Procedure.version, filled)
        .join(Subject, Subject.code == Plate.code)
        .join(Procedure, Procedure.id == Plate.procedure_id)
        .where(Plate.activity == activity)
        .order_by(Plate.completed_at.is_not(None), Plate.opened_at.desc(), Plate.code)
        .limit(limit)
    )
    return tuple(
        PlateShown(
            plate.code, plate.kit, plate.line.value if plate.line else "", state,
            f"{name} v{version}", count, plate.opened_at, plate.completed_at,
        )
        for plate, state, name, version, count in rows
    )  # fmt: skip


def station_plate(session: Session, code: str, *, keep: int) -> StationPlate:
    """Return the picture of a plate that is being filled; `keep` wells are for controls."""
    plate = plate_of(session, code)
    state = state_of(session, code)
    wells = wells_of(session, code)
    shown = {
        well.position: WellShown(
            "done" if well.role is WellRole.SAMPLE else ROLE_MARKS[well.role],
            threes(well.subject_code) if well.subject_code else "",
        )
        for well in wells
    }
    free = [position for position in fill_order(session, code) if position not in shown]
    room = max(0, len(free) - keep) if state in OPEN_STATES else 0
    if room:
        shown[free[0]] = WellShown("next", "", free[0])
    return StationPlate(
        code=code, kit=plate.kit, line=plate.line.value if plate.line else "", state=state,
        wells=shown, next=free[0] if room else "",
        loaded=sum(1 for well in wells if well.role in (WellRole.SAMPLE, WellRole.BLANK)),
        room=room, uses=uses_of(session, code),
    )  # fmt: skip


def plate_page(session: Session, code: str) -> PlatePage:
    """Return a quantification plate with its figures; raises NotFound, NotAQuantificationPlate."""
    measured = measured_plate(session, code)
    decisions = decisions_of(session, list(measured.batches))
    procedure = session.get_one(Procedure, measured.plate.procedure_id)
    rows = tuple(
        MeasuredRow(
            well.position, ROLE_MARKS[well.role], well.subject_code or "",
            {
                target.value: quantity
                for target, quantity in measured.figures.get(well.id, {}).items()
            },
            _own(decisions.get(well.subject_code or ""), well),
        )
        for well in measured.wells
    )  # fmt: skip
    return PlatePage(
        measured.plate, state_of(session, code), f"{procedure.name} v{procedure.version}", rows,
        measured, findings_of(session, code), imports_of(session, code),
        uses_of(session, code),
    )  # fmt: skip


def extracts_to_quantify(
    session: Session, *, line: Line = Line.BONE, after: str = "", limit: int = 100
) -> tuple[Waiting, ...]:
    """Return the extracts that wait for quantification, the oldest first; one query.

    Those never put on a plate, and those whose plate failed. Held and used-up ones are left out;
    `after` is the code of the last one of the page before.
    """
    return waiting(session, waits_for_quantification(), line=line, after=after, limit=limit)


def waiting(
    session: Session, condition: ColumnElement[bool], *, line: Line | None, after: str, limit: int
) -> tuple[Waiting, ...]:
    """Return the extracts that can be worked with and fulfil `condition`, the oldest first.

    Two queries, however many there are.
    """
    held = exists().where(
        Hold.lifted_by_event.is_(None),
        Hold.code.in_((Extract.code, Extract.batch_code, Extract.source_code, Aliquot.sample_code)),
    )
    verified = exists().where(
        LabelInstance.code == Extract.code, LabelInstance.state == LabelState.ACTIVE
    )
    found = (
        select(Extract, Batch.line, verified, QuantityDecision.step)
        .join(Subject, Subject.code == Extract.code)
        .join(Batch, Batch.code == Extract.batch_code)
        .outerjoin(Aliquot, Aliquot.code == Extract.source_code)
        .outerjoin(
            QuantityDecision,
            and_(
                QuantityDecision.extract_code == Extract.code,
                QuantityDecision.voided_at.is_(None),
            ),
        )
        .where(Subject.state != ExtractState.CONSUMED, ~held, condition)
        .order_by(Extract.made_at, Extract.code)
        .limit(limit)
    )
    if line is not None:
        found = found.where(Batch.line == line)
    last = session.get(Extract, after) if after else None
    if last is not None:
        found = found.where(
            or_(
                Extract.made_at > last.made_at,
                and_(Extract.made_at == last.made_at, Extract.code > last.code),
            )
        )
    rows = session.execute(found).all()
    left = volume_left(session, [extract.code for extract, *_ in rows])
    return tuple(
        Waiting(
            extract.code, extract.batch_code, extract.is_blank, of_line.value,
            left[extract.code], extract.made_at, is_verified, step,
        )
        for extract, of_line, is_verified, step in rows
    )  # fmt: skip


def _own(decision: QuantityDecision | None, well: Well) -> QuantityDecision | None:
    """Return the decision if it was made of this well."""
    return decision if decision is not None and decision.well_id == well.id else None
