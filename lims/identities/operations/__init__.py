# SPDX-License-Identifier: Apache-2.0
"""The verbs of persons: record, declare, consent, withdraw, code, resolve."""

from lims.identities.operations.coding import Resolved, code_references, resolve_code
from lims.identities.operations.erasing import (
    Erasure,
    erase_again,
    erase_donor,
    lift_legal_hold,
    set_legal_hold,
)
from lims.identities.operations.recording import (
    declare_relation,
    record_consent,
    record_reference,
    register_donor,
    register_missing_person,
)
from lims.identities.operations.withdrawing import tell_next, withdraw_consent

__all__ = [
    "Erasure",
    "Resolved",
    "code_references",
    "declare_relation",
    "erase_again",
    "erase_donor",
    "lift_legal_hold",
    "record_consent",
    "record_reference",
    "register_donor",
    "register_missing_person",
    "resolve_code",
    "set_legal_hold",
    "tell_next",
    "withdraw_consent",
]
