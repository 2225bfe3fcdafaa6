# SPDX-License-Identifier: Apache-2.0
"""Keys of the ledger: certified for a month, each destroyed after its day."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lims.custody import operations, verifier
from lims.custody.rules import NoDailyKey

ORIGIN = "osteon.example/test"


def test_one_sitting_certifies_31_days(keys: Any, at: datetime) -> None:
    days = operations.certified_days(keys.folder)
    assert len(days) == operations.days_left(keys.folder, at=at) == 31
    for day in days:
        note = verifier.read_note((keys.checkpoints / f"{day}.certificate").read_bytes())
        named, certified = verifier.read_certificate(note.text)
        assert named == day.isoformat()
        assert note.signed_by(keys.public)
        assert keys.signer(at + (day - days[0])).key == certified


def test_a_later_sitting_adds_only_the_days_that_are_missing(keys: Any, at: datetime) -> None:
    def again(days_later: int) -> int:
        first = at.date() + timedelta(days=days_later)
        return len(
            operations.certify_days(keys.folder, keys.checkpoints, keys.long_term, first=first)
        )

    assert again(0) == 0
    assert again(10) == 10
    assert operations.days_left(keys.folder, at=at) == 41


def test_the_secret_of_a_day_is_destroyed_after_the_day(keys: Any, at: datetime) -> None:
    today = at.date()
    assert operations.destroy_past_keys(keys.folder, at=at) == ()
    gone = operations.destroy_past_keys(keys.folder, at=at + timedelta(days=2))
    assert gone == (today, today + timedelta(days=1))
    with pytest.raises(NoDailyKey, match=str(today)):
        keys.signer(at)
    operations.certify_days(keys.folder, keys.checkpoints, keys.long_term, first=today)
    with pytest.raises(NoDailyKey):
        keys.signer(at)
    assert (keys.checkpoints / f"{today}.certificate").exists()


def test_a_warning_comes_seven_days_before_the_last_certified_day(keys: Any, at: datetime) -> None:
    assert not operations.certification_due(keys.folder, at=at + timedelta(days=23))
    assert operations.certification_due(keys.folder, at=at + timedelta(days=24))
    assert operations.days_left(keys.folder, at=at + timedelta(days=31)) == 0


def test_a_sitting_that_was_cut_short_is_finished_by_the_next(keys: Any, at: datetime) -> None:
    day = at.date() + timedelta(days=3)
    (keys.checkpoints / f"{day}.certificate").unlink()
    made = operations.certify_days(keys.folder, keys.checkpoints, keys.long_term, first=at.date())
    assert made == (day,)
    note = verifier.read_note((keys.checkpoints / f"{day}.certificate").read_bytes())
    assert verifier.read_certificate(note.text)[1] == keys.signer(at + timedelta(days=3)).key


@pytest.mark.skipif(os.name != "posix", reason="modes of files are POSIX's")
def test_nobody_else_can_read_the_keys(keys: Any) -> None:
    assert keys.folder.stat().st_mode & 0o077 == 0
    for path in keys.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_ledger_keeps_its_long_term_key(keys: Any) -> None:
    with pytest.raises(FileExistsError):
        operations.create_long_term_key(keys.folder, origin=ORIGIN)


def test_keys_under_a_passphrase_open_with_it_alone(tmp_path: Path, at: datetime) -> None:
    folder, checkpoints, words = tmp_path / "keys", tmp_path / "checkpoints", "عبارة سرّ".encode()
    public = operations.create_long_term_key(folder, origin=ORIGIN, passphrase=words)
    signer = operations.long_term_signer(folder, origin=ORIGIN, passphrase=words)
    assert signer.key == public
    operations.certify_days(folder, checkpoints, signer, first=at.date(), days=1, passphrase=words)
    daily = operations.daily_signer(folder, origin=ORIGIN, at=at, passphrase=words)
    assert verifier.ed25519_verify(daily.key.public, b"x", daily.sign(b"x"))
    for wrong in (b"", b"other"):
        with pytest.raises(operations.BadKeyFile, match="does not open"):
            operations.long_term_signer(folder, origin=ORIGIN, passphrase=wrong)
        with pytest.raises(operations.BadKeyFile, match="does not open"):
            operations.daily_signer(folder, origin=ORIGIN, at=at, passphrase=wrong)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "osteon ledger secret v1\n",
        "osteon ledger secret v1\nosteon.example/test\nplain AAAA\n",
        "osteon ledger secret v1\nosteon.example/test\nplain ****\n",
        "osteon ledger secret v1\nosteon.example/test\nrot13 AAAA\n",
        "osteon ledger secret v1\nosteon.example/other\nplain AAAA\n",
    ],
)
def test_a_damaged_key_file_is_refused(keys: Any, content: str) -> None:
    path = keys.folder / "ledger.secret"
    path.write_text(content)
    with pytest.raises(operations.BadKeyFile):
        operations.long_term_signer(keys.folder, origin=ORIGIN)


def test_the_key_of_one_day_cannot_stand_in_for_another(keys: Any, at: datetime) -> None:
    tomorrow = at + timedelta(days=1)
    path = keys.folder / f"day-{tomorrow.date()}.secret"
    path.write_text((keys.folder / f"day-{at.date()}.secret").read_text())
    with pytest.raises(operations.BadKeyFile, match="expected"):
        keys.signer(tomorrow)
