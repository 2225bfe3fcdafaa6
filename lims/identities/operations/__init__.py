# SPDX-License-Identifier: Apache-2.0
"""The verbs of persons: record, declare, consent, withdraw, code, resolve."""

from lims.identities.operations.coding import Resolved, code_references, resolve_code
from lims.identities.operations.recording import (
    declare_relation,
    record_consent,
    record_reference,
    register_donor,
    register_missing_person,
    withdraw_consent,
)

__all__ = [
    "Resolved",
    "code_references",
    "declare_relation",
    "record_consent",
    "record_reference",
    "register_donor",
    "register_missing_person",
    "resolve_code",
    "withdraw_consent",
]
