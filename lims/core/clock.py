# SPDX-License-Identifier: Apache-2.0
"""The one clock: UTC inside, the laboratory's zone outside. Read once an act, at the edge."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    """Return the present instant, UTC, aware."""
    return datetime.now(UTC)


def utc_text(instant: datetime) -> str:
    """Return `2026-11-24T06:00:00.000000Z`: RFC 3339, UTC, microseconds always written.

    Raises ValueError for a naive datetime.
    """
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_utc_text(text: str) -> datetime:
    """Read what `utc_text` wrote; any RFC 3339 instant with a zone is taken. Raises ValueError."""
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(f"an instant without a zone: {text}")
    return instant.astimezone(UTC)


def local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return the same instant on the wall clock of `zone`."""
    return instant.astimezone(zone)
