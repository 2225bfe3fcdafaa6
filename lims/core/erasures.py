# SPDX-License-Identifier: Apache-2.0
"""The list of erasures: which keys were destroyed, kept apart from the database.

A database restored from an older copy holds keys again that were destroyed since. The list, in
`keys/erasures`, is read whenever the laboratory is opened, and they are destroyed again. It names
random names of keys and days, nothing else; each line carries an HMAC over itself and the line
before, so that none can be changed, and none taken out but the last ones.
"""

import hmac
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from lims.core.secrets import secret
from lims.core.settings import Settings

if os.name == "posix":
    import fcntl

LIST_FILE, KEY_FILE = "erasures", "erasures.key"
PERSON, CODE = "person", "code"
_BEGIN = "osteon erasures 1"


class ErasureListBroken(Exception):
    """The list of erasures was changed: nothing is opened before somebody looked into it."""


@dataclass(frozen=True, order=True)
class DestroyedKey:
    """A key that was destroyed: of a person's record or of a code, by its random name."""

    kind: str
    ref: str


@dataclass(frozen=True)
class ErasureList:
    """The file `keys/erasures`."""

    path: Path
    key: bytes = field(repr=False)

    def read(self) -> dict[DestroyedKey, date]:
        """Return every key on the list, with the day. Raises ErasureListBroken."""
        return dict(self._lines()[0])

    def add(self, keys: Collection[DestroyedKey], *, on: date) -> int:
        """Write keys that are not on the list yet, durably; return how many were new."""
        with self._locked():
            known, mac, whole = self._lines()
            fresh = sorted(set(keys) - set(known))
            written = b""
            for one in fresh:
                said = f"{on.isoformat()} {one.kind} {one.ref}"
                mac = self._mac(mac, said)
                written += f"{said} {mac}\n".encode()
            if not written:
                return 0
            created = not self.path.exists()
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                # A line that a crash cut short is written over.
                os.ftruncate(descriptor, whole)
                os.lseek(descriptor, whole, os.SEEK_SET)
                os.write(descriptor, written)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if created and os.name == "posix":
                folder = os.open(self.path.parent, os.O_RDONLY)
                os.fsync(folder)
                os.close(folder)
        return len(fresh)

    def _lines(self) -> tuple[dict[DestroyedKey, date], str, int]:
        """Return the keys, the last HMAC and how many bytes of the file are whole lines."""
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return {}, self._mac("", _BEGIN), 0
        whole = content[: content.rfind(b"\n") + 1]
        found: dict[DestroyedKey, date] = {}
        mac = self._mac("", _BEGIN)
        for number, line in enumerate(whole.decode("ascii", "replace").splitlines(), start=1):
            parts = line.split(" ")
            wanted = self._mac(mac, " ".join(parts[:-1]))
            if len(parts) != 4 or not hmac.compare_digest(wanted.encode(), parts[3].encode()):
                raise ErasureListBroken(
                    f"{self.path}: line {number} is not as it was written. Put back the newest "
                    "copy of this file; without it a restored database shows erased persons again."
                )
            mac = wanted
            found[DestroyedKey(parts[1], parts[2])] = date.fromisoformat(parts[0])
        return found, mac, len(whole)

    def _mac(self, before: str, said: str) -> str:
        return hmac.digest(self.key, f"{before}\n{said}".encode(), "sha256").hex()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            if os.name == "posix":
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def erasure_list(settings: Settings) -> ErasureList:
    """Return the laboratory's list of erasures."""
    return ErasureList(
        settings.keys / LIST_FILE, secret(settings.keys, KEY_FILE, settings.passphrase)
    )
