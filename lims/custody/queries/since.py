# SPDX-License-Identifier: Apache-2.0
"""The check of what came since the last one: new events, some of the old by chance, last events."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from lims.custody import verifier
from lims.custody.models import (
    LedgerEvent,
    LedgerHead,
    LedgerLeaf,
    LedgerNode,
    LedgerStream,
    LedgerStreamNode,
)
from lims.custody.queries.ledger import checkpoints, last_checkpoint
from lims.custody.queries.proofs import (
    consistency_proof,
    frontier,
    inclusion_proofs,
    last_proofs,
)
from lims.custody.queries.verification import (
    Coverage,
    DatabaseReport,
    event_rows,
    missing_triggers,
    row_problems,
)

SAMPLE = 100  # events of those checked before, drawn anew each time
OLD_NOTES = 20  # checkpoints of those checked before
_LAST = 50  # streams whose last event is proved, beside those that grew
_MANY = 2_000  # streams that grew and are proved at most


class NotAsVerified(Exception):
    """What was verified before is not there any more, or is another: read everything."""


def recent_notes(folder: Path, *, since: int) -> list[tuple[str, bytes]]:
    """Read the checkpoints from the size `since` on, some older ones by chance, and what they need.

    So much is read however many checkpoints there are. Raises OSError.
    """
    old: list[Path] = []
    taken: list[Path] = []
    days: set[str] = set()
    for path in folder.iterdir():
        stem, _, ending = path.name.partition(".")
        if ending == "checkpoint" and stem.isdecimal():
            (taken if int(stem) >= since else old).append(path)
        elif ending == "cosigned" and stem.isdecimal():
            if int(stem) >= since:
                taken.append(path)
        elif ending != "certificate" and path.is_file() and path.name != verifier.LEAVES:
            taken.append(path)
    secrets.SystemRandom().shuffle(old)
    notes = []
    for path in (*taken, *old[:OLD_NOTES]):
        content = verifier.read_head(path)
        notes.append((path.name, content))
        days |= {line[5:15].decode() for line in content.split(b"\n") if line.startswith(b"time ")}
    for path in (folder / f"{day}.certificate" for day in sorted(days)):
        if path.is_file():
            notes.append((path.name, verifier.read_head(path)))
    return notes


def verify_since(
    session: Session,
    key: verifier.PublicKey,
    notes: Iterable[tuple[str, bytes]],
    since: verifier.Checkpoint,
    *,
    whole: Coverage,
    witnesses: Iterable[verifier.PublicKey] = (),
    sample: int = SAMPLE,
) -> DatabaseReport:
    """Check the events after those of `since`, which were found sound, and what they lean on.

    Read are the new events with all that is derived from them, `sample` of the others drawn by
    chance, each proved against the root of `since`, every event that a new one continues, and
    the proofs of the last events of the streams that grew. Takes as long as there are new events,
    however many there are. `whole` says when every event was read. Raises NotAsVerified.
    """
    report = verifier.Report(key.name)
    held = {content: name for name, content in notes}
    for mark in checkpoints(session, above=since.size - 1):
        held.setdefault(mark.note.encode(), f"database {mark.size}.checkpoint")
    named = [(name, content) for content, name in held.items()]
    marks = verifier.check_notes(named, key, report, tuple(witnesses))
    if (since.size, since.root) not in {(mark.size, mark.root) for mark, _ in marks}:
        raise NotAsVerified("the checkpoint up to which it was verified is gone")
    try:
        tree = frontier(session, since.size)
    except (KeyError, ValueError):
        raise NotAsVerified("events that were verified are gone") from None
    if tree.root() != since.root:
        raise NotAsVerified("the stored hashes are not those that were verified")
    before = _Before(session, since)
    walk = verifier.Walk(report, marks, tree=tree, before=before.last, latest=before.latest())
    problems: list[str] = []
    fresh: list[tuple[int, int, bytes]] = []
    with closing(session.execute(event_rows(since.size))) as rows:
        for row in rows:
            if row.idx != walk.tree.size:
                problems.append(f"the log has no event {walk.tree.size}")
                break
            leaf, fields, completed = walk.take(row.body + b"\n")
            problems.extend(row_problems(row, leaf, fields))
            fresh += completed
            before.caused(fields, row.idx, report)
    walk.finish()
    problems += _head(session, walk)
    problems += _nodes(session, fresh)
    sampled = before.sample(sample)
    problems += before.problems()
    problems += _grown(session, marks, since)
    problems += _lasts(session, marks, before.streams)
    problems += missing_triggers(session)
    covered = Coverage(since.size, sampled, whole.whole_size, whole.whole_at)
    return DatabaseReport(report, problems, covered)


def sample_before(
    session: Session, since: verifier.Checkpoint, *, count: int = SAMPLE
) -> list[str]:
    """Check some events of those before `since` by chance; return what is wrong with them."""
    before = _Before(session, since)
    before.sample(count)
    return list(before.problems())


class _Before:
    """What new events lean on: events that were found sound, each proved once more."""

    def __init__(self, session: Session, since: verifier.Checkpoint) -> None:
        self.streams: set[str] = set()
        self._session = session
        self._since = since
        self._leaves: dict[int, bytes] = {}
        self._problems: list[str] = []

    def last(self, stream: str) -> tuple[int, bytes, int] | None:
        """Give number, leaf hash and place of a stream's last event before the new ones."""
        self.streams.add(stream)
        row = self._one(
            event_rows(0)
            .where(LedgerEvent.stream == stream, LedgerLeaf.idx < self._since.size)
            .order_by(None)
            .order_by(LedgerEvent.sseq.desc())
            .limit(1)
        )
        return None if row is None else (row.sseq, self._leaves[row.idx], row.idx)

    def latest(self) -> str:
        """Give the time, in its quotes, at which the last of the old events was recorded."""
        row = self._one(event_rows(0).where(LedgerLeaf.idx == self._since.size - 1))
        try:
            return verifier.read_event(row.body)[9] if row is not None else ""
        except verifier.Malformed:
            return ""  # it is among the problems, or is found when everything is read

    def caused(self, fields: tuple[str, ...], place: int, report: verifier.Report) -> None:
        """Look for the event that a new one names as its cause."""
        if not fields or fields[1] == '""':
            return
        cause = fields[1][1:-1]
        found = select(LedgerLeaf.idx).where(LedgerLeaf.event_id == cause)
        if self._session.scalars(found).first() is None:
            words = f"The event names a cause, {cause}, that is not in the ledger"
            report.add(verifier.Finding("cause", words, place, place + 1))

    def sample(self, count: int) -> int:
        """Check some old events by chance, and how each follows the one before of its stream."""
        chance = secrets.SystemRandom()
        chosen = chance.sample(range(self._since.size), min(count, self._since.size))
        for row in self._session.execute(event_rows(0).where(LedgerLeaf.idx.in_(chosen))).all():
            self._take(row)
            if len(self.streams) < _LAST:
                self.streams.add(row.stream)
            if row.sseq:
                found = event_rows(0).where(
                    LedgerEvent.stream == row.stream, LedgerEvent.sseq == row.sseq - 1
                )
                previous = self._one(found)
                prev = "" if previous is None else self._leaves[previous.idx].hex()
                if previous is None or previous.idx >= row.idx or f'"{prev}"' != _prev(row):
                    self._problems.append(
                        f"event {row.idx} (id {row.event_id}): it does not follow the one before"
                        f" of {row.stream}"
                    )
        if missing := set(chosen) - self._leaves.keys():
            self._problems.append(f"the log has no event {min(missing)}")
        return len(chosen)

    def problems(self) -> Iterator[str]:
        """Prove each event read against the root up to which all was found sound."""
        yield from self._problems
        size, root = self._since.size, self._since.root
        try:
            paths = inclusion_proofs(self._session, self._leaves, size)
        except KeyError:
            yield "subtrees of the log are missing"
            return
        for index, leaf in self._leaves.items():
            if not verifier.check_inclusion(leaf, index, size, paths[index], root):
                yield f"event {index} is not the one that was verified and signed"

    def _one(self, found: Any) -> Row[Any] | None:
        row: Row[Any] | None = self._session.execute(found).first()
        if row is not None:
            self._take(row)
        return row

    def _take(self, row: Row[Any]) -> None:
        if row.idx not in self._leaves:
            leaf = verifier.leaf_hash(row.body)
            self._leaves[row.idx] = leaf
            try:
                fields = verifier.read_event(row.body)
            except verifier.Malformed as error:
                self._problems.append(f"event {row.idx} (id {row.event_id}): {error.words}")
                fields = ()
            self._problems.extend(row_problems(row, leaf, fields))


