# SPDX-License-Identifier: Apache-2.0
"""`lims-bench`: the bench agent's commands."""

import json
import os
import signal
import sys
import threading
from pathlib import Path

import click

from instruments.agent import running
from instruments.agent import setup as assistant
from instruments.agent.health import tell
from instruments.agent.journal import JournalUnusable
from instruments.agent.server import Server, ServerAway, ServerRefused
from instruments.agent.settings import BenchSettings, SettingsRefused, read_key, read_settings
from instruments.ports import known_ports
from instruments.scanners import ScannerModel

config_option = click.option(
    "--config", type=click.Path(path_type=Path), default=Path("bench.toml")
)


@click.group(invoke_without_command=True)
@click.option("--config", type=click.Path(path_type=Path), default=Path("bench.toml"))
@click.option(
    "--ends-with-parent", is_flag=True, help="End when the pipe on standard input closes."
)
@click.pass_context
def main(context: click.Context, config: Path, ends_with_parent: bool) -> None:
    """Run the bench agent: it owns the serial ports of a bench and speaks with the server."""
    if context.invoked_subcommand is not None:
        return
    try:
        settings = read_settings(config)
    except SettingsRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    for key_file in {station.key_file for station in settings.stations}:
        if os.name == "posix" and key_file.exists() and key_file.stat().st_mode & 0o077:
            tell(f"anybody on this machine may read {key_file.name}: chmod 600 it")
    stop = threading.Event()
    died: list[str] = []

    def end_all(fault: threading.ExceptHookArgs) -> None:
        # A bench that works in part is worse than one that is started again by the system.
        died.append(fault.thread.name if fault.thread is not None else "")
        threading.__excepthook__(fault)
        stop.set()

    threading.excepthook = end_all
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    if ends_with_parent:
        if os.name == "posix" and os.getpgid(0) != os.getpid():
            os.setpgid(0, 0)
        threading.Thread(target=_watch_parent, args=(stop,), daemon=True).start()
    try:
        drained = running.run(settings, stop=stop)
    except (SettingsRefused, JournalUnusable) as refusal:
        raise click.ClickException(f"{refusal.reason}: {refusal}") from None
    running.leave(drained=drained, failed=bool(died))
    if died:
        raise click.ClickException(f"the thread {died[0]} failed; the journal has all that matters")


def _watch_parent(stop: threading.Event) -> None:
    """Wait for the end of standard input: the parent is gone, even when it was killed."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop.set()


@main.command("list-ports")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")
def list_ports(as_json: bool) -> None:
    """Show the serial ports of this machine under the names that stay."""
    ports = known_ports()
    if as_json:
        rows = [
            {"port": port.stable, "device": port.device, "description": port.description}
            for port in ports
        ]
        click.echo(json.dumps(rows))
        return
    for port in ports:
        click.echo(f"{port.stable}  ({port.device}, {port.description})")
    if not ports:
        click.echo("No serial port found.", err=True)


def _list_first(context: click.Context, _: click.Parameter, value: Path) -> Path:
    """Show the ports before anything is asked: their names are among the answers."""
    if not context.resilient_parsing:
        assistant.show_ports(_say)
    return value


@main.command()
@click.option(
    "--config",
    type=click.Path(path_type=Path),
    default=Path("bench.toml"),
    is_eager=True,
    callback=_list_first,
)
@click.option("--server", prompt="Address of the server (https://...)")
@click.option(
    "--ca", default="", prompt="Certificate of the laboratory's authority (file, or none)"
)
@click.option("--key-file", default="bench.key", prompt="File of this agent's key")
@click.option("--journal", default="bench.journal", prompt="File of the journal")
@click.option("--station", prompt="Code of the station")
@click.option("--scanner", default="", prompt="Port of the scanner (or none)")
@click.option(
    "--scanner-model",
    type=click.Choice([model.value for model in ScannerModel]),
    default=ScannerModel.PLAIN.value,
    prompt="Model of the scanner",
)
@click.option("--printer", default="", prompt="Port of the label printer (or none)")
@click.option(
    "--printer-model",
    type=click.Choice(["zebra", "tspl"]),
    default="zebra",
    prompt="Language of the printer (zebra: ZPL; tspl: TSC and its like)",
)
@click.option(
    "--dpi",
    type=click.Choice(["203", "300", "600"]),
    default="300",
    prompt="Resolution of the printer in dpi",
)
@click.option("--force", is_flag=True, help="Write over an existing file.")
@click.option("--test/--no-test", default=True, help="Try the devices and the server.")
def setup(
    config: Path,
    server: str,
    ca: str,
    key_file: str,
    journal: str,
    station: str,
    scanner: str,
    scanner_model: str,
    printer: str,
    printer_model: str,
    dpi: str,
    force: bool,
    test: bool,
) -> None:
    """Write a bench.toml for one station and try its devices; further ones go into the file."""
    if config.exists() and not force:
        raise click.ClickException(f"{config} exists; --force writes over it")
    try:
        settings = assistant.write_file(
            config,
            assistant.as_toml(
                server=server, ca=ca, key_file=key_file, journal=journal, station=station,
                scanner=scanner, scanner_model=scanner_model, printer=printer, dpi=dpi,
                printer_model=printer_model,
            ),
        )  # fmt: skip
    except SettingsRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    if test:
        assistant.try_all(settings, _say)
    _say(f"Wrote {config}. Start the agent with: lims-bench --config {config}")


@main.command("test")
@config_option
def test_bench(config: Path) -> None:
    """Try the devices and the server of a bench.toml; the agent must not run meanwhile."""
    try:
        settings = read_settings(config)
    except SettingsRefused as refusal:
        raise click.ClickException(str(refusal)) from None
    assistant.try_all(settings, _say)


@main.command("new-key")
@config_option
def new_key(config: Path) -> None:
    """Change the keys of a bench.toml: the old ones work until the new ones are used."""
    try:
        settings = read_settings(config)
        for station in settings.stations:
            server = Server(settings, key=read_key(station.key_file), agent=_agent(settings))
            try:
                key = server.new_key(station.code)
            finally:
                server.close()
            assistant.write_key(station.key_file, key)
            _say(f"{station.code}: new key in {station.key_file.name}; a running agent takes it.")
    except (SettingsRefused, ServerAway, ServerRefused) as refusal:
        raise click.ClickException(f"{refusal.reason}: {refusal}") from None


def _agent(settings: BenchSettings) -> str:
    """Return the agent's name, which a running agent keeps beside its journal."""
    try:
        return settings.agent_file.read_text("ascii").strip()
    except OSError:
        return ""


def _say(words: str) -> None:
    click.echo(words, err=True)


if __name__ == "__main__":
    main()
