# SPDX-License-Identifier: Apache-2.0
"""Tables of extracts and of what an extraction used."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId


class BatchUse(Base):
    """A lot or an instrument that a batch or plate used, by code or by number."""

    __tablename__ = "batch_use"
    __table_args__ = (UniqueConstraint("subject_code", "used_code"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # The batch or the plate.
    subject_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    # The lot or the instrument.
    used_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Extract(Base):
    """The DNA of one batch position; a reagent blank has no source."""

    __tablename__ = "extract"
    __table_args__ = (
        CheckConstraint("is_blank = (source_code IS NULL)", name="blank_has_no_source"),
        CheckConstraint("volume_nl > 0", name="volume"),
        UniqueConstraint("batch_code", "position"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    batch_code: Mapped[str] = mapped_column(ForeignKey("batch.code"), index=True)
    position: Mapped[str] = mapped_column(String(3))
    source_code: Mapped[str | None] = mapped_column(ForeignKey("aliquot.code"), index=True)
    is_blank: Mapped[bool]
    volume_nl: Mapped[int] = mapped_column(BigInteger)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
