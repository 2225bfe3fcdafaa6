# SPDX-License-Identifier: Apache-2.0
"""What every command shares: the folder, the database, words on one stream, JSON on the other."""

import getpass
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click
from sqlalchemy.exc import IntegrityError, OperationalError

from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.code_keys import open_database
from lims.core.db import Database
from lims.core.erasures import ErasureListBroken
from lims.core.errors import Refusal
from lims.core.files import FileDamaged, FileStore
from lims.core.secrets import SecretUnreadable
from lims.core.settings import BadSettings, Settings, read_settings
from lims.custody.operations import BadKeyFile
from lims.custody.rules import LedgerNotStarted
from lims.migrations import current, newest
from lims.people.operations import check_stored_password, sign_in
from lims.people.queries import person_by_login
from lims.people.rules import Policy

P = ParamSpec("P")
T = TypeVar("T")

folder_option = click.option(
    "--folder",
    envvar="LIMS_FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("laboratory"),
    show_default=True,
    help="The laboratory's folder; LIMS_FOLDER names it too.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")


@dataclass(frozen=True)
class Opened:
    """A laboratory opened by a command."""

    settings: Settings
    database: Database
    files: FileStore


def open_laboratory(folder: Path, *, any_schema: bool = False) -> Opened:
    """Open a laboratory's folder; says what to do where it is none or its schema is another.

    Raises BadSettings, click.ClickException.
    """
    settings = read_settings(folder)
    database = open_database(settings)
    click.get_current_context().call_on_close(database.close)
    if not any_schema:
        found = current(database.engine)
        if found != newest():
            raise click.ClickException(
                f"The database is at schema {found or 'none'}, this program needs {newest()}: "
                "run `lims upgrade`."
            )
    return Opened(settings, database, FileStore(settings.files, settings.free_disk_mb))


def console() -> Actor:
    """Return who acts at the console: the login of the operating system, and nothing more."""
    login = "".join(c for c in getpass.getuser() if c.isalnum() or c in "._-")[:40]
    return Actor(f"console:{login or 'unknown'}")


def tell(words: str) -> None:
    """Say something to the person, on standard error."""
    click.echo(words, err=True)


def print_json(value: Any) -> None:
    """Print the one JSON value of a command on standard output."""
    click.echo(json.dumps(value, ensure_ascii=False, sort_keys=False))


def plain_errors(command: Callable[P, T]) -> Callable[P, T]:
    """Turn what can go wrong into one readable sentence and exit status 2 (a refusal: 1)."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except Refusal as refusal:
            advice = f"\n{refusal.advice}" if refusal.advice else ""
            raise click.ClickException(f"{refusal.say}{advice}") from None
        except (
            BadSettings, BadKeyFile, SecretUnreadable, LedgerNotStarted, FileDamaged,
            ErasureListBroken,
        ) as error:  # fmt: skip
            raise click.UsageError(str(error)) from None
        except OperationalError as error:
            raise click.UsageError(f"The database does not answer: {error.orig}") from None
        except IntegrityError:
            raise click.ClickException(
                "This is already stored. Nothing was stored twice."
            ) from None

    return run


def acting(lab: Opened, login: str | None) -> Actor:
    """Return who acts: the console, or the person `--as` names once the password is right.

    The sign-in is recorded and counted like any other. Raises click.ClickException.
    """
    if login is None:
        return console()
    password = click.prompt(f"Password of {login}", hide_input=True, err=True)
    held = lab.settings
    policy = Policy.of(
        lockout_attempts=held.lockout_attempts, lockout_minutes=held.lockout_minutes,
        idle_minutes=held.session_idle_minutes, hours=held.session_hours,
    )  # fmt: skip
    with lab.database.reading() as session:
        known = person_by_login(session, login)
        stored = known.password_hash if known is not None else None
    checked = check_stored_password(stored, password)
    with lab.database.writing() as session:
        attempt = sign_in(session, login, checked, policy=policy, at=now())
    attempt.settle()
    if known is None:
        raise click.ClickException("Nobody has this sign-in name.")
    return known.actor
