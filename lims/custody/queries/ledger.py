# SPDX-License-Identifier: Apache-2.0
"""Reading the ledger: histories, the export, the head, the checkpoints."""

import base64
import json
from collections.abc import Collection, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text
from lims.custody import verifier
from lims.custody.models import LedgerCheckpoint, LedgerEvent, LedgerHead, LedgerLeaf
from lims.custody.queries.lineage import ancestors
from lims.custody.rules import Event, EventId, LedgerNotStarted, Tag

_AT_ONCE = 2_000  # rows fetched at a time
_TAGS: dict[str, Tag] = {tag.value: tag for tag in Tag}


@dataclass(frozen=True)
class Head:
    """How long the log is, and its root (32 bytes)."""

    origin: str
    size: int
    root: bytes

    @property
    def anchor(self) -> str:
        """Size and the beginning of the root: whoever keeps a label keeps a witness."""
        return f"{self.size}:{base64.b32encode(self.root).decode()[:10]}"


def head(session: Session) -> Head:
    """Return the present head of the log. Raises LedgerNotStarted."""
    row = session.get(LedgerHead, 1, populate_existing=True)
    if row is None:
        raise LedgerNotStarted("this database has no ledger: lims init starts it")
    return Head(row.origin, row.size, _tree(row).root())


def anchor(session: Session) -> str:
    """Return size and the first ten base32 letters of the root, as printed on labels and slips."""
    return head(session).anchor


def _tree(row: LedgerHead) -> verifier.Frontier:
    peaks = row.frontier
    return verifier.Frontier(
        row.size, (peaks[start : start + 32] for start in range(0, len(peaks), 32))
    )


def event_of(session: Session, event_id: str) -> Event | None:
    """Return one event, None for an unknown id."""
    found = (
        select(LedgerLeaf.idx, LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerEvent.event_id == event_id)
    )
    row = session.execute(found).one_or_none()
    return None if row is None else _event(row.idx, row.body)


def history(session: Session, stream: str, *, with_ancestors: bool = False) -> tuple[Event, ...]:
    """Return the committed events of a thing in the order of the log.

    With `with_ancestors` those of all it came from stand among them, back to the sample.
    """
    streams = [stream, *ancestors(session, stream)] if with_ancestors else [stream]
    return events_of(session, streams)


def events_of(session: Session, streams: Collection[str]) -> tuple[Event, ...]:
    """Return the committed events of several things in the order of the log."""
    found = (
        select(LedgerLeaf.idx, LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerEvent.stream.in_(streams))
        .order_by(LedgerLeaf.idx)
    )
    return tuple(_event(row.idx, row.body) for row in session.execute(found))


def events_of_stream(
    session: Session, stream: str, *, before: int | None = None, at_once: int = 200
) -> Iterator[Event]:
    """Yield the committed events of one thing, the newest first, those before index `before`.

    By the unique key (stream, sseq), `at_once` at a time: a long history is not read whole.
    """
    end = select(func.max(LedgerEvent.sseq)).where(LedgerEvent.stream == stream)
    below = (session.scalar(end) or 0) + 1
    if before is not None:
        below = _first_from(session, stream, below, before)
    while below > 0:
        found = (
            select(LedgerLeaf.idx, LedgerEvent.body)
            .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
            .where(LedgerEvent.stream == stream, LedgerEvent.sseq < below)
            .order_by(LedgerEvent.sseq.desc())
            .limit(at_once)
        )
        rows = session.execute(found).all()
        yield from (_event(row.idx, row.body) for row in rows)
        below = below - at_once if len(rows) == at_once else 0


