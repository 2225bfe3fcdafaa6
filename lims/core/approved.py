# SPDX-License-Identifier: Apache-2.0
"""The columns of a document's versions: the text never changes, a second person approves it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ColumnElement, String, Text, or_
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.guards import Once

APPROVED = Once(
    column="approved_at",
    columns=("approved_at", "approved_by", "valid_from"),
    always=("withdrawn_at",),
)
"""A document never changes; it is approved once, and withdrawn."""


class ApprovedDocument:
    """What every version of a document says of itself; a draft until it was approved."""

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


def approval_checks() -> tuple[CheckConstraint, ...]:
    """Return what the database itself holds of an approval."""
    return (
        CheckConstraint("(approved_at IS NULL) = (approved_by = '')", name="approval"),
        CheckConstraint("(approved_at IS NULL) = (valid_from IS NULL)", name="force"),
        CheckConstraint("valid_from IS NULL OR valid_from >= approved_at", name="not_backwards"),
    )


def in_force(of: type[ApprovedDocument], at: datetime) -> ColumnElement[bool]:
    """Return the condition that a version is in force at an instant."""
    return (of.valid_from <= at) & or_(of.withdrawn_at.is_(None), of.withdrawn_at > at)
