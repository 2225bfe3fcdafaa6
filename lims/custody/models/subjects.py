# SPDX-License-Identifier: Apache-2.0
"""What has a code, what it came from, and what holds it back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.codes import CODE_LENGTH, Kind
from lims.core.db import Base, BigId, stored_enum
from lims.custody.models.ledger import EVENT_ID_LENGTH
from lims.custody.rules import HoldReason


def _event() -> ForeignKey:
    # Events are written last in the transaction, after the rows that name them.
    return ForeignKey("ledger_event.event_id", deferrable=True, initially="DEFERRED")


class Subject(Base):
    """A coded thing. Its state is a word of the feature that owns this kind of thing."""

    __tablename__ = "subject"
    # What waits for a stage is asked by kind and state, the oldest first.
    __table_args__ = (Index("ix_subject_waiting", "kind", "state", "created_at"),)

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    kind: Mapped[Kind] = mapped_column(stored_enum(Kind))
    state: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime]


class Derivation(Base):
    """Which thing came from which: the one lineage graph, append-only."""

    __tablename__ = "derivation"
    __table_args__ = (CheckConstraint("child <> parent", name="not_itself"),)

    child: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    parent: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True, index=True)
    reason: Mapped[str] = mapped_column(String(40))
    event_id: Mapped[str] = mapped_column(String(EVENT_ID_LENGTH), _event(), index=True)


class Hold(Base):
    """Why a thing, and all that came from it, may not go on; lifted once, never deleted."""

    __tablename__ = "hold"
    __table_args__ = (
        CheckConstraint("(lifted_by_event IS NULL) = (lifted_at IS NULL)", name="lifted"),
        CheckConstraint("set_by_event IS NOT NULL OR reason = 'consent'", name="recorded"),
        Index("ix_hold_standing", "code", sqlite_where=text("lifted_by_event IS NULL"),
              postgresql_where=text("lifted_by_event IS NULL")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    reason: Mapped[HoldReason] = mapped_column(stored_enum(HoldReason))
    # NULL while a withdrawn consent holds the thing and the ledger is not to be told yet: the
    # hold works at once, and its event comes at an hour of its own.
    set_by_event: Mapped[str | None] = mapped_column(String(EVENT_ID_LENGTH), _event(), unique=True)
    set_at: Mapped[datetime]
    lifted_by_event: Mapped[str | None] = mapped_column(
        String(EVENT_ID_LENGTH), _event(), unique=True
    )
    lifted_at: Mapped[datetime | None]
