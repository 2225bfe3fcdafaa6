# SPDX-License-Identifier: Apache-2.0
"""Secrets of the installation: random bytes in the keys folder, made once, mode 0600.

With a passphrase a secret lies encrypted (scrypt, AES-256-GCM bound to its name): the stolen disk
of a server opens nothing.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

LENGTH = 32
SALT, NONCE, TAG = 16, 12, 16
SEALED_LENGTH = SALT + NONCE + LENGTH + TAG


class SecretUnreadable(Exception):
    """A secret does not open with this passphrase, or its file is damaged."""


def secret(keys: Path, name: str, passphrase: bytes = b"") -> bytes:
    """Return the 32 bytes of `keys/name`, made on first use; safe between processes.

    Raises OSError where the folder cannot be written, SecretUnreadable.
    """
    path = keys / name
    if not path.exists():
        _make(path, passphrase)
    return _opened(path.read_bytes(), name, passphrase)


def _make(path: Path, passphrase: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = secrets.token_bytes(LENGTH)
    if passphrase:
        salt, nonce = secrets.token_bytes(SALT), secrets.token_bytes(NONCE)
        sealed = AESGCM(_stretched(passphrase, salt)).encrypt(nonce, content, path.name.encode())
        content = salt + nonce + sealed
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link refuses an existing name, where a rename would replace another's secret.
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()


@lru_cache(maxsize=32)
def _opened(stored: bytes, name: str, passphrase: bytes) -> bytes:
    """Return the secret in a file's bytes; remembered, since stretching is slow on purpose."""
    if len(stored) == LENGTH:
        return stored
    if len(stored) != SEALED_LENGTH:
        raise SecretUnreadable(f"{name} holds {len(stored)} bytes: it is no secret of ours")
    salt, nonce, sealed = stored[:SALT], stored[SALT : SALT + NONCE], stored[SALT + NONCE :]
    try:
        return AESGCM(_stretched(passphrase, salt)).decrypt(nonce, sealed, name.encode())
    except InvalidTag:
        raise SecretUnreadable(f"{name} does not open with this passphrase") from None


def _stretched(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(passphrase)
