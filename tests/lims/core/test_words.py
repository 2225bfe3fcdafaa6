# SPDX-License-Identifier: Apache-2.0
"""Sentences that pure code carries: stored, read back, translated, their values isolated."""

import pytest

from lims.core.errors import Refusal
from lims.core.words import Many, Say
from lims.web.locale import in_both


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


FILES = Many("%(count)s file imported.", "%(count)s files imported.")


def test_a_sentence_that_counts_takes_the_form_of_its_number() -> None:
    assert [str(Say(FILES, {"count": count})) for count in (0, 1, 2)] == [
        "0 files imported.", "1 file imported.", "2 files imported.",
    ]  # fmt: skip


def test_a_sentence_that_counts_is_stored_and_read_back() -> None:
    said = Say("%(code)s: %(why)s", {"code": "P", "why": Say(FILES, {"count": 1})})

    assert Say.from_json(said.as_json()) == said
    assert str(Say.from_json(said.as_json())) == "P: 1 file imported."


def test_arabic_has_a_form_of_its_own_for_each_kind_of_number() -> None:
    said = {count: in_both(Say(FILES, {"count": count})) for count in (0, 1, 2, 3, 11, 100)}

    assert len({words["ar"].replace(str(count), "") for count, words in said.items()}) == 6
    assert said[2]["ar"] == "استُورد ملفان."
    assert said[11]["ar"] == "استُورد \u206811\u2069 ملفًا."
    assert said[1]["en"] == "1 file imported."


def test_a_refusal_counts_too() -> None:
    class Lacking(Refusal):
        says = FILES

    assert str(Lacking(count=1)) == "1 file imported."


def test_a_sentence_that_counts_without_a_number_fails_loudly() -> None:
    with pytest.raises(TypeError):
        str(Say(FILES, {"count": "three"}))
