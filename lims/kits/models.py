# SPDX-License-Identifier: Apache-2.0
"""The table of kits: a row a version, whose text never changes."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.approved import APPROVED, ApprovedDocument, approval_checks
from lims.core.db import Base, BigId
from lims.core.guards import APPEND_ONLY, guarded


class KitVersion(ApprovedDocument, Base):
    """One version of an amplification kit. Version 0 is the one that comes with Osteon."""

    __tablename__ = "kit_version"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 0", name="version"),
        *approval_checks(),
        CheckConstraint("version = 0 OR approved_by <> drafted_by", name="second_person"),
        # One draft of a kit at a time: two would be the same next version.
        Index(
            "uq_kit_version_draft", "name", unique=True,
            sqlite_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
            postgresql_where=text("approved_at IS NULL AND withdrawn_at IS NULL"),
        ),
        {"info": guarded(APPROVED)},
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    # Where its facts come from, as the document says.
    source: Mapped[str] = mapped_column(String(300))


class KitUse(Base):
    """The version of its kit that a plate was opened with, and under which its runs are called."""

    __tablename__ = "kit_use"
    __table_args__ = {"info": guarded(APPEND_ONLY)}  # noqa: RUF012  # SQLAlchemy's own attribute

    # The plate's code.
    plate_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    kit_version_id: Mapped[int] = mapped_column(ForeignKey("kit_version.id"), index=True)
