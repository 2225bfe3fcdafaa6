# SPDX-License-Identifier: Apache-2.0
"""Taking many things out of storage in one act."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import append, pass_all
from lims.custody.rules import moves
from lims.storage.models import Stored
from lims.storage.operations.storing import MOVED
from lims.storage.rules import NotStored


def take_all(
    session: Session, codes: Collection[str], *, by: Actor, at: datetime, station: str = "",
    for_work: bool = True, why: str = "",
) -> None:  # fmt: skip
    """Take things out of storage as `take` does each, in a few statements for all.

    The caller has locked them and asked for holds and labels. Raises NotStored.
    """
    rows = session.scalars(
        select(Stored)
        .where(Stored.code.in_(codes), Stored.taken_at.is_(None))
        .execution_options(populate_existing=True)
    ).all()
    stands = {row.code: row for row in rows}
    events = {}
    for code in sorted(codes):
        row = stands.get(code)
        if row is None:
            raise NotStored(code=code)
        row.taken_at, row.taken_by = max(at, row.put_at), by.id
        content: dict[str, object] = {
            "from": row.place_code, "from_position": row.position, "for_work": for_work,
            **moves(by.id, station),
        }  # fmt: skip
        if why:
            content["why"] = why
        events[code] = append(
            session, MOVED[Kind(code[0])], stream=code, by=by, at=at, content=content,
            device=station,
        )  # fmt: skip
    if events:
        pass_all(session, events, by.id, place=station, at=at)
