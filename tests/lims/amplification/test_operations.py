# SPDX-License-Identifier: Apache-2.0
"""Amplification as acts: volumes, controls, blanks, and what is left in the tubes."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lims.amplification import operations, rules
from lims.amplification.models import Amplification
from lims.amplification.queries import (
    amplifications_of,
    extracts_to_amplify,
    plate_at_station,
    times_amplified,
)
from lims.core.db import Database
from lims.core.errors import Refusal
from lims.custody.models import Subject
from lims.custody.operations import set_hold
from lims.custody.queries import history
from lims.custody.rules import HoldReason, OnHold, Tag
from lims.extraction.models import Extract
from lims.extraction.queries import extract_of, samples_of_extracts
from lims.kits.rules import KitUnknown
from lims.people.models import Person
from lims.people.rules import Activity, EliminationMissing, Line, NotAuthorised
from lims.plates.operations import void_filling
from lims.plates.queries import state_of, waiting, waiting_counts, wells_of
from lims.plates.rules import BatchFull, LinesMixed, NothingPlaced, Stage, WellRole, WorkState
from lims.printing.rules import LabelNotVerified
from lims.quantification.queries import extracts_to_quantify, volume_left
from lims.quantification.rules import OnThisPlate, VolumeShort
from lims.reagents.rules import LotExpired, LotNotReleased, LotOfOtherActivity
from lims.samples.models import Amount
from lims.samples.operations import correct_amount
from lims.samples.rules import AmountUnit, AmountWhy, CorrectionWhy, ExtractState
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
AGAIN = rules.REASONS[0]


def measure(session: Session, code: str, made_nl: int, cast: Cast, at: datetime) -> None:
    """Say that there was another volume in a tube, of which its wells have taken some."""
    correct_amount(
        session, code, made_nl - extract_of(session, code).used_nl, CorrectionWhy.TYPED_WRONG,
        remark="measured again", by=cast.technician, at=at,
    )  # fmt: skip


def test_a_plate_is_completed_with_its_controls_and_the_tubes_are_the_emptier(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build,
    with_lots: Callable[..., None],
) -> None:  # fmt: skip
    with database.writing() as session:
        rich, weak, thick, blank = quantified(session, 250_000, 20_000, 50_000_000)
        plate = an_empty_plate(session, kit="powerplex16")
        with_lots(session, plate)
        loaded = [
            operations.load_for_amplification(session, plate, code, by=cast.technician, at=at)
            for code in (rich, weak, thick, blank)
        ]
        done = operations.complete_amplification(session, plate, by=cast.technician, at=at)
    with database.reading() as session:
        wells = wells_of(session, plate)
        rows = amplifications_of(session, plate)
        left = volume_left(session, [rich, weak, thick, blank])
        states = {session.get_one(Subject, code).state for code in (rich, weak, thick, blank)}
        tags = [event.tag for event in history(session, rich)]
        waiting = extracts_to_amplify(session)

    assert [
        (one.position, one.loading.volume_nl, one.loading.dilution, one.loading.low_template)
        for one in loaded
    ] == [
        ("A01", 4_000, 1, False), ("B01", 15_000, 1, True), ("C01", 2_000, 100, False),
        ("D01", 15_000, 1, False),
    ]  # fmt: skip
    assert (done.positive, done.negative, done.plate.kit) == ("E01", "F01", "PowerPlex 16")
    assert [well.role for well in wells[3:]] == [
        WellRole.BLANK, WellRole.POSITIVE, WellRole.NEGATIVE,
    ]  # fmt: skip
    assert left == {rich: 44_000, weak: 33_000, thick: 47_000, blank: 33_000}
    assert states == {ExtractState.AMPLIFIED}
    assert {row.amplified_at for row in rows.values()} == {at}
    assert [rows[position].number for position in sorted(rows)] == [1, 1, 1, 0, 0, 0]
    assert {
        Tag.AMPLIFICATION_WELL_LOADED, Tag.EXTRACT_TUBE_USED, Tag.AMPLIFICATION_RUN_FINISHED
    } <= set(tags)  # fmt: skip
    assert waiting == ()


def test_what_waits_for_amplification_is_what_quantification_sent_there_and_references(
    database: Database, quantified: Extracts, extracts: Extracts
) -> None:
    with database.writing() as session:
        good, nothing, _blank = quantified(session, 250_000, None)
        unmeasured = extracts(session)[0]
        reference = extracts(session, line=Line.REFERENCE)[0]
        waiting = {one.code for one in extracts_to_amplify(session)}
        first = extracts_to_amplify(session, limit=1)
        after = extracts_to_amplify(session, after=first[0].code)

    assert waiting == {good, reference}
    assert nothing not in waiting
    assert unmeasured not in waiting
    assert {one.code for one in (*first, *after)} == waiting


def test_the_worklist_says_of_quantification_and_amplification_what_their_pages_say(
    database: Database, quantified: Extracts, extracts: Extracts
) -> None:
    """References skip quantification; what is to be extracted again waits for nothing."""
    with database.writing() as session:
        good, nothing, _blank = quantified(session, 250_000, None)
        unmeasured, *_ = extracts(session)
        reference, *_ = extracts(session, line=Line.REFERENCE)
        to_quantify = {row.code for row in waiting(session, Stage.QUANTIFICATION)}
        to_amplify = {row.code for row in waiting(session, Stage.AMPLIFICATION)}

        assert to_quantify == {one.code for one in extracts_to_quantify(session)}
        assert to_amplify == {one.code for one in extracts_to_amplify(session)} == {good, reference}
        assert unmeasured in to_quantify
        assert not {good, reference, nothing} & to_quantify
        assert session.get_one(Subject, nothing).state == ExtractState.SET_ASIDE
        assert waiting_counts(session)[Stage.AMPLIFICATION] == 2


def test_each_thing_missing_on_a_plate_is_named(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build,
    a_lot: Build,
) -> None:  # fmt: skip
    def complete() -> None:
        operations.complete_amplification(session, plate, by=cast.technician, at=at)

    with database.writing() as session:
        code, blank = quantified(session, 250_000)
        batch = extract_of(session, code).batch_code
        plate = an_empty_plate(session)
        with pytest.raises(NothingPlaced):
            complete()
        operations.load_for_amplification(session, plate, code, by=cast.technician, at=at)
        missing = [str(one) for one in plate_at_station(session, plate).missing]
        with pytest.raises(rules.KitLotMissing):
            complete()
        for reagent, refusal in (
            ("PowerPlex 16", rules.PositiveMissing),
            ("positive control 9947A", rules.BlankOfBatchMissing),
        ):
            lot = a_lot(session, reagent=reagent, activity=Activity.AMPLIFICATION)
            operations.use_lot(session, plate, lot, by=cast.technician, at=at)
            with pytest.raises(refusal) as caught:
                complete()
        operations.load_for_amplification(session, plate, blank, by=cast.technician, at=at)
        set_hold(session, batch, HoldReason.CONTROL, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            complete()

    assert missing == [
        "the lot of PowerPlex 16", "the lot of the control DNA",
        f"the blank {blank} of batch {batch}",
    ]  # fmt: skip
    assert str(caught.value) == f"Extraction batch {batch} has no blank on this plate."


def test_a_blank_may_not_be_amplified_less_sensitively_than_a_sample_of_its_batch(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build,
    with_lots: Callable[..., None],
) -> None:  # fmt: skip
    with database.writing() as session:
        weak, blank = quantified(session, 20_000)
        measure(session, blank, 10_000, cast, at)
        plate = an_empty_plate(session)
        with_lots(session, plate)
        for code in (weak, blank):
            operations.load_for_amplification(session, plate, code, by=cast.technician, at=at)
        with pytest.raises(rules.BlankTooLittle, match="has 8 µl, a sample"):
            operations.complete_amplification(session, plate, by=cast.technician, at=at)


def test_lots_must_be_of_the_plates_own_kit_and_its_controls(
    database: Database, cast: Cast, at: datetime, an_empty_plate: Build, a_lot: Build
) -> None:
    def use(reagent: str, *, days: int = 0, **lot: object) -> str:
        code = a_lot(session, reagent=reagent, **{"activity": Activity.AMPLIFICATION, **lot})
        when = at + timedelta(days=days)
        return operations.use_lot(session, plate, code, by=cast.technician, at=when)

    with database.writing() as session:
        plate = an_empty_plate(session, kit="GlobalFiler")
        with pytest.raises(rules.LotOfOtherKit, match="set up with GlobalFiler"):
            use("PowerPlex 16 kit")
        with pytest.raises(rules.ControlOfOtherKit):
            use("positive control K562")
        with pytest.raises(LotExpired):
            use("GlobalFiler", expires=at.date(), days=1)
        with pytest.raises(LotNotReleased):
            use("GlobalFiler", released=False)
        with pytest.raises(LotOfOtherActivity):
            use("GlobalFiler", activity=Activity.EXTRACTION)
        used = [
            use("GlobalFiler", number="1"),
            use("Control DNA 007", number="2"),
            use("water", number="3"),
        ]
        with pytest.raises(rules.SecondControl):
            use("positive control 2800M")
        with pytest.raises(KitUnknown):
            an_empty_plate(session, kit="No Such Kit")

    assert used == ["GlobalFiler 1", "Control DNA 007 2", "water 3"]


def test_what_may_not_stand_on_an_amplification_plate_is_refused(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build,
    an_extract: Build, a_live_label: Build,
) -> None:  # fmt: skip
    def load(code: str) -> None:
        operations.load_for_amplification(session, plate, code, by=cast.technician, at=at)

    with database.writing() as session:
        good, blank = quantified(session, 250_000)
        plate = an_empty_plate(session)
        with pytest.raises(rules.NotQuantified):
            load(an_extract(session))
        with pytest.raises(LinesMixed):
            load(an_extract(session, line=Line.REFERENCE))
        with pytest.raises(LabelNotVerified):
            load(an_extract(session, labelled=False))
        load(blank)
        with pytest.raises(OnThisPlate):
            load(blank)
        set_hold(session, good, HoldReason.INCIDENT, by=cast.quality, at=at)
        with pytest.raises(OnHold):
            load(good)
        with pytest.raises(NotAuthorised):
            operations.load_for_amplification(
                session, plate, blank, by=cast.technician, at=at.replace(year=2040)
            )
        session.get_one(Person, cast.technician.person).elimination_since = None
        session.flush()
        with pytest.raises(EliminationMissing):
            load(blank)


def test_a_reference_sample_is_amplified_without_a_quantity(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, an_empty_plate: Build,
    with_lots: Callable[..., None],
) -> None:  # fmt: skip
    with database.writing() as session:
        code, blank = extracts(session, line=Line.REFERENCE)
        plate = an_empty_plate(session, line=Line.REFERENCE)
        with_lots(session, plate)
        loaded = [
            operations.load_for_amplification(session, plate, one, by=cast.technician, at=at)
            for one in (code, blank)
        ]
        operations.complete_amplification(session, plate, by=cast.technician, at=at)

        assert [one.loading.volume_nl for one in loaded] == [2_000, 2_000]
        assert loaded[0].loading.template_fg is None
        assert state_of(session, plate) == WorkState.COMPLETED


def test_a_sample_is_amplified_again_or_below_the_stop_limit_for_a_reason_only(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build
) -> None:
    def load(code: str, reason: str = "") -> operations.Loaded:
        return operations.load_for_amplification(
            session, plate, code, reason=reason, by=cast.technician, at=at
        )

    with database.writing() as session:
        good, trace, _blank = quantified(session, 250_000, 1_000)
        plate = an_empty_plate(session)
        first = load(good)
        with pytest.raises(rules.ReasonAwaited, match="amplified 1 time\\."):
            load(good)
        second = load(good, AGAIN)
        with pytest.raises(rules.ReasonAwaited, match="stop limit"):
            load(trace)
        third = load(trace, rules.REASONS[3])
        sample = samples_of_extracts(session, [good])[good].code
        times = times_amplified(session, sample)
        rows = amplifications_of(session, plate)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(
                update(Amplification).where(Amplification.number == 2).values(reason="")
            )

    assert (first.number, second.number, third.number, times) == (1, 2, 1, 2)
    assert (third.loading.volume_nl, third.loading.low_template) == (15_000, True)
    assert third.loading.template_fg == 15_000
    assert rows["B01"].reason == AGAIN


def test_a_well_taken_back_frees_its_volume_and_does_not_count_as_an_amplification(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build
) -> None:
    with database.writing() as session:
        code, _blank = quantified(session, 250_000)
        plate = an_empty_plate(session)
        for undo in (
            lambda: operations.take_last_back(
                session, plate, reason="wrong", by=cast.technician, at=at
            ),
            lambda: void_filling(session, plate, "A01", reason="wrong", by=cast.technician, at=at),
        ):
            loaded = operations.load_for_amplification(
                session, plate, code, by=cast.technician, at=at
            )
            assert (loaded.position, loaded.number) == ("A01", 1)
            assert volume_left(session, [code]) == {code: 44_000}
            undo()
            assert volume_left(session, [code]) == {code: 48_000}
        sample = samples_of_extracts(session, [code])[code].code
        assert times_amplified(session, sample) == 0
        assert amplifications_of(session, plate) == {}


def test_the_last_two_wells_are_kept_for_the_controls(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build
) -> None:
    with database.writing() as session:
        code, _blank = quantified(session, 1_000_000)
        measure(session, code, 200_000, cast, at)
        plate = an_empty_plate(session)
        for number in range(94):
            last = operations.load_for_amplification(
                session, plate, code, reason=AGAIN if number else "", by=cast.technician, at=at
            )
        with pytest.raises(BatchFull):
            operations.load_for_amplification(
                session, plate, code, reason=AGAIN, by=cast.technician, at=at
            )

    assert last.position == "F12"


def test_the_database_itself_refuses_to_take_more_than_there_was(
    database: Database, cast: Cast, at: datetime, an_extract: Build
) -> None:
    with database.writing() as session:
        code = an_extract(session)
        for wrong in (-50_001, 0):
            entry = insert(Amount).values(
                code=code, number=2, previous=1, unit=AmountUnit.VOLUME, before=50_000,
                change=wrong, left=50_000 + wrong, why=AmountWhy.WELL, added=0, at=at,
                by=cast.technician.id,
            )  # fmt: skip
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(entry)
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(update(Extract).where(Extract.code == code).values(used_nl=-1))


def test_of_two_benches_that_want_the_last_drop_one_gets_it(
    database: Database, cast: Cast, at: datetime, quantified: Extracts, an_empty_plate: Build
) -> None:
    with database.writing() as session:
        code, _blank = quantified(session, 100_000)
        measure(session, code, 15_000, cast, at)
        plates = [an_empty_plate(session) for _ in range(2)]
    outcomes: list[str] = []
    together = threading.Barrier(2)

    def load(plate: str) -> None:
        together.wait()
        try:
            with database.writing() as session:
                # A reason is given, so that only the volume can stand in the way.
                operations.load_for_amplification(
                    session, plate, code, reason=AGAIN, by=cast.technician, at=at
                )
            outcomes.append("loaded")
        except Refusal as refusal:
            outcomes.append(refusal.name)

    threads = [threading.Thread(target=load, args=(plate,)) for plate in plates]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        left = volume_left(session, [code])[code]

    assert sorted(outcomes) == ["VolumeShort", "loaded"]
    assert left == 3_000
    assert VolumeShort.__name__ in outcomes
