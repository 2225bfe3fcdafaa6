# SPDX-License-Identifier: Apache-2.0
"""The verbs of remains: record, photograph, code, resolve; and what the intake bench means."""

from lims.cases.operations.coding import (
    code_remains,
    open_list,
    queue_labels,
    record_resolution,
    resolve_bone,
    shuffled,
)
from lims.cases.operations.individuals import decide, join, undo_decision
from lims.cases.operations.photographs import (
    add_photograph,
    open_photograph,
    photograph_of,
    withdraw_photograph,
)
from lims.cases.operations.recording import (
    found,
    open_case,
    record_item,
    record_sampling,
    register_site,
    withdraw_sampling,
)
from lims.cases.operations.registry import correct_item, give_number, thing_of, withdraw_number
from lims.cases.operations.sealed import record_look, record_read, record_sealed
from lims.cases.operations.stations import MEANING
from lims.core.pictures import Photograph, read_photograph

__all__ = [
    "MEANING",
    "Photograph",
    "add_photograph",
    "code_remains",
    "correct_item",
    "decide",
    "found",
    "give_number",
    "join",
    "open_case",
    "open_list",
    "open_photograph",
    "photograph_of",
    "queue_labels",
    "read_photograph",
    "record_item",
    "record_look",
    "record_read",
    "record_resolution",
    "record_sampling",
    "record_sealed",
    "register_site",
    "resolve_bone",
    "shuffled",
    "thing_of",
    "undo_decision",
    "withdraw_number",
    "withdraw_photograph",
    "withdraw_sampling",
]
