# SPDX-License-Identifier: Apache-2.0
"""Amounts: dividing, diluting, correcting, using up; parts are never above what was."""

import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.operations import set_hold
from lims.custody.queries import history, parents
from lims.custody.rules import HeldByOther, HoldReason, OnHold, Tag
from lims.extraction.models import Dilution, Extract
from lims.extraction.operations import complete_extraction, dilute, load_aliquot
from lims.extraction.rules import (
    BlankNotDiluted,
    FactorNotRead,
    FactorUneven,
    NotDiluted,
    diluted,
    read_factor,
)
from lims.people.rules import Activity
from lims.plates.operations import record_use
from lims.reagents.rules import LotExpired
from lims.samples import operations, rules
from lims.samples.models import Aliquot, Amount
from lims.samples.queries import amounts_left, amounts_of, stage
from lims.samples.queries.gaps import quantity_gaps
from lims.samples.rules import AliquotStage, AmountUnit, AmountWhy, Consumption, CorrectionWhy
from tests.cast import Cast

Build = Callable[..., str]


def left(session: Session, code: str) -> int:
    return amounts_left(session, [code])[code]


def test_powder_is_divided_into_tubes_that_are_never_more_than_it_was(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_live_label: Build
) -> None:
    by = cast.technician
    with database.writing() as session:
        powder = an_aliquot(session)
        with pytest.raises(rules.TooLittleLeft, match=r"Only 200 mg left of .*, 200\.001 mg asked"):
            operations.divide(session, powder, 200_001, reason="for another", by=by, at=at)
        with pytest.raises(rules.DivisionReasonMissing):
            operations.divide(session, powder, 1_000, reason=" ", by=by, at=at)
        with pytest.raises(HeldByOther):
            operations.divide(
                session, powder, 1_000, reason="for another", by=cast.first_reader, at=at
            )
        made = operations.divide(session, powder, 50_000, reason="for another", by=by, at=at)
        a_live_label(session, made.code)
        rest = operations.divide(session, powder, 150_000, reason="all of it", by=by, at=at)
        with pytest.raises(rules.TooLittleLeft, match="Only 0 mg left"):
            operations.divide(session, powder, 1, reason="more", by=by, at=at)
        bone = session.get_one(Aliquot, powder).sample_code
        amounts = amounts_left(session, [bone, powder, made.code, rest.code])

        assert amounts == {
            bone: 1_800_000, powder: 0, made.code: 50_000, rest.code: 150_000
        }  # fmt: skip
        assert [link.parent for link in parents(session, made.code)] == [powder]
        assert [row.why for row in amounts_of(session, powder)] == [
            AmountWhy.MADE, AmountWhy.DIVIDED, AmountWhy.DIVIDED
        ]  # fmt: skip
        assert stage(session, powder) is AliquotStage.EXHAUSTED
        assert not list(quantity_gaps(session, [bone, powder, made.code, rest.code]))
    with database.reading() as session:
        assert [event.tag for event in history(session, powder)][-3:] == [
            Tag.ALIQUOT_TUBE_USED, Tag.ALIQUOT_TUBE_USED, Tag.ALIQUOT_TUBE_CONSUMED,
        ]  # fmt: skip


