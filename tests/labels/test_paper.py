# SPDX-License-Identifier: Apache-2.0
"""Text on paper: every line fits, nothing is lost, what no font has is shown and not dropped."""

import pytest

from labels.paper import lettered, width, wrapped


@pytest.mark.parametrize(
    "text",
    [
        "",
        "left femur",
        "one two three four five six seven",
        "a bb " + "x" * 60 + " tail",
        "عظم الفخذ الأيسر",
    ],
)
def test_a_text_is_broken_so_that_each_line_fits_and_no_letter_is_lost(text: str) -> None:
    lines = wrapped(text, 60, size=9)

    assert all(width(line, size=9) <= 60 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_one_letter_that_no_font_has_hides_no_other() -> None:
    assert lettered("box \U0001f9b4 7", bold=False, code=False)[1] == "box ? 7"
