# SPDX-License-Identifier: Apache-2.0
"""The ends of the laboratory's shifts, on its own wall clock."""

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def read_times(text: str) -> tuple[time, ...]:
    """Read times of day such as `14:00 22:00`, ascending; "" is none. Raises ValueError."""
    times = []
    for word in text.split():
        match = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", word, re.ASCII)
        if match is None:
            raise ValueError(f"{word!r} is not a time of day such as 14:00")
        times.append(time(int(match[1]), int(match[2])))
    return tuple(sorted(set(times)))


def last_end(ends: tuple[time, ...], at: datetime, zone: ZoneInfo) -> datetime | None:
    """Return the newest end of a shift not after `at` (UTC); None where no shift ends.

    A time that the clocks skip in spring ends the shift when they have been set.
    """
    today = at.astimezone(zone).date()
    past = [
        instant
        for day in (today - timedelta(days=1), today)
        for end in ends
        if (instant := datetime.combine(day, end, zone).astimezone(UTC)) <= at
    ]
    return max(past, default=None)
