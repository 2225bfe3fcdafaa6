# SPDX-License-Identifier: Apache-2.0
"""The check of the whole ledger in the database: events, and every table derived from them."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ClauseElement

from lims.core.db import Base
from lims.core.guards import triggers_of
from lims.custody import verifier
from lims.custody.models import TRIGGERS, LedgerEvent, LedgerHead, LedgerLeaf, LedgerNode
from lims.custody.queries.ledger import checkpoints, export_lines, leaf_hashes
from lims.custody.queries.proofs import frontier

AT_ONCE = 2_000  # rows fetched at a time
TELL = 20_000  # events between two words on how far it is
SAVE = 500_000  # events between two notes from which an interrupted check goes on
_CAUSES = 500  # looked up at a time
_cursors = itertools.count()  # two may be open at once

Mark = tuple[verifier.Checkpoint, str]


@dataclass(frozen=True)
class Coverage:
    """What a check read: events from `begun` on, and `sampled` of those before, by chance.

    `whole_size` and `whole_at` (UTC, "" for never) tell of the last check of every event.
    """

    begun: int = 0
    sampled: int = 0
    whole_size: int = 0
    whole_at: str = ""
    remembered: bool = False

    @property
    def whole(self) -> bool:
        """Say whether every event was read."""
        return not self.begun


@dataclass(frozen=True)
class DatabaseReport:
    """What the verifier says of the events, and where the tables beside them disagree."""

    report: verifier.Report
    problems: list[str] = field(default_factory=list)
    coverage: Coverage = field(default_factory=Coverage)

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
        held = self.coverage
        return self.report.as_json() | {
            "verdict": self.verdict,
            "problems": self.problems,
            "coverage": {
                "whole": held.whole,
                "begun": held.begun,
                "sampled": held.sampled,
                "whole_size": held.whole_size,
                "whole_at": held.whole_at,
                "remembered": held.remembered,
            },
        }


def verify_database(
    session: Session,
    key: verifier.PublicKey,
    notes: Iterable[tuple[str, bytes]],
    *,
    witnesses: Iterable[verifier.PublicKey] = (),
    kept: Callable[[int], Iterable[bytes]] = lambda size: (),
    since: int = 0,
    progress: Callable[[int], None] = lambda done: None,
    save: Callable[[verifier.Checkpoint], None] = lambda mark: None,
) -> DatabaseReport:
    """Check the ledger in the database: the events as the verifier does, and every derived table.

    `key` is the long-term key, `notes` the files of the checkpoints folder (certificates among
    them); the checkpoints that the database itself keeps are added. `kept(size)` may give leaf
    hashes kept elsewhere, to name an event that was changed. `save` is told now and then of a
    checkpoint up to which all is sound; a later check goes on from its size with `since`: then the
    list of last events is built anew from the columns and compared with that checkpoint.
    """
    report = verifier.Report(key.name)
    marks = verifier.check_notes(all_notes(session, notes), key, report, tuple(witnesses))
    reading = Reading(session, report, begin(session, report, marks, since))
    saved = since
    for signed in reading.go():
        if signed >= saved + SAVE and reading.sound:
            saved = signed
            save(marks[reading.walk.next - 1][0])
        progress(reading.walk.line)
    walk = reading.walk
    walk.finish()
    reading.checks.finish(walk)
    _name(session, report)
    if walk.misfit is not None:
        for leaves in (lambda size: leaf_hashes(session, start=0, end=size), kept):
            verifier.trace(report, *walk.misfit, leaves, lambda: export_lines(session))
    return DatabaseReport(report, [*reading.checks.problems, *beside(session)])


def beside(session: Session) -> Iterator[str]:
    """Look for what is wrong beside the events: names twice, triggers that are missing."""
    yield from _twice(session)
    yield from missing_triggers(session)


class Reading:
    """A walk over the events of the database, or over a part of them, with all that is derived."""

    def __init__(self, session: Session, report: verifier.Report, walk: verifier.Walk) -> None:
        self.walk = walk
        self.checks = _Derived(session, walk.tree.size)
        self._session = session
        self._report = report

    @property
    def sound(self) -> bool:
        """Say whether nothing was found yet."""
        return not self._report.found and not self.checks.problems

    def go(self, end: int | None = None) -> Iterator[int]:
        """Read the events up to `end`; now and then yield how many are signed of those read."""
        walk, checks, report = self.walk, self.checks, self._report
        causes = _Causes(self._session, report)
        for row in _rows(self._session, walk.tree.size, end):
            place = walk.tree.size
            leaf, fields, completed = walk.take(row[5] + b"\n")
            checks.take(row, place, leaf, fields, completed)
            if fields:
                causes.take(fields[1], fields[4], place)
            if not walk.line % TELL:
                yield report.signed
        causes.finish()


def all_notes(session: Session, notes: Iterable[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return the notes of the folder, and those that only the database keeps."""
    held = {content: name for name, content in notes}
    for mark in checkpoints(session):
        held.setdefault(mark.note.encode(), f"database {mark.size}.checkpoint")
    return [(name, content) for content, name in held.items()]


