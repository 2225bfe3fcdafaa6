# SPDX-License-Identifier: Apache-2.0
"""What a layout holds, and what it refuses rather than print wrongly."""

from dataclasses import replace
from fractions import Fraction

import pytest

from labels.catalogue import NAMES, layout
from labels.errors import LabelError
from labels.layout import (
    DPIS,
    Align,
    Code,
    Dots,
    Layout,
    Script,
    Text,
    Values,
    check,
    dots,
    place,
)
from labels.symbols import Kind

SYMBOL = Code("payload", Kind.DATAMATRIX, 1.0, 1.0)


def a_label(*fields: Text | Code) -> Layout:
    return Layout("test", 40.0, 20.0, 3.0, fields)


def refused(label: Layout, values: Values, *, dpi: int = 300) -> LabelError:
    with pytest.raises(LabelError) as refusal:
        place(label, values, dpi=dpi)
    return refusal.value


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_every_layout_holds_the_longest_values_on_every_printer(
    name: str, dpi: int, kinds_of_values: dict[str, Values]
) -> None:
    check(layout(name), dpi=dpi, longest_values=kinds_of_values["longest"])
    check(layout(name), dpi=dpi, longest_values=kinds_of_values["arabic"])


@pytest.mark.parametrize("name", NAMES)
def test_every_layout_shows_the_code_to_people_and_to_scanners(name: str) -> None:
    label = layout(name)

    assert label.name == name
    assert label.shows("payload")
    assert label.shows("code") or all(label.shows(f"code{part}") for part in (1, 2, 3))


@pytest.mark.parametrize("name", NAMES)
def test_every_layout_shows_the_whole_anchor_of_the_ledger(
    name: str, kinds_of_values: dict[str, Values]
) -> None:
    """Every shipped label, the smallest too: size and prefix of the root go out with each."""
    assert layout(name).shows_anchor
    for dpi in DPIS:
        shown = {
            line.field: line.text
            for line in place(layout(name), kinds_of_values["longest"], dpi=dpi).lines
        }
        parts = shown.get("anchor1", "") + shown.get("anchor2", "")
        assert shown.get("anchor", parts) == kinds_of_values["longest"].anchor


def test_the_layouts_of_the_laboratory_are_all_there() -> None:
    assert set(NAMES) >= {
        "tube",
        "tube cap",
        "cryo tube wrap",
        "bone bag",
        "plate",
        "box",
        "shelf",
        "case folder",
        "staff badge",
        "bench card",
        "reagent lot",
        "batch card",
    }
    with pytest.raises(LabelError, match="unknown_layout"):
        layout("tubes")


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_no_module_is_finer_than_scanners_read(name: str, dpi: int, payload: str) -> None:
    for symbol in place(layout(name), Values(payload), dpi=dpi).symbols:
        assert symbol.module >= 2
        assert Fraction(symbol.module) * 254 / 10 / dpi >= Fraction(1, 4) - Fraction(1, 250)


@pytest.mark.parametrize(
    ("mm", "dpi", "whole"),
    [
        (25.4, 203, 203),
        (25.4, 300, 300),
        (25.4, 600, 600),
        (0.1, 300, 1),
        (0.7, 203, 6),
        (0, 600, 0),
    ],
)
def test_millimetres_become_the_nearest_whole_dot(mm: float, dpi: int, whole: int) -> None:
    assert dots(mm, dpi) == whole


def test_a_code_is_shown_in_threes_and_without_its_label_instance(payload: str) -> None:
    plan = place(layout("tube"), Values(payload), dpi=300)
    cap = place(layout("tube cap"), Values(payload), dpi=300)

    assert [line.text for line in plan.lines] == ["B34 F7K 9QX"]
    assert [line.text for line in cap.lines] == ["B34", "F7K", "9QX"]
    assert {symbol.payload for symbol in plan.symbols} == {payload}


def test_a_label_whose_words_and_symbol_name_different_codes_is_refused(payload: str) -> None:
    refusal = refused(layout("tube"), Values(payload, code="B34 F7K 9QY"))

    assert (refusal.reason, refusal.field) == ("code_differs", "code")
    assert refusal.expected == "B34F7K9QX"


