# SPDX-License-Identifier: Apache-2.0
"""The account of the simulated day sees what it is there to see."""

import pytest

from lims.printing.models import LabelInstance
from lims.printing.rules import LabelState
from tests.simulation.bench_day_account import aligned, reads_as, unexplained, wrong_tones

A, B, C = ("a", "61"), ("b", "62"), ("c", "63")


def test_scans_on_record_once_and_in_order_agree_with_what_was_sent() -> None:
    sent = [(A, True), (B, False), (B, True), (C, False), (A, True)]

    assert aligned(sent, [A, B, A]) == [0, 2, 4]
    assert aligned(sent, [A, B, B, C, A]) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    "records",
    [
        pytest.param([A, B], id="one lost"),
        pytest.param([A, B, B, B, A], id="one doubled"),
        pytest.param([B, A, A], id="another order"),
        pytest.param([A, B, C, A, C], id="one nobody sent"),
    ],
)
def test_a_scan_lost_doubled_or_out_of_order_is_seen(records: list[tuple[str, str]]) -> None:
    sent = [(A, True), (B, False), (B, True), (C, False), (A, True)]

    assert aligned(sent, records) is None


@pytest.mark.parametrize(
    ("state", "papers", "leases", "why"),
    [
        (LabelState.ACTIVE, 1, ["printed"], ""),
        (LabelState.LOST, 0, ["lost"], ""),
        (LabelState.VOID, 1, ["ambiguous"], ""),
        (LabelState.ACTIVE, 2, ["printed"], "came out 2 times"),
        (LabelState.ACTIVE, 0, ["printed"], "is live and never came out"),
        (LabelState.ACTIVE, 1, ["ambiguous", "printed"], "was begun twice"),
        (LabelState.AMBIGUOUS, 1, ["ambiguous"], "is ambiguous in the evening"),
        (LabelState.QUEUED, 1, ["failed_safe"], "is queued in the evening"),
        (LabelState.LOST, 1, ["lost"], "came out and counts as lost"),
        (LabelState.ACTIVE, 1, [], "came out and is in no journal"),
    ],
)
def test_a_label_that_nobody_can_explain_is_seen(
    state: LabelState, papers: int, leases: list[str], why: str
) -> None:
    row = LabelInstance(state=state, fault="", reason="damaged")

    assert unexplained(row, papers, leases).startswith(why)
    assert bool(unexplained(row, papers, leases)) == bool(why)


def test_a_label_without_its_symbol_reads_as_nothing() -> None:
    assert reads_as(b"^XA\n^PW300\n^LL150\n^FO10,10^GB50,50,2^FS\n^PQ1\n^XZ\n") == []


def test_a_tone_that_is_not_the_verdict_is_told_but_for_one_late_refusal() -> None:
    late = ("a", "stored", "refused")
    fits, other = ("b", "accepted", "accepted"), ("c", "refused", "accepted")

    assert wrong_tones([fits, other]) == ["c accepted sounded refused"]
    assert wrong_tones([("a", None, "accepted"), other]) == ["c accepted sounded refused"]
    assert wrong_tones([late, fits, other]) == []
    assert wrong_tones([late, other, other]) == ["c accepted sounded refused"]
    assert wrong_tones([late, ("d", "accepted", "refused")]) == ["d refused sounded accepted"]
