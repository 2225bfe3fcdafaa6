# SPDX-License-Identifier: Apache-2.0
"""What a lot or an instrument has touched, and what has touched a thing: recall, and back.

A lot of an extraction touches the batch's extracts, all that was made of them and every well they
stand in; one of a plate touches that plate's wells and what was injected from them, and no other
plate of the same extracts; one of a set its samples and the parts it gave. A quantification
touches what was amplified by its figures. A lot that went into a tube (a diluent) touches the tube
and what was made of it. A lot on an analyzer touches the runs that were made with it, and no other
run of the same plate.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Derivation
from lims.equipment.models import Consumable, ConsumableUse, Instrument
from lims.extraction.models import Dilution, Extract
from lims.genotyping.models import Injection, Profile
from lims.plates.models import BatchMember, BatchUse, Plate, Well
from lims.plates.rules import Activity
from lims.preparation.models import PreparedSample
from lims.quantification.models import QuantityDecision
from lims.reagents.models import Lot, LotAct
from lims.samples.models import Aliquot

_AT_ONCE = 500
_THINGS = (Kind.ALIQUOT, Kind.EXTRACT)


@dataclass(frozen=True)
class TouchedWell:
    """A filled well that was touched: what stands in it, and on which plate."""

    id: int
    plate: str
    activity: Activity
    position: str
    subject: str | None


@dataclass(frozen=True)
class TouchedProfile:
    """A profile whose injection was touched."""

    sample: str
    version: int
    state: str
    decided_at: datetime


@dataclass(frozen=True)
class Reach:
    """All that a lot or instrument touched, each in the order of codes.

    `works` are the batches and plates that used it, `things` aliquots and extracts, `wells`
    wherever they stood, `injections` the SHA-256 of the analyzer's files.
    """

    code: str
    name: str
    number: str
    works: tuple[str, ...]
    plates: tuple[str, ...]
    things: tuple[str, ...]
    samples: tuple[str, ...]
    wells: tuple[TouchedWell, ...]
    injections: tuple[str, ...]
    profiles: tuple[TouchedProfile, ...]


def reach_of(session: Session, code: str) -> Reach:
    """Return all that a lot or an instrument touched; the queries do not grow with its rows.

    Raises NotFound for a code that is neither.
    """
    name, number = _used(session, code)
    used = set(session.scalars(select(BatchUse.subject_code).where(BatchUse.used_code == code)))
    went = set(
        session.scalars(
            select(LotAct.work_code).where(
                LotAct.lot_code == code, LotAct.work_code.is_not(None)
            )
        )
    )  # fmt: skip
    works = sorted(used | {one for one in went if one is not None and one[0] not in _THINGS})
    batches = [work for work in works if work[0] == Kind.BATCH]
    plates = [work for work in works if work[0] == Kind.PLATE]
    members = {
        row[0]
        for row in _among(
            session,
            select(BatchMember.subject_code).where(
                BatchMember.voided_at.is_(None), BatchMember.subject_code.is_not(None)
            ),
            BatchMember.batch_code, batches,
        )
    }  # fmt: skip
    made = {row[0] for row in _among(session, select(Extract.code), Extract.batch_code, batches)}
    made |= set(session.scalars(select(Dilution.code).where(Dilution.lot_code == code)))
    made |= {one for one in went if one is not None and one[0] in _THINGS}
    # Parts of a preparation set are derived from it, as extracts are from their batch.
    made |= _made_of(session, {*made, *batches})
    # A control's own lot stands in wells.
    wells = _wells(session, Well.subject_code, {*made, code})
    wells |= _wells(session, Well.plate_code, plates)
    wells |= _by_figures(session, wells)
    wells |= _injected_from(session, wells)
    prepared = {
        row[0]
        for row in _among(
            session,
            select(PreparedSample.sample_code).where(PreparedSample.taken_out_at.is_(None)),
            PreparedSample.set_code, batches,
        )
    }  # fmt: skip
    runs = set(
        session.scalars(
            select(ConsumableUse.run)
            .join(Consumable, Consumable.id == ConsumableUse.consumable_id)
            .where(Consumable.lot_code == code)
        )
    )
    injected = _among(session, select(Injection.id, Injection.well_id), Injection.run_id, runs)
    by_run = {row[1] for row in injected} - {well.id for well in wells}
    wells |= _wells(session, Well.id, by_run)
    subjects = {well.subject for well in wells if well.subject is not None}
    things = {one for one in members | made | subjects if one[0] in _THINGS}
    injections = _among(
        session, select(Injection.id, Injection.sha256), Injection.well_id,
        [well.id for well in wells if well.id not in by_run],
    )  # fmt: skip
    injections += _among(
        session, select(Injection.id, Injection.sha256), Injection.id, {row[0] for row in injected}
    )
    injections = sorted({tuple(row) for row in injections})
    profiles = [
        row[0]
        for row in _among(
            session, select(Profile), Profile.injection_id, [row[0] for row in injections]
        )
    ]
    return Reach(
        code, name, number, tuple(works), tuple(sorted({well.plate for well in wells})),
        tuple(sorted(things)), tuple(sorted(_samples(session, things) | prepared)),
        tuple(sorted(wells, key=lambda well: (well.plate, well.position, well.id))),
        tuple(sorted(row[1] for row in injections)),
        tuple(
            TouchedProfile(one.sample_code, one.version, one.state.value, one.decided_at)
            for one in sorted(profiles, key=lambda one: (one.sample_code, one.version))
        ),
    )  # fmt: skip


def _used(session: Session, code: str) -> tuple[str, str]:
    lot = session.get(Lot, code)
    if lot is not None:
        return lot.reagent, lot.number
    tool = session.get(Instrument, code)
    if tool is None:
        raise NotFound(code=code)
    return tool.name, tool.serial


def _among(
    session: Session, query: Any, column: InstrumentedAttribute[Any], among: Collection[Any]
) -> list[Any]:
    """Return the rows of a query whose `column` is one of `among`, so many at once."""
    asked = sorted(among)
    rows: list[Any] = []
    for begin in range(0, len(asked), _AT_ONCE):
        rows += session.execute(query.where(column.in_(asked[begin : begin + _AT_ONCE]))).all()
    return rows


def _made_of(session: Session, codes: Collection[str]) -> set[str]:
    """Return all that was made of these things, over every step."""
    found: set[str] = set()
    fresh = set(codes)
    while fresh:
        made = {
            row[0] for row in _among(session, select(Derivation.child), Derivation.parent, fresh)
        }
        fresh = made - found - set(codes)
        found |= fresh
    return found


def _samples(session: Session, things: Collection[str]) -> set[str]:
    """Return the samples behind aliquots and extracts."""
    sources = {
        row[0]
        for row in _among(
            session, select(Extract.source_code).where(Extract.source_code.is_not(None)),
            Extract.code, things,
        )
    }  # fmt: skip
    parts = _among(session, select(Aliquot.sample_code), Aliquot.code, {*things, *sources})
    return {row[0] for row in parts}


_FILLED = (
    select(Well, Plate.activity)
    .join(Plate, Plate.code == Well.plate_code)
    .where(Well.voided_at.is_(None))
)


def _wells(
    session: Session, column: InstrumentedAttribute[Any], among: Collection[Any]
) -> set[TouchedWell]:
    return _touched(_among(session, _FILLED, column, among))


def _touched(rows: list[Any]) -> set[TouchedWell]:
    return {
        TouchedWell(well.id, well.plate_code, activity, well.position, well.subject_code)
        for well, activity in rows
    }


def _by_figures(session: Session, wells: Collection[TouchedWell]) -> set[TouchedWell]:
    """Return the wells that were amplified by the figures of touched quantifications."""
    by_plate: dict[str, set[str]] = {}
    for well in wells:
        if well.activity is Activity.QUANTIFICATION and well.subject is not None:
            by_plate.setdefault(well.plate, set()).add(well.subject)
    found: set[TouchedWell] = set()
    for plate, measured in sorted(by_plate.items()):
        decided = (
            select(QuantityDecision.extract_code, QuantityDecision.made_at,
                   QuantityDecision.voided_at)
            .where(QuantityDecision.plate_code == plate)
        )  # fmt: skip
        spans = _among(session, decided, QuantityDecision.extract_code, measured)
        filled = _among(
            session, _FILLED.where(Plate.activity == Activity.AMPLIFICATION), Well.subject_code,
            {row[0] for row in spans},
        )  # fmt: skip
        found |= _touched(
            [
                row
                for row in filled
                if any(
                    code == row[0].subject_code
                    and begun <= row[0].filled_at
                    and (ended is None or row[0].filled_at < ended)
                    for code, begun, ended in spans
                )
            ]
        )
    return found


def _injected_from(session: Session, wells: Collection[TouchedWell]) -> set[TouchedWell]:
    """Return the wells that were carried over from these, plate to plate."""
    found: set[TouchedWell] = set()
    fresh = {well.id for well in wells}
    while fresh:
        carried = _touched(_among(session, _FILLED, Well.source_id, fresh))
        found |= carried
        fresh = {well.id for well in carried} - fresh
    return found