def _prev(row: Row[Any]) -> str:
    try:
        return verifier.read_event(row.body)[8]
    except verifier.Malformed:
        return "?"


def _head(session: Session, walk: verifier.Walk) -> Iterator[str]:
    stored = session.get(LedgerHead, 1, populate_existing=True)
    peaks = b"".join(walk.tree.peaks)
    if stored is None or (stored.size, stored.frontier) != (walk.tree.size, peaks):
        yield "the stored head of the log is not that of its events"
    beyond = select(LedgerLeaf.idx).where(LedgerLeaf.idx >= walk.tree.size).limit(1)
    if session.scalars(beyond).first() is not None:
        yield "the log goes on after its end"


def _nodes(session: Session, fresh: Sequence[tuple[int, int, bytes]]) -> Iterator[str]:
    """Compare the subtrees that the new events completed."""
    levels: dict[int, dict[int, bytes]] = {}
    for level, index, node in fresh:
        levels.setdefault(level, {})[index] = node
    for level, nodes in levels.items():
        stored = select(LedgerNode.idx, LedgerNode.h).where(
            LedgerNode.level == level, LedgerNode.idx >= min(nodes)
        )
        held = {index: bytes(node) for index, node in session.execute(stored)}
        if held != nodes:
            differing = min(index for index in held | nodes if held.get(index) != nodes.get(index))
            yield f"ledger_node differs from the leaves at (level, index) {(level, differing)}"


