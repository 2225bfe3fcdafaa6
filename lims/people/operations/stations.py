# SPDX-License-Identifier: Apache-2.0
"""The acts on badges, stations and the keys of bench agents."""

from datetime import datetime

from sqlalchemy import ColumnElement, update
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, draw_code
from lims.core.scans import StationKind
from lims.core.words import N_
from lims.custody.operations import append, change_state, create_subject
from lims.custody.rules import Tag
from lims.people.models import AgentKey, Badge, Person, Station
from lims.people.operations.secrets import HashedPin, digest, draw_token
from lims.people.rules import (
    TOUCH_EVERY,
    AlreadyDisabled,
    BadgeRevoked,
    KeyRevoked,
    Line,
    StationClosed,
    check_text,
)

IN_USE = "in use"
OUT_OF_USE = "out of use"
"""States of badges and stations as custody subjects."""


def issue_badge(
    session: Session, person: Person, pin: HashedPin, *, by: Actor, at: datetime
) -> Badge:
    """Issue a badge under a new code K; raises AlreadyDisabled."""
    if person.disabled_at is not None:
        raise AlreadyDisabled(initials=person.initials)
    code = draw_code(Kind.BADGE)
    create_subject(
        session, code, Tag.PERSON_BADGE_ISSUED, by=by, at=at,
        content={"person": person.actor.id}, state=IN_USE,
    )  # fmt: skip
    badge = Badge(code=code, person_id=person.id, pin_hash=pin.text, issued_at=at)
    session.add(badge)
    session.flush()
    return badge


def revoke_badge(session: Session, badge: Badge, *, by: Actor, at: datetime) -> None:
    """Revoke a badge for good; raises BadgeRevoked the second time."""
    if badge.revoked_at is not None:
        raise BadgeRevoked()
    badge.revoked_at = at
    change_state(session, badge.code, OUT_OF_USE, Tag.PERSON_BADGE_VOIDED, by=by, at=at, content={})


def add_station(
    session: Session,
    *,
    kind: StationKind,
    name: str,
    name_ar: str,
    line: Line | None = None,
    by: Actor,
    at: datetime,
) -> Station:
    """Open a station under a new code T; the database refuses a name a second time."""
    code = draw_code(Kind.STATION)
    create_subject(
        session, code, Tag.STATION_RECORD_ADDED, by=by, at=at,
        content={"kind": kind.value, "line": line.value if line is not None else ""},
        state=IN_USE,
    )  # fmt: skip
    station = Station(
        code=code,
        kind=kind,
        line=line,
        name=check_text(name, field=N_("Name in English"), longest=80),
        name_ar=check_text(name_ar, field=N_("Name in Arabic"), longest=80),
        opened_at=at,
    )
    session.add(station)
    session.flush()
    return station


def close_station(session: Session, station: Station, *, by: Actor, at: datetime) -> None:
    """Close a station for good; its agent's key is revoked. Raises StationClosed."""
    _refuse_closed(station)
    station.closed_at = at
    _revoke(session, AgentKey.station_code == station.code, at=at)
    change_state(
        session, station.code, OUT_OF_USE, Tag.STATION_RECORD_CHANGED, by=by, at=at, content={}
    )


def issue_agent_key(session: Session, station: Station, *, by: Actor, at: datetime) -> str:
    """Issue a key for the station's bench agent and return it: shown once, only its hash stays.

    The key in use stays valid until this one is used for the first time; one that nobody has used
    is revoked. Raises StationClosed.
    """
    _refuse_closed(station)
    _revoke(session, AgentKey.station_code == station.code, AgentKey.last_seen_at.is_(None), at=at)
    key = draw_token()
    session.add(AgentKey(station_code=station.code, key=digest(key), created_at=at))
    session.flush()
    append(session, Tag.STATION_KEY_ISSUED, stream=station.code, by=by, at=at, content={})
    return key


def revoke_agent_key(session: Session, key: AgentKey, *, by: Actor, at: datetime) -> None:
    """Revoke a key: the agent is refused at once. Raises KeyRevoked the second time."""
    if key.revoked_at is not None:
        raise KeyRevoked()
    key.revoked_at = at
    append(session, Tag.STATION_KEY_REVOKED, stream=key.station_code, by=by, at=at, content={})


def touch_agent_key(session: Session, key: int, *, at: datetime) -> None:
    """Write down that an agent asked, at most once a minute; no act of its own.

    The first use of a key revokes the one before it, and that is an act.
    """
    row = session.get_one(AgentKey, key, with_for_update=True)
    if row.revoked_at is not None:
        return
    if row.last_seen_at is None:
        code = row.station_code
        if _revoke(session, AgentKey.station_code == code, AgentKey.id != key, at=at):
            append(
                session, Tag.STATION_KEY_REVOKED, stream=code, by=Actor(f"a:{code}"), at=at,
                content={},
            )  # fmt: skip
    if row.last_seen_at is None or row.last_seen_at <= at - TOUCH_EVERY:
        row.last_seen_at = at


def _revoke(session: Session, *which: ColumnElement[bool], at: datetime) -> int:
    """Revoke the live keys of which all this is true, and return how many there were."""
    revoked = session.execute(
        update(AgentKey).where(AgentKey.revoked_at.is_(None), *which).values(revoked_at=at)
    )
    return int(revoked.rowcount)  # type: ignore[attr-defined]  # an UPDATE's result has one


def _refuse_closed(station: Station) -> None:
    if station.closed_at is not None:
        raise StationClosed(code=station.code)
