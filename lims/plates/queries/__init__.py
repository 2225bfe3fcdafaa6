# SPDX-License-Identifier: Apache-2.0
"""Reading procedures, batches, plates and what waits for them."""

from lims.plates.queries.records import (
    Used,
    batch_of,
    current_procedure,
    current_procedures,
    filling_at,
    lots_used,
    members_of,
    placement_of,
    plate_of,
    procedures,
    state_of,
    usable_procedure,
    uses_of,
    wells_of,
)

__all__ = [
    "Used",
    "batch_of",
    "current_procedure",
    "current_procedures",
    "filling_at",
    "lots_used",
    "members_of",
    "placement_of",
    "plate_of",
    "procedures",
    "state_of",
    "usable_procedure",
    "uses_of",
    "wells_of",
]
