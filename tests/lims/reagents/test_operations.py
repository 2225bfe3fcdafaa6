# SPDX-License-Identifier: Apache-2.0
"""Registering and releasing lots."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest

from lims.core.db import Database
from lims.core.errors import NotFound, Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.people.rules import Activity
from lims.reagents import operations, rules
from lims.reagents.queries import lots, usable_lot
from tests.cast import Cast

Build = Callable[..., str]


def register(database: Database, cast: Cast, at: datetime, expires: date) -> str:
    with database.writing() as session:
        return operations.register_lot(
            session, reagent="PowerPlex 16", activity=Activity.AMPLIFICATION, number="0000123456",
            expires=expires, by=cast.manager, at=at,
        )  # fmt: skip


def test_a_lot_of_a_maker_is_registered_once_even_by_two_at_once(
    database: Database, cast: Cast, at: datetime
) -> None:
    begin = threading.Barrier(3)
    outcomes: list[object] = []

    def somebody() -> None:
        begin.wait()
        try:
            outcomes.append(register(database, cast, at, date(2030, 1, 1)))
        except Refusal as refused:
            outcomes.append(refused)

    threads = [threading.Thread(target=somebody) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    (code,) = [one for one in outcomes if isinstance(one, str)]
    refused = [one for one in outcomes if isinstance(one, rules.LotThere)]
    assert [one.values["code"] for one in refused] == [code, code]
    with database.reading() as session:
        assert [lot.code for lot in lots(session, today=at.date())] == [code]
        assert [event.tag for event in history(session, code)] == [Tag.LOT_RECORD_RECEIVED]


def test_an_expired_lot_is_not_taken_into_stock(
    database: Database, cast: Cast, at: datetime
) -> None:
    with pytest.raises(rules.ExpiryPast):
        register(database, cast, at, at.date() - timedelta(days=1))


def test_a_lot_is_released_once_and_then_used_until_it_is_held_or_expires(
    database: Database, cast: Cast, at: datetime
) -> None:
    code = register(database, cast, at, date(2030, 1, 1))
    with database.writing() as session:
        with pytest.raises(rules.LotNotReleased):
            usable_lot(session, code, activity=Activity.AMPLIFICATION, on=at.date())
        operations.release_lot(session, code, by=cast.manager, at=at)
        usable_lot(session, code, activity=Activity.AMPLIFICATION, on=date(2030, 1, 1))
        with pytest.raises(rules.AlreadyReleased) as refused:
            operations.release_lot(session, code, by=cast.manager, at=at)
        with pytest.raises(rules.LotExpired):
            usable_lot(session, code, activity=Activity.AMPLIFICATION, on=date(2030, 1, 2))
        set_hold(session, code, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            usable_lot(session, code, activity=Activity.AMPLIFICATION, on=at.date())

    assert refused.value.values["who"] == "M-01"


def test_a_lot_that_expired_meanwhile_is_not_released(
    database: Database, cast: Cast, at: datetime
) -> None:
    code = register(database, cast, at, at.date())
    with database.writing() as session, pytest.raises(rules.ExpiryPast):
        operations.release_lot(session, code, by=cast.manager, at=at + timedelta(days=1))


def test_a_code_that_is_no_lot_is_not_found(database: Database, a_bone_sample: Build) -> None:
    with database.writing() as session:
        code = a_bone_sample(session)
        with pytest.raises(NotFound):
            usable_lot(session, code, activity=Activity.EXTRACTION, on=date(2026, 1, 1))
