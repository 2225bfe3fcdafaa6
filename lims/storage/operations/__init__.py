# SPDX-License-Identifier: Apache-2.0
"""The verbs of storage: add and move places, put a thing into one, take it out."""

from lims.storage.operations.places import add_place, move_box
from lims.storage.operations.storing import put, take

__all__ = ["add_place", "move_box", "put", "take"]
