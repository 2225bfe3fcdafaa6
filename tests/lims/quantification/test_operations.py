# SPDX-License-Identifier: Apache-2.0
"""Quantification as acts: plates filled, figures entered, what is left in the tubes."""

from collections.abc import Callable
from datetime import datetime

import pytest

from instruments.analyzers.quantification import QuantificationTable
from lims.core.db import Database
from lims.core.errors import ReasonMissing
from lims.custody.operations import require_held_by, set_hold
from lims.custody.queries import gaps, held, history
from lims.custody.rules import (
    GONE,
    MISSING,
    GapKind,
    Gone,
    HoldReason,
    OnHold,
    Tag,
    replay,
)
from lims.extraction.models import Extract
from lims.extraction.queries import extract_of
from lims.extraction.rules import ExtractState
from lims.people.rules import Line, NotAuthorised
from lims.plates.queries import state_of, wells_of
from lims.plates.rules import LinesMixed, NothingPlaced, WellRole, WorkState
from lims.printing.rules import LabelNotVerified
from lims.quantification import operations, rules
from lims.quantification.queries import (
    decision_of,
    findings_of,
    volume_left,
)
from lims.quantification.rules import Figure, NextStep, Target
from lims.samples.operations import correct_amount, record_missing
from lims.samples.queries.gaps import quantity_gaps
from lims.samples.rules import CorrectionWhy
from lims.storage.operations import add_place, put
from lims.storage.queries import stored
from lims.storage.rules import PlaceKind
from tests.cast import Cast

Build = Callable[..., str]
Extracts = Callable[..., tuple[str, ...]]
Table = Callable[..., QuantificationTable]
SHA = "a" * 64


def test_extracts_go_down_the_columns_and_controls_behind_them(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, an_open_plate: Build
) -> None:
    with database.writing() as session:
        codes = extracts(session, samples=8)
        plate = an_open_plate(session)
        positions = [
            operations.load_extract(session, plate, code, by=cast.technician, at=at)
            for code in codes
        ]
        operations.complete_quantification(session, plate, by=cast.technician, at=at)
        wells = wells_of(session, plate)

        assert positions == ["A01", "B01", "C01", "D01", "E01", "F01", "G01", "H01", "A02"]
        assert wells[8].role is WellRole.BLANK
        assert [well.role for well in wells[9:]] == [WellRole.STANDARD] * 10 + [WellRole.NEGATIVE]
        assert state_of(session, plate) == WorkState.COMPLETED
        assert set(volume_left(session, codes).values()) == {48_000}
    with database.reading() as session:
        used = [event for event in history(session, codes[0]) if event.tag == Tag.EXTRACT_TUBE_USED]

    assert [event.content["left_nl"] for event in used] == [48_000]


def test_what_may_not_stand_on_a_quantification_plate_is_refused(
    database: Database, cast: Cast, at: datetime, an_extract: Build, an_open_plate: Build,
    a_bone_sample: Build, a_plate: Build, extracts: Extracts,
) -> None:  # fmt: skip
    with database.writing() as session:
        plate = an_open_plate(session, line=Line.BONE)
        first = an_extract(session)
        operations.load_extract(session, plate, first, by=cast.technician, at=at)
        with pytest.raises(rules.OnThisPlate, match="A01"):
            operations.load_extract(session, plate, first, by=cast.technician, at=at)
        with pytest.raises(rules.NotAnExtract):
            operations.load_extract(
                session, plate, a_bone_sample(session), by=cast.technician, at=at
            )
        with pytest.raises(LabelNotVerified):
            operations.load_extract(
                session, plate, an_extract(session, labelled=False), by=cast.technician, at=at
            )
        with pytest.raises(LinesMixed):
            operations.load_extract(
                session, plate, an_extract(session, line=Line.REFERENCE), by=cast.technician, at=at
            )
        held = an_extract(session)
        set_hold(
            session, extract_of(session, held).batch_code, HoldReason.CONTROL, by=cast.quality,
            at=at,
        )  # fmt: skip
        with pytest.raises(OnHold):
            operations.load_extract(session, plate, held, by=cast.technician, at=at)
        with pytest.raises(rules.NotAQuantificationPlate):
            operations.load_extract(
                session, extract_of(session, held).batch_code, held, by=cast.technician, at=at
            )
        with pytest.raises(NotAuthorised):
            operations.load_extract(
                session, plate, an_extract(session), by=cast.technician, at=at.replace(year=2040)
            )
        with pytest.raises(NothingPlaced):
            operations.complete_quantification(
                session, an_open_plate(session), by=cast.technician, at=at
            )