def begin(
    session: Session, report: verifier.Report, marks: Sequence[Mark], since: int
) -> verifier.Walk:
    """Begin the walk at the first event, or behind `since`: the last events by their columns."""
    if not since:
        return verifier.Walk(report, marks)
    heads = verifier.Heads()
    last = (
        select(LedgerLeaf.idx, LedgerEvent.stream, LedgerEvent.sseq, LedgerEvent.leaf)
        .join(LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx < since)
        .order_by(LedgerLeaf.idx)
    )
    for index, stream, sseq, leaf in _plainly(session, last):
        heads.put(stream, sseq + 1, leaf, index)
    return verifier.Walk(report, marks, tree=frontier(session, since), heads=heads)


def _plainly(session: Session, found: ClauseElement) -> Iterator[Any]:
    """Yield rows as the driver gives them: of ten million, each conversion counts."""
    connection = session.connection()
    words = str(found.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
    if connection.dialect.driver == "psycopg":
        yield from _in_binary(connection, words)
        return
    rows = connection.exec_driver_sql(words, execution_options={"yield_per": AT_ONCE})
    with closing(rows):
        for some in rows.partitions():
            yield from some


def _in_binary(connection: Connection, words: str) -> Iterator[Any]:
    """Yield rows that a PostgreSQL server sends as they are, not written out as text."""
    server: Any = connection.connection.driver_connection
    with server.cursor(f"ledger_{next(_cursors)}", binary=True) as rows:
        rows.execute(words.replace("%%", "%"))
        while some := rows.fetchmany(AT_ONCE):
            yield from some


class EventRow(NamedTuple):
    """An event with all that is kept beside it."""

    idx: int
    in_log: bytes
    event_id: str
    stream: str
    sseq: int
    body: bytes
    leaf: bytes
    idem: str


def _rows(session: Session, since: int, end: int | None) -> Iterator[Any]:
    """Yield the events from an index on, up to `end`, as the fields of `EventRow`."""
    found = event_rows(since)
    return _plainly(session, found if end is None else found.where(LedgerLeaf.idx < end))


def event_rows(since: int) -> Select[Any]:
    """Select the events from an index on with all that is kept beside them, in order."""
    return (
        select(LedgerLeaf.idx, LedgerLeaf.leaf.label("in_log"), *LedgerEvent.__table__.columns)
        .join(LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx >= since)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=AT_ONCE)
    )


def row_problems(row: Row[Any] | EventRow, leaf: bytes, fields: tuple[str, ...]) -> Iterator[str]:
    """Compare what is kept beside an event with its bytes; malformed bytes have no fields."""
    if not row.in_log == row.leaf == leaf:
        yield f"event {row.idx} (id {row.event_id}): its leaf hash is not that of its bytes"
    if fields:  # else the verifier says what is wrong with the bytes
        said = (fields[4], fields[5], fields[11], fields[10])
        if said != (f'"{row.event_id}"', f'"{row.idem}"', f'"{row.stream}"', str(row.sseq)):
            yield f"event {row.idx} (id {row.event_id}): its columns differ from its bytes"


