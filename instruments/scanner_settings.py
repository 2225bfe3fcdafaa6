# SPDX-License-Identifier: Apache-2.0
"""What scanners of the common makers have to be set to, from `scanner_settings.toml`."""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Link(StrEnum):
    """How a scanner is connected."""

    USB_SERIAL = "usb-serial"
    RS232 = "rs232"
    KEYBOARD = "keyboard"


@dataclass(frozen=True)
class Maker:
    """A maker; `key` is the `scanner_model` of bench.toml, `mark` where FNC 3 stands (labels)."""

    key: str
    name: str
    models: str
    tool: str
    mark: str
    baud: int
    links: tuple[Link, ...]
    source: str


@dataclass(frozen=True)
class Setting:
    """One setting: `what` it is, its bar code's `command` or '', and what its maker calls it."""

    maker: str
    what: str
    links: tuple[Link, ...]
    command: str
    called: str
    source: str


@dataclass(frozen=True)
class SettingsTable:
    """All of it, in the order of the file."""

    makers: tuple[Maker, ...]
    settings: tuple[Setting, ...]

    def of(self, maker: str, link: Link) -> tuple[Setting, ...]:
        """Return the settings of a maker's scanners on a link, in the order of setting them."""
        return tuple(one for one in self.settings if one.maker == maker and link in one.links)


@cache
def settings_table() -> SettingsTable:
    """Return the table. Raises KeyError, TypeError or ValueError where the file is wrong."""
    text = files("instruments").joinpath("scanner_settings.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return SettingsTable(
        tuple(
            Maker(**{**one, "links": tuple(Link(link) for link in one["links"])})
            for one in table["maker"]
        ),
        tuple(
            Setting(
                maker=one["maker"], what=one["what"], source=one["source"],
                command=one.get("command", ""), called=one.get("called", ""),
                links=tuple(Link(link) for link in one["links"]),
            )
            for one in table["setting"]
        ),
    )  # fmt: skip
