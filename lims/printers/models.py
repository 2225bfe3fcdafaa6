# SPDX-License-Identifier: Apache-2.0
"""Tables of printers: what each was set to, a row a version, and the test prints asked for."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from lims.core.db import Base, BigId, stored_enum
from lims.printers.rules import Language, TestState


class PrinterSetting(Base):
    """What a station's printer was set to; the highest number is in use, none ever changes."""

    __tablename__ = "printer_setting"
    __table_args__ = (CheckConstraint("number >= 1", name="ck_printer_setting_number"),)

    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    language: Mapped[Language] = mapped_column(stored_enum(Language))
    dpi: Mapped[int]
    # Dots of the printer, to the right and down.
    offset_x: Mapped[int]
    offset_y: Mapped[int]
    # Steps of the printer's language and inches a second; NULL as set at the printer.
    darkness: Mapped[int | None]
    speed: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(200))
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(80))


class TestPrint(Base):
    """A ruler on the stock of a layout, printed with the setting in use at that time."""

    __test__ = False  # not one of pytest's
    __tablename__ = "test_print"
    __table_args__ = (
        Index(
            "uq_test_print_pending", "station_code", unique=True,
            sqlite_where=text("state IN ('queued', 'leased', 'intent', 'sent')"),
            postgresql_where=text("state IN ('queued', 'leased', 'intent', 'sent')"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    station_code: Mapped[str] = mapped_column(ForeignKey("station.code"), index=True)
    layout: Mapped[str] = mapped_column(String(40))
    setting: Mapped[int]
    state: Mapped[TestState] = mapped_column(stored_enum(TestState))
    # Counts up with every lease; an agent with an older one is refused.
    fence: Mapped[int] = mapped_column(default=0)
    lease_ends: Mapped[datetime | None]
    fault: Mapped[str] = mapped_column(String(200), default="")
    ordered_at: Mapped[datetime]
    ordered_by: Mapped[str] = mapped_column(String(80))
    changed_at: Mapped[datetime]
