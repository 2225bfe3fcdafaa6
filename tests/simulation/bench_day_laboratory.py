# SPDX-License-Identifier: Apache-2.0
"""The laboratory of the simulated day: three benches, who works there, what waits in the morning.

Server, bench agents and devices are the processes that people run; each can be killed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO

import httpx
from sqlalchemy.orm import Session

from instruments.scanners import ScannerModel
from instruments.virtual.control import VirtualBench
from instruments.virtual.paths import printer_link, scanner_link
from lims.app import create_app
from lims.bench.operations import open_screen, order_screen, take_bench
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.scans import StationKind
from lims.core.settings import Settings, write_settings
from lims.custody.operations import start_ledger
from lims.demo.stock import keep_printed, print_queue
from lims.migrations import upgrade
from lims.people.models import Person, Station
from lims.people.operations import hash_pin, issue_agent_key, issue_badge, open_session
from lims.people.rules import Policy
from lims.plates.rules import Activity
from lims.printing.operations import queue_label
from lims.procedures.operations import approve_procedure, draft_procedure
from lims.reagents.operations import add_reagent, receive_lot, release_lot
from lims.samples.operations import register_bone_sample
from lims.samples.rules import ExpectedSex, Material, Side
from lims.storage.operations import add_place
from lims.storage.rules import BoxUse, PlaceKind
from tests.cast import Cast, read_cast, settle

ORIGIN = "osteon.example/simulation"
PIN = "4711"
BENCHES = {
    "front": (StationKind.INTAKE, StationKind.RECEPTION),
    "wet": (StationKind.PREPARATION, StationKind.EXTRACTION),
    "store": (StationKind.STORAGE, StationKind.HANDOVER),
}
WORKERS = ("salma", "omar", "huda")
BOXES = 6
MASS_UG = 2_000_000


@dataclass
class Laboratory:
    """Where it is, who is there, and the codes of what people work with."""

    settings: Settings
    cast: Cast
    keys: dict[StationKind, str] = field(default_factory=dict)
    badges: dict[str, str] = field(default_factory=dict)
    screens: dict[StationKind, str] = field(default_factory=dict)
    """The cookie of each bench's own screen; intake has none."""
    sessions: dict[str, str] = field(default_factory=dict)
    """The cookie of who is signed in, by sign-in name."""
    boxes: list[str] = field(default_factory=list)
    lots: list[str] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    procedure: int = 0

    def open(self) -> Database:
        """Open its database as the application does."""
        return open_database(self.settings)


def found_day(folder: Path, *, samples: int, url: str = "", owner: str = "") -> Laboratory:
    """Found a laboratory whose intake has so many labels to print this morning.

    Boxes, lots and badges lie ready. `url` is the database as the application opens it (SQLite in
    the folder unless given), `owner` the same as its owner, for the migrations.
    """
    settings = Settings(
        folder=folder, url=url, origin=ORIGIN, free_disk_mb=0, bench_idle_minutes=60,
        lockout_attempts=100,
    )  # fmt: skip
    write_settings(settings)
    if owner:
        owned = Database(owner)
        upgrade(owned.engine, role="lims_app")
        owned.close()
    database = open_database(settings)
    if not owner:
        upgrade(database.engine)
    with database.writing() as session:
        start_ledger(session, origin=ORIGIN)
    settle(database)
    at = datetime.now(UTC)
    with database.reading() as session:
        lab = Laboratory(settings, read_cast(session))
    stations = {kind.value: code for kind, code in lab.cast.stations.items()}
    with database.writing() as session:
        _open_benches(session, lab, at)
        _fill_stock(session, lab, at)
        printed = print_queue(session, stations, by=lab.cast.technician, at=at)
    keep_printed(folder, printed)
    for number in range(0, samples, 100):
        with database.writing() as session:
            for _ in range(min(100, samples - number)):
                lab.samples.append(_code_bone(session, lab, at))
    _sign_in(database, lab, at)
    database.close()
    return lab


