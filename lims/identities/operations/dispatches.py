# SPDX-License-Identifier: Apache-2.0
"""Reference samples that came in a dispatch: the coordinator knows whose numbers they are."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.cases.models import Dispatch, Package
from lims.cases.operations import found
from lims.cases.operations.seals import standing_seal
from lims.cases.operations.taking_in import ready_items
from lims.cases.rules.dispatches import ItemState, named
from lims.core.actors import Actor
from lims.core.sealing import Vault
from lims.identities.models import Donor
from lims.identities.operations.recording import record_reference
from lims.identities.queries import DONOR_INDEX
from lims.identities.rules import DonorsUnknown
from lims.people.rules import Line


def record_listed_references(
    session: Session, vault: Vault, dispatch_ref: str, *, by: Actor, at: datetime
) -> int:
    """Record the whole items of a received list of references; return how many samples.

    Each item becomes samples of the donor under its number, one a piece. All or nothing: raises
    DonorsUnknown, naming the numbers under which no donor is registered.
    """
    listed = found(session, Dispatch, dispatch_ref, lock=True)
    if listed.line is not Line.REFERENCE:
        return 0
    ready = ready_items(session, listed)
    key = vault.key(session, listed.key_ref)
    donors: dict[str, str] = {}
    unknown = []
    for item in ready:
        number = key.open(item.donor_number, item, "donor_number")
        donor = session.scalar(
            select(Donor.ref).where(Donor.number_index == vault.blind(number, DONOR_INDEX))
        )
        if donor is None:
            unknown.append(number)
        else:
            donors[item.ref] = donor
    if unknown:
        raise DonorsUnknown(numbers=named(unknown))
    made = 0
    for item in ready:
        package = session.get_one(Package, item.package_ref)
        if item.taken_on is None:
            raise TypeError("an item that was received without its day")
        taken = [
            record_reference(
                session, vault, donors[item.ref], material=item.material, taken_on=item.taken_on,
                seal_number=standing_seal(session, key, package), by=by, at=at,
            )
            for _ in range(item.counted)
        ]  # fmt: skip
        item.state, item.sampling_ref = ItemState.RECORDED, taken[0]
        made += len(taken)
    session.flush()
    return made
