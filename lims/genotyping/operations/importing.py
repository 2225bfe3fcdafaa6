# SPDX-License-Identifier: Apache-2.0
"""Import an analyzer run onto an injection plate: all of it, or nothing."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from instruments.analyzers.abif import AbifFile, read_abif
from instruments.analyzers.contents import LARGEST_FILE
from instruments.analyzers.errors import AnalyzerFileError
from lims.core.actors import Actor
from lims.core.code_keys import sealing_keys
from lims.core.errors import Refusal
from lims.core.files import FileStore
from lims.core.words import Many, Say
from lims.custody.operations import refuse_if_held
from lims.genotyping.models import Finding, Run
from lims.genotyping.operations.calling import Progress, call_files, limits_of, thresholds_of
from lims.genotyping.operations.storing import Parsed, Plan, store_run
from lims.genotyping.queries.kits import control_meant, kit_of_plate
from lims.genotyping.queries.wells import (
    awaited_wells,
    blanks_passed,
    known_files,
    known_injections,
    lot_words,
    origins,
    run_of_files,
)
from lims.genotyping.rules import (
    SeenInjection,
    SeenRun,
    Severity,
    all_findings,
    state_of_run,
)
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.files import (
    MOST_PROBLEMS,
    FileFacts,
    injection_key,
    match_files,
    unreadable,
)
from lims.genotyping.rules.refusals import (
    NoFiles,
    NotAnInjectionPlate,
    PlateNotCompleted,
    RunRefused,
)
from lims.kits.queries import controls_for
from lims.people.queries import require_authorised
from lims.people.rules import Activity
from lims.plates.models import Well
from lims.plates.queries import plate_of, state_of
from lims.plates.rules import WellRole, WorkState
from lims.samples.rules import ExpectedSex

Files = Sequence[tuple[str, bytes]]
Doors = Callable[[], AbstractContextManager[Session]]
Write = Callable[[Callable[[Session], dict[str, object]]], Mapping[str, object]]

_NOT_RUN_FILES = (".xml", ".log", ".ini", ".txt", ".csv", ".plt", ".pdf", ".db")
"""What analyzers and file browsers leave in a run's folder beside the runs' files."""


@dataclass(frozen=True)
class ImportResult:
    """What an import did, or would do: counts, the run's state, findings by gravity."""

    plate: str
    dry_run: bool
    changed: bool
    run: int | None
    files: int
    kit: str
    state: str
    findings: dict[str, int]
    said: str

    def as_json(self) -> dict[str, object]:
        """Return the JSON of `lims import-run --json`."""
        return {"ok": True, **asdict(self)}


def refused_as_json(refusal: Refusal, plate_code: str) -> dict[str, object]:
    """Return the JSON of `lims import-run --json` for an import that was refused."""
    problems = refusal.problems if isinstance(refusal, RunRefused) else (refusal.say,)
    return {
        "ok": False, "plate": plate_code, "changed": False, "error": refusal.name,
        "said": str(refusal.say), "do": str(refusal.advice or ""),
        "problems": [str(one) for one in problems[:MOST_PROBLEMS]], "count": len(problems),
    }  # fmt: skip


def read_folder(folder: Path) -> list[tuple[str, bytes]]:
    """Read the files of a run's folder (not its subfolders), by name.

    Hidden files and what analyzers write beside the runs' files are left out, a file too large to
    be a run's file is read only so far that it is seen to be one. Raises OSError.
    """
    files = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            if path.suffix.lower() in _NOT_RUN_FILES:
                continue
            with path.open("rb") as file:
                files.append((path.name, file.read(LARGEST_FILE + 1)))
    return files


