# SPDX-License-Identifier: Apache-2.0
"""Codes, quantities and instants as people read them."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.web import filters

TRIPOLI = ZoneInfo("Africa/Tripoli")
SPRITE = Path(filters.__file__).parents[1] / "static" / "icons.svg"


def plain(markup: str) -> str:
    return re.sub("<[^>]*>", "", markup)


def test_a_code_is_shown_in_threes_and_copies_without_gaps() -> None:
    shown = filters.threes("B7K3Q9FM4")
    assert "<i>B7K</i><i>3Q9</i><i>FM4</i>" in shown
    assert plain(shown) == "B7K3Q9FM4"


def test_a_code_reads_left_to_right_in_an_arabic_sentence() -> None:
    assert filters.threes("B7K3Q9FM4").startswith('<bdi dir="ltr" class="code">')


@pytest.mark.parametrize("text", ["EX-04 v7", "C5", "88102", "T-07", "P9M·C05"])
def test_what_is_no_code_of_ours_stays_whole(text: str) -> None:
    assert f">{text}<" in filters.threes(text)


def test_the_characters_that_differ_from_the_awaited_code_are_underlined() -> None:
    shown = filters.threes("B4TW9NH4R", against="B4TW9HN6K")
    assert re.findall("<u>(.)</u>", shown) == ["N", "H", "4", "R"]
    assert plain(shown) == "B4TW9NH4R"


def test_a_longer_code_shows_its_surplus_as_different() -> None:
    assert re.findall("<u>(.)</u>", filters.threes("B4TW9HN6K7", against="B4TW9HN6K")) == ["7"]


def test_markup_in_a_scanned_text_is_shown_not_obeyed() -> None:
    for shown in (filters.threes("<script>"), filters.isolate("<b>"), filters.icon('"><b>')):
        assert "<script>" not in shown
        assert "<b>" not in shown


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (1600, "ug", "1.6 mg"),
        (500_000, "ug", "500 mg"),
        (2_100_000, "ug", "2.1 g"),
        (999, "ug", "999 µg"),
        (999, "µg", "999 µg"),
        (1_600, "mg", "1.6 g"),
        (38_000, "nl", "38 µl"),
        (500, "nl", "500 nl"),
        (210, "pg/ul", "0.21 ng/µl"),
        (1, "pg/ul", "0.001 ng/µl"),
        (0, "ug", "0 mg"),
        (-500_000, "ug", "−500 mg"),
        (20401, "cbp", "204.01 bp"),
        (1830, "rfu", "1830 RFU"),
        (12_830, "rfu", "12\u202f830 RFU"),
        (995, "permille", "99.5%"),
        (991_100, "ppmillion", "0.9911"),
        (29, "cycles", "29 cycles"),
    ],
)
def test_a_quantity_is_shown_in_the_unit_people_read(value: int, unit: str, shown: str) -> None:
    assert plain(filters.quantity(value, unit)).replace("\u00a0", " ") == shown


@given(st.integers(-(10**15), 10**15), st.sampled_from(sorted(filters.LADDERS)))
def test_no_digit_of_a_quantity_is_lost(value: int, unit: str) -> None:
    text = plain(filters.quantity(value, unit))
    amount, _, shown = text.replace("%", "\u00a0%").partition("\u00a0")
    places = dict(filters.LADDERS[unit])[shown]
    digits = amount.replace("\u202f", "").replace("−", "-")
    assert Decimal(digits).scaleb(places) == value


@pytest.mark.parametrize("value", [1.6, "1600", Decimal(1600), True])
def test_a_figure_that_is_no_whole_number_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="whole number"):
        filters.quantity(value, "ug")  # type: ignore[arg-type]  # that is what is tested


def test_a_number_of_the_ledger_is_read_in_threes() -> None:
    assert plain(filters.number(48213)) == "48\u202f213"
    assert plain(filters.number(9999)) == "9999"
    assert plain(filters.number(1_048_213)) == "1\u202f048\u202f213"


def test_an_instant_stands_on_the_laboratorys_clock_and_carries_utc() -> None:
    instant = datetime(2026, 11, 23, 22, 57, 2, tzinfo=UTC)
    assert filters.when(instant, TRIPOLI) == (
        '<time datetime="2026-11-23T22:57:02Z" dir="ltr">2026-11-24 00:57</time>'
    )
    assert plain(filters.when(instant, TRIPOLI, shape="date")) == "2026-11-24"
    assert plain(filters.when(instant, TRIPOLI, shape="time")) == "00:57"
    assert plain(filters.when(instant, TRIPOLI, shape="seconds")) == "00:57:02"


def test_an_instant_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 22, 57)  # noqa: DTZ001  # that is what is tested
    with pytest.raises(ValueError, match="without a zone"):
        filters.when(naive, TRIPOLI)


def test_every_state_has_a_word_a_kind_and_a_shape_of_the_sprite() -> None:
    drawn = {symbol.get("id") for symbol in ET.parse(SPRITE).getroot()}  # noqa: S314  # our file
    for name in filters.STATES:
        shown = filters.state(name)
        assert shown.words
        assert shown.kind in filters.SHAPES_OF_KINDS
        assert shown.icon in drawn
    for symbol, _, words in filters.ROLES.values():
        assert symbol in drawn
        assert words


def test_two_kinds_of_state_never_share_a_shape() -> None:
    shapes = list(filters.SHAPES_OF_KINDS.values())
    assert len(shapes) == len(set(shapes))


def test_a_state_that_nobody_drew_is_refused_not_shown_grey() -> None:
    with pytest.raises(KeyError):
        filters.state("misspelt")


def test_an_icon_says_nothing_to_a_screen_reader_and_turns_only_when_it_points() -> None:
    assert 'aria-hidden="true"' in filters.icon("check")
    assert "flip" not in filters.icon("check")
    assert "flip" in filters.icon("arrow")