def test_what_is_undone_is_in_the_tube_again(
    database: Database, cast: Cast, at: datetime, an_extract: Build, an_open_plate: Build
) -> None:
    with database.writing() as session:
        code, plate = an_extract(session), an_open_plate(session)
        operations.load_extract(session, plate, code, by=cast.technician, at=at)
        held = volume_left(session, [code])[code]
        well = operations.take_last_back(
            session, plate, reason="wrong tube", by=cast.technician, at=at
        )

        assert (held, well.position) == (48_000, "A01")
        assert volume_left(session, [code]) == {code: 50_000}
        assert session.get_one(Extract, code).used_nl == 0


def test_a_tube_that_wells_used_up_is_with_nobody_and_its_place_is_free(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, an_open_plate: Build,
    a_live_label: Build,
) -> None:  # fmt: skip
    by = cast.technician
    with database.writing() as session:
        codes = extracts(session, samples=1)
        plate = an_open_plate(session)
        for code in codes:
            correct_amount(
                session, code, 2_000, CorrectionWhy.DRIED, remark="dried up", by=by, at=at
            )
            operations.load_extract(session, plate, code, by=by, at=at)
        box = ""
        for kind in (PlaceKind.ROOM, PlaceKind.FREEZER, PlaceKind.BOX):
            size = {"rows": 9, "columns": 9} if kind is PlaceKind.BOX else {}
            box = add_place(
                session, kind=kind, name=kind.value, parent=box, by=cast.manager, at=at, **size
            )
            a_live_label(session, box)
        # While the plate is still open one goes back into storage, the other is lost.
        put(session, codes[0], box, "A1", by=by, at=at)
        record_missing(session, codes[1], remark="not in its rack", by=by, at=at)
        operations.complete_quantification(session, plate, by=by, at=at)
    with database.reading() as session:
        for code, holder in zip(codes, (GONE, MISSING), strict=True):
            standing = held(session, code)
            assert standing is not None
            assert standing.holder == holder
            assert replay(history(session, code)).state == ExtractState.CONSUMED
            told = {gap.kind for gap in gaps(session, code, [quantity_gaps])}
            # The builders of the tests give labels without their event.
            assert told <= {GapKind.LABEL, GapKind.UNSIGNED}, told
        assert stored(session, codes[0]) is None
        with pytest.raises(Gone):
            require_held_by(session, codes[0], by)


def test_figures_entered_by_hand_are_exact_and_can_only_be_replaced_with_a_reason(
    database: Database, cast: Cast, at: datetime, extracts: Extracts, a_filled_plate: Build
) -> None:
    def figure(position: str, text: str) -> Figure:
        amount = rules.read_concentration(text, position=position)
        return Figure(position, Target.SMALL, amount, None, text)

    with database.writing() as session:
        code, blank = extracts(session)
        plate = a_filled_plate(session, (code, blank))
        done = operations.record_quantities(
            session, plate, [figure("a1", "٠٫٢٥"), figure("B1", "ND"), figure("C1", "nd")],
            by=cast.technician, at=at,
        )  # fmt: skip
        with pytest.raises(ReasonMissing):
            operations.record_quantities(
                session, plate, [figure("A1", "0,3")], by=cast.technician, at=at
            )
        with pytest.raises(rules.NothingMeasured):
            operations.record_quantities(session, plate, [], by=cast.technician, at=at)
        decision = decision_of(session, code)
        assert decision is not None
        assert (decision.fg_per_ul, decision.volume_nl) == (250_000, 4_000)
        failed = operations.record_quantities(
            session, plate, [figure("C1", "0.02")], reason="read again", by=cast.technician, at=at
        )
        later = decision_of(session, code)
        assert later is not None
        assert later.step is NextStep.REPEAT
        assert [finding.rule for finding in failed.findings] == ["R26", "R25"]

    assert dict(done.decided) == {code: NextStep.AMPLIFY}


def test_figures_are_not_taken_before_the_plate_is_completed(
    database: Database, cast: Cast, at: datetime, an_extract: Build, an_open_plate: Build,
    a_table: Table,
) -> None:  # fmt: skip
    with database.writing() as session:
        code, plate = an_extract(session), an_open_plate(session)
        operations.load_extract(session, plate, code, by=cast.technician, at=at)
        with pytest.raises(rules.PlateNotFilled):
            operations.import_quantities(
                session, plate, a_table([("A1", code, "1", "1", "27")], empty="B1"), sha256=SHA,
                file_name="t.txt", by=cast.technician, at=at,
            )  # fmt: skip
        assert findings_of(session, plate) == ()
