# SPDX-License-Identifier: Apache-2.0
"""The table of procedures: a row a version, whose text never changes."""

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.approved import APPROVED, ApprovedDocument, approval_checks
from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import guarded
from lims.people.rules import Activity


class Procedure(ApprovedDocument, Base):
    """One version of a standard operating procedure; a draft until a second person approved it."""

    __tablename__ = "procedure"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 1", name="version"),
        *approval_checks(),
        CheckConstraint("approved_by <> drafted_by", name="second_person"),
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
