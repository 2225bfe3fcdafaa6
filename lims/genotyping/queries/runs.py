# SPDX-License-Identifier: Apache-2.0
"""Runs as their pages show them: what came, what was found where, what holds for all."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.genotyping.models import Finding, Injection, Run, RunFile, Severity
from lims.genotyping.queries.opened import (
    FindingRead,
    calls_of_injection,
    findings_read,
    plain_calls,
)
from lims.genotyping.queries.wells import sample_name
from lims.genotyping.rules import gravity
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.findings import OVERRULABLE
from lims.people.rules import Activity
from lims.plates.models import Plate, Well
from lims.plates.queries import wells_of
from lims.plates.rules import WellRole, WorkState, read_position

_MARKS = {
    "NO_FILE": "found-none", "R05": "found-neg", "R05b": "found-neg", "R01": "found-size",
    "R02": "found-size", "SIGNAL": "found-size", "R13": "found-scale", "RENAMED": "found-wrong",
}  # fmt: skip
_CONTROL_MARKS = {
    WellRole.LADDER: "L",
    WellRole.POSITIVE: "+",
    WellRole.NEGATIVE: "−",
    WellRole.BLANK: "B",
}
MAP_ROLES = (
    "found-neg", "flag", "found-wrong", "found-size", "found-scale", "found-none", "found-ctl",
    "found-ok",
)  # fmt: skip
"""How a well of a run can be drawn, the gravest first."""


@dataclass(frozen=True)
class RunListed:
    """A run in the list."""

    run: Run
    files: int
    stops: int


@dataclass(frozen=True)
class InjectionListed:
    """An injection of a run without its calls."""

    id: int
    position: str
    role: WellRole
    subject: str
    name: str
    sha256: str
    readable: bool


@dataclass(frozen=True)
class FindingShown:
    """A finding, the well it stands in ('' for the whole run) and how it is drawn."""

    finding: Finding
    seen: Mapping[str, object]
    position: str
    mark: str
    answerable: bool


@dataclass(frozen=True)
class WellFound:
    """What a well of the map shows: how it is drawn, its control mark, what is in it."""

    role: str
    mark: str
    name: str
    findings: tuple[str, ...]


@dataclass(frozen=True)
class RunPicture:
    """A run: its injections, findings gravest first, wells of the map."""

    run: Run
    plate: Plate
    files: int
    injections: tuple[InjectionListed, ...]
    findings: tuple[FindingShown, ...]
    wells: Mapping[str, WellFound]
    ladders: int
    ladders_accepted: int

    @property
    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many wells are drawn in each way, the gravest first; ways that occur."""
        counted = Counter(well.role for well in self.wells.values())
        return tuple((role, counted[role]) for role in MAP_ROLES if counted[role])

    def of(self, *severities: Severity) -> tuple[FindingShown, ...]:
        """Return the findings of these gravities."""
        return tuple(one for one in self.findings if one.finding.severity in severities)


def runs(
    session: Session, *, limit: int, before: int | None = None
) -> tuple[tuple[RunListed, ...], int | None]:
    """Return runs, the newest first, and the id to go on before."""
    files = select(func.count()).where(RunFile.run_id == Run.id).correlate(Run).scalar_subquery()
    stops = (
        select(func.count())
        .where(Finding.run_id == Run.id, Finding.stops_run, Finding.decided_at.is_(None))
        .correlate(Run)
        .scalar_subquery()
    )
    found = select(Run, files, stops).order_by(Run.id.desc()).limit(limit + 1)
    if before is not None:
        found = found.where(Run.id < before)
    rows = session.execute(found).all()
    shown = tuple(RunListed(run, count, stopping) for run, count, stopping in rows[:limit])
    return shown, shown[-1].run.id if len(rows) > limit else None


def plates_to_run(session: Session, *, limit: int = 50) -> tuple[Plate, ...]:
    """Return completed injection plates onto which no run was imported yet, the oldest first."""
    imported = exists().where(Run.plate_code == Plate.code)
    found = (
        select(Plate)
        .join(Subject, Subject.code == Plate.code)
        .where(
            Plate.activity == Activity.INJECTION,
            Subject.kind == Kind.PLATE,
            Subject.state == WorkState.COMPLETED,
            ~imported,
        )
        .order_by(Plate.completed_at)
        .limit(limit)
    )
    return tuple(session.scalars(found))


def run_of(session: Session, run_id: int) -> Run:
    """Return a run; raises NotFound."""
    run = session.get(Run, run_id)
    if run is None:
        raise NotFound(code=str(run_id))
    return run


