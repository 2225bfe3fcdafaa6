# SPDX-License-Identifier: Apache-2.0
"""Tables of extracts."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base


class Extract(Base):
    """The DNA of one batch position; a reagent blank has no source."""

    __tablename__ = "extract"
    __table_args__ = (
        CheckConstraint("is_blank = (source_code IS NULL)", name="blank_has_no_source"),
        CheckConstraint("volume_nl > 0", name="volume"),
        CheckConstraint("used_nl >= 0 AND used_nl <= volume_nl", name="used"),
        UniqueConstraint("batch_code", "position"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    batch_code: Mapped[str] = mapped_column(ForeignKey("batch.code"), index=True)
    position: Mapped[str] = mapped_column(String(3))
    source_code: Mapped[str | None] = mapped_column(ForeignKey("aliquot.code"), index=True)
    is_blank: Mapped[bool]
    volume_nl: Mapped[int] = mapped_column(BigInteger)
    # What was taken out of the tube for later stages, wells of open plates among it.
    used_nl: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))
