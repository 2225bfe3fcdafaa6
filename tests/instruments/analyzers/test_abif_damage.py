# SPDX-License-Identifier: Apache-2.0
"""A damaged file is refused with what is wrong, or read with the damage named: never half."""

import random
from collections.abc import Callable
from pathlib import Path
from struct import pack, pack_into

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instruments.analyzers.abif import read_abif
from instruments.analyzers.contents import LARGEST_FILE
from instruments.analyzers.errors import AnalyzerFileError
from instruments.analyzers.inspection import inspect

Make = Callable[..., bytes]
Tags = Callable[..., list[object]]


def _refusal(content: bytes) -> AnalyzerFileError:
    with pytest.raises(AnalyzerFileError) as refused:
        read_abif(content, name="run.fsa")
    return refused.value


@pytest.mark.parametrize(
    ("content", "reason", "words"),
    [
        (b"", "not-abif-empty", "an empty file"),
        (b"\x00" * 500, "not-abif-zeros", "only zero bytes"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 5\n",
            "not-abif-git-lfs-pointer",
            "never downloaded",
        ),
        (b"PK\x03\x04" + bytes(200), "not-abif-zip", "a zip archive"),
        (b"\x1f\x8b\x08" + bytes(200), "not-abif-gzip", "a gzip archive"),
        (b">sample 1\nGATTACA\n", "not-abif-fasta", "a FASTA sequence file"),
        (b"This is a fake trace file\n", "not-abif-text", "a text file"),
        (b"<?xml version='1.0'?><OsirisAnalysisReport/>", "not-abif-xml", "an XML"),
        (b"%PDF-1.7\n", "not-abif-pdf", "a PDF"),
        (b"FIBA\x00\x65" + bytes(300), "not-abif-unknown", "46 49 42 41"),
        (b"ABIF", "truncated", "the file's end at byte 4"),
        (b"ABIF\x00\x65" + bytes(122), "header-damaged", "bytes 00 00 00 00"),
    ],
)
def test_what_is_no_analyzer_file_is_refused_as_what_it_is(
    content: bytes, reason: str, words: str
) -> None:
    refusal = _refusal(content)

    assert refusal.reason == reason
    assert words in str(refusal)
    assert str(refusal).startswith("run.fsa cannot be read: ")
    assert str(refusal).endswith(".")


def test_a_file_larger_than_any_analyzer_writes_is_refused_unread() -> None:
    assert _refusal(b"ABIF" + bytes(LARGEST_FILE)).reason == "too-large"


def test_a_file_cut_anywhere_before_its_directory_ends_is_refused(
    make_abif: Make, fragment_tags: Tags
) -> None:
    whole = make_abif(fragment_tags())
    # Behind the directory lies one empty entry's room.
    for length in range(34, len(whole) - 28):
        assert _refusal(whole[:length]).reason == "truncated"


def test_a_file_cut_behind_its_last_tag_is_read_and_the_loss_told(
    make_abif: Make, fragment_tags: Tags
) -> None:
    abif = read_abif(make_abif(fragment_tags())[:-5], name="run.fsa")

    assert abif.problems == ("the file ends 5 bytes before the directory's room does",)


@pytest.mark.parametrize(
    ("place", "value", "reason"),
    [
        (18, 0, "directory-impossible"),
        (18, -1, "directory-impossible"),
        (18, 2**31 - 1, "directory-impossible"),
        (18, 5_000, "truncated"),
        (26, -1, "directory-impossible"),
        (26, 0, "directory-impossible"),
        (26, 2**31 - 1, "truncated"),
        (26, 140, "directory-impossible"),
    ],
)
def test_a_directory_that_cannot_be_is_refused(
    make_abif: Make, fragment_tags: Tags, place: int, value: int, reason: str
) -> None:
    content = bytearray(make_abif(fragment_tags()))
    pack_into(">i", content, place, value)

    assert _refusal(bytes(content)).reason == reason


