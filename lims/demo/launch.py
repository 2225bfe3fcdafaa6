# SPDX-License-Identifier: Apache-2.0
"""`lims demo` at work: devices, agent, worker and server as children of one parent."""

import errno
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from pathlib import Path

import click
import httpx

from instruments.virtual.control import VirtualBench, VirtualBenchFault
from lims.core.settings import Settings
from lims.demo.accounts import ACCOUNTS, PASSWORD
from lims.demo.laboratory import Built, NotADemonstration, write_bench_file
from lims.processes import Children, watch_parent

HOST = "127.0.0.1"
"""The passwords of the demonstration are known: no other machine may reach it."""

READY_SECONDS = 120
END_SECONDS = 4.5
"""What children get to drain in; then they are killed, so that all has ended within 5 s."""

LOOK_SECONDS = 0.5

AGENT_LOG = "bench.log"


def free_port(port: int) -> int:
    """Return `port`, or a free one for 0. Raises NotADemonstration where it is in use."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as door:
        # As the server does: a port whose last connections are still closing is free.
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((HOST, port))
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise NotADemonstration(
                f"Port {port} of this machine is in use by another program. Choose another one: "
                f"lims demo --port {port + 1}"
            ) from None
        return int(door.getsockname()[1])


def serve(
    settings: Settings, built: Built, *, port: int, browser: bool, ends_with_parent: bool
) -> None:
    """Run the demonstration until interrupted. Raises NotADemonstration where a part fails."""
    port = free_port(port)
    bench = write_bench_file(settings, built, port=port)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    if ends_with_parent:
        watch_parent()
    children = Children()
    try:
        running = _start(children, settings.folder, built, bench, port=port)
        _wait_for_agent(settings.folder, running, stop=stop)
        if not stop.is_set():
            _welcome(settings.folder, port)
            if browser:
                webbrowser.open(f"http://{HOST}:{port}/demo")
        while not stop.wait(LOOK_SECONDS):
            _refuse_ended(running)
    finally:
        children.end(END_SECONDS)


Running = dict[str, subprocess.Popen[bytes]]


def _start(children: Children, folder: Path, built: Built, bench: Path, *, port: int) -> Running:
    python = [sys.executable, "-m"]
    devices = [*python, "instruments.virtual", "--folder", str(folder)]
    for code in built.stations.values():
        devices += ["--station", code]
    server = [*python, "lims.demo.server", "--folder", str(folder), "--port", str(port)]
    worker = [*python, "lims", "worker", "--folder", str(folder), "--ends-with-parent"]
    agent = [*python, "instruments.agent", "--config", str(bench), "--ends-with-parent"]
    running = {"server": children.start(server), "virtual devices": children.start(devices)}
    _wait_for_devices(folder, running)
    _wait_for_server(running, port=port)
    # It tells of every label; people look there when a scanner or a printer is in question.
    with (folder / AGENT_LOG).open("ab") as log:
        agent_child = children.start(agent, log=log)
    return running | {"worker": children.start(worker), "bench agent": agent_child}


def _wait_for_devices(folder: Path, running: Running) -> None:
    devices = VirtualBench(folder)
    ends = time.monotonic() + READY_SECONDS
    while True:
        _refuse_ended(running)
        try:
            devices.state()
        except VirtualBenchFault:
            if time.monotonic() >= ends:
                raise NotADemonstration("The virtual devices do not answer.") from None
            time.sleep(0.05)
        else:
            return


def _wait_for_server(running: Running, *, port: int) -> None:
    ends = time.monotonic() + READY_SECONDS
    while not _answers(port):
        _refuse_ended(running)
        if time.monotonic() >= ends:
            raise NotADemonstration("The server does not answer; see above.")
        time.sleep(0.1)


def _wait_for_agent(folder: Path, running: Running, *, stop: threading.Event) -> None:
    """Wait until the bench agent has every line open."""
    devices = VirtualBench(folder)
    ends = time.monotonic() + READY_SECONDS
    while not stop.is_set():
        _refuse_ended(running)
        if all(one.scanner_heard and one.printer_heard for one in devices.state()):
            return
        if time.monotonic() >= ends:
            raise NotADemonstration(f"The bench agent does not open its lines; see {AGENT_LOG}.")
        stop.wait(0.1)


def _answers(port: int) -> bool:
    try:
        answer = httpx.get(f"http://{HOST}:{port}/healthz", timeout=2.0, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code == httpx.codes.OK


def _refuse_ended(running: Running) -> None:
    for name, child in running.items():
        if child.poll() is not None:
            raise NotADemonstration(
                f"The {name} ended by itself (status {child.returncode}); see above and "
                f"{AGENT_LOG} in the folder."
            )


def _welcome(folder: Path, port: int) -> None:
    click.secho(f"\nThe demonstration runs: http://{HOST}:{port}/demo", err=True, bold=True)
    click.echo(f"Its folder: {folder.absolute()} (the bench agent's log: {AGENT_LOG})", err=True)
    click.echo(f"Everybody's password: {PASSWORD}", err=True)
    for account in ACCOUNTS:
        click.echo(f"  {account.login:<14} {account.role.value:<14} {account.initials}", err=True)
    click.echo(
        "The six digits of coordinator and administrator stand on the first page. "
        "Ctrl-C ends it; the same command goes on with it.",
        err=True,
    )