def _open_benches(session: Session, lab: Laboratory, at: datetime) -> None:
    by, hashed = lab.cast.administrator, hash_pin(PIN)
    for login in WORKERS:
        person = session.get_one(Person, lab.cast.actors[login].person)
        lab.badges[login] = issue_badge(session, person, hashed, by=by, at=at).code
    for kind in (kind for kinds in BENCHES.values() for kind in kinds):
        code = lab.cast.stations[kind]
        lab.keys[kind] = issue_agent_key(session, session.get_one(Station, code), by=by, at=at)
        if kind is not StationKind.INTAKE:
            opening = order_screen(session, code, by=by, at=at)
            _, lab.screens[kind] = open_screen(session, opening, at=at)
    # The coordinator signs in at intake and takes the bench on the page.
    take_bench(session, lab.cast.stations[StationKind.INTAKE], by=lab.cast.coordinator, at=at)


def _fill_stock(session: Session, lab: Laboratory, at: datetime) -> None:
    by, stations = lab.cast.manager, lab.cast.stations
    room = add_place(session, kind=PlaceKind.ROOM, name="Room 1", by=by, at=at)
    for number in range(BOXES):
        name = f"Box {number + 1}"
        box = add_place(
            session, kind=PlaceKind.BOX, name=name, parent=room, rows=16, columns=24,
            takes=BoxUse.ANYTHING, by=by, at=at,
        )  # fmt: skip
        station = stations[StationKind.STORAGE]
        label = queue_label(
            session, box, layout="box", station=station, kind=name, by=by, at=at
        )  # fmt: skip
        lab.boxes.append(label)
    for name in ("Demineralisation buffer", "Proteinase K"):
        reagent = add_reagent(session, name=name, activity=Activity.EXTRACTION, by=by, at=at)
        lot = receive_lot(
            session, reagent.id, number=f"{name[:2]}-1", expires=date(2036, 1, 1), containers=1,
            each=1_000_000_000, by=by, at=at,
        )  # fmt: skip
        release_lot(session, lot, tested="a known sample", by=lab.cast.quality, at=at)
        station = stations[StationKind.EXTRACTION]
        label = queue_label(
            session, lot, layout="reagent lot", station=station, kind=name, by=by, at=at
        )  # fmt: skip
        lab.lots.append(label)
    lab.procedure = draft_procedure(
        session,
        'name = "EX-04"\ntitle = "Extraction"\nactivity = "extraction"\n'
        '[[step]]\nwords = "Extract."\n',
        reason="the laboratory begins", by=by, at=at,
    ).id  # fmt: skip
    approve_procedure(session, lab.procedure, by=lab.cast.quality, at=at)


def _code_bone(session: Session, lab: Laboratory, at: datetime) -> str:
    by = lab.cast.coordinator
    code = register_bone_sample(
        session, element="femur", side=Side.LEFT, material=Material.BONE, mass_ug=MASS_UG,
        expected_sex=ExpectedSex.UNKNOWN, by=by, at=at,
    )  # fmt: skip
    station = lab.cast.stations[StationKind.INTAKE]
    queue_label(session, code, layout="tube", station=station, by=by, at=at)
    return code


def _sign_in(database: Database, lab: Laboratory, at: datetime) -> None:
    app = create_app(lab.settings)
    signer = app.session_interface.get_signing_serializer(app)
    policy = Policy.of(lockout_attempts=100, lockout_minutes=15, idle_minutes=600, hours=12)
    with database.writing() as session:
        for login in ("yusuf", "omar"):
            person = session.get_one(Person, lab.cast.actors[login].person)
            token = open_session(session, person, policy=policy, at=at, second_factor=True)
            lab.sessions[login] = signer.dumps({"token": token})
    app.extensions["osteon"].database.close()


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A process of the laboratory that can be killed, frozen and started again."""

    def __init__(self, command: list[str], log: Path) -> None:
        self._command = command
        self._log = log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._command], stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def send(self, number: signal.Signals) -> None:
        """Send a signal to it, and to its children unless it is asked to end by itself.

        SIGKILL is what a power cut is to it.
        """
        if self._process is None:
            raise RuntimeError("it does not run")
        if number is signal.SIGTERM:
            self._process.terminate()
        else:
            os.killpg(self._process.pid, number)

    def end(self, number: signal.Signals = signal.SIGKILL, *, seconds: float = 15.0) -> None:
        """End it and wait for its end; nothing where it never ran."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self.send(number)
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.send(signal.SIGKILL)
            self._process.wait(seconds)
            raise
        finally:
            stdin: IO[bytes] | None = self._process.stdin
            if stdin is not None:
                stdin.close()

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._process is not None and self._process.poll() is None


