# SPDX-License-Identifier: Apache-2.0
"""The vocabulary of custody is closed, well-formed and in words."""

import re
import subprocess
import sys
from pathlib import Path

from lims.custody.rules import HOLD_WORDS, HoldReason, Tag, hold_words


def test_every_type_of_event_has_three_parts_and_words() -> None:
    part = r"[a-z]+(-[a-z]+)*"
    for tag in Tag:
        assert re.fullmatch(f"{part}:{part}:{part}", tag.value), tag
        assert tag.words, tag
        assert tag.name == tag.value.upper().replace(":", "_").replace("-", "_")
        assert Tag(tag.value) is tag  # type: ignore[call-arg]  # the second argument is the words


def test_no_two_types_of_event_read_alike_on_one_thing() -> None:
    seen: dict[tuple[str, str], Tag] = {}
    for tag in Tag:
        key = (tag.value.partition(":")[0], tag.words)
        assert key not in seen, (tag, seen.get(key))
        seen[key] = tag


def test_every_reason_of_a_hold_is_in_words() -> None:
    assert set(HOLD_WORDS) == set(HoldReason)
    for reason in HoldReason:
        assert str(hold_words(reason))


def test_the_words_of_custody_load_neither_flask_nor_sqlalchemy() -> None:
    program = (
        "import sys, lims.custody.rules\n"
        "print(sorted({'flask', 'sqlalchemy', 'marshmallow'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ran.stdout == "[]\n", ran.stderr


def test_every_type_of_event_and_reason_of_a_hold_is_in_the_documents() -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "custody-vocabulary.md"
    documented = page.read_text("utf-8")
    rows = [f"| `{tag.value}` | {tag.words} |" for tag in Tag]
    rows += [f"| `{reason.value}` | {HOLD_WORDS[reason]} |" for reason in HoldReason]
    assert [row for row in rows if row not in documented] == []
