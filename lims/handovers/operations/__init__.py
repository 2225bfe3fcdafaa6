# SPDX-License-Identifier: Apache-2.0
"""The verbs of hand-overs."""

from lims.handovers.operations.handing import (
    accept_handover,
    hand_over,
    open_handover,
    refuse_handover,
    require_parties,
    withdraw_handover,
)
from lims.handovers.operations.others import give_outside, outside, take_back, take_over
from lims.handovers.operations.stations import MEANING

__all__ = [
    "MEANING",
    "accept_handover",
    "give_outside",
    "hand_over",
    "open_handover",
    "outside",
    "refuse_handover",
    "require_parties",
    "take_back",
    "take_over",
    "withdraw_handover",
]