def _first_from(session: Session, stream: str, count: int, index: int) -> int:
    """Find the first of a stream's events that stands at `index` or after it, by halving."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        place = (
            select(LedgerLeaf.idx)
            .join(LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id)
            .where(LedgerEvent.stream == stream, LedgerEvent.sseq == middle)
        )
        stands = session.scalar(place)
        if stands is not None and stands >= index:
            high = middle
        else:
            low = middle + 1
    return low


def sound_streams(session: Session, streams: Collection[str]) -> frozenset[str]:
    """Return those of `streams` whose events still hang together.

    Each event's bytes have the leaf hash that the log holds, and name the event before them.
    Whether the log itself is what was signed, only the verifier tells.
    """
    rows = session.execute(
        select(LedgerEvent.stream, LedgerEvent.sseq, LedgerEvent.body, LedgerLeaf.leaf)
        .outerjoin(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerEvent.stream.in_(streams))
        .order_by(LedgerEvent.stream, LedgerEvent.sseq)
    )
    last: dict[str, tuple[int, str]] = {}
    broken = set()
    for stream, number, body, leaf in rows:
        held = json.loads(body)
        seq, prev = last.get(stream, (-1, ""))
        true = verifier.leaf_hash(body)
        if (held["stream"], held["seq"], held["prev"]) != (stream, seq + 1, prev) or (
            number != seq + 1 or leaf is None or bytes(leaf) != true
        ):
            broken.add(stream)
        last[stream] = (seq + 1, true.hex())
    return frozenset(last) - broken


def recent(session: Session, *, limit: int, before: int | None = None) -> tuple[Event, ...]:
    """Return the newest `limit` events of the whole log (before index `before`), newest first."""
    found = select(LedgerLeaf.idx, LedgerEvent.body).join(
        LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id
    )
    if before is not None:
        found = found.where(LedgerLeaf.idx < before)
    found = found.order_by(LedgerLeaf.idx.desc()).limit(limit)
    return tuple(_event(row.idx, row.body) for row in session.execute(found))


def _event(index: int, body: bytes) -> Event:
    held = json.loads(body)
    return Event(
        index=index,
        id=EventId(held["id"]),
        stream=held["stream"],
        seq=held["seq"],
        tag=_TAGS.get(held["type"], held["type"]),
        actor=held["actor"],
        device=held["device"],
        occurred=from_utc_text(held["occurred"]),
        recorded=from_utc_text(held["recorded"]),
        cause=held["cause"],
        content=held["data"],
    )


def export_lines(session: Session, *, start: int = 0) -> Iterator[bytes]:
    """Yield the events from index `start` in the order of the log, each a line with its newline."""
    found = (
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx >= start)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=_AT_ONCE)
    )
    with closing(session.scalars(found)) as bodies:
        for body in bodies:
            yield body + b"\n"


def leaf_hashes(session: Session, *, start: int, end: int) -> Generator[bytes, None, None]:
    """Yield the leaf hashes from index `start` up to, not including, `end`."""
    found = (
        select(LedgerLeaf.leaf)
        .where(LedgerLeaf.idx >= start, LedgerLeaf.idx < end)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=_AT_ONCE)
    )
    with closing(session.scalars(found)) as leaves:
        yield from leaves


def checkpoints(session: Session, *, above: int = 0) -> Iterator[LedgerCheckpoint]:
    """Yield the signed checkpoints of more than `above` events, oldest first."""
    found = (
        select(LedgerCheckpoint)
        .where(LedgerCheckpoint.size > above)
        .order_by(LedgerCheckpoint.size)
        .execution_options(yield_per=_AT_ONCE)
    )
    with closing(session.scalars(found)) as marks:
        yield from marks


def last_checkpoint(session: Session) -> LedgerCheckpoint | None:
    """Return the newest checkpoint, None before the first."""
    found = select(LedgerCheckpoint).order_by(LedgerCheckpoint.size.desc()).limit(1)
    return session.scalars(found).one_or_none()


def checkpoint_due(
    session: Session,
    *,
    at: datetime,
    events: int,
    minutes: int,
    shift_end: datetime | None = None,
) -> bool:
    """Say whether `events` or more are unsigned, or any waited for `minutes` or a shift's end.

    `shift_end` is the newest end of a shift not after `at`: an event recorded before it is due, so
    an end that was missed is made up for.
    """
    size = head(session).size
    newest = last_checkpoint(session)
    signed = newest.size if newest else 0
    if size - signed >= events:
        return True
    if size == signed:
        return False
    oldest = (
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx == signed)
    )
    recorded = from_utc_text(json.loads(session.scalars(oldest).one())["recorded"])
    if shift_end is not None and recorded < shift_end <= at:
        return True
    return (at - recorded).total_seconds() >= 60 * minutes
