# SPDX-License-Identifier: Apache-2.0
"""When a lot may be used, and what amounts of it are."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from lims.core.errors import Refusal
from lims.reagents import rules
from lims.reagents.rules import ReagentUnit, Standing

TODAY = date(2026, 3, 14)


def check(*, fits: bool = True, **changes: object) -> None:
    lot: dict[str, object] = {
        "number": "0000123456", "reagent": "PowerPlex 16", "state": "released", "expires": TODAY,
        **changes,
    }  # fmt: skip
    rules.check_lot(Standing(**lot), today=TODAY, fits=fits)  # type: ignore[arg-type]  # cases


def test_a_lot_may_be_used_on_the_day_it_expires_and_on_the_last_day_after_opening() -> None:
    check()
    check(opened=TODAY - timedelta(days=30), open_days=30)
    check(opened=TODAY - timedelta(days=3000))


@pytest.mark.parametrize(
    ("changes", "refusal", "words"),
    [
        ({"fits": False}, rules.LotOfOtherActivity, "is not for this step of the work."),
        ({"expires": date(2026, 3, 13)}, rules.LotExpired, "expired on 2026-03-13."),
        ({"state": "registered"}, rules.LotNotReleased,
         "is not yet released by quality control."),
        ({"opened": date(2026, 2, 1), "open_days": 30}, rules.LotOpenTooLong,
         "was opened on 2026-02-01 and keeps 30 days after opening: until 2026-03-03."),
        ({"state": "quarantined", "since": "2026-03-01", "reason": "recalled by the maker"},
         rules.LotQuarantined, "is in quarantine since 2026-03-01: recalled by the maker"),
        ({"state": "empty", "since": "2026-03-02"}, rules.LotEmpty, "is empty since 2026-03-02."),
        ({"left": 0}, rules.LotEmpty, "is empty since 2026-03-14."),
        ({"state": "discarded", "since": "2026-03-02"}, rules.LotDiscarded,
         "was discarded on 2026-03-02."),
    ],
)  # fmt: skip
def test_a_lot_that_may_not_be_used_is_refused_saying_what_since_when_and_what_to_do(
    changes: dict[str, object], refusal: type[Refusal], words: str
) -> None:
    with pytest.raises(refusal) as refused:
        check(**changes)  # type: ignore[arg-type]  # a table of cases

    assert str(refused.value.say) == f"Lot 0000123456 of PowerPlex 16 {words}"
    assert str(refused.value.advice)


@pytest.mark.parametrize(
    ("state", "days", "shown"),
    [
        ("released", -1, "expired"),
        ("registered", -1, "expired"),
        ("registered", 90, "new"),
        ("released", 30, "due"),
        ("released", 31, "released"),
        ("quarantined", -1, "quarantined"),
        ("discarded", 90, "discarded"),
    ],
)
def test_a_lot_is_shown_by_what_matters_most(state: str, days: int, shown: str) -> None:
    assert rules.stock_state(state, TODAY + timedelta(days=days), today=TODAY) == shown


def test_opening_shortens_the_expiry_and_never_lengthens_it() -> None:
    assert rules.last_day(TODAY, None, 30) == TODAY
    assert rules.last_day(TODAY + timedelta(days=90), TODAY, 30) == TODAY + timedelta(days=30)
    assert rules.last_day(TODAY + timedelta(days=3), TODAY, 30) == TODAY + timedelta(days=3)
    assert rules.last_day(TODAY, TODAY, None) == TODAY


@pytest.mark.parametrize(
    ("read", "unit", "amount"),
    [
        ("12,5", ReagentUnit.NANOLITRE, 12_500),
        ("٢٠٠٫25", ReagentUnit.MICROGRAM, 200_250),
        (" 96 ", ReagentUnit.PIECE, 96),
        ("0", ReagentUnit.REACTION, 0),
    ],
)
def test_an_amount_is_read_exactly_in_latin_and_arabic_digits(
    read: str, unit: ReagentUnit, amount: int
) -> None:
    assert rules.read_amount(read, unit) == amount


@pytest.mark.parametrize(
    ("read", "unit"),
    [("", ReagentUnit.PIECE), ("1.5", ReagentUnit.PIECE), ("-1", ReagentUnit.NANOLITRE),
     ("1.0001", ReagentUnit.NANOLITRE), ("1.", ReagentUnit.NANOLITRE), ("1e3", ReagentUnit.PIECE)],
)  # fmt: skip
def test_what_is_no_amount_is_refused(read: str, unit: ReagentUnit) -> None:
    with pytest.raises(rules.AmountNotRead):
        rules.read_amount(read, unit)


def test_overage_is_exact_and_rounded_up_and_shares_come_from_the_first_container() -> None:
    assert rules.with_overage(10_000, 96, Decimal(10)) == 1_056_000
    assert rules.with_overage(1, 3, Decimal("10")) == 4
    assert rules.shares(10, [4, 5, 6]) == [4, 5, 1]
    assert rules.shares(10, [4]) == [4]
    assert rules.words_of(12_500, ReagentUnit.NANOLITRE) == "12.5 µl"
    assert rules.words_of(100, ReagentUnit.PIECE) == "100"
