# SPDX-License-Identifier: Apache-2.0
"""Sealed fields: AES-256-GCM under a key per record, bound to table, column and row.

A key of the installation (`keys/persons.key`) wraps one key a record; destroying that one erases
all that was sealed with it, in every copy. What must be found again has a blind index beside it.
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lims.core.db import Base
from lims.core.errors import Refusal
from lims.core.secrets import LENGTH, secret
from lims.core.settings import Settings
from lims.core.spelling import normalised
from lims.core.words import N_

KEY_FILE = "persons.key"
FORMER_KEY_FILE = "persons.former.key"
"""The key of the installation before the present one, while keys are wrapped anew."""
INDEX_FILE = "persons.index.key"

PLAIN, AES_GCM = b"\x00", b"\x01"
"""First byte of a sealed field: its version. Plain is written where the law asks for it."""
KEY_ID, NONCE = 8, 12
INDEX_LENGTH = 8
"""Bytes of a blind index: 64 bits."""


class FieldDamaged(Exception):
    """A sealed field was changed, moved from another row, or its key is not here."""


class Erased(Refusal):
    """The record's key was destroyed: nobody can read it any more."""

    says = N_("This record was erased. It cannot be read any more.")
    do = N_("The ledger holds when it was erased, and by whom.")
    status = 410


