# SPDX-License-Identifier: Apache-2.0
"""Reading custody: histories, lineage, holds, the export, the check."""

from lims.custody.queries.ledger import (
    DatabaseReport,
    Head,
    anchor,
    checkpoint_due,
    checkpoints,
    event_of,
    events_of,
    export_lines,
    head,
    history,
    last_checkpoint,
    leaf_hashes,
    recent,
    sound_streams,
    verify_database,
)
from lims.custody.queries.lineage import (
    ancestors,
    blocked,
    children,
    descendants,
    holds_of,
    parents,
    subject,
)

__all__ = [
    "DatabaseReport",
    "Head",
    "ancestors",
    "anchor",
    "blocked",
    "checkpoint_due",
    "checkpoints",
    "children",
    "descendants",
    "event_of",
    "events_of",
    "export_lines",
    "head",
    "history",
    "holds_of",
    "last_checkpoint",
    "leaf_hashes",
    "parents",
    "recent",
    "sound_streams",
    "subject",
    "verify_database",
]