def test_a_count_that_was_made_smaller_cannot_hide_channels(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = bytearray(make_abif(fragment_tags()))
    pack_into(">i", content, 18, 3)
    abif = read_abif(bytes(content), name="run.fsa")

    assert abif.raw(3) is None
    assert any("counts 3 tags, but more follow" in problem for problem in abif.problems)


def test_values_that_claim_the_file_many_times_over_are_refused(
    make_abif: Make, make_tag: Callable[..., object]
) -> None:
    content = bytearray(make_abif([make_tag("DATA", n, 4, 1000, bytes(2000)) for n in range(9)]))
    start = int.from_bytes(content[26:30], "big")
    for entry in range(start, start + 9 * 28, 28):
        pack_into(">iii", content, entry + 12, 9_000, 18_000, 128)

    assert "claim 162000 bytes" in _refusal(bytes(content)).found


def test_a_channel_whose_place_lies_outside_the_file_is_lost_and_named(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = bytearray(make_abif(fragment_tags()))
    entry = content.index(b"DATA\x00\x00\x00\x02")
    pack_into(">i", content, entry + 20, len(content) - 10)
    abif = read_abif(bytes(content), name="run.fsa")

    assert abif.raw(2) is None
    assert [dye for dye in range(1, 5) if abif.raw(dye) is not None] == [1, 3, 4]
    assert abif.signal == "current"
    assert any(problem.startswith("tag DATA2: its 100 bytes") for problem in abif.problems)
    assert "raw channels that cannot be read: DATA2" in abif.problems
    assert abif.sample_name == "X7A-4KQ-9MC"


def test_a_channel_that_was_moved_onto_another_is_noticed(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = bytearray(make_abif(fragment_tags()))
    first, second = (content.index(b"DATA\x00\x00\x00" + bytes((n,))) for n in (1, 2))
    content[second + 20 : second + 24] = content[first + 20 : first + 24]
    abif = read_abif(bytes(content), name="run.fsa")

    assert any("share bytes" in problem for problem in abif.problems)


def test_no_flipped_bit_of_the_directory_changes_a_channel_unnoticed(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = make_abif(fragment_tags())
    whole = read_abif(content, name="run.fsa")
    channels = {dye: whole.raw(dye) for dye in range(1, 9)}
    unnoticed = []
    for place in (*range(4, 34), *range(whole.header.position, len(content))):
        for bit in range(8):
            mutant = bytearray(content)
            mutant[place] ^= 1 << bit
            answer = inspect(bytes(mutant), path="run.fsa")
            if answer.file is None or answer.problems:
                continue
            if any(answer.file.raw(dye) != channels[dye] for dye in channels):
                unnoticed.append((place - whole.header.position, bit))

    assert unnoticed == []


def test_a_channel_shorter_than_the_run_is_noticed(make_abif: Make, fragment_tags: Tags) -> None:
    content = bytearray(make_abif(fragment_tags()))
    for dye in (1, 2, 3, 4):
        entry = content.index(b"DATA\x00\x00\x00" + bytes((dye,)))
        pack_into(">ii", content, entry + 12, 40, 80)
    assert "the raw channels hold 40 points of 50 scans" in (
        read_abif(bytes(content), name="run.fsa").problems
    )
    pack_into(">ii", content, content.index(b"DATA\x00\x00\x00\x01") + 12, 30, 60)
    assert "the raw channels differ in length: 30, 40, 40, 40 points" in (
        read_abif(bytes(content), name="run.fsa").problems
    )


def test_a_channel_too_few_for_the_dyes_is_noticed(make_abif: Make, fragment_tags: Tags) -> None:
    tags = [tag for tag in fragment_tags() if tag[:2] != ("DATA", 4)]  # type: ignore[index] # tags are tuples
    abif = read_abif(make_abif(tags), name="run.fsa")

    assert "the file announces 4 dyes and lists 3 raw channels" in abif.problems


def test_scrambled_channels_are_read_from_the_newest_plain_directory(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = make_abif(
        fragment_tags(level=100), fragment_tags(level=200), fragment_tags(data_kind=28)
    )
    abif = read_abif(content, name="run.hid")

    assert abif.signal == "earlier generation"
    assert [generation.plain for generation in abif.generations] == [True, True, False]
    raw = abif.raw(3)
    assert raw is not None
    assert (raw[0], raw[49]) == (600, 649)
    assert abif.problems == ()


def test_scrambled_channels_without_a_plain_directory_are_told_and_never_empty(
    make_abif: Make, fragment_tags: Tags
) -> None:
    abif = read_abif(make_abif(fragment_tags(data_kind=28)), name="run.hid")

    assert abif.signal == "unreadable"
    assert abif.raw(1) is None
    assert abif.sample_name == "X7A-4KQ-9MC"
    assert abif.problems == (
        "the signal is scrambled and no earlier plain generation is in the file; "
        "only what is said of the injection is read",
    )


def test_a_damaged_channel_is_taken_from_the_generation_before(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = bytearray(make_abif(fragment_tags(), fragment_tags()))
    entry = content.rindex(b"DATA\x00\x00\x00\x02")
    pack_into(">i", content, entry + 20, 2**31 - 1)
    abif = read_abif(bytes(content), name="run.fsa")

    assert abif.signal == "earlier generation"
    raw = abif.raw(2)
    assert raw is not None
    assert len(raw) == 50
    assert any(problem.startswith("tag DATA2: ") for problem in abif.problems)


def test_the_directory_of_another_injection_is_never_taken_for_an_earlier_generation(
    make_abif: Make, fragment_tags: Tags, make_tag: Callable[..., object]
) -> None:
    def with_id(tags: list[object], letter: bytes) -> list[object]:
        return [make_tag("LIMS", 1, 18, 5, b"\x04" + letter * 4), *tags]

    content = make_abif(with_id(fragment_tags(), b"a"), with_id(fragment_tags(data_kind=28), b"b"))

    assert read_abif(content, name="run.hid").signal == "unreadable"


def test_a_sample_that_was_renamed_after_its_run_is_noticed(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = make_abif(fragment_tags(sample="X7A-4KQ-9MC"), fragment_tags(sample="R3D-9PW-7TN"))
    inspection = inspect(content, path="run.fsa")

    assert inspection.file is not None
    assert [tuple(renaming) for renaming in inspection.file.renamed] == [
        ("sample name", "X7A-4KQ-9MC", "R3D-9PW-7TN")
    ]
    assert inspection.problems == (
        'the sample name was "X7A-4KQ-9MC" when the file was saved before, '
        'and is "R3D-9PW-7TN" now',
    )


def test_the_header_of_an_old_macintosh_is_skipped_and_told(
    make_abif: Make, fragment_tags: Tags
) -> None:
    abif = read_abif(bytes(128) + make_abif(fragment_tags()), name="run.fsa")

    assert abif.problems == ("a MacBinary header of 128 bytes precedes the file; it was skipped",)
    assert abif.raw(4) is not None


@pytest.mark.parametrize(
    ("well", "normal"),
    [("A1", "A01"), ("a01", "A01"), ("H12", "H12"), ("P24", "P24"), (" b7 ", "B07")],
)
def test_a_well_is_given_with_letter_and_two_digits(
    make_abif: Make, fragment_tags: Tags, well: str, normal: str
) -> None:
    assert read_abif(make_abif(fragment_tags(well=well)), name="run.fsa").well == normal


@pytest.mark.parametrize("well", ["A0", "Q1", "A25", "A1B", "12"])
def test_what_is_no_well_is_told(make_abif: Make, fragment_tags: Tags, well: str) -> None:
    abif = read_abif(make_abif(fragment_tags(well=well)), name="run.fsa")

    assert abif.well is None
    assert f'the well "{well}" is no position of a plate' in abif.problems


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("dir_count_huge.fsa", "directory-impossible"),
        ("empty.fsa", "not-abif-empty"),
        ("header_only.fsa", "truncated"),
        ("lfs_pointer.hid", "not-abif-git-lfs-pointer"),
        ("truncated_half.fsa", "truncated"),
        ("zip_renamed.fsa", "not-abif-zip"),
    ],
)
def test_the_damaged_files_that_hold_nothing_to_trust_are_refused(
    shared_data: Path, file: str, reason: str
) -> None:
    assert _refusal((shared_data / "abif" / "damaged" / file).read_bytes()).reason == reason


@pytest.mark.data
@pytest.mark.parametrize(
    ("file", "problem", "channels"),
    [
        ("data_count_2_30.fsa", "tag DATA1: ", [2, 3, 4]),
        ("data_offset_outside.fsa", "tag DATA1: ", [2, 3, 4]),
        ("mac_128_byte_prefix.fsa", "a MacBinary header", [1, 2, 3, 4]),
        ("run_date_zero.fsa", "tag RUND1: 0-0-0 is no calendar date", [1, 2, 3, 4]),
        ("sample_name_utf8_arabic.fsa", "tag SpNm1: its text is no ASCII", [1, 2, 3, 4]),
    ],
)
def test_the_damaged_files_that_hold_intact_channels_are_read_with_the_damage_named(
    shared_data: Path, file: str, problem: str, channels: list[int]
) -> None:
    content = (shared_data / "abif" / "damaged" / file).read_bytes()
    abif = read_abif(content, name=file)

    assert abif.problems[0].startswith(problem)
    assert [dye for dye in range(1, 9) if abif.raw(dye) is not None] == channels
    assert all(len(abif.raw(dye) or ()) == 12_450 for dye in channels)


def _take_everything(content: bytes) -> None:
    answer = inspect(content, path="run.fsa")
    if answer.file is None:
        assert str(answer.error).startswith("run.fsa cannot be read: ")
        return
    abif = answer.file
    abif.values()
    assert isinstance(abif.renamed, tuple)
    assert isinstance(abif.consumables + abif.audits, tuple)
    assert abif.conditions
    assert len(abif.raw_channels_sha256) == 64
    for dye in range(1, 9):
        raw = abif.raw(dye)
        assert raw is None or len(raw) > 0
    assert "error" not in answer.as_json()


def _mutants(content: bytes, rng: random.Random, rounds: int) -> None:
    start = int.from_bytes(content[26:30], "big")
    for _ in range(rounds):
        mutant = bytearray(content)
        for _ in range(rng.choice((1, 1, 2, 8, 40))):
            place = rng.choice(
                (
                    rng.randrange(len(mutant)),
                    rng.randrange(128),
                    min(len(mutant) - 1, start + rng.randrange(4_000)),
                )
            )
            mutant[place] = rng.choice((mutant[place] ^ 1 << rng.randrange(8), 0, 127, 128, 255))
        if rng.random() < 0.1:
            del mutant[rng.randrange(len(mutant)) :]
        _take_everything(bytes(mutant))


@pytest.mark.data
def test_no_flipped_bit_of_a_real_file_raises_anything_but_the_one_error(
    shared_data: Path,
) -> None:
    rng = random.Random(20260314)  # noqa: S311 # a fixed sequence of mutants, no secret
    for file in (
        "osiris/powerplex16-run/positive control.fsa",
        "osiris/globalfiler-hid/GF_1_FTA_A01_01.hid",
        "fraggler/no_peaks.fsa",
        "biopython/310.ab1",
    ):
        _mutants((shared_data / "abif" / file).read_bytes(), rng, rounds=150)


def test_no_flipped_bit_of_a_made_file_raises_anything_but_the_one_error(
    make_abif: Make, fragment_tags: Tags
) -> None:
    content = make_abif(fragment_tags(), fragment_tags(data_kind=28))
    _mutants(content, random.Random(7), rounds=1_500)  # noqa: S311 # as above


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400))
def test_no_bytes_whatever_raise_anything_but_the_one_error(content: bytes) -> None:
    _take_everything(content)
    _take_everything(b"ABIF\x00\x65tdir" + pack(">ihh", 1, 1023, 28) + content)
