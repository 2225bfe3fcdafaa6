# SPDX-License-Identifier: Apache-2.0
"""Reading who from outside received things or brought them back."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lims.cases.models.outside import OutsideParty
from lims.cases.rules.outside import OutsideKind, OutsideWay
from lims.core.sealing import Vault, commitment
from lims.people.queries import initials_of

SHOWN = 50
"""So many people from outside are listed."""


@dataclass(frozen=True)
class PartyShown:
    """Somebody from outside, opened; `name` is '' where the record was erased."""

    ref: str
    way: OutsideWay
    kind: OutsideKind
    name: str
    organisation: str
    document: str
    commitment: str
    fits: bool
    """Whether the commitment in the ledger is of just these facts."""
    at: datetime
    by: str
    codes: tuple[str, ...]


def parties(session: Session, vault: Vault) -> tuple[PartyShown, ...]:
    """Return who received or brought things, the newest first, SHOWN at most."""
    rows = session.scalars(
        select(OutsideParty)
        .options(selectinload(OutsideParty.things))
        .order_by(OutsideParty.recorded_at.desc(), OutsideParty.ref)
        .limit(SHOWN)
    ).all()
    keys = vault.keys(session, [row.key_ref for row in rows])
    who = initials_of(session, {row.recorded_by for row in rows})
    shown = []
    for row in rows:
        key = keys.get(row.key_ref)
        facts = dict.fromkeys(("document", "name", "organisation"), "")
        fits = False
        if key is not None:
            facts = {name: key.open(getattr(row, name), row, name) for name in facts}
            salt = key.open_bytes(row.salt, row, "salt")
            fits = commitment({**facts, "kind": row.kind.value}, salt) == row.commitment
        shown.append(
            PartyShown(
                row.ref, row.way, row.kind, facts["name"], facts["organisation"],
                facts["document"], row.commitment, fits, row.recorded_at,
                who.get(row.recorded_by, row.recorded_by), tuple(one.code for one in row.things),
            )
        )  # fmt: skip
    return tuple(shown)
