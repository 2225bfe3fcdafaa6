# SPDX-License-Identifier: Apache-2.0
"""Reading for the quality officer: what stands on hold, who did what, timelines."""

from lims.quality.queries.lineage import Lineage, Node, Result, Standing, Work, lineage_of
from lims.quality.queries.names import Names, names_of
from lims.quality.queries.reach import Reach, TouchedProfile, TouchedWell, reach_of
from lims.quality.queries.state import (
    Frozen,
    LedgerState,
    StandingHold,
    frozen_by,
    ledger_state,
    standing_holds,
)
from lims.quality.queries.timeline import EventPage, Filter, count_events, timeline

__all__ = [
    "EventPage",
    "Filter",
    "Frozen",
    "LedgerState",
    "Lineage",
    "Names",
    "Node",
    "Reach",
    "Result",
    "Standing",
    "StandingHold",
    "TouchedProfile",
    "TouchedWell",
    "Work",
    "count_events",
    "frozen_by",
    "ledger_state",
    "lineage_of",
    "names_of",
    "reach_of",
    "standing_holds",
    "timeline",
]
