# SPDX-License-Identifier: Apache-2.0
"""Sentences that pure code carries: stored, read back, translated, their values isolated."""

import pytest

from lims.core.words import Say


def test_a_sentence_is_stored_and_read_back() -> None:
    said = Say("%(code)s: %(why)s", {"code": "X", "why": Say("held since %(day)s", {"day": 3})})

    assert Say.from_json(said.as_json()) == said
    assert str(said) == "X: held since 3"


def test_values_are_isolated_in_arabic() -> None:
    said = Say("%(code)s is live", {"code": "B34"})

    words = said.in_words(lambda text: "%(code)s نشط", isolate=True)

    assert words == "\u2068B34\u2069 نشط"


def test_a_translation_that_names_an_unknown_place_fails_loudly() -> None:
    with pytest.raises(KeyError):
        Say("%(code)s", {"code": "B"}).in_words(lambda text: "%(other)s")