def _grown(
    session: Session, marks: Sequence[tuple[verifier.Checkpoint, str]], since: verifier.Checkpoint
) -> Iterator[str]:
    """Show that the log begins with what older checkpoints signed."""
    for mark, name in marks:
        if 0 < mark.size < since.size:
            try:
                path = consistency_proof(session, mark.size, since.size)
            except KeyError:
                path = []
            if not verifier.check_consistency(mark.size, mark.root, since.size, since.root, path):
                yield f"{name}: the first {mark.size} events are not those that were signed"


def _lasts(
    session: Session, marks: Sequence[tuple[verifier.Checkpoint, str]], streams: set[str]
) -> Iterator[str]:
    """Prove the last events of streams against the newest checkpoint."""
    newest = last_checkpoint(session)
    mark = marks[-1][0]
    if newest is None or newest.size != mark.size:
        yield f"the database does not hold the newest checkpoint, of {mark.size} events"
        return
    root = session.scalars(
        select(LedgerStreamNode.h).where(
            LedgerStreamNode.level == verifier.DEPTH, LedgerStreamNode.idx == 0
        )
    ).one_or_none()
    count = session.scalar(select(func.count()).select_from(LedgerStream))
    if root is None or (bytes(root), count) != (mark.heads, mark.streams):
        yield "the list of last events is not the one that was signed"
    asked = sorted(streams)[:_MANY]
    proofs = last_proofs(session, asked)
    for stream in asked:
        last = session.execute(
            select(LedgerEvent.sseq, LedgerEvent.leaf)
            .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
            .where(LedgerEvent.stream == stream, LedgerLeaf.idx < mark.size)
            .order_by(LedgerEvent.sseq.desc())
            .limit(1)
        ).first()
        proof = proofs.get(stream)
        if last is None and proof is None:
            continue
        if last is None or proof is None or not verifier.check_last(
            stream, last.sseq + 1, bytes(last.leaf), list(proof.entries), list(proof.path),
            mark.heads,
        ):  # fmt: skip
            yield f"the last event of {stream} is not the one that was signed"
