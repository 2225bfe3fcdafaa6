# SPDX-License-Identifier: Apache-2.0
"""The same request twice has one effect: answers kept under the client-made key."""

import re
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import JSON, String
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from lims.core.actors import Actor
from lims.core.db import Base, Database
from lims.core.errors import BadInput, Refusal
from lims.core.words import N_, Say

KEY_SHAPE = re.compile(r"[0-9A-Za-z_-]{16,64}")


class RequestKey(Base):
    """A request that was carried out, and what was answered. Never holds what was sent."""

    __tablename__ = "request_key"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    actor: Mapped[str] = mapped_column(String(80))
    act: Mapped[str] = mapped_column(String(120))
    answer: Mapped[dict[str, object]] = mapped_column(JSON)
    at: Mapped[datetime]


class KeyUsedElsewhere(Refusal):
    """The key belongs to another act or another person."""

    says = N_("This request carries the key of another one.")
    do = N_("Read the page again and repeat the act. Nothing was stored.")


def once(
    database: Database,
    key: str,
    *,
    act: str,
    by: Actor,
    at: datetime,
    do: Callable[[Session], dict[str, object]],
) -> dict[str, object]:
    """Carry out `do` in one transaction, or return what it answered the first time.

    `act` names what is done (the route); `do` returns a JSON object. Raises BadInput for a key
    that is not 16 to 64 letters, digits, `-`, `_`; KeyUsedElsewhere for another act's key.
    """
    if not KEY_SHAPE.fullmatch(key):
        raise BadInput(field="request_key", problem=Say(N_("is missing or malformed")))
    try:
        with database.writing(key) as session:
            known = session.get(RequestKey, key)
            if known is None:
                # The key is written first: a second sender waits here (PostgreSQL), not in the act.
                made = RequestKey(key=key, actor=by.id, act=act, answer={}, at=at)
                session.add(made)
                session.flush()
                answer = do(session)
                made.answer = answer
                return answer
    except IntegrityError:
        # A second sender of the key on PostgreSQL, once the first has committed.
        with database.reading() as session:
            known = session.get(RequestKey, key)
        if known is None:
            raise
    if (known.actor, known.act) != (by.id, act):
        raise KeyUsedElsewhere()
    return known.answer
