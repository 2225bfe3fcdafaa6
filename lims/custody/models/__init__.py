# SPDX-License-Identifier: Apache-2.0
"""Tables of the ledger and of what has a code, and the triggers that guard them."""

from lims.custody.models.ledger import (
    LedgerCheckpoint,
    LedgerEvent,
    LedgerHead,
    LedgerLeaf,
    LedgerNode,
    LedgerStream,
    LedgerStreamNode,
)
from lims.custody.models.possession import Possession
from lims.custody.models.subjects import Derivation, Hold, Subject
from lims.custody.models.triggers import APPEND_ONLY, TRIGGERS

__all__ = [
    "APPEND_ONLY",
    "TRIGGERS",
    "Derivation",
    "Hold",
    "LedgerCheckpoint",
    "LedgerEvent",
    "LedgerHead",
    "LedgerLeaf",
    "LedgerNode",
    "LedgerStream",
    "LedgerStreamNode",
    "Possession",
    "Subject",
]
