# SPDX-License-Identifier: Apache-2.0
"""Tables of the ledger. `LedgerEvent.body` is the evidence; all else can be computed from it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId

EVENT_ID_LENGTH = 36
STREAM_LENGTH = 64
HASH = LargeBinary(32)


class LedgerEvent(Base):
    """One event: its canonical bytes, its leaf hash, and its place in its stream."""

    __tablename__ = "ledger_event"
    __table_args__ = (UniqueConstraint("stream", "sseq"),)

    event_id: Mapped[str] = mapped_column(String(EVENT_ID_LENGTH), primary_key=True)
    stream: Mapped[str] = mapped_column(String(STREAM_LENGTH))
    sseq: Mapped[int] = mapped_column(BigId)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    leaf: Mapped[bytes] = mapped_column(HASH)
    idem: Mapped[str] = mapped_column(String(200), unique=True)


class LedgerLeaf(Base):
    """The place of an event in the log: `idx` counts from 0 without gaps."""

    __tablename__ = "ledger_leaf"

    idx: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(ForeignKey("ledger_event.event_id"), unique=True)
    leaf: Mapped[bytes] = mapped_column(HASH)


class LedgerNode(Base):
    """The hash of a perfect subtree: of leaves `idx << level` to `(idx + 1) << level`, level >= 1.

    With the leaves they give any inclusion or consistency proof in at most 2 log2(n) rows.
    """

    __tablename__ = "ledger_node"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # SQLAlchemy's own attribute

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    h: Mapped[bytes] = mapped_column(HASH)


class LedgerHead(Base):
    """The one row that says how long the log is; locked last in every transaction that appends.

    `frontier` holds the peaks (roots of the perfect subtrees, 32 bytes each, largest first).
    """

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigId)
    frontier: Mapped[bytes] = mapped_column(LargeBinary)


class LedgerCheckpoint(Base):
    """A signed checkpoint, as the text that leaves the machine."""

    __tablename__ = "ledger_checkpoint"

    size: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    note: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class LedgerStream(Base):
    """The last event of a stream as of the newest checkpoint: a 64-byte entry of its bucket."""

    __tablename__ = "ledger_stream"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # SQLAlchemy's own attribute

    stream: Mapped[str] = mapped_column(String(STREAM_LENGTH), primary_key=True)
    bucket: Mapped[int] = mapped_column(index=True)
    entry: Mapped[bytes] = mapped_column(LargeBinary(64))


class LedgerStreamNode(Base):
    """The hash of a subtree of buckets as of the newest checkpoint; an absent one is all empty."""

    __tablename__ = "ledger_stream_node"
    __table_args__ = {"sqlite_with_rowid": False}  # noqa: RUF012  # SQLAlchemy's own attribute

    level: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    idx: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    h: Mapped[bytes] = mapped_column(HASH)
