# SPDX-License-Identifier: Apache-2.0
"""Appending to the ledger, inside the transaction of the act that is recorded."""

import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection, event, insert, select, text, update
from sqlalchemy.orm import Session, SessionTransaction

from lims.core.actors import Actor
from lims.core.clock import utc_text
from lims.custody import verifier
from lims.custody.models import LedgerEvent, LedgerHead, LedgerLeaf, LedgerNode
from lims.custody.rules import EventId, LedgerNotStarted, Tag

_PENDING = "custody"
_MANY_STREAMS = 2_000  # beyond this a transaction shuts the others out instead of locking each
_ALL_STREAMS = 0x4F53544F  # the advisory lock that stands for every stream (PostgreSQL)


@dataclass
class _Pending:
    """The events of one transaction that are not written yet."""

    events: list[dict[str, object]] = field(default_factory=list)
    savepoints: dict[SessionTransaction, int] = field(default_factory=dict)
    numbered: int = 0


def start_ledger(session: Session, *, origin: str) -> None:
    """Start the ledger of a new database under its name for ever; once is enough.

    Raises ValueError for a name with blanks, quotes, backslashes or `+`, and where the ledger
    already bears another name.
    """
    verifier.read_key(verifier.PublicKey(origin, bytes(32)).line())
    head = session.get(LedgerHead, 1)
    if head is None:
        session.add(LedgerHead(id=1, origin=origin, size=0, frontier=b""))
        session.flush()
    elif head.origin != origin:
        raise ValueError(f"this ledger is {head.origin}, not {origin}")


def append(
    session: Session,
    tag: Tag,
    stream: str,
    content: Mapping[str, object],
    *,
    by: Actor,
    at: datetime,
    device: str = "",
    cause: str = "",
    occurred: datetime | None = None,
    idem: str = "",
) -> EventId:
    """Record an event; it is written when the transaction commits, and only then.

    `stream` is the code of the thing (or another name of at most 64 letters, digits, `: . _ -`).
    `at` is when it is recorded, `occurred` when it happened if that was earlier (a scan kept by a
    bench without network). `content` holds no floats: a quantity is a whole number with the unit
    in its name (`mass_ug`) or a decimal string. `device` is a station's code, `cause` the id of
    the event that led to this one. `idem` defaults to the key of the request with a counter;
    where two events must not be linkable give each `unlinked()`.

    Raises verifier.Malformed (a ValueError) for what the format does not allow.
    """
    pending: _Pending = session.info.setdefault(_PENDING, _Pending())
    key = session.info.get("key")
    if not idem:
        idem = f"{key}:{pending.numbered}" if key else unlinked()
        pending.numbered += 1
    written: dict[str, object] = {
        "v": verifier.VERSION,
        "log": "-",
        "id": _uuid7(at),
        "stream": stream,
        "seq": 0,
        "prev": "",
        "type": tag.value,
        "actor": by.id,
        "device": device,
        "occurred": utc_text(occurred or at),
        "recorded": utc_text(at),
        "idem": idem,
        "cause": cause,
        "data": dict(content),
    }
    # Whatever the verifier would refuse later is refused now, where the mistake is made.
    verifier.read_event(verifier.canonical(written))
    pending.events.append(written)
    return EventId(str(written["id"]))


def unlinked() -> str:
    """Make a key for one event by which it cannot be paired with any other."""
    return secrets.token_urlsafe(16)


