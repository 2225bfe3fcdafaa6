# SPDX-License-Identifier: Apache-2.0
"""`lims call`: the program's own, advisory call of a folder of raw signal."""

import sys
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.kit import Kit, KitError
from lims.cli.common import json_option, plain_errors, print_json, tell
from lims.cli.runs import LARGEST_FILE
from lims.core.catalogue import shipped_kit, shipped_kits
from lims.genotyping.operations.folder_calls import JudgedFile, JudgedFolder, judge_folder


@click.command("call")
@click.argument("folder", type=click.Path(exists=True, path_type=Path))
@click.option("--kit", "kit_name", required=True, metavar="NAME", help="The amplification kit.")
@json_option
@plain_errors
def call(folder: Path, kit_name: str, as_json: bool) -> None:
    """Call the ladders, controls and samples of a folder from their raw signal. Stores nothing.

    Advisory: a second opinion beside the readers, never a reported profile. Exit 1 if any file
    cannot be read.
    """
    kit = _kit(kit_name)
    paths = _paths(folder)
    if not paths:
        raise click.UsageError(f"{folder} holds no files.")
    with Progress(
        console=Console(stderr=True), transient=True, disable=len(paths) < 10
    ) as progress:
        task = progress.add_task("Calling", total=len(paths))
        judged = judge_folder(_contents(paths), kit, progress=lambda: progress.advance(task))
    if as_json:
        print_json([one.as_json() for one in judged.files])
    else:
        _show(judged, kit)
    for found in judged.of_run:
        tell(f"{found.rule}: {found.seen}")
    if judged.calls.failed:
        sys.exit(1)


def _kit(name: str) -> Kit:
    try:
        return shipped_kit(name)
    except KitError:
        known = {kit.name.casefold(): kit.name for kit in shipped_kits()}
        near = get_close_matches(name.casefold(), known, n=3) or sorted(known)
        offered = ", ".join(known[one] for one in near)
        raise click.UsageError(f"No kit is called {name}. Known are: {offered}.") from None


def _paths(folder: Path) -> list[Path]:
    if folder.is_file():
        return [folder]
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and not any(part.startswith(".") for part in path.parts[-2:])
    )


def _contents(paths: list[Path]) -> Iterator[tuple[str, bytes | AnalyzerFileError]]:
    for path in paths:
        try:
            with path.open("rb") as file:
                yield str(path), file.read(LARGEST_FILE + 1)
        except OSError as error:
            reason = error.strerror or "an error"
            yield (
                str(path),
                AnalyzerFileError(path.name, "unreadable", "opening it", "its bytes", reason),
            )


def _show(judged: JudgedFolder, kit: Kit) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    table = Table("File", "Sample", "Role", "Size standard", "Ladder", "Loci called", "Problems")
    for one in judged.files:
        called = one.called
        size = called.calls.size_fit if called.calls is not None else None
        table.add_row(
            Path(called.path).name,
            called.sample_name or "",
            called.role.value,
            f"{size.found} of {size.required}" if size is not None else "",
            "registered" if called.registered else "",
            f"{len(called.loci)} of {len(kit.markers)}",
            str(len(one.problems) or ""),
        )
    console.print(table)
    for one in judged.files:
        _show_file(one)


def _show_file(one: JudgedFile) -> None:
    click.secho(one.called.path, bold=True)
    if one.called.role.value != "ladder":
        for locus in one.called.loci:
            alleles = one.called.alleles(locus) or ()
            click.echo(f"  {locus}: {', '.join(alleles) or '-'}")
    for problem in one.problems:
        click.secho(f"  {problem}", fg="yellow")
