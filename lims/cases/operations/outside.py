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

from lims.cases.models.dispatches import Dispatch
from lims.cases.models.outside import OutsideParty, OutsideThing
from lims.cases.operations.sealed import SALT_BYTES, record_sealed
from lims.cases.rules.dispatches import SecondPersonNeeded
from lims.cases.rules.outside import OutsideKind, OutsideWay, PartyIncomplete
from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.erasures import PERSON, DestroyedKey
from lims.core.errors import NotFound
from lims.core.sealing import PLAIN, Vault, commitment, destroy_key, new_ref
from lims.custody.operations import append, unlinked
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


def erase_outsider(
    session: Session, vault: Vault, ref: str, *, witness: Actor, by: Actor, at: datetime
) -> DestroyedKey:
    """Erase somebody from outside, who received, brought or delivered something, on request.

    `ref` names the sealed record of a hand-over or a dispatch. A second person confirms; the
    ledger keeps its commitment, which nobody can test without the salt. The caller writes the key
    on the list of erasures once the transaction is committed. Raises NotFound, Erased,
    SecondPersonNeeded.
    """
    if witness.id == by.id:
        raise SecondPersonNeeded()
    party = session.get(OutsideParty, ref, with_for_update=True)
    delivery = session.get(Dispatch, ref, with_for_update=True) if party is None else None
    key_ref = party.key_ref if party is not None else None
    if delivery is not None:
        key_ref = delivery.deliverer_key
    if key_ref is None:
        raise NotFound(code=ref[:40])
    if not vault.key(session, key_ref).secret:
        # A laboratory without encryption stored it plain.
        if party is not None:
            party.name = party.organisation = party.document = party.salt = PLAIN
        elif delivery is not None:
            delivery.deliverer = PLAIN
    destroy_key(session, key_ref, at=at)
    append(
        session, Tag.SEALED_RECORD_ERASED, f"s:{ref}", {"witness": witness.id}, by=by, at=at,
        idem=unlinked(),
    )  # fmt: skip
    return DestroyedKey(PERSON, key_ref)


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