def _uuid7(at: datetime) -> str:
    """Make a UUID of version 7 (RFC 9562 section 5.7): milliseconds and 74 random bits."""
    milliseconds = int(
        (at.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000
    )
    number = (milliseconds & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 7 << 76
    digits = f"{number & ~(3 << 62) | 2 << 62:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


@event.listens_for(Session, "after_transaction_create")
def _mark_savepoint(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        pending: _Pending = session.info.setdefault(_PENDING, _Pending())
        pending.savepoints[transaction] = len(pending.events)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Forget what was appended since the savepoint, or all of it."""
    pending: _Pending | None = session.info.get(_PENDING)
    if pending is None:
        return
    if transaction.nested:
        del pending.events[pending.savepoints.pop(transaction, 0) :]
    elif transaction.parent is None:
        session.info.pop(_PENDING)


@event.listens_for(Session, "before_commit")
def _write_at_commit(session: Session) -> None:
    if not session.in_nested_transaction():
        write_pending(session)


def write_pending(session: Session) -> None:
    """Write the events appended so far: events first, then, under the lock of the head, leaves.

    Called at commit; the head stays locked until the transaction ends, so nothing slow may follow.
    """
    pending: _Pending | None = session.info.get(_PENDING)
    if pending is None or not pending.events:
        return
    session.flush()
    # One order for all transactions, so that no two wait for each other; it also keeps the order
    # in which things were coded out of the log.
    events = sorted(pending.events, key=lambda written: str(written["stream"]))
    pending.events = []
    connection = session.connection()
    origin = connection.execute(select(LedgerHead.origin)).scalar()
    if origin is None:
        raise LedgerNotStarted("this database has no ledger: lims init starts it")
    streams = sorted({str(written["stream"]) for written in events})
    heads = _heads(connection, streams)
    rows = []
    for written in events:
        stream = str(written["stream"])
        seq, prev = heads.get(stream, (-1, b""))
        body = verifier.canonical(written | {"log": origin, "seq": seq + 1, "prev": prev.hex()})
        leaf = verifier.leaf_hash(body)
        heads[stream] = (seq + 1, leaf)
        rows.append(
            {
                "event_id": written["id"],
                "stream": stream,
                "sseq": seq + 1,
                "body": body,
                "leaf": leaf,
                "idem": written["idem"],
            }
        )
    connection.execute(insert(LedgerEvent), rows)
    _grow(connection, [(str(row["event_id"]), row["leaf"]) for row in rows])


def _heads(connection: Connection, streams: list[str]) -> dict[str, tuple[int, bytes]]:
    """Lock the streams and read where each stands: number and leaf hash of its last event."""
    if connection.dialect.name == "postgresql":
        shut = "pg_advisory_xact_lock" + ("_shared" if len(streams) <= _MANY_STREAMS else "")
        connection.execute(text(f"SELECT {shut}({_ALL_STREAMS})"))
        if len(streams) <= _MANY_STREAMS:
            connection.execute(
                text(
                    "SELECT pg_advisory_xact_lock(hashtextextended(stream, 0))"
                    " FROM unnest(CAST(:streams AS text[])) AS stream"
                ),
                {"streams": streams},
            )
        found = connection.execute(
            text(
                "SELECT asked.stream, last.sseq, last.leaf"
                " FROM unnest(CAST(:streams AS text[])) AS asked(stream) CROSS JOIN LATERAL"
                " (SELECT sseq, leaf FROM ledger_event WHERE stream = asked.stream"
                " ORDER BY sseq DESC LIMIT 1) AS last"
            ),
            {"streams": streams},
        )
    else:
        found = connection.execute(
            text(
                "SELECT asked.value, last.sseq, last.leaf FROM json_each(:streams) AS asked"
                " JOIN ledger_event AS last ON last.stream = asked.value AND last.sseq ="
                " (SELECT sseq FROM ledger_event WHERE stream = asked.value"
                " ORDER BY sseq DESC LIMIT 1)"
            ),
            {"streams": json.dumps(streams)},
        )
    return {stream: (sseq, bytes(leaf)) for stream, sseq, leaf in found}


def lock_head(connection: Connection) -> tuple[str, verifier.Frontier]:
    """Lock the head until the transaction ends; return the origin and the tree's right edge."""
    head = connection.execute(
        select(LedgerHead.origin, LedgerHead.size, LedgerHead.frontier).with_for_update()
    ).one_or_none()
    if head is None:
        raise LedgerNotStarted("this database has no ledger: lims init starts it")
    peaks = bytes(head.frontier)
    return head.origin, verifier.Frontier(
        head.size, (peaks[start : start + 32] for start in range(0, len(peaks), 32))
    )


def _grow(connection: Connection, leaves: Iterable[tuple[str, object]]) -> None:
    _, tree = lock_head(connection)
    leaf_rows, node_rows = [], []
    for event_id, leaf in leaves:
        if not isinstance(leaf, bytes):
            raise TypeError("a leaf hash is bytes")
        leaf_rows.append({"idx": tree.size, "event_id": event_id, "leaf": leaf})
        node_rows += [
            {"level": level, "idx": index, "h": node} for level, index, node in tree.append(leaf)
        ]
    connection.execute(insert(LedgerLeaf), leaf_rows)
    if node_rows:
        connection.execute(insert(LedgerNode), node_rows)
    connection.execute(update(LedgerHead).values(size=tree.size, frontier=b"".join(tree.peaks)))