def import_run(
    files: Files,
    plate_code: str,
    *,
    reading: Doors,
    write: Write,
    store: FileStore,
    by: Actor,
    at: datetime,
    dry_run: bool = False,
    progress: Progress = lambda what, done, of: None,
) -> ImportResult:
    """Import the files of one run onto an injection plate; `dry_run` only says what would happen.

    The doors are the edge's: parsing, calling and storing raw bytes stand between them, never
    inside a transaction. `write` carries out its function in one. The same files again change
    nothing. Raises NoFiles, NotFound, NotAnInjectionPlate, PlateNotCompleted, OnHold, KitUnknown,
    NotAuthorised, StorageFull; RunRefused with every problem found.
    """
    if not files:
        raise NoFiles()
    parsed, problems = _parse(files, progress)
    hashes = [hashlib.sha256(content).hexdigest() for _, content in files]
    with reading() as session:
        again = run_of_files(session, hashes)
        if again is not None and again.plate_code == plate_code:
            return _unchanged(session, again, len(set(hashes)), dry_run=dry_run)
        plan = _plan(session, plate_code, parsed, problems, by=by, at=at)
    opened = [parsed.file for parsed, _ in plan.pairs]
    limits = limits_of(opened, plan.kit)
    progress("call", 0, len(opened))
    calls = call_files(
        [(parsed.file, well.role, well.position) for parsed, well in plan.pairs], plan.kit, limits
    )
    progress("call", len(opened), len(opened))
    thresholds = thresholds_of(limits)
    findings = all_findings(_seen(plan, calls, thresholds))
    state = state_of_run((one.severity, one.stops_run, False) for one in findings)
    result = ImportResult(
        plate=plate_code, dry_run=dry_run, changed=not dry_run, run=None, files=len(plan.pairs),
        kit=plan.kit.name, state=state.value, findings=_counted(one.severity for one in findings),
        said=str(Say(_WOULD if dry_run else _DONE, {"count": len(plan.pairs)})),
    )  # fmt: skip
    if dry_run:
        return result
    sealed_by = {p.facts.sha256: plan.key_code(well.id) for p, well in plan.pairs}
    with reading() as session:
        keys = sealing_keys(session, set(sealed_by.values()))
    for index, (_, content) in enumerate(files, start=1):
        store.keep(content, keys[sealed_by[hashlib.sha256(content).hexdigest()]])
        progress("store", index, len(files))

    def keep(session: Session) -> dict[str, object]:
        run = store_run(
            session, plan, calls, thresholds, findings, state, sorted(set(hashes)), by=by, at=at
        )
        return {"run": run.id}

    stored = write(keep)
    return ImportResult(**{**asdict(result), "run": stored["run"]})


_DONE = Many("%(count)s file imported.", "%(count)s files imported.")
_WOULD = Many(
    "%(count)s file would be imported. Nothing was stored.",
    "%(count)s files would be imported. Nothing was stored.",
)
_AGAIN = Many(
    "This file was imported on %(day)s: nothing was changed.",
    "These %(count)s files were imported on %(day)s: nothing was changed.",
)


def _unchanged(session: Session, run: Run, count: int, *, dry_run: bool) -> ImportResult:
    severities = session.scalars(select(Finding.severity).where(Finding.run_id == run.id))
    return ImportResult(
        plate=run.plate_code, dry_run=dry_run, changed=False, run=run.id, files=count, kit=run.kit,
        state=run.state.value, findings=_counted(severities),
        said=str(Say(_AGAIN, {"count": count, "day": f"{run.imported_at:%Y-%m-%d}"})),
    )  # fmt: skip


def _counted(severities: Iterable[Severity]) -> dict[str, int]:
    counts = {severity.value: 0 for severity in Severity}
    for severity in severities:
        counts[severity.value] += 1
    return counts


def _parse(files: Files, progress: Progress) -> tuple[list[Parsed], list[Say]]:
    parsed, problems = [], []
    for index, (name, content) in enumerate(files, start=1):
        progress("read", index, len(files))
        shown = Path(name).name[:255]
        try:
            file = read_abif(content, name=shown)
        except AnalyzerFileError as error:
            problems.append(unreadable(shown, error.reason))
            continue
        parsed.append(Parsed(_facts(shown, content, file), file))
    return parsed, problems


