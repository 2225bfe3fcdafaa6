# SPDX-License-Identifier: Apache-2.0
"""`lims serve` and `lims worker`: the two processes of the server side."""

import signal
import sys
import threading
from pathlib import Path

import click

from lims import jobs
from lims.app import create_app
from lims.cli.common import folder_option, open_laboratory, plain_errors, tell
from lims.cli.erasures import erase_before_opening
from lims.processes import DRAIN_SECONDS, LOCAL, Children, only_one, run_server, watch_parent


@click.command()
@folder_option
@click.option("--host", default=None, help="Address to listen on (default: the settings').")
@click.option("--port", type=click.IntRange(1, 65535), default=None)
@click.option("--with-worker/--without-worker", default=True, show_default=True)
@click.option(
    "--with-bench",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Run the bench agent of this machine too, with this bench.toml.",
)
@click.option("--ends-with-parent", is_flag=True, hidden=True)
@plain_errors
def serve(
    folder: Path, host: str | None, port: int | None, with_worker: bool,
    with_bench: Path | None, ends_with_parent: bool,
) -> None:  # fmt: skip
    """Serve the laboratory's pages."""
    lab = open_laboratory(folder)
    lab.database.close()
    address = host or lab.settings.host
    number = port or lab.settings.port
    local = address in LOCAL
    if not local and not (lab.settings.folder / "server.pem").is_file():
        raise click.UsageError(
            f"{address} can be reached by others, and there is no server.pem: pages are served "
            "over TLS alone there. `lims init` makes the certificates."
        )
    erase_before_opening(lab.settings)
    if ends_with_parent:
        watch_parent()
    children = Children()
    if with_worker:
        children.start([sys.executable, "-m", "lims", "worker", "--folder", str(folder),
                        "--ends-with-parent"])  # fmt: skip
    if with_bench is not None:
        children.start([sys.executable, "-m", "instruments.agent", "--config", str(with_bench),
                        "--ends-with-parent"])  # fmt: skip
    tell(f"{'http' if local else 'https'}://{address}:{number}")
    try:
        run_server(create_app(lab.settings), lab.settings, host=address, port=number)
    finally:
        children.end(DRAIN_SECONDS)


@click.command()
@folder_option
@click.option("--ends-with-parent", is_flag=True, hidden=True)
@plain_errors
def worker(folder: Path, ends_with_parent: bool) -> None:
    """Sign checkpoints and tidy keys by the clock; one worker a laboratory."""
    lab = open_laboratory(folder)
    lab.database.close()
    if not only_one(lab.settings.folder / "worker.lock"):
        raise click.UsageError("A worker runs in this folder already.")
    erase_before_opening(lab.settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if ends_with_parent:
        watch_parent()
    jobs.run(lab.settings, stop)
