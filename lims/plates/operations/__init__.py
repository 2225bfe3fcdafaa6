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
from lims.plates.operations.releasing import (
    await_scans,
    begin,
    release,
    scan_into_place,
    work_of,
)
from lims.plates.operations.reviewing import evidence_of, mark_repeated, review

__all__ = [
    "Opened",
    "add_blank",
    "await_scans",
    "begin",
    "complete_batch",
    "complete_plate",
    "evidence_of",
    "fill_well",
    "mark_repeated",
    "open_batch",
    "open_plate",
    "place_in_batch",
    "record_use",
    "release",
    "review",
    "scan_into_place",
    "void_filling",
    "void_placement",
    "work_of",
    "working_plate",
]
