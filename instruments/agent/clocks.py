# SPDX-License-Identifier: Apache-2.0
"""The two clocks of an agent: the wall's, which people set wrong, and one that only counts up."""

import time
from datetime import UTC, datetime


def wall_clock() -> str:
    """Return this machine's time as ISO 8601 in UTC, to the millisecond; it may be wrong."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def ticks() -> float:
    """Return seconds that nobody can set back and that go on while the machine sleeps.

    A lease is counted by these: a lid that was closed for a day must not stretch it.
    """
    through_sleep: int | None = getattr(time, "CLOCK_BOOTTIME", None)  # Linux alone has it
    return time.monotonic() if through_sleep is None else time.clock_gettime(through_sleep)
