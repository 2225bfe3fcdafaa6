# SPDX-License-Identifier: Apache-2.0
"""`lims inspect` and `lims import-run`: files of genetic analyzers."""

import secrets
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import click
from rich.console import Console
from rich.progress import Progress, TaskID, track
from sqlalchemy.orm import Session

from instruments.analyzers.inspection import inspect as inspect_content
from lims.cli.common import (
    acting,
    folder_option,
    json_option,
    open_laboratory,
    plain_errors,
    print_json,
)
from lims.core.clock import now
from lims.core.codes import read_payload
from lims.core.errors import Refusal
from lims.genotyping.operations import import_run as run_import
from lims.genotyping.operations import read_folder, refused_as_json
from lims.genotyping.rules.refusals import RunRefused

T = TypeVar("T")

PROGRESS_WORDS = {"read": "Reading files", "call": "Calling alleles", "store": "Storing files"}

LARGEST_FILE = 64 << 20
"""A file larger than this is not read into memory; the reader says so of its size."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@json_option
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Show what analyzer files say; exit 1 if any cannot be read. Folders are looked through."""
    found = list(_files(files))
    progress: Iterable[Path] = found
    if len(found) > 20:
        progress = track(found, "Reading", console=Console(stderr=True))
    rows = [_inspected(path) for path in progress]
    if as_json:
        print_json(rows)
    else:
        for row in rows:
            _show(row)
    if any("error" in row for row in rows):
        sys.exit(1)


def _files(given: tuple[Path, ...]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.is_file())
        else:
            yield path


def _inspected(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        return {"path": str(path), "sha256": None, "error": f"cannot be opened: {error.strerror}"}
    return inspect_content(content, path=str(path)).as_json()


def _show(row: dict[str, object]) -> None:
    click.secho(str(row["path"]), bold=True)
    if "error" in row:
        click.secho(f"  cannot be read: {row['error']}", fg="red")
        return
    for name, value in row.items():
        if name == "channels" and isinstance(value, dict):
            # The points themselves are for programs.
            value = ", ".join(f"dye {dye}: {len(points)} points" for dye, points in value.items())
        if name != "path" and value not in (None, "", [], {}):
            click.echo(f"  {name.replace('_', ' ')}: {value}")


@click.command("import-run")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--plate", required=True, help="Code of the injection plate.")
@click.option("--dry-run", is_flag=True, help="Check everything, store nothing.")
@click.option("--as", "login", default=None, help="Act as this person; asks for the password.")
@folder_option
@json_option
@plain_errors
def import_run(
    run: Path, plate: str, dry_run: bool, login: str | None, folder: Path, as_json: bool
) -> None:
    """Import the files of an analyzer run, all or nothing; the same files again change nothing."""
    lab = open_laboratory(folder)
    by = acting(lab, login)
    key = secrets.token_hex(16)

    def write(do: Callable[[Session], T]) -> T:
        with lab.database.writing(key) as session:
            return do(session)

    with Progress(console=Console(stderr=True), transient=True) as shown:
        tasks: dict[str, TaskID] = {}

        def progress(what: str, done: int, of: int) -> None:
            if what not in tasks:
                tasks[what] = shown.add_task(PROGRESS_WORDS.get(what, what), total=of)
            shown.update(tasks[what], completed=done, total=of)

        try:
            result = run_import(
                read_folder(run), read_payload(plate).code, reading=lab.database.reading,
                write=write, store=lab.files, by=by, at=now(), dry_run=dry_run, progress=progress,
            )  # fmt: skip
        except Refusal as refusal:
            if as_json:
                print_json(refused_as_json(refusal, plate))
                sys.exit(1)
            for problem in refusal.problems if isinstance(refusal, RunRefused) else ():
                click.echo(str(problem), err=True)
            raise
    if as_json:
        print_json(result.as_json())
    else:
        click.echo(result.said)
        click.echo(f"{result.files} files, kit {result.kit}: {result.state}")
        for severity, count in result.findings.items():
            click.echo(f"  {count} findings: {severity}")
