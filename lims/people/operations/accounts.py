# SPDX-License-Identifier: Apache-2.0
"""The acts on accounts: add, invite, set a password, change the role, disable, authorise."""

import secrets
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.words import N_
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.people.models import Authorisation, Person, RoleHeld, SignInSession
from lims.people.operations.secrets import HashedPassword, digest, draw_start_code, same
from lims.people.operations.sessions import end_sessions
from lims.people.rules import (
    START_CODE_LIFE,
    Activity,
    AlreadyDisabled,
    NotYourself,
    StartCodeRefused,
    check_login,
    check_role_change,
    check_short_label,
    check_text,
    normal_start_code,
)

REF_BYTES = 6


@dataclass(frozen=True)
class Invitation:
    """A one-time start code, shown once, with which a person chooses a password."""

    start_code: str
    until: datetime


def add_person(
    session: Session, *, login: str, name: str, initials: str, role: Role, by: Actor, at: datetime
) -> Person:
    """Add an account; it cannot be signed in to before it is invited and a password is chosen.

    Raises TextMalformed; the database refuses a sign-in name or staff number a second time.
    """
    person = Person(
        ref=secrets.token_hex(REF_BYTES),
        login=check_login(login),
        name=check_text(name, field=N_("Name")),
        initials=check_short_label(initials),
        role=role,
        failed_attempts=0,
        added_at=at,
    )
    session.add(person)
    session.flush()
    session.add(RoleHeld(person_id=person.id, role=role, since=at))
    append(
        session,
        Tag.PERSON_ACCOUNT_ADDED,
        stream=person.stream,
        by=by,
        at=at,
        content={"role": role.value},
    )
    return person


def invite(session: Session, person: Person, *, by: Actor, at: datetime) -> Invitation:
    """Draw a new start code; the one before is void. The present password goes on until then.

    Raises AlreadyDisabled.
    """
    _refuse_disabled(person)
    start_code = draw_start_code()
    person.start_code = digest(start_code)
    person.start_code_until = at + START_CODE_LIFE
    append(session, Tag.PERSON_PASSWORD_RESET, stream=person.stream, by=by, at=at, content={})
    return Invitation(start_code, person.start_code_until)


def start_code_fits(person: Person | None, start_code: str, *, at: datetime) -> bool:
    """Return whether this start code lets this person choose a password now."""
    given = digest(normal_start_code(start_code))
    fits = same(person.start_code if person is not None else None, given)
    return (
        fits
        and person is not None
        and person.disabled_at is None
        and person.start_code_until is not None
        and at < person.start_code_until
    )


def set_password(
    session: Session, person: Person, hashed: HashedPassword, *, start_code: str, at: datetime
) -> None:
    """Let the person choose a password with the start code, which is then used up.

    Sessions end, and a rest after wrong attempts too. Raises StartCodeRefused.
    """
    if not start_code_fits(person, start_code, at=at):
        raise StartCodeRefused()
    person.password_hash = hashed.text
    person.start_code = None
    person.start_code_until = None
    person.failed_attempts = 0
    person.locked_until = None
    end_sessions(session, person, at=at)
    append(
        session,
        Tag.PERSON_PASSWORD_CHANGED,
        stream=person.stream,
        by=person.actor,
        at=at,
        content={},
    )


def change_password(
    session: Session,
    person: Person,
    hashed: HashedPassword,
    *,
    sitting: SignInSession,
    at: datetime,
) -> None:
    """Change the person's own password; every session but `sitting` ends."""
    person.password_hash = hashed.text
    person.start_code = None
    person.start_code_until = None
    end_sessions(session, person, at=at, but=sitting)
    append(
        session,
        Tag.PERSON_PASSWORD_CHANGED,
        stream=person.stream,
        by=person.actor,
        at=at,
        content={},
    )


def change_role(session: Session, person: Person, role: Role, *, by: Actor, at: datetime) -> None:
    """Give the person another role; sessions end, so that it holds at once.

    Raises ForbiddenRole for a role that excludes one ever held, NotYourself, AlreadyDisabled.
    """
    _refuse_oneself(person, by)
    _refuse_disabled(person)
    held = session.scalars(select(RoleHeld.role).where(RoleHeld.person_id == person.id))
    check_role_change(held, role)
    before = person.role
    person.role = role
    session.add(RoleHeld(person_id=person.id, role=role, since=at))
    end_sessions(session, person, at=at)
    append(
        session,
        Tag.PERSON_ROLE_REVOKED,
        stream=person.stream,
        by=by,
        at=at,
        content={"role": before.value},
    )
    append(
        session,
        Tag.PERSON_ROLE_GRANTED,
        stream=person.stream,
        by=by,
        at=at,
        content={"role": role.value},
    )


def disable_person(session: Session, person: Person, *, by: Actor, at: datetime) -> None:
    """Disable the account for good: sessions end at once, start code and second factor are void.

    Raises NotYourself, AlreadyDisabled.
    """
    _refuse_oneself(person, by)
    _refuse_disabled(person)
    person.disabled_at = at
    person.start_code = None
    person.start_code_until = None
    end_sessions(session, person, at=at)
    append(session, Tag.PERSON_ACCOUNT_CLOSED, stream=person.stream, by=by, at=at, content={})


def record_elimination(
    session: Session, person: Person, *, since: date, by: Actor, at: datetime
) -> None:
    """Record since when the person's elimination profile is on file."""
    person.elimination_since = since
    append(
        session,
        Tag.PERSON_PROFILE_FILED,
        stream=person.stream,
        by=by,
        at=at,
        content={"since": since.isoformat()},
    )


def authorise(
    session: Session,
    person: Person,
    *,
    activity: Activity,
    valid_from: date,
    valid_until: date,
    by: Actor,
    at: datetime,
    procedure: str = "",
) -> Authorisation:
    """Authorise the person for an activity, both days included; raises AlreadyDisabled.

    `procedure` names the one that it is for, where that asks for an authorisation of its own.
    """
    _refuse_disabled(person)
    given = Authorisation(
        person_id=person.id,
        activity=activity,
        procedure=procedure,
        valid_from=valid_from,
        valid_until=valid_until,
        given_at=at,
    )
    session.add(given)
    session.flush()
    append(
        session,
        Tag.PERSON_AUTHORISATION_GRANTED,
        stream=person.stream,
        by=by,
        at=at,
        content={
            "activity": activity.value,
            **({"procedure": procedure} if procedure else {}),
            "from": valid_from.isoformat(),
            "until": valid_until.isoformat(),
        },
    )
    return given


def withdraw_authorisation(
    session: Session, authorisation: Authorisation, *, by: Actor, at: datetime
) -> None:
    """Withdraw an authorisation; again is the same as once."""
    if authorisation.withdrawn_at is not None:
        return
    authorisation.withdrawn_at = at
    person = session.get_one(Person, authorisation.person_id)
    append(
        session,
        Tag.PERSON_AUTHORISATION_ENDED,
        stream=person.stream,
        by=by,
        at=at,
        content={"activity": authorisation.activity.value},
    )


def _refuse_disabled(person: Person) -> None:
    if person.disabled_at is not None:
        raise AlreadyDisabled(initials=person.initials)


def _refuse_oneself(person: Person, by: Actor) -> None:
    if by.person == person.id:
        raise NotYourself()
