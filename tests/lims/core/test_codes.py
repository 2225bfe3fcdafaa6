# SPDX-License-Identifier: Apache-2.0
"""Codes: drawn from a safe alphabet, guarded by a check character, never guessed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lims.core.codes import (
    ALPHABET,
    Kind,
    MistypedCode,
    check_character,
    draw_code,
    draw_instance,
    is_code,
    read_payload,
    threes,
)

codes = st.builds(lambda kind, _: draw_code(kind), st.sampled_from(Kind), st.integers())


def test_the_check_character_is_that_of_the_standard() -> None:
    """ISO 7064 MOD 37-2, as donation numbers of ISBT 128 carry it."""
    # ISBT 128 technical specification, appendix A: G123498654321 has the check character H.
    assert check_character("G123498654321") == "H"


@given(codes)
def test_a_drawn_code_is_a_code_of_nine_safe_characters(code: str) -> None:
    assert is_code(code)
    assert len(code) == 9
    assert set(code[1:]) <= set(ALPHABET)


@given(codes, st.integers(0, 8), st.sampled_from(ALPHABET))
def test_one_wrong_character_is_always_found(code: str, place: int, other: str) -> None:
    wrong = code[:place] + other + code[place + 1 :]

    assert wrong == code or not is_code(wrong)


@given(codes, st.integers(0, 7))
def test_two_neighbours_swapped_are_always_found(code: str, place: int) -> None:
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]

    assert swapped == code or not is_code(swapped)


@given(codes, st.integers(0, 6))
def test_two_characters_swapped_over_one_are_always_found(code: str, place: int) -> None:
    a, b, c = code[place : place + 3]
    swapped = code[:place] + c + b + a + code[place + 3 :]

    assert swapped == code or not is_code(swapped)


@given(codes)
def test_blanks_hyphens_case_and_direction_marks_do_not_matter(code: str) -> None:
    instance = draw_instance()
    typed = f"\u2068{threes(code).lower()}\u2069-{instance}"

    payload = read_payload(typed)

    assert (payload.code, payload.instance) == (code, instance)
    assert payload.kind is Kind(code[0])


@pytest.mark.parametrize("read", ["", "B", "B34679CD", "٣٤٦٧٩", "\x00" * 9, "B34679CDF" * 30])
def test_what_is_no_code_is_refused_with_what_was_read(read: str) -> None:
    with pytest.raises(MistypedCode) as refused:
        read_payload(read)
    assert len(str(refused.value.values["read"])) <= 40


def test_arabic_digits_are_read() -> None:
    while not any(digit in (code := draw_code(Kind.BONE)) for digit in "34679"):
        pass
    arabic = code.translate(str.maketrans("34679", "٣٤٦٧٩"))

    assert read_payload(arabic).code == code


def test_codes_of_every_kind_are_no_number_date_or_exponent() -> None:
    """Spreadsheets turn 891E3 and MAR12 into something else; ours always stay text."""
    for _ in range(500):
        for kind in Kind:
            code = draw_code(kind)
            assert code[0].isalpha()
            assert "E" not in code[1:]
