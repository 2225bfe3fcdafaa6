# SPDX-License-Identifier: Apache-2.0
"""Registering and calibrating instruments."""

from datetime import date, datetime

import pytest

from lims.core.db import Database
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.equipment import operations, rules
from lims.equipment.queries import instruments, usable_instrument
from lims.people.rules import Activity
from tests.cast import Cast


def register(database: Database, cast: Cast, at: datetime) -> str:
    with database.writing() as session:
        return operations.register_instrument(
            session, name="3130 no. 2", activity=Activity.INJECTION, serial="1303-005",
            calibration_due=date(2026, 3, 14), by=cast.manager, at=at,
        )  # fmt: skip


def test_two_instruments_do_not_bear_one_name(database: Database, cast: Cast, at: datetime) -> None:
    code = register(database, cast, at)
    with pytest.raises(rules.InstrumentThere) as refused:
        register(database, cast, at)

    assert refused.value.values["code"] == code
    with database.reading() as session:
        assert [one.code for one in instruments(session, today=at.date())] == [code]


def test_an_instrument_is_used_until_its_calibration_is_due_and_again_after_the_next(
    database: Database, cast: Cast, at: datetime
) -> None:
    code = register(database, cast, at)
    with database.writing() as session:
        usable_instrument(session, code, activity=Activity.INJECTION, on=date(2026, 3, 14))
        with pytest.raises(rules.CalibrationOverdue):
            usable_instrument(session, code, activity=Activity.INJECTION, on=date(2026, 3, 15))
        operations.record_calibration(
            session, code, until=date(2027, 3, 14), by=cast.manager, at=at
        )
        usable_instrument(session, code, activity=Activity.INJECTION, on=date(2026, 3, 15))
        with pytest.raises(rules.CalibrationBackwards):
            operations.record_calibration(
                session, code, until=date(2026, 12, 1), by=cast.manager, at=at
            )
        set_hold(session, code, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            usable_instrument(session, code, activity=Activity.INJECTION, on=at.date())
    with database.reading() as session:
        recorded = [
            event.content
            for event in history(session, code)
            if event.tag == Tag.INSTRUMENT_CALIBRATION_RECORDED
        ]
    assert recorded == [{"until": "2027-03-14", "before": "2026-03-14"}]
