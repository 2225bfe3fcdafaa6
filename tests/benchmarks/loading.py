# SPDX-License-Identifier: Apache-2.0
"""Bulk writing of rows into SQLite and PostgreSQL, past triggers, keys and indexes."""

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import psycopg
from sqlalchemy.engine import URL, make_url

from lims.core.settings import Settings

COLUMNS_OF = {
    "subject": "code kind state created_at",
    "sample": "code line material element side mass_ug expected_sex site_group burial_condition"
              " consumption registered_at registered_by accepted_at accepted_by",
    "aliquot": "code sample_code kind mass_ug taken_at taken_by",
    "batch": "code activity line procedure_id opened_at opened_by completed_at completed_by"
             " review_reason",
    "extract": "code batch_code position source_code is_blank volume_nl used_nl made_at made_by",
    "amount": "code number previous unit before change left why source source_number"
              " source_change added at by",
    "derivation": "child parent reason event_id",
    "place": "code kind name parent_code rows columns takes added_at order_key",
    "place_stay": "code parent_code name since began_by",
    "stored": "code place_code position put_at put_by",
    "possession": "code number previous holder place position began_at began_event ended_at"
                  " ended_event fork",
    "label_instance": "payload code layout layout_version layout_sha256 lines station_code state"
                      " fence leased_to sha256 reason fault"
                      " queued_at queued_by changed_at",
    "scan_record": "scan_id station_code kind source text raw symbology device reason received_at"
                   " verdict say labels step",
    "ledger_event": "event_id stream sseq body leaf idem",
    "ledger_leaf": "idx event_id leaf",
    "ledger_node": "level idx h",
}  # fmt: skip


class Loader(Protocol):
    """What takes rows into a database in bulk."""

    def head(self) -> tuple[int, bytes]:
        """Return how many events there are, and the frontier of their tree."""

    def write(self, table: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
        """Write rows of one table."""

    def finish(self, size: int, frontier: bytes) -> None:
        """Set the head of the ledger, and make again what was taken away; foreign keys hold."""

    def close(self) -> None:
        """Close the connection."""


def tell(words: str) -> None:
    """Say how far it is."""
    print(words, file=sys.stderr, flush=True)


class SqliteLoader:
    """Writes rows into SQLite without its triggers and indexes, which are made again after."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("synchronous=OFF", "foreign_keys=OFF", "cache_size=-2000000",
                       "journal_mode=WAL", "temp_store=MEMORY", "secure_delete=OFF"):  # fmt: skip
            self._connection.execute(f"PRAGMA {pragma}")
        self._again = self._connection.execute(
            "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND"  # noqa: S608  # our own names
            f" type IN ('trigger', 'index') AND tbl_name IN ({_names()}) ORDER BY type"
        ).fetchall()
        for kind, name, _ in self._again:
            self._connection.execute(f"DROP {kind} {name}")
        self._connection.execute("BEGIN")

    def head(self) -> tuple[int, bytes]:
        """Return how many events there are, and the frontier of their tree."""
        row = self._connection.execute("SELECT size, frontier FROM ledger_head").fetchone()
        return int(row[0]), bytes(row[1])

    def write(self, table: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
        """Write rows of one table."""
        self._connection.executemany(
            f"INSERT INTO {table} ({_quoted(columns)})"  # noqa: S608  # our own names
            f" VALUES ({', '.join('?' for _ in columns)})",
            rows,
        )

    def finish(self, size: int, frontier: bytes) -> None:
        """Set the head of the ledger, and make again what was taken away; foreign keys hold."""
        self._connection.execute("UPDATE ledger_head SET size = ?, frontier = ?", (size, frontier))
        self._connection.execute("COMMIT")
        for _, name, made in self._again:
            tell(f"makes {name}")
            self._connection.execute(made)
        # No ANALYZE: nobody runs it in a laboratory, and statements must be quick without.
        broken = self._connection.execute("PRAGMA foreign_key_check").fetchone()
        if broken is not None:
            raise RuntimeError(f"built wrongly: {broken}")
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class PostgresLoader:
    """Copies rows into PostgreSQL as its owner, without triggers, keys and indexes meanwhile."""

    def __init__(self, url: str) -> None:
        self._connection = psycopg.connect(plain(make_url(url)))
        do = self._connection.execute
        do("SET session_replication_role = replica")
        do("SET timezone = 'UTC'")
        do("SET maintenance_work_mem = '512MB'")
        do("SET synchronous_commit = off")
        keys = do(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)"  # noqa: S608  # our own names
            " FROM pg_constraint WHERE contype IN ('p', 'u', 'f') AND"
            f" (conrelid::regclass::text IN ({_names()}) OR"
            f" confrelid::regclass::text IN ({_names()})) ORDER BY contype = 'f'"
        ).fetchall()
        indexes = do(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)"  # noqa: S608  # our own names
            " FROM pg_index i LEFT JOIN pg_constraint c ON c.conindid = i.indexrelid"
            " AND c.contype IN ('p', 'u')"
            f" WHERE c.oid IS NULL AND i.indrelid::regclass::text IN ({_names()})"
        ).fetchall()
        for name, _ in indexes:
            do(f"DROP INDEX {name}")
        for table, name, _ in reversed(keys):
            do(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        only_keys = [(f"ALTER TABLE {t} ADD CONSTRAINT {n} {made}") for t, n, made in keys]
        first = [one for one in only_keys if " FOREIGN KEY " not in one]
        self._again = [*first, *(made for _, made in indexes),
                       *(one for one in only_keys if one not in first)]  # fmt: skip

    def head(self) -> tuple[int, bytes]:
        """Return how many events there are, and the frontier of their tree."""
        row = self._connection.execute("SELECT size, frontier FROM ledger_head").fetchone()
        assert row is not None  # the ledger was started
        return int(row[0]), bytes(row[1])

    def write(self, table: str, columns: list[str], rows: list[tuple[object, ...]]) -> None:
        """Write rows of one table."""
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({_quoted(columns)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def finish(self, size: int, frontier: bytes) -> None:
        """Set the head of the ledger, and make again what was taken away; foreign keys hold."""
        do = self._connection.execute
        do("UPDATE ledger_head SET size = %s, frontier = %s", (size, frontier))
        self._connection.commit()
        for made in self._again:
            tell(f"makes {made[:70]}")
            do(made)
            self._connection.commit()
        self._connection.autocommit = True
        do("VACUUM ANALYZE")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@contextmanager
def loading(settings: Settings) -> Iterator[Loader]:
    """Open the loader of a laboratory's database."""
    made: Loader = (
        PostgresLoader(settings.owner_url)
        if settings.owner_url
        else SqliteLoader(settings.folder / "lims.sqlite")
    )
    try:
        yield made
    finally:
        made.close()


def _names() -> str:
    return ", ".join(f"'{table}'" for table in COLUMNS_OF)


def _quoted(columns: list[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def plain(url: URL) -> str:
    """Return an address as the driver itself reads it."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
