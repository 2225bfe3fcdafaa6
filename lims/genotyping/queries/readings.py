# SPDX-License-Identifier: Apache-2.0
"""What waits to be read, and how far each injection has come."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit
from lims.core.code_keys import CodeKey, code_key, code_keys
from lims.core.errors import NotFound
from lims.custody.queries import blocked
from lims.custody.rules import HoldStanding
from lims.genotyping.models import Finding, Injection, Profile, ProfileState, Reading, Run, RunState
from lims.genotyping.queries.kits import kit_of_run
from lims.genotyping.queries.opened import calls_under, reading_under
from lims.genotyping.queries.wells import Origin, origins
from lims.genotyping.rules import ReadingStage
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.readings import Call, stage_of
from lims.genotyping.rules.samples import machine_labels
from lims.plates.models import Well
from lims.plates.rules import WellRole


@dataclass(frozen=True)
class Waiting:
    """A line of the list of readings; `readers` are who has read it, by number."""

    injection: int
    extract: str
    plate: str
    position: str
    kit: str
    run: int
    imported_by: str
    imported_at: datetime
    stage: ReadingStage
    readers: Mapping[int, str]


@dataclass(frozen=True)
class ReadingCase:
    """An injection with all that was read of it. Pages show of it what a person may see."""

    injection: Injection
    well: Well
    run: Run
    kit: Kit
    calls: MachineCalls
    thresholds: Thresholds
    machine: Mapping[str, tuple[str, ...]]
    origin: Origin
    readings: Mapping[int, Mapping[str, Call]]
    readers: Mapping[int, str]
    submitted: Mapping[int, datetime]
    profile: Profile | None
    stage: ReadingStage
    holds: tuple[HoldStanding, ...]
    mixture: bool


def waiting_readings(
    session: Session, *, limit: int, after: int = 0
) -> tuple[tuple[Waiting, ...], int | None]:
    """Return the injections that are not decided yet, the oldest first, and where to go on.

    Only those that can be read, of runs that may be released, of codes that are not closed.
    """
    decided = exists().where(Profile.injection_id == Injection.id)
    rows = session.execute(
        select(
            Injection.id, Well.subject_code, Well.plate_code, Well.position, Run.kit, Run.id,
            Run.imported_by, Run.imported_at,
        )
        .join(Well, Well.id == Injection.well_id)
        .join(Run, Run.id == Injection.run_id)
        .outerjoin(CodeKey, CodeKey.code == Injection.key_code)
        .where(
            Injection.id > after,
            CodeKey.closed_on.is_(None),
            Injection.readable,
            Well.role == WellRole.SAMPLE,
            Run.state != RunState.FAILED,
            ~decided,
        )
        .order_by(Injection.id)
        .limit(limit + 1)
    ).all()  # fmt: skip
    shown = rows[:limit]
    readings, readers = _readings(session, [row[0] for row in shown])
    found = tuple(
        Waiting(
            number, extract or "", plate, position, kit_name, run, importer, at,
            stage_of(readings=readings[number], decided=None), readers[number],
        )
        for number, extract, plate, position, kit_name, run, importer, at in shown
    )  # fmt: skip
    return found, shown[-1][0] if len(rows) > limit else None


def reading_case(session: Session, injection_id: int, *, lock: bool = False) -> ReadingCase:
    """Return an injection of a sample with its readings; `lock` keeps others from deciding.

    Raises NotFound for what is no injection of a sample, Withdrawn, CodeErased.
    """
    injection = session.get(Injection, injection_id, with_for_update=lock, populate_existing=lock)
    well = session.get(Well, injection.well_id) if injection is not None else None
    if injection is None or well is None or well.role is not WellRole.SAMPLE:
        raise NotFound(code=str(injection_id))
    code = well.subject_code or ""
    origin = origins(session, [code]).get(code)
    if origin is None:
        raise NotFound(code=code)
    own_key = code_key(session, injection.key_code)
    run = session.get_one(Run, injection.run_id)
    readings, readers = _readings(session, [injection_id])
    profile = session.scalar(
        select(Profile)
        .where(Profile.injection_id == injection_id)
        .order_by(Profile.id.desc())
        .limit(1)
    )
    calls = calls_under(own_key, injection)
    thresholds = Thresholds.from_json(run.thresholds)
    own = kit_of_run(session, run)
    mixture = session.scalar(
        select(Finding.id).where(
            Finding.injection_id == injection_id, Finding.rule == "R14", Finding.severity == "hold"
        )
    )
    submitted = session.execute(
        select(Reading.number, Reading.submitted_at).where(Reading.injection_id == injection_id)
    )
    return ReadingCase(
        injection=injection,
        well=well,
        run=run,
        kit=own,
        calls=calls,
        thresholds=thresholds,
        machine=machine_labels(calls, own, thresholds),
        origin=origin,
        readings=readings[injection_id],
        readers=readers[injection_id],
        submitted={number: at for number, at in submitted},  # noqa: C416  # rows, not pairs
        profile=profile,
        stage=stage_of(readings=readings[injection_id], decided=_decided(profile)),
        holds=blocked(session, code),
        mixture=mixture is not None,
    )


def _decided(profile: Profile | None) -> ReadingStage | None:
    if profile is None:
        return None
    if profile.state is ProfileState.REFUSED:
        return ReadingStage.REFUSED
    return ReadingStage.ACCEPTED


def _readings(
    session: Session, injections: Collection[int]
) -> tuple[dict[int, dict[int, dict[str, Call]]], dict[int, dict[int, str]]]:
    readings: dict[int, dict[int, dict[str, Call]]] = defaultdict(dict)
    readers: dict[int, dict[int, str]] = defaultdict(dict)
    rows = session.scalars(select(Reading).where(Reading.injection_id.in_(injections))).all()
    keys = code_keys(session, {one.key_code for one in rows})
    for one in rows:
        readings[one.injection_id][one.number] = reading_under(keys[one.key_code], one)
        readers[one.injection_id][one.number] = one.reader
    for number in injections:
        readings.setdefault(number, {})
        readers.setdefault(number, {})
    return readings, readers
