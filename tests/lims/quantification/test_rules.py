# SPDX-License-Identifier: Apache-2.0
"""What follows from a quantity, as a decision that can be signed."""

import re
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instruments.analyzers import quantification, workbooks
from instruments.analyzers.errors import AnalyzerFileError
from lims.quantification.rules import (
    LIMITS,
    TO_AMPLIFY,
    BlankMeasured,
    CurveFigures,
    Limits,
    Measured,
    NextStep,
    QuantityNotRead,
    TableNotRead,
    Target,
    blank_findings,
    curve_findings,
    decide,
    fails,
    femtograms,
    fitted,
    no_template_findings,
    plan,
    read_concentration,
    read_cycles,
    unreadable,
)
from lims.quantification.rules.tables import UNREADABLE
from lims.web.locale import in_both

FAULTS = {"missing", "empty", "twice", "damaged", "repeated", "contradicts", "mixed"}

AMOUNTS = st.integers(min_value=0, max_value=10**12)
CYCLES = st.none() | st.integers(min_value=0, max_value=45_000)


@given(AMOUNTS)
def test_no_reaction_gets_more_volume_than_fits_or_less_than_can_be_pipetted(amount: int) -> None:
    planned = plan(amount)

    assert LIMITS.min_volume_nl <= planned.volume_nl <= LIMITS.max_volume_nl
    assert planned.volume_nl % LIMITS.volume_step_nl == 0
    assert 0 < planned.drawn_nl <= LIMITS.max_volume_nl
    # What is taken of a dilution was made from what left the tube.
    assert planned.volume_nl <= planned.drawn_nl * planned.dilution


@given(AMOUNTS)
def test_low_template_is_said_exactly_when_less_than_the_least_goes_in(amount: int) -> None:
    planned = plan(amount)

    assert planned.low_template == (planned.template_fg < LIMITS.least_fg)
    assert planned.template_fg == amount * planned.volume_nl // (1_000 * planned.dilution)


