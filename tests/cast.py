# SPDX-License-Identifier: Apache-2.0
"""The small fixed cast of every test, and the stations they stand at. Made once a template."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor, Role
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.people import operations
from lims.people.models import Person, Station
from lims.people.rules import Activity

BEGIN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)
PASSWORD = "kestrel over the dunes 41"
LABORATORY = "Laboratory of the Tests"

# login, name (a canary: it must never be seen on the laboratory side), initials, role
PEOPLE = (
    ("salma", "Salma Technician", "T-01", Role.TECHNICIAN),
    ("omar", "Omar First-Reader", "T-02", Role.TECHNICIAN),
    ("huda", "Huda Second-Reader", "T-03", Role.TECHNICIAN),
    ("majid", "Majid Laboratory-Manager", "M-01", Role.MANAGER),
    ("nadia", "Nadia Quality", "Q-01", Role.QUALITY),
    ("yusuf", "Yusuf Coordinator", "C-01", Role.COORDINATOR),
    ("rima", "Rima Reception", "R-01", Role.RECEPTION),
    ("adam", "Adam Administrator", "A-01", Role.ADMINISTRATOR),
    ("amal", "Amal Auditor", "U-01", Role.AUDITOR),
    ("piet", "Piet Partner", "P-01", Role.PARTNER),
)


@dataclass(frozen=True)
class Cast:
    """Who is there: actors by login, stations by kind (codes)."""

    actors: dict[str, Actor]
    stations: dict[StationKind, str]

    @property
    def technician(self) -> Actor:
        """Salma, who works at the benches."""
        return self.actors["salma"]

    @property
    def first_reader(self) -> Actor:
        """Omar, who reads first."""
        return self.actors["omar"]

    @property
    def second_reader(self) -> Actor:
        """Huda, who reads second."""
        return self.actors["huda"]

    @property
    def manager(self) -> Actor:
        """Majid, who plans and watches."""
        return self.actors["majid"]

    @property
    def quality(self) -> Actor:
        """Nadia, who reviews custody."""
        return self.actors["nadia"]

    @property
    def coordinator(self) -> Actor:
        """Yusuf, the only one who sees names."""
        return self.actors["yusuf"]

    @property
    def reception(self) -> Actor:
        """Rima, who receives packages."""
        return self.actors["rima"]

    @property
    def administrator(self) -> Actor:
        """Adam, who keeps accounts."""
        return self.actors["adam"]

    @property
    def auditor(self) -> Actor:
        """Amal, who reads the ledger."""
        return self.actors["amal"]

    @property
    def partner(self) -> Actor:
        """Piet of another laboratory, who must be refused nearly everything."""
        return self.actors["piet"]


def settle(database: Database) -> None:
    """Put the cast and one station of each kind into a fresh database."""
    console = Actor("console:tests")
    hashed = operations.hash_password(
        PASSWORD, login="nobody", name="Nobody", laboratory=LABORATORY
    )
    with database.writing() as session:
        for login, name, initials, role in PEOPLE:
            person = operations.add_person(
                session, login=login, name=name, initials=initials, role=role, by=console, at=BEGIN
            )
            invitation = operations.invite(session, person, by=console, at=BEGIN)
            operations.set_password(
                session, person, hashed, start_code=invitation.start_code, at=BEGIN
            )
            if role is Role.TECHNICIAN:
                operations.record_elimination(
                    session, person, since=date(2026, 1, 4), by=console, at=BEGIN
                )
            if role in (Role.TECHNICIAN, Role.MANAGER):
                for activity in Activity:
                    operations.authorise(
                        session, person, activity=activity, valid_from=date(2026, 1, 1),
                        valid_until=date(2036, 1, 1), by=console, at=BEGIN,
                    )  # fmt: skip
        for kind in StationKind:
            operations.add_station(
                session, kind=kind, name=f"{kind.value} bench", name_ar=f"طاولة {kind.value}",
                line=None, by=console, at=BEGIN,
            )  # fmt: skip


def read_cast(session: Session) -> Cast:
    """Return the cast of a database that `settle` filled."""
    return Cast(
        actors={person.login: person.actor for person in session.scalars(select(Person))},
        stations={station.kind: station.code for station in session.scalars(select(Station))},
    )
