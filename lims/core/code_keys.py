# SPDX-License-Identifier: Apache-2.0
"""Keys of codes: what the laboratory learns of a reference sample lies under a key of its code.

A key of the installation (`keys/genotypes.key`), apart from the database, wraps one key a
reference sample. Closed, nobody reads under it; destroyed, nobody ever will. Bones have none:
what is known of them is stored plain.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Date, LargeBinary, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from lims.core.codes import CODE_LENGTH
from lims.core.db import Base, Database
from lims.core.errors import Refusal
from lims.core.sealing import Key, SealedRow, unwrapped, wrapped
from lims.core.secrets import LENGTH, secret
from lims.core.settings import Settings
from lims.core.words import N_

KEY_FILE = "genotypes.key"

PLAIN = Key("", b"")
"""Stands for the key of what belongs to no reference sample: stored plain."""

WITHDRAWN_WORDS = N_("Not to be read: consent was withdrawn.")
ERASED_WORDS = N_("Erased on withdrawal of consent.")


class KeysMissing(Exception):
    """The database was opened without the keys of codes: nothing under them can be read."""


class Withdrawn(Refusal):
    """Consent was withdrawn: what is stored waits for erasure, and nobody reads it."""

    says = N_("Consent for %(code)s was withdrawn on %(day)s. Nobody may read this any more.")
    do = N_("Take nothing from it into any comparison. The coordinator knows why.")
    status = 410


class CodeErased(Refusal):
    """The key of the code was destroyed."""

    says = N_("%(code)s: erased on %(day)s on withdrawal of consent.")
    do = N_("The ledger holds that it was erased, and by whom. Nobody can read it any more.")
    status = 410


class CodeKey(Base):
    """The key of one reference sample, wrapped; `wrapped` is empty after it was destroyed.

    Days, never instants: by an instant a code could be paired with an act of the sealed side.
    `ref` is a random name, by which the list of erasures knows the key.
    """

    __tablename__ = "code_key"

    code: Mapped[str] = mapped_column(String(CODE_LENGTH), primary_key=True)
    ref: Mapped[str] = mapped_column(String(32), unique=True)
    wrapped: Mapped[bytes] = mapped_column(LargeBinary)
    # Few are: worklists ask for those.
    closed_on: Mapped[date | None] = mapped_column(Date, index=True)
    destroyed_on: Mapped[date | None] = mapped_column(Date)


@dataclass(frozen=True)
class Closed:
    """Since when nobody reads what lies under a code; `erased_on` where the key is destroyed."""

    code: str
    withdrawn_on: date
    erased_on: date | None

    @property
    def refusal(self) -> Refusal:
        """The refusal that says so."""
        if self.erased_on is not None:
            return CodeErased(code=self.code, day=self.erased_on.isoformat())
        return Withdrawn(code=self.code, day=self.withdrawn_on.isoformat())


def open_database(settings: Settings) -> Database:
    """Open the laboratory's database with the keys of its codes."""
    return Database(
        settings.database_url, lock_file=settings.lock_file,
        keyring=lambda: secret(settings.keys, KEY_FILE, settings.passphrase),
    )  # fmt: skip


def make_code_key(session: Session, code: str) -> None:
    """Make the key of a reference sample that is given its code."""
    ref = secrets.token_hex(16)
    sealed = wrapped(_keyring(session), secrets.token_bytes(LENGTH), CodeKey.__tablename__, ref)
    session.add(CodeKey(code=code, ref=ref, wrapped=sealed, closed_on=None, destroyed_on=None))
    session.flush()


def code_key(session: Session, code: str | None) -> Key:
    """Return the key of a code, PLAIN for None. Raises Withdrawn, CodeErased."""
    if code is None:
        return PLAIN
    row = session.get_one(CodeKey, code)
    closed = _closed(row)
    if closed is not None:
        raise closed.refusal
    return _open(session, row)


def code_keys(session: Session, codes: Collection[str | None]) -> dict[str | None, Key]:
    """Return the keys of codes that may be read, PLAIN for None; the others are left out."""
    rows = session.scalars(
        select(CodeKey).where(
            CodeKey.code.in_({code for code in codes if code is not None}),
            CodeKey.closed_on.is_(None),
        )
    )
    found: dict[str | None, Key] = {row.code: _open(session, row) for row in rows}
    found[None] = PLAIN
    return found


def closed_codes(session: Session, codes: Collection[str]) -> dict[str, Closed]:
    """Return which of these codes are closed, and whether they are erased."""
    rows = session.scalars(
        select(CodeKey).where(CodeKey.code.in_(set(codes)), CodeKey.closed_on.is_not(None))
    )
    return {row.code: closed for row in rows if (closed := _closed(row)) is not None}


def sealing_keys(session: Session, codes: Collection[str | None]) -> dict[str | None, Key]:
    """Return keys under which what still comes of codes is sealed, closed ones among them.

    An analyzer may hand over a file after the key of its sample was destroyed: it is sealed under
    a key that nobody keeps.
    """
    rows = session.scalars(
        select(CodeKey).where(CodeKey.code.in_({code for code in codes if code is not None}))
    )
    found: dict[str | None, Key] = {
        row.code: Key(row.code, secrets.token_bytes(LENGTH))
        if row.destroyed_on is not None
        else _open(session, row)
        for row in rows
    }
    found[None] = PLAIN
    return found


def close_code(session: Session, code: str, *, on: date) -> None:
    """Let nobody read under a code any more; the first day stands."""
    row = session.get_one(CodeKey, code, with_for_update=True, populate_existing=True)
    row.closed_on = row.closed_on or on
    session.flush()


def destroy_code_key(session: Session, code: str, *, on: date) -> str:
    """Destroy the key of a code; return the key's random name. The first day stands."""
    row = session.get_one(CodeKey, code, with_for_update=True, populate_existing=True)
    row.wrapped = b""
    row.closed_on, row.destroyed_on = row.closed_on or on, row.destroyed_on or on
    session.flush()
    return row.ref


def seal_json(key: Key, value: object, row: SealedRow, column: str) -> bytes:
    """Seal a value of JSON for one column of one row."""
    return key.seal(json.dumps(value, ensure_ascii=False, separators=(",", ":")), row, column)


def open_json(key: Key, sealed: bytes, row: SealedRow, column: str) -> Any:
    """Return the value sealed for this column of this row. Raises FieldDamaged."""
    return json.loads(key.open(sealed, row, column))


def _closed(row: CodeKey) -> Closed | None:
    if row.closed_on is None:
        return None
    return Closed(row.code, row.closed_on, row.destroyed_on)


def _open(session: Session, row: CodeKey) -> Key:
    return Key(row.code, unwrapped(_keyring(session), row.wrapped, CodeKey.__tablename__, row.ref))


def _keyring(session: Session) -> bytes:
    keyring = session.info.get("keyring")
    if keyring is None:
        raise KeysMissing("open the database by open_database(settings): it carries the keys")
    content: bytes = keyring()
    return content
