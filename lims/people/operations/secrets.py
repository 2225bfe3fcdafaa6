# SPDX-License-Identifier: Apache-2.0
"""Secrets of people and machines: hashed, sealed, drawn, compared. Nothing here knows a session."""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from lims.core.codes import ALPHABET
from lims.core.secrets import secret
from lims.people.rules import check_password, check_pin, fitting_step, normal_password

HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)
"""Argon2id, 64 MiB, three passes: about 125 ms on the smallest machine we mean to run on."""

_AT_ONCE = threading.BoundedSemaphore(4)
"""Each check takes 64 MiB: a crowd at the door must not take all of the memory."""

_SEAL_VERSION = b"\x01"
_NONCE = 12
START_CODE_LENGTH = 20
"""Characters of a start code: 22^20 is 89 bits."""


@dataclass(frozen=True)
class HashedPassword:
    """A password that the policy let through, hashed. Made by `hash_password` alone."""

    text: str


@dataclass(frozen=True)
class HashedPin:
    """A PIN of the right shape, hashed. Made by `hash_pin` alone."""

    text: str


def hash_password(password: str, *, login: str, name: str, laboratory: str) -> HashedPassword:
    """Check the policy and hash; raises WeakPassword. Slow: before a transaction, never in one."""
    normal = check_password(password, login=login, name=name, laboratory=laboratory)
    with _AT_ONCE:
        return HashedPassword(HASHER.hash(normal))


def hash_pin(pin: str) -> HashedPin:
    """Check the shape and hash; raises PinMalformed. Slow: before a transaction, never in one."""
    checked = check_pin(pin)
    with _AT_ONCE:
        return HashedPin(HASHER.hash(checked))


def fits(stored: str | None, given: str) -> bool:
    """Return whether a password or PIN fits its hash; as slow where there is no hash."""
    with _AT_ONCE:
        try:
            HASHER.verify(stored or _hash_of_nobody(), normal_password(given))
        except VerificationError:
            return False
    return stored is not None


def draw_pin() -> str:
    """Draw a PIN of six digits that are not all the same."""
    while True:
        pin = f"{secrets.randbelow(10**6):06d}"
        if len(set(pin)) > 1:
            return pin


def draw_start_code() -> str:
    """Draw a one-time start code, as it is compared."""
    return "".join(secrets.choice(ALPHABET) for _ in range(START_CODE_LENGTH))


def draw_token() -> str:
    """Draw a token of 256 bits: a session's, or an agent's key."""
    return secrets.token_urlsafe(32)


def digest(drawn: str) -> str:
    """Return the hash under which a drawn secret is stored and looked up.

    Drawn secrets have 89 bits and more, so that a fast hash is enough.
    """
    return hashlib.sha256(drawn.encode()).hexdigest()


def same(one: str | None, other: str) -> bool:
    """Compare two digests in constant time; None is the same as nothing."""
    return one is not None and hmac.compare_digest(one, other)


def second_factor_key(keys: Path, passphrase: bytes = b"") -> bytes:
    """Return the key that seals second factors, from the installation's `people.key`."""
    derivation = HKDF(SHA256(), 32, salt=None, info=b"osteon person.second_factor")
    return derivation.derive(secret(keys, "people.key", passphrase))


def draw_second_factor() -> str:
    """Draw the shared secret of a second factor: 160 bits, base32 (RFC 4226, 4)."""
    return pyotp.random_base32()


def seal(clear: str, *, ref: str, key: bytes) -> bytes:
    """Return the sealed secret: version, nonce, AES-256-GCM bound to table, column and row."""
    nonce = secrets.token_bytes(_NONCE)
    return _SEAL_VERSION + nonce + AESGCM(key).encrypt(nonce, clear.encode(), _bound_to(ref))


def unseal(sealed: bytes, *, ref: str, key: bytes) -> str:
    """Return the secret; raises cryptography's InvalidTag for another row's or another key's."""
    if sealed[:1] != _SEAL_VERSION:
        raise ValueError(f"a sealed secret of version {sealed[:1].hex()}")
    nonce, body = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
    return AESGCM(key).decrypt(nonce, body, _bound_to(ref)).decode()


def step_of_digits(clear: str, typed: str, *, last_used: int | None, at: datetime) -> int | None:
    """Return the time step whose digits were typed, None if none fits (RFC 6238)."""
    return fitting_step(typed, at, last_used, _digits(clear))


def enrolment_address(clear: str, *, login: str, laboratory: str) -> str:
    """Return the `otpauth://` address that an authenticator reads from the drawing."""
    return pyotp.TOTP(clear).provisioning_uri(name=login, issuer_name=laboratory)


@cache
def _hash_of_nobody() -> str:
    """Return what is checked for a name that nobody has: the same work, and it never fits."""
    return HASHER.hash(secrets.token_urlsafe(24))


def _digits(clear: str) -> Callable[[int], str]:
    return pyotp.TOTP(clear).generate_otp


def _bound_to(ref: str) -> bytes:
    return f"person|second_factor|{ref}".encode()
