# SPDX-License-Identifier: Apache-2.0
"""The claim of a bench agent on its station, and what it says of itself."""

from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.models import StationAgent
from lims.people.rules import AgentReport, BenchClaimed, clock_is_wrong, holds_claim

_MOST = 2**31 - 1


def claim_station(
    session: Session, station_code: str, agent: str, report: AgentReport, *, at: datetime
) -> bool:
    """Take a station for an agent, or note the rival and return False: another one has it.

    The agent that was heard last keeps the station until it has been silent for `CLAIM`.
    """
    row, fresh = _locked(session, station_code, agent, at)
    if not fresh and row.agent != agent:
        if holds_claim(row.heard_at, at=at):
            _note_rival(session, row, agent, at=at)
            return False
        row.agent, row.claimed_at = agent, at
        fresh = True
    if fresh:
        _append(session, Tag.STATION_AGENT_CLAIMED, station_code, agent, at=at)
    if row.rival_at is not None and not holds_claim(row.rival_at, at=at):
        row.rival, row.rival_at = "", None
    row.heard_at = at
    row.version = report.version
    _note_clock(session, row, report.clock, at=at)
    row.scans_stored = min(report.scans_stored, _MOST)
    row.scans_rejected = min(report.scans_rejected, _MOST)
    row.outcomes_stored = min(report.outcomes_stored, _MOST)
    row.labels_held = min(report.labels_held, _MOST)
    return True


def require_claim(session: Session, station_code: str, agent: str, *, at: datetime) -> None:
    """Refuse what an agent sends for a bench that another one has. Raises BenchClaimed."""
    row = session.get(StationAgent, station_code)
    if row is not None and row.agent != agent and holds_claim(row.heard_at, at=at):
        raise BenchClaimed(agent=row.agent)


def _locked(
    session: Session, station_code: str, agent: str, at: datetime
) -> tuple[StationAgent, bool]:
    """Return the station's row, locked, and whether it was made now."""
    row = session.get(StationAgent, station_code, with_for_update=True)
    if row is not None:
        return row, False
    made = StationAgent(
        station_code=station_code, agent=agent, claimed_at=at, heard_at=at, version="",
        scans_stored=0, scans_rejected=0, outcomes_stored=0, labels_held=0, rival="",
    )  # fmt: skip
    try:
        with session.begin_nested():
            session.add(made)
        return made, True
    except IntegrityError:
        # Two agents came first, at the same moment.
        return session.get_one(StationAgent, station_code, with_for_update=True), False


def _note_rival(session: Session, row: StationAgent, agent: str, *, at: datetime) -> None:
    if row.rival != agent:
        # Once, not at every beat of the rival.
        _append(session, Tag.STATION_AGENT_REFUSED, row.station_code, agent, at=at)
    row.rival, row.rival_at = agent, at


def _note_clock(
    session: Session, row: StationAgent, clock: datetime | None, *, at: datetime
) -> None:
    ahead = None if clock is None else (clock - at) // timedelta(milliseconds=1)
    if clock_is_wrong(ahead) and not clock_is_wrong(row.clock_ahead_ms):
        append(
            session, Tag.STATION_CLOCK_WRONG, stream=row.station_code, at=at,
            by=Actor(f"a:{row.station_code}"), device=row.station_code,
            content={"agent": row.agent, "ahead_ms": -1 if ahead is None else ahead},
        )  # fmt: skip
    row.clock_ahead_ms = ahead


def _append(session: Session, tag: Tag, station_code: str, agent: str, *, at: datetime) -> None:
    append(
        session, tag, stream=station_code, by=Actor(f"a:{station_code}"), at=at,
        device=station_code, content={"agent": agent},
    )  # fmt: skip
