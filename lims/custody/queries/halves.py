# SPDX-License-Identifier: Apache-2.0
"""The check of the whole ledger by two processes: each reads a part, and the parts are joined."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session

from lims.core.db import reading_apart
from lims.custody import verifier
from lims.custody.models import LedgerEvent, LedgerLeaf
from lims.custody.queries import verification
from lims.custody.queries.ledger import head
from lims.custody.queries.verification import (
    DatabaseReport,
    Mark,
    Reading,
    all_notes,
    begin,
    beside,
)

WORTH = 100_000  # events that are worth a second process
PART = 0.55  # of them the second one reads: the first has signatures and last events to do too


@dataclass(frozen=True)
class FirstPart:
    """What a sound first part ends with, and what was said of it."""

    size: int
    peaks: tuple[bytes, ...]
    heads: bytes
    streams: int
    latest: str
    report: verifier.Report


@dataclass(frozen=True)
class _Task:
    url: URL
    origin: str
    marks: tuple[Mark, ...]
    end: int


class NotJoined(Exception):
    """The two parts do not make one sound ledger: everything is to be read by one process."""


class SecondReader:
    """A second process that reads the first events, up to `end`."""

    def __init__(self, url: URL, origin: str, marks: Sequence[Mark], end: int) -> None:
        spawning = multiprocessing.get_context("spawn")  # a fork would copy locks as they stand
        self.end = end
        self.done = 0
        self.mark: verifier.Checkpoint | None = None
        self._heard, told = spawning.Pipe(duplex=False)
        task = _Task(url, origin, tuple(one for one in marks if one[0].size <= end), end)
        self._process = spawning.Process(target=_run, args=(task, told), daemon=True)
        self._process.start()
        told.close()
        self._part: FirstPart | None = None

    def hear(self, *, wait: bool = False) -> None:
        """Take what it has told. Raises NotJoined where it found something, or is no more."""
        try:
            while self._part is None and (wait or self._heard.poll()):
                said = self._heard.recv()
                if said is None:
                    raise NotJoined
                if isinstance(said, FirstPart):
                    self._part, self.done = said, self.end
                    return
                self.done, self.mark = said
                if wait:
                    return
        except (EOFError, OSError):
            raise NotJoined from None

    def part(self, told: Callable[[], None]) -> FirstPart:
        """Wait for its end. Raises NotJoined."""
        while self._part is None:
            self.hear(wait=True)
            told()
        return self._part

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.join()
        self._heard.close()


@contextmanager
def _second_reader(
    session: Session, origin: str, notes: Sequence[tuple[str, bytes]]
) -> Iterator[SecondReader | None]:
    """Start the second process where it is worth it and can be; it is ended at the end."""
    size = head(session).size
    alone = (os.cpu_count() or 1) < 2 or multiprocessing.current_process().daemon
    if size < WORTH or alone:
        yield None
        return
    url = session.get_bind().engine.url
    second = SecondReader(url, origin, _unchecked(notes, origin), int(size * PART))
    try:
        yield second
    finally:
        second.close()


def _unchecked(notes: Sequence[tuple[str, bytes]], origin: str) -> list[Mark]:
    """Read checkpoints without their signatures, which the first process checks meanwhile."""
    marks = []
    for name, content in notes:
        try:
            mark = verifier.read_checkpoint(verifier.read_note(content).text)
        except verifier.Malformed:
            continue
        if mark.origin == origin:
            marks.append((mark, name))
    return sorted(marks, key=lambda pair: (pair[0].size, pair[0].at))


def _run(task: _Task, told: Connection) -> None:
    """Read the first part, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it, and ends this one
    read_part(task, told)


def read_part(task: _Task, told: Connection) -> None:
    """Read the first part; tell how far it is, and its end, or None if it is not sound."""
    report = verifier.Report(task.origin)
    try:
        with reading_apart(task.url) as session:
            reading = Reading(session, report, begin(session, report, task.marks, 0))
            walk = reading.walk
            for _ in reading.go(task.end):
                if not reading.sound:
                    break
                told.send((walk.line, report.mark))
            if not reading.sound or walk.tree.size != task.end or walk.next < len(task.marks):
                told.send(None)
                return
            told.send(FirstPart(
                walk.tree.size, tuple(walk.tree.peaks), walk.heads.root(), len(walk.heads),
                walk.latest, report,
            ))  # fmt: skip
    except BrokenPipeError:  # the first process is gone
        pass
    finally:
        told.close()


def verify_by_two(
    session: Session,
    key: verifier.PublicKey,
    notes: Iterable[tuple[str, bytes]],
    *,
    witnesses: Iterable[verifier.PublicKey] = (),
    progress: Callable[[int], None] = lambda done: None,
    save: Callable[[verifier.Checkpoint], None] = lambda mark: None,
) -> DatabaseReport | None:
    """Check a large ledger by two processes; return what `verify_database` would of a sound one.

    None is returned where it is not worth it, and where anything at all is found or the parts do
    not fit: then `verify_database` reads everything in one walk and names it.
    """
    held = all_notes(session, notes)
    with _second_reader(session, key.name, held) as second:
        if second is None:
            return None
        try:
            return _joined(session, key, held, tuple(witnesses), second, progress, save)
        except NotJoined:
            return None


def _joined(
    session: Session, key: verifier.PublicKey, notes: Sequence[tuple[str, bytes]],
    witnesses: tuple[verifier.PublicKey, ...], second: SecondReader,
    progress: Callable[[int], None], save: Callable[[verifier.Checkpoint], None],
) -> DatabaseReport:  # fmt: skip
    report = verifier.Report(key.name)
    marks = verifier.check_notes(notes, key, report, witnesses)
    if report.found:
        raise NotJoined
    begins = _recorded(session, second.end)
    try:
        walk = begin(session, report, marks, second.end)
    except (KeyError, ValueError):  # subtrees are missing
        raise NotJoined from None
    between = second.end, tuple(walk.tree.peaks), walk.heads.root(), len(walk.heads)
    reading = Reading(session, report, walk)
    saved = 0

    def told() -> None:
        nonlocal saved
        progress(second.done + walk.line - second.end)
        if second.mark is not None and second.mark.size >= saved + verification.SAVE:
            saved = second.mark.size
            save(second.mark)

    for _ in reading.go():
        second.hear()
        if not reading.sound:
            raise NotJoined
        told()
    walk.finish()
    reading.checks.finish(walk)
    part = second.part(told)
    if (part.size, part.peaks, part.heads, part.streams) != between or part.latest > begins:
        raise NotJoined
    first = part.report
    if report.mark is None:
        report.signed, report.signed_at, report.mark = first.signed, first.signed_at, first.mark
    report.regressed += first.regressed
    report.regressions = [*first.regressions, *report.regressions][: verifier.LISTED]
    problems = [*reading.checks.problems, *beside(session)]
    if report.found or problems:
        raise NotJoined
    return DatabaseReport(report)


def _recorded(session: Session, index: int) -> str:
    """Return when an event was recorded, in its quotes. Raises NotJoined."""
    body = session.scalars(
        select(LedgerEvent.body)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx == index)
    ).first()
    try:
        return verifier.read_event(bytes(body or b""))[9]
    except verifier.Malformed:
        raise NotJoined from None
