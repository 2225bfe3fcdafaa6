# SPDX-License-Identifier: Apache-2.0
"""What stays of everything that arrived at a bench: its record, the station's state, the ledger."""

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import BenchSession, ScanRecord, StationState
from lims.bench.operations.asides import ALARMING, Aside, alarm_of
from lims.bench.operations.sitting import bench_session
from lims.bench.rules import Ended, RecordKind
from lims.core.actors import Actor
from lims.core.codes import is_code
from lims.core.errors import Refusal
from lims.core.scans import Outcome, StationKind, Verdict
from lims.core.words import N_
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.models import Person, Station

LABEL_VERIFIED = N_("Label verified: %(code)s is live.")


def judged(
    session: Session, state: StationState, judge: Callable[[], Outcome]
) -> tuple[Outcome, Refusal | None]:
    """Do what is asked, or nothing of it: a refusal takes back every change and event."""
    try:
        with session.begin_nested():
            return judge(), None
    except Refusal as refusal:
        return Outcome(
            Verdict.STOP if refusal.stops else Verdict.REFUSED, refusal.say,
            focus=state.focus, held=state.held, step=state.step, memory=state.memory,
        ), refusal  # fmt: skip


def remember(
    session: Session, station: Station, state: StationState, outcome: Outcome,
    refusal: Refusal | None, *, person: Person | None, at: datetime, record: ScanRecord,
    frees: bool = False,
) -> ScanRecord:  # fmt: skip
    aside = isinstance(outcome, Aside)
    advice = refusal.advice if refusal is not None else (outcome.next if aside else None)
    record.step = state.step
    if refusal is None and not aside:
        state.focus, state.held, state.step = outcome.focus, outcome.held, outcome.step
        state.memory = dict(outcome.memory)
        label_only = outcome.say.text == LABEL_VERIFIED
        if not label_only:
            state.ask = outcome.ask.as_json() if outcome.ask else None
            state.next = outcome.next.as_json() if outcome.next else None
    if refusal is None and frees:
        # Whatever is right here has been read; a command or a figure is no tube.
        state.stopped = False
    elif outcome.verdict is Verdict.STOP:
        state.stopped = True
    state.revision += 1
    state.changed_at = at
    record.station_code = station.code
    record.person_id = person.id if person is not None else None
    sitting = bench_session(session, station.code) or _just_ended(session, station.code, person, at)
    if sitting is not None and record.kind is not RecordKind.FAULT:
        record.session_id = sitting.id
        if person is not None and person.id == sitting.person_id:
            sitting.last_at = max(sitting.last_at, at)
    record.received_at = at
    record.verdict = outcome.verdict
    record.say = outcome.say.as_json()
    record.advice = advice.as_json() if advice else None
    record.subject = outcome.subject
    record.position = outcome.position
    record.labels = list(outcome.labels)
    session.add(record)
    session.flush()
    if refusal is not None:
        append(
            session,
            Tag.SCAN_CODE_STOPPED if refusal.stops else Tag.SCAN_CODE_REFUSED,
            stream=station.code,
            at=at,
            device=station.code,
            by=person.actor if person is not None else Actor(f"a:{station.code}"),
            content={"refusal": refusal.name, "read": safe(record.text), "scan": record.scan_id},
        )
    if isinstance(refusal, ALARMING):
        by = person.actor if person is not None else Actor(f"a:{station.code}")
        alarm_of(session, record, refusal, by)
    return record


def _just_ended(
    session: Session, station_code: str, person: Person | None, at: datetime
) -> BenchSession | None:
    """Return the session that this very record ended: the badge that closes belongs to it."""
    if person is None:
        return None
    return session.scalar(
        select(BenchSession)
        .where(
            BenchSession.station_code == station_code, BenchSession.person_id == person.id,
            BenchSession.closed_at == at, BenchSession.ended == Ended.BADGE,
        )
        .limit(1)
    )  # fmt: skip


def kept_text(read: str, kind: StationKind) -> str:
    """Return what is kept of something read: at intake, where bags bear numbers of others, no
    more than the ledger takes.
    """
    return safe(read) if kind is StationKind.INTAKE and read else read


def safe(read: str) -> str:
    """Return what may stand in the ledger of something read: a code, or only its length.

    What a scanner reads may be anything, a family's letter among it.
    """
    if re.fullmatch(r"[0-9]+ characters", read):
        return read
    text = re.sub(r"[^0-9A-Za-z=._ -]", "", read).strip().upper()
    return text if is_code(text[:9]) and len(text) <= 11 else f"{len(read)} characters"
