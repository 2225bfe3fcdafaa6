# SPDX-License-Identifier: Apache-2.0
"""The settings file: what is wrong in it is named, nothing is guessed."""

from dataclasses import replace
from pathlib import Path

import pytest

from lims.core.settings import BadSettings, Settings, read_settings, write_settings


def test_settings_are_read_as_they_were_written(tmp_path: Path) -> None:
    written = Settings(
        folder=tmp_path / "lab", laboratory='The "Laboratory" \\ One', port=9000,
        url="postgresql+psycopg://lims_app:secret@localhost/lims", demonstration=True,
    )  # fmt: skip
    write_settings(written)

    assert read_settings(tmp_path / "lab") == written
    assert (tmp_path / "lab" / "lims.toml").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("colour = 'red'", "unknown key 'colour'"),
        ("port = '8400'", "port is '8400', expected int"),
        ("port = true", "port is True, expected int"),
        ("zone = 'Mars/Olympus'", "is not a time zone"),
        ("language = 'fr'", "expected 'en' or 'ar'"),
        ("origin = 'has space'", "holds a space"),
        ("port = ", "lims.toml"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "lims.toml").write_text(text)

    with pytest.raises(BadSettings, match=problem):
        read_settings(tmp_path)


def test_a_folder_that_is_no_laboratory_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="lims init"):
        read_settings(tmp_path)


def test_a_missing_passphrase_is_said_in_words(tmp_path: Path) -> None:
    settings = replace(Settings(folder=tmp_path), passphrase_file=str(tmp_path / "stick"))

    with pytest.raises(BadSettings, match="insert the stick"):
        _ = settings.passphrase
    (tmp_path / "stick").write_bytes(b"open sesame\nrest")
    assert settings.passphrase == b"open sesame"
