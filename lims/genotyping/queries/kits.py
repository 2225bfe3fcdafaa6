# SPDX-License-Identifier: Apache-2.0
"""The kit of a plate or a run, in the version that it was opened with."""

from sqlalchemy.orm import Session

from instruments.analyzers.kit import Kit, control_name
from lims.genotyping.models import Run
from lims.genotyping.rules.refusals import KitUnknown
from lims.kits.queries import controls_for, kit_worked_by
from lims.kits.rules import KitUnknown as NoKit
from lims.plates.models import Plate


def kit_of_plate(session: Session, plate: Plate) -> Kit:
    """Return the kit that a plate names. Raises KitUnknown, KitNotInForce."""
    try:
        return kit_worked_by(session, plate.code, plate.kit, at=plate.opened_at).kit
    except NoKit:
        raise KitUnknown(code=plate.code, kit=plate.kit) from None


def kit_of_run(session: Session, run: Run) -> Kit:
    """Return the kit by which a run was called: that of its plate."""
    return kit_worked_by(session, run.plate_code, run.kit, at=run.imported_at).kit


def control_meant(words: str, kit: Kit) -> str:
    """Return which control DNA a lot's words mean, else the kit's usual one; '' for neither.

    `words` such as "positive control 9947A".
    """
    known = controls_for(kit)
    for word in words.replace("(", " ").replace(")", " ").split():
        named = control_name(word, known)
        if named is not None:
            return named
    return kit.positive_control or ""
