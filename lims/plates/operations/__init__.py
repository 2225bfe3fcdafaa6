# SPDX-License-Identifier: Apache-2.0
"""The verbs of batches and plates."""

from lims.plates.operations.batches import (
    Opened,
    add_blank,
    complete_batch,
    open_batch,
    place_in_batch,
    void_placement,
)
from lims.plates.operations.plates import (
    complete_plate,
    fill_well,
    open_plate,
    record_use,
    void_filling,
    working_plate,
)

__all__ = [
    "Opened",
    "add_blank",
    "complete_batch",
    "complete_plate",
    "fill_well",
    "open_batch",
    "open_plate",
    "place_in_batch",
    "record_use",
    "void_filling",
    "void_placement",
    "working_plate",
]
