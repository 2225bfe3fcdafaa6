# SPDX-License-Identifier: Apache-2.0
"""The queue of what is to be destroyed."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.samples.rules import DestructionReason

_OPEN = text("done_at IS NULL AND withdrawn_at IS NULL")


class Destruction(Base):
    """That a thing is to be destroyed, and that it was, by two persons."""

    __tablename__ = "destruction"
    __table_args__ = (
        Index("uq_destruction_open", "code", unique=True, sqlite_where=_OPEN,
              postgresql_where=_OPEN),
        Index("ix_destruction_waiting", "queued_at", "id", sqlite_where=_OPEN,
              postgresql_where=_OPEN),
        CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (witness IS NULL)",
            name="done",
        ),
        CheckConstraint("done_by IS NULL OR done_by <> witness", name="two_persons"),
        CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND"
            " (done_at IS NULL OR withdrawn_at IS NULL)",
            name="withdrawn",
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    reason: Mapped[DestructionReason] = mapped_column(stored_enum(DestructionReason))
    remark: Mapped[str] = mapped_column(String(300), default="")
    queued_at: Mapped[datetime]
    queued_by: Mapped[str] = mapped_column(String(80))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(80))
    witness: Mapped[str | None] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(80))