def test_a_punch_an_expired_tube_and_one_on_hold_are_not_divided(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build
) -> None:
    def divide(code: str) -> None:
        operations.divide(session, code, 1_000, reason="a test", by=cast.technician, at=at)

    with database.writing() as session:
        with pytest.raises(rules.NotDivisible):
            divide(an_aliquot(session, line=rules.Line.REFERENCE))
        old, frozen = an_aliquot(session), an_aliquot(session)
        session.get_one(Aliquot, old).expires = at.date() - timedelta(days=1)
        with pytest.raises(rules.Expired, match="expired on"):
            divide(old)
        set_hold(session, frozen, HoldReason.SEAL, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            divide(frozen)


def test_the_database_itself_keeps_parts_within_what_they_came_from(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build
) -> None:
    with database.writing() as session:
        powder = an_aliquot(session)
        made = operations.divide(
            session, powder, 50_000, reason="for another", by=cast.technician, at=at
        ).code
        twin = an_aliquot(session)
    row: dict[str, object] = {
        "code": made, "number": 2, "previous": 1, "unit": AmountUnit.MASS, "before": 50_000,
        "change": -10_000, "left": 40_000, "why": AmountWhy.USED, "added": 0, "at": at,
        "by": cast.technician.id,
    }  # fmt: skip
    wrong: list[dict[str, object]] = [
        {"change": -50_001, "left": -1},
        {"left": 45_000},
        {"before": 60_000, "left": 50_000},
        {"number": 3, "previous": 2},
        {"change": 10_000, "left": 60_000},
    ]
    for change in wrong:
        with pytest.raises(IntegrityError), database.writing() as session:
            session.execute(insert(Amount).values(**row | change))
    more_than_taken = update(Amount).where(Amount.code == made, Amount.number == 1)
    for values in (
        {"change": 50_001, "left": 50_001},
        {"source": twin},
        {"source_change": -60_000, "change": 60_000, "left": 60_000},
    ):
        # An entry never changes: the trigger says so, and the application's role may not try.
        with pytest.raises(DatabaseError), database.writing() as session:
            session.execute(more_than_taken.values(**values))


@settings(
    max_examples=6, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(
    acts=st.lists(
        st.tuples(
            st.sampled_from(["divide", "correct", "discard"]), st.integers(0, 3),
            st.integers(1, 120_000),
        ),
        max_size=8,
    )
)  # fmt: skip
def test_no_sequence_of_takings_leaves_less_than_nothing_or_parts_above_the_whole(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build, a_live_label: Build,
    acts: list[tuple[str, int, int]],
) -> None:  # fmt: skip
    by, witness = cast.technician, cast.first_reader
    with database.writing() as session:
        tubes = [an_aliquot(session)]
        for act, which, amount in acts:
            code = tubes[which % len(tubes)]
            try:
                with session.begin_nested():
                    if act == "divide":
                        tubes.append(
                            operations.divide(
                                session, code, amount, reason="again", by=by, at=at, witness=witness
                            ).code
                        )
                        a_live_label(session, tubes[-1])
                    elif act == "correct":
                        operations.correct_amount(
                            session, code, amount, CorrectionWhy.WEIGHED_AGAIN, remark="again",
                            by=by, at=at, witness=witness,
                        )  # fmt: skip
                    else:
                        operations.discard(
                            session, code, rules.DiscardReason.FINISHED, by=by, at=at,
                            witness=witness,
                        )  # fmt: skip
            except Refusal:
                pass
        bone = session.get_one(Aliquot, tubes[0]).sample_code
        rows = session.scalars(select(Amount).where(Amount.code.in_([bone, *tubes]))).all()
        taken = {(row.code, row.number): -row.change for row in rows if row.change < 0}

        assert all(row.left >= 0 for row in rows)
        assert all(
            row.change - row.added == taken[row.source, row.source_number or 0]
            for row in rows
            if row.source is not None
        )
        assert not list(quantity_gaps(session, [bone, *tubes]))


def test_of_twelve_benches_that_divide_the_same_powder_as_many_get_some_as_there_is(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build
) -> None:
    with database.writing() as session:
        powder = an_aliquot(session)
    outcomes: list[str] = []
    together = threading.Barrier(12)

    def take() -> None:
        together.wait()
        try:
            with database.writing() as session:
                operations.divide(
                    session, powder, 40_000, reason="at once", by=cast.technician, at=at
                )
            outcomes.append("divided")
        except Refusal as refusal:
            # Whoever comes after the last of it finds the tube there no more, or empty.
            empty = refusal.name in ("TooLittleLeft", "Gone")
            outcomes.append("refused" if empty else str(refusal))

    threads = [threading.Thread(target=take) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        parts = session.scalar(
            select(func.sum(Amount.change)).where(Amount.source == powder, Amount.number == 1)
        )

    assert sorted(outcomes) == ["divided"] * 5 + ["refused"] * 7
    assert parts == 200_000


def test_a_correction_keeps_the_old_figure_with_its_reason(
    database: Database, cast: Cast, at: datetime, an_aliquot: Build
) -> None:
    with database.writing() as session:
        powder = an_aliquot(session)

        def correct(amount: int, remark: str = "the balance was not zeroed") -> None:
            operations.correct_amount(
                session, powder, amount, CorrectionWhy.WEIGHED_AGAIN, remark=remark,
                by=cast.technician, at=at,
            )  # fmt: skip

        with pytest.raises(rules.NothingCorrected, match="has 200 mg on record"):
            correct(200_000)
        with pytest.raises(rules.ReasonMissing):
            correct(180_000, remark=" ")
        correct(180_000)
        correct(190_000)
        assert [(row.change, row.left) for row in amounts_of(session, powder)] == [
            (200_000, 200_000), (-20_000, 180_000), (10_000, 190_000),
        ]  # fmt: skip
        with pytest.raises(rules.AmountUnknown):
            operations.correct_amount(
                session, an_aliquot(session, line=rules.Line.REFERENCE), 1,
                CorrectionWhy.OTHER, remark="none", by=cast.technician, at=at,
            )  # fmt: skip
    with database.reading() as session:
        event = history(session, powder)[-2]
    assert event.tag == Tag.ALIQUOT_AMOUNT_CORRECTED
    assert event.content == {
        "was_ug": 200_000, "now_ug": 180_000, "reason": "weighed again",
        "because": "the balance was not zeroed",
    }  # fmt: skip


def test_the_last_of_a_bone_needs_a_second_person_and_the_customers_leave(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build
) -> None:
    by, second = cast.technician, cast.first_reader
    with database.writing() as session:
        code = a_bone_sample(session, mass_ug=1_000)

        def grind(witness: Actor | None = second) -> str:
            return operations.take_powder(
                session, code, 1_000, by=by, at=at, witness=witness
            ).code  # fmt: skip

        with pytest.raises(rules.SecondPersonAwaited, match="all that is left"):
            grind(None)
        with pytest.raises(rules.WitnessSame):
            grind(by)
        operations.rule_consumption(session, code, Consumption.NEVER, by=cast.coordinator, at=at)
        with pytest.raises(rules.NeverConsumed):
            grind()
        operations.rule_consumption(session, code, Consumption.ASK, by=cast.coordinator, at=at)
        with pytest.raises(rules.PermissionAwaited):
            grind()
        with pytest.raises(rules.PermissionNotRead):
            operations.permit_consumption(
                session, code, reference="GL02 018BP", given_on=date(2026, 3, 1),
                by=cast.coordinator, at=at,
            )  # fmt: skip
        operations.permit_consumption(
            session, code, reference="٤١٨/2026", given_on=date(2026, 3, 1), by=cast.coordinator,
            at=at,
        )  # fmt: skip
        grind()
        assert left(session, code) == 0
    with database.reading() as session:
        events = {event.tag: event.content for event in history(session, code)}
    assert events[Tag.SAMPLE_ITEM_GROUND]["witness"] == second.id
    assert events[Tag.SAMPLE_CONSUMPTION_PERMITTED] == {
        "permission": "418/2026", "given_on": "2026-03-01"
    }  # fmt: skip


def test_the_last_powder_of_a_ground_bone_is_extracted_before_a_second_person(
    database: Database, cast: Cast, at: datetime, a_bone_sample: Build, a_batch: Build,
    a_lot: Build, a_live_label: Build,
) -> None:  # fmt: skip
    by, second = cast.technician, cast.first_reader
    with database.writing() as session:
        bone = a_bone_sample(session, mass_ug=1_000)
        powder = operations.take_powder(session, bone, 1_000, by=by, at=at, witness=second).code
        a_live_label(session, powder)
        batch = a_batch(session)
        operations.rule_consumption(session, bone, Consumption.ASK, by=cast.coordinator, at=at)
        with pytest.raises(rules.PermissionAwaited):
            load_aliquot(session, batch, powder, by=by, at=at)
        operations.rule_consumption(session, bone, Consumption.FREE, by=cast.coordinator, at=at)
        load_aliquot(session, batch, powder, by=by, at=at)
        record_use(session, batch, a_lot(session), activity=Activity.EXTRACTION, by=by, at=at)
        with pytest.raises(rules.SecondPersonAwaited), session.begin_nested():
            complete_extraction(session, batch, by=by, at=at)
        complete_extraction(session, batch, by=by, at=at, witness=second)
        assert left(session, powder) == 0


def test_an_extract_is_diluted_exactly_and_its_concentration_with_it(
    database: Database, cast: Cast, at: datetime, extracts: Callable[..., tuple[str, ...]],
    a_lot: Build, a_live_label: Build, an_aliquot: Build,
) -> None:  # fmt: skip
    with database.writing() as session:
        extract, blank = extracts(session)
        lot = a_lot(session, activity=Activity.QUANTIFICATION, reagent="TE buffer")
        old = a_lot(session, activity=Activity.QUANTIFICATION, expires=at.date())

        def make(code: str = extract, **more: object) -> str:
            asked: dict[str, Any] = {
                "volume_nl": 5_000, "parts": 1, "of": 10, "lot": lot, "reason": "too strong",
                "by": cast.technician, "at": at,
            }  # fmt: skip
            return dilute(session, code, **asked | more).code

        with pytest.raises(rules.TooLittleLeft, match=r"Only 50 µl left of .*, 50\.001 µl asked"):
            make(volume_nl=50_001)
        with pytest.raises(FactorUneven):
            make(parts=3, of=10)
        with pytest.raises(FactorNotRead):
            make(parts=10, of=10)
        with pytest.raises(BlankNotDiluted):
            make(blank)
        with pytest.raises(NotDiluted):
            make(an_aliquot(session))
        with pytest.raises(LotExpired):
            make(lot=old, at=at + timedelta(days=2))
        first = make(fg_per_ul=250_005)
        a_live_label(session, first)
        second = make(first, parts=2, of=5, fg_per_ul=25_000)
        row = session.get_one(Dilution, first)

        assert (row.taken_nl, row.diluent_nl, row.fg_per_ul) == (5_000, 45_000, 25_000)
        assert amounts_left(session, [extract, first, second]) == {
            extract: 45_000, first: 45_000, second: 12_500
        }  # fmt: skip
        assert session.get_one(Aliquot, first).volume_nl == 50_000
        assert [link.parent for link in parents(session, second)] == [first]
        make(volume_nl=45_000)
        assert session.get_one(Extract, extract).volume_nl == 50_000
        assert left(session, extract) == 0
        with pytest.raises(rules.TooLittleLeft):
            make(volume_nl=1_000)


@given(st.integers(1, 10**6), st.integers(1, 999), st.integers(1, 999))
def test_a_dilution_never_holds_more_than_its_source(fg: int, parts: int, more: int) -> None:
    made = diluted(fg, parts=parts, of=parts + more)

    assert made is not None
    assert made * (parts + more) <= fg * parts
    assert read_factor(f"{parts} in {parts + more}") == (parts, parts + more)


def test_the_life_of_a_tube_goes_one_way_and_between_storage_and_hand(
    database: Database, an_aliquot: Build
) -> None:
    for state, stored, moved, now, made, expected in (
        ("created", False, False, 5, 5, AliquotStage.CREATED),
        ("created", True, True, 5, 5, AliquotStage.STORED),
        ("created", False, True, 5, 5, AliquotStage.CHECKED_OUT),
        ("created", False, True, 4, 5, AliquotStage.USED),
        ("used", False, True, 0, 5, AliquotStage.EXHAUSTED),
        ("discarded", False, True, 0, 5, AliquotStage.DISCARDED),
    ):
        found = rules.stage_of(state=state, stored=stored, moved=moved, left=now, made=made)
        assert found is expected
    assert rules.may_follow(AliquotStage.STORED, AliquotStage.CHECKED_OUT)
    assert rules.may_follow(AliquotStage.CHECKED_OUT, AliquotStage.STORED)
    for ended in (AliquotStage.EXHAUSTED, AliquotStage.DISCARDED):
        assert not any(
            rules.may_follow(ended, after)
            for after in (AliquotStage.STORED, AliquotStage.CHECKED_OUT, AliquotStage.USED)
        )
    with database.writing() as session:
        assert stage(session, an_aliquot(session)) is AliquotStage.CREATED
