# SPDX-License-Identifier: Apache-2.0
"""Reading custody: histories, possession, lineage, holds, the export, the check."""

from lims.custody.queries.gaps import GapCheck, gaps, gaps_of, tracked_codes
from lims.custody.queries.ledger import (
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
from lims.custody.queries.possession import (
    at_place_at,
    held,
    held_by_at,
    held_each,
    holder_at,
    intervals,
    intervals_each,
)
from lims.custody.queries.proof_file import proof_lines
from lims.custody.queries.proofs import (
    LastProof,
    consistency_proof,
    inclusion_proof,
    inclusion_proofs,
    last_proof,
)
from lims.custody.queries.verification import Coverage, DatabaseReport, verify_database

__all__ = [
    "Coverage",
    "DatabaseReport",
    "GapCheck",
    "Head",
    "LastProof",
    "ancestors",
    "anchor",
    "at_place_at",
    "blocked",
    "checkpoint_due",
    "checkpoints",
    "children",
    "consistency_proof",
    "descendants",
    "event_of",
    "events_of",
    "export_lines",
    "gaps",
    "gaps_of",
    "head",
    "held",
    "held_by_at",
    "held_each",
    "history",
    "holder_at",
    "holds_of",
    "inclusion_proof",
    "inclusion_proofs",
    "intervals",
    "intervals_each",
    "last_checkpoint",
    "last_proof",
    "leaf_hashes",
    "parents",
    "proof_lines",
    "recent",
    "sound_streams",
    "subject",
    "tracked_codes",
    "verify_database",
]
