# SPDX-License-Identifier: Apache-2.0
"""When an instrument may be used."""

from datetime import date, timedelta

import pytest

from lims.equipment import rules

TODAY = date(2026, 3, 14)


def test_an_instrument_may_be_used_on_the_day_its_calibration_is_due() -> None:
    rules.check_instrument(name="Balance 2", due=TODAY, today=TODAY, fits=True)


def test_an_instrument_whose_calibration_is_overdue_is_refused_with_the_date() -> None:
    with pytest.raises(rules.CalibrationOverdue) as refused:
        rules.check_instrument(
            name="Balance 2", due=TODAY - timedelta(days=1), today=TODAY, fits=True
        )

    assert str(refused.value.say) == ("Instrument Balance 2: calibration overdue since 2026-03-13.")


def test_an_instrument_for_another_step_is_refused() -> None:
    with pytest.raises(rules.InstrumentOfOtherActivity):
        rules.check_instrument(name="Balance 2", due=TODAY, today=TODAY, fits=False)


@pytest.mark.parametrize(("days", "shown"), [(-1, "overdue"), (0, "due"), (31, "ready")])
def test_an_instrument_is_shown_by_its_calibration(days: int, shown: str) -> None:
    assert rules.instrument_state(TODAY + timedelta(days=days), today=TODAY) == shown
