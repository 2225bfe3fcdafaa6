# SPDX-License-Identifier: Apache-2.0
"""The demonstration as a child of its run-through."""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import httpx

from instruments.virtual.control import VirtualBench, VirtualBenchFault
from lims.demo.driver.pages import StepFailed
from lims.demo.driver.play import Play
from lims.demo.laboratory import BUILT_FILE, read_built
from lims.demo.launch import AGENT_LOG, END_SECONDS, HOST, free_port
from lims.processes import Children

READY_SECONDS = 180
LAST_WORDS = 4000
"""How many bytes of what the child said are shown when it fails."""


@contextmanager
def running(folder: Path, *, port: int, url: str) -> Iterator[Play]:
    """Start `lims demo` in a folder, give it as a Play when it is ready, end it at the end.

    Raises StepFailed where it does not become ready.
    """
    port = free_port(port)
    command = [
        sys.executable, "-m", "lims", "demo", "--folder", str(folder), "--port", str(port),
        "--no-browser", "--ends-with-parent",
    ]  # fmt: skip
    if url:
        command += ["--database", url]
    children = Children()
    with tempfile.TemporaryFile() as log:
        child = children.start(command, log=log)
        try:
            ends = time.monotonic() + READY_SECONDS
            while not _is_ready(folder, port):
                if child.poll() is not None or time.monotonic() >= ends:
                    raise StepFailed(
                        f"the demonstration did not start: {_last_words(log.fileno())}"
                    )
                time.sleep(0.1)
            play = Play(f"http://{HOST}:{port}", folder, read_built(folder), VirtualBench(folder))
            try:
                yield play
            except StepFailed:
                click.echo(_last_words(log.fileno()), err=True)
                with (folder / AGENT_LOG).open("rb") as agent:
                    click.echo(_last_words(agent.fileno()), err=True)
                raise
            finally:
                play.close()
        finally:
            children.end(END_SECONDS + 1)


def _is_ready(folder: Path, port: int) -> bool:
    if not (folder / BUILT_FILE).exists():
        return False
    try:
        answer = httpx.get(f"http://{HOST}:{port}/healthz", timeout=2.0, trust_env=False)
        states = VirtualBench(folder).state()
    except (httpx.HTTPError, VirtualBenchFault):
        return False
    return answer.status_code == httpx.codes.OK and all(
        one.scanner_heard and one.printer_heard for one in states
    )


def _last_words(descriptor: int) -> str:
    with open(descriptor, "rb", closefd=False) as log:
        size = log.seek(0, 2)
        log.seek(max(0, size - LAST_WORDS))
        return log.read().decode("utf-8", "replace").strip()
