# SPDX-License-Identifier: Apache-2.0
"""`lims init`, `lims upgrade`, `lims doctor`: a laboratory's folder from birth to health."""

import shutil
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import click
from PIL import features
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from lims.cli.common import folder_option, json_option, plain_errors, print_json, tell
from lims.cli.erasures import erase_before_opening
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.settings import SETTINGS_FILE, BadSettings, Settings, read_settings
from lims.custody.operations import days_left
from lims.custody.queries import checkpoint_due, head
from lims.founding import make_laboratory, migrate
from lims.migrations import current, newest


@click.command()
@folder_option
@click.option("--laboratory", default=Settings.laboratory, show_default=True)
@click.option("--origin", required=True, help="The ledger's name for ever: lab.example/ledger.")
@click.option("--zone", default=Settings.zone, show_default=True)
@click.option("--language", type=click.Choice(["en", "ar"]), default="en", show_default=True)
@click.option("--database", "url", default="", help="PostgreSQL address of the role lims_app.")
@click.option("--owner-database", "owner_url", default="", help="The same as the owner.")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8400, show_default=True)
@click.option("--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--no-passphrase", is_flag=True, help="Let the keys lie open in the folder.")
@plain_errors
def init(
    folder: Path, laboratory: str, origin: str, zone: str, language: str, url: str,
    owner_url: str, host: str, port: int, passphrase_file: Path | None, no_passphrase: bool,
) -> None:  # fmt: skip
    """Make a new laboratory's folder: settings, database, ledger, keys, certificates."""
    if passphrase_file is None and not no_passphrase:
        raise click.UsageError(
            "The keys that sign the ledger need a passphrase: --passphrase-file FILE (keep it on "
            "a stick, away from the server), or --no-passphrase to let them lie open."
        )
    settings = Settings(
        folder=folder, laboratory=laboratory, origin=origin, zone=zone, language=language, url=url,
        owner_url=owner_url, host=host, port=port,
        passphrase_file=str(passphrase_file.absolute()) if passphrase_file else "",
    )  # fmt: skip
    try:
        make_laboratory(settings)
    except FileExistsError as error:
        raise click.UsageError(f"{error} is there already: this folder has a laboratory") from None
    read_settings(folder)
    tell(
        f"The laboratory is made in {folder}. Keep {settings.public_key.name} and the folder "
        f"{settings.checkpoints.name} also away from this machine: they prove the ledger.\n"
        f"Next: lims user add ... --role administrator --folder {folder}; "
        f"lims serve --folder {folder}"
    )


@click.command()
@folder_option
@plain_errors
def upgrade(folder: Path) -> None:
    """Bring the database to the schema of this program; SQLite is copied first."""
    settings = read_settings(folder)
    database = Database(settings.owner_url or settings.database_url, lock_file=settings.lock_file)
    before = current(database.engine)
    database.close()
    if before == newest():
        tell(f"The database is at schema {before}: nothing to do.")
        erase_before_opening(settings)
        return
    if before is not None and not settings.url:
        source = folder / "lims.sqlite"
        copy = folder / f"lims.before-{newest()}.sqlite"
        with sqlite3.connect(source) as old, sqlite3.connect(copy) as new:
            old.backup(new)
        tell(f"A copy of the database as it was: {copy}")
    migrate(settings)
    erase_before_opening(settings)
    tell(f"The database is at schema {newest()} (was {before or 'none'}).")


@dataclass(frozen=True)
class Check:
    """One thing that `lims doctor` looked at."""

    name: str
    ok: bool
    found: str


@click.command()
@folder_option
@json_option
@plain_errors
def doctor(folder: Path, as_json: bool) -> None:
    """Look at the installation and the laboratory; exit 1 when something needs mending."""
    checks = list(examine(folder))
    if as_json:
        print_json(
            {
                "ok": all(check.ok for check in checks),
                "checks": [
                    {"name": check.name, "ok": check.ok, "found": check.found} for check in checks
                ],
            }
        )
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.ok else 'MEND'}  {check.name}: {check.found}")
    if not all(check.ok for check in checks):
        sys.exit(1)


def examine(folder: Path) -> Iterator[Check]:
    """Yield what is well and what is not."""
    places = set()
    for name in ("lims", "instruments", "labels"):
        spec = find_spec(name)
        places.add(str(Path(spec.origin).parent.parent) if spec and spec.origin else "missing")
    yield Check(
        "packages come from one place", len(places) == 1 and "missing" not in places,
        "; ".join(sorted(places)),
    )  # fmt: skip
    pictures = bool(features.check("jpg")) and bool(features.check("zlib"))
    yield Check("picture formats", pictures, "JPEG, PNG")
    try:
        settings = read_settings(folder)
    except BadSettings as error:
        yield Check("settings", False, str(error))
        return
    yield Check("settings", True, str(folder / SETTINGS_FILE))
    loose = [path.name for path in settings.keys.glob("*") if path.stat().st_mode & 0o077]
    yield Check(
        "keys are readable by the owner alone", not loose,
        ", ".join(loose) or f"{settings.keys} is closed to others",
    )  # fmt: skip
    left = days_left(settings.keys, at=now())
    yield Check(
        "a key to sign today", left > 0, "there is one" if left else "none: nothing can be signed"
    )
    yield Check("days with a certified key", left > 7, f"{left} (`lims ledger key --certify` adds)")
    free = shutil.disk_usage(folder).free // 1_000_000
    yield Check("room on the disk", free > settings.free_disk_mb, f"{free} MB free")
    database = open_database(settings)
    try:
        found = current(database.engine)
        yield Check("schema", found == newest(), f"{found}, this program needs {newest()}")
        if found == newest():
            with database.reading() as session:
                yield Check("ledger", True, f"{head(session).size} events")
                late = checkpoint_due(
                    session, at=now(), events=2 * settings.checkpoint_events,
                    minutes=2 * settings.checkpoint_minutes,
                )  # fmt: skip
                yield Check(
                    "checkpoints are signed in time", not late,
                    "is `lims worker` running?" if late else "they are",
                )  # fmt: skip
                if database.is_sqlite:
                    sync = session.execute(text("PRAGMA synchronous")).scalar()
                    yield Check("commits reach the disk", sync == 2, f"synchronous = {sync}")
    except SQLAlchemyError as error:
        yield Check("database", False, type(error).__name__)
    finally:
        database.close()