@given(st.integers(min_value=LIMITS.least_fg // 15, max_value=10**9))
def test_where_there_is_enough_the_aim_is_met_as_nearly_as_pipettes_allow(amount: int) -> None:
    planned = plan(amount)

    # Half a step of the pipette, and the femtogram that is rounded down.
    half_step = LIMITS.volume_step_nl * amount // (2 * 1_000 * planned.dilution) + 1
    assert planned.template_fg <= LIMITS.aim_fg + half_step
    assert planned.template_fg >= LIMITS.aim_fg - half_step or (
        planned.volume_nl == LIMITS.max_volume_nl
    )


@given(AMOUNTS, AMOUNTS)
def test_more_dna_never_means_less_template(first: int, second: int) -> None:
    less, more = sorted((first, second))

    # Volumes go in steps of 0.1 µl of at least 1 µl, which may take back a tenth.
    assert plan(more).template_fg * 10 >= min(plan(less).template_fg, LIMITS.aim_fg) * 9


@given(st.none() | AMOUNTS, st.none() | AMOUNTS, CYCLES, CYCLES, st.booleans())
def test_a_decision_has_a_plan_exactly_when_it_sends_the_extract_to_amplification(
    small: int | None, large: int | None, ipc: int | None, mean: int | None, has_ipc: bool
) -> None:
    measured = Measured(small, large, True, ipc if has_ipc else None, has_ipc)
    decision = decide(measured, ipc_mean_milli=mean)

    assert (decision.plan is not None) == (decision.step in TO_AMPLIFY)
    if not decision.inhibited:
        stopped = (small or 0) < LIMITS.stop_fg_per_ul
        assert (decision.step is NextStep.RE_EXTRACT) == stopped
    else:
        assert decision.step in (NextStep.DILUTE, NextStep.REPURIFY)
        assert decision.plan is None or decision.plan.dilution >= 10
    if decision.plan is not None and decision.step is not NextStep.LOW_TEMPLATE:
        assert not decision.plan.low_template


@pytest.mark.parametrize(
    ("small", "step", "volume", "dilution"),
    [
        (None, NextStep.RE_EXTRACT, None, 1),
        (2_999, NextStep.RE_EXTRACT, None, 1),
        (3_000, NextStep.LOW_TEMPLATE, 15_000, 1),
        (33_333, NextStep.LOW_TEMPLATE, 15_000, 1),
        (33_334, NextStep.AMPLIFY, 15_000, 1),
        (100_000, NextStep.AMPLIFY, 10_000, 1),
        (1_000_000, NextStep.AMPLIFY, 1_000, 1),
        (2_000_000, NextStep.DILUTE, 5_000, 10),
        (30_000_000, NextStep.DILUTE, 3_300, 100),
    ],
)
def test_the_volume_follows_from_the_concentration(
    small: int | None, step: NextStep, volume: int | None, dilution: int
) -> None:
    decision = decide(Measured(small), ipc_mean_milli=None)

    assert decision.step is step
    assert (decision.plan.volume_nl if decision.plan else None) == volume
    assert (decision.plan.dilution if decision.plan else 1) == dilution


@pytest.mark.parametrize(
    ("small", "large", "has_large", "index", "degraded"),
    [
        (100_000, 50_000, True, 2_000, False),
        (100_000, 10_000, True, 10_000, False),
        (100_001, 10_000, True, 10_000, False),
        (101_000, 10_000, True, 10_100, True),
        (100_000, None, True, None, True),
        (100_000, 0, True, None, True),
        (100_000, None, False, None, False),
        (None, None, True, None, False),
    ],
)
def test_dna_is_called_severely_degraded_above_a_ratio_of_ten(
    small: int | None, large: int | None, has_large: bool, index: int | None, degraded: bool
) -> None:
    decision = decide(Measured(small, large, has_large), ipc_mean_milli=None)

    assert (decision.di_milli, decision.degraded) == (index, degraded)


@pytest.mark.parametrize(
    ("ct", "mean", "small", "step"),
    [
        (28_500, 27_000, 250_000, NextStep.AMPLIFY),
        (28_501, 27_000, 250_000, NextStep.REPURIFY),
        (28_501, 27_000, 500_000, NextStep.DILUTE),
        (None, 27_000, 500_000, NextStep.DILUTE),
        (None, None, None, NextStep.REPURIFY),
        (40_000, None, 250_000, NextStep.AMPLIFY),
    ],
)
def test_a_late_internal_control_means_dilution_or_purification(
    ct: int | None, mean: int | None, small: int | None, step: NextStep
) -> None:
    decision = decide(Measured(small, ipc_ct_milli=ct, has_ipc=True), ipc_mean_milli=mean)

    assert decision.step is step


@pytest.mark.parametrize(
    ("slope", "r2", "faults"),
    [
        (-3_000, 980_000, 0), (-3_600, 1_000_000, 0), (-2_999, 990_000, 1), (-3_601, 990_000, 1),
        (-3_300, 979_999, 1), (-4_000, 500_000, 2), (-3_300, None, 0),
    ],
)  # fmt: skip
def test_a_curve_outside_its_limits_fails_the_plate(
    slope: int, r2: int | None, faults: int
) -> None:
    found = curve_findings({Target.SMALL: CurveFigures(slope, None, r2)})

    assert len(found) == faults
    assert fails(found) == (faults > 0)


def test_a_plate_without_a_curve_or_an_unmeasured_control_is_told_but_not_failed() -> None:
    found = (*curve_findings({}), *no_template_findings({"A01": {Target.IPC: None}}))

    assert [finding.rule for finding in found] == ["R25", "R26"]
    assert not fails(found)


@given(st.none() | AMOUNTS)
def test_a_blank_fails_exactly_above_the_limit(amount: int | None) -> None:
    blank = BlankMeasured("X", "G", "A01", amount)
    empty = no_template_findings({"A01": {Target.SMALL: None, Target.Y: amount}})

    assert bool(blank_findings([blank])) == ((amount or 0) > LIMITS.blank_fg_per_ul)
    assert fails(empty) == ((amount or 0) > LIMITS.blank_fg_per_ul)


@pytest.mark.parametrize(
    ("read", "amount"),
    [
        ("0.0125", 12_500), ("0,0125", 12_500), ("٠٫٠١٢٥", 12_500), ("12", 12_000_000),
        ("0.000001", 1), (" 1.5 ", 1_500_000), ("ND", None), ("undetermined", None), ("-", None),
        ("0", 0),
    ],
)  # fmt: skip
def test_a_concentration_is_read_exactly_however_it_is_written(
    read: str, amount: int | None
) -> None:
    assert read_concentration(read, position="A01") == amount


@pytest.mark.parametrize(
    "read", ["", "1.2.3", "1e-3", "-0.5", "0.0000001", "1 ng", "1,234,5", "abc", "1234567"]
)
def test_what_could_be_read_in_two_ways_or_not_at_all_is_no_concentration(read: str) -> None:
    with pytest.raises(QuantityNotRead):
        read_concentration(read, position="A01")


@given(st.integers(min_value=0, max_value=999_999_999_999))
def test_a_concentration_written_out_reads_back_the_same(amount: int) -> None:
    whole, part = divmod(amount, 1_000_000)

    assert read_concentration(f"{whole}.{part:06d}", position="A01") == amount
    assert femtograms(Decimal(amount).scaleb(-6)) == amount


def test_cycles_have_three_decimals_at_most() -> None:
    assert read_cycles("27.125", position="A01") == 27_125
    with pytest.raises(QuantityNotRead):
        read_cycles("27.1251", position="A01")


def test_a_negative_or_absurd_concentration_is_refused() -> None:
    for wrong in (Decimal(-1), Decimal(10) ** 12):
        with pytest.raises(ValueError, match="no concentration"):
            femtograms(wrong)


def test_a_curve_is_fitted_to_three_levels_or_more() -> None:
    points = [(50 * 10**6 // 10**step, 22_000 + 3_322 * step) for step in range(5)]
    curve = fitted(points)

    assert curve is not None
    assert (curve.slope_milli, curve.r2_ppm) == (-3_322, 1_000_000)
    # At 1 ng/µl: 22 + 3.322 · log10(50).
    assert curve.intercept_milli == 27_644
    assert fitted(points[:2] * 5) is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"least_fg": 2_000_000}, {"min_volume_nl": 0}, {"min_volume_nl": 16_000},
        {"volume_step_nl": 2_000}, {"steepest_slope_milli": -2_000}, {"dilutions": (100, 10)},
        {"dilutions": (1,)},
    ],
)  # fmt: skip
def test_limits_that_contradict_themselves_are_no_limits(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must|steps|steepest|dilutions"):
        Limits(**wrong)  # type: ignore[arg-type]  # wrong on purpose


def test_every_fault_that_the_reader_of_tables_names_has_words_of_its_own() -> None:
    """Found in the reader's own source, so that a new fault is not met without words."""
    reader = [*Path(quantification.__file__).parent.glob("*.py"), Path(workbooks.__file__)]
    source = "".join(path.read_text("utf-8") for path in reader)
    named = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source))
    reasons = {one for one in named if one.split("-")[-1] in FAULTS}

    assert len(reasons) >= 9
    assert reasons <= UNREADABLE.keys()
    assert {f"{word}-column-missing" for word in ("sample", "target", "quantity")} <= set(
        UNREADABLE
    )


