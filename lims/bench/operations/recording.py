# SPDX-License-Identifier: Apache-2.0
"""What is scanned, typed or commanded at a bench: judged, done, remembered."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import CommandCard, ScanRecord, StationState
from lims.bench.operations.asides import (
    PRINT_AGAIN,
    Aside,
    answer_print,
    ask_print,
    awaited,
    explain,
)
from lims.bench.operations.door import end_if_idle, enter, take_badge_at_door
from lims.bench.operations.remembering import (
    LABEL_VERIFIED,
    judged,
    kept_text,
    remember,
)
from lims.bench.operations.sitting import bench_session, locked_state
from lims.bench.queries import last_read
from lims.bench.rules import (
    COMMAND_CODES,
    FAULT_SAYS,
    BenchTaken,
    CardReplaced,
    LabelCutShort,
    NobodyHere,
    NothingAsked,
    NothingToHold,
    NothingToPrint,
    NumberOfAnother,
    RecordKind,
    StationWithoutMeaning,
    TypedWithoutReason,
    WorkStopped,
    WrongStation,
    WrongThing,
    held_for,
)
from lims.core.actors import Actor
from lims.core.codes import Kind, MistypedCode, Payload, read_payload, threes
from lims.core.scans import (
    DOOR_PIN,
    OWN_PIN,
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
from lims.custody.operations import refuse_if_ended
from lims.people.models import Person, Station
from lims.people.queries import open_station
from lims.people.queries import station as station_of_code
from lims.printing.operations import scan_label
from lims.printing.rules import LabelUnknown, LabelVoid
from lims.samples.operations import QUARANTINE, answer_quarantine, ask_quarantine
from lims.web.rights import may_scan_at

Meanings = Mapping[StationKind, Meaning]
NEVER = timedelta()
"""As idleness: work at a bench does not end by itself."""


def record_scan(
    session: Session, station_code: str, scan: Scan, *, by: Actor, at: datetime,
    meanings: Meanings, idle: timedelta = NEVER,
) -> ScanRecord:  # fmt: skip
    """Take one scan at a station: judge it, do what it means, remember the verdict.

    The same scan id again gives the same answer and does nothing. `by` is the person at the page,
    or the station's agent, who scans for whoever sits at the bench. Work at a bench where nothing
    was read for longer than `idle` has ended.
    """
    known, station, state = arrived(session, station_code, scan.scan_id, at)
    if known is not None:
        return known
    read_at = at - held_for(scan.device_time, scan.sent_at)
    end_if_idle(session, station.code, idle=idle, read_at=read_at, at=at)
    person, here = sender(session, station, by)
    badge, frees = _badge_in(scan.text), True

    def judge() -> Outcome:
        nonlocal frees
        second = meanings[station.kind].badges if station.kind in meanings else frozenset()
        if scan.source is Source.TYPED and not scan.reason.strip():
            raise TypedWithoutReason()
        if badge is not None and (here is None or state.step not in second):
            return take_badge_at_door(session, station, state, here, badge, at)
        actor = entitled(person, here, station)
        payload = _payload(scan.text, station)
        visit = _visit(station, state, actor, at, scan.reason)
        if (command := _command_in(session, payload, actor, station, at)) is not None:
            frees = False
            return _commanded(session, meanings, station, state, visit, command)
        # Whoever works here goes on: the other badge has to be scanned again.
        state.badge = None
        if payload.kind in (Kind.COMMAND, Kind.STATION):
            raise WrongThing(code=threes(payload.code))
        if payload.kind is Kind.BADGE:
            return _meaning(meanings, station).scan(session, visit, payload)
        if not payload.instance and scan.source is not Source.TYPED:
            raise LabelCutShort(code=threes(payload.code))
        if state.stopped and payload.code in (state.focus, state.held):
            scan_label(session, payload, station=station.code, by=actor, at=at)
            return Aside(
                Verdict.ACCEPTED, Say(N_("%(code)s is the right one."),
                                      {"code": threes(payload.code)}),
                next=awaited(state), subject=payload.code,
            )  # fmt: skip
        return _scanned(session, meanings, station, visit, payload)

    outcome, refusal = judged(session, state, judge)
    frees = frees and badge is None and outcome.say.text != LABEL_VERIFIED
    return remember(
        session, station, state, outcome, refusal, person=person, at=at, frees=frees,
        record=ScanRecord(
            scan_id=scan.scan_id, kind=RecordKind.SCAN, source=scan.source,
            text=kept_text(scan.text, station.kind)[:200],
            raw=kept_text(scan.raw, station.kind)[:2000], symbology=scan.symbology or "",
            device=scan.device[:120],
            sequence=scan.sequence, device_time=scan.device_time,
            sent_at=scan.sent_at, reason=scan.reason[:200],
        ),
    )  # fmt: skip


def record_entry(
    session: Session, station_code: str, entry: Entry, *, by: Actor, at: datetime,
    meanings: Meanings, idle: timedelta = NEVER,
) -> ScanRecord:  # fmt: skip
    """Take a figure or choice the station asked for. Raises nothing: a refusal is an answer."""
    known, station, state = arrived(session, station_code, entry.entry_id, at)
    if known is not None:
        return known
    end_if_idle(session, station.code, idle=idle, read_at=at, at=at)
    person, here = sender(session, station, by)
    if entry.name == DOOR_PIN and entry.confirmed is not None:
        person = session.get(Person, entry.confirmed.person)

    def judge() -> Outcome:
        if entry.name == DOOR_PIN:
            return enter(session, station, state, entry, at)
        actor = entitled(person, here, station)
        if state.stopped and entry.name not in (QUARANTINE, PRINT_AGAIN):
            raise WorkStopped()
        if state.ask is None or state.ask["name"] != entry.name:
            raise NothingAsked(name=entry.name)
        if entry.name in SECRETS:
            _check_confirmed(state, entry, actor)
        visit = _visit(station, state, actor, at, "")
        if entry.name == QUARANTINE and QUARANTINE in visit.memory:
            return answer_quarantine(session, visit, entry)
        if entry.name == PRINT_AGAIN and PRINT_AGAIN in visit.memory:
            return answer_print(session, visit, entry)
        return _meaning(meanings, station).entry(session, visit, entry)

    outcome, refusal = judged(session, state, judge)
    return remember(
        session, station, state, outcome, refusal, person=person, at=at,
        record=ScanRecord(
            scan_id=entry.entry_id, kind=RecordKind.ENTRY,
            text=f"{entry.name}={entry.value}"[:200],
        ),
    )  # fmt: skip


def record_command(
    session: Session, station_code: str, command: Command, *, command_id: str, by: Actor,
    at: datetime, meanings: Meanings, idle: timedelta = NEVER,
) -> ScanRecord:  # fmt: skip
    """Take a command given on the page instead of the bench card."""
    known, station, state = arrived(session, station_code, command_id, at)
    if known is not None:
        return known
    end_if_idle(session, station.code, idle=idle, read_at=at, at=at)
    person, here = sender(session, station, by)

    def judge() -> Outcome:
        visit = _visit(station, state, entitled(person, here, station), at, "")
        return _commanded(session, meanings, station, state, visit, command)

    outcome, refusal = judged(session, state, judge)
    return remember(
        session, station, state, outcome, refusal, person=person, at=at,
        record=ScanRecord(scan_id=command_id, kind=RecordKind.COMMAND, text=command.value),
    )  # fmt: skip


def record_fault(
    session: Session, station_code: str, *, fault_id: str, kind: str, raw: str, device: str,
    device_time: datetime | None, by: Actor, at: datetime,
) -> ScanRecord:  # fmt: skip
    """Tell the people at a station that something was read which is no scan: never guessed."""
    known, station, state = arrived(session, station_code, fault_id, at)
    if known is not None:
        return known

    def judge() -> Outcome:
        return Aside(
            Verdict.UNKNOWN,
            Say(FAULT_SAYS[kind]) if kind in FAULT_SAYS
            else Say(N_("The scanner sent something incomplete (%(kind)s). Nothing was done."),
                     {"kind": kind[:60]}),
            next=Say(N_("Scan the same label again.")),
        )  # fmt: skip

    outcome, refusal = judged(session, state, judge)
    return remember(
        session, station, state, outcome, refusal, person=None, at=at,
        record=ScanRecord(
            scan_id=fault_id, kind=RecordKind.FAULT, source=Source.SERIAL, text=kind[:200],
            raw=raw[:2000], device=device[:120], device_time=device_time,
        ),
    )  # fmt: skip


def _check_confirmed(state: StationState, entry: Entry, actor: Actor) -> None:
    """Refuse a PIN that is wrong, one of another badge than the one scanned last, and the own PIN
    of whoever worked here before.
    """
    if entry.wrong is not None:
        raise entry.wrong
    if (
        entry.confirmed is None
        or (entry.name == PIN and state.memory.get("badge") != entry.badge)
        or (entry.name == OWN_PIN and entry.confirmed.id != actor.id)
    ):
        raise NothingAsked(name=entry.name)


def _scanned(
    session: Session, meanings: Meanings, station: Station, visit: Visit, payload: Payload
) -> Outcome:
    if scan_label(session, payload, station=station.code, by=visit.by, at=visit.at):
        return Outcome(
            Verdict.ACCEPTED,
            Say(LABEL_VERIFIED, {"code": threes(payload.code)}),
            subject=payload.code, focus=visit.focus, held=visit.held, step=visit.step,
            memory=visit.memory,
        )  # fmt: skip
    refuse_if_ended(session, payload.code)
    return _meaning(meanings, station).scan(session, visit, payload)


def _commanded(
    session: Session, meanings: Meanings, station: Station, state: StationState, visit: Visit,
    command: Command,
) -> Outcome:  # fmt: skip
    if command is Command.HELP:
        return explain(session, _meaning(meanings, station), visit, state)
    if command in (Command.HOLD, Command.PRINT):
        code = last_read(session, station.code) or visit.focus
        if command is Command.HOLD:
            if code is None:
                raise NothingToHold()
            return ask_quarantine(visit, code, asked=state.ask, upcoming=state.next)
        if code is None:
            raise NothingToPrint()
        return ask_print(visit, code, state)
    if state.stopped:
        raise WorkStopped()
    return _meaning(meanings, station).command(session, visit, command)


def _command_in(
    session: Session, payload: Payload, by: Actor, station: Station, at: datetime
) -> Command | None:
    """Return the command of a card: of those printed for all benches, or of this station's own.

    The first scan of a card shows that it was printed. Raises CardReplaced, WrongThing for one of
    another station.
    """
    if payload.code in COMMAND_CODES:
        return COMMAND_CODES[payload.code]
    card = session.get(CommandCard, payload.code) if payload.kind is Kind.COMMAND else None
    if card is None:
        return None
    if card.station_code != station.code:
        raise WrongThing(code=threes(payload.code))
    try:
        scan_label(session, payload, station=station.code, by=by, at=at)
    except (LabelVoid, LabelUnknown):
        raise CardReplaced() from None
    return card.command


def _badge_in(read: str) -> str | None:
    try:
        payload = read_payload(read)
    except MistypedCode:
        return None
    return payload.code if payload.kind is Kind.BADGE else None


def _meaning(meanings: Meanings, station: Station) -> Meaning:
    meaning = meanings.get(station.kind)
    if meaning is None:
        raise StationWithoutMeaning()
    return meaning


def _payload(read: str, station: Station) -> Payload:
    try:
        return read_payload(read)
    except MistypedCode:
        if station.kind is StationKind.INTAKE:
            raise NumberOfAnother() from None
        raise


def arrived(
    session: Session, station_code: str, record_id: str, at: datetime
) -> tuple[ScanRecord | None, Station, StationState]:
    """Return what was answered to this id before, the station, and its state, locked.

    Asked under the lock: whoever sent the same at the same moment has been answered by then.
    """
    station = station_of_code(session, station_code)
    state = locked_state(session, station_code, at)
    known = session.scalar(select(ScanRecord).where(ScanRecord.scan_id == record_id))
    return known, station if known is not None else open_station(session, station_code), state


def sender(session: Session, station: Station, by: Actor) -> tuple[Person | None, Person | None]:
    """Return who sent it, and who works at the bench: an agent sends for whoever that is."""
    sitting = bench_session(session, station.code)
    here = session.get(Person, sitting.person_id) if sitting is not None else None
    return (here if by.person is None else session.get(Person, by.person)), here


def entitled(person: Person | None, here: Person | None, station: Station) -> Actor:
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
