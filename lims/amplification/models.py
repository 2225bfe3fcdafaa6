# SPDX-License-Identifier: Apache-2.0
"""Tables of amplifications: one row a filled well of an amplification plate."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId


class Amplification(Base):
    """How a well was amplified. What stands in it (extract, control, blank) is the well's.

    Written when the well is filled, so that a plan is not lost between scan and completion;
    `amplified_at` is NULL until the plate is completed.
    """

    __tablename__ = "amplification"
    __table_args__ = (
        CheckConstraint("extract_volume_nl >= 0", name="volume"),
        CheckConstraint("drawn_nl >= 0", name="drawn"),
        CheckConstraint("dilution >= 1", name="dilution"),
        CheckConstraint("template_fg IS NULL OR template_fg >= 0", name="template"),
        CheckConstraint("number <= 1 OR reason <> ''", name="repeat_has_reason"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"), unique=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    extract_code: Mapped[str | None] = mapped_column(ForeignKey("extract.code"), index=True)
    # How many times the sample has been amplified, this one counted; 0 for blanks and controls.
    number: Mapped[int]
    # What stands in the reaction: of the extract, or of its dilution 1:dilution.
    extract_volume_nl: Mapped[int] = mapped_column(BigInteger)
    dilution: Mapped[int] = mapped_column(default=1)
    # What was taken out of the extract's tube for it.
    drawn_nl: Mapped[int] = mapped_column(BigInteger, default=0)
    # DNA in the reaction, femtograms; NULL where it was never measured.
    template_fg: Mapped[int | None] = mapped_column(BigInteger)
    low_template: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200), default="")
    amplified_at: Mapped[datetime | None]
