# SPDX-License-Identifier: Apache-2.0
"""Each type of the format comes out as the value it means."""

from array import array
from collections.abc import Callable
from datetime import date, time
from struct import pack

import pytest

from instruments.analyzers.abif import AbifFile, read_abif

Make = Callable[..., bytes]


@pytest.fixture
def only(make_abif: Make, make_tag: Callable[..., object]) -> Callable[..., AbifFile]:
    """Read a file with one tag called TEST."""

    def read(kind: int, elements: int, value: bytes, name: str = "TEST") -> AbifFile:
        return read_abif(make_abif([make_tag(name, 1, kind, elements, value)]), name="one.fsa")

    return read


@pytest.mark.parametrize(
    ("kind", "elements", "raw", "meant"),
    [
        (1, 1, b"\xff", 255),
        (1, 3, b"\x01\x02\xff", b"\x01\x02\xff"),
        (2, 1, b"S", "S"),
        (2, 1, b"\x01", 1),
        (2, 4, b"310 ", "310 "),
        (2, 5, b"GATTC", "GATTC"),
        (2, 6, b"\x05\x14\x3e\x20\x30\x07", b"\x05\x14\x3e\x20\x30\x07"),
        (3, 1, b"\xff\xfe", 65534),
        (4, 1, b"\xff\xfe", -2),
        (5, 1, b"\xff\xff\xff\xfe", -2),
        (6, 1, pack(">ii", 1, 3), (1, 3)),
        (7, 1, pack(">f", 0.5), 0.5),
        (8, 1, pack(">d", -1.25), -1.25),
        (9, 2, b"\x12\x34", b"\x12\x34"),
        (10, 1, pack(">hBB", 2026, 2, 28), date(2026, 2, 28)),
        (10, 1, pack(">hBB", 2026, 2, 30), None),
        (10, 2, pack(">hBBhBB", 2026, 1, 2, 0, 0, 0), (date(2026, 1, 2), None)),
        (11, 1, bytes((23, 59, 58, 7)), time(23, 59, 58, 70_000)),
        (11, 1, bytes((23, 59, 58, 234)), time(23, 59, 58)),
        (11, 1, bytes((24, 0, 0, 0)), None),
        (12, 1, pack(">iiBB", 1, -2, 3, 4), (1, -2, 3, 4)),
        (13, 1, b"\x01", True),
        (13, 1, b"\x00", False),
        (13, 2, b"\x00\x01", (False, True)),
        (14, 1, pack(">hh", 1, -1), (1, -1)),
        (15, 1, pack(">hhhh", 1, 2, 3, 4), (1, 2, 3, 4)),
        (17, 2, pack(">8i", *range(8)), ((0, 1, 2, 3), (4, 5, 6, 7))),
        (18, 5, b"\x04A-01", "A-01"),
        (18, 8, b"\x04A-01\xd0\xa9\xc8", "A-01"),
        (18, 1, b"\x00", ""),
        (18, 0, b"", ""),
        (19, 5, b"A-01\x00", "A-01"),
        (19, 8, b"A-01\x00xyz", "A-01"),
        (19, 4, b"A-01", "A-01"),
        (20, 1, b"ABCD\x00\x00\x00\x07", (b"ABCD", 7)),
        (1024, 1, b"\x00\x01\x02\x03\x04\x05", b"\x00\x01\x02\x03\x04\x05"),
    ],
)
def test_a_value_is_what_its_type_means(
    only: Callable[..., AbifFile], kind: int, elements: int, raw: bytes, meant: object
) -> None:
    value = only(kind, elements, raw).tag("TEST")

    assert value == meant
    assert type(value) is type(meant)


@pytest.mark.parametrize(
    ("kind", "code", "layout", "numbers"),
    [
        (3, "H", ">4H", (0, 1, 40_000, 65_535)),
        (4, "h", ">4h", (-32_768, -1, 0, 32_767)),
        (5, "i", ">4i", (-(2**31), -1, 0, 2**31 - 1)),
        (7, "f", ">4f", (0.5, -0.25, 0.0, 1024.0)),
        (8, "d", ">4d", (0.1, -0.2, 0.0, 1e300)),
    ],
)
def test_several_numbers_are_an_array_in_the_order_of_the_file(
    only: Callable[..., AbifFile], kind: int, code: str, layout: str, numbers: tuple[float, ...]
) -> None:
    value = only(kind, 4, pack(layout, *numbers)).tag("TEST")

    assert isinstance(value, array)
    assert value.typecode == code
    assert tuple(value) == numbers


