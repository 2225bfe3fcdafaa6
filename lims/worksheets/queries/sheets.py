# SPDX-License-Identifier: Apache-2.0
"""What stands on the worksheet of a batch or plate."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.amplification.queries import plate_page
from lims.amplification.rules import Room, Setup
from lims.core.codes import Kind
from lims.people.queries import who
from lims.people.rules import Activity, Line
from lims.plates.queries import (
    Used,
    batch_of,
    fill_order,
    members_of,
    plate_of,
    state_of,
    uses_of,
    wells_of,
)
from lims.plates.rules import WellRole
from lims.procedures.queries import document_of, procedure_of
from lims.procedures.rules import Document


@dataclass(frozen=True)
class SheetWell:
    """A position with what stands there; `setup` on an amplification plate."""

    position: str
    role: WellRole
    code: str
    volume_nl: int | None = None
    dilution: int = 1
    setup: Setup | None = None


@dataclass(frozen=True)
class Sheet:
    """A batch or plate as its worksheet shows it; wells in the order they are filled."""

    code: str
    activity: Activity
    line: Line | None
    kit: str
    state: str
    procedure: str
    document: Document
    opened_at: datetime
    opened_by: str
    uses: tuple[Used, ...]
    wells: tuple[SheetWell, ...]
    room: Room | None

    @property
    def is_plate(self) -> bool:
        """Return whether it is a plate, or a rack of a batch."""
        return self.code[0] == Kind.PLATE


def sheet_of(session: Session, code: str) -> Sheet:
    """Return the worksheet of a batch (G) or plate (P); raises NotFound."""
    room: Room | None = None
    line: Line | None
    if code[0] == Kind.BATCH:
        batch = batch_of(session, code)
        activity, line, kit, number = batch.activity, batch.line, "", batch.procedure_id
        opened_at, opened_by = batch.opened_at, batch.opened_by
        wells = tuple(
            SheetWell(one.position, one.role, one.subject_code or "")
            for one in members_of(session, code)
        )
    else:
        plate = plate_of(session, code)
        activity, line, kit, number = plate.activity, plate.line, plate.kit, plate.procedure_id
        opened_at, opened_by = plate.opened_at, plate.opened_by
        wells, room = _plate_wells(session, code, activity)
    procedure = procedure_of(session, number)
    return Sheet(
        code, activity, line, kit, state_of(session, code),
        f"{procedure.name} v{procedure.version}", document_of(procedure), opened_at,
        who(session, opened_by), uses_of(session, code), wells, room,
    )  # fmt: skip


def _plate_wells(
    session: Session, code: str, activity: Activity
) -> tuple[tuple[SheetWell, ...], Room | None]:
    rows, room = {}, None
    if activity is Activity.AMPLIFICATION:
        shown = plate_page(session, code)
        rows, room = {row.position: row for row in shown.rows}, shown.room
    found = []
    for well in wells_of(session, code):
        row = rows.get(well.position)
        found.append(
            SheetWell(
                well.position, well.role, well.subject_code or "",
                row.setup.extract_nl if row else well.volume_nl,
                row.reaction.dilution if row and row.reaction else 1, row.setup if row else None,
            )
        )  # fmt: skip
    order = {position: place for place, position in enumerate(fill_order(session, code))}
    return tuple(sorted(found, key=lambda one: order[one.position])), room
