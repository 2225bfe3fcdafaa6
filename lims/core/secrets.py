# SPDX-License-Identifier: Apache-2.0
"""Secrets of the installation: random bytes in the keys folder, made once, mode 0600."""

import os
import secrets
from pathlib import Path

LENGTH = 32


def secret(keys: Path, name: str) -> bytes:
    """Return the 32 bytes of `keys/name`, made on first use; safe between processes.

    Raises OSError where the folder cannot be written, ValueError for a file of another length.
    """
    path = keys / name
    if not path.exists():
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        fresh = path.with_name(f"{name}.{secrets.token_hex(4)}.new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(LENGTH))
            file.flush()
            os.fsync(file.fileno())
        try:
            # A link refuses an existing name, where a rename would replace another's secret.
            os.link(fresh, path)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    content = path.read_bytes()
    if len(content) != LENGTH:
        raise ValueError(f"{path} holds {len(content)} bytes, expected {LENGTH}")
    return content
