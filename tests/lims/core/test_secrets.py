# SPDX-License-Identifier: Apache-2.0
"""Secrets of the installation: made once, closed to others, encrypted under a passphrase."""

import threading
from pathlib import Path

import pytest

from lims.core.secrets import LENGTH, SecretUnreadable, secret


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    keys = tmp_path / "keys"

    first, again = secret(keys, "a.key"), secret(keys, "a.key")

    assert first == again
    assert len(first) == LENGTH
    assert (keys / "a.key").stat().st_mode & 0o077 == 0
    assert list(keys.iterdir()) == [keys / "a.key"]


def test_a_secret_under_a_passphrase_opens_with_that_one_alone(tmp_path: Path) -> None:
    made = secret(tmp_path, "a.key", b"of the stick")

    assert made not in (tmp_path / "a.key").read_bytes()
    assert secret(tmp_path, "a.key", b"of the stick") == made
    with pytest.raises(SecretUnreadable):
        secret(tmp_path, "a.key", b"another")


def test_a_secret_moved_under_another_name_does_not_open(tmp_path: Path) -> None:
    secret(tmp_path, "a.key", b"p")
    (tmp_path / "a.key").rename(tmp_path / "b.key")

    with pytest.raises(SecretUnreadable):
        secret(tmp_path, "b.key", b"p")


def test_a_cut_secret_is_refused(tmp_path: Path) -> None:
    secret(tmp_path, "a.key")
    (tmp_path / "a.key").write_bytes(b"short")

    with pytest.raises(SecretUnreadable):
        secret(tmp_path, "a.key")


def test_twelve_threads_that_ask_first_get_the_same_secret(tmp_path: Path) -> None:
    start = threading.Barrier(12)
    found: list[bytes] = []

    def ask() -> None:
        start.wait()
        found.append(secret(tmp_path / "keys", "a.key"))

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(found)) == 1
