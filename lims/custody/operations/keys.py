# SPDX-License-Identifier: Apache-2.0
"""The keys that sign the ledger: one for long, which certifies one for each day.

A day's secret is destroyed after the day, so that a key stolen today cannot sign yesterday anew.
"""

import base64
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from lims.custody import verifier
from lims.custody.rules import NoDailyKey

DAYS = 31  # certified in one sitting
WARNING_DAYS = 7  # before the last certified day

LONG_TERM = "ledger.secret"
_HEAD = "osteon ledger secret v1"
_COST = 2**15  # scrypt N; with r = 8 it takes 32 MiB and about 0.1 s (RFC 7914 section 2)
_BLOCK = 8
_LANES = 1


class BadKeyFile(Exception):
    """A key file is damaged, or the passphrase is not the one it was written with."""


@dataclass(frozen=True)
class Signer:
    """A key that can sign: its public half with its name, and the secret."""

    key: verifier.PublicKey
    secret: Ed25519PrivateKey

    def sign(self, content: bytes) -> bytes:
        """Return the 64 bytes of the signature."""
        return self.secret.sign(content)


def create_long_term_key(keys: Path, *, origin: str, passphrase: bytes = b"") -> verifier.PublicKey:
    """Make the long-term key of a new ledger; return its public half, named by the origin.

    Raises FileExistsError where there is one: a ledger keeps its key.
    """
    secret = Ed25519PrivateKey.generate()
    key = verifier.PublicKey(origin, secret.public_key().public_bytes_raw())
    verifier.read_key(key.line())
    _write(keys / LONG_TERM, secret, passphrase, key.name)
    return key


def write_public_key(path: Path, key: verifier.PublicKey) -> None:
    """Write the one line that a stranger needs to verify (`ledger.pub`)."""
    path.write_text(key.line() + "\n", "utf-8")


def read_public_key(path: Path) -> verifier.PublicKey:
    """Read what `write_public_key` wrote; raises OSError, or verifier.Malformed."""
    return verifier.read_key(path.read_text("utf-8"))


def long_term_signer(keys: Path, *, origin: str, passphrase: bytes = b"") -> Signer:
    """Open the long-term key. Raises BadKeyFile, FileNotFoundError."""
    return _read(keys / LONG_TERM, passphrase, origin)


def certify_days(
    keys: Path,
    checkpoints: Path,
    long_term: Signer,
    *,
    first: date,
    days: int = DAYS,
    passphrase: bytes = b"",
) -> tuple[date, ...]:
    """Make and certify a key for each of the next days (UTC) that has none; return these days.

    Secrets go to `keys`, certificates to `checkpoints`, where the verifier finds them. A day whose
    secret was destroyed is not certified again.
    """
    checkpoints.mkdir(mode=0o750, parents=True, exist_ok=True)
    made = []
    for offset in range(days):
        day = first + timedelta(days=offset)
        certificate = checkpoints / f"{day.isoformat()}.certificate"
        if certificate.exists():
            continue
        secret = Ed25519PrivateKey.generate()
        public = secret.public_key().public_bytes_raw()
        text = verifier.certificate_text(long_term.key.name, day.isoformat(), public)
        note = verifier.sign_note(text, long_term.key, long_term.sign)
        # The secret of a sitting that was cut short has no certificate and is of no use.
        _day_file(keys, day).unlink(missing_ok=True)
        name = verifier.daily_key(long_term.key.name, day.isoformat(), public).name
        _write(_day_file(keys, day), secret, passphrase, name)
        fresh = certificate.with_suffix(".new")
        with fresh.open("w", encoding="utf-8", newline="\n") as file:
            file.write(note.written())
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(certificate)
        made.append(day)
    return tuple(made)


def daily_signer(keys: Path, *, origin: str, at: datetime, passphrase: bytes = b"") -> Signer:
    """Open the key of the day of `at` (UTC). Raises NoDailyKey, BadKeyFile."""
    day = at.astimezone(UTC).date()
    path = _day_file(keys, day)
    if not path.exists():
        raise NoDailyKey(day=day.isoformat())
    return _read(path, passphrase, f"{origin}/{day.isoformat()}")


def destroy_past_keys(keys: Path, *, at: datetime) -> tuple[date, ...]:
    """Destroy the secrets of all days before that of `at` (UTC); return these days."""
    today = at.astimezone(UTC).date()
    gone = []
    for day in certified_days(keys):
        if day < today:
            path = _day_file(keys, day)
            # On a disk that writes in place the bytes are gone; elsewhere the name at least is.
            with path.open("r+b") as file:
                file.write(bytes(path.stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            gone.append(day)
    return tuple(gone)


def certified_days(keys: Path) -> tuple[date, ...]:
    """Return the days whose secrets are there, in order."""
    names = (path.name.removeprefix("day-") for path in keys.glob("day-*.secret"))
    return tuple(sorted(date.fromisoformat(name.removesuffix(".secret")) for name in names))


def days_left(keys: Path, *, at: datetime) -> int:
    """Count the days from that of `at` on that can be signed without a gap."""
    days = set(certified_days(keys))
    day = at.astimezone(UTC).date()
    count = 0
    while day + timedelta(days=count) in days:
        count += 1
    return count


def certification_due(keys: Path, *, at: datetime) -> bool:
    """Say whether it is time to certify the next days: seven or fewer are left."""
    return days_left(keys, at=at) <= WARNING_DAYS


def _day_file(keys: Path, day: date) -> Path:
    return keys / f"day-{day.isoformat()}.secret"


def _write(path: Path, secret: Ed25519PrivateKey, passphrase: bytes, name: str) -> None:
    """Write a secret, mode 0600; refuse to replace one. Encrypted when there is a passphrase."""
    content = secret.private_bytes_raw()
    if passphrase:
        salt, nonce = os.urandom(16), os.urandom(12)
        sealed = AESGCM(_stretch(passphrase, salt)).encrypt(nonce, content, name.encode())
        line = f"scrypt-aes256gcm {_b64(salt)} {_b64(nonce)} {_b64(sealed)}"
    else:
        line = f"plain {_b64(content)}"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
        file.write(f"{_HEAD}\n{name}\n{line}\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, passphrase: bytes, name: str) -> Signer:
    try:
        head, named, line = path.read_text("utf-8").splitlines()
        how, *parts = line.split(" ")
        held = [base64.b64decode(part, validate=True) for part in parts]
    except ValueError:
        raise BadKeyFile(f"{path} is not a key file of this ledger") from None
    if head != _HEAD or named != name:
        raise BadKeyFile(f"{path} is the key of {named!r}, expected {name!r}")
    if how == "plain" and len(held) == 1:
        content = held[0]
    elif how == "scrypt-aes256gcm" and len(held) == 3:
        salt, nonce, sealed = held
        try:
            content = AESGCM(_stretch(passphrase, salt)).decrypt(nonce, sealed, name.encode())
        except (InvalidTag, ValueError):
            raise BadKeyFile(f"{path} does not open with this passphrase") from None
    else:
        raise BadKeyFile(f"{path} is written in a way unknown to this version: {how}")
    if len(content) != 32:
        raise BadKeyFile(f"{path} holds {len(content)} bytes, expected 32")
    secret = Ed25519PrivateKey.from_private_bytes(content)
    return Signer(verifier.PublicKey(name, secret.public_key().public_bytes_raw()), secret)


def _stretch(passphrase: bytes, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_COST, r=_BLOCK, p=_LANES).derive(passphrase)


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()
