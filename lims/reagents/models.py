# SPDX-License-Identifier: Apache-2.0
"""Tables of reagent lots."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base


class Lot(Base):
    """A lot of a reagent or kit, with a label of its own."""

    __tablename__ = "lot"
    __table_args__ = (UniqueConstraint("reagent", "number"),)

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    # What it is: "extraction buffer", "PowerPlex 16", "positive control 9947A" ...
    reagent: Mapped[str] = mapped_column(String(80), index=True)
    activity: Mapped[str] = mapped_column(String(40))
    # The maker's lot number.
    number: Mapped[str] = mapped_column(String(60))
    expires: Mapped[date] = mapped_column(Date)
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(String(80))
    registered_at: Mapped[datetime]
