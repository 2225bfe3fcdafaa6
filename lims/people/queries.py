# SPDX-License-Identifier: Apache-2.0
"""Reading people, sessions, badges and stations."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from lims.core.actors import Actor
from lims.core.errors import NotFound
from lims.core.words import Say
from lims.people.models import (
    AgentKey,
    Authorisation,
    Badge,
    Person,
    RefusedSignIn,
    SignInSession,
    Station,
    StationAgent,
)
from lims.people.rules import (
    ACTIVITY_WORDS,
    Activity,
    BadgeRevoked,
    EliminationMissing,
    NotAuthorised,
    NotAuthorisedFor,
    StationClosed,
    fold_login,
)


@dataclass(frozen=True)
class StationState:
    """A station with the keys of its agent: the one in use, and one that nobody has used yet."""

    station: Station
    key: AgentKey | None
    unused: AgentKey | None


def person_by_login(session: Session, login: str) -> Person | None:
    """Return the account of a sign-in name, disabled ones too."""
    return session.scalar(select(Person).where(Person.login == fold_login(login)))


def person_by_ref(session: Session, ref: str) -> Person:
    """Return the account with this opaque name; raises NotFound."""
    person = session.scalar(select(Person).where(Person.ref == ref))
    if person is None:
        raise NotFound(code=ref[:40])
    return person


def person_of(session: Session, actor: Actor) -> Person:
    """Return the account behind an actor; raises NotFound for machines and the console."""
    person = session.get(Person, actor.person) if actor.person is not None else None
    if person is None:
        raise NotFound(code=actor.id)
    return person


def people(session: Session) -> Sequence[Person]:
    """Return every account, those in use first, by staff number."""
    return session.scalars(
        select(Person).order_by(Person.disabled_at.is_not(None), Person.initials)
    ).all()


def initials_of(session: Session, actor_ids: Iterable[str]) -> Mapping[str, str]:
    """Return the staff number of each actor that is a person: how the ledger's actors are shown."""
    refs = {actor.removeprefix("u:") for actor in actor_ids if actor.startswith("u:")}
    if not refs:
        return {}
    rows = session.execute(select(Person.ref, Person.initials).where(Person.ref.in_(refs)))
    return {f"u:{ref}": initials for ref, initials in rows}


def who(session: Session, actor: str) -> str:
    """Return the staff number (T-07) of an actor, or its id where it is no person."""
    return initials_of(session, [actor]).get(actor, actor)


def actor_of_initials(session: Session, initials: str) -> str:
    """Return the id by which the ledger knows the person of a staff number; raises NotFound."""
    ref = session.scalar(select(Person.ref).where(Person.initials == initials.strip()))
    if ref is None:
        raise NotFound(code=initials[:40])
    return f"u:{ref}"


def session_by_token(session: Session, digest: str) -> SignInSession | None:
    """Return the session with this hash of a token, its person loaded; ended ones too."""
    return session.scalar(
        select(SignInSession)
        .where(SignInSession.token == digest)
        .options(joinedload(SignInSession.person))
    )


def sessions_standing(session: Session, person: Person, *, at: datetime) -> int:
    """Return how many sessions of a person have not been ended and are not too old."""
    return session.scalars(
        select(func.count(SignInSession.id)).where(
            SignInSession.person_id == person.id,
            SignInSession.ended_at.is_(None),
            SignInSession.ends_at > at,
        )
    ).one()


def live_agent_key(session: Session, digest: str) -> AgentKey | None:
    """Return the agent key with this hash if it is not revoked and its station is open."""
    return session.scalar(
        select(AgentKey)
        .join(AgentKey.station)
        .where(AgentKey.key == digest, AgentKey.revoked_at.is_(None), Station.closed_at.is_(None))
    )


def badges_of(session: Session, person: Person) -> Sequence[Badge]:
    """Return a person's badges, the newest first, revoked ones too."""
    return session.scalars(
        select(Badge)
        .where(Badge.person_id == person.id)
        .order_by(Badge.issued_at.desc(), Badge.code)
    ).all()


def badge(session: Session, code: str) -> Badge:
    """Return a badge by its code; raises NotFound."""
    found = session.get(Badge, code)
    if found is None:
        raise NotFound(code=code)
    return found


def live_badge_of(session: Session, person: int) -> Badge | None:
    """Return the newest valid badge of a person, by the number of the account."""
    return session.scalar(
        select(Badge)
        .where(Badge.person_id == person, Badge.revoked_at.is_(None))
        .order_by(Badge.issued_at.desc(), Badge.code)
        .limit(1)
    )


