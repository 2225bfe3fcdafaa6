# SPDX-License-Identifier: Apache-2.0
"""Things given to people from outside, and brought back by them.

Who they are stands here alone, sealed under a key per person; the ledger of each thing holds a
commitment under a random salt, which is sealed with them and goes with their key.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.cases.models.outside import OutsideParty, OutsideThing
from lims.cases.operations.sealed import SALT_BYTES, record_sealed
from lims.cases.rules.outside import OutsideKind, OutsideWay, PartyIncomplete
from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.sealing import Vault, commitment, new_ref
from lims.custody.rules import FROM_CREATION, Tag
from lims.handovers.operations import give_outside, take_back
from lims.handovers.rules import Purpose
from lims.samples.operations import close_returned


@dataclass(frozen=True)
class Party:
    """Somebody from outside, as the coordinator writes them down."""

    kind: OutsideKind
    name: str
    document: str
    organisation: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What is committed to."""
        return {
            "document": self.document, "kind": self.kind.value, "name": self.name,
            "organisation": self.organisation,
        }  # fmt: skip


def give_to_outside(
    session: Session, vault: Vault, codes: Collection[str], party: Party, *, purpose: Purpose,
    by: Actor, at: datetime,
) -> str:  # fmt: skip
    """Give what `by` holds to somebody from outside; return the name of the sealed record.

    What is given back for ever (Purpose.RETURN) is closed as returned in the same act. Raises
    PartyIncomplete, and what handovers.operations.give_outside raises.
    """
    row = _record(session, vault, OutsideWay.OUT, party, by=by, at=at)
    given = give_outside(
        session, codes, by=by, commitment=row.commitment, purpose=purpose, at=at
    )  # fmt: skip
    codes_given = [thing.code for thing in given.things]
    _link(session, row, codes_given)
    if purpose is Purpose.RETURN:
        for code in sorted(codes_given):
            if Kind(code[0]) in FROM_CREATION:
                close_returned(session, code, by=by, at=at)
    return row.ref


def take_from_outside(
    session: Session, vault: Vault, codes: Collection[str], party: Party, *, by: Actor, at: datetime
) -> str:
    """Receive things that somebody from outside brings back; return the sealed record's name.

    Who brings them need not be who received them. Raises PartyIncomplete, NotOutside, and what
    handovers.operations.take_back raises.
    """
    row = _record(session, vault, OutsideWay.BACK, party, by=by, at=at)
    back = take_back(session, codes, by=by, commitment=row.commitment, at=at)
    _link(session, row, [thing.code for one in back for thing in one.things])
    return row.ref


def _record(
    session: Session, vault: Vault, way: OutsideWay, party: Party, *, by: Actor, at: datetime
) -> OutsideParty:
    if not party.name or not party.document:
        raise PartyIncomplete()
    key = vault.new_key(session, at=at)
    salt = secrets.token_bytes(SALT_BYTES)
    row = OutsideParty(
        ref=new_ref(), key_ref=key.ref, way=way, kind=party.kind,
        commitment=commitment(party.facts, salt), recorded_at=at, recorded_by=by.id,
    )  # fmt: skip
    row.name = key.seal(party.name, row, "name")
    row.organisation = key.seal(party.organisation, row, "organisation")
    row.document = key.seal(party.document, row, "document")
    row.salt = key.seal_bytes(salt, row, "salt")
    session.add(row)
    session.flush()
    tag = Tag.SEALED_OUTSIDE_GIVEN if way is OutsideWay.OUT else Tag.SEALED_OUTSIDE_BACK
    record_sealed(session, key, tag, row.ref, party.facts, by=by, at=at)
    return row


def _link(session: Session, row: OutsideParty, codes: Collection[str]) -> None:
    session.add_all(OutsideThing(party_ref=row.ref, code=code) for code in sorted(codes))
    session.flush()
