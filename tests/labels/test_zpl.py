# SPDX-License-Identifier: Apache-2.0
"""Labels as ZPL, drawn by a stranger's renderer and read by a stranger's reader."""

import hashlib
import io
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageFilter

from labels import pdf, preview, tspl, zpl
from labels.catalogue import NAMES, layout
from labels.errors import LabelError
from labels.layout import DPIS, Code, Layout, Values, place

AIM = {"datamatrix": "]d", "code128": "]C", "qr": "]Q"}
ALPHABET = "34679CDFGHJKMNPQRTVWXY"

Printed = Callable[[bytes, int], Image.Image]
Read = Callable[[Image.Image], list[tuple[str, str]]]

codes = st.builds(
    lambda kind, rest: kind + rest,
    st.sampled_from("BRAXPCLKTMG"),
    st.text(ALPHABET, min_size=8, max_size=8) | st.text(ALPHABET, min_size=10, max_size=10),
)


def blurred(picture: Image.Image) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(1.5))


def symbols_of(label: Layout, payload: str) -> list[tuple[str, str]]:
    return sorted((AIM[each.kind], payload) for each in label.fields if isinstance(each, Code))


@pytest.mark.parametrize("values_name", ["shortest", "longest", "arabic"])
@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_every_label_on_every_printer_reads_back_as_its_payload_and_looks_like_its_preview(
    name: str,
    dpi: int,
    values_name: str,
    kinds_of_values: dict[str, Values],
    printed: Printed,
    read: Read,
) -> None:
    values = kinds_of_values[values_name]
    label = zpl.render(layout(name), values, dpi=dpi)

    picture = printed(label, dpi)
    shown = Image.open(io.BytesIO(preview.draw(label, dpi=dpi).png)).convert("L")

    other_language = tspl.draw(tspl.render(layout(name), values, dpi=dpi), dpi=dpi)
    assert Image.open(io.BytesIO(other_language.png)).convert("L").tobytes() == shown.tobytes()
    assert read(picture) == symbols_of(layout(name), values.payload)
    assert ImageChops.difference(picture, shown).getbbox() is None
    assert set(preview.codes_in(label)) == {values.payload}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(code=codes, name=st.sampled_from(NAMES), dpi=st.sampled_from(DPIS[:2]))
def test_any_code_reads_back_exactly(
    printed: Printed, read: Read, code: str, name: str, dpi: int
) -> None:
    label = zpl.render(layout(name), Values(code), dpi=dpi)

    assert read(printed(label, dpi)) == symbols_of(layout(name), code)


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_a_camera_that_blurs_and_turns_the_label_still_reads_it(
    name: str, dpi: int, payload: str, printed: Printed, read: Read
) -> None:
    picture = printed(zpl.render(layout(name), Values(payload), dpi=dpi), dpi)
    framed = Image.new("L", (picture.width + 80, picture.height + 80), 255)
    framed.paste(picture, (40, 40))
    seen = framed.resize((framed.width * 2, framed.height * 2), Image.Resampling.BICUBIC)
    turned = seen.rotate(4, Image.Resampling.BICUBIC, fillcolor=255)

    square = {"]d", "]Q"} & {aim for aim, text in read(blurred(turned)) if text == payload}

    assert len(square) == 1


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_a_dot_of_ink_gain_does_not_make_a_label_unreadable(
    name: str, dpi: int, payload: str, printed: Printed, read: Read
) -> None:
    picture = printed(zpl.render(layout(name), Values(payload), dpi=dpi), dpi)
    gained = ImageChops.darker(picture, ImageChops.offset(picture, 1, 0))
    camera = gained.resize((gained.width * 3, gained.height * 3), Image.Resampling.BICUBIC)

    assert payload in {text for _aim, text in read(camera)}


