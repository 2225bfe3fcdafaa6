# SPDX-License-Identifier: Apache-2.0
"""Sitting down at a bench and leaving it; its state, and its devices."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.bench.models import BenchSession, Device, StationState
from lims.bench.rules import DeviceState, Ended, WrongStation
from lims.core.actors import Actor
from lims.core.scans import SECRETS
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.queries import open_station
from lims.web.rights import may_scan_at


def take_bench(session: Session, station_code: str, *, by: Actor, at: datetime) -> None:
    """Begin to work at a station from the page of somebody signed in. Raises WrongStation."""
    open_bench(session, station_code, by=by, at=at)


def open_bench(
    session: Session, station_code: str, *, by: Actor, at: datetime, badge: str | None = None
) -> None:
    """Begin to work at a station; whoever worked there leaves it. Raises WrongStation.

    What the former was working on is kept for the former, and what this person left here when
    somebody else came is there again.
    """
    station = open_station(session, station_code)
    if not may_scan_at(by.role, station.kind) or by.person is None:
        raise WrongStation()
    state = locked_state(session, station_code, at)
    state.badge, state.badge_at = None, None
    state.revision += 1
    sitting = bench_session(session, station_code)
    if sitting is not None:
        if sitting.person_id == by.person:
            sitting.last_at = at
            return
        end_session(session, sitting, by=by, at=at, ended=Ended.TAKEN)
    _exchange_work(session, state, by.person)
    session.add(
        BenchSession(
            station_code=station_code, person_id=by.person, opened_at=at, last_at=at, badge=badge
        )
    )
    session.flush()
    append(
        session,
        Tag.STATION_SESSION_OPENED,
        stream=station_code,
        by=by,
        at=at,
        device=station_code,
        content={"how": "badge" if badge else "page"},
    )


def leave_bench(
    session: Session, station_code: str, *, by: Actor, at: datetime, ended: Ended = Ended.PAGE
) -> None:
    """End the work of whoever sits at a station; nothing happens when nobody does."""
    sitting = bench_session(session, station_code)
    if sitting is None:
        return
    end_session(session, sitting, by=by, at=at, ended=ended)
    locked_state(session, station_code, at).revision += 1


def end_session(
    session: Session, sitting: BenchSession, *, by: Actor, at: datetime, ended: Ended
) -> None:
    """Close a session of a bench, and say in the ledger how it ended."""
    sitting.closed_at = at
    sitting.ended = ended
    session.flush()
    append(
        session,
        Tag.STATION_SESSION_CLOSED,
        stream=sitting.station_code,
        by=by,
        at=at,
        device=sitting.station_code,
        content={"why": ended.value},
    )


def _exchange_work(session: Session, state: StationState, person: int) -> None:
    """Put away what the last one here was working on, and lay out what `person` left."""
    last = session.scalar(
        select(BenchSession)
        .where(BenchSession.station_code == state.station_code)
        .order_by(BenchSession.id.desc())
        .limit(1)
    )
    if last is None or last.person_id == person:
        return
    secret = state.ask is not None and state.ask["name"] in SECRETS
    # Nobody's confirmation outlives the moment in which it was given.
    last.kept = {
        "focus": state.focus,
        "held": None if secret else state.held,
        "step": "" if secret else state.step,
        "memory": {} if secret else dict(state.memory),
        "ask": None if secret else state.ask,
        "next": None if secret else state.next,
    }
    own = session.scalar(
        select(BenchSession)
        .where(BenchSession.station_code == state.station_code, BenchSession.person_id == person)
        .order_by(BenchSession.id.desc())
        .limit(1)
    )
    left = own.kept if own is not None and own.kept is not None else BLANK
    if own is not None:
        own.kept = None
    for name in BLANK:
        setattr(state, name, left[name])


BLANK: Mapping[str, object] = {
    "focus": None, "held": None, "step": "", "memory": {}, "ask": None, "next": None,
}  # fmt: skip
"""A station at which nothing is going on."""


def bench_session(session: Session, station_code: str) -> BenchSession | None:
    """Return who sits at a station now."""
    return session.scalar(
        select(BenchSession).where(
            BenchSession.station_code == station_code, BenchSession.closed_at.is_(None)
        )
    )


def record_devices(
    session: Session, station_code: str, devices: list[Mapping[str, str]], *, at: datetime
) -> None:
    """Take what the agent says of its devices; a change is shown on the station's page at once."""
    known = {
        (row.kind, row.port): row
        for row in session.scalars(select(Device).where(Device.station_code == station_code))
    }
    changed = False
    for said in devices:
        key = (said["kind"], said["port"])
        row = known.get(key)
        state = DeviceState(said["state"])
        if row is None:
            row = Device(
                station_code=station_code, kind=key[0], port=key[1], state=state, changed_at=at
            )
            session.add(row)
            changed = True
        elif (row.state, row.detail) != (state, said["detail"]):
            row.changed_at = at
            changed = True
        row.state, row.detail, row.heard_at = state, said["detail"], at
    if changed:
        locked_state(session, station_code, at).revision += 1


def locked_state(session: Session, station_code: str, at: datetime) -> StationState:
    """Return the station's state, locked: two scans at one station are judged one by one."""
    state = session.get(StationState, station_code, with_for_update=True)
    if state is not None:
        return state
    fresh = StationState(
        station_code=station_code, revision=0, step="", memory={}, stopped=False, changed_at=at
    )
    try:
        with session.begin_nested():
            session.add(fresh)
        return fresh
    except IntegrityError:
        # Somebody else was the first one here, at the same moment.
        return session.get_one(StationState, station_code, with_for_update=True)
