# SPDX-License-Identifier: Apache-2.0
"""Server-sent events of stations: one look at the database a process feeds every open page."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from lims.bench.operations import end_if_idle, idle_benches
from lims.bench.queries import revisions
from lims.core.clock import now
from lims.core.db import Database

log = structlog.get_logger()
LOOK_EVERY_SECONDS = 0.1
LOOK_AGAIN_SECONDS = 1.0
END_IDLE_EVERY_SECONDS = 5.0
KEEP_ALIVE_SECONDS = 15
LONGEST_SECONDS = 600
"""A stream ends after this time and the page opens another: an ended session ends its page."""

News = Callable[[int], dict[str, object]]
"""Returns what happened at a station after a sequence: {"outcomes": [...], "devices": [...]}."""


class Feed:
    """Watches the revisions of all stations while at least one page is open."""

    def __init__(self, database: Database, idle: timedelta) -> None:
        self._database = database
        self._idle = idle
        self._changed = threading.Condition()
        self._revisions: dict[str, int] = {}
        self._pages = 0
        self._watching = False

    def follow(self, station: str, news: News, sequence: int, seen: int) -> Iterator[str]:
        """Yield an event each time the station changes, and `alive` while it does not.

        `sequence` and `seen` are the last outcome and the revision that the page already shows:
        what happened between the page's drawing and this stream's opening is told first.
        """
        with self._changed:
            self._pages += 1
            if not self._watching:
                self._watching = True
                self._revisions = {}
                threading.Thread(target=self._watch, name="bench feed", daemon=True).start()
        ends = time.monotonic() + LONGEST_SECONDS
        try:
            yield "retry: 1000\n\n"
            while time.monotonic() < ends:
                fresh = self._wait(station, seen)
                if fresh == seen:
                    yield "event: alive\ndata: {}\n\n"
                    continue
                seen = fresh
                told = news(sequence)
                outcomes = told["outcomes"]
                if not isinstance(outcomes, list):
                    raise TypeError("outcomes are a list")
                for outcome in outcomes:
                    sequence = int(outcome["sequence"])
                    yield f"id: {sequence}\nevent: outcome\ndata: {json.dumps(outcome)}\n\n"
                if not outcomes:
                    yield "event: changed\ndata: {}\n\n"
                yield f"event: devices\ndata: {json.dumps({'devices': told['devices']})}\n\n"
        finally:
            with self._changed:
                self._pages -= 1

    def _wait(self, station: str, seen: int) -> int:
        with self._changed:
            self._changed.wait_for(
                lambda: self._revisions.get(station, seen) != seen, timeout=KEEP_ALIVE_SECONDS
            )
            return self._revisions.get(station, seen)

    def _watch(self) -> None:
        ended = time.monotonic()
        while True:
            if time.monotonic() - ended >= END_IDLE_EVERY_SECONDS:
                ended = time.monotonic()
                self._end_idle()
            fresh = self._look()
            with self._changed:
                if fresh is not None and fresh != self._revisions:
                    self._revisions = fresh
                    self._changed.notify_all()
                if self._pages == 0:
                    self._watching = False
                    return
            time.sleep(LOOK_EVERY_SECONDS if fresh is not None else LOOK_AGAIN_SECONDS)

    def _end_idle(self) -> None:
        """End work where nothing was scanned for too long, while somebody looks at a bench."""
        try:
            at = now()
            with self._database.reading() as session:
                codes = idle_benches(session, idle=self._idle, at=at)
            for code in codes:
                with self._database.writing() as session:
                    end_if_idle(session, code, idle=self._idle, read_at=at, at=at)
        except SQLAlchemyError as error:
            log.warning("idle-waits", error=type(error).__name__)

    def _look(self) -> dict[str, int] | None:
        """Return the revisions, or None while the database does not answer: pages wait for it."""
        try:
            with self._database.reading() as session:
                return revisions(session)
        except SQLAlchemyError as error:
            log.warning("feed-waits", error=type(error).__name__)
            return None
