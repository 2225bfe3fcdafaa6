# SPDX-License-Identifier: Apache-2.0
"""The fictional laboratory of `lims demo`: built once in a folder, then it goes on."""

import json
import os
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from lims.core.actors import Actor
from lims.core.clock import now, utc_text
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.files import FileStore
from lims.core.sealing import open_vault
from lims.core.settings import SETTINGS_FILE, Settings, read_settings
from lims.demo.accounts import add_accounts, hashed_password, issue_badges
from lims.demo.sealed import fill_cases, fill_dispatch, fill_persons
from lims.demo.stock import (
    DPI,
    OpenedBench,
    fill_stock,
    keep_printed,
    open_benches,
    print_queue,
)
from lims.founding import make_laboratory
from lims.migrations import current, newest

BUILT_FILE = "demonstration.json"
BENCH_FILE = "bench.toml"

LABORATORY = "Laboratory of the Demonstration"
LABORATORY_AR = "مختبر العرض التجريبي"
ORIGIN = "osteon.example/demonstration"

BUILDER = Actor("console:demonstration")
BEGAN = timedelta(days=60)
"""For how long the laboratory has been at work: a lot can have expired in that time."""


class NotADemonstration(Exception):
    """The folder or the database cannot hold the demonstration; says why and what to do."""


@dataclass(frozen=True)
class Built:
    """What the demonstration keeps of itself in `demonstration.json`: codes, no secrets."""

    stations: dict[str, str]
    """Codes of stations by their keys."""
    stock: dict[str, str]
    """Codes of lots, instruments and places by their keys."""
    badges: dict[str, str]
    """Codes of badges by sign-in names; the PIN is everybody's."""


def open_demonstration(folder: Path, url: str = "") -> tuple[Settings, Built]:
    """Return the demonstration of a folder, built now where there is none.

    `url` is a database other than SQLite in the folder. Raises NotADemonstration.
    """
    check_folder(folder)
    if not (folder / SETTINGS_FILE).exists():
        return build(folder, url)
    settings = read_settings(folder)
    if url and url != settings.url:
        raise NotADemonstration(
            f"The demonstration in {folder} has another database. Name another folder for this one."
        )
    built = read_built(folder)
    database = open_database(settings)
    found = current(database.engine)
    database.close()
    if found != newest():
        raise NotADemonstration(
            f"The demonstration in {folder} was made by another version of this program. Keep it "
            "with that one, or name another folder."
        )
    return settings, built


def check_folder(folder: Path) -> None:
    """Raise NotADemonstration unless the folder is a demonstration, empty, or not there yet."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise NotADemonstration(f"{folder} is a file. Name a folder.")
    if (folder / SETTINGS_FILE).exists():
        if not read_settings(folder).demonstration:
            raise NotADemonstration(
                f"{folder} is a real laboratory, not a demonstration. Name another folder."
            )
        if not (folder / BUILT_FILE).exists():
            raise NotADemonstration(
                f"The demonstration in {folder} was not built to its end. Remove that folder and "
                "start again, or name another one."
            )
        return
    if any(folder.iterdir()):
        raise NotADemonstration(
            f"{folder} holds other things. Name an empty folder, or one that is not there yet."
        )


def build(folder: Path, url: str = "") -> tuple[Settings, Built]:
    """Build the fictional laboratory. Raises NotADemonstration for a database in use."""
    settings = Settings(
        folder=folder, laboratory=LABORATORY, laboratory_ar=LABORATORY_AR, origin=ORIGIN,
        zone="Africa/Tripoli", url=url, demonstration=True,
    )  # fmt: skip
    if url:
        _check_empty(url)
    try:
        make_laboratory(settings)
    except SQLAlchemyError as error:
        raise NotADemonstration(
            f"The database cannot be set up ({type(error).__name__}). Name one that is empty and "
            f"belongs to you, and remove {folder} before you try again."
        ) from None
    hashed = hashed_password(settings)
    at = now()
    database = open_database(settings)
    began = at - BEGAN
    with database.writing() as session:
        people = add_accounts(session, settings, hashed, by=BUILDER, at=began)
        badges = issue_badges(session, people, by=BUILDER, at=began)
        benches = open_benches(session, by=BUILDER, at=began)
        stations = {bench.key: bench.code for bench in benches.values()}
        stock = fill_stock(
            session, stations, by=people["manager"].actor, second=people["quality"].actor,
            began=began, today=at.date(),
        )  # fmt: skip
    with database.writing() as session:
        printed = print_queue(session, stations, by=people["technician"].actor, at=at)
    vault, files = open_vault(settings), FileStore(settings.files)
    with database.writing() as session:
        fill_cases(session, vault, files, by=people["reception"].actor, at=at)
        fill_dispatch(session, vault, by=people["reception"].actor, at=at)
        fill_persons(session, vault, by=people["coordinator"].actor, at=at)
    database.close()
    keep_printed(folder, printed)
    for bench in benches.values():
        _keep_key(settings, bench)
    built = Built(stations, stock, badges)
    (folder / BUILT_FILE).write_text(
        json.dumps({"built": utc_text(at), **asdict(built)}, indent=1), "utf-8"
    )
    return settings, built


def read_built(folder: Path) -> Built:
    """Return what the demonstration of a folder keeps of itself."""
    stored = json.loads((folder / BUILT_FILE).read_text("utf-8"))
    return Built(
        stations=dict(stored["stations"]), stock=dict(stored["stock"]),
        badges=dict(stored["badges"]),
    )  # fmt: skip


def write_bench_file(settings: Settings, built: Built, *, port: int) -> Path:
    """Write the agent's `bench.toml` for this start: the port and the folder may have changed."""
    folder = settings.folder.absolute()
    lines = [
        f'server = "http://127.0.0.1:{port}"',
        'journal = "bench.journal"',
    ]
    for code in built.stations.values():
        lines += [
            "",
            "[[station]]",
            f'code = "{code}"',
            f'key_file = "keys/agents/{code}.key"',
            f"scanner = {json.dumps(str(folder / 'devices' / f'{code}-scanner'))}",
            'scanner_model = "honeywell"',
            f"printer = {json.dumps(str(folder / 'devices' / f'{code}-printer'))}",
            f"dpi = {DPI}",
        ]
    path = settings.folder / BENCH_FILE
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _keep_key(settings: Settings, bench: OpenedBench) -> None:
    place = settings.keys / "agents"
    place.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(place / f"{bench.code}.key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(bench.agent_key + "\n")


def _check_empty(url: str) -> None:
    database = Database(url)
    try:
        found = current(database.engine)
    except SQLAlchemyError as error:
        raise NotADemonstration(f"The database does not answer: {type(error).__name__}") from None
    finally:
        database.close()
    if found is not None:
        raise NotADemonstration("The database is in use already. Name an empty one.")
