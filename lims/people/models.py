# SPDX-License-Identifier: Apache-2.0
"""Tables of people, sessions, badges, stations and agent keys. No row is ever deleted."""

from datetime import date, datetime

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lims.core.actors import Actor, Role
from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, BigId, stored_enum
from lims.core.scans import StationKind
from lims.people.rules import Activity, Line, SessionTimes


class Person(Base):
    """Somebody with an account. `ref` is the opaque name by which the ledger knows them."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("failed_attempts >= 0", name="failed_attempts"),
        CheckConstraint("login = lower(login)", name="login_folded"),
        CheckConstraint(
            "second_factor_since IS NULL OR second_factor IS NOT NULL", name="second_factor"
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    ref: Mapped[str] = mapped_column(String(12), unique=True)
    login: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    initials: Mapped[str] = mapped_column(String(12), unique=True)
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """Argon2id. None until the person has chosen a password with the start code."""
    start_code: Mapped[str | None] = mapped_column(String(64))
    """SHA-256 of the one-time start code, hexadecimal."""
    start_code_until: Mapped[datetime | None]
    second_factor: Mapped[bytes | None] = mapped_column(LargeBinary(100))
    """The secret, AES-256-GCM bound to this row; not confirmed without `second_factor_since`."""
    second_factor_since: Mapped[datetime | None]
    second_factor_step: Mapped[int | None] = mapped_column(BigInteger)
    """The last time step whose digits were taken: no digits are taken twice."""
    failed_attempts: Mapped[int] = mapped_column(Integer, default=0)
    locked_until: Mapped[datetime | None]
    added_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    elimination_since: Mapped[date | None] = mapped_column(Date)
    """Since when the person's elimination profile is on file; None while it is missing."""

    @property
    def actor(self) -> Actor:
        """The person as operations take them."""
        return Actor(f"u:{self.ref}", self.role, self.id)

    @property
    def stream(self) -> str:
        """The stream of the ledger that tells of this account."""
        return f"u:{self.ref}"


class RoleHeld(Base):
    """That a person held a role from an instant on; the newest is the present one."""

    __tablename__ = "role_held"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[Role] = mapped_column(stored_enum(Role))
    since: Mapped[datetime]


class SignInSession(Base):
    """One sitting of a person. The cookie holds the token, the table only its hash."""

    __tablename__ = "sign_in_session"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the token, hexadecimal."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()

    @property
    def times(self) -> SessionTimes:
        """What decides whether it lives."""
        return SessionTimes(self.last_seen_at, self.ends_at, self.ended_at)


class RefusedSignIn(Base):
    """How many attempts a day the ledger did not take: unknown names, and accounts at rest.

    Whoever tries names could otherwise fill the ledger.
    """

    __tablename__ = "refused_sign_in"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    attempts: Mapped[int] = mapped_column(Integer)


class Badge(Base):
    """A badge that a person carries; its code is a custody subject of kind K."""

    __tablename__ = "badge"
    __table_args__ = (CheckConstraint("failed_pins >= 0", name="failed_pins"),)

    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    pin_hash: Mapped[str] = mapped_column(String(200))
    failed_pins: Mapped[int] = mapped_column(Integer, default=0)
    """Wrong PINs in a row: counted apart from passwords, or a known PIN would free guesses."""
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    person: Mapped[Person] = relationship()


class Station(Base):
    """A bench where things are scanned; its code is a custody subject of kind T."""

    __tablename__ = "station"

    code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("subject.code"), primary_key=True
    )
    kind: Mapped[StationKind] = mapped_column(stored_enum(StationKind))
    line: Mapped[Line | None] = mapped_column(stored_enum(Line))
    """The line of samples that alone is worked on here; None where both are."""
    name: Mapped[str] = mapped_column(String(80), unique=True)
    name_ar: Mapped[str] = mapped_column(String(80), unique=True)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class AgentKey(Base):
    """A key of the bench agent of one station; only its hash is kept."""

    __tablename__ = "agent_key"
    __table_args__ = (
        # One key in use a station, and beside it one that nobody has used yet: the agent changes
        # over without a gap, and its first use of the new key revokes the old one.
        Index(
            "uq_agent_key_used",
            "station_code",
            unique=True,
            sqlite_where=text("revoked_at IS NULL AND last_seen_at IS NOT NULL"),
            postgresql_where=text("revoked_at IS NULL AND last_seen_at IS NOT NULL"),
        ),
        Index(
            "uq_agent_key_unused",
            "station_code",
            unique=True,
            sqlite_where=text("revoked_at IS NULL AND last_seen_at IS NULL"),
            postgresql_where=text("revoked_at IS NULL AND last_seen_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_code: Mapped[str] = mapped_column(String(CODE_LENGTH), ForeignKey("station.code"))
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the key, hexadecimal."""
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    last_seen_at: Mapped[datetime | None]

    station: Mapped[Station] = relationship()


class StationAgent(Base):
    """The agent that works for a station, as it said last; the rival is one that was refused."""

    __tablename__ = "station_agent"

    station_code: Mapped[str] = mapped_column(
        String(CODE_LENGTH), ForeignKey("station.code"), primary_key=True
    )
    agent: Mapped[str] = mapped_column(String(40))
    claimed_at: Mapped[datetime]
    heard_at: Mapped[datetime]
    version: Mapped[str] = mapped_column(String(20))
    clock_ahead_ms: Mapped[int | None] = mapped_column(BigInteger)
    """By how much its clock is ahead of the server's; behind is negative."""
    scans_stored: Mapped[int]
    scans_rejected: Mapped[int]
    outcomes_stored: Mapped[int]
    labels_held: Mapped[int]
    rival: Mapped[str] = mapped_column(String(40))
    rival_at: Mapped[datetime | None]


class Authorisation(Base):
    """That a person may do an activity, from a day to a day, both included."""

    __tablename__ = "authorisation"
    __table_args__ = (CheckConstraint("valid_from <= valid_until", name="days"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    activity: Mapped[Activity] = mapped_column(stored_enum(Activity))
    # The name of the one procedure that it is for; "" for every one that asks for none of its own.
    procedure: Mapped[str] = mapped_column(String(40), default="")
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    given_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]


TABLES = (
    Person,
    RoleHeld,
    SignInSession,
    RefusedSignIn,
    Badge,
    Station,
    AgentKey,
    StationAgent,
    Authorisation,
)
