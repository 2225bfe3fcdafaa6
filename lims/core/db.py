# SPDX-License-Identifier: Apache-2.0
"""The two doors to the database: reading() and writing(). SQLite by default, or PostgreSQL."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Enum,
    Integer,
    MetaData,
    create_engine,
    event,
    text,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.pool import QueuePool
from sqlalchemy.types import TypeDecorator

if os.name == "posix":
    import fcntl
else:
    import msvcrt

BigId = BigInteger().with_variant(Integer, "sqlite")
"""A 64-bit row number: SQLite only counts up by itself where the type reads INTEGER."""


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware going in, UTC and aware coming out, on both databases."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant without a zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def stored_enum(of: type[StrEnum]) -> Enum:
    """Return a column type that stores the members of `of` by value, with a CHECK."""
    return Enum(
        of,
        native_enum=False,
        create_constraint=True,
        length=40,
        values_callable=lambda members: [member.value for member in members],
        name=of.__name__.lower(),
    )


class Base(DeclarativeBase):
    """The one declarative base; constraint names follow one convention on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime}  # noqa: RUF012  # SQLAlchemy's own attribute


class _WriteGate:
    """One SQLite writer at a time: a thread lock, then a lock between processes.

    SQLite's own busy handler sleeps and is unfair; a queue in front of BEGIN IMMEDIATE is not.
    """

    def __init__(self, lock_file: Path | None) -> None:
        self._threads = threading.Lock()
        self._file = lock_file

    @contextmanager
    def __call__(self) -> Iterator[None]:
        with self._threads:
            if self._file is None:
                yield
                return
            descriptor = os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.name == "posix":
                    fcntl.flock(descriptor, fcntl.LOCK_EX)
                else:
                    msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined,unused-ignore]  # Windows only
                yield
            finally:
                os.close(descriptor)


class Database:
    """An engine and its two doors. Made once a process, at the edge."""

    def __init__(
        self,
        url: str | URL,
        *,
        lock_file: Path | None = None,
        keyring: Callable[[], bytes] | None = None,
    ) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _server_engine(self.url)
        self._gate = _WriteGate(lock_file) if self.is_sqlite else None
        # What opens the keys of codes (core.code_keys); every session carries it.
        self._sessions = sessionmaker(
            self.engine, expire_on_commit=False, autoflush=True, info={"keyring": keyring}
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Open a session that sees one state of the database and changes nothing."""
        with self._sessions() as session:
            session.info["door"] = "reading"
            if not self.is_sqlite:
                session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
            yield session
            # Closing rolls back and lets go of the rows as they were read; an explicit rollback
            # would empty them first.

    @contextmanager
    def writing(self, key: str | None = None) -> Iterator[Session]:
        """Open the one transaction of one act; commits at the end, rolls back on any exception.

        `key` is the client-made key of the request; the events of the act carry it.
        """
        if self._gate is None:
            with self._sessions() as session, session.begin():
                session.info.update(door="writing", key=key)
                yield session
            return
        with self._gate(), self._sessions() as session:
            session.info.update(door="writing", key=key)
            connection = session.connection(execution_options={"osteon_write": True})
            del connection
            with_commit = False
            try:
                yield session
                with_commit = True
            finally:
                if with_commit:
                    session.commit()
                else:
                    session.rollback()

    def empty_log(self) -> bool:
        """Write SQLite's log back and cut it to nothing; return False where readers hold it.

        What was overwritten is gone from the database's file then (secure_delete), and from the
        log. PostgreSQL keeps old versions of a row until VACUUM: that is its owner's to do.
        """
        if not self.is_sqlite:
            return True
        with self.engine.connect() as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        return busy == 0

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def reading_apart(url: URL) -> Iterator[Session]:
    """Open a door for reading in a process that has no database yet: it is an edge of its own."""
    database = Database(url)
    try:
        with database.reading() as session:
            yield session
    finally:
        database.close()


def _sqlite_engine(url: URL) -> Engine:
    # Threads of a page wait for a write; the pool must not be what they wait for.
    engine = create_engine(
        url, poolclass=QueuePool, pool_size=8, max_overflow=64, pool_timeout=60,
        connect_args={"timeout": 30, "check_same_thread": False},
        hide_parameters=True,
    )  # fmt: skip

    @event.listens_for(engine, "connect")
    def _settle(connection: Any, _record: object) -> None:
        # SQLAlchemy begins; the driver must not begin behind its back.
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "recursive_triggers=ON",
            "trusted_schema=OFF",
            "secure_delete=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "checkin")
    def _leave_nothing_open(connection: Any, _record: object) -> None:
        # A COMMIT refused by a deferred key leaves the transaction, and its lock, as they were.
        if connection is not None and connection.in_transaction:
            connection.rollback()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writes = connection.get_execution_options().get("osteon_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _server_engine(url: URL) -> Engine:
    # What is bound to a statement may be personal: it must not reach a log with an error.
    return create_engine(
        url, pool_size=8, max_overflow=64, pool_timeout=60, pool_pre_ping=True,
        hide_parameters=True,
    )  # fmt: skip