class Server(Running):
    """The server as people run it, always on one port."""

    def __init__(self, folder: Path) -> None:
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        super().__init__(
            ["-m", "lims", "serve", "--folder", str(folder), "--port", str(port),
             "--without-worker", "--ends-with-parent"],
            folder / "server.log",
        )  # fmt: skip

    def wait(self) -> None:
        """Wait until it answers."""
        for _ in range(1200):
            try:
                httpx.get(f"{self.address}/healthz", timeout=5)
                return
            except httpx.TransportError:
                if not self.alive:
                    raise RuntimeError("the server ended by itself") from None
                time.sleep(0.05)
        raise RuntimeError("the server did not start")


_WRONG_CLOCK = """
import datetime, sys
from instruments.agent import clocks
off = datetime.timedelta(seconds=float(sys.argv.pop(1)))
class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.datetime.now(tz) + off
clocks.datetime = Clock
from instruments.agent.cli import main
main()
"""
"""An agent on a computer whose clock is set wrong by so many seconds."""


class Agent(Running):
    """The agent of one bench; its computer's clock may be wrong."""

    def __init__(self, config: Path, log: Path, *, clock_off: float = 0.0) -> None:
        self.config = config
        self.journal = config.with_suffix(".journal")
        start = (
            ["-m", "instruments.agent"] if not clock_off else ["-c", _WRONG_CLOCK, f"{clock_off}"]
        )
        super().__init__([*start, "--config", str(config), "--ends-with-parent"], log)


class Devices(Running):
    """The virtual scanners and printers of all stations, in one process."""

    def __init__(self, folder: Path, stations: list[str], *, print_seconds: float) -> None:
        command = ["-m", "instruments.virtual", "--folder", str(folder)]
        for station in stations:
            command += ["--station", station]
        command += ["--print-seconds", str(print_seconds)]
        super().__init__(command, folder / "devices.log")
        self.folder = folder
        self.bench = VirtualBench(folder)


def write_config(
    lab: Laboratory, name: str, kinds: tuple[StationKind, ...], *, server: str, devices: Path,
    model: ScannerModel = ScannerModel.HONEYWELL, flow: str = "none",
) -> Path:  # fmt: skip
    """Write the `bench.toml` of an agent whose ports lie in the folder `devices`."""
    folder = lab.settings.folder / "agents"
    folder.mkdir(mode=0o700, exist_ok=True)
    lines = [f'server = "{server}"', f'journal = "{name}.journal"']
    for kind in kinds:
        code = lab.cast.stations[kind]
        key = folder / f"{kind.value}.key"
        key.touch(mode=0o600)
        key.write_text(lab.keys[kind] + "\n", "ascii")
        lines += [
            "[[station]]", f'code = "{code}"', f'key_file = "{kind.value}.key"',
            f'scanner = "{scanner_link(devices, code)}"', f'scanner_model = "{model.value}"',
            f'printer = "{printer_link(devices, code)}"', 'printer_model = "zebra"', "dpi = 300",
            f'printer_flow = "{flow}"',
        ]  # fmt: skip
    config = folder / f"{name}.toml"
    config.write_text("\n".join(lines) + "\n", "utf-8")
    return config


def browser(address: str, name: str, cookie: str) -> httpx.Client:
    """Return a browser of this laboratory's pages that has one cookie."""
    client = httpx.Client(
        base_url=address, timeout=20, trust_env=False, headers={"Accept-Language": "en"}
    )
    client.cookies.set(name, cookie, domain="127.0.0.1", path="/")
    return client
