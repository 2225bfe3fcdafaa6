# SPDX-License-Identifier: Apache-2.0
"""Kits, controls and the names of size standards are understood or refused with a reason."""

import json

import pytest

from instruments.analyzers.kit import (
    Kit,
    KitError,
    MarkerKind,
    SizeStandard,
    allele_order,
    control_name,
    read_controls,
    read_kit,
    read_size_standards,
)
from instruments.analyzers.size_standards import (
    named_size_standard,
    size_standards_of,
    without_shaky,
)

KIT = {
    "name": "Two Loci",
    "aliases": ["2L"],
    "maker": "Nobody",
    "source": "made for this test",
    "size_standard_dye": 5,
    "size_standards": ["ABI-LIZ-500"],
    "positive_controls": ["9947A"],
    "dyes": [
        {"number": 1, "name": "6-FAM", "colour": "blue"},
        {"number": 5, "name": "LIZ", "colour": "orange"},
    ],
    "markers": [
        {"name": "TH01", "kind": "autosomal", "dye": 1, "bp": [160, 205], "repeat": 4,
         "max_alleles": 2, "ladder": "9:183 9.3:186 10:187", "windows": {"": [150, 210]}},
        {"name": "AMEL", "kind": "sex", "dye": 1, "bp": [100, 115], "repeat": 6,
         "max_alleles": 2, "ladder": "X:103 Y:109"},
    ],
}  # fmt: skip
FULL = [75, 100, 139, 150, 160, 200, 250, 300, 340, 350, 400, 450, 490, 500]
STANDARDS = {
    "families": [
        {
            "name": "ABI-LIZ-500",
            "dye": "LIZ",
            "aliases": ["GS500LIZ", "GSLIZ500"],
            "variants": [{"name": "LIZ500", "accept": 99300, "bp": FULL}],
        },
        {
            "name": "ABI-LIZ-600",
            "dye": "LIZ",
            "aliases": ["GS600LIZ"],
            "variants": [{"name": "LIZ600", "accept": 99300, "bp": list(range(60, 601, 20))}],
        },
        {
            "name": "PROMEGA-ILS-600",
            "dye": "CXR",
            "aliases": ["ILS600"],
            "variants": [{"name": "ILS 60-600", "accept": 99300, "bp": list(range(60, 601, 20))}],
        },
    ]
}


def kit_of(**changes: object) -> Kit:
    return read_kit(json.dumps(KIT | changes).encode())


def standards() -> tuple[SizeStandard, ...]:
    return read_size_standards(json.dumps(STANDARDS).encode())


def test_a_kit_is_read_with_sizes_in_hundredths_of_a_base_pair() -> None:
    kit = kit_of()

    marker = kit.marker("THO1")
    assert (marker.name, marker.kind, marker.order) == ("TH01", MarkerKind.AUTOSOMAL, 1)
    assert [(rung.name, rung.size) for rung in marker.ladder] == [
        ("9", 18300),
        ("9.3", 18600),
        ("10", 18700),
    ]
    assert marker.window("ABI-LIZ-500") == (15000, 21000)
    assert kit.marker("Amelogenin").kind is MarkerKind.SEX
    assert kit.marker("AMEL").window("any") == (10000, 11500)
    assert [marker.name for marker in kit.markers_of(1)] == ["AMEL", "TH01"]
    assert kit.is_called("two-loci")
    assert kit.is_called("2L")
    assert not kit.has_marker("FGA")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"markers": []}, "kit-markers-wrong"),
        ({"markers": [KIT["markers"][0], KIT["markers"][0]]}, "kit-markers-wrong"),
        ({"size_standard_dye": 4}, "kit-dyes-wrong"),
        ({"size_standard_dye": 1}, "marker-dye-wrong"),
        ({"dyes": [{"number": 1}]}, "kit-incomplete"),
        ({"markers": [KIT["markers"][0] | {"ladder": "9:183 9:183"}]}, "marker-ladder-not-rising"),
        ({"markers": [KIT["markers"][0] | {"repeat": 0}]}, "marker-figures-wrong"),
        ({"markers": [KIT["markers"][0] | {"ladder": "9 10"}]}, "kit-incomplete"),
        ({"markers": [KIT["markers"][0] | {"kind": "odd"}]}, "kit-incomplete"),
    ],
)
def test_a_kit_that_contradicts_itself_is_refused(changes: dict[str, object], reason: str) -> None:
    with pytest.raises(KitError) as refusal:
        kit_of(**changes)

    assert refusal.value.reason == reason


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"[1]", b"{"])
def test_a_file_that_is_no_json_object_is_refused(content: bytes) -> None:
    for read in (read_kit, read_size_standards, read_controls):
        with pytest.raises(KitError):
            read(content)


def test_an_unknown_marker_is_refused_by_name() -> None:
    with pytest.raises(KitError, match="D99S1"):
        kit_of().marker("D99S1")


def test_control_alleles_are_read_in_order_of_length() -> None:
    controls = read_controls(b'{"controls": {"9947A": {"TH01": "9.3/8", "AMEL": "X/Y"}}}')

    assert controls == {"9947A": {"TH01": ("8", "9.3"), "AMEL": ("X", "Y")}}
    assert sorted(["10", "9.3", "9", "Y", "X"], key=allele_order) == ["9", "9.3", "10", "X", "Y"]
    assert control_name("Control DNA 007", ["9947A", "DNA007"]) == "DNA007"
    assert control_name("2800", ["9947A", "DNA007"]) is None


@pytest.mark.parametrize(
    ("written", "family", "left_out"),
    [
        ("GSLIZ500-250POP6.szs", "ABI-LIZ-500", (25000,)),
        ("GS500-250LIZ", "ABI-LIZ-500", (25000,)),
        ("GS500(-250)LIZ", "ABI-LIZ-500", (25000,)),
        ("GS500LIZ", "ABI-LIZ-500", ()),
        ("GS600LIZ+Normal", "ABI-LIZ-600", ()),
        ("ILS600", "PROMEGA-ILS-600", ()),
        ("ILS_600", "PROMEGA-ILS-600", ()),
    ],
)
def test_the_names_that_analyzers_write_mean_a_size_standard(
    written: str, family: str, left_out: tuple[int, ...]
) -> None:
    standard = named_size_standard(written, standards())

    assert standard is not None
    assert (standard.family, standard.omitted) == (family, left_out)
    assert not set(left_out) & set(standard.peaks)


def test_a_range_in_the_name_limits_the_size_standard() -> None:
    standard = named_size_standard("GS600(80-460)LIZ+Normal", standards())

    assert standard is not None
    assert (standard.peaks[0], standard.peaks[-1]) == (8000, 46000)


def test_a_size_standard_of_another_kit_is_not_accepted() -> None:
    assert named_size_standard("ILS600", standards(), kit=kit_of()) is None
    assert named_size_standard("unheard of", standards()) is None


def test_a_peak_that_moves_with_temperature_is_left_out_whatever_the_name_says() -> None:
    named = named_size_standard("GS500LIZ", standards())
    assert named is not None

    used = without_shaky(named)

    assert (25000 in named.peaks, 25000 in used.peaks, used.omitted) == (True, False, (25000,))
    assert without_shaky(used) is used


def test_with_a_kit_the_standard_need_only_reach_over_the_kit() -> None:
    named = named_size_standard("GS500-250LIZ", standards(), kit=kit_of())
    usual = size_standards_of(kit_of(), standards())

    assert named is not None
    assert named.peaks == (7500, 10000, 13900, 15000, 16000, 20000)
    assert [standard.family for standard in usual] == ["ABI-LIZ-500"]
