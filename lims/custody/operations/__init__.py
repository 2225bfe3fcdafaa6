# SPDX-License-Identifier: Apache-2.0
"""The verbs of custody: append, code, derive, hold, sign."""

from lims.custody.operations.checkpoints import checkpoint, publish
from lims.custody.operations.consent_holds import record_withheld, withhold
from lims.custody.operations.keys import (
    BadKeyFile,
    Signer,
    certification_due,
    certified_days,
    certify_days,
    create_long_term_key,
    daily_signer,
    days_left,
    destroy_past_keys,
    long_term_signer,
    read_public_key,
    write_public_key,
)
from lims.custody.operations.ledger import append, start_ledger, unlinked, write_pending
from lims.custody.operations.possession import (
    pass_all,
    pass_to,
    require_all_held_by,
    require_held_by,
)
from lims.custody.operations.subjects import (
    change_state,
    create_subject,
    derive,
    fresh_code,
    lift_hold,
    lock_subject,
    lock_subjects,
    refuse_if_ended,
    refuse_if_held,
    set_hold,
)

__all__ = [
    "BadKeyFile",
    "Signer",
    "append",
    "certification_due",
    "certified_days",
    "certify_days",
    "change_state",
    "checkpoint",
    "create_long_term_key",
    "create_subject",
    "daily_signer",
    "days_left",
    "derive",
    "destroy_past_keys",
    "fresh_code",
    "lift_hold",
    "lock_subject",
    "lock_subjects",
    "long_term_signer",
    "pass_all",
    "pass_to",
    "publish",
    "read_public_key",
    "record_withheld",
    "refuse_if_ended",
    "refuse_if_held",
    "require_all_held_by",
    "require_held_by",
    "set_hold",
    "start_ledger",
    "unlinked",
    "withhold",
    "write_pending",
    "write_public_key",
]
