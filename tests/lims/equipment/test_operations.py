# SPDX-License-Identifier: Apache-2.0
"""Registering, planning, calibrating and stopping instruments, and counting what runs out."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from lims.core.db import Database
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.equipment import operations, rules
from lims.equipment.operations import SeenConsumable
from lims.equipment.queries import installed_on, instruments, plans_of, upkeep_of, usable_instrument
from lims.equipment.rules import ConsumableKind, InstrumentKind, PlanKind
from lims.people.rules import Activity
from tests.cast import Cast

DAY = date(2026, 3, 15)


def register(database: Database, cast: Cast, at: datetime) -> str:
    with database.writing() as session:
        return operations.register_instrument(
            session, name="3500 no. 2", kind=InstrumentKind.ANALYZER,
            activity=Activity.INJECTION, serial="1303-005", calibration_due=date(2026, 3, 14),
            by=cast.manager, at=at,
        )  # fmt: skip


def test_two_instruments_do_not_bear_one_name(database: Database, cast: Cast, at: datetime) -> None:
    code = register(database, cast, at)
    with pytest.raises(rules.InstrumentThere) as refused:
        register(database, cast, at)

    assert refused.value.values["code"] == code
    with database.reading() as session:
        assert [one.code for one in instruments(session, today=at.date())] == [code]


def test_an_instrument_is_used_while_it_is_calibrated_maintained_and_in_service(
    database: Database, cast: Cast, at: datetime
) -> None:
    code = register(database, cast, at)
    inject = Activity.INJECTION
    with database.writing() as session:
        usable_instrument(session, code, activity=inject, on=date(2026, 3, 14))
        with pytest.raises(rules.CalibrationOverdue):
            usable_instrument(session, code, activity=inject, on=DAY)
        (plan,) = plans_of(session, code)
        operations.record_upkeep(
            session, plan.id, done_on=at.date(), until=date(2027, 3, 14), done_by="the maker",
            certificate="CAL-9", by=cast.manager, at=at,
        )  # fmt: skip
        usable_instrument(session, code, activity=inject, on=DAY)
        with pytest.raises(rules.CalibrationBackwards):
            operations.record_upkeep(
                session, plan.id, done_on=at.date(), until=date(2026, 12, 1), by=cast.manager,
                at=at,
            )  # fmt: skip
        with pytest.raises(rules.DoneAhead):
            operations.record_upkeep(
                session, plan.id, done_on=at.date() + timedelta(days=1), by=cast.manager, at=at
            )
        wash = operations.add_plan(
            session, code, kind=PlanKind.MAINTENANCE, name="Wash", interval_days=7,
            due=date(2026, 3, 14), by=cast.manager, at=at,
        )  # fmt: skip
        with pytest.raises(rules.PlanThere):
            operations.add_plan(
                session, code, kind=PlanKind.MAINTENANCE, name="Wash", interval_days=7, due=DAY,
                by=cast.manager, at=at,
            )  # fmt: skip
        with pytest.raises(rules.MaintenanceOverdue) as overdue:
            usable_instrument(session, code, activity=inject, on=DAY)
        operations.record_upkeep(
            session, wash.id, done_on=at.date(), until=date(2026, 6, 1), by=cast.manager, at=at
        )
        operations.stop_instrument(
            session, code, reason="arcing", by=cast.quality, at=at
        )  # fmt: skip
        with pytest.raises(rules.InstrumentStopped) as out:
            usable_instrument(session, code, activity=inject, on=DAY)
        with pytest.raises(rules.StopUnchanged):
            operations.stop_instrument(session, code, reason="x", by=cast.manager, at=at)
        with pytest.raises(rules.OwnStop):
            operations.resume_instrument(session, code, reason="x", by=cast.quality, at=at)
        operations.resume_instrument(
            session, code, reason="array changed, ladder sized", by=cast.manager, at=at
        )
        usable_instrument(session, code, activity=inject, on=DAY)
        set_hold(session, code, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            usable_instrument(session, code, activity=inject, on=at.date())
    assert str(overdue.value.say) == (
        "Instrument 3500 no. 2: maintenance overdue since 2026-03-14 (Wash)."
    )
    assert str(out.value.say).endswith(": arcing")
    with database.reading() as session:
        assert [one.certificate for one in upkeep_of(session, code)] == ["", "CAL-9"]
        events = history(session, code)
        recorded = [
            (event.content["until"], event.content["before"])
            for event in events
            if event.tag == Tag.INSTRUMENT_CALIBRATION_RECORDED
        ]
        assert {
            Tag.INSTRUMENT_PLAN_ADDED, Tag.INSTRUMENT_UPKEEP_RECORDED,
            Tag.INSTRUMENT_WORK_STOPPED, Tag.INSTRUMENT_WORK_RESUMED,
        } <= {event.tag for event in events}  # fmt: skip
    assert recorded == [("2027-03-14", "2026-03-14")]


def test_what_is_on_an_analyzer_is_counted_and_taken_over_from_the_files(
    database: Database, cast: Cast, at: datetime, a_plate: Callable[..., str]
) -> None:
    code = register(database, cast, at)
    polymer = ConsumableKind.POLYMER
    with database.writing() as session:
        plate = a_plate(session)
        operations.install_consumable(
            session, code, kind=polymer, number="PO-1", expires=date(2026, 6, 1),
            most_injections=48, by=cast.technician, at=at,
        )  # fmt: skip

        def count(run: int, number: str) -> None:
            operations.count_run(
                session, "1303-005", plate=plate, run=run, injections=24,
                seen=[SeenConsumable(polymer, number, None)], by=cast.technician, at=at,
            )  # fmt: skip

        count(1, "PO-1")
        usable_instrument(session, code, activity=Activity.INJECTION, on=date(2026, 3, 14))
        count(2, "PO-1")
        with pytest.raises(rules.ConsumableAtLimit):
            usable_instrument(session, code, activity=Activity.INJECTION, on=date(2026, 3, 14))
        count(3, "PO-2")
        (now_on,) = installed_on(session, code)
        operations.count_run(
            session, "nobody's", plate=plate, run=4, injections=24, seen=[], by=cast.technician,
            at=at,
        )  # fmt: skip
        balance = operations.register_instrument(
            session, name="Balance", activity=Activity.PREPARATION, calibration_due=DAY,
            by=cast.manager, at=at,
        )  # fmt: skip
        with pytest.raises(rules.NoAnalyzer):
            operations.install_consumable(
                session, balance, kind=polymer, number="PO-3", expires=None, by=cast.manager, at=at
            )

    assert (now_on.number, now_on.injections, now_on.runs, now_on.most_injections) == (
        "PO-2", 24, 1, 48,
    )  # fmt: skip
