# SPDX-License-Identifier: Apache-2.0
"""Quantities of a plate: taken from a table or from a person, and what follows from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from instruments.analyzers.quantification import QuantificationTable
from lims.core.actors import Actor
from lims.core.words import Say
from lims.custody.operations import append, lock_subject, refuse_if_held
from lims.custody.rules import EventId, Tag
from lims.people.queries import require_authorised
from lims.people.rules import Activity
from lims.plates.models import Well
from lims.plates.rules import (
    OPEN_STATES,
    NothingToVoid,
    WellRole,
    check_reason,
    read_position,
)
from lims.quantification.models import (
    QuantificationCurve,
    QuantificationImport,
    Quantity,
)
from lims.quantification.operations.following import decide_plate, hold_batches
from lims.quantification.operations.matching import match_table
from lims.quantification.queries import (
    PlateMeasured,
    findings_of,
    in_force,
    measured_plate,
    quantification_plate,
    within_reactions,
)
from lims.quantification.rules import (
    CurveFigures,
    CurveOrigin,
    Figure,
    FileOfOtherPlate,
    Finding,
    Limits,
    NextStep,
    NothingMeasured,
    PlateNotFilled,
    Target,
)


@dataclass(frozen=True)
class Recorded:
    """What recording figures did: `changed` is False where the same file was taken in before."""

    changed: bool
    at: datetime
    figures: int
    decided: Mapping[str, NextStep]
    """What follows for each extract whose figures came in."""
    held: tuple[str, ...]
    """Extraction batches put on hold by it."""
    findings: tuple[Finding, ...]

    @property
    def messages(self) -> tuple[Say, ...]:
        """What was found, in words."""
        return tuple(finding.seen for finding in self.findings)


def import_quantities(
    session: Session,
    plate_code: str,
    table: QuantificationTable,
    *,
    sha256: str,
    file_name: str,
    by: Actor,
    at: datetime,
    reason: str = "",
    mapping_id: int | None = None,
    limits: Limits | None = None,
    station: str = "",
) -> Recorded:
    """Take in the table of a completed plate: all of it or nothing.

    The same file again changes nothing. Other figures for a plate that has some need a `reason`
    and void the earlier ones. Judged by the limits in force, whose version is kept. Raises
    FileOfOtherPlate, PlateNotFilled, OnHold, NotAuthorised, ReasonMissing, and what match_table
    raises.
    """
    measured = _filled(session, plate_code, by=by, at=at, importing=True)
    known = known_import(session, plate_code, sha256)
    if known is not None:
        return Recorded(False, known.at, 0, {}, (), findings_of(session, plate_code, limits=limits))
    version, limits = _limits(session, limits, at=at)
    matched = match_table(table, measured.plate, measured.wells)
    said = check_reason(reason) if measured.figures else ""
    entry = _entry(
        session, plate_code, sha256=sha256, file_name=file_name, reason=said, source=table.source,
        mapping_id=mapping_id, version=version, by=by, at=at,
    )  # fmt: skip
    session.add_all(
        QuantificationCurve(
            import_id=entry.id, target=target, origin=origin, slope_milli=curve.slope_milli,
            intercept_milli=curve.intercept_milli, r2_ppm=curve.r2_ppm,
        )
        for origin, curves in (
            (CurveOrigin.FILE, matched.given), (CurveOrigin.FITTED, matched.fitted)
        )
        for target, curve in curves.items()
    )  # fmt: skip
    event = append(
        session, Tag.QUANTITY_TABLE_IMPORTED, stream=plate_code, by=by, at=at, device=station,
        content={
            "file": sha256, "figures": len(matched.figures), "why": said,
            "curves": _as_content({**matched.given, **matched.fitted}), "limits": version,
            "mapping": mapping_id,
        },
    )  # fmt: skip
    return _record(
        session, measured, matched.figures, entry, whole=True, event=event, by=by, limits=limits,
        station=station,
    )  # fmt: skip


def record_quantities(
    session: Session,
    plate_code: str,
    figures: Sequence[Figure],
    *,
    by: Actor,
    at: datetime,
    reason: str = "",
    limits: Limits | None = None,
    station: str = "",
) -> Recorded:
    """Record figures that a person entered; positions as people write them.

    A figure where one stands already needs a `reason` and voids it. Raises NothingMeasured,
    NotAPosition, NothingToVoid for a well in which nothing stands, PlateNotFilled, OnHold,
    NotAuthorised, ReasonMissing.
    """
    if not figures:
        raise NothingMeasured()
    measured = _filled(session, plate_code, by=by, at=at)
    wells = {well.position: well for well in measured.wells}
    given = []
    replaces = False
    for figure in figures:
        position = read_position(figure.position)
        if position not in wells:
            raise NothingToVoid(code=f"{plate_code} {position}")
        replaces = replaces or figure.target in measured.figures.get(wells[position].id, {})
        given.append(
            Figure(position, figure.target, figure.fg_per_ul, figure.ct_milli, figure.as_written)
        )
    said = check_reason(reason) if replaces else reason.strip()[:200]
    version, limits = _limits(session, limits, at=at)
    entry = _entry(
        session, plate_code, sha256=None, file_name="", reason=said, source="", mapping_id=None,
        version=version, by=by, at=at,
    )  # fmt: skip
    event = append(
        session, Tag.QUANTITY_VALUE_RECORDED, stream=plate_code, by=by, at=at, device=station,
        content={"figures": len(given), "how": "entered", "why": said},
    )  # fmt: skip
    return _record(
        session, measured, given, entry, whole=False, event=event, by=by, limits=limits,
        station=station,
    )  # fmt: skip


def known_import(session: Session, plate_code: str, sha256: str) -> QuantificationImport | None:
    """Return when a file was taken in for this plate, None where never.

    Raises FileOfOtherPlate where it was for another one.
    """
    known = session.scalar(
        select(QuantificationImport).where(QuantificationImport.sha256 == sha256)
    )
    if known is not None and known.plate_code != plate_code:
        raise FileOfOtherPlate(at=f"{known.at:%Y-%m-%d %H:%M} UTC", plate=known.plate_code)
    return known


def _limits(session: Session, limits: Limits | None, *, at: datetime) -> tuple[int, Limits]:
    """Return the limits in force with their version; those that a caller gives have none."""
    if limits is not None:
        return 0, limits
    current = in_force(session)
    return current.version, within_reactions(session, current.limits, at=at)


def _filled(
    session: Session, plate_code: str, *, by: Actor, at: datetime, importing: bool = False
) -> PlateMeasured:
    """Lock a completed plate that is not held; the person must be authorised.

    The console only brings figures in: what follows from them waits for a person.
    """
    quantification_plate(session, plate_code)
    state = lock_subject(session, plate_code).state
    if state in OPEN_STATES:
        raise PlateNotFilled(code=plate_code, state=state)
    refuse_if_held(session, plate_code)
    if not (by.at_console and importing):
        require_authorised(session, by, Activity.QUANTIFICATION, on=at.date())
    return measured_plate(session, plate_code)


def _entry(
    session: Session, plate_code: str, *, sha256: str | None, file_name: str, reason: str,
    source: str, mapping_id: int | None, version: int, by: Actor, at: datetime,
) -> QuantificationImport:  # fmt: skip
    entry = QuantificationImport(
        plate_code=plate_code, sha256=sha256, file_name=file_name[:200], reason=reason,
        source=source[:40], mapping_id=mapping_id, limits_version=version, at=at, by=by.id,
    )  # fmt: skip
    session.add(entry)
    session.flush()
    return entry


def _record(
    session: Session, before: PlateMeasured, figures: Sequence[Figure],
    entry: QuantificationImport, *, whole: bool, event: EventId, by: Actor, limits: Limits,
    station: str,
) -> Recorded:  # fmt: skip
    wells = {well.position: well for well in before.wells}
    _void(session, before, figures, entry, whole=whole, event=event, by=by, station=station)
    session.add_all(
        Quantity(
            import_id=entry.id, well_id=wells[figure.position].id,
            extract_code=_extract_in(wells[figure.position]), target=figure.target,
            fg_per_ul=figure.fg_per_ul, ct_milli=figure.ct_milli, as_written=figure.as_written,
            at=entry.at, voided_at=None,
        )
        for figure in figures
    )  # fmt: skip
    session.flush()
    by_well: dict[str, list[Figure]] = {}
    for figure in figures:
        by_well.setdefault(figure.position, []).append(figure)
    for position, found in by_well.items():
        code = _extract_in(wells[position])
        if code is not None:
            append(
                session, Tag.QUANTITY_VALUE_RECORDED, stream=code, by=by, at=entry.at,
                device=station, cause=event,
                content={
                    "plate": entry.plate_code, "position": position, "figures": _figures(found)
                },
            )  # fmt: skip
    measured = measured_plate(session, entry.plate_code)
    decided = decide_plate(
        session, measured, entry, set(by_well), event=event, by=by, limits=limits, station=station
    )
    held = hold_batches(
        session, measured, set(by_well), at=entry.at, event=event, by=by, limits=limits,
        station=station,
    )  # fmt: skip
    return Recorded(
        True, entry.at, len(figures), decided, held,
        findings_of(session, entry.plate_code, limits=limits),
    )  # fmt: skip


def _void(
    session: Session, before: PlateMeasured, figures: Sequence[Figure],
    entry: QuantificationImport, *, whole: bool, event: EventId, by: Actor, station: str,
) -> None:  # fmt: skip
    """Void what the new figures replace: a table replaces all of the plate."""
    given = {(figure.position, figure.target) for figure in figures}
    for well in before.wells:
        old = [
            quantity
            for target, quantity in before.figures.get(well.id, {}).items()
            if whole or (well.position, target) in given
        ]
        if not old:
            continue
        session.execute(
            update(Quantity)
            .where(Quantity.id.in_([quantity.id for quantity in old]))
            .values(voided_at=entry.at)
        )
        append(
            session, Tag.QUANTITY_VALUE_VOIDED, stream=_extract_in(well) or entry.plate_code,
            by=by, at=entry.at, device=station, cause=event,
            content={
                "plate": entry.plate_code, "position": well.position, "why": entry.reason,
                "targets": sorted(quantity.target.value for quantity in old),
            },
        )  # fmt: skip


def _extract_in(well: Well) -> str | None:
    return well.subject_code if well.role in (WellRole.SAMPLE, WellRole.BLANK) else None


def _figures(figures: Sequence[Figure]) -> list[dict[str, object]]:
    return [
        {
            "target": figure.target.value, "fg_per_ul": figure.fg_per_ul,
            "ct_milli": figure.ct_milli,
        }
        for figure in figures
    ]  # fmt: skip


def _as_content(curves: Mapping[Target, CurveFigures]) -> list[dict[str, object]]:
    return [
        {"target": target.value, "slope_milli": curve.slope_milli, "r2_ppm": curve.r2_ppm}
        for target, curve in curves.items()
    ]
