# SPDX-License-Identifier: Apache-2.0
"""Work at a bench opened by badge and PIN: who comes, who goes, what waits for whom."""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.bench.models import BenchSession, StationState
from lims.bench.operations.asides import NEXT_THING, Aside
from lims.bench.operations.sitting import (
    bench_session,
    end_session,
    leave_bench,
    locked_state,
    open_bench,
)
from lims.bench.rules import AGENT_SILENT_SECONDS, DOOR_OPEN, BadgeAwaited, Ended, WrongStation
from lims.core.actors import Actor
from lims.core.codes import threes
from lims.core.errors import NotFound
from lims.core.scans import Entry, Outcome, Verdict
from lims.core.words import N_, Say
from lims.people.models import Person, Station
from lims.people.queries import person_of_badge, station_agent
from lims.people.rules import BadgeRevoked, NotABadge
from lims.web.rights import may_scan_at

SCAN_BADGE = N_("Scan your badge to work here.")


def take_badge_at_door(
    session: Session, station: Station, state: StationState, here: Person | None, code: str,
    at: datetime,
) -> Outcome:  # fmt: skip
    """Take a badge read at a bench: that of whoever works there ends the work, any other asks PIN.

    Raises NotABadge, BadgeRevoked (closed accounts too), WrongStation.
    """
    try:
        person = person_of_badge(session, code)
    except NotFound:
        raise NotABadge() from None
    if person.disabled_at is not None:
        raise BadgeRevoked()
    if here is not None and person.id == here.id:
        leave_bench(session, station.code, by=person.actor, at=at, ended=Ended.BADGE)
        return Aside(
            Verdict.ACCEPTED, Say(N_("%(who)s has left this bench."), {"who": person.initials}),
            next=Say(SCAN_BADGE),
        )  # fmt: skip
    if not may_scan_at(person.role, station.kind):
        raise WrongStation()
    state.badge, state.badge_at = code, at
    if here is None:
        say = Say(N_("Badge of %(who)s."), {"who": person.initials})
    else:
        say = Say(
            N_("Badge of %(who)s. %(former)s works here until the PIN is typed."),
            {"who": person.initials, "former": here.initials},
        )
    return Aside(
        Verdict.ACCEPTED, say, next=Say(N_("%(who)s types the PIN."), {"who": person.initials})
    )


def awaited_badge(state: StationState | None, at: datetime) -> str | None:
    """Return the badge whose PIN is awaited at a bench."""
    if state is None or state.badge is None or state.badge_at is None:
        return None
    return state.badge if at - state.badge_at <= DOOR_OPEN else None


def enter(
    session: Session, station: Station, state: StationState, entry: Entry, at: datetime
) -> Outcome:
    """Open the bench for the owner of the badge whose PIN was right. Raises BadgeAwaited, what was
    wrong with the PIN, WrongStation.
    """
    badge = awaited_badge(state, at)
    if entry.wrong is not None:
        raise entry.wrong
    if badge is None or entry.confirmed is None or entry.badge != badge:
        raise BadgeAwaited()
    sitting = bench_session(session, station.code)
    former = session.get(Person, sitting.person_id) if sitting is not None else None
    held = threes(state.focus or state.held or "")
    open_bench(session, station.code, by=entry.confirmed, at=at, badge=badge)
    person = session.get_one(Person, entry.confirmed.person)
    words = {"who": person.initials, "former": former.initials if former else "", "code": held}
    if former is None or former.id == person.id:
        say = Say(N_("%(who)s works here now."), words)
    elif held:
        say = Say(
            N_("%(who)s works here now. %(former)s was working on %(code)s here: it stays with "
               "%(former)s as it is."),
            words,
        )  # fmt: skip
    else:
        say = Say(N_("%(who)s works here now, %(former)s no longer."), words)
    then = Say.from_json(state.next) if state.next is not None else Say(NEXT_THING)
    return Aside(Verdict.ACCEPTED, say, next=then)


def end_if_idle(
    session: Session, station_code: str, *, idle: timedelta, read_at: datetime, at: datetime
) -> bool:
    """End the work at a bench where nothing was read for longer than `idle`; return whether.

    `read_at` is when what is judged now was read: what an agent kept while the server was away
    was read by whoever worked there then.
    """
    sitting = bench_session(session, station_code)
    if not idle or sitting is None or read_at - sitting.last_at <= idle:
        return False
    end_session(
        session, sitting, by=Actor(f"a:{station_code}"), at=at, ended=Ended.IDLE
    )  # fmt: skip
    locked_state(session, station_code, at).revision += 1
    return True


def idle_benches(session: Session, *, idle: timedelta, at: datetime) -> list[str]:
    """Return the stations whose work is to be ended for idleness.

    Not where an agent is silent or has scans stored: they may have been read in time.
    """
    if not idle:
        return []
    codes = session.scalars(
        select(BenchSession.station_code).where(
            BenchSession.closed_at.is_(None), BenchSession.last_at < at - idle
        )
    )
    silent = at - timedelta(seconds=AGENT_SILENT_SECONDS)
    found = []
    for code in codes:
        agent = station_agent(session, code)
        if agent is None or (agent.heard_at >= silent and not agent.scans_stored):
            found.append(code)
    return found
