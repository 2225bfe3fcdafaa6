# SPDX-License-Identifier: Apache-2.0
"""Tables of robot templates, and of what was printed or written for a batch or plate."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.core.guards import APPEND_ONLY, guarded
from lims.worksheets.rules import PaperKind as PaperKind


class RobotTemplate(Base):
    """One version of how a robot's file is written; the newest of a name is used."""

    __tablename__ = "robot_template"
    __table_args__ = (
        UniqueConstraint("name", "version"),
        CheckConstraint("version >= 1", name="version"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    version: Mapped[int]
    # Template.as_json() as canonical JSON text.
    figures: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class BenchPaper(Base):
    """A worksheet that was printed or a robot's file that was written; its bytes by their hash."""

    __tablename__ = "bench_paper"
    __table_args__ = (
        CheckConstraint("(kind = 'robot') = (template_id IS NOT NULL)", name="robot_by_template"),
        Index("ix_bench_paper_of", "subject_code", "id"),
        {"info": guarded(APPEND_ONLY)},
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The batch or the plate.
    subject_code: Mapped[str] = mapped_column(ForeignKey("subject.code"))
    kind: Mapped[PaperKind] = mapped_column(stored_enum(PaperKind))
    template_id: Mapped[int | None] = mapped_column(ForeignKey("robot_template.id"))
    # `en` or `ar`.
    language: Mapped[str] = mapped_column(String(2))
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
