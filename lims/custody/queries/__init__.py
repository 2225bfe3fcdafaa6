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
from lims.custody.queries.proof_file import proof_lines
from lims.custody.queries.proofs import (
    LastProof,
    consistency_proof,
    inclusion_proof,
    inclusion_proofs,
    last_proof,
)

__all__ = [
    "DatabaseReport",
    "Head",
    "LastProof",
    "ancestors",
    "anchor",
    "blocked",
    "checkpoint_due",
    "checkpoints",
    "children",
    "consistency_proof",
    "descendants",
    "event_of",
    "events_of",
    "export_lines",
    "head",
    "history",
    "holds_of",
    "inclusion_proof",
    "inclusion_proofs",
    "last_checkpoint",
    "last_proof",
    "leaf_hashes",
    "parents",
    "proof_lines",
    "recent",
    "sound_streams",
    "subject",
    "verify_database",
]
