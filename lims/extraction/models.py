# SPDX-License-Identifier: Apache-2.0
"""Tables of extracts."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base
from lims.core.guards import APPEND_ONLY, guarded


class Extract(Base):
    """The DNA of one batch position; a reagent blank has no source."""

    __tablename__ = "extract"
    __table_args__ = (
        CheckConstraint("is_blank = (source_code IS NULL)", name="blank_has_no_source"),
        CheckConstraint("volume_nl > 0", name="volume"),
        CheckConstraint("used_nl >= 0", name="used"),
        UniqueConstraint("batch_code", "position"),
    )

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    batch_code: Mapped[str] = mapped_column(ForeignKey("batch.code"), index=True)
    position: Mapped[str] = mapped_column(String(3))
    source_code: Mapped[str | None] = mapped_column(ForeignKey("aliquot.code"), index=True)
    is_blank: Mapped[bool]
    volume_nl: Mapped[int] = mapped_column(BigInteger)
    # What wells that stand hold of it, those of open plates among them; that it is never more than
    # there was is kept by its amounts.
    used_nl: Mapped[int] = mapped_column(BigInteger, default=0)
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(String(80))


class Dilution(Base):
    """How a dilution was made: `parts` of what was diluted in `of`, exactly."""

    __tablename__ = "dilution"
    __table_args__ = (
        CheckConstraint("parts > 0 AND \"of\" > parts", name="factor"),
        CheckConstraint(
            "taken_nl > 0 AND diluent_nl > 0 AND"
            ' (taken_nl + diluent_nl) * parts = taken_nl * "of"',
            name="volumes",
        ),
        CheckConstraint(
            "(source_fg_per_ul IS NULL) = (fg_per_ul IS NULL) AND"
            " (fg_per_ul IS NULL OR (fg_per_ul >= 0 AND fg_per_ul <= source_fg_per_ul))",
            name="concentration",
        ),
        {"info": guarded(APPEND_ONLY)},
    )  # fmt: skip

    code: Mapped[str] = mapped_column(ForeignKey("aliquot.code"), primary_key=True)
    source_code: Mapped[str] = mapped_column(ForeignKey("subject.code"), index=True)
    parts: Mapped[int]
    of: Mapped[int]
    taken_nl: Mapped[int] = mapped_column(BigInteger)
    diluent_nl: Mapped[int] = mapped_column(BigInteger)
    lot_code: Mapped[str] = mapped_column(ForeignKey("lot.code"))
    # What was known of it when it was diluted, femtograms a microlitre; the product is rounded
    # down to whole ones.
    source_fg_per_ul: Mapped[int | None] = mapped_column(BigInteger)
    fg_per_ul: Mapped[int | None] = mapped_column(BigInteger)
