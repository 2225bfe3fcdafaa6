# SPDX-License-Identifier: Apache-2.0
"""Applying the list of erasures before a laboratory is opened: a copy restored erases no less."""

import sqlite3
from collections.abc import Collection
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from lims.core.actors import Actor
from lims.core.code_keys import CodeKey, open_database
from lims.core.db import Database
from lims.core.erasures import CODE, PERSON, DestroyedKey, erasure_list
from lims.core.sealing import SealedKey, open_vault
from lims.core.settings import Settings
from lims.custody.queries import head
from lims.identities.operations import erase_again

COPIES = "lims.before-*.sqlite"
"""Copies of the database that `lims upgrade` leaves in the folder."""


@dataclass(frozen=True)
class Applied:
    """What applying the list found and did.

    `listed` keys are on the list; `destroyed_again` had come back with a restored database; `added`
    were destroyed in the database and not listed. `newer_checkpoint` is the size of a checkpoint in
    the folder that the database does not reach, 0 without one. `cleaned` names copies of the
    database out of which keys were taken, `uncleaned` those where that failed.
    """

    listed: int
    destroyed_again: int
    added: int
    newer_checkpoint: int
    log_emptied: bool
    cleaned: tuple[str, ...]
    uncleaned: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        """Return the JSON of `lims erasures apply --json`."""
        return {"ok": not self.uncleaned and not self.newer_checkpoint, **asdict(self)}


def apply_erasures(settings: Settings, *, by: Actor, at: datetime) -> Applied:
    """Destroy again every key on the list that is there again, and list what is not listed.

    Raises ErasureListBroken, SecretUnreadable.
    """
    listed = erasure_list(settings)
    wanted = listed.read()
    database = open_database(settings)
    try:
        standing, gone = _keys(database, wanted)
        again = 0
        if standing:
            with database.writing() as session:
                again = erase_again(session, open_vault(settings), standing, by=by, at=at)
            gone = _keys(database, wanted)[1]
        added = listed.add(gone, on=at.date())
        with database.reading() as session:
            size = head(session).size
        emptied = database.empty_log()
    finally:
        database.close()
    cleaned, uncleaned = _clean_copies(settings, listed.read())
    return Applied(
        len(wanted) + added, again, added, _newer(settings, size), emptied, cleaned, uncleaned
    )


def _keys(
    database: Database, wanted: Collection[DestroyedKey]
) -> tuple[list[DestroyedKey], list[DestroyedKey]]:
    """Return which of the wanted keys stand in the database, and which keys are destroyed there."""
    with database.reading() as session:
        persons = session.execute(
            select(SealedKey.ref, SealedKey.destroyed_at).where(
                SealedKey.ref.in_([one.ref for one in wanted if one.kind == PERSON])
                | SealedKey.destroyed_at.is_not(None)
            )
        ).all()
        codes = session.execute(
            select(CodeKey.ref, CodeKey.destroyed_on).where(
                CodeKey.ref.in_([one.ref for one in wanted if one.kind == CODE])
                | CodeKey.destroyed_on.is_not(None)
            )
        ).all()
    standing = [DestroyedKey(PERSON, ref) for ref, at in persons if at is None]
    standing += [DestroyedKey(CODE, ref) for ref, on in codes if on is None]
    gone = [DestroyedKey(PERSON, ref) for ref, at in persons if at is not None]
    gone += [DestroyedKey(CODE, ref) for ref, on in codes if on is not None]
    return standing, gone


def _newer(settings: Settings, size: int) -> int:
    """Return the size of the newest checkpoint in the folder where the database is shorter."""
    sizes = [
        int(path.stem)
        for path in settings.checkpoints.glob("*.checkpoint")
        if path.stem.isdecimal()
    ]
    newest = max(sizes, default=0)
    return newest if newest > size else 0


def _clean_copies(
    settings: Settings, wanted: Collection[DestroyedKey]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Take destroyed keys out of the copies of the database that lie in the folder."""
    cleaned, uncleaned = [], []
    refs = [(one.ref,) for one in wanted]
    for path in sorted(settings.folder.glob(COPIES)):
        try:
            with closing(sqlite3.connect(path)) as copy:
                copy.execute("PRAGMA secure_delete=ON")
                taken = 0
                for table in ("sealed_key", "code_key"):
                    known = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?"
                    if copy.execute(known, (table,)).fetchone() is None:
                        continue
                    taken += copy.executemany(
                        f"UPDATE {table} SET wrapped = x'' WHERE ref = ? AND wrapped <> x''",  # noqa: S608  # our own names
                        refs,
                    ).rowcount
                copy.commit()
                copy.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error:
            uncleaned.append(path.name)
            continue
        if taken > 0:
            cleaned.append(path.name)
    return tuple(cleaned), tuple(uncleaned)
