# SPDX-License-Identifier: Apache-2.0
"""How printers are set, and which test prints wait or were made."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from labels.adjust import Adjust
from lims.printers.models import PrinterSetting, TestPrint
from lims.printers.rules import Setting, TestState

PENDING = (TestState.QUEUED, TestState.LEASED, TestState.INTENT, TestState.SENT)


def setting_of(session: Session, station: str) -> Setting:
    """Return what a station's printer is set to; the number is 0 where nobody has set it."""
    row = session.scalar(
        select(PrinterSetting)
        .where(PrinterSetting.station_code == station)
        .order_by(PrinterSetting.number.desc())
        .limit(1)
    )
    if row is None:
        return Setting()
    adjust = Adjust(row.offset_x, row.offset_y, row.darkness, row.speed)
    return Setting(row.number, row.language, row.dpi, adjust)


def settings_of(session: Session, station: str, *, limit: int = 50) -> Sequence[PrinterSetting]:
    """Return what a station's printer was set to, the newest first."""
    return session.scalars(
        select(PrinterSetting)
        .where(PrinterSetting.station_code == station)
        .order_by(PrinterSetting.number.desc())
        .limit(limit)
    ).all()


def prints_of(session: Session, station: str, *, limit: int = 10) -> Sequence[TestPrint]:
    """Return the test prints of a station, the newest first."""
    return session.scalars(
        select(TestPrint)
        .where(TestPrint.station_code == station)
        .order_by(TestPrint.id.desc())
        .limit(limit)
    ).all()


def waiting_test(session: Session, station: str, *, at: datetime) -> TestPrint | None:
    """Return the test print that a station's agent may take: queued, or leased too long ago."""
    return session.scalar(
        select(TestPrint)
        .where(
            TestPrint.station_code == station,
            or_(
                TestPrint.state == TestState.QUEUED,
                and_(TestPrint.state == TestState.LEASED, TestPrint.lease_ends < at),
            ),
        )
        .limit(1)
    )