def test_a_burnt_dot_of_the_print_head_never_makes_a_label_read_as_another(
    payload: str, printed: Printed, read: Read
) -> None:
    picture = printed(zpl.render(layout("tube"), Values(payload), dpi=300), 300)
    symbol = place(layout("tube"), Values(payload), dpi=300).symbols[0]

    readable = 0
    for dead in range(symbol.x, symbol.x + symbol.width):
        marred = picture.copy()
        marred.paste(255, (dead, 0, dead + 1, picture.height))
        # What the camera of the verifying station does: close gaps of one dot.
        closed = marred.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
        found = read(closed.resize((closed.width * 3, closed.height * 3)))
        assert {text for _aim, text in found} <= {payload}
        readable += bool(found)

    assert readable == symbol.width


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_every_module_is_a_whole_number_of_dots_at_the_place_the_layout_says(
    name: str, dpi: int, payload: str, printed: Printed
) -> None:
    picture = printed(zpl.render(layout(name), Values(payload), dpi=dpi), dpi)

    for symbol in place(layout(name), Values(payload), dpi=dpi).symbols:
        assert symbol.module >= 2
        high = symbol.bar_height or symbol.module
        for row, modules in enumerate(symbol.matrix):
            for column, black in enumerate(modules):
                left, top = symbol.x + column * symbol.module, symbol.y + row * high
                square = picture.crop((left, top, left + symbol.module, top + high))
                assert square.getextrema() == ((0, 0) if black else (255, 255))


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_printed_in_the_quiet_zone_of_a_symbol(
    name: str, dpi: int, kinds_of_values: dict[str, Values], printed: Printed
) -> None:
    values = kinds_of_values["longest"]
    picture = printed(zpl.render(layout(name), values, dpi=dpi), dpi)
    quiet = {"datamatrix": (2, 2), "qr": (4, 4), "code128": (10, 0)}

    for symbol in place(layout(name), values, dpi=dpi).symbols:
        across, above = (each * symbol.module for each in quiet[symbol.kind])
        right, bottom = symbol.x + symbol.width, symbol.y + symbol.height
        zone = picture.crop((symbol.x - across, symbol.y - above, right + across, bottom + above))
        assert symbol.x >= across
        assert right + across <= picture.width
        zone.paste(255, (across, above, across + symbol.width, above + symbol.height))
        assert zone.getextrema() == (255, 255)


HOSTILE = ["^XZ", "~JA", "^XA^JUS^XZ", "~SD30", "_5EXZ", "^FH_5E", "^PQ99", "^CC*"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_command_in_a_value_is_printed_as_letters_and_never_reaches_the_printer(
    text: str, payload: str, printed: Printed, read: Read
) -> None:
    plain = zpl.render(layout("bone bag"), Values(payload, kind="bone"), dpi=300)
    label = zpl.render(
        layout("bone bag"), Values(payload, kind=text, line1=text, copy=text), dpi=300
    )

    assert re.findall(rb"[\^~][A-Z]{2}", label).count(b"^PQ") == 1
    assert set(re.findall(rb"[\^~].[A-Z]", label)) == set(re.findall(rb"[\^~].[A-Z]", plain))
    assert b"~" not in label
    assert read(printed(label, 300)) == symbols_of(layout("bone bag"), payload)


@pytest.mark.parametrize("payload", ["^XZ", "B34F7K9QX~A", "b34f7k9qx", "B34 F7K 9QX", "", "٣٤"])
def test_a_payload_that_is_not_a_code_is_refused(payload: str) -> None:
    with pytest.raises(LabelError) as refusal:
        zpl.render(layout("tube"), Values(payload), dpi=300)

    assert refusal.value.reason == "bad_payload"
    assert refusal.value.value == payload


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=st.text(max_size=14), field=st.sampled_from(["kind", "line1", "date", "copy"]))
def test_any_text_at_all_is_printed_whole_or_refused_by_name(text: str, field: str) -> None:
    values = replace(Values("B34F7K9QXRW"), **{field: text})

    refused: LabelError | None = None
    try:
        label = zpl.render(layout("bone bag"), values, dpi=203)
    except LabelError as refusal:
        refused = refusal

    if refused is not None:
        assert (refused.field, refused.value) == (field, text)
    else:
        assert preview.codes_in(label) == ("B34F7K9QXRW", "B34F7K9QXRW")


def test_a_label_asks_for_one_copy_and_changes_nothing_in_the_printer(payload: str) -> None:
    label = zpl.render(layout("tube"), Values(payload, kind="bone"), dpi=300)

    assert label.count(b"^PQ1\n") == 1
    commands = set(re.findall(rb"\^[A-Z]{2}", label))
    assert commands == {
        b"^XA",
        b"^PO",
        b"^LH",
        b"^PW",
        b"^LL",
        b"^FX",
        b"^FO",
        b"^GF",
        b"^FS",
        b"^PQ",
        b"^XZ",
    }


def test_a_label_is_the_same_bytes_in_another_process(kinds_of_values: dict[str, Values]) -> None:
    values = kinds_of_values["arabic"]
    program = (
        "import hashlib, sys\n"
        "from labels import pdf, zpl\n"
        "from labels.catalogue import layout\n"
        "from labels.layout import Values\n"
        f"values = {values!r}\n"
        "label = zpl.render(layout('tube'), values, dpi=300)\n"
        "print(hashlib.sha256(label + pdf.render(layout('tube'), values)).hexdigest())\n"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="."
    ).stdout.strip()

    from_here = zpl.render(layout("tube"), values, dpi=300)
    assert from_here == zpl.render(layout("tube"), values, dpi=300)
    assert other == hashlib.sha256(from_here + pdf.render(layout("tube"), values)).hexdigest()


@pytest.mark.parametrize("values_name", ["longest", "arabic"])
def test_a_tube_label_takes_at_most_five_seconds_on_a_serial_line(
    values_name: str, kinds_of_values: dict[str, Values]
) -> None:
    label = zpl.render(layout("tube"), kinds_of_values[values_name], dpi=300)

    assert len(label) * 10 / 9600 < 5