def _facts(name: str, content: bytes, file: AbifFile) -> FileFacts:
    instrument = file.instrument_serial or file.instrument_name or file.instrument_model or ""
    started = file.run_started.isoformat(sep=" ") if file.run_started else ""
    well = file.well or ""
    return FileFacts(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        sample=(file.sample_name or "")[:200],
        well=well,
        plate=(file.plate or "")[:120],
        instrument=instrument[:120],
        started=started,
        identity=file.injection_id
        or injection_key(
            instrument=instrument, started=started, well=well, capillary=file.capillary,
            channels=file.raw_channels_sha256,
        ),
        dyes=len(file.dyes),
        renamed=tuple((one.field, one.earlier[:80], one.current[:80]) for one in file.renamed),
    )  # fmt: skip


def _plan(
    session: Session, plate_code: str, parsed: Sequence[Parsed], problems: list[Say], *,
    by: Actor, at: datetime,
) -> Plan:  # fmt: skip
    if by.is_person:
        require_authorised(session, by, Activity.INJECTION, on=at.date())
    plate = plate_of(session, plate_code)
    if plate.activity is not Activity.INJECTION:
        raise NotAnInjectionPlate(code=plate_code)
    state = state_of(session, plate_code)
    if state not in (WorkState.COMPLETED, WorkState.REVIEWED):
        raise PlateNotCompleted(code=plate_code, state=state)
    refuse_if_held(session, plate_code)
    kit = kit_of_plate(session, plate)
    facts = [one.facts for one in parsed]
    matched = match_files(
        facts,
        awaited_wells(session, plate_code),
        plate=plate_code,
        file_plate_name=plate.file_plate_name,
        dyes=len(kit.dyes),
        kit=kit.name,
        known_files=known_files(session, [one.sha256 for one in facts]),
        known_injections=known_injections(session, [one.identity for one in facts]),
    )
    told = [*problems, *matched.problems]
    if told:
        raise RunRefused(told)
    by_hash = {one.facts.sha256: one for one in parsed}
    wells = {
        well.id: well
        for well in session.scalars(
            select(Well).where(Well.plate_code == plate_code, Well.voided_at.is_(None))
        )
    }
    subjects = {well.id: well.subject_code or "" for well in wells.values()}
    lots = lot_words(session, set(subjects.values()))
    known = origins(session, subjects.values())
    return Plan(
        plate=plate_code,
        kit=kit,
        pairs=tuple((by_hash[facts.sha256], well) for facts, well in matched.pairs),
        without_file=matched.without_file,
        origins=known,
        subjects=subjects,
        controls={
            well.id: control_meant(lots.get(well.subject_code or "", ""), kit)
            for well in wells.values()
            if well.role is WellRole.POSITIVE
        },
        blanks_passed=blanks_passed(session, {one.batch for one in known.values()}),
    )


def _seen(plan: Plan, calls: Sequence[MachineCalls], thresholds: Thresholds) -> SeenRun:
    injections = []
    for (parsed, well), one in zip(plan.pairs, calls, strict=True):
        origin = plan.origins.get(plan.subjects[well.id])
        injections.append(
            SeenInjection(
                position=well.position,
                role=well.role,
                calls=one,
                batch=origin.batch if origin is not None else "",
                control=plan.controls.get(well.id, ""),
                expected_sex=origin.expected_sex if origin is not None else ExpectedSex.UNKNOWN,
                line=origin.line if origin is not None else None,
                renamed=parsed.facts.renamed,
            )
        )
    return SeenRun(
        kit=plan.kit,
        thresholds=thresholds,
        injections=tuple(injections),
        without_file=tuple((well.position, well.role) for well in plan.without_file),
        controls=controls_for(plan.kit),
        blanks_passed=plan.blanks_passed,
        expired=_expired(plan),
    )


def _expired(plan: Plan) -> tuple[tuple[str, str, str], ...]:
    """Return the consumables past their expiry when the run began, as the files say."""
    found: dict[str, tuple[str, str, str]] = {}
    for parsed, _ in plan.pairs:
        started = parsed.file.run_started
        for one in parsed.file.consumables:
            if started is not None and one.expires is not None and one.expires < started.date():
                found[one.kind] = (one.kind, one.expires.isoformat(), started.date().isoformat())
    return tuple(found.values())