def person_of_badge(session: Session, code: str) -> Person:
    """Return whose badge this is; raises NotFound, and BadgeRevoked if it is not valid."""
    found = badge(session, code)
    if found.revoked_at is not None or found.person.disabled_at is not None:
        raise BadgeRevoked()
    return found.person


def station(session: Session, code: str) -> Station:
    """Return a station, closed ones too; raises NotFound."""
    found = session.get(Station, code)
    if found is None:
        raise NotFound(code=code)
    return found


def open_station(session: Session, code: str) -> Station:
    """Return a station where work may go on; raises NotFound, StationClosed."""
    found = station(session, code)
    if found.closed_at is not None:
        raise StationClosed(code=code)
    return found


def stations(session: Session) -> Sequence[StationState]:
    """Return every station, open ones first, by name, with the live keys of its agent."""
    used, unused = aliased(AgentKey), aliased(AgentKey)
    rows = session.execute(
        select(Station, used, unused)
        .outerjoin(
            used,
            (used.station_code == Station.code)
            & used.revoked_at.is_(None)
            & used.last_seen_at.is_not(None),
        )
        .outerjoin(
            unused,
            (unused.station_code == Station.code)
            & unused.revoked_at.is_(None)
            & unused.last_seen_at.is_(None),
        )
        .order_by(Station.closed_at.is_not(None), Station.name)
    )
    return [StationState(found, key, waiting) for found, key, waiting in rows]


def station_agents(session: Session) -> Sequence[tuple[Station, StationAgent | None]]:
    """Return every open station, by name, with what its agent said last."""
    rows = session.execute(
        select(Station, StationAgent)
        .outerjoin(StationAgent, StationAgent.station_code == Station.code)
        .where(Station.closed_at.is_(None))
        .order_by(Station.name)
    )
    return [(station, agent) for station, agent in rows]


def station_agent(session: Session, code: str) -> StationAgent | None:
    """Return what the agent of a station said last."""
    return session.get(StationAgent, code)


def agent_key(session: Session, key: int) -> AgentKey:
    """Return an agent key by its number; raises NotFound."""
    found = session.get(AgentKey, key)
    if found is None:
        raise NotFound(code=str(key))
    return found


def authorisations_of(session: Session, person: Person) -> Sequence[Authorisation]:
    """Return a person's authorisations, the newest first, withdrawn and lapsed ones too."""
    return session.scalars(
        select(Authorisation)
        .where(Authorisation.person_id == person.id)
        .order_by(Authorisation.valid_from.desc(), Authorisation.id.desc())
    ).all()


def authorisation(session: Session, number: int) -> Authorisation:
    """Return an authorisation by its number; raises NotFound."""
    found = session.get(Authorisation, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def is_authorised(
    session: Session, actor: Actor, activity: Activity, *, on: date, procedure: str = ""
) -> bool:
    """Return whether a person is authorised for an activity on a day of the laboratory.

    `procedure` names one that asks for an authorisation of its own: only that counts for it.
    """
    found = session.scalar(
        select(Authorisation.id)
        .where(
            Authorisation.person_id == actor.person,
            Authorisation.activity == activity,
            Authorisation.procedure == procedure,
            Authorisation.valid_from <= on,
            Authorisation.valid_until >= on,
            Authorisation.withdrawn_at.is_(None),
        )
        .limit(1)
    )
    return found is not None


def require_authorised(
    session: Session, actor: Actor, activity: Activity, *, on: date, procedure: str = ""
) -> None:
    """Raise NotAuthorised unless the person is authorised for the activity on that day.

    For a `procedure` that asks for an authorisation of its own, only that counts.
    """
    if not is_authorised(session, actor, activity, on=on, procedure=procedure):
        if procedure:
            raise NotAuthorisedFor(procedure=procedure)
        raise NotAuthorised(activity=Say(ACTIVITY_WORDS[activity]))


def require_elimination(session: Session, actor: Actor) -> None:
    """Raise EliminationMissing unless the person's elimination profile is on file."""
    since = session.scalar(select(Person.elimination_since).where(Person.id == actor.person))
    if since is None:
        raise EliminationMissing()


def answers(session: Session) -> None:
    """Ask the database for nothing; raises what it raises when it does not answer."""
    session.execute(select(1)).scalar_one()


def refused_today(session: Session, at: datetime) -> int:
    """Return how many attempts of this day (UTC) the ledger did not take."""
    row = session.get(RefusedSignIn, at.date())
    return row.attempts if row is not None else 0
