# SPDX-License-Identifier: Apache-2.0
"""Tables of repeats and of urgency: written once, ended once."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.repeats.rules import RepeatKind as RepeatKind
from lims.repeats.rules import RepeatReason as RepeatReason
from lims.repeats.rules import UrgencyReason as UrgencyReason

_STANDS = text("ended_at IS NULL")


class Repeat(Base):
    """Work that is to be done again: of what, why, who asked; ended by new work, or withdrawn."""

    __tablename__ = "repeat"
    __table_args__ = (
        # The same is asked once at a time. NULL is written out, so the index serves reading too.
        Index(
            "uq_repeat_stands", "thing_code", "kind", unique=True, sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        Index("ix_repeat_waits", "kind", "id", sqlite_where=_STANDS, postgresql_where=_STANDS),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        CheckConstraint(
            "(ended_at IS NOT NULL) = (done_by IS NOT NULL OR withdrawn <> '')", name="ended_why"
        ),
        {
            "info": guarded(Once("ended_at", columns=("ended_at", "ended_by", "done_by",
                                                      "withdrawn")))
        },
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[RepeatKind] = mapped_column(stored_enum(RepeatKind))
    # The sample for a new extraction, the extract for all else.
    thing_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    # The sample behind it; none behind a reagent blank.
    sample_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    # What it repeats: the extract that did not do, and the work and position where it stood.
    extract_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"))
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    position: Mapped[str] = mapped_column(String(3), default="")
    reason: Mapped[RepeatReason] = mapped_column(stored_enum(RepeatReason))
    words: Mapped[str] = mapped_column(String(200), default="")
    is_urgent: Mapped[bool]
    # The how-manieth repeat of its sample this is; 0 for a blank.
    number: Mapped[int]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    # The batch or plate that took it up.
    done_by: Mapped[str | None] = mapped_column(ForeignKey("subject.code"), index=True)
    withdrawn: Mapped[str] = mapped_column(String(200), default="")


class Urgency(Base):
    """A sample that goes before others, from when it was said until it was lifted."""

    __tablename__ = "urgency"
    __table_args__ = (
        Index(
            "uq_urgency_stands", "sample_code", unique=True, sqlite_where=_STANDS,
            postgresql_where=_STANDS,
        ),
        CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ended_by_somebody"),
        {"info": guarded(Once("ended_at", columns=("ended_at", "ended_by")))},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    sample_code: Mapped[str] = mapped_column(ForeignKey("sample.code"))
    reason: Mapped[UrgencyReason] = mapped_column(stored_enum(UrgencyReason))
    said_at: Mapped[datetime]
    said_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
