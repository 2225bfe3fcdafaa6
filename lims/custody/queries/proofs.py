# SPDX-License-Identifier: Apache-2.0
"""Proofs from the stored hashes: that an event is in the log, that it grew, what came last."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.custody import verifier
from lims.custody.models import LedgerLeaf, LedgerNode, LedgerStream, LedgerStreamNode

_AT_ONCE = 500  # values in one IN list
_Value = TypeVar("_Value")
_Node = tuple[int, int]  # level and index of a perfect subtree; level 0 is a leaf
_Range = tuple[int, int]  # leaves from the first up to, not including, the second


@dataclass(frozen=True)
class LastProof:
    """What proves the last event of a stream against the `heads` of the newest checkpoint.

    `entries` are the bucket's, 64 bytes each, ascending; `path` leads from the bucket to the root,
    16 hashes of 32 bytes, the nearest first.
    """

    stream: str
    entries: tuple[bytes, ...]
    path: tuple[bytes, ...]


def inclusion_proof(session: Session, index: int, size: int) -> list[bytes]:
    """Return the path that proves leaf `index` in the log of `size` (RFC 6962 section 2.1.1).

    Hashes of 32 bytes, the nearest first. Raises ValueError where the log has no such leaf or size.
    """
    return inclusion_proofs(session, [index], size)[index]


def inclusion_proofs(session: Session, indexes: Iterable[int], size: int) -> dict[int, list[bytes]]:
    """Return the paths of several leaves, by index; few reads for many. Raises ValueError."""
    asked = {index: _inclusion(index, size) for index in indexes}
    _refuse_longer(session, size)
    hashes = _hashes(session, [one for path in asked.values() for one in path])
    return {index: [hashes[one] for one in path] for index, path in asked.items()}


def consistency_proof(session: Session, old: int, new: int) -> list[bytes]:
    """Return what proves that the log of `new` events begins with that of `old` (section 2.1.2).

    Raises ValueError unless 0 < old <= new and the log has `new` events.
    """
    asked = _consistency(old, new)
    _refuse_longer(session, new)
    hashes = _hashes(session, asked)
    return [hashes[one] for one in asked]


def frontier(session: Session, size: int) -> verifier.Frontier:
    """Return the right edge of the log of `size` events, from the stored subtrees.

    Raises ValueError where the log is shorter, KeyError where a subtree is missing.
    """
    if not size:
        return verifier.Frontier()
    _refuse_longer(session, size)
    nodes = list(_perfect(0, size))
    stored = _stored(session, nodes)
    return verifier.Frontier(size, [stored[node] for node in nodes])


def root_of(session: Session, size: int) -> bytes:
    """Return the root that the log had when it was of `size` events, from the stored subtrees.

    Raises ValueError where the log is shorter, KeyError where a subtree is missing.
    """
    return frontier(session, size).root()


def last_proof(session: Session, stream: str) -> LastProof | None:
    """Return the proof of a stream's last event as of the newest checkpoint, None if it has none.

    It fits the newest checkpoint only: the map of last events is not kept for the ones before.
    """
    return last_proofs(session, [stream]).get(stream)


def last_proofs(session: Session, streams: Iterable[str]) -> dict[str, LastProof]:
    """Return the proofs of the last events of several streams, of those that have one."""
    buckets: dict[str, int] = {}
    for part in _parts(sorted(set(streams))):
        found = select(LedgerStream.stream, LedgerStream.bucket).where(
            LedgerStream.stream.in_(part)
        )
        for stream, bucket in session.execute(found):
            buckets[stream] = bucket
    entries: dict[int, list[bytes]] = {}
    for some in _parts(sorted(set(buckets.values()))):
        held = select(LedgerStream.bucket, LedgerStream.entry).where(LedgerStream.bucket.in_(some))
        for bucket, entry in session.execute(held):
            entries.setdefault(bucket, []).append(bytes(entry))
    paths: dict[int, list[bytes]] = {bucket: [] for bucket in entries}
    for level in range(verifier.DEPTH):
        near: dict[int, bytes] = {}
        for some in _parts(sorted({(bucket >> level) ^ 1 for bucket in paths})):
            nodes = select(LedgerStreamNode.idx, LedgerStreamNode.h).where(
                LedgerStreamNode.level == level, LedgerStreamNode.idx.in_(some)
            )
            near.update({index: bytes(node) for index, node in session.execute(nodes)})
        for bucket, path in paths.items():
            path.append(near.get((bucket >> level) ^ 1, verifier.EMPTY_HEADS[level]))
    return {
        stream: LastProof(stream, tuple(sorted(entries[bucket])), tuple(paths[bucket]))
        for stream, bucket in buckets.items()
    }


def _refuse_longer(session: Session, size: int) -> None:
    last = select(LedgerLeaf.idx).where(LedgerLeaf.idx == size - 1)
    if session.scalars(last).one_or_none() is None:
        raise ValueError(f"the log has fewer events than {size}")


def _inclusion(index: int, size: int) -> list[_Range]:
    """List the subtrees whose hashes are the path, the nearest first."""
    if not 0 <= index < size:
        raise ValueError(f"a log of {size} events has no event {index}")
    path = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start = middle
    return path[::-1]


def _consistency(old: int, new: int) -> list[_Range]:
    if not 0 < old <= new:
        raise ValueError(f"no log of {old} events grows to {new}")
    path = []
    start, end, whole = 0, new, True  # whole: the old log is all of the leaves from `start`
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append((middle, end))
            end = middle
        else:
            path.append((start, middle))
            start, whole = middle, False
    return ([] if whole else [(start, end)]) + path[::-1]


def _split(count: int) -> int:
    """Give the largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _perfect(start: int, end: int) -> Iterator[_Node]:
    """Divide a range that begins where a subtree begins into perfect subtrees, largest first."""
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _hashes(session: Session, ranges: Sequence[_Range]) -> dict[_Range, bytes]:
    """Read the hashes of ranges, as RFC 6962 hashes them."""
    parts = {one: list(_perfect(*one)) for one in ranges}
    stored = _stored(session, {node for nodes in parts.values() for node in nodes})
    return {one: _join(nodes, stored) for one, nodes in parts.items()}


def _join(nodes: Sequence[_Node], stored: Mapping[_Node, bytes]) -> bytes:
    found = stored[nodes[-1]]
    for node in reversed(nodes[:-1]):
        found = verifier.node_hash(stored[node], found)
    return found


def _stored(session: Session, nodes: Iterable[_Node]) -> dict[_Node, bytes]:
    levels: dict[int, list[int]] = {}
    for level, index in nodes:
        levels.setdefault(level, []).append(index)
    found: dict[_Node, bytes] = {}
    for level, indexes in levels.items():
        for part in _parts(sorted(indexes)):
            if level:
                rows = session.execute(
                    select(LedgerNode.idx, LedgerNode.h).where(
                        LedgerNode.level == level, LedgerNode.idx.in_(part)
                    )
                )
            else:
                rows = session.execute(
                    select(LedgerLeaf.idx, LedgerLeaf.leaf).where(LedgerLeaf.idx.in_(part))
                )
            found.update({(level, index): bytes(node) for index, node in rows})
    return found


def _parts(values: list[_Value]) -> Iterator[list[_Value]]:
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]
