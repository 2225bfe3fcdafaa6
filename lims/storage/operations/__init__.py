# SPDX-License-Identifier: Apache-2.0
"""The verbs of storage: add and move places, put away, take out; and what scans mean."""

from lims.storage.operations.places import add_place, move_box, rename_place, retire_place
from lims.storage.operations.stations import MEANING
from lims.storage.operations.storing import (
    bring_out,
    put,
    require_all_at_hand,
    require_at_hand,
    take,
)

__all__ = [
    "MEANING", "add_place", "bring_out", "move_box", "put", "rename_place",
    "require_all_at_hand", "require_at_hand", "retire_place", "take",
]  # fmt: skip
