# SPDX-License-Identifier: Apache-2.0
"""Layouts as files: what is read, and what is refused with its line and what was expected."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labels import catalogue
from labels.errors import LabelError
from labels.files import LONGEST_FILE, file_name, read
from labels.layout import Align, Code, Dots, Text
from labels.lettering import Script
from labels.symbols import Kind
from labels.trial import VALUES, faults, prove

TUBE = catalogue.text("tube")

LEAST = """\
name = "bag of ours"

[stock]
width = 50
height = 25.5
gap = 3

[[symbol]]
kind = "code128"
x = 1
y = 1.5
module = { 203 = 2, 300 = 3, 600 = 6 }
height = 8.0

[[text]]
field = "code"
x = 1
y = 10
width = 40
size = 4.2
bold = true
align = "right"
script = "any"
"""


def refusal(text: str, *, name: str = "") -> LabelError:
    with pytest.raises(LabelError) as refused:
        read(text, file="ours.toml", name=name)
    return refused.value


def test_a_file_becomes_the_layout_that_it_describes() -> None:
    layout = read(LEAST, file="ours.toml", name="bag of ours")

    assert (layout.width_mm, layout.height_mm, layout.gap, layout.round) == (50, 25.5, 3, False)
    assert layout.fields == (
        Code("payload", Kind.CODE128, 1, 1.5, Dots(2, 3, 6), 8),
        Text("code", 1, 10, 40, 4.2, bold=True, align=Align.RIGHT, script=Script.ANY),
    )
    prove(layout)


@pytest.mark.parametrize(
    ("old", "new", "where", "expected"),
    [
        ("gap = 3", "gap = 3\ncolour = 4", "line 7, stock.colour", "width, height, gap, round"),
        ("gap = 3", "", "line 3, stock.gap", "millimetres"),
        ("gap = 3", "gap = -1", "line 6, stock.gap", "0 to 210 mm"),
        ("gap = 3", "gap = nan", "line 6, stock.gap", "0 to 210 mm"),
        ("gap = 3", "gap = true", "line 6, stock.gap", "millimetres"),
        ("gap = 3", "gap = 0.0001", "line 6, stock.gap", "three decimal places"),
        ("width = 50", "width = 5000", "line 4, stock.width", "1 to 210 mm"),
        ("width = 50", 'width = "50"', "line 4, stock.width", "millimetres"),
        ("[stock]", "[stocks]", "line 3, stocks", "name, stock, symbol, text"),
        ("[[text]]", "[text]", "line 15, text", "[[text]]"),
        ("[[text]]", "[[texts]]", "texts", "name, stock, symbol, text"),
        ('kind = "code128"', 'kind = "aztec"', "line 9, symbol 1.kind", "datamatrix, code128, qr"),
        ('kind = "code128"', 'kind = "qr"', "line 13, symbol 1.height", "no height of a qr"),
        ("height = 8.0", "", "line 8, symbol 1.height", "millimetres"),
        ("203 = 2", "203 = 2.5", "line 12, symbol 1.module.203", "whole dots"),
        ("203 = 2", "203 = true", "line 12, symbol 1.module.203", "whole dots"),
        ("600 = 6", "1200 = 6", "line 12, symbol 1.module.1200", "203, 300, 600"),
        ("{ 203 = 2, 300 = 3, 600 = 6 }", "3", "line 12, symbol 1.module", "203 = dots"),
        ('field = "code"', 'field = "name"', "line 16, text 1.field", "kind, line1"),
        ('field = "code"', "", "line 15, text 1.field", "a text in quotes"),
        ("size = 4.2", "size = 51", "line 20, text 1.size", "0 to 50 mm"),
        ("bold = true", "bold = 1", "line 21, text 1.bold", "true or false"),
        ('align = "right"', 'align = "middle"', "line 22, text 1.align", "start, left, centre"),
        ('script = "any"', 'script = "greek"', "line 23, text 1.script", "latin, arabic, any"),
        ('name = "bag of ours"', 'name = "Bag/of"', "line 1, name", "small letters"),
        ('name = "bag of ours"', "", "name", "a text in quotes"),
    ],
)
def test_what_is_wrong_is_said_with_its_line_its_key_and_what_was_expected(
    old: str, new: str, where: str, expected: str
) -> None:
    assert old in LEAST

    said = refusal(LEAST.replace(old, new, 1))

    assert said.reason == "bad_layout"
    assert said.field == f"ours.toml, {where}"
    assert expected in said.expected


def test_a_file_that_is_no_toml_is_refused_with_its_line() -> None:
    assert "line 4" in refusal(LEAST.replace("width = 50", "width 50")).value
    assert refusal("a = " + "[" * 9000).field == "ours.toml"
    assert refusal("a = " + "9" * 9000).field == "ours.toml"
    assert refusal("#" * (LONGEST_FILE + 1)).expected == f"at most {LONGEST_FILE}"
    assert "at most 40" in refusal(LEAST + LEAST[LEAST.index("[[text]]") :] * 40).expected


def test_a_file_must_bear_the_name_of_its_layout() -> None:
    assert refusal(LEAST, name="tube").expected == "tube"
    assert file_name("bag of ours") == "bag-of-ours.toml"


@pytest.mark.parametrize("name", catalogue.NAMES)
def test_every_shipped_layout_passes_the_trial_of_the_editor(name: str) -> None:
    assert list(faults(catalogue.layout(name))) == []


def test_the_trial_names_what_a_changed_layout_would_do_wrong() -> None:
    changes = {
        ("too_wide", "line1"): ("width = 23.9", "width = 8.0"),
        ("overlap", "kind"): ("y = 3.5", "y = 2.5"),
        ("outside", "anchor"): ("y = 10.5\nwidth = 20.2", "y = 12.0\nwidth = 20.2"),
        ("outside", "payload"): ("x = 0.7", "x = 22.5"),
        ("module_too_small", "payload"): ("203 = 2", "203 = 1"),
        ("letters_too_small", "date"): ("width = 10.8\nsize = 1.7", "width = 10.8\nsize = 0.9"),
        ("wrong_script", "kind"): ('size = 2.2\nbold = true\nscript = "any"', "size = 2.2"),
        ("absent", "code"): ('field = "code"', 'field = "copy"'),
    }
    for fault, (old, new) in changes.items():
        assert old in TUBE, old
        found = faults(read(TUBE.replace(old, new, 1), file="tube.toml"))
        assert fault in {(each.error.reason, each.error.field) for each in found}, fault

    no_symbol = re.sub(r"\[\[symbol\]\].*?\n\n", "", TUBE, flags=re.DOTALL)
    with pytest.raises(LabelError, match="absent: payload"):
        prove(read(no_symbol, file="tube.toml"))


def test_the_values_of_the_trial_are_the_least_the_most_and_the_most_in_arabic() -> None:
    assert set(VALUES) == {"shortest", "longest", "arabic"}
    assert all(getattr(VALUES["arabic"], name) for name in ("kind", "line1", "line2", "copy"))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(0, len(LEAST)), st.integers(0, 40))
def test_any_change_of_a_file_is_read_or_refused_and_never_anything_else(
    put: str, place: int, taken: int
) -> None:
    text = LEAST[:place] + put + LEAST[place + taken :]

    refused = ""
    try:
        read(text, file="ours.toml")
    except LabelError as refusal:
        refused = refusal.reason

    assert refused in ("", "bad_layout")
