# SPDX-License-Identifier: Apache-2.0
"""Reading samples: one, its parts, lists, the whole history of a coded thing."""

from lims.samples.queries.records import (
    aliquot_of,
    aliquots_of,
    powder_left,
    sample_of,
    samples_behind,
    unused_aliquot,
    who,
)

__all__ = [
    "aliquot_of",
    "aliquots_of",
    "powder_left",
    "sample_of",
    "samples_behind",
    "unused_aliquot",
    "who",
]
