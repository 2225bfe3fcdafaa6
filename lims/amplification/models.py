# SPDX-License-Identifier: Apache-2.0
"""Tables of amplifications: one row a filled well of an amplification plate."""

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId


class Amplification(Base):
    """How a well was amplified. What stands in it (extract, control, blank) is the well's."""

    __tablename__ = "amplification"
    __table_args__ = (
        CheckConstraint("extract_volume_nl >= 0", name="volume"),
        CheckConstraint("template_fg IS NULL OR template_fg >= 0", name="template"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    well_id: Mapped[int] = mapped_column(ForeignKey("well.id"), unique=True)
    plate_code: Mapped[str] = mapped_column(ForeignKey("plate.code"), index=True)
    extract_code: Mapped[str | None] = mapped_column(ForeignKey("extract.code"), index=True)
    # How many times this extract has been amplified, this one counted.
    number: Mapped[int]
    extract_volume_nl: Mapped[int] = mapped_column(BigInteger)
    # DNA in the reaction, femtograms; NULL where it was never measured.
    template_fg: Mapped[int | None] = mapped_column(BigInteger)
    low_template: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(200), default="")
