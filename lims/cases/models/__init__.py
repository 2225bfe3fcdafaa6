# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of remains."""

from lims.cases.models.dispatches import (
    Discrepancy,
    Dispatch,
    DispatchItem,
    Package,
    PackageSeal,
    SealedPossession,
    Sender,
)
from lims.cases.models.outside import OutsideParty, OutsideThing
from lims.cases.models.registry import (
    Assignment,
    FieldPhotograph,
    Individual,
    IndividualDecision,
    ItemVersion,
    ThingNumber,
)
from lims.cases.models.remains import (
    BoneCoding,
    BoneSampling,
    BurialGroup,
    Case,
    CodingList,
    EventSalt,
    Item,
    Resolution,
    Site,
)

__all__ = [
    "Assignment",
    "BoneCoding",
    "BoneSampling",
    "BurialGroup",
    "Case",
    "CodingList",
    "Discrepancy",
    "Dispatch",
    "DispatchItem",
    "EventSalt",
    "FieldPhotograph",
    "Individual",
    "IndividualDecision",
    "Item",
    "ItemVersion",
    "OutsideParty",
    "OutsideThing",
    "Package",
    "PackageSeal",
    "Resolution",
    "SealedPossession",
    "Sender",
    "Site",
    "ThingNumber",
]
