# SPDX-License-Identifier: Apache-2.0
"""The verbs of samples: code, accept, take a part; and what their two benches mean by a scan."""

from lims.samples.operations.coding import (
    group_samples,
    register_bone_sample,
    register_reference_sample,
)
from lims.samples.operations.stations import (
    MEANING_PREPARATION,
    MEANING_RECEPTION,
    what_is,
)
from lims.samples.operations.taking import (
    Taken,
    accept_sample,
    advance_sample,
    check_preparation,
    check_room,
    take_lysate,
    take_powder,
    take_punch,
    use_aliquots,
)

__all__ = [
    "MEANING_PREPARATION",
    "MEANING_RECEPTION",
    "Taken",
    "accept_sample",
    "advance_sample",
    "check_preparation",
    "check_room",
    "group_samples",
    "register_bone_sample",
    "register_reference_sample",
    "take_lysate",
    "take_powder",
    "take_punch",
    "use_aliquots",
    "what_is",
]