@pytest.mark.parametrize(
    ("text", "encoding", "told"),
    [
        ("عظم-١٢", "utf-8", "utf-8"),
        ("عظم فخذ", "cp1256", "windows-1256"),
        ("Müller 5µl", "cp1252", "windows-1252"),
        ("Müller", "utf-8", "utf-8"),
        ("GF_1", "utf-16", "utf-16"),
        ("GF_1", "utf-16-be", None),
        ("GF_1", "utf-16-le", None),
    ],
)
def test_a_sample_name_is_read_in_the_encoding_it_was_written_in(
    only: Callable[..., AbifFile], text: str, encoding: str, told: str | None
) -> None:
    raw = text.encode(encoding)
    abif = only(18, 1 + len(raw), bytes((len(raw),)) + raw, name="SpNm")

    assert abif.sample_name == text
    said = [problem for problem in abif.problems if "no ASCII" in problem]
    assert said == ([f"tag SpNm1: its text is no ASCII; it was read as {told}"] if told else [])


def test_a_length_that_counts_letters_does_not_cut_a_name_in_half(
    only: Callable[..., AbifFile],
) -> None:
    raw = "عظم".encode()
    abif = only(18, 1 + len(raw), bytes((3,)) + raw, name="SpNm")

    assert abif.sample_name == "عظم"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (128, "delta compression is not read"),
        (256, "LZW compression is not read"),
        (384, "delta and LZW compression is not read"),
        (77, "its type 77 is unknown"),
        (0, "its type 0 is unknown"),
        (-5, "its type -5 is unknown"),
    ],
)
def test_a_type_that_cannot_be_decoded_is_named_and_has_no_value(
    only: Callable[..., AbifFile], kind: int, words: str
) -> None:
    abif = only(kind, 8, b"12345678")

    assert abif.tag("TEST") is None
    assert f"tag TEST1: {words}" in abif.problems


@pytest.mark.parametrize(
    ("kind", "elements", "raw", "words"),
    [
        (4, 3, b"\x00\x01\x00\x02", "it claims 3 elements of 2 bytes in 4 bytes"),
        (4, 1, b"\x00\x01\x00\x02", "it claims 1 elements of 2 bytes in 4 bytes"),
        (4, -1, b"\x00\x01", "it claims -1 elements in 2 bytes"),
        (18, 5, b"\x09A-01", "it claims a text of 9 bytes in 4 bytes"),
    ],
)
def test_a_value_whose_size_contradicts_itself_is_not_read_short(
    only: Callable[..., AbifFile], kind: int, elements: int, raw: bytes, words: str
) -> None:
    abif = only(kind, elements, raw)

    assert abif.tag("TEST") is None
    assert f"tag TEST1: {words}" in abif.problems


@pytest.mark.parametrize(("kind", "raw"), [(2, b"A-01B"), (18, b"\x05A-01B"), (19, b"A-01B\x00")])
def test_a_text_whose_count_contradicts_its_size_is_read_whole_and_told(
    only: Callable[..., AbifFile], kind: int, raw: bytes
) -> None:
    abif = only(kind, 1, raw)

    assert abif.tag("TEST") == "A-01B"
    assert abif.problems[0] == (
        f"tag TEST1: it claims a text of 1 bytes in {len(raw)}; all of them are read"
    )


def test_all_values_at_one_go_are_the_values_one_by_one(
    make_abif: Make, fragment_tags: Callable[..., list[object]]
) -> None:
    abif = read_abif(make_abif(fragment_tags()), name="run.fsa")

    assert abif.values() == {key: abif.tag(*key) for key in abif.directory}
    assert len(abif.values()) == len(fragment_tags())
