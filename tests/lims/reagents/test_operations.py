# SPDX-License-Identifier: Apache-2.0
"""Receiving, releasing, opening, using, correcting and ending lots."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from lims.core.db import Database
from lims.core.errors import NotFound, ReasonMissing, Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.people.rules import Activity
from lims.reagents import operations, rules
from lims.reagents.queries import acts_of, containers_of, left_of, lot_of, lots, lots_page
from lims.reagents.queries import usable_lot as usable
from lims.reagents.rules import ContainerEnd
from tests.cast import Cast

Build = Callable[..., str]


def kit(database: Database, cast: Cast, at: datetime, open_days: int | None = None) -> int:
    with database.writing() as session:
        return operations.add_reagent(
            session, name="PowerPlex 16", activity=Activity.AMPLIFICATION, maker="Promega",
            catalogue_number="DC6531", storage="-20 °C", open_days=open_days, by=cast.manager,
            at=at,
        ).id  # fmt: skip


def receive(
    database: Database, cast: Cast, at: datetime, reagent: int, expires: date = date(2030, 1, 1)
) -> str:
    with database.writing() as session:
        return operations.receive_lot(
            session, reagent, number="0000123456", expires=expires, containers=2, each=1_000_000,
            condition="frozen", certificate="CERT-7", seal="S-1", by=cast.technician, at=at,
        )  # fmt: skip


def test_a_lot_of_a_maker_is_received_once_even_by_two_at_once(
    database: Database, cast: Cast, at: datetime
) -> None:
    reagent = kit(database, cast, at)
    with database.writing() as session, pytest.raises(rules.ReagentThere):
        operations.add_reagent(
            session, name="PowerPlex 16", activity=Activity.AMPLIFICATION, by=cast.manager, at=at
        )
    begin = threading.Barrier(3)
    outcomes: list[object] = []

    def somebody() -> None:
        begin.wait()
        try:
            outcomes.append(receive(database, cast, at, reagent))
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
    with database.writing() as session, pytest.raises(rules.ExpiryPast):
        operations.receive_lot(
            session, reagent, number="2", expires=at.date() - timedelta(days=1), containers=1,
            each=1, by=cast.manager, at=at,
        )  # fmt: skip


def test_a_lot_lives_from_receipt_by_release_opening_use_and_quarantine_to_its_end(
    database: Database, cast: Cast, at: datetime, an_extract: Build
) -> None:
    code = receive(database, cast, at, kit(database, cast, at, open_days=30))
    activity, day = Activity.AMPLIFICATION, at.date()
    with database.writing() as session:
        work = an_extract(session)
        with pytest.raises(rules.LotNotReleased):
            usable(session, code, activity=activity, on=day)
        with pytest.raises(rules.OwnReceipt):
            operations.release_lot(session, code, tested="2800M", by=cast.technician, at=at)
        with pytest.raises(ReasonMissing):
            operations.release_lot(session, code, tested=" ", by=cast.quality, at=at)
        operations.release_lot(session, code, tested="2800M", by=cast.quality, at=at)
        with pytest.raises(rules.AlreadyReleased) as twice:
            operations.release_lot(session, code, tested="2800M", by=cast.quality, at=at)
        operations.take_into_use(session, code, activity=activity, by=cast.technician, at=at)
        operations.take_into_use(session, code, activity=activity, by=cast.technician, at=at)
        with pytest.raises(rules.StandsOpen):
            operations.open_container(session, code, by=cast.technician, at=at)
        assert lot_of(session, code).use_by == day + timedelta(days=30)
        usable(session, code, activity=activity, on=day + timedelta(days=30))
        with pytest.raises(rules.LotOpenTooLong):
            usable(session, code, activity=activity, on=day + timedelta(days=31))
        operations.quarantine_lot(session, code, reason="precipitate", by=cast.technician, at=at)
        with pytest.raises(rules.LotQuarantined):
            usable(session, code, activity=activity, on=day)
        operations.lift_quarantine(session, code, reason="retested", by=cast.quality, at=at)
        with pytest.raises(rules.NotQuarantined):
            operations.lift_quarantine(session, code, reason="again", by=cast.quality, at=at)
        # 1.2 ml of two vials of 1 ml: the first is empty, the second stands open.
        operations.use_amount(session, code, 1_200_000, work=work, by=cast.technician, at=at)
        with pytest.raises(rules.LotShort) as short:
            operations.use_amount(session, code, 900_000, work=work, by=cast.technician, at=at)
        with pytest.raises(rules.AmountWrong):
            operations.correct_amount(
                session, code, 2, left=1_000_001, reason="measured", by=cast.technician, at=at
            )
        operations.correct_amount(
            session, code, 2, left=500_000, reason="measured", by=cast.technician, at=at
        )
        assert left_of(containers_of(session, code)) == 500_000
        with pytest.raises(rules.NothingOpen):
            operations.end_container(
                session, code, 1, ContainerEnd.EMPTY, by=cast.technician, at=at
            )
    with pytest.raises(IntegrityError), database.writing() as session:
        session.execute(text("UPDATE lot_container SET used = amount + 1"))
    with database.writing() as session:
        set_hold(session, code, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            usable(session, code, activity=activity, on=day)
        with pytest.raises(ReasonMissing):
            operations.discard_lot(session, code, reason="", by=cast.technician, at=at)
        operations.discard_lot(session, code, reason="thawed", by=cast.technician, at=at)
        with pytest.raises(rules.LotDiscarded):
            usable(session, code, activity=activity, on=day)

    assert twice.value.values["who"] == "Q-01"
    assert str(short.value.say).startswith("Only 800 µl of lot 0000123456")
    with database.reading() as session:
        assert [(one.act.value, one.change) for one in reversed(acts_of(session, code))] == [
            ("received", 2_000_000), ("released", 0), ("opened", 0), ("quarantined", 0),
            ("lifted", 0), ("used", -1_000_000), ("empty", 0), ("opened", 0), ("used", -200_000),
            ("corrected", -300_000), ("discarded", -500_000),
        ]  # fmt: skip
        tags = [event.tag for event in history(session, code)]
        assert tags == [
            Tag.LOT_RECORD_RECEIVED, Tag.LOT_RECORD_RELEASED, Tag.LOT_RECORD_OPENED,
            Tag.LOT_RECORD_BLOCKED, Tag.LOT_RECORD_UNBLOCKED, Tag.LOT_AMOUNT_USED,
            Tag.LOT_RECORD_EMPTIED, Tag.LOT_RECORD_OPENED, Tag.LOT_AMOUNT_USED,
            Tag.LOT_AMOUNT_CORRECTED, Tag.SUBJECT_HOLD_SET, Tag.LOT_RECORD_DISCARDED,
        ]  # fmt: skip
        assert code not in [one.code for one in lots(session, today=day)]
        assert [one.state for one in lots_page(session, today=day, state="ended").rows] == [
            "discarded"
        ]


def test_lots_are_listed_by_their_last_day_page_by_page(
    database: Database, cast: Cast, at: datetime, a_lot: Build
) -> None:
    day = at.date()
    with database.writing() as session:
        codes = [
            a_lot(session, expires=day + timedelta(days=days), released=days != 3, labelled=False)
            for days in (9, 3, 40, 9, 0)
        ]
    with database.reading() as session:
        first = lots_page(session, today=day, limit=2)
        second = lots_page(session, today=day, limit=2, after=first.after)
        third = lots_page(session, today=day, limit=2, after=second.after)
        near = lots_page(session, today=day, within=9, state="usable")
        late = lots_page(session, today=day + timedelta(days=4), state="expired")
        with pytest.raises(NotFound):
            lots_page(session, today=day, after="never_L")

    shown = [one.code for part in (first, second, third) for one in part.rows]
    assert shown == [codes[4], codes[1], *sorted((codes[0], codes[3])), codes[2]]
    assert third.after == ""
    assert {one.code for one in near.rows} == {codes[0], codes[3], codes[4]}
    assert {one.code for one in late.rows} == {codes[1], codes[4]}


def test_a_code_that_is_no_lot_is_not_found_and_one_that_expired_is_not_released(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    code = receive(database, cast, at, kit(database, cast, at), at.date())
    with database.writing() as session:
        with pytest.raises(NotFound):
            usable(session, a_bone_sample(session), activity=Activity.EXTRACTION, on=at.date())
        with pytest.raises(rules.ExpiryPast):
            operations.release_lot(
                session, code, tested="2800M", by=cast.quality, at=at + timedelta(days=1)
            )
