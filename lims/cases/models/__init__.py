# SPDX-License-Identifier: Apache-2.0
"""Sealed tables of remains."""

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
    "BoneCoding",
    "BoneSampling",
    "BurialGroup",
    "Case",
    "CodingList",
    "EventSalt",
    "Item",
    "Resolution",
    "Site",
]
