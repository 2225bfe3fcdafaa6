# SPDX-License-Identifier: Apache-2.0
"""Events of the sealed side: on streams of their own, with a commitment and nothing else."""

import secrets
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from lims.cases.models import EventSalt
from lims.core.actors import Actor
from lims.core.sealing import Key, Vault, commitment, new_ref
from lims.custody.operations import append, unlinked
from lims.custody.rules import EventId, Tag

SALT_BYTES = 32


def record_sealed(
    session: Session,
    key: Key,
    tag: Tag,
    ref: str,
    facts: Mapping[str, str | int],
    *,
    by: Actor,
    at: datetime,
) -> EventId:
    """Append a sealed event to the stream of the row `ref`, committing to `facts`.

    No event carries a fact, a key of the request or a cause: only a commitment under a salt of
    its own, which is kept under the record's key and goes with it.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    event_id = append(
        session, tag, f"s:{ref}", {"commitment": commitment(facts, salt)}, by=by, at=at,
        idem=unlinked(),
    )  # fmt: skip
    kept = EventSalt(ref=event_id, key_ref=key.ref)
    kept.salt = key.seal_bytes(salt, kept, "salt")
    session.add(kept)
    return event_id


def record_read(
    session: Session, key: Key, ref: str, *, page: str, by: Actor, at: datetime
) -> EventId:
    """Record that a sealed record was read, before it is shown."""
    return record_sealed(
        session, key, Tag.SEALED_RECORD_READ, ref, {"read": ref, "page": page}, by=by, at=at
    )


def record_look(
    session: Session, vault: Vault, *, page: str, asked: str, by: Actor, at: datetime
) -> EventId:
    """Record that a list of sealed records was looked at, and what was asked for."""
    key = vault.new_key(session, at=at)
    facts = {"page": page, "asked": asked}
    return record_sealed(session, key, Tag.SEALED_RECORD_READ, new_ref(), facts, by=by, at=at)