def run_picture(session: Session, run_id: int) -> RunPicture:
    """Return everything the page of a run shows; raises NotFound."""
    run = run_of(session, run_id)
    injections = _injections(session, run_id)
    positions = {
        well.id: well.position
        for well in session.scalars(select(Well).where(Well.plate_code == run.plate_code))
    }
    rows = findings_read(
        session, session.scalars(select(Finding).where(Finding.run_id == run_id)).all()
    )
    findings = tuple(
        sorted(
            (
                FindingShown(
                    one, read.seen, positions.get(one.well_id or 0, ""), _mark(one),
                    one.rule in OVERRULABLE and one.stops_run and one.decided_at is None,
                )
                for read in rows
                for one in (read.finding,)
            ),
            key=lambda shown: (
                gravity(shown.finding.severity, stops_run=shown.finding.stops_run),
                shown.finding.id,
            ),
        )
    )  # fmt: skip
    wells = _wells(wells_of(session, run.plate_code), injections, findings)
    ladders = session.scalars(
        select(Injection)
        .join(Well, Well.id == Injection.well_id)
        .where(Injection.run_id == run_id, Well.role == WellRole.LADDER)
    ).all()
    return RunPicture(
        run=run,
        plate=session.get_one(Plate, run.plate_code),
        files=len(injections),
        injections=injections,
        findings=findings,
        wells=wells,
        ladders=len(ladders),
        ladders_accepted=sum(1 for one in ladders if plain_calls(one).rungs),
    )


def injections_of_well(session: Session, run_id: int, well: str) -> tuple[Injection, ...]:
    """Return the injections of one well in a run, the first one first; raises NotFound."""
    position = read_position(well)
    found = tuple(
        session.scalars(
            select(Injection)
            .join(Well, Well.id == Injection.well_id)
            .where(Injection.run_id == run_id, Well.position == position)
            .order_by(Injection.id)
        )
    )
    if not found:
        raise NotFound(code=position)
    return found


def other_injection(session: Session, injection: Injection) -> int | None:
    """Return another injection of the same extract, the newest, to lay over; None without one."""
    well = session.get_one(Well, injection.well_id)
    if well.subject_code is None or well.role not in (WellRole.SAMPLE, WellRole.BLANK):
        return None
    return session.scalar(
        select(Injection.id)
        .join(Well, Well.id == Injection.well_id)
        .where(Well.subject_code == well.subject_code, Injection.id != injection.id)
        .order_by(Injection.id.desc())
        .limit(1)
    )


def findings_of(session: Session, injection_id: int) -> tuple[FindingRead, ...]:
    """Return what was found in one injection, the gravest first."""
    rows = session.scalars(select(Finding).where(Finding.injection_id == injection_id))
    return findings_read(
        session,
        sorted(rows, key=lambda one: (gravity(one.severity, stops_run=one.stops_run), one.id)),
    )


def ladder_used(session: Session, injection: Injection) -> MachineCalls | None:
    """Return the calls of the ladder that an injection was compared with.

    Raises Withdrawn, CodeErased.
    """
    calls = calls_of_injection(session, injection)
    if calls.rungs:
        return calls
    rows = session.scalars(
        select(Injection)
        .join(Well, Well.id == Injection.well_id)
        .where(Injection.run_id == injection.run_id, Well.position == calls.ladder)
        .order_by(Injection.id)
    )
    return next((found for row in rows if (found := plain_calls(row)).rungs), None)


def thresholds_of_run(run: Run) -> Thresholds:
    """Return the limits that a run was judged by."""
    return Thresholds.from_json(run.thresholds)


def _injections(session: Session, run_id: int) -> tuple[InjectionListed, ...]:
    rows = session.execute(
        select(
            Injection.id, Well.position, Well.role, Well.subject_code, Injection.sample_name,
            Injection.sha256, Injection.readable,
        )
        .join(Well, Well.id == Injection.well_id)
        .where(Injection.run_id == run_id)
        .order_by(Injection.id)
    )  # fmt: skip
    return tuple(
        InjectionListed(number, position, role, subject or "", name, sha, readable)
        for number, position, role, subject, name, sha, readable in rows
    )


def _mark(finding: Finding) -> str:
    known = _MARKS.get(finding.rule)
    if known is not None:
        return known
    # The mark that stops the eye is kept for what stops the work.
    return "flag" if finding.severity in (Severity.FAIL, Severity.HOLD) else "found-ctl"


def _wells(
    wells: tuple[Well, ...],
    injections: tuple[InjectionListed, ...],
    findings: tuple[FindingShown, ...],
) -> dict[str, WellFound]:
    injected = {one.position for one in injections}
    by_position: dict[str, list[Finding]] = {}
    for shown in findings:
        by_position.setdefault(shown.position, []).append(shown.finding)
    found: dict[str, WellFound] = {}
    for well in wells:
        own = by_position.get(well.position, [])
        plain = "found-ctl" if well.role in _CONTROL_MARKS else "found-ok"
        role = plain if well.position in injected else "found-none"
        drawn = [_drawn(one) for one in own]
        worst = [name for name in MAP_ROLES if name in drawn and name != "found-ctl"]
        found[well.position] = WellFound(
            role=worst[0] if worst else role,
            mark=_CONTROL_MARKS.get(well.role, "") if role == "found-ctl" and not worst else "",
            name=sample_name(well),
            findings=tuple(one.rule for one in own if one.severity is not Severity.NOTE),
        )
    return found


def _drawn(finding: Finding) -> str:
    """Return how a finding is drawn in the map: what only warns of one locus leaves the ring."""
    if finding.severity is Severity.NOTE:
        return "found-ctl"
    known = _MARKS.get(finding.rule)
    if known is not None:
        return known
    return "found-ctl" if finding.severity is Severity.WARN else "flag"
