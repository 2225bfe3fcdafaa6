# SPDX-License-Identifier: Apache-2.0
"""The timeline of one thing, page by page, filtered by person, place, period and kind of act."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from heapq import merge

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.custody.models import LedgerEvent
from lims.custody.queries import events_of, events_of_stream
from lims.custody.rules import Event
from lims.quality.rules import Act, act_of

READ_AT_ONCE = 2_000
"""Up to so many events are read with one query; a longer history is walked from its newest end."""


@dataclass(frozen=True)
class Filter:
    """Which events of a thing are asked for; empty fields let everything through.

    `since` and `until` bound the instant at which the act happened: since <= it < until.
    """

    actor: str = ""
    place: str = ""
    since: datetime | None = None
    until: datetime | None = None
    act: Act | None = None

    def takes(self, event: Event) -> bool:
        """Return whether an event is asked for."""
        places = (event.device, event.content.get("held_at"), event.content.get("held_by"))
        return (
            self.actor in ("", event.actor, event.content.get("held_by"))
            and (not self.place or self.place in places)
            and (self.since is None or event.occurred >= self.since)
            and (self.until is None or event.occurred < self.until)
            and (self.act is None or act_of(event) is self.act)
        )


@dataclass(frozen=True)
class EventPage:
    """One page of a timeline, the newest first; `before` begins the next, None at the end."""

    events: tuple[Event, ...]
    before: int | None


def timeline(
    session: Session,
    streams: Collection[str],
    asked: Filter,
    *,
    limit: int,
    before: int | None = None,
) -> EventPage:
    """Return the newest `limit` events of several things that the filter takes, before an index.

    What a batch or a plate tells of other things than these is left out. By the unique key
    (stream, sseq): what is read grows with the page, not with the ledger, and beyond
    READ_AT_ONCE not with the history either.
    """
    found: list[Event] = []
    own = ("", None, *streams)
    for event in _newest_first(session, streams, before):
        if event.content.get("member") in own and asked.takes(event):
            found.append(event)
            if len(found) > limit:
                break
    return EventPage(tuple(found[:limit]), found[limit - 1].index if len(found) > limit else None)


def count_events(session: Session, streams: Collection[str]) -> int:
    """Return how many events several things have together; by the end of each stream."""
    return sum(count for _, count in _counts(session, streams))


def _counts(session: Session, streams: Collection[str]) -> Iterable[tuple[str, int]]:
    return [
        (row.stream, row.last + 1)
        for row in session.execute(
            select(LedgerEvent.stream, func.max(LedgerEvent.sseq).label("last"))
            .where(LedgerEvent.stream.in_(streams))
            .group_by(LedgerEvent.stream)
        )
    ]


def _newest_first(
    session: Session, streams: Collection[str], before: int | None
) -> Iterator[Event]:
    counts = list(_counts(session, streams))
    if sum(count for _, count in counts) <= READ_AT_ONCE:
        walked: Iterable[Event] = reversed(events_of(session, streams))
    else:
        walked = merge(
            *(events_of_stream(session, stream, before=before) for stream, _ in counts),
            key=lambda event: event.index, reverse=True,
        )  # fmt: skip
    return (event for event in walked if before is None or event.index < before)
