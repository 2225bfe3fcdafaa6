# SPDX-License-Identifier: Apache-2.0
"""The people of the demonstration: everybody signs in with one password that anybody may know."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.settings import Settings
from lims.people.models import Person
from lims.people.operations import (
    HashedPassword,
    add_person,
    authorise,
    enrol_second_factor,
    hash_password,
    hash_pin,
    invite,
    issue_badge,
    record_elimination,
    second_factor_key,
    set_password,
)
from lims.people.rules import Activity
from lims.web.rights import NEEDS_SECOND_FACTOR, TABLE, Right

PASSWORD = "lantern on the salt road 58"  # noqa: S105  # shown on the demonstration's first page
PIN = "2468"
"""The PIN of every badge."""


@dataclass(frozen=True)
class Account:
    """Somebody of the fictional laboratory; the name is invented and says so."""

    login: str
    name: str
    initials: str
    role: Role
    elimination: bool = True
    """Whether an elimination profile is on file: one technician has none, to try the refusal."""


ACCOUNTS = (
    Account("coordinator", "Invented Coordinator", "C-01", Role.COORDINATOR),
    Account("reception", "Invented Receptionist", "R-01", Role.RECEPTION),
    Account("technician", "Invented Technician", "T-01", Role.TECHNICIAN),
    Account("reader", "Invented First Reader", "T-02", Role.TECHNICIAN),
    Account("second-reader", "Invented Second Reader", "T-03", Role.TECHNICIAN),
    Account("newcomer", "Invented Newcomer", "T-04", Role.TECHNICIAN, elimination=False),
    Account("manager", "Invented Manager", "M-01", Role.MANAGER),
    Account("quality", "Invented Quality Officer", "Q-01", Role.QUALITY),
    Account("administrator", "Invented Administrator", "A-01", Role.ADMINISTRATOR),
    Account("auditor", "Invented Auditor", "U-01", Role.AUDITOR),
    Account("partner", "Invented Partner", "P-01", Role.PARTNER),
)


def hashed_password(settings: Settings) -> HashedPassword:
    """Hash the one password once: argon2id takes its time on purpose."""
    return hash_password(
        PASSWORD, login="demonstration", name="Nobody", laboratory=settings.laboratory
    )


def add_accounts(
    session: Session, settings: Settings, hashed: HashedPassword, *, by: Actor, at: datetime
) -> dict[str, Person]:
    """Add everybody with password, authorisations and second factor; returns them by login."""
    key = second_factor_key(settings.keys, settings.passphrase)
    day = at.date()
    people = {}
    for account in ACCOUNTS:
        person = add_person(
            session, login=account.login, name=account.name, initials=account.initials,
            role=account.role, by=by, at=at,
        )  # fmt: skip
        invitation = invite(session, person, by=by, at=at)
        set_password(session, person, hashed, start_code=invitation.start_code, at=at)
        if account.role in NEEDS_SECOND_FACTOR:
            enrol_second_factor(session, person, key=key)
            person.second_factor_since = at
        if account.role is Role.TECHNICIAN and account.elimination:
            since = day - timedelta(days=90)
            record_elimination(session, person, since=since, by=by, at=at)
        _authorise(session, person, account, day, by=by, at=at)
        people[account.login] = person
    return people


def issue_badges(
    session: Session, people: Mapping[str, Person], *, by: Actor, at: datetime
) -> dict[str, str]:
    """Issue a badge with the one PIN to everybody who may confirm; returns the codes by login."""
    hashed = hash_pin(PIN)
    return {
        login: issue_badge(session, person, hashed, by=by, at=at).code
        for login, person in people.items()
        if Right.WITNESS in TABLE[person.role]
    }


def _authorise(
    session: Session, person: Person, account: Account, day: date, *, by: Actor, at: datetime
) -> None:
    activities: list[Activity]
    if account.role is Role.TECHNICIAN:
        activities = [activity for activity in Activity if activity is not Activity.REVIEW]
    elif account.role is Role.MANAGER:
        activities = [Activity.REVIEW]
    else:
        return
    for activity in activities:
        authorise(
            session, person, activity=activity, valid_from=day - timedelta(days=30),
            valid_until=day + timedelta(days=700), by=by, at=at,
        )  # fmt: skip
