# SPDX-License-Identifier: Apache-2.0
"""Tables of instruments."""

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base


class Instrument(Base):
    """An analyzer, cycler, balance or pipette, with a label of kind C: it stands somewhere."""

    __tablename__ = "instrument"

    code: Mapped[str] = mapped_column(ForeignKey("subject.code"), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    activity: Mapped[str] = mapped_column(String(40))
    serial: Mapped[str] = mapped_column(String(60), default="", index=True)
    calibration_due: Mapped[date] = mapped_column(Date)
    registered_at: Mapped[datetime]
