# SPDX-License-Identifier: Apache-2.0
"""Symbols: what they hold is what a reader reads."""

import re
from collections.abc import Callable

import pytest
from barcode import Code128
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labels.bitmap import of_modules
from labels.errors import LabelError
from labels.symbols import QUIET, Kind, modules

AIM = {Kind.DATAMATRIX: "]d", Kind.CODE128: "]C", Kind.QR: "]Q"}
ALPHABET = "34679CDFGHJKMNPQRTVWXY"
PAYLOADS = st.text("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=20)


def picture_of(kind: Kind, payload: str) -> Image.Image:
    dots = of_modules(
        modules(kind, payload), module=3, bar_height=90 if kind is Kind.CODE128 else 0
    )
    ink = Image.frombytes("1", (dots.width, dots.height), b"".join(dots.rows))
    quiet = 3 * QUIET[kind]
    picture = Image.new("L", (dots.width + 2 * quiet, dots.height + 2 * quiet), 255)
    picture.paste(0, (quiet, quiet), ink)
    return picture


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(Kind), payload=PAYLOADS)
def test_any_payload_reads_back_from_any_symbol(
    read: Callable[[Image.Image], list[tuple[str, str]]], kind: Kind, payload: str
) -> None:
    assert read(picture_of(kind, payload)) == [(AIM[kind], payload)]


@settings(max_examples=100, deadline=None)
@given(payload=st.text(ALPHABET, min_size=9, max_size=11))
def test_a_code_and_its_instance_always_fit_the_same_places(payload: str) -> None:
    assert len(modules(Kind.DATAMATRIX, payload)) <= 16
    assert len(modules(Kind.QR, payload)) == 21
    assert len(modules(Kind.CODE128, payload)[0]) == (len(payload) + 2) * 11 + 13


@settings(max_examples=100, deadline=None)
@given(payload=PAYLOADS.filter(lambda text: not re.search("[0-9]{2}", text) and text[0] > "9"))
def test_bars_are_those_of_python_barcode_where_it_stays_in_set_b(payload: str) -> None:
    bars = "".join("1" if black else "0" for black in modules(Kind.CODE128, payload)[0])

    assert bars == Code128(payload).build()[0]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("payload", ["", "a", "A-B", "A B", "A" * 21, "ب", "A\n", "^XZ"])
def test_a_symbol_holds_codes_and_nothing_else(kind: Kind, payload: str) -> None:
    with pytest.raises(LabelError) as refusal:
        modules(kind, payload, field="payload")

    assert (refusal.value.reason, refusal.value.value) == ("bad_payload", payload)
