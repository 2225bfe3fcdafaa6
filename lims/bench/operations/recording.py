# SPDX-License-Identifier: Apache-2.0
"""What is scanned, typed or commanded at a bench: judged, done, remembered."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord, StationState
from lims.bench.operations.sitting import bench_session, locked_state
from lims.bench.queries import last_read
from lims.bench.rules import (
    COMMAND_CODES,
    BenchTaken,
    LabelCutShort,
    NobodyHere,
    NothingAsked,
    NothingToHold,
    NumberOfAnother,
    RecordKind,
    StationWithoutMeaning,
    TypedWithoutReason,
    WrongStation,
    WrongThing,
)
from lims.core.actors import Actor
from lims.core.codes import Kind, MistypedCode, Payload, is_code, read_payload, threes
from lims.core.errors import Refusal
from lims.core.scans import (
    PIN,
    SECRETS,
    Command,
    Entry,
    Meaning,
    Outcome,
    Scan,
    Source,
    StationKind,
    Verdict,
    Visit,
)
from lims.core.words import N_, Say
from lims.custody.operations import append, refuse_if_ended
from lims.custody.rules import Tag
from lims.people.models import Person, Station
from lims.people.queries import open_station
from lims.people.queries import station as station_of_code
from lims.printing.operations import scan_label
from lims.samples.operations import QUARANTINE, answer_quarantine, ask_quarantine
from lims.web.rights import may_scan_at

Meanings = Mapping[StationKind, Meaning]


def record_scan(
    session: Session, station_code: str, scan: Scan, *, by: Actor, at: datetime, meanings: Meanings
) -> ScanRecord:
    """Take one scan at a station: judge it, do what it means, remember the verdict.

    The same scan id again gives the same answer and does nothing. `by` is the person at the page,
    or the station's agent, who scans for whoever sits at the bench.
    """
    known, station, state = _arrived(session, station_code, scan.scan_id, at)
    if known is not None:
        return known
    person, here = _sender(session, station, by)

    def judge() -> Outcome:
        actor = _entitled(person, here, station)
        if scan.source is Source.TYPED and not scan.reason.strip():
            raise TypedWithoutReason()
        payload = _payload(scan.text, station)
        visit = _visit(station, state, actor, at, scan.reason)
        if payload.code in COMMAND_CODES:
            return _commanded(session, meanings, station, state, visit, COMMAND_CODES[payload.code])
        if payload.kind in (Kind.COMMAND, Kind.STATION):
            raise WrongThing(code=threes(payload.code))
        if payload.kind is Kind.BADGE:
            meaning = _meaning(meanings, station)
            if not meaning.badges:
                raise WrongThing(code=threes(payload.code))
            return meaning.scan(session, visit, payload)
        if not payload.instance and scan.source is not Source.TYPED:
            raise LabelCutShort(code=threes(payload.code))
        return _scanned(session, meanings, station, visit, payload)

    outcome, refusal = _judged(session, state, judge)
    return _remember(
        session, station, state, outcome, refusal, person=person, at=at,
        record=ScanRecord(
            scan_id=scan.scan_id, kind=RecordKind.SCAN, source=scan.source,
            text=_kept(scan.text, station.kind)[:200],
            raw=_kept(scan.raw, station.kind)[:2000], symbology=scan.symbology or "",
            device=scan.device[:120],
            sequence=scan.sequence, device_time=scan.device_time, reason=scan.reason[:200],
        ),
    )  # fmt: skip


def record_entry(
    session: Session, station_code: str, entry: Entry, *, by: Actor, at: datetime,
    meanings: Meanings,
) -> ScanRecord:  # fmt: skip
    """Take a figure or choice the station asked for. Raises nothing: a refusal is an answer."""
    known, station, state = _arrived(session, station_code, entry.entry_id, at)
    if known is not None:
        return known
    person, here = _sender(session, station, by)

    def judge() -> Outcome:
        actor = _entitled(person, here, station)
        if state.ask is None or state.ask["name"] != entry.name:
            raise NothingAsked(name=entry.name)
        if entry.name in SECRETS:
            _check_confirmed(state, entry)
        visit = _visit(station, state, actor, at, "")
        if entry.name == QUARANTINE and QUARANTINE in visit.memory:
            return answer_quarantine(session, visit, entry)
        return _meaning(meanings, station).entry(session, visit, entry)

    outcome, refusal = _judged(session, state, judge)
    return _remember(
        session, station, state, outcome, refusal, person=person, at=at,
        record=ScanRecord(
            scan_id=entry.entry_id, kind=RecordKind.ENTRY,
            text=f"{entry.name}={entry.value}"[:200],
        ),
    )  # fmt: skip


def record_command(
    session: Session, station_code: str, command: Command, *, command_id: str, by: Actor,
    at: datetime, meanings: Meanings,
) -> ScanRecord:  # fmt: skip
    """Take a command given on the page instead of the bench card."""
    known, station, state = _arrived(session, station_code, command_id, at)
    if known is not None:
        return known
    person, here = _sender(session, station, by)

    def judge() -> Outcome:
        visit = _visit(station, state, _entitled(person, here, station), at, "")
        return _commanded(session, meanings, station, state, visit, command)

    outcome, refusal = _judged(session, state, judge)
    return _remember(
        session, station, state, outcome, refusal, person=person, at=at,
        record=ScanRecord(scan_id=command_id, kind=RecordKind.COMMAND, text=command.value),
    )  # fmt: skip


def record_fault(
    session: Session, station_code: str, *, fault_id: str, kind: str, raw: str, device: str,
    device_time: datetime | None, by: Actor, at: datetime,
) -> ScanRecord:  # fmt: skip
    """Tell the people at a station that something was read which is no scan: never guessed."""
    known, station, state = _arrived(session, station_code, fault_id, at)
    if known is not None:
        return known

    def judge() -> Outcome:
        return Outcome(
            Verdict.UNKNOWN,
            Say(N_("The scanner sent something incomplete (%(kind)s). Nothing was done."),
                {"kind": kind[:60]}),
            next=Say(N_("Scan the same label again.")),
        )  # fmt: skip

    outcome, refusal = _judged(session, state, judge)
    return _remember(
        session, station, state, replace(outcome, focus=state.focus, held=state.held),
        refusal, person=None, at=at, keep=True,
        record=ScanRecord(
            scan_id=fault_id, kind=RecordKind.FAULT, source=Source.SERIAL, text=kind[:200],
            raw=raw[:2000], device=device[:120], device_time=device_time,
        ),
    )  # fmt: skip


def _check_confirmed(state: StationState, entry: Entry) -> None:
    """Refuse a PIN that is wrong, and one of another badge than the one scanned last."""
    if entry.wrong is not None:
        raise entry.wrong
    if entry.confirmed is None or (
        entry.name == PIN and state.memory.get("badge") != entry.badge
    ):  # fmt: skip
        raise NothingAsked(name=entry.name)


def _scanned(
    session: Session, meanings: Meanings, station: Station, visit: Visit, payload: Payload
) -> Outcome:
    if scan_label(session, payload, station=station.code, by=visit.by, at=visit.at):
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Label verified: %(code)s is live."), {"code": threes(payload.code)}),
            subject=payload.code, focus=visit.focus, held=visit.held, step=visit.step,
            memory=visit.memory,
        )  # fmt: skip
    refuse_if_ended(session, payload.code)
    return _meaning(meanings, station).scan(session, visit, payload)


def _commanded(
    session: Session, meanings: Meanings, station: Station, state: StationState, visit: Visit,
    command: Command,
) -> Outcome:  # fmt: skip
    if command is not Command.HOLD:
        return _meaning(meanings, station).command(session, visit, command)
    code = last_read(session, station.code) or visit.focus
    if code is None:
        raise NothingToHold()
    return ask_quarantine(visit, code, asked=state.ask, upcoming=state.next)


def _meaning(meanings: Meanings, station: Station) -> Meaning:
    meaning = meanings.get(station.kind)
    if meaning is None:
        raise StationWithoutMeaning()
    return meaning


def _judged(
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


def _remember(
    session: Session, station: Station, state: StationState, outcome: Outcome,
    refusal: Refusal | None, *, person: Person | None, at: datetime, record: ScanRecord,
    keep: bool = False,
) -> ScanRecord:  # fmt: skip
    advice = refusal.advice if refusal is not None else None
    if refusal is None and not keep:
        state.focus, state.held, state.step = outcome.focus, outcome.held, outcome.step
        state.memory = dict(outcome.memory)
        label_only = outcome.say.text == _LABEL_VERIFIED
        if not label_only:
            state.ask = outcome.ask.as_json() if outcome.ask else None
            state.next = outcome.next.as_json() if outcome.next else None
        state.stopped = False
    elif outcome.verdict is Verdict.STOP:
        state.stopped = True
    state.revision += 1
    state.changed_at = at
    record.station_code = station.code
    record.person_id = person.id if person is not None else None
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
            content={"refusal": refusal.name, "read": _safe(record.text), "scan": record.scan_id},
        )
    return record


_LABEL_VERIFIED = "Label verified: %(code)s is live."


def _payload(read: str, station: Station) -> Payload:
    try:
        return read_payload(read)
    except MistypedCode:
        if station.kind is StationKind.INTAKE:
            raise NumberOfAnother() from None
        raise


def _kept(read: str, kind: StationKind) -> str:
    """Return what is kept of something read: at intake, where bags bear numbers of others, no
    more than the ledger takes.
    """
    return _safe(read) if kind is StationKind.INTAKE and read else read


def _safe(read: str) -> str:
    """Return what may stand in the ledger of something read: a code, or only its length.

    What a scanner reads may be anything, a family's letter among it.
    """
    if re.fullmatch(r"[0-9]+ characters", read):
        return read
    text = re.sub(r"[^0-9A-Za-z=._ -]", "", read).strip().upper()
    return text if is_code(text[:9]) and len(text) <= 11 else f"{len(read)} characters"


def _arrived(
    session: Session, station_code: str, record_id: str, at: datetime
) -> tuple[ScanRecord | None, Station, StationState]:
    """Return what was answered to this id before, the station, and its state, locked.

    Asked under the lock: whoever sent the same at the same moment has been answered by then.
    """
    station = station_of_code(session, station_code)
    state = locked_state(session, station_code, at)
    known = session.scalar(select(ScanRecord).where(ScanRecord.scan_id == record_id))
    return known, station if known is not None else open_station(session, station_code), state


def _sender(session: Session, station: Station, by: Actor) -> tuple[Person | None, Person | None]:
    """Return who sent it, and who works at the bench: an agent sends for whoever that is."""
    sitting = bench_session(session, station.code)
    here = session.get(Person, sitting.person_id) if sitting is not None else None
    return (here if by.person is None else session.get(Person, by.person)), here


def _entitled(person: Person | None, here: Person | None, station: Station) -> Actor:
    if person is None or here is None:
        raise NobodyHere()
    if person.id != here.id:
        raise BenchTaken(person=here.initials)
    actor = person.actor
    if person.disabled_at is not None or not may_scan_at(actor.role, station.kind):
        raise WrongStation()
    return actor


def _visit(station: Station, state: StationState, actor: Actor, at: datetime, reason: str) -> Visit:
    return Visit(
        station=station.code, kind=station.kind, by=actor, at=at, focus=state.focus,
        held=state.held, step=state.step, memory=state.memory, typed_reason=reason,
    )  # fmt: skip
