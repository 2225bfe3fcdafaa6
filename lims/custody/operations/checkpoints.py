# SPDX-License-Identifier: Apache-2.0
"""Signing the ledger, and laying what was signed where it can be carried away."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lims.core.clock import utc_text
from lims.custody import verifier
from lims.custody.models import (
    LedgerCheckpoint,
    LedgerEvent,
    LedgerLeaf,
    LedgerStream,
    LedgerStreamNode,
)
from lims.custody.operations.keys import Signer
from lims.custody.operations.ledger import lock_head, write_pending
from lims.custody.queries.ledger import checkpoints, last_checkpoint, leaf_hashes
from lims.custody.rules import CheckpointBackwards

_AT_ONCE = 500  # values in one IN list
_Value = TypeVar("_Value")


def checkpoint(session: Session, signer: Signer, *, at: datetime) -> LedgerCheckpoint | None:
    """Sign all events there are; return None when none came since the newest checkpoint.

    `signer` holds the key of the day of `at`. Work waits for the head while this runs: some
    milliseconds for each hundred new events. Raises CheckpointBackwards where `at` lies before the
    newest checkpoint, ValueError for the key of another day.
    """
    write_pending(session)
    connection = session.connection()
    origin, tree = lock_head(connection)
    newest = last_checkpoint(session)
    signed = newest.size if newest else 0
    if tree.size == signed:
        return None
    if newest is not None and at < newest.at:
        raise CheckpointBackwards(at=utc_text(at), last=utc_text(newest.at))
    if signer.key != verifier.daily_key(origin, utc_text(at)[:10], signer.key.public):
        raise ValueError(f"{signer.key.name} is not the key of {origin} for {utc_text(at)[:10]}")
    heads = _heads_root(connection, signed)
    streams = connection.execute(select(func.count()).select_from(LedgerStream)).scalar_one()
    mark = verifier.Checkpoint(origin, tree.size, tree.root(), utc_text(at), heads, streams)
    note = verifier.sign_note(mark.text(), signer.key, signer.sign)
    made = LedgerCheckpoint(size=tree.size, note=note.written(), at=at.astimezone(UTC))
    session.add(made)
    session.flush()
    return made


def _heads_root(connection: Connection, signed: int) -> bytes:
    """Bring the map of last events up to date; return its root."""
    grown = connection.execute(
        select(LedgerEvent.stream, LedgerEvent.sseq, LedgerEvent.leaf)
        .join(LedgerLeaf, LedgerLeaf.event_id == LedgerEvent.event_id)
        .where(LedgerLeaf.idx >= signed)
        .order_by(LedgerLeaf.idx)
        .execution_options(yield_per=_AT_ONCE)
    )
    last = {stream: (sseq + 1, bytes(leaf)) for stream, sseq, leaf in grown}
    entries = {
        stream: verifier.head_entry(stream, count, leaf) for stream, (count, leaf) in last.items()
    }
    _upsert(
        connection,
        LedgerStream,
        [
            {"stream": stream, "bucket": bucket, "entry": entry}
            for stream, (bucket, entry) in entries.items()
        ],
        keys=("stream",),
    )
    buckets: dict[int, list[bytes]] = {}
    for part in _parts(sorted({bucket for bucket, _ in entries.values()})):
        held = select(LedgerStream.bucket, LedgerStream.entry).where(LedgerStream.bucket.in_(part))
        for bucket, entry in connection.execute(held):
            buckets.setdefault(bucket, []).append(bytes(entry))

    def stored(level: int, indexes: list[int]) -> dict[int, bytes]:
        return {
            index: bytes(node)
            for part in _parts(indexes)
            for index, node in connection.execute(
                select(LedgerStreamNode.idx, LedgerStreamNode.h).where(
                    LedgerStreamNode.level == level, LedgerStreamNode.idx.in_(part)
                )
            )
        }

    changed = {bucket: verifier.bucket_hash(held) for bucket, held in buckets.items()}
    levels = verifier.raise_heads(changed, stored)
    _upsert(
        connection,
        LedgerStreamNode,
        [
            {"level": level, "idx": index, "h": node}
            for level, nodes in enumerate(levels)
            for index, node in nodes.items()
        ],
        keys=("level", "idx"),
    )
    return levels[-1][0]


def _parts(values: list[_Value]) -> list[list[_Value]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]


def _upsert(
    connection: Connection,
    table: type[LedgerStream] | type[LedgerStreamNode],
    rows: list[dict[str, object]],
    *,
    keys: tuple[str, ...],
) -> None:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    adding = dialect.insert(table)
    fresh = {name: adding.excluded[name] for name in rows[0] if name not in keys}
    connection.execute(adding.on_conflict_do_update(index_elements=keys, set_=fresh), rows)


def publish(session: Session, folder: Path) -> int:
    """Write the checkpoints that are not in `folder` yet, and the leaf hashes they cover.

    Called after the transaction that signed has closed. Returns how many files were written; the
    leaf hashes let the verifier name an event that was changed. Raises OSError.
    """
    folder.mkdir(mode=0o750, parents=True, exist_ok=True)
    names = (path.stem for path in folder.glob("*.checkpoint"))
    published = max((int(name) for name in names if name.isdecimal()), default=0)
    written = 0
    for mark in checkpoints(session, above=published):
        path = folder / f"{mark.size:012d}.checkpoint"
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            file.write(mark.note)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        written += 1
    newest = last_checkpoint(session)
    if newest is not None:
        _publish_leaves(session, folder / verifier.LEAVES, newest.size)
    return written


def _publish_leaves(session: Session, path: Path, size: int) -> None:
    path.touch(mode=0o640)
    # Written in place, not appended: two that publish at once write the same bytes.
    with path.open("r+b") as file:
        whole = file.seek(0, os.SEEK_END) // 32  # a power cut may have torn the last one
        if whole < size:
            file.seek(whole * 32)
            file.writelines(leaf_hashes(session, start=whole, end=size))
            file.flush()
            os.fsync(file.fileno())
