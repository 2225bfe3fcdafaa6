# SPDX-License-Identifier: Apache-2.0
"""The verbs of reagents: catalogue, receive, judge, open, use, correct, end."""

from lims.reagents.operations.judging import lift_quarantine, quarantine_lot, release_lot
from lims.reagents.operations.receiving import add_reagent, receive_lot
from lims.reagents.operations.using import (
    correct_amount,
    discard_lot,
    end_container,
    open_container,
    take_into_use,
    use_amount,
)

__all__ = [
    "add_reagent",
    "correct_amount",
    "discard_lot",
    "end_container",
    "lift_quarantine",
    "open_container",
    "quarantine_lot",
    "receive_lot",
    "release_lot",
    "take_into_use",
    "use_amount",
]
