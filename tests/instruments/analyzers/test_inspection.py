# SPDX-License-Identifier: Apache-2.0
"""What is said of a file by its inspection, under names that other programs rely on."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from instruments.analyzers.inspection import inspect

KEYS = {
    *("path", "sha256", "format", "abif_version", "sample_name", "well", "plate", "run_name"),
    *("instrument_model", "instrument_serial", "run_started", "injection_id", "size_standard"),
    *("dyes", "channels", "signal", "generations", "off_scale", "problems"),
}


def test_a_readable_file_is_described_under_the_fixed_names(
    make_abif: Callable[..., bytes], fragment_tags: Callable[..., list[object]]
) -> None:
    content = make_abif(fragment_tags())
    said = inspect(content, path="runs/A01.fsa").as_json()

    assert set(said) == KEYS
    assert json.loads(json.dumps(said)) == said
    channels = said.pop("channels")
    assert said == {
        "path": "runs/A01.fsa",
        "sha256": sha256(content).hexdigest(),
        "format": "ABIF",
        "abif_version": 101,
        "sample_name": "X7A-4KQ-9MC",
        "well": "A01",
        "plate": "PLATE",
        "run_name": None,
        "instrument_model": None,
        "instrument_serial": None,
        "run_started": "2026-03-14T09:26:53",
        "injection_id": None,
        "size_standard": None,
        "dyes": ["FAM-6", "VIC-6", "NED-6", "LIZ-6"],
        "signal": "current",
        "generations": 1,
        "off_scale": [],
        "problems": [],
    }
    assert channels == {str(dye): [100 * dye + scan for scan in range(50)] for dye in (1, 2, 3, 4)}


def test_an_unreadable_file_is_described_by_its_hash_and_what_is_wrong() -> None:
    said = inspect(b"", path="runs/empty.fsa").as_json()

    assert said == {
        "path": "runs/empty.fsa",
        "sha256": sha256(b"").hexdigest(),
        "error": "runs/empty.fsa cannot be read: first bytes: "
        'expected the letters "ABIF", found an empty file.',
    }


@pytest.mark.data
def test_a_hid_file_is_described_with_all_six_channels(shared_data: Path) -> None:
    path = shared_data / "abif/osiris/globalfiler-hid/GF_1_FTA_A01_01.hid"
    said = inspect(path.read_bytes(), path=path.name).as_json()

    assert set(said) == KEYS
    assert said["signal"] == "earlier generation"
    assert said["generations"] == 5
    assert said["dyes"] == ["6-FAM", "VIC", "NED", "PET", "LIZ", "SID"]
    channels = said["channels"]
    assert isinstance(channels, dict)
    assert {dye: len(points) for dye, points in channels.items()} == dict.fromkeys("123456", 9639)
    assert said["problems"] == []


@pytest.mark.data
def test_every_file_at_hand_is_described_or_refused(shared_data: Path) -> None:
    answers = [
        inspect(path.read_bytes(), path=path.name)
        for path in sorted((shared_data / "abif").rglob("*"))
        if path.suffix in (".fsa", ".ab1", ".hid")
    ]

    assert {answer.path for answer in answers if answer.error} == {
        "dir_count_huge.fsa",
        "empty.fsa",
        "fake.ab1",
        "header_only.fsa",
        "lfs_pointer.hid",
        "truncated_half.fsa",
        "zip_renamed.fsa",
    }
    assert all(json.dumps(answer.as_json()) for answer in answers)