class SealedKey(Base):
    """The key of one sealed record, wrapped by the key of the installation.

    `wrapped` is empty where the record is stored plain, and after it was destroyed.
    """

    __tablename__ = "sealed_key"

    ref: Mapped[str] = mapped_column(String(32), primary_key=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    destroyed_at: Mapped[datetime | None]


class SealedRow(Protocol):
    """A row that has sealed columns: a table, and a random name in it."""

    __tablename__: str

    @property
    def ref(self) -> str:
        """The random name."""


@dataclass(frozen=True)
class Key:
    """The key of one record, open. `secret` is empty where the record is stored plain."""

    ref: str
    secret: bytes = field(repr=False)

    def seal(self, text: str, row: SealedRow, column: str) -> bytes:
        """Seal `text` for one column of one row; it opens nowhere else."""
        return self.seal_bytes(text.encode(), row, column)

    def open(self, sealed: bytes, row: SealedRow, column: str) -> str:
        """Return the text sealed for this column of this row. Raises FieldDamaged."""
        return self.open_bytes(sealed, row, column).decode()

    def seal_bytes(self, content: bytes, row: SealedRow, column: str) -> bytes:
        """Seal bytes: version, id of the key, nonce, then ciphertext with its tag."""
        if not self.secret:
            return PLAIN + content
        nonce = secrets.token_bytes(NONCE)
        sealed = AESGCM(self.secret).encrypt(nonce, content, _place(row, column))
        return AES_GCM + _id(self.secret) + nonce + sealed

    def open_bytes(self, sealed: bytes, row: SealedRow, column: str) -> bytes:
        """Open what `seal_bytes` made. Raises FieldDamaged."""
        if not self.secret:
            if sealed[:1] != PLAIN:
                raise FieldDamaged(f"{row.__tablename__}.{column}: sealed, but its record is plain")
            return sealed[1:]
        return _opened(self.secret, sealed, _place(row, column))


@dataclass(frozen=True)
class Vault:
    """The keys of the installation, read once a request: `open_vault(settings)`."""

    present: bytes = field(repr=False)
    former: bytes = field(repr=False)
    index: bytes = field(repr=False)
    encrypts: bool

    def new_key(self, session: Session, *, at: datetime) -> Key:
        """Make and store the key of a new record; plain where the settings say so."""
        ref, dek = secrets.token_hex(16), secrets.token_bytes(LENGTH) if self.encrypts else b""
        wrapped = _wrap(self.present, dek, ref) if dek else b""
        session.add(SealedKey(ref=ref, wrapped=wrapped, made_at=at, destroyed_at=None))
        session.flush()
        return Key(ref, dek)

    def key(self, session: Session, ref: str) -> Key:
        """Open the key of a record. Raises Erased, FieldDamaged."""
        return self._unwrapped(session.get_one(SealedKey, ref))

    def keys(self, session: Session, refs: Collection[str]) -> dict[str, Key]:
        """Open the keys of many records; those that were erased are left out."""
        found = session.scalars(
            select(SealedKey).where(SealedKey.ref.in_(set(refs)), SealedKey.destroyed_at.is_(None))
        )
        return {row.ref: self._unwrapped(row) for row in found}

    def blind(self, text: str, index: str) -> bytes:
        """Return the blind index of `text` in `index` (`table.column`): 8 bytes.

        HMAC-SHA-256 under a key of that index, over the normalised text, truncated to 64 bits.
        """
        key = hmac.digest(self.index, index.encode(), "sha256")
        return hmac.digest(key, normalised(text).encode(), "sha256")[:INDEX_LENGTH]

    def _unwrapped(self, row: SealedKey) -> Key:
        if row.destroyed_at is not None:
            raise Erased()
        if not row.wrapped:
            return Key(row.ref, b"")
        wanted = row.wrapped[1 : 1 + KEY_ID]
        for kek in (self.present, self.former):
            if kek and _id(kek) == wanted:
                return Key(row.ref, _opened(kek, row.wrapped, _key_place(row.ref)))
        raise FieldDamaged("a record's key is wrapped by a key that is not in the keys folder")


def open_vault(settings: Settings) -> Vault:
    """Read the keys of the installation, made on first use."""
    former: Path = settings.keys / FORMER_KEY_FILE
    return Vault(
        present=secret(settings.keys, KEY_FILE, settings.passphrase),
        former=former.read_bytes() if former.exists() else b"",
        index=secret(settings.keys, INDEX_FILE, settings.passphrase),
        encrypts=settings.encrypt_persons,
    )


def wrap_anew(session: Session, vault: Vault, *, limit: int = 1000) -> int:
    """Wrap keys of the former key of the installation by the present one; return how many.

    Zero means that the former key may be destroyed. It can be stopped anywhere and goes on.
    """
    if not vault.former:
        return 0
    begin = AES_GCM + _id(vault.former)
    rows = session.scalars(
        select(SealedKey)
        .where(SealedKey.wrapped >= begin, SealedKey.wrapped < begin + b"\xff" * NONCE)
        .limit(limit)
        .with_for_update()
    ).all()
    for row in rows:
        dek = _opened(vault.former, row.wrapped, _key_place(row.ref))
        row.wrapped = _wrap(vault.present, dek, row.ref)
    session.flush()
    return len(rows)


def destroy_key(session: Session, ref: str, *, at: datetime) -> None:
    """Destroy the key of a record: whatever was sealed with it is erased."""
    row = session.get_one(SealedKey, ref, with_for_update=True)
    row.wrapped, row.destroyed_at = b"", at
    session.flush()


def commitment(facts: Mapping[str, str | int], salt: bytes) -> str:
    """Return the commitment to facts under a salt of their own: HMAC-SHA-256, hex.

    Without the salt nobody can test a guess, with it everybody can.
    """
    written = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.digest(salt, written.encode(), "sha256").hex()


def new_ref() -> str:
    """Draw the random name of a sealed row: 32 hexadecimal digits."""
    return secrets.token_hex(16)


def _id(key: bytes) -> bytes:
    return hashlib.sha256(b"osteon key\x00" + key).digest()[:KEY_ID]


def _place(row: SealedRow, column: str) -> bytes:
    return "\x1f".join((row.__tablename__, column, row.ref)).encode()


def wrapped(kek: bytes, dek: bytes, table: str, ref: str) -> bytes:
    """Wrap the key of a record by a key of the installation, bound to its table and name."""
    nonce = secrets.token_bytes(NONCE)
    return AES_GCM + _id(kek) + nonce + AESGCM(kek).encrypt(nonce, dek, _key_place(ref, table))


def unwrapped(kek: bytes, sealed: bytes, table: str, ref: str) -> bytes:
    """Return the key that `wrapped` wrapped. Raises FieldDamaged."""
    return _opened(kek, sealed, _key_place(ref, table))


def _key_place(ref: str, table: str = SealedKey.__tablename__) -> bytes:
    return "\x1f".join((table, "wrapped", ref)).encode()


def _wrap(kek: bytes, dek: bytes, ref: str) -> bytes:
    return wrapped(kek, dek, SealedKey.__tablename__, ref)


def _opened(key: bytes, sealed: bytes, place: bytes) -> bytes:
    where = place.split(b"\x1f")[0].decode()
    nonce_at = 1 + KEY_ID
    if sealed[:1] != AES_GCM or sealed[1:nonce_at] != _id(key):
        raise FieldDamaged(f"a field of {where} is not sealed with the key of its record")
    nonce, content = sealed[nonce_at : nonce_at + NONCE], sealed[nonce_at + NONCE :]
    try:
        return AESGCM(key).decrypt(nonce, content, place)
    except (InvalidTag, ValueError):
        raise FieldDamaged(f"a field of {where} was changed or moved from elsewhere") from None