def a_table(cell: str = "0.25", *, header: str = "Well,Sample,Target,Quantity") -> bytes:
    return f"{header}\nA1,X1,Small,{cell}\n".encode()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (a_table("a lot"), "line 2, column “Quantity”: “a lot” cannot be right"),
        (a_table("-0.25"), "line 2, column “Quantity”: “-0.25” cannot be right"),
        (a_table().replace(b"Small", b""), "line 2, column “Target”: the cell is empty"),
        (a_table(header="Well,Sample,Target,Remark"), "its header (line 1) has no column for the "
         "quantity"),
        (a_table() + b"A1,X1,Small,0.25\n", "line 3 repeats well and target of line 2"),
        (b"Well,Sample,Target,Quantity\n", "it holds no result"),
        (b"  \n", "it is empty"),
        (a_table().decode().encode("utf-16")[:-1], "it is a file of another kind, not a table as "
         "text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "it is a file of another kind, not a table as text"),
        (b"PK\x03\x04" + bytes(40), "it is no sound .xlsx workbook"),
    ],
)  # fmt: skip
def test_why_a_table_cannot_be_read_is_said_with_its_place(content: bytes, why: str) -> None:
    with pytest.raises(AnalyzerFileError) as fault:
        quantification.read_quantities(content, name="t.csv")

    assert str(unreadable(fault.value.reason, fault.value.values)) == why


def test_the_refusal_of_a_table_is_wholly_arabic_and_keeps_what_was_read_apart() -> None:
    values: dict[str, str | int] = {"line": 2, "column": "Quantity", "read": "a lot"}
    refusal = TableNotRead(file="t.csv", why=unreadable("cell-damaged", values))
    words = in_both(refusal.say)["ar"]
    told = re.sub("\u2068[^\u2069]*\u2069", "", words)

    assert "\u2068a lot\u2069" in words
    assert re.search("[A-Za-z]", told) is None
