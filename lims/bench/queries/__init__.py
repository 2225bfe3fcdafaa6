# SPDX-License-Identifier: Apache-2.0
"""Reading benches: what is going on at a station, and what was lately said there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import BenchSession, Device, ScanRecord, Screen, StationState
from lims.bench.rules import AGENT_SILENT_SECONDS, DeviceState, RecordKind
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.custody.models import Subject
from lims.people.models import Person, Station, StationAgent
from lims.people.queries import station_agent, station_agents
from lims.people.rules import clock_is_wrong, holds_claim
from lims.printing.queries import counter_jumped, queue_revisions
from lims.printing.rules import COUNTER_JUMPED


@dataclass(frozen=True)
class BenchRow:
    """A station in the list of benches, and who works there."""

    station: Station
    initials: str | None
    since: datetime | None


@dataclass(frozen=True)
class ShownDevice:
    """A device in the top bar: word, picture and state (ready, fault, waits)."""

    icon: str
    kind: str
    state: str
    detail: str


@dataclass(frozen=True)
class AgentRow:
    """A station in the administrator's list of agents; `clock` is given when it is wrong."""

    station: Station
    agent: StationAgent | None
    silent: bool
    rival: str
    clock: ShownDevice | None
    devices: list[tuple[str, ShownDevice]]

    @property
    def waits(self) -> bool:
        """Whether anything waits in the agent's journal."""
        return self.agent is not None and any(
            (
                self.agent.scans_stored,
                self.agent.scans_rejected,
                self.agent.outcomes_stored,
                self.agent.labels_held,
            )
        )


def benches(session: Session) -> list[BenchRow]:
    """Return every open station with whoever works there."""
    rows = session.execute(
        select(Station, Person.initials, BenchSession.opened_at)
        .outerjoin(
            BenchSession,
            (BenchSession.station_code == Station.code) & BenchSession.closed_at.is_(None),
        )
        .outerjoin(Person, Person.id == BenchSession.person_id)
        .where(Station.closed_at.is_(None))
        .order_by(Station.name)
    )
    return [BenchRow(station, initials, since) for station, initials, since in rows]


def sitting(session: Session, station_code: str) -> Person | None:
    """Return who works at a station now."""
    return session.scalar(
        select(Person)
        .join(BenchSession, BenchSession.person_id == Person.id)
        .where(BenchSession.station_code == station_code, BenchSession.closed_at.is_(None))
    )


def station_state(session: Session, station_code: str) -> StationState | None:
    """Return what is going on at a station."""
    return session.get(StationState, station_code)


def was_answered(session: Session, record_id: str) -> bool:
    """Return whether a scan or an entry of this id has its answer already."""
    return (
        session.scalar(select(ScanRecord.id).where(ScanRecord.scan_id == record_id)) is not None
    )  # fmt: skip


def recent(session: Session, station_code: str, *, limit: int = 8) -> Sequence[ScanRecord]:
    """Return the last records of a station, the newest first."""
    return session.scalars(
        select(ScanRecord)
        .where(ScanRecord.station_code == station_code)
        .order_by(ScanRecord.id.desc())
        .limit(limit)
    ).all()


def last_read(session: Session, station_code: str) -> str | None:
    """Return the code of the thing that was read last at a station, refused or not."""
    for record in recent(session, station_code):
        if record.kind is not RecordKind.SCAN:
            continue
        try:
            payload = read_payload(record.text)
        except MistypedCode:
            continue
        unheld = (Kind.COMMAND, Kind.BADGE, Kind.STATION)
        if payload.kind not in unheld and session.get(Subject, payload.code) is not None:
            return payload.code
    return None


def after(session: Session, station_code: str, sequence: int) -> Sequence[ScanRecord]:
    """Return the records of a station after one, the oldest first; fifty at most."""
    return session.scalars(
        select(ScanRecord)
        .where(ScanRecord.station_code == station_code, ScanRecord.id > sequence)
        .order_by(ScanRecord.id)
        .limit(50)
    ).all()


def revisions(session: Session) -> dict[str, int]:
    """Return how often each station has changed: its work, its devices, its labels."""
    labels = queue_revisions(session)
    states = {row.station_code: row.revision for row in session.scalars(select(StationState))}
    return {
        code: states.get(code, 0) + labels.get(code, 0) for code in states.keys() | labels.keys()
    }


def shown_devices(session: Session, station_code: str, *, at: datetime) -> list[ShownDevice]:
    """Return the devices of a station as they are known now; silence is never ready."""
    silent = at - timedelta(seconds=AGENT_SILENT_SECONDS)
    rows = session.scalars(
        select(Device).where(Device.station_code == station_code).order_by(Device.kind.desc())
    )
    jumped = counter_jumped(session, station_code)
    devices = [_shown(row, silent=row.heard_at < silent, jumped=jumped) for row in rows]
    return devices + _shown_agent(station_agent(session, station_code), at=at)


def agents(session: Session, *, at: datetime) -> list[AgentRow]:
    """Return every open station, by name, with its agent and the devices it speaks of."""
    devices: dict[str, list[Device]] = {}
    for row in session.scalars(select(Device).order_by(Device.kind.desc(), Device.port)):
        devices.setdefault(row.station_code, []).append(row)
    silent = at - timedelta(seconds=AGENT_SILENT_SECONDS)
    rows = []
    for station, agent in station_agents(session):
        said = {one.kind: one for one in _shown_agent(agent, at=at)}
        rows.append(
            AgentRow(
                station=station,
                agent=agent,
                silent=agent is not None and agent.heard_at < silent,
                rival=said["agent"].detail if "agent" in said else "",
                clock=said.get("clock"),
                devices=[
                    (row.port, _shown(row, silent=row.heard_at < silent, jumped=False))
                    for row in devices.get(station.code, [])
                ],
            )
        )
    return rows


def _shown_agent(agent: StationAgent | None, *, at: datetime) -> list[ShownDevice]:
    """Return what is wrong with the agent itself: a rival, or the clock of its computer."""
    shown = []
    if agent is not None and agent.rival_at is not None and holds_claim(agent.rival_at, at=at):
        shown.append(ShownDevice("server", "agent", "fault", agent.rival))
    if agent is not None and clock_is_wrong(agent.clock_ahead_ms):
        minutes = abs(agent.clock_ahead_ms or 0) // 60_000
        shown.append(ShownDevice("clock", "clock", "waits", str(minutes)))
    return shown


def _shown(row: Device, *, silent: bool, jumped: bool) -> ShownDevice:
    states = {DeviceState.READY: "ready", DeviceState.UNKNOWN: "waits"}
    state = "fault" if silent else states.get(row.state, "fault")
    detail = "silent" if silent else row.detail
    if jumped and row.kind == "printer" and state == "ready":
        state, detail = "waits", COUNTER_JUMPED
    icon = "printer" if row.kind == "printer" else "scanner"
    return ShownDevice(icon, row.kind, state, detail)


def screens(session: Session) -> Sequence[Screen]:
    """Return the screens that are open now."""
    return session.scalars(
        select(Screen)
        .where(Screen.opened_at.is_not(None), Screen.closed_at.is_(None))
        .order_by(Screen.id)
    ).all()


def screen_station(session: Session, secret: str) -> str | None:
    """Return the station of the open screen whose token has this digest."""
    return session.scalar(
        select(Screen.station_code)
        .join(Station, Station.code == Screen.station_code)
        .where(
            Screen.secret == secret, Screen.opened_at.is_not(None), Screen.closed_at.is_(None),
            Station.closed_at.is_(None),
        )
    )  # fmt: skip
