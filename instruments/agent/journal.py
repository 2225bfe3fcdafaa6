# SPDX-License-Identifier: Apache-2.0
"""The agent's journal: scans until they are judged, labels before their first byte, on disk.

SQLite with synchronous=FULL: a row is on the disk when the call returns, also in a power cut.
"""

import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS agent (name TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS scan (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    scan_id TEXT NOT NULL UNIQUE,
    station TEXT NOT NULL,
    fault TEXT,
    text TEXT,
    symbology TEXT,
    raw BLOB NOT NULL,
    device TEXT NOT NULL,
    device_time TEXT NOT NULL,
    rejected TEXT,
    CHECK ((fault IS NULL) <> (text IS NULL))
);
CREATE TABLE IF NOT EXISTS label (
    instance TEXT NOT NULL,
    fence INTEGER NOT NULL,
    station TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    state TEXT NOT NULL,
    odometer_before INTEGER,
    PRIMARY KEY (instance, fence)
);
CREATE TABLE IF NOT EXISTS outcome (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    station TEXT NOT NULL,
    instance TEXT NOT NULL,
    fence INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    odometer_before INTEGER,
    odometer_after INTEGER,
    detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS meter (station TEXT PRIMARY KEY, odometer INTEGER NOT NULL);
"""


class LabelState(StrEnum):
    """How far a label came; the words are those of the server's outcomes, and two of our own."""

    LEASED = "leased"
    INTENT = "intent"
    SENT = "sent"
    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    FAILED_SAFE = "failed_safe"
    LOST = "lost"
    STALE = "stale"


# An instance in one of these may have left the printer: it is never sent again under any fence.
MAY_EXIST = (
    LabelState.INTENT,
    LabelState.SENT,
    LabelState.PRINTED,
    LabelState.AMBIGUOUS,
)


@dataclass(frozen=True)
class WaitingScan:
    """A scan, or a fault of a scan when `fault` is given, that the server has not judged."""

    seq: int
    scan_id: str
    station: str
    fault: str | None
    text: str
    symbology: str | None
    raw: bytes
    device: str
    device_time: str


@dataclass(frozen=True)
class LabelRow:
    """One lease of one label instance, as journalled."""

    instance: str
    fence: int
    station: str
    state: LabelState
    odometer_before: int | None


@dataclass(frozen=True)
class WaitingOutcome:
    """An outcome that the server has not yet taken."""

    number: int
    station: str
    instance: str
    fence: int
    outcome: LabelState
    odometer_before: int | None
    odometer_after: int | None
    detail: str


@dataclass(frozen=True)
class Waiting:
    """What waits in the journal for a station: how many of each."""

    scans: int
    rejected: int
    outcomes: int
    labels: int


class JournalUnusable(Exception):
    """The journal cannot be opened: another agent has it, or the disk refuses."""

    reason = "journal-unusable"


class Journal:
    """One file, one connection, used by all threads of one agent in turn.

    Opening raises `JournalUnusable`.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=0.5, check_same_thread=False, isolation_level=None
            )
        except (OSError, sqlite3.Error) as fault:
            raise JournalUnusable(f"{path}: {fault}") from fault
        try:
            path.chmod(0o600)
            self._prepare()
        except (OSError, sqlite3.Error) as fault:
            self._connection.close()
            raise JournalUnusable(f"{path}: {fault}") from fault

    def _prepare(self) -> None:
        # A second agent on the same journal would give back the leases of the first.
        self._connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=FULL")
        self._connection.executescript(_TABLES)
        with self._writing() as connection:
            row = connection.execute("SELECT name FROM agent").fetchone()
            self.agent = str(row[0]) if row else f"bench-{uuid.uuid4().hex[:12]}"
            if row is None:
                connection.execute("INSERT INTO agent VALUES (?)", (self.agent,))

    def close(self) -> None:
        """Close the file; nothing waits in memory."""
        with self._lock:
            self._connection.close()

    def synchronous(self) -> str:
        """Return how hard SQLite waits for the disk: FULL, or the journal is worth nothing."""
        (level,) = self._read("PRAGMA synchronous")[0]
        return {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}[int(str(level))]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def _read(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def add_scan(
        self,
        scan_id: str,
        *,
        station: str,
        text: str | None,
        fault: str | None,
        symbology: str | None,
        raw: bytes,
        device: str,
        device_time: str,
    ) -> None:
        """Keep a scan (text) or a fault of one (fault); it is on disk when this returns."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO scan"
                " (scan_id, station, fault, text, symbology, raw, device, device_time)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (scan_id, station, fault, text, symbology, raw, device, device_time),
            )

    def next_scan(self, station: str) -> WaitingScan | None:
        """Return the oldest scan of a station that still waits for its verdict."""
        rows = self._read(
            "SELECT seq, scan_id, station, fault, text, symbology, raw, device, device_time"
            " FROM scan WHERE station = ? AND rejected IS NULL ORDER BY seq LIMIT 1",
            station,
        )
        for seq, scan_id, at, fault, text, symbology, raw, device, device_time in rows:
            return WaitingScan(
                seq=int(str(seq)),
                scan_id=str(scan_id),
                station=str(at),
                fault=None if fault is None else str(fault),
                text="" if text is None else str(text),
                symbology=None if symbology is None else str(symbology),
                raw=raw if isinstance(raw, bytes) else b"",
                device=str(device),
                device_time=str(device_time),
            )
        return None

    def scan_judged(self, scan_id: str) -> None:
        """Drop a scan: its verdict is on the server's disk."""
        with self._writing() as connection:
            connection.execute("DELETE FROM scan WHERE scan_id = ?", (scan_id,))

    def scan_rejected(self, scan_id: str, answer: str) -> None:
        """Keep a scan that the server will not take, with its answer; it is not sent again."""
        with self._writing() as connection:
            connection.execute("UPDATE scan SET rejected = ? WHERE scan_id = ?", (answer, scan_id))

    def rejected_scans(self) -> list[tuple[str, str]]:
        """Return (scan id, answer) of the scans that the server would not take."""
        rows = self._read(
            "SELECT scan_id, rejected FROM scan WHERE rejected IS NOT NULL ORDER BY 1"
        )
        return [(str(scan_id), str(answer)) for scan_id, answer in rows]

    def lease(self, *, station: str, instance: str, fence: int, sha256: str) -> LabelState | None:
        """Note a leased label and return None, or how far this very lease came already."""
        with self._writing() as connection:
            row = connection.execute(
                "SELECT state FROM label WHERE instance = ? AND fence = ?", (instance, fence)
            ).fetchone()
            if row is not None:
                return LabelState(row[0])
            connection.execute(
                "INSERT INTO label VALUES (?, ?, ?, ?, ?, NULL)",
                (instance, fence, station, sha256, LabelState.LEASED),
            )
        return None

    def earlier_state(self, instance: str, fence: int) -> LabelState | None:
        """Return the state under another fence in which the instance may exist on paper."""
        rows = self._read(
            "SELECT state FROM label WHERE instance = ? AND fence <> ?", instance, fence
        )
        reached = {LabelState(str(state)) for (state,) in rows}
        return next((state for state in reversed(MAY_EXIST) if state in reached), None)

    def intend(self, instance: str, fence: int, *, odometer_before: int | None) -> None:
        """Put on disk that bytes of this label may go out from now on."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE label SET state = ?, odometer_before = ? WHERE instance = ? AND fence = ?",
                (LabelState.INTENT, odometer_before, instance, fence),
            )

    def settle(
        self,
        row: LabelRow,
        state: LabelState,
        *,
        odometer_after: int | None,
        detail: str,
    ) -> None:
        """Put a label's state on disk together with the message that will tell the server."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE label SET state = ? WHERE instance = ? AND fence = ?",
                (state, row.instance, row.fence),
            )
            connection.execute(
                "INSERT INTO outcome (station, instance, fence, outcome, odometer_before,"
                " odometer_after, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    row.station,
                    row.instance,
                    row.fence,
                    state,
                    row.odometer_before,
                    odometer_after,
                    detail,
                ),
            )
            if odometer_after is not None:
                connection.execute(
                    "INSERT INTO meter VALUES (?, ?) ON CONFLICT (station)"
                    " DO UPDATE SET odometer = excluded.odometer",
                    (row.station, odometer_after),
                )

    def mark_stale(self, instance: str, fence: int) -> None:
        """Note that the server gave the lease to somebody else: never print it."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE label SET state = ? WHERE instance = ? AND fence = ?",
                (LabelState.STALE, instance, fence),
            )

    def unfinished_labels(self, station: str) -> list[LabelRow]:
        """Return the labels of a station that were under way when the agent ended."""
        rows = self._read(
            "SELECT instance, fence, station, state, odometer_before FROM label"
            " WHERE station = ? AND state IN (?, ?, ?) ORDER BY rowid",
            station,
            LabelState.LEASED,
            LabelState.INTENT,
            LabelState.SENT,
        )
        return [
            LabelRow(
                instance=str(instance),
                fence=int(str(fence)),
                station=str(at),
                state=LabelState(str(state)),
                odometer_before=None if before is None else int(str(before)),
            )
            for instance, fence, at, state, before in rows
        ]

    def next_outcome(self) -> WaitingOutcome | None:
        """Return the oldest outcome that the server has not taken."""
        rows = self._read(
            "SELECT number, station, instance, fence, outcome, odometer_before, odometer_after,"
            " detail FROM outcome ORDER BY number LIMIT 1"
        )
        for number, station, instance, fence, outcome, before, after, detail in rows:
            return WaitingOutcome(
                number=int(str(number)),
                station=str(station),
                instance=str(instance),
                fence=int(str(fence)),
                outcome=LabelState(str(outcome)),
                odometer_before=None if before is None else int(str(before)),
                odometer_after=None if after is None else int(str(after)),
                detail=str(detail),
            )
        return None

    def outcome_told(self, number: int) -> None:
        """Drop an outcome: the server has it."""
        with self._writing() as connection:
            connection.execute("DELETE FROM outcome WHERE number = ?", (number,))

    def waiting(self, station: str) -> Waiting:
        """Return how much waits for a station."""
        ((scans, rejected, outcomes, labels),) = self._read(
            "SELECT (SELECT count(*) FROM scan WHERE station = ?1 AND rejected IS NULL),"
            " (SELECT count(*) FROM scan WHERE station = ?1 AND rejected IS NOT NULL),"
            " (SELECT count(*) FROM outcome WHERE station = ?1),"
            " (SELECT count(*) FROM label WHERE station = ?1 AND state = ?2)",
            station,
            LabelState.LEASED,
        )
        return Waiting(int(str(scans)), int(str(rejected)), int(str(outcomes)), int(str(labels)))

    def last_odometer(self, station: str) -> int | None:
        """Return the odometer after the last label of ours at a station."""
        rows = self._read("SELECT odometer FROM meter WHERE station = ?", station)
        return int(str(rows[0][0])) if rows else None
