# SPDX-License-Identifier: Apache-2.0
"""What the balance's figure means, and what is left of a sample."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.samples import rules
from lims.samples.rules import Line, Material


@pytest.mark.parametrize(
    ("typed", "micrograms"),
    [
        ("412.5", 412_500),
        ("412,5", 412_500),
        ("٤١٢٫٥", 412_500),
        ("۴۱۲.۵", 412_500),
        ("\u2067٤١٢,٥\u2069", 412_500),
        (" 2100 mg ", 2_100_000),
        ("0.001", 1),
        ("007", 7_000),
        ("1.234", 1_234),
    ],
)
def test_a_mass_in_milligrams_is_read_exactly_in_either_script(typed: str, micrograms: int) -> None:
    assert rules.read_mass(typed) == micrograms


@pytest.mark.parametrize(
    "typed",
    ["", "mg", "1.2345", "1,234.5", "1٬234", "-5", "+5", "1e3", "12.", ".5", "1 234 kg",
     "12 mg mg", "0x10", "½", "²", "nan", "1234567890"],
)  # fmt: skip
def test_what_could_be_read_in_two_ways_is_no_mass(typed: str) -> None:
    with pytest.raises(rules.FigureNotRead):
        rules.read_mass(typed)


def test_a_mass_of_nothing_is_refused() -> None:
    with pytest.raises(rules.FigureZero):
        rules.read_mass("0.000")


@pytest.mark.parametrize("typed", ["200", "200 µl", "200 μl", "٢٠٠"])
def test_a_volume_is_read_in_microlitres(typed: str) -> None:
    assert rules.read_volume(typed) == 200_000


@given(st.integers(min_value=1, max_value=999_999_999_999))
def test_a_figure_shown_and_typed_again_is_the_same_figure(figure: int) -> None:
    assert rules.read_mass(rules.thousandths(figure)) == figure


def test_the_refusal_names_what_is_left_and_what_was_asked() -> None:
    with pytest.raises(rules.NoMassLeft) as refused:
        rules.check_mass("B34679CDF", left_ug=8_000, asked_ug=12_500)

    assert str(refused.value.say) == "Only 8 mg of B34679CDF are left, 12.5 mg asked."
    assert refused.value.advice is not None


@pytest.mark.parametrize(
    ("material", "line"),
    [
        (Material.BLOOD_CARD, Line.BONE),
        (Material.BUCCAL_SWAB, Line.BONE),
        (Material.BONE, Line.REFERENCE),
        (Material.TOOTH, Line.REFERENCE),
    ],
)
def test_a_material_stays_in_its_line(material: Material, line: Line) -> None:
    with pytest.raises(rules.MaterialOfOtherLine):
        rules.check_material(material, line)


@pytest.mark.parametrize("feature", ["samples", "reagents", "equipment", "plates", "extraction"])
def test_rules_load_neither_the_web_nor_the_database(feature: str) -> None:
    loaded = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, lims.{feature}.rules; print(*sys.modules)",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()

    assert not {"flask", "sqlalchemy", "marshmallow"} & set(loaded)
