# SPDX-License-Identifier: Apache-2.0
"""The one list of features: blueprints, tables, places in the navigation, meanings of scans."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint

from lims.core.once import RequestKey
from lims.core.scans import Meaning, StationKind
from lims.web.rights import Right

BLUEPRINTS: tuple[Blueprint, ...] = ()

# Importing a feature's models registers its tables; the migrations and a test compare.
TABLES = (RequestKey,)

MEANINGS: Mapping[StationKind, Meaning] = {}


@dataclass(frozen=True)
class Place:
    """One place of the navigation: shown to whoever has the right, at most five a role."""

    right: Right
    endpoint: str
    icon: str
    words: str


PLACES: tuple[Place, ...] = ()
