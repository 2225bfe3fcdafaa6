# SPDX-License-Identifier: Apache-2.0
"""What a table would do to a plate: every well's verdict and the proposals, nothing written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.quantification import (
    HeaderMapping,
    QuantificationTable,
    read_quantities,
)
from lims.core.actors import Actor
from lims.custody.operations import refuse_if_held
from lims.people.queries import require_authorised
from lims.people.rules import Activity
from lims.plates.models import Well
from lims.plates.queries import state_of
from lims.plates.rules import OPEN_STATES, WellRole
from lims.quantification.models import QuantificationImport, Quantity
from lims.quantification.operations.following import Proposed, proposals
from lims.quantification.operations.matching import match_table
from lims.quantification.operations.recording import known_import
from lims.quantification.queries import (
    PlateMeasured,
    findings_in,
    findings_of,
    in_force,
    measured_plate,
    quantification_plate,
    within_reactions,
)
from lims.quantification.rules import (
    Finding,
    Limits,
    PlateNotFilled,
    TableNotRead,
    Target,
    WellVerdict,
    highest,
    is_above,
    then_do,
    unreadable,
)


@dataclass(frozen=True)
class WellPreview:
    """A well with what the file says of it, and what would follow."""

    well: Well
    figures: Mapping[str, Quantity]
    """By target; not stored."""
    verdict: WellVerdict
    proposed: Proposed | None


@dataclass(frozen=True)
class Preview:
    """What a table would do; `known` where the same file was taken in before."""

    plate: str
    wells: tuple[WellPreview, ...]
    measured: PlateMeasured
    findings: tuple[Finding, ...]
    held: tuple[str, ...]
    """Extraction batches that would be put on hold."""
    known: QuantificationImport | None
    replaces: bool
    """Whether figures stand already, so that a reason is needed."""
    limits_version: int
    notes: tuple[str, ...]


def read_table(content: bytes, name: str, mapping: HeaderMapping | None) -> QuantificationTable:
    """Read a table of quantities; raises TableNotRead saying what is wrong and what to do."""
    try:
        return read_quantities(content, name=name, mapping=mapping)
    except AnalyzerFileError as fault:
        raise TableNotRead(
            file=fault.name, why=unreadable(fault.reason, fault.values), then=then_do(fault.reason)
        ) from fault


def preview_quantities(
    session: Session, plate_code: str, table: QuantificationTable, *, sha256: str, by: Actor,
    at: datetime,
) -> Preview:  # fmt: skip
    """Return what import_quantities would do with the same table; writes nothing.

    Raises what it would raise.
    """
    quantification_plate(session, plate_code)
    state = state_of(session, plate_code)
    if state in OPEN_STATES:
        raise PlateNotFilled(code=plate_code, state=state)
    refuse_if_held(session, plate_code)
    if not by.at_console:
        require_authorised(session, by, Activity.QUANTIFICATION, on=at.date())
    standing = measured_plate(session, plate_code)
    known = known_import(session, plate_code, sha256)
    current = in_force(session)
    if known is not None:
        shown = proposals(session, standing, standing.limits)
        return _preview(
            plate_code, standing, shown, findings_of(session, plate_code), (), known,
            replaces=False, version=known.limits_version, limits=standing.limits, notes=table.notes,
        )  # fmt: skip
    measured = _as_measured(table, standing, at=at)
    limits = within_reactions(session, current.limits, at=at)
    found = proposals(session, measured, limits)
    late = {
        one.code: (one.well.position, one.decision.ipc_shift_milli)
        for one in found
        if one.decision.inhibited
    }
    held = {one.batch for one in measured.blanks() if is_above(one.fg_per_ul, limits)}
    return _preview(
        plate_code, measured, found, findings_in(measured, late, limits),
        tuple(sorted(held)), None, replaces=bool(standing.figures), version=current.version,
        limits=limits, notes=table.notes,
    )  # fmt: skip


def _as_measured(
    table: QuantificationTable, standing: PlateMeasured, *, at: datetime
) -> PlateMeasured:
    """Return the plate as it would be with the figures of a table; they are bound to no session."""
    matched = match_table(table, standing.plate, standing.wells)
    wells = {well.position: well for well in standing.wells}
    figures: dict[int, dict[Target, Quantity]] = {}
    for figure in matched.figures:
        well = wells[figure.position]
        figures.setdefault(well.id, {})[figure.target] = Quantity(
            well_id=well.id, target=figure.target, fg_per_ul=figure.fg_per_ul,
            ct_milli=figure.ct_milli, as_written=figure.as_written, at=at,
        )  # fmt: skip
    return replace(
        standing, figures=figures, given=matched.given, by_file=True,
        curves={**matched.given, **matched.fitted},
    )  # fmt: skip


def _preview(
    plate: str, measured: PlateMeasured, proposed: Sequence[Proposed],
    findings: tuple[Finding, ...], held: tuple[str, ...], known: QuantificationImport | None, *,
    replaces: bool, version: int, limits: Limits, notes: tuple[str, ...],
) -> Preview:  # fmt: skip
    by_well = {one.well.id: one for one in proposed}
    wells = tuple(
        WellPreview(
            well,
            {target.value: one for target, one in measured.figures.get(well.id, {}).items()},
            _verdict(well, measured, limits), by_well.get(well.id),
        )
        for well in measured.wells
    )  # fmt: skip
    return Preview(
        plate, wells, measured, findings, held, known, replaces, version, notes
    )  # fmt: skip


def _verdict(well: Well, measured: PlateMeasured, limits: Limits) -> WellVerdict:
    if well.id not in measured.figures:
        return WellVerdict.NOT_MEASURED
    if well.role is WellRole.STANDARD:
        return WellVerdict.STANDARD
    if well.role is WellRole.SAMPLE:
        return WellVerdict.SAMPLE
    most = highest(measured.amounts(well))
    return WellVerdict.NOT_CLEAN if is_above(most, limits) else WellVerdict.CLEAN
