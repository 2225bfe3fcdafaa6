# SPDX-License-Identifier: Apache-2.0
"""When a lot may be used."""

from datetime import date, timedelta

import pytest

from lims.reagents import rules

TODAY = date(2026, 3, 14)


def check(**changes: object) -> None:
    lot: dict[str, object] = {
        "number": "0000123456", "reagent": "PowerPlex 16", "state": "released",
        "expires": TODAY, "today": TODAY, "fits": True, **changes,
    }  # fmt: skip
    rules.check_lot(**lot)  # type: ignore[arg-type]  # a table of cases


def test_a_lot_may_be_used_on_the_day_it_expires() -> None:
    check()


def test_an_expired_lot_is_refused_with_its_date() -> None:
    with pytest.raises(rules.LotExpired) as refused:
        check(expires=TODAY - timedelta(days=1))

    assert str(refused.value.say) == "Lot 0000123456 of PowerPlex 16 expired on 2026-03-13."


def test_a_lot_that_quality_control_has_not_released_is_refused() -> None:
    with pytest.raises(rules.LotNotReleased) as refused:
        check(state="registered")

    assert "not yet released" in str(refused.value.say)


def test_a_lot_for_another_step_is_refused() -> None:
    with pytest.raises(rules.LotOfOtherActivity):
        check(fits=False)


@pytest.mark.parametrize(
    ("state", "days", "shown"),
    [
        ("released", -1, "expired"),
        ("registered", -1, "expired"),
        ("registered", 90, "new"),
        ("released", 30, "due"),
        ("released", 31, "released"),
    ],
)
def test_a_lot_is_shown_by_what_matters_most(state: str, days: int, shown: str) -> None:
    assert rules.stock_state(state, TODAY + timedelta(days=days), today=TODAY) == shown
