# SPDX-License-Identifier: Apache-2.0
"""Stored files: once by content, never changed unseen, refused where there is no room."""

import hashlib
import os
from pathlib import Path

import pytest

from lims.core.errors import StorageFull
from lims.core.files import FileDamaged, FileStore


def test_the_same_bytes_are_stored_once_and_read_back(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")

    first, again = store.keep(b"peaks"), store.keep(b"peaks")

    assert first == again == hashlib.sha256(b"peaks").hexdigest()
    assert store.read(first) == b"peaks"
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1


def test_a_file_changed_on_disk_is_not_handed_out(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files")
    sha256 = store.keep(b"peaks")
    path = store.folder / sha256[:2] / sha256
    os.chmod(path, 0o600)
    path.write_bytes(b"other")

    with pytest.raises(FileDamaged, match="changed on disk"):
        store.read(sha256)


def test_a_file_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with pytest.raises(FileDamaged, match="cannot be read"):
        FileStore(tmp_path).read("ab" * 32)


def test_nothing_is_stored_where_the_disk_has_too_little_room(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "files", keep_free_mb=10**9)

    with pytest.raises(StorageFull):
        store.keep(b"peaks")
    assert [path for path in store.folder.rglob("*") if path.is_file()] == []
