# SPDX-License-Identifier: Apache-2.0
"""What `bench.toml` says: the server, the key, the journal, and the devices of each station."""

import ssl
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from instruments.printers import Language
from instruments.scanners import ScannerModel

_TOP = {"server", "ca", "key_file", "journal", "station", "racks"}
_RACK = {"station", "port", "baud"}
_STATION = {
    "code",
    "key_file",
    "scanner",
    "scanner_model",
    "scanner_baud",
    "printer",
    "printer_model",
    "printer_baud",
    "printer_flow",
    "dpi",
}
_RESOLUTIONS = (203, 300, 600)


_FLOW = {
    Language.ZPL: "xonxoff",
    # One byte of its status can be an XON or XOFF: on RS-232 the lines RTS and CTS are better.
    Language.TSPL: "none",
}
_LANGUAGES = {"zebra": Language.ZPL, "zpl": Language.ZPL, "tspl": Language.TSPL}


class Flow(StrEnum):
    """How a printer asks for a pause on its line."""

    NONE = "none"
    XONXOFF = "xonxoff"
    RTSCTS = "rtscts"


class SettingsRefused(Exception):
    """`bench.toml` cannot be used; `reason` is stable, `keys` are the settings concerned."""

    def __init__(self, reason: str, *keys: str) -> None:
        super().__init__(f"{reason}: {', '.join(keys)}" if keys else reason)
        self.reason = reason
        self.keys = keys


@dataclass(frozen=True)
class ScannerSettings:
    """One scanner: the name of its port, its model, its speed in baud."""

    port: str
    model: ScannerModel
    baud: int


@dataclass(frozen=True)
class PrinterSettings:
    """One printer: the name of its port, its dots per inch, its line, what it is spoken to in."""

    port: str
    dpi: int
    baud: int
    flow: Flow
    language: Language = Language.ZPL


@dataclass(frozen=True)
class StationSettings:
    """The devices of one station, either of which may be absent, and the key that speaks for it."""

    code: str
    key_file: Path
    scanner: ScannerSettings | None
    printer: PrinterSettings | None


@dataclass(frozen=True)
class RackSettings:
    """A whole-rack scanner that sends its text: the station it stands at, its port and speed."""

    station: str
    port: str
    baud: int


@dataclass(frozen=True)
class BenchSettings:
    """All of `bench.toml`; `authority` is None when the system's authorities are to be trusted."""

    server: str
    authority: Path | None
    journal: Path
    stations: tuple[StationSettings, ...]
    racks: tuple[RackSettings, ...] = ()

    @property
    def agent_file(self) -> Path:
        """Where a running agent writes its name: the journal itself is locked."""
        return self.journal.with_name(self.journal.name + ".agent")

    def trust(self) -> ssl.SSLContext:
        """Return whom to trust: the laboratory's authority alone when one is named.

        Raises `SettingsRefused`.
        """
        if self.authority is None:
            return ssl.create_default_context()
        try:
            return ssl.create_default_context(cafile=str(self.authority))
        except (OSError, ssl.SSLError) as fault:
            raise SettingsRefused("authority-unreadable", "ca") from fault


def read_settings(path: Path) -> BenchSettings:
    """Read a `bench.toml`; paths in it are relative to its folder. Raises `SettingsRefused`."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as fault:
        raise SettingsRefused("settings-unreadable", str(path)) from fault
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsRefused("settings-not-toml", f"{path}: {fault}") from fault
    _refuse_unknown(table, _TOP)
    server = _text(table, "server")
    address = urlsplit(server)
    if address.scheme not in ("https", "http") or not address.hostname:
        raise SettingsRefused("bad-address", "server")
    if address.scheme == "http" and address.hostname not in ("127.0.0.1", "localhost", "::1"):
        # The key and the codes would cross the network for all to read.
        raise SettingsRefused("address-without-tls", "server")
    folder = path.parent
    stations, racks = _tables(table, "station"), _tables(table, "racks")
    settings = BenchSettings(
        server=server.rstrip("/"),
        authority=folder / _text(table, "ca") if "ca" in table else None,
        journal=folder / _text(table, "journal"),
        stations=tuple(
            _station(one, folder / _text({**table, **one}, "key_file")) for one in stations
        ),
        racks=tuple(_rack(one) for one in racks),
    )
    codes = [station.code for station in settings.stations]
    _refuse_twice(codes, "code")
    _refuse_twice([rack.station for rack in settings.racks], "racks")
    if strange := sorted({rack.station for rack in settings.racks} - set(codes)):
        raise SettingsRefused("no-station", *strange)
    devices = [
        device
        for station in settings.stations
        for device in (station.scanner, station.printer)
        if device is not None
    ]
    _refuse_twice([device.port for device in [*devices, *settings.racks]], "port")
    if not settings.stations:
        raise SettingsRefused("no-station", "station")
    return settings


def read_key(path: Path) -> str:
    """Read a key. Raises `SettingsRefused`."""
    try:
        key = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as fault:
        raise SettingsRefused("key-unreadable", str(path)) from fault
    if not key or any(letter.isspace() for letter in key):
        raise SettingsRefused("key-unreadable", str(path))
    return key


def _station(table: Mapping[str, object], key_file: Path) -> StationSettings:
    _refuse_unknown(table, _STATION)
    scanner = printer = None
    if "scanner" in table:
        model = _text(table, "scanner_model", "plain")
        if model not in list(ScannerModel):
            raise SettingsRefused("bad-value", "scanner_model")
        scanner = ScannerSettings(
            _text(table, "scanner"), ScannerModel(model), _whole(table, "scanner_baud", 9600)
        )
    if "printer" in table:
        language = _LANGUAGES.get(_text(table, "printer_model", "zebra"))
        if language is None:
            raise SettingsRefused("bad-value", "printer_model")
        flow = _text(table, "printer_flow", _FLOW[language])
        dpi = _whole(table, "dpi", 300)
        if flow not in list(Flow):
            raise SettingsRefused("bad-value", "printer_flow")
        if dpi not in _RESOLUTIONS:
            raise SettingsRefused("bad-value", "dpi")
        printer = PrinterSettings(
            _text(table, "printer"),
            dpi,
            _whole(table, "printer_baud", 9600),
            Flow(flow),
            language,
        )
    return StationSettings(_text(table, "code"), key_file, scanner, printer)


def _tables(table: Mapping[str, object], key: str) -> list[dict[str, object]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise SettingsRefused("bad-value", key)
    return found


def _rack(table: Mapping[str, object]) -> RackSettings:
    _refuse_unknown(table, _RACK)
    return RackSettings(_text(table, "station"), _text(table, "port"), _whole(table, "baud", 9600))


def _refuse_unknown(table: Mapping[str, object], known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise SettingsRefused("unknown-setting", *unknown)


def _refuse_twice(values: list[str], key: str) -> None:
    twice = sorted({value for value in values if values.count(value) > 1})
    if twice:
        raise SettingsRefused("given-twice", *(f"{key} {value}" for value in twice))


def _text(table: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if value is None:
        raise SettingsRefused("missing-setting", key)
    if not isinstance(value, str) or not value.strip():
        raise SettingsRefused("bad-value", key)
    return value


def _whole(table: Mapping[str, object], key: str, default: int) -> int:
    value = table.get(key, default)
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise SettingsRefused("bad-value", key)
    return value
