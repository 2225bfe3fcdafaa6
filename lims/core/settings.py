# SPDX-License-Identifier: Apache-2.0
"""The laboratory's folder and its settings file `lims.toml`. An unknown key is refused."""

import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lims.core.shifts import read_times

SETTINGS_FILE = "lims.toml"


class BadSettings(Exception):
    """The settings file is wrong: says which key, and what was expected."""


@dataclass(frozen=True)
class Settings:
    """What `lims.toml` says. Every field is one key there, documented in docs/administration.md."""

    folder: Path
    laboratory: str = "Missing Persons DNA Laboratory"
    laboratory_ar: str = "مختبر الحمض النووي للمفقودين"
    origin: str = "osteon.example/laboratory"
    """The name of this laboratory's ledger, for ever; no spaces, no plus sign."""
    zone: str = "Africa/Tripoli"
    language: str = "en"
    url: str = ""
    """Database; empty means SQLite in the folder."""
    owner_url: str = ""
    """Database as its owner, for `lims upgrade` on PostgreSQL; empty means `url`."""
    host: str = "127.0.0.1"
    port: int = 8400
    demonstration: bool = False
    session_idle_minutes: int = 30
    session_hours: int = 12
    bench_idle_minutes: int = 15
    """Work at a bench ends when nothing is scanned there for so long; 0: never."""
    lockout_attempts: int = 5
    lockout_minutes: int = 15
    coding_minimum: int = 3
    """How many things are coded together at least: a list of one can be paired by its time."""
    encrypt_persons: bool = True
    erasure_days: int = 0
    """How many days after the withdrawal of consent a person can be erased at the earliest."""
    max_upload_mb: int = 200
    free_disk_mb: int = 200
    """Less free disk than this and new work is refused."""
    passphrase_file: str = ""
    """A file, best on a stick, whose first line opens the keys; empty where they lie open."""
    checkpoint_events: int = 100
    checkpoint_minutes: int = 15
    shift_ends: str = "14:00 22:00"
    """Times of day, by the laboratory's clock: what is unsigned then is signed."""

    @property
    def database_url(self) -> str:
        """The database everything but `lims upgrade` opens."""
        return self.url or f"sqlite:///{(self.folder / 'lims.sqlite').absolute()}"

    @property
    def time_zone(self) -> ZoneInfo:
        """The laboratory's wall clock."""
        return ZoneInfo(self.zone)

    @property
    def keys(self) -> Path:
        """Where live keys lie, mode 0700."""
        return self.folder / "keys"

    @property
    def passphrase(self) -> bytes:
        """What opens the keys; empty where they lie open. Raises BadSettings without the file."""
        if not self.passphrase_file:
            return b""
        try:
            first = Path(self.passphrase_file).read_bytes().splitlines()[0]
        except (OSError, IndexError):
            raise BadSettings(
                f"passphrase_file {self.passphrase_file} cannot be read: insert the stick it is on"
            ) from None
        return first

    @property
    def public_key(self) -> Path:
        """The ledger's public key, one line, to give to anybody who wants to verify."""
        return self.folder / "ledger.pub"

    @property
    def checkpoints(self) -> Path:
        """Where signed checkpoints and daily certificates lie."""
        return self.folder / "checkpoints"

    @property
    def sheets(self) -> Path:
        """Where the daily sheets lie, to be printed and signed in ink."""
        return self.checkpoints / "sheets"

    @property
    def witnesses(self) -> Path:
        """Where the public keys of partners lie who cosign checkpoints, `*.pub`."""
        return self.folder / "witnesses"

    @property
    def verified(self) -> Path:
        """What the last verification of the ledger found, signed."""
        return self.folder / "verified.note"

    @property
    def gap_report(self) -> Path:
        """What the last search for gaps in the whole laboratory found, or how far it is."""
        return self.folder / "gaps.json"

    @property
    def files(self) -> Path:
        """Where stored files lie, by content hash."""
        return self.folder / "files"

    @property
    def lock_file(self) -> Path:
        """The lock between processes that write to SQLite."""
        return self.folder / "write.lock"


def read_settings(folder: Path) -> Settings:
    """Read `folder/lims.toml`; raises BadSettings naming the key and what was expected."""
    path = folder / SETTINGS_FILE
    try:
        stored = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise BadSettings(
            f"{folder} is not a laboratory's folder: {SETTINGS_FILE} is missing. Run `lims init`."
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadSettings(f"{path}: {error}") from None
    known = {field.name: field for field in fields(Settings) if field.name != "folder"}
    for name, value in stored.items():
        if name not in known:
            raise BadSettings(f"{path}: unknown key {name!r}; known are {', '.join(known)}")
        expected = known[name].type
        if not isinstance(expected, type) or type(value) is not expected:
            wanted = expected.__name__ if isinstance(expected, type) else expected
            raise BadSettings(f"{path}: {name} is {value!r}, expected {wanted}")
    settings = Settings(folder=folder, **stored)
    try:
        ZoneInfo(settings.zone)
    except (ZoneInfoNotFoundError, ValueError):
        raise BadSettings(f"{path}: zone {settings.zone!r} is not a time zone") from None
    try:
        read_times(settings.shift_ends)
    except ValueError as error:
        raise BadSettings(f"{path}: shift_ends: {error}") from None
    if settings.language not in ("en", "ar"):
        raise BadSettings(f"{path}: language is {settings.language!r}, expected 'en' or 'ar'")
    if not settings.origin or any(c in settings.origin for c in " +\n"):
        raise BadSettings(f"{path}: origin {settings.origin!r} holds a space or a plus sign")
    return settings


def write_settings(settings: Settings) -> None:
    """Write the settings that differ from the defaults; the folder is made, mode 0700."""
    settings.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lines = []
    for field in fields(Settings):
        value = getattr(settings, field.name)
        if field.name == "folder" or value == field.default:
            continue
        if isinstance(value, bool):
            shown = "true" if value else "false"
        elif isinstance(value, int):
            shown = str(value)
        else:
            shown = '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
        lines.append(f"{field.name} = {shown}\n")
    path = settings.folder / SETTINGS_FILE
    fresh = path.with_suffix(".new")
    fresh.write_text("".join(lines), "utf-8")
    # The database's address may carry a password.
    os.chmod(fresh, 0o600)
    os.replace(fresh, path)
