# SPDX-License-Identifier: Apache-2.0
"""What is decided about bench agents: which of two has a bench, and whether a clock is wrong."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lims.core.errors import Refusal
from lims.core.words import N_

CLAIM = timedelta(seconds=30)
"""A bench belongs to the agent that was heard last, until it has been silent for so long."""

CLOCK_WRONG = timedelta(seconds=60)
"""A bench computer's clock that differs by more from the server's is told to people."""


@dataclass(frozen=True)
class AgentReport:
    """What an agent says of itself: what waits in its journal, and what its clock shows."""

    version: str = ""
    clock: datetime | None = None
    scans_stored: int = 0
    scans_rejected: int = 0
    outcomes_stored: int = 0
    labels_held: int = 0


class BenchClaimed(Refusal):
    """Another agent works for this bench: the second one does nothing."""

    says = N_("Another agent, %(agent)s, works for this bench.")
    do = N_("End one of the two agents. Each bench computer needs a key of its own.")
    status = 423


def holds_claim(heard_at: datetime, *, at: datetime) -> bool:
    """Return whether an agent last heard at `heard_at` still has its bench."""
    return at - heard_at < CLAIM


def clock_is_wrong(ahead_ms: int | None) -> bool:
    """Return whether a clock that is so many milliseconds ahead of the server's is wrong."""
    return ahead_ms is not None and abs(ahead_ms) > CLOCK_WRONG / timedelta(milliseconds=1)
