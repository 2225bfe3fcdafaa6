# SPDX-License-Identifier: Apache-2.0
"""The preview: a picture of what the printer would print, and never of anything else."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from labels import preview, zpl
from labels.catalogue import layout
from labels.errors import LabelError
from labels.layout import Values, dots

TUBE = zpl.render(layout("tube"), Values("B34F7K9QXRW", kind="bone"), dpi=300)


def refusal_of(label: bytes) -> LabelError:
    with pytest.raises(LabelError) as refusal:
        preview.draw(label, dpi=300)
    with pytest.raises(LabelError, match="bad_zpl"):
        preview.codes_in(label)
    return refusal.value


def test_a_preview_has_the_dots_of_the_label() -> None:
    picture = preview.draw(TUBE, dpi=300)

    assert (picture.width, picture.height) == (300, 150)
    with Image.open(io.BytesIO(picture.png)) as png:
        assert png.size == (300, 150)
        assert png.convert("L").getextrema() == (0, 255)


def test_a_layout_that_cannot_be_printed_is_shown_by_its_places_with_those_at_fault_thick(
    payload: str,
) -> None:
    label = layout("tube")

    plain = preview.outline(label, payload, dpi=300, faulty=())
    marked = preview.outline(label, payload, dpi=300, faulty=("kind",))

    kind = next(each for each in label.fields if each.field == "kind")
    at = (dots(kind.x, 300) + 3, dots(kind.y, 300) + 3)
    assert (plain.width, plain.height) == (300, 150)
    with Image.open(io.BytesIO(plain.png)) as thin, Image.open(io.BytesIO(marked.png)) as thick:
        assert (thin.getpixel(at), thick.getpixel(at)) == (255, 0)


def test_the_codes_of_a_label_are_read_from_its_stream() -> None:
    bag = zpl.render(layout("bone bag"), Values("B34F7K9QXRW"), dpi=203)

    assert preview.codes_in(TUBE) == ("B34F7K9QXRW",)
    assert preview.codes_in(bag) == ("B34F7K9QXRW", "B34F7K9QXRW")
    assert preview.codes_in(TUBE.replace(b"\n", b"\r\n")) == ("B34F7K9QXRW",)


@pytest.mark.parametrize("name", ["tube", "bone bag", "case folder"])
def test_a_symbol_whose_dots_hold_another_code_is_refused(name: str) -> None:
    label = zpl.render(layout(name), Values("B34F7K9QXRW"), dpi=300)

    refusal = refusal_of(label.replace(b"B34F7K9QXRW", b"B34F7K9QXRX"))

    assert (refusal.reason, refusal.field) == ("bad_zpl", "GF")


@pytest.mark.parametrize(
    ("old", "new", "command"),
    [
        (b"^PQ1", b"^PQ2", "PQ"),
        (b"^PQ1", b"^JUS", "JU"),
        (b"^PQ1", b"~JA", "~JA"),
        (b"^PQ1", b"~SD30", "~SD"),
        (b"^PON", b"^POI", "PO"),
        (b"^LH0,0", b"^LH9,9", "LH"),
        (b"^PW300", b"^PW0", "PW"),
        (b"^PW300", b"^PW99999", "PW"),
        (b"^PW300", b"^PW20", "GF"),
        (b"^LL150", b"^LL20", "GF"),
        (b"^FO14", b"^FO-4", "FO"),
        (b"^FXdatamatrix", b"^FXaztec", "FX"),
        (b"^GFA,288,288,6", b"^GFA,288,288,7", "GF"),
        (b"^GFA,288,288,6", b"^GFA,288,289,6", "GF"),
        (b"^GFA,288,288,6", b"^GFA,282,282,6", "GF"),
        (b"^GFA,288,288,6,", b"^GFB,288,288,6,", "GF"),
        (b"^GFA,288,288,6,", b"^GFA,288,288,6,*", "GF"),
        (b"^XZ", b"", "XZ"),
        (b"^XZ", b"^XZ^XA", "XA"),
        (b"^XA", b"", "PO"),
        (b"^XA", b"^XA^XA", "XA"),
        (b"^XA", b"hello ^XA", "hel"),
    ],
)
def test_what_our_labels_do_not_say_is_refused_with_its_place(
    old: bytes, new: bytes, command: str
) -> None:
    assert old in TUBE

    refusal = refusal_of(TUBE.replace(old, new, 1))

    assert (refusal.reason, refusal.field) == ("bad_zpl", command)
    assert refusal.value.startswith("at byte ")


def test_the_place_of_a_fault_is_counted_in_bytes() -> None:
    at = TUBE.index(b"^PQ1")

    assert refusal_of(TUBE.replace(b"^PQ1", b"^PQ2")).value == f"at byte {at}"


@settings(max_examples=200, deadline=None)
@given(length=st.integers(0, len(TUBE) - 5))
def test_a_label_cut_short_is_never_drawn(length: int) -> None:
    assert refusal_of(TUBE[:length]).reason == "bad_zpl"


@settings(max_examples=300, deadline=None)
@given(place=st.integers(0, len(TUBE) - 1), byte=st.integers(0, 255))
def test_a_changed_byte_never_makes_a_label_name_another_code(place: int, byte: int) -> None:
    changed = TUBE[:place] + bytes([byte]) + TUBE[place + 1 :]

    try:
        found = preview.codes_in(changed)
    except LabelError as refusal:
        found = ()
        reason = refusal.reason
    else:
        reason = "bad_zpl"

    assert set(found) <= {"B34F7K9QXRW"}
    assert reason == "bad_zpl"


def test_an_unknown_resolution_is_refused() -> None:
    with pytest.raises(LabelError, match="unknown_dpi"):
        preview.draw(TUBE, dpi=360)
