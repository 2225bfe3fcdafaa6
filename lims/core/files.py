# SPDX-License-Identifier: Apache-2.0
"""Stored files: kept once by the SHA-256 of their bytes, never changed, checked when read.

A file of a reference sample lies sealed under the key of its code; its address stays the hash of
its original bytes.
"""

import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from lims.core.errors import StorageFull
from lims.core.sealing import Key


class FileDamaged(Exception):
    """A stored file is missing or its bytes no longer have their hash."""


@dataclass
class _Content:
    """What binds a sealed file to its hash."""

    ref: str
    __tablename__: str = "stored_file"


@dataclass(frozen=True)
class FileStore:
    """A folder of files named by their hash: `ab/abcdef...`; sealed ones bear the code's name."""

    folder: Path
    keep_free_mb: int = 0

    def keep(self, content: bytes, key: Key | None = None) -> str:
        """Store `content` durably before returning its SHA-256 (hex); the same bytes once.

        `key` seals it, where it has a secret. Raises StorageFull when the disk has less than
        `keep_free_mb` left. A file that no row names (a crash before the commit) is harmless: the
        same bytes find it again.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256, key)
        if path.exists():
            return sha256
        if key is not None and key.secret:
            content = key.seal_bytes(content, _Content(sha256), "content")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.check_room()
        path.parent.mkdir(mode=0o700, exist_ok=True)
        fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
        try:
            with open(fresh, "xb") as file:
                os.chmod(fresh, 0o400)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        except OSError as error:
            fresh.unlink(missing_ok=True)
            raise StorageFull(free_mb=self.free_mb()) from error
        _sync_folder(path.parent)
        return sha256

    def read(self, sha256: str, key: Key | None = None) -> bytes:
        """Return the bytes with this hash, opened by the key they were sealed with.

        Raises FileDamaged when they are not what they were, FieldDamaged under another key.
        """
        try:
            content = self._path(sha256, key).read_bytes()
        except OSError as error:
            raise FileDamaged(f"stored file {sha256} cannot be read: {error.strerror}") from error
        if key is not None and key.secret:
            content = key.open_bytes(content, _Content(sha256), "content")
        if hashlib.sha256(content).hexdigest() != sha256:
            raise FileDamaged(f"stored file {sha256} has been changed on disk")
        return content

    def free_mb(self) -> int:
        """Return the free room of the disk in megabytes."""
        place = self.folder if self.folder.exists() else self.folder.parent
        return shutil.disk_usage(place).free // 1_000_000

    def check_room(self) -> None:
        """Raise StorageFull when there is too little room for new work."""
        free = self.free_mb()
        if free < self.keep_free_mb:
            raise StorageFull(free_mb=free)

    def _path(self, sha256: str, key: Key | None) -> Path:
        name = f"{sha256}.{key.ref}.sealed" if key is not None and key.secret else sha256
        return self.folder / sha256[:2] / name


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
