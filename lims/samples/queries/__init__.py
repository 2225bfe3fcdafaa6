# SPDX-License-Identifier: Apache-2.0
"""Reading samples: one, its parts, lists, the whole history of a coded thing."""

from lims.samples.queries.amounts import (
    amounts_left,
    amounts_of,
    behind,
    is_last,
    last_amount,
    measured,
    permissions_of,
    stage,
)
from lims.samples.queries.ends import Waiting, destructions, queued
from lims.samples.queries.history import Branch, Happened, Thing, in_detail, lineage, thing
from lims.samples.queries.lists import SamplePage, SampleRow, read_prefix, samples
from lims.samples.queries.records import (
    aliquot_of,
    aliquots_of,
    powder_left,
    sample_of,
    samples_behind,
    unused_aliquot,
)

__all__ = [
    "Branch",
    "Happened",
    "SamplePage",
    "SampleRow",
    "Thing",
    "Waiting",
    "aliquot_of",
    "aliquots_of",
    "amounts_left",
    "amounts_of",
    "behind",
    "destructions",
    "in_detail",
    "is_last",
    "last_amount",
    "lineage",
    "measured",
    "permissions_of",
    "powder_left",
    "queued",
    "read_prefix",
    "sample_of",
    "samples",
    "samples_behind",
    "stage",
    "thing",
    "unused_aliquot",
]
