# SPDX-License-Identifier: Apache-2.0
"""`lims demo`: the demonstration laboratory, at work or run through unattended."""

import json
import os
import sys
from pathlib import Path

import click

from lims.demo import driver
from lims.demo.driver.real_runs import import_only
from lims.demo.laboratory import NotADemonstration, check_folder, open_demonstration
from lims.demo.launch import free_port, serve

DEFAULT_FOLDER = Path("demonstration")
DEFAULT_PORT = 8400


@click.command()
@click.option(
    "--folder", envvar="LIMS_FOLDER", type=click.Path(path_type=Path), default=None,
    help="Where the demonstration lies, ./demonstration unless named; an existing one goes on. "
    "A run-through without it uses a temporary folder.",
)  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65535), default=None,
    help="Port on 127.0.0.1 (8400); 0 takes a free one.",
)  # fmt: skip
@click.option("--database", "url", default="", help="Address of an empty PostgreSQL database.")
@click.option(
    "--runs", type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of real analyzer runs, one folder a run, to import too.",
)  # fmt: skip
@click.option("--no-browser", is_flag=True, help="Do not open a browser.")
@click.option("--run-through", is_flag=True, help="Do the whole path unattended, then end.")
@click.option("--json", "as_json", is_flag=True, help="Print the run-through as one JSON value.")
@click.option("--ends-with-parent", is_flag=True, hidden=True)
def demo(
    folder: Path | None, port: int | None, url: str, runs: Path | None, no_browser: bool,
    run_through: bool, as_json: bool, ends_with_parent: bool,
) -> None:  # fmt: skip
    """Show a fictional laboratory at work, with virtual scanners and label printers."""
    if os.name != "posix":
        raise click.UsageError(
            "The virtual scanners and printers need pseudo-terminals, which this system lacks. "
            "Run the demonstration on Linux."
        )
    if as_json and not run_through:
        raise click.UsageError("--json is the answer of a run-through: add --run-through")
    try:
        if run_through:
            told = driver.run_through(folder, port=port or 0, url=url, runs=runs)
            if as_json:
                click.echo(json.dumps(told.as_json(), ensure_ascii=False))
            sys.exit(0 if told.ok else 1)
        place = folder or DEFAULT_FOLDER
        check_folder(place)
        chosen = free_port(DEFAULT_PORT if port is None else port)
        settings, built = open_demonstration(place, url)
        if runs is not None:
            import_only(settings, runs)
        serve(
            settings, built, port=chosen, browser=not no_browser,
            ends_with_parent=ends_with_parent,
        )  # fmt: skip
    except NotADemonstration as problem:
        raise click.ClickException(str(problem)) from None
