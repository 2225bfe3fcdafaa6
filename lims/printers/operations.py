# SPDX-License-Identifier: Apache-2.0
"""Set a printer, order a test print, lease it to the agent, take the agent's word on it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from labels import catalogue, ruler
from labels.adjust import Adjust, moved
from labels.errors import LabelError
from labels.layout import place
from labels.trial import LONGEST, VALUES
from lims.core.actors import Actor
from lims.custody.operations import append
from lims.custody.rules import Tag
from lims.layouts.queries import in_use, newest
from lims.layouts.rules import slug
from lims.printers.models import PrinterSetting, TestPrint
from lims.printers.queries import PENDING, setting_of, waiting_test
from lims.printers.rules import (
    Language,
    OffsetTooLarge,
    PrinterSettingChanged,
    PrinterSettingSame,
    Setting,
    TestPending,
    TestState,
    TestUnknown,
    name_of_test,
    number_of_test,
)

LEASE = timedelta(seconds=60)

_AFTER = {
    "intent": TestState.INTENT,
    "sent": TestState.SENT,
    "printed": TestState.PRINTED,
    "ambiguous": TestState.AMBIGUOUS,
    "failed_safe": TestState.QUEUED,
    "lost": TestState.LOST,
}
_MAY_FOLLOW = {
    TestState.INTENT: {TestState.LEASED},
    TestState.SENT: {TestState.INTENT},
    TestState.PRINTED: {TestState.INTENT, TestState.SENT},
    TestState.AMBIGUOUS: {TestState.INTENT, TestState.SENT},
    TestState.QUEUED: {TestState.LEASED},
    TestState.LOST: {TestState.INTENT, TestState.SENT},
}


@dataclass(frozen=True)
class TestLease:
    """A test print as an agent gets it; `content` goes to the printer, byte for byte."""

    __test__ = False  # not one of pytest's

    name: str
    fence: int
    content: bytes
    sha256: str


def save_setting(
    session: Session,
    station: str,
    *,
    language: Language,
    dpi: int,
    adjust: Adjust,
    seen: int,
    reason: str,
    by: Actor,
    at: datetime,
) -> PrinterSetting:
    """Set a station's printer as the next version; every label from now on is drawn so.

    `seen` is the number of the setting that the person had before them. The offset is tried with
    every layout in use. Raises PrinterSettingChanged, PrinterSettingSame,
    OffsetTooLarge.
    """
    before = setting_of(session, station)
    if before.number != seen:
        raise PrinterSettingChanged()
    if before == Setting(before.number, language, dpi, adjust) and before.number:
        raise PrinterSettingSame()
    for name in sorted({*catalogue.NAMES, *newest(session)}):
        try:
            moved(place(in_use(session, name).layout, VALUES[LONGEST], dpi=dpi), adjust)
        except LabelError as error:
            raise OffsetTooLarge(layout=name) from error
    # Two who save at once collide on the primary key: one is refused, whole.
    row = PrinterSetting(
        station_code=station, number=before.number + 1, language=language, dpi=dpi,
        offset_x=adjust.x, offset_y=adjust.y, darkness=adjust.darkness, speed=adjust.speed,
        reason=reason, saved_at=at, saved_by=by.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.PRINTER_RECORD_CHANGED if before.number else Tag.PRINTER_RECORD_ADDED,
        stream=station, by=by, at=at, device=station,
        content={
            "setting": row.number, "language": language.value, "dpi": dpi,
            "offset_x": adjust.x, "offset_y": adjust.y,
            "darkness": "" if adjust.darkness is None else str(adjust.darkness),
            "speed": "" if adjust.speed is None else str(adjust.speed), "reason": reason,
        },
    )  # fmt: skip
    return row


def order_test(
    session: Session, station: str, *, layout: str, by: Actor, at: datetime
) -> TestPrint:
    """Order a ruler on the stock of a layout, printed with the setting in use when it is taken.

    Raises LayoutUnknown, TestPending.
    """
    used = in_use(session, layout)
    pending = select(TestPrint.id).where(
        TestPrint.station_code == station, TestPrint.state.in_(PENDING)
    )
    if session.scalar(pending.limit(1)) is not None:
        raise TestPending()
    row = TestPrint(
        station_code=station, layout=used.layout.name, setting=setting_of(session, station).number,
        state=TestState.QUEUED, ordered_at=at, ordered_by=by.id, changed_at=at,
    )  # fmt: skip
    session.add(row)
    session.flush()
    append(
        session, Tag.PRINTER_TEST_ORDERED, stream=station, by=by, at=at, device=station,
        content={
            "test": name_of_test(row.id), "layout": slug(used.layout.name), "setting": row.setting,
        },
    )  # fmt: skip
    return row


def lease_test(
    session: Session, station: str, *, language: Language, dpi: int, at: datetime
) -> TestLease | None:
    """Give the test print of a station, if one waits, to its agent, drawn for its printer."""
    row = waiting_test(session, station, at=at)
    if row is None:
        return None
    setting = setting_of(session, station)
    adjust = setting.adjust_for(language, dpi)
    layout = in_use(session, row.layout).layout
    draw = ruler.render_tspl if language is Language.TSPL else ruler.render
    content = draw(layout, dpi=dpi, adjust=adjust)
    row.setting = setting.number
    row.state = TestState.LEASED
    row.fence += 1
    row.lease_ends = at + LEASE
    row.changed_at = at
    sha256 = hashlib.sha256(content).hexdigest()
    return TestLease(name_of_test(row.id), row.fence, content, sha256)


def record_test_outcome(
    session: Session,
    name: str,
    outcome: str,
    *,
    station: str,
    fence: int,
    at: datetime,
    detail: str,
) -> None:
    """Take an agent's word on a test print; the same word twice changes nothing.

    Raises TestUnknown for one that is not the agent's (any more).
    """
    row = session.get(TestPrint, number_of_test(name), with_for_update=True)
    if row is None or row.station_code != station or row.fence != fence:
        raise TestUnknown()
    state = _AFTER[outcome]
    if row.state is state:
        return
    if row.state not in _MAY_FOLLOW[state]:
        raise TestUnknown()
    row.state = state
    row.fault = detail[:200]
    row.changed_at = at
