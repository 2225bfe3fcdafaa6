# SPDX-License-Identifier: Apache-2.0
"""Who sent this request: a person by the session cookie, a bench agent by its key."""

import re
from dataclasses import dataclass
from datetime import datetime

import flask
import structlog
from flask import Blueprint, g, request
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.clock import now
from lims.people import operations, queries
from lims.people.models import Person, SignInSession
from lims.people.rules import (
    TOUCH_EVERY,
    Policy,
    SecondFactorDue,
    SecondFactorState,
    is_live,
    second_factor_state,
)
from lims.web.guard import NotSignedIn, by_key
from lims.web.pages import laboratory, reading, settings
from lims.web.rights import NEEDS_SECOND_FACTOR, TABLE, Right

blueprint = Blueprint("people", __name__)
log = structlog.get_logger()

AGENT_HEADER = "Bench-Agent"
_AGENT = re.compile(r"[^0-9A-Za-z_-]")

TOKEN = "token"  # noqa: S105  # the name of its place in the cookie


@dataclass(frozen=True)
class SignedIn:
    """Whoever sent the request, and what it may do.

    A person has `name`, `initials`, `role` and `sitting` (the row of the session); an agent has
    `station` (its code) and `agent` (the name it gives itself). What a person lacks is ''
    or None for an agent, and the other way round.
    """

    actor: Actor
    rights: frozenset[Right]
    name: str = ""
    initials: str = ""
    role: Role | None = None
    station: str = ""
    agent: str = ""
    sitting: int | None = None
    second_factor: SecondFactorState = SecondFactorState.NOT_NEEDED

    @property
    def code(self) -> str:
        """What pages show for whoever has signed in: never the name."""
        return self.initials or self.station


def policy() -> Policy:
    """Return lockout and session limits of this laboratory."""
    here = settings()
    return Policy.of(
        lockout_attempts=here.lockout_attempts,
        lockout_minutes=here.lockout_minutes,
        idle_minutes=here.session_idle_minutes,
        hours=here.session_hours,
    )


def load_signed_in() -> SignedIn | None:
    """Return who sent this request, None for nobody; read afresh at every request.

    Where a request has an Authorization header its cookie is not looked at.
    """
    at = now()
    if by_key():
        scheme, _, key = request.headers["Authorization"].partition(" ")
        return _agent(key.strip(), at) if scheme.lower() == "bearer" else None
    token = flask.session.get(TOKEN)
    return _person(token, at) if isinstance(token, str) else None


def person_here() -> SignedIn:
    """Return the person who sent this request; raises NotSignedIn for nobody and for machines."""
    who: SignedIn | None = g.get("who")
    if who is None or who.sitting is None:
        raise NotSignedIn()
    return who


def complete_person_here() -> SignedIn:
    """Return the person; raises SecondFactorDue where a second factor has not been passed."""
    who = person_here()
    if who.second_factor is SecondFactorState.TO_PASS:
        raise SecondFactorDue()
    return who


def own(session: Session) -> Person:
    """Return the row of the person who sent this request."""
    return session.get_one(Person, person_here().actor.person)


def own_sitting(session: Session) -> SignInSession:
    """Return the row of the session in which this request was sent."""
    return session.get_one(SignInSession, person_here().sitting)


def re_authenticate(password: str) -> None:
    """Ask the person at the keyboard for the password again: before a signature, before `write`.

    Raises PasswordWrong. Failures are stored and lock the account as at the door.
    """
    with reading() as session:
        stored = own(session).password_hash
    checked = operations.check_stored_password(stored, password)
    with laboratory().database.writing() as session:
        attempt = operations.record_repeated_password(
            session, own(session), checked, policy=policy(), at=now()
        )
    attempt.settle()


def let_in(token: str) -> None:
    """Put a new session's token into the cookie and drop everything that was in it (no fixation).

    The next form gets a new token against forgery too.
    """
    flask.session.clear()
    flask.session[TOKEN] = token
    g.pop("csrf_token", None)


def _agent(key: str, at: datetime) -> SignedIn | None:
    with reading() as session:
        known = queries.live_agent_key(session, operations.digest(key))
    if known is None:
        return None
    if known.last_seen_at is None or at - known.last_seen_at >= TOUCH_EVERY:
        try:
            with laboratory().database.writing() as session:
                operations.touch_agent_key(session, known.id, at=at)
        except OperationalError as error:
            log.warning("not touched", cause=type(error.orig).__name__)
    return SignedIn(
        actor=Actor(f"a:{known.station_code}"),
        rights=frozenset({Right.AGENT, Right.SCAN}),
        station=known.station_code,
        agent=_AGENT.sub("", request.headers.get(AGENT_HEADER, ""))[:40],
    )


def _person(token: str, at: datetime) -> SignedIn | None:
    with reading() as session:
        sitting = queries.session_by_token(session, operations.digest(token))
    if sitting is None or not is_live(sitting.times, at, policy()):
        return None
    person = sitting.person
    if person.disabled_at is not None:
        return None
    if at - sitting.last_seen_at >= TOUCH_EVERY:
        try:
            with laboratory().database.writing() as session:
                operations.touch_session(session, sitting.id, at=at)
        except OperationalError as error:
            # A full disk must not close the pages that only read.
            log.warning("not touched", cause=type(error.orig).__name__)
    state = second_factor_state(
        needed=person.role in NEEDS_SECOND_FACTOR,
        enrolled=person.second_factor_since is not None,
        passed=sitting.second_factor_at is not None,
    )
    return SignedIn(
        actor=person.actor,
        rights=TABLE[person.role] if state.is_complete else frozenset({Right.SEE_OWN_ACCOUNT}),
        name=person.name,
        initials=person.initials,
        role=person.role,
        sitting=sitting.id,
        second_factor=state,
    )
