# SPDX-License-Identifier: Apache-2.0
"""The verbs of samples: code, accept, take a part; and what their two benches mean by a scan."""

from lims.samples.operations.amounts import (
    begin_amount,
    check_last,
    check_permitted,
    check_two,
    correct_amount,
    give_back,
    permit_consumption,
    rule_consumption,
    take_amount,
    take_rest,
    witnessed,
)
from lims.samples.operations.coding import (
    group_samples,
    register_bone_sample,
    register_reference_sample,
)
from lims.samples.operations.dividing import check_expiry, divide, exhaust, make_part
from lims.samples.operations.ends import (
    close_returned,
    destroy,
    discard,
    quarantine,
    queue_destruction,
    record_found,
    record_missing,
    withdraw_destruction,
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
    "begin_amount",
    "check_expiry",
    "check_last",
    "check_permitted",
    "check_preparation",
    "check_room",
    "check_two",
    "close_returned",
    "correct_amount",
    "destroy",
    "discard",
    "divide",
    "exhaust",
    "give_back",
    "group_samples",
    "make_part",
    "permit_consumption",
    "quarantine",
    "queue_destruction",
    "record_found",
    "record_missing",
    "register_bone_sample",
    "register_reference_sample",
    "rule_consumption",
    "take_amount",
    "take_lysate",
    "take_powder",
    "take_punch",
    "take_rest",
    "use_aliquots",
    "what_is",
    "withdraw_destruction",
    "witnessed",
]
