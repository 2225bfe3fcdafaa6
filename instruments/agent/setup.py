# SPDX-License-Identifier: Apache-2.0
"""`lims-bench setup`: lists ports, tries scanner and printer, asks the server, writes the file."""

import json
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path

import click

from instruments.agent.journal import Journal, JournalUnusable
from instruments.agent.server import Server, ServerAway, ServerRefused
from instruments.agent.settings import (
    BenchSettings,
    PrinterSettings,
    ScannerSettings,
    SettingsRefused,
    StationSettings,
    read_key,
    read_settings,
)
from instruments.ports import PortFault, Wire, known_ports, open_port
from instruments.printers import Language, Printer, PrinterNotReady, Proof, printer_of
from instruments.scanners import Scan, ScannerModel, Tone, feedback, frames_of

SCAN_TIME = 60.0  # seconds somebody has to find a bar code
_LOOK = 0.05


class TrialFailed(Exception):
    """A device did not do what it was asked; `reason` is stable, `detail` says what it did."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


def show_ports(say: Callable[[str], None]) -> None:
    """Say which serial ports there are, under the names that stay."""
    found = known_ports()
    say("Serial ports of this machine:")
    for port in found:
        say(f"  {port.stable}  ({port.description or port.device})")
    if not found:
        say("  none. Plug the devices in, or give socket://address:port for one on the network.")


def hear_scan(wire: Wire, model: ScannerModel, *, within: float = SCAN_TIME) -> Scan:
    """Wait for one scan and let the scanner sound its acceptance.

    Raises `TrialFailed` for bytes that are no scan and for none, `PortFault`.
    """
    frames = frames_of(model)
    ends = time.monotonic() + within
    while time.monotonic() < ends:
        chunk = wire.read(within=_LOOK)
        at = time.monotonic()
        found = frames.feed(chunk, at=at) if chunk else frames.idle(at=at)
        if replies := frames.replies():
            wire.write(replies, within=1.0)
        for one in found:
            heard = isinstance(one, Scan)
            wire.write(feedback(model, Tone.ACCEPTED if heard else Tone.REFUSED), within=1.0)
            if isinstance(one, Scan):
                return one
            raise TrialFailed("no-scan", f"{one.kind.value}: {one.raw.hex(' ')}")
    raise TrialFailed("nothing-scanned")


def print_test(printer: Printer, *, dpi: int, text: str, language: Language = Language.ZPL) -> int:
    """Print one label with a symbol that says `text`; return the printer's counter after it.

    Raises `TrialFailed` unless the printer proves it, `PortFault`.
    """
    printer.start_session()
    identity = printer.identify()
    if identity is not None and identity.dots_per_mm and identity.dpi != dpi:
        raise TrialFailed("wrong-dpi", str(identity.dpi))
    try:
        before = printer.ready_odometer()
    except PrinterNotReady as refusal:
        raise TrialFailed("printer-not-ready", str(refusal)) from refusal
    printer.send(trial_label(text, dpi=dpi, language=language))
    outcome = printer.prove(odometer_before=before)
    if outcome.proof is not Proof.PRINTED or outcome.odometer_after is None:
        raise TrialFailed("not-proven", outcome.detail)
    return outcome.odometer_after


def trial_label(text: str, *, dpi: int, language: Language = Language.ZPL) -> bytes:
    """Return a label with a DataMatrix symbol of `text`, modules of about 0.4 mm, and the text."""
    module = {203: 3, 300: 5, 600: 10}[dpi]
    if language is Language.TSPL:
        side = 20 * module
        return (
            "SIZE 25.4 mm,12.7 mm\r\nGAP 3.2 mm,0 mm\r\nDIRECTION 0,0\r\nREFERENCE 0,0\r\nCLS\r\n"
            f'DMATRIX {8 * module},{8 * module},{side},{side},x{module},"{text}"\r\n'
            f'TEXT {32 * module},{10 * module},"1",0,1,1,"{text}"\r\nPRINT 1,1\r\n'
        ).encode("ascii")
    return (
        f"^XA^FO{8 * module},{8 * module}^BXN,{module},200^FD{text}^FS"
        f"^FO{32 * module},{10 * module}^A0N,{8 * module},{7 * module}^FD{text}^FS^PQ1^XZ"
    ).encode("ascii")


def try_devices(station: StationSettings, say: Callable[[str], None]) -> None:
    """Try the scanner and the printer of a station, the label by reading it back.

    Raises `TrialFailed`, `PortFault`.
    """
    text = f"TEST{secrets.randbelow(10**6):06d}"
    scanner, printer = station.scanner, station.printer
    if scanner is not None:
        say(f"Scanner at {scanner.port}: scan any printed code within {SCAN_TIME:.0f} seconds.")
        with open_port(scanner.port, baud=scanner.baud) as port:
            heard = hear_scan(port, scanner.model)
        say(f"  read: {heard.text} ({heard.symbology or 'no symbology prefix: switch AIM on'})")
    if printer is not None:
        _try_printer(printer, text, say)
        if scanner is not None:
            _read_back(scanner, text, say)


def _try_printer(printer: PrinterSettings, text: str, say: Callable[[str], None]) -> None:
    say(f"Printer at {printer.port}: prints one test label.")
    with open_port(
        printer.port, baud=printer.baud, xonxoff=printer.flow == "xonxoff",
        rtscts=printer.flow == "rtscts",
    ) as port:  # fmt: skip
        driver = printer_of(printer.language, port, bytes_per_second=printer.baud / 10)
        counter = print_test(driver, dpi=printer.dpi, text=text, language=printer.language)
    say(f"  printed: its counter stands at {counter}.")


def _read_back(scanner: ScannerSettings, text: str, say: Callable[[str], None]) -> None:
    say("Scan the test label that came out.")
    with open_port(scanner.port, baud=scanner.baud) as port:
        read = hear_scan(port, scanner.model).text
    if read != text:
        raise TrialFailed("another-label", f"read {read}, printed {text}")
    say("  the label reads as it was printed. Throw it away.")


def try_server(settings: BenchSettings, say: Callable[[str], None]) -> None:
    """Say a heartbeat with each station's key. Raises `SettingsRefused`, `ServerAway`,
    `ServerRefused`, `JournalUnusable`.
    """
    journal = Journal(settings.journal)
    # Under the agent's own name: the bench is then its own when it starts.
    agent = journal.agent
    journal.close()
    for station in settings.stations:
        server = Server(settings, key=read_key(station.key_file), agent=agent)
        try:
            server.heartbeat({station.code: []}, {})
        finally:
            server.close()
        say(f"Server: {settings.server} knows this key as that of {station.code}.")


def write_file(config: Path, text: str) -> BenchSettings:
    """Write `bench.toml`, whole or not at all, for its owner alone. Raises `SettingsRefused`."""
    half = config.with_name(config.name + ".part")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    try:
        read_settings(half)
    except SettingsRefused:
        half.unlink()
        raise
    os.replace(half, config)
    return read_settings(config)


def write_key(path: Path, key: str) -> None:
    """Put a key into its file, whole or not at all, for its owner alone."""
    half = path.with_name(path.name + ".part")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(key + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.replace(half, path)


def try_all(settings: BenchSettings, say: Callable[[str], None]) -> None:
    """Try devices and server; raises click.ClickException with what failed and what to look at."""
    try:
        for station in settings.stations:
            try_devices(station, say)
        try_server(settings, say)
    except PortFault as fault:
        raise click.ClickException(
            f"{fault.reason}: {fault}. The file is written; look at plug, name and who else has "
            "the port, then run `lims-bench test`."
        ) from fault
    except (
        TrialFailed,
        ServerAway,
        ServerRefused,
        SettingsRefused,
        JournalUnusable,
    ) as fault:
        raise click.ClickException(
            f"{fault.reason}: {fault}. The file is written; mend this, then run `lims-bench test`."
        ) from fault


def as_toml(
    *, server: str, ca: str, key_file: str, journal: str, station: str, scanner: str,
    scanner_model: str, printer: str, dpi: str, printer_model: str = "zebra",
) -> str:  # fmt: skip
    """Return the text of a `bench.toml` with one station; empty answers are left out."""
    lines = [f"server = {json.dumps(server)}"]
    if ca:
        lines.append(f"ca = {json.dumps(ca)}")
    lines += [
        f"key_file = {json.dumps(key_file)}",
        f"journal = {json.dumps(journal)}",
        "",
        "[[station]]",
        f"code = {json.dumps(station)}",
    ]
    if scanner:
        lines += [f"scanner = {json.dumps(scanner)}", f'scanner_model = "{scanner_model}"']
    if printer:
        lines += [
            f"printer = {json.dumps(printer)}",
            f'printer_model = "{printer_model}"',
            f"dpi = {dpi}",
        ]
    return "\n".join(lines) + "\n"
