# SPDX-License-Identifier: Apache-2.0
"""Reading batches, plates and what waits for them."""

from lims.plates.queries.lists import WorkPage, WorkRow, work
from lims.plates.queries.records import (
    Used,
    awaited_in,
    batch_of,
    fill_order,
    filling_at,
    hands_in,
    lots_used,
    members_of,
    next_awaited,
    placement_of,
    plate_of,
    roles_in,
    state_of,
    uses_of,
    wells_of,
)
from lims.plates.queries.worklist import (
    SHOWN,
    Waiting,
    codes_waiting,
    waiting,
    waiting_counts,
    waits_for_amplification,
    waits_for_quantification,
)

__all__ = [
    "SHOWN",
    "Used",
    "Waiting",
    "WorkPage",
    "WorkRow",
    "awaited_in",
    "batch_of",
    "codes_waiting",
    "fill_order",
    "filling_at",
    "hands_in",
    "lots_used",
    "members_of",
    "next_awaited",
    "placement_of",
    "plate_of",
    "roles_in",
    "state_of",
    "uses_of",
    "waiting",
    "waiting_counts",
    "waits_for_amplification",
    "waits_for_quantification",
    "wells_of",
    "work",
]
