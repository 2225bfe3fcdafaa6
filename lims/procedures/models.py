# SPDX-License-Identifier: Apache-2.0
"""The table of procedures: a row a version, whose text never changes."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import Once, guarded
from lims.people.rules import Activity

APPROVED = Once(
    column="approved_at",
    columns=("approved_at", "approved_by", "valid_from"),
    always=("withdrawn_at",),
)
"""A document never changes; it is approved once, and withdrawn."""


class Procedure(Base):
    """One version of a standard operating procedure; a draft until a second person approved it."""

    __tablename__ = "procedure"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("(approved_at IS NULL) = (approved_by = '')", name="approval"),
        CheckConstraint("(approved_at IS NULL) = (valid_from IS NULL)", name="force"),
        CheckConstraint("approved_by <> drafted_by", name="second_person"),
        CheckConstraint("valid_from IS NULL OR valid_from >= approved_at", name="not_backwards"),
        # One draft of a name at a time: two would be the same next version.
        Index(
            "uq_procedure_draft", "name", unique=True,
            sqlite_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
        ),
        {"info": guarded(APPROVED)},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40))
    version: Mapped[int]
    activity: Mapped[Activity] = mapped_column(stored_enum(Activity))
    title: Mapped[str] = mapped_column(String(120))
    title_ar: Mapped[str] = mapped_column(String(120))
    # The document to the letter, and the SHA-256 of its UTF-8.
    text: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(200))
    drafted_at: Mapped[datetime]
    drafted_by: Mapped[str] = mapped_column(String(80))
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str] = mapped_column(String(80), default="")
    valid_from: Mapped[datetime | None]
    # May lie ahead: the instant from which the version that follows is in force.
    withdrawn_at: Mapped[datetime | None]