class _Derived:
    """Compares leaves, subtrees, head and columns with the events, in the one pass over them."""

    def __init__(self, session: Session, since: int) -> None:
        self.problems: list[str] = []
        self._session = session
        self._gap = False
        self._levels: dict[int, Iterator[tuple[int, bytes]]] = {}
        self._since = since
        self._nodes_fit = True

    def take(
        self, row: Any, place: int, leaf: bytes, fields: tuple[str, ...],
        completed: list[tuple[int, int, bytes]],
    ) -> None:  # fmt: skip
        """Compare one row of the log, the event at `place`."""
        if self._gap:
            return
        idx, in_log, event_id, stream, sseq, _, own, idem = row
        if idx != place:
            self._gap = True
            self.problems.append(f"the log has no event {place}")
            return
        fits = fields and (
            in_log == own == leaf
            and fields[4][1:-1] == event_id
            and fields[5][1:-1] == idem
            and fields[11][1:-1] == stream
            and fields[10] == str(sseq)
        )
        if not fits and len(self.problems) < verifier.LISTED:
            self.problems.extend(row_problems(EventRow(*row), leaf, fields))
        for level, index, node in completed:
            if self._nodes_fit:
                if level not in self._levels:
                    self._levels[level] = self._stored(level, index)
                self._nodes_fit = next(self._levels[level], None) == (index, node)
                if not self._nodes_fit:
                    self.problems.append(
                        f"ledger_node differs from the leaves at (level, index) {(level, index)}"
                    )

    def _stored(self, level: int, start: int) -> Iterator[tuple[int, bytes]]:
        while True:
            found = list(
                _plainly(
                    self._session,
                    select(LedgerNode.idx, LedgerNode.h)
                    .where(LedgerNode.level == level, LedgerNode.idx >= start)
                    .order_by(LedgerNode.idx)
                    .limit(AT_ONCE),
                )
            )
            yield from found
            if len(found) < AT_ONCE:
                return
            start = found[-1][0] + 1

    def finish(self, walk: verifier.Walk) -> None:
        """Compare the head and the counts."""
        session, size = self._session, walk.tree.size
        stored = session.get(LedgerHead, 1, populate_existing=True)
        peaks = b"".join(walk.tree.peaks)
        if stored is None or (stored.size, stored.frontier) != (size, peaks):
            self.problems.append("the stored head of the log is not that of its events")
        count = session.scalar(select(func.count()).select_from(LedgerEvent))
        if count != size:
            self.problems.append(f"ledger_event has {count} rows, but the log {size}")
        expected = {level: size >> level for level in range(1, size.bit_length())}
        found: dict[int, int] = {}
        counts = select(LedgerNode.level, func.count()).group_by(LedgerNode.level)
        for level, many in session.execute(counts):
            found[level] = many
        if self._nodes_fit and found != expected:
            level = next(one for one in (*expected, *found) if expected.get(one) != found.get(one))
            self.problems.append(
                f"ledger_node has {found.get(level, 0)} subtrees of level {level}, not"
                f" {expected.get(level, 0)}"
            )


class _Causes:
    """Looks up the events that others name as their causes, some hundred at a time."""

    def __init__(self, session: Session, report: verifier.Report) -> None:
        self._session = session
        self._report = report
        self._asked: dict[str, int] = {}
        self._recent: dict[str, None] = {}

    def take(self, cause: str, id_: str, place: int) -> None:
        """Take note of one event; texts in their quotes."""
        if cause != '""' and cause not in self._recent:
            self._asked.setdefault(cause[1:-1], place)
            if len(self._asked) >= _CAUSES:
                self.finish()
        self._recent[id_] = None
        if len(self._recent) > AT_ONCE:
            self._recent.clear()

    def finish(self) -> None:
        """Look up what is left."""
        found = set(
            self._session.scalars(
                select(LedgerLeaf.event_id).where(LedgerLeaf.event_id.in_(self._asked))
            )
        )
        for cause, place in self._asked.items():
            if cause not in found:
                words = f"The event names a cause, {cause}, that is not in the ledger"
                self._report.add(verifier.Finding("cause", words, place, place + 1))
        self._asked.clear()


def _name(session: Session, report: verifier.Report) -> None:
    """Fill in what is known of events of which only the place is."""
    lacking = {known.index for known in report.findings if known.index >= 0 and not known.id}
    bodies = (
        select(LedgerLeaf.idx, LedgerEvent.body)
        .join(LedgerEvent, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx.in_(lacking))
    )
    held = {index: bytes(body) for index, body in session.execute(bodies)}
    for at, known in enumerate(report.findings):
        if known.index in held:
            place = verifier.guess(held[known.index], known.index, known.line)
            report.findings[at] = place.finding(known.reason, known.words, known.note)


def _twice(session: Session) -> Iterator[str]:
    """Look for ids and keys that stand in the table twice: its rules forbid it while they stand."""
    for column in (LedgerEvent.event_id, LedgerEvent.idem):
        found = select(column).group_by(column).having(func.count() > 1).limit(1)
        for value in session.scalars(found):
            yield f"{column.key} {value} stands in ledger_event more than once"


def missing_triggers(session: Session) -> Iterator[str]:
    """Look for the triggers that refuse changes."""
    kind = session.connection().dialect.name
    known = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if kind == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')"
    )
    present = set(session.scalars(text(known)))
    guarded = triggers_of(Base.metadata.tables.values())
    for ddl in (*TRIGGERS[kind], *guarded[kind]):
        words = ddl.split()
        if words[1] == "TRIGGER" and words[2] not in present:
            yield f"the trigger {words[2]} is missing or switched off"
