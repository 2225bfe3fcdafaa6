# SPDX-License-Identifier: Apache-2.0
"""Reading the ledger: histories, the export, the check of the database against itself."""

import base64
import itertools
import json
from collections.abc import Collection, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Row, cast, func, literal, select, text
from sqlalchemy.orm import Session

from lims.core.clock import from_utc_text
from lims.custody import verifier
from lims.custody.models import (
    TRIGGERS,
    LedgerCheckpoint,
    LedgerEvent,
    LedgerHead,
    LedgerLeaf,
    LedgerNode,
)
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


@dataclass(frozen=True)
class DatabaseReport:
    """What the verifier says of the events, and where the tables beside them disagree."""

    report: verifier.Report
    problems: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """Say "sound", "broken" or "unsigned"."""
        return "broken" if self.problems else self.report.verdict

    @property
    def exit_status(self) -> int:
        """Give 0 for sound, 1 for broken, 3 for sound with an unsigned tail."""
        return 1 if self.problems else self.report.exit_status

    def as_json(self) -> dict[str, object]:
        """Return the report as a value for JSON."""
        return self.report.as_json() | {"verdict": self.verdict, "problems": self.problems}


def verify_database(
    session: Session, key: verifier.PublicKey, notes: Iterable[tuple[str, bytes]]
) -> DatabaseReport:
    """Check the ledger in the database: the events as the verifier does, and every derived table.

    `key` is the long-term key, `notes` the files of the checkpoints folder (certificates among
    them); the checkpoints that the database itself keeps are added.
    """
    held = {content: name for name, content in notes}
    for mark in checkpoints(session):
        held.setdefault(mark.note.encode(), f"database {mark.size}.checkpoint")
    report = verifier.verify(
        export_lines(session),
        [(name, content) for content, name in held.items()],
        key,
        lambda size: leaf_hashes(session, start=0, end=size),
        lambda: export_lines(session),
    )
    return DatabaseReport(report, [*_derived(session), *_triggers(session)])


def _derived(session: Session) -> Iterator[str]:
    """Compare leaves, nodes, head and columns with the events."""
    rows = session.execute(
        select(
            LedgerLeaf.idx,
            LedgerLeaf.leaf.label("in_log"),
            *LedgerEvent.__table__.columns,
        )
        .join(LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=_AT_ONCE)
    )
    tree = verifier.Frontier()
    with closing(rows):
        for row in rows:
            if row.idx != tree.size:
                yield f"the log has no event {tree.size}"
                return
            leaf = verifier.leaf_hash(row.body)
            if not row.in_log == row.leaf == leaf:
                yield f"event {row.idx} (id {row.event_id}): its leaf hash is not that of its bytes"
            if not _columns_fit(row):
                yield f"event {row.idx} (id {row.event_id}): its columns differ from its bytes"
            tree.append(leaf)
    stored = session.get(LedgerHead, 1, populate_existing=True)
    if stored is None or (stored.size, _tree(stored).root()) != (tree.size, tree.root()):
        yield "the stored head of the log is not that of its events"
    count = session.scalar(select(func.count()).select_from(LedgerEvent))
    if count != tree.size:
        yield f"ledger_event has {count} rows, but the log {tree.size}"
    yield from _nodes(session, tree.size)


def _columns_fit(row: Row[Any]) -> bool:
    try:
        fields = dict(zip(verifier.FIELDS, verifier.read_event(row.body), strict=True))
    except verifier.Malformed:
        return True  # the verifier says what is wrong with the bytes
    said = (fields["id"], fields["idem"], fields["stream"], fields["seq"])
    return said == (f'"{row.event_id}"', f'"{row.idem}"', f'"{row.stream}"', str(row.sseq))


def _nodes(session: Session, size: int) -> Iterator[str]:
    """Compare the stored subtrees with the leaves."""
    end = (LedgerNode.idx + 1) * cast(literal(2), BigInteger).op("<<")(LedgerNode.level - 1)
    stored = session.execute(
        select(LedgerNode.level, LedgerNode.idx, LedgerNode.h)
        .order_by(end, LedgerNode.level)  # the order in which they were completed
        .execution_options(yield_per=_AT_ONCE)
    )
    tree = verifier.Frontier()
    leaves = leaf_hashes(session, start=0, end=size)
    computed = (node for leaf in leaves for node in tree.append(leaf))
    with closing(stored), closing(leaves):
        for row, node in itertools.zip_longest(stored, computed):
            if row is None or node is None or tuple(row) != node:
                where = tuple(row)[:2] if row is not None else node[:2]
                yield f"ledger_node differs from the leaves at (level, index) {where}"
                return


def _triggers(session: Session) -> Iterator[str]:
    """Look for the triggers that refuse changes."""
    kind = session.connection().dialect.name
    known = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if kind == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    present = set(session.scalars(text(known)))
    for ddl in TRIGGERS[kind]:
        words = ddl.split()
        if words[1] == "TRIGGER" and words[2] not in present:
            yield f"the trigger {words[2]} is missing or switched off"
