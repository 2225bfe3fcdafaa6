# SPDX-License-Identifier: Apache-2.0
"""The verbs of amplification, and what a scan means at its bench."""

from lims.amplification.operations.amplifying import (
    Completed,
    Loaded,
    complete_amplification,
    load_for_amplification,
    open_amplification,
    release_amplification,
    take_last_back,
    use_lot,
)
from lims.amplification.operations.stations import MEANING

__all__ = [
    "MEANING",
    "Completed",
    "Loaded",
    "complete_amplification",
    "load_for_amplification",
    "open_amplification",
    "release_amplification",
    "take_last_back",
    "use_lot",
]
