# SPDX-License-Identifier: Apache-2.0
"""Store an imported run: its files, injections, findings and holds, in one transaction."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from instruments.analyzers.abif import AbifFile
from instruments.analyzers.kit import Kit
from lims.core.actors import Actor
from lims.core.code_keys import seal_json, sealing_keys
from lims.core.sealing import Key
from lims.core.words import N_, Say
from lims.custody.operations import append, lock_subject, refuse_if_held, set_hold
from lims.custody.rules import HoldReason, Tag
from lims.equipment.operations import SeenConsumable, count_run
from lims.equipment.rules import ConsumableKind
from lims.genotyping.models import Finding, Injection, Run, RunFile, RunState
from lims.genotyping.queries.wells import Origin, known_files
from lims.genotyping.rules import Found, Severity
from lims.genotyping.rules.calls import MachineCalls, Thresholds
from lims.genotyping.rules.files import AwaitedWell, FileFacts
from lims.genotyping.rules.refusals import RunRefused


@dataclass(frozen=True)
class Parsed:
    """A file that could be read, and what it says of itself."""

    facts: FileFacts
    file: AbifFile


@dataclass(frozen=True)
class Plan:
    """Everything that is known before the machine call."""

    plate: str
    kit: Kit
    pairs: tuple[tuple[Parsed, AwaitedWell], ...]
    without_file: tuple[AwaitedWell, ...]
    origins: Mapping[str, Origin]
    subjects: Mapping[int, str]
    controls: Mapping[int, str]
    blanks_passed: frozenset[str]

    def key_code(self, well_id: int | None) -> str | None:
        """Return the reference sample in a well, whose key seals what is learnt; else None."""
        origin = self.origins.get(self.subjects[well_id]) if well_id is not None else None
        return origin.key_code if origin is not None else None


def store_run(
    session: Session, plan: Plan, calls: Sequence[MachineCalls], thresholds: Thresholds,
    findings: Sequence[Found], state: RunState, hashes: Sequence[str], *, by: Actor, at: datetime,
) -> Run:  # fmt: skip
    """Store a run in one transaction; what was known before it is asked again under the lock."""
    lock_subject(session, plan.plate)
    refuse_if_held(session, plan.plate)
    if known_files(session, hashes):
        raise RunRefused([Say(N_("Somebody imported files of this run at the same moment."))])
    fingerprint = hashlib.sha256("\n".join(hashes).encode()).hexdigest()
    first = plan.pairs[0][0]
    run = Run(
        plate_code=plan.plate, instrument=first.facts.instrument,
        started=min(parsed.facts.started for parsed, _ in plan.pairs), kit=plan.kit.name,
        state=state, thresholds=thresholds.as_json(), consumables=_consumables(first.file),
        fingerprint=fingerprint, imported_at=at, imported_by=by.id,
    )  # fmt: skip
    session.add(run)
    session.flush()
    session.add_all(
        RunFile(sha256=p.facts.sha256, run_id=run.id, name=p.facts.name, size=p.facts.size)
        for p, _ in plan.pairs
    )
    session.flush()
    injections = [
        Injection(
            run_id=run.id, well_id=well.id, sha256=parsed.facts.sha256,
            identity=parsed.facts.identity, sample_name=parsed.facts.sample,
            readable=one.can_be_read, key_code=plan.key_code(well.id),
        )
        for (parsed, well), one in zip(plan.pairs, calls, strict=True)
    ]  # fmt: skip
    keys = sealing_keys(session, {plan.key_code(well_id) for well_id in plan.subjects})
    for injection, one in zip(injections, calls, strict=True):
        key = keys[injection.key_code]
        injection.calls = seal_json(key, one.as_json(), injection, "calls")
    session.add_all(injections)
    session.flush()
    imported = append(
        session, Tag.RUN_FILES_IMPORTED, stream=plan.plate, by=by, at=at,
        content={
            "run": run.id, "files": len(injections), "fingerprint": fingerprint,
            "kit": plan.kit.name, "state": state.value,
        },
    )  # fmt: skip
    for (parsed, well), injection in zip(plan.pairs, injections, strict=True):
        # The name in the file stays out: somebody may have typed a person's.
        append(
            session, Tag.RUN_INJECTION_IMPORTED,
            stream=_stream(plan, well), by=by, at=at, cause=imported,
            content={
                "run": run.id, "injection": injection.id, "plate": plan.plate,
                "well": well.position, "sha256": parsed.facts.sha256,
            },
        )  # fmt: skip
    _store_findings(session, plan, run, injections, findings, keys, cause=imported, by=by, at=at)
    count_run(
        session, first.facts.instrument, plate=plan.plate, run=run.id, injections=len(injections),
        seen=[
            SeenConsumable(
                ConsumableKind(one.kind), (one.serial or one.lot or "")[:60], one.expires
            )
            for one in first.file.consumables
        ],
        by=by, at=at,
    )  # fmt: skip
    return run


def _stream(plan: Plan, well: AwaitedWell) -> str:
    subject = plan.subjects[well.id]
    return subject if subject in plan.origins else plan.plate


def _store_findings(
    session: Session, plan: Plan, run: Run, injections: Sequence[Injection],
    findings: Sequence[Found], keys: Mapping[str | None, Key], *, cause: str, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    places = {well.position: well for _, well in plan.pairs}
    places |= {well.position: well for well in plan.without_file}
    held: set[str] = set()
    for one in findings:
        well = places.get(one.position)
        finding = Finding(
            run_id=run.id,
            injection_id=injections[one.index].id if one.index is not None else None,
            well_id=well.id if well is not None else None,
            key_code=plan.key_code(well.id if well is not None else None),
            rule=one.rule, locus=one.locus, severity=one.severity, stops_run=one.stops_run,
            do=one.do.as_json(), decided_at=None, decided_by=None,
        )  # fmt: skip
        finding.seen = seal_json(keys[finding.key_code], one.seen.as_json(), finding, "seen")
        session.add(finding)
        if one.severity not in (Severity.FAIL, Severity.HOLD):
            continue
        found = append(
            session, Tag.RUN_FINDING_RECORDED, stream=plan.plate, by=by, at=at, cause=cause,
            content={
                "run": run.id, "rule": one.rule, "severity": one.severity.value,
                "well": one.position, "stops_run": one.stops_run,
            },
        )  # fmt: skip
        origin = plan.origins.get(plan.subjects[well.id]) if well is not None else None
        if one.severity is not Severity.HOLD or origin is None:
            continue
        # A blank with peaks holds its whole extraction batch (R05), a wrong sex its extract (R15).
        code = origin.batch if one.rule == "R05" else origin.extract
        if one.rule in ("R05", "R15") and code not in held:
            held.add(code)
            reason = HoldReason.CONTAMINATION if one.rule == "R05" else HoldReason.DISCREPANCY
            set_hold(
                session, code, reason, by=by, at=at, cause=found,
                content={"rule": one.rule, "run": run.id, "plate": plan.plate,
                         "well": one.position},
            )  # fmt: skip
    session.flush()


def _consumables(file: AbifFile) -> list[object]:
    return [
        [
            one.kind,
            (one.lot or "")[:60],
            one.expires.isoformat() if one.expires else (one.expires_text or "")[:40],
        ]
        for one in file.consumables
    ]
