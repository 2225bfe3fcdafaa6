# SPDX-License-Identifier: Apache-2.0
"""`python -m lims.demo.server`: the demonstration's web server, a child of `lims demo`."""

from pathlib import Path

import click

from lims.app import create_app
from lims.core.actors import Actor
from lims.core.clock import now
from lims.core.settings import read_settings
from lims.demo.launch import HOST
from lims.demo.views import blueprint
from lims.founding.erasures import apply_erasures
from lims.processes import run_server, watch_parent

DRAIN_SECONDS = 3


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--port", type=click.IntRange(1, 65535), required=True)
def main(folder: Path, port: int) -> None:
    """Serve a demonstration's folder on this machine alone, until the parent ends."""
    settings = read_settings(folder)
    if not settings.demonstration:
        raise click.UsageError(f"{folder} is not a demonstration")
    apply_erasures(settings, by=Actor("console:demo"), at=now())
    watch_parent()
    app = create_app(settings, extra=[blueprint])
    run_server(app, settings, host=HOST, port=port, drain=DRAIN_SECONDS)


if __name__ == "__main__":
    main()
