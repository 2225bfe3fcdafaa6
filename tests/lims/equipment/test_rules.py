# SPDX-License-Identifier: Apache-2.0
"""When an instrument may be used, and what runs out on an analyzer."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from lims.core.errors import Refusal
from lims.equipment import rules
from lims.equipment.rules import ConsumableKind, OnAnalyzer

TODAY = date(2026, 3, 14)
POLYMER = OnAnalyzer(ConsumableKind.POLYMER, "PO-1", TODAY, 89, 100, 5, None)


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
def test_an_instrument_is_shown_by_what_is_due_first(days: int, shown: str) -> None:
    due = TODAY + timedelta(days=days)
    assert rules.instrument_state(due, today=TODAY) == shown
    assert rules.instrument_state(due, today=TODAY, out=True) == "out"


@pytest.mark.parametrize(
    ("one", "shown"),
    [
        (POLYMER, "due"),
        (replace(POLYMER, expires=TODAY + timedelta(days=8)), "ready"),
        (replace(POLYMER, expires=None, injections=90), "due"),
        (replace(POLYMER, injections=100), "used"),
        (replace(POLYMER, expires=TODAY - timedelta(days=1)), "expired"),
        (replace(POLYMER, expires=None, most_runs=5), "used"),
        (replace(POLYMER, expires=None, most_injections=None), "ready"),
    ],
)
def test_a_consumable_warns_before_it_runs_out(one: OnAnalyzer, shown: str) -> None:
    assert rules.consumable_state(one, today=TODAY) == shown


@pytest.mark.parametrize(
    ("one", "refusal", "words"),
    [
        (replace(POLYMER, expires=date(2026, 3, 13)), rules.ConsumableExpired,
         "Polymer PO-1 on instrument 3500 expired on 2026-03-13."),
        (replace(POLYMER, injections=100), rules.ConsumableAtLimit,
         "Polymer PO-1 on instrument 3500 has done 100 of 100 injections."),
        (replace(POLYMER, most_runs=5), rules.ConsumableAtLimit,
         "Polymer PO-1 on instrument 3500 has done 5 of 5 runs."),
    ],
)  # fmt: skip
def test_an_analyzer_on_which_something_has_run_out_is_refused(
    one: OnAnalyzer, refusal: type[Refusal], words: str
) -> None:
    rules.check_consumables("3500", [POLYMER], today=TODAY)
    with pytest.raises(refusal) as refused:
        rules.check_consumables("3500", [POLYMER, one], today=TODAY)

    assert str(refused.value.say) == words
