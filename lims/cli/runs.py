# SPDX-License-Identifier: Apache-2.0
"""`lims inspect` and `lims import-run`: files of genetic analyzers."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import click
from rich.console import Console
from rich.progress import track

from instruments.analyzers.inspection import inspect as inspect_content
from lims.cli.common import folder_option, json_option, plain_errors, print_json

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
        if name != "path" and value not in (None, "", [], {}):
            click.echo(f"  {name.replace('_', ' ')}: {value}")


__all__ = ["folder_option", "inspect", "plain_errors"]
