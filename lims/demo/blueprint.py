# SPDX-License-Identifier: Apache-2.0
"""The demonstration's own part of the application: what its pages share."""

import threading
from dataclasses import dataclass, field

from flask import Blueprint, current_app

from instruments.virtual.control import VirtualBench
from lims.core.errors import Forbidden
from lims.web.pages import settings

blueprint = Blueprint("demo", __name__)


@dataclass
class Play:
    """What the demonstration remembers while it runs."""

    network_away: bool = False
    heard: dict[str, str] = field(default_factory=dict)
    """The last tone at each station, or the reason why there was none."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def hear(self, station: str, what: str) -> None:
        """Remember what a station's scanner heard last."""
        with self.lock:
            self.heard[station] = what


def play() -> Play:
    """Return what the running demonstration remembers."""
    found: Play = current_app.extensions.setdefault("osteon_demonstration", Play())
    return found


def devices() -> VirtualBench:
    """Return the virtual devices. Raises Forbidden in a laboratory that is no demonstration."""
    refuse_elsewhere()
    return VirtualBench(settings().folder)


def refuse_elsewhere() -> None:
    """Raise Forbidden in a laboratory that is no demonstration."""
    if not settings().demonstration:
        raise Forbidden()