@pytest.mark.parametrize("dpi", DPIS)
def test_a_value_that_is_too_long_is_refused_and_never_cut(dpi: int, payload: str) -> None:
    values = Values(payload, line1="left petrous bone, inner part, fragment 3 of 12")

    refusal = refused(layout("tube"), values, dpi=dpi)

    assert (refusal.reason, refusal.field, refusal.value) == ("too_wide", "line1", values.line1)


def test_letters_higher_than_the_line_are_refused(payload: str) -> None:
    label = a_label(SYMBOL, Text("kind", 1.0, 8.0, 30.0, 1.0))

    assert refused(label, Values(payload, kind="Ặ"), dpi=203).reason == "too_tall"
    assert place(label, Values(payload, kind="Ặ"), dpi=600).lines


def test_letters_that_no_printer_could_draw_at_their_size_are_refused(payload: str) -> None:
    label = a_label(SYMBOL, Text("kind", 1.0, 8.0, 38.0, 1.0, script=Script.ANY))

    assert refused(label, Values(payload, kind="عظم \ufdfd"), dpi=203).reason == "undrawable"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ((Code("payload", Kind.DATAMATRIX, 36.0, 1.0),), "outside"),
        ((Code("payload", Kind.DATAMATRIX, 1.0, 16.0),), "outside"),
        ((Code("payload", Kind.CODE128, 0.0, 1.0, height=8.0),), "outside"),
        ((SYMBOL, Text("kind", -0.1, 8.0, 10.0, 2.0)), "outside"),
        ((SYMBOL, Text("kind", 5.0, 1.0, 10.0, 2.0)), "overlap"),
        ((SYMBOL, Text("kind", 8.0, 1.0, 10.0, 0.9)), "letters_too_small"),
        ((SYMBOL, Text("colour", 8.0, 1.0, 10.0, 2.0)), "unknown_field"),
        ((replace(SYMBOL, dots=Dots(1, 3, 6)),), "module_too_small"),
        ((replace(SYMBOL, dots=Dots(2, 1, 6)),), "module_too_small"),
        ((replace(SYMBOL, dots=Dots(2, 3, 2)),), "module_too_small"),
        ((Code("payload", Kind.CODE128, 0.0, 1.0, height=2.0),), "bars_too_low"),
        ((Code("line1", Kind.QR, 1.0, 1.0),), "bad_payload"),
    ],
)
def test_a_layout_that_would_print_badly_is_refused(
    fields: tuple[Text | Code, ...], reason: str, payload: str
) -> None:
    reasons = []
    for dpi in DPIS:
        try:
            place(a_label(*fields), Values(payload), dpi=dpi)
        except LabelError as refusal:
            reasons.append(refusal.reason)

    assert set(reasons) == {reason}


def test_the_corners_of_a_symbol_do_not_leave_a_round_label(payload: str) -> None:
    dot = Layout("dot", 9.5, 9.5, 3.0, (Code("payload", Kind.DATAMATRIX, 0.5, 0.5),), round=True)

    assert refused(dot, Values(payload)).reason == "outside"
    assert place(replace(dot, round=False), Values(payload), dpi=300).symbols


def test_an_unknown_resolution_is_refused(payload: str) -> None:
    assert refused(layout("tube"), Values(payload), dpi=360).reason == "unknown_dpi"


def test_a_check_without_a_value_for_every_field_is_no_check(payload: str) -> None:
    with pytest.raises(LabelError) as refusal:
        check(layout("tube"), dpi=300, longest_values=Values(payload, kind="bone"))

    assert refusal.value.reason == "absent"
    assert refusal.value.field == "line1"


@pytest.mark.parametrize(
    ("align", "words", "left", "right"),
    [
        (Align.START, "bone", True, False),
        (Align.START, "عظم", False, True),
        (Align.LEFT, "عظم", True, False),
        (Align.RIGHT, "bone", False, True),
        (Align.CENTRE, "bone", False, False),
    ],
)
def test_a_line_stands_where_its_script_begins_or_where_it_is_told(
    align: Align, words: str, left: bool, right: bool, payload: str
) -> None:
    text = Text("kind", 10.0, 8.0, 20.0, 3.0, align=align, script=Script.ANY)

    line = place(a_label(SYMBOL, text), Values(payload, kind=words), dpi=300).lines[0]

    assert (line.x == dots(10.0, 300)) is left
    assert (line.x + line.ink.width == dots(10.0, 300) + dots(20.0, 300)) is right
