# SPDX-License-Identifier: Apache-2.0
"""Blind indexes of the sealed side, and how a number is looked up in one."""

from lims.core.sealing import Vault
from lims.core.spelling import number_key

SITE_INDEX, CASE_INDEX = "recovery_site.code", "recovery_case.number"
ITEM_INDEX, SEAL_INDEX = "recovered_item.field_number", "bone_sampling.seal_number"
CODE_INDEX = "bone_coding.code"
THING_INDEX, THING_NUMBER_INDEX = "thing_number.identity", "thing_number.number"
SCAN_INDEX = "dispatch_item.scan"
"""Of what the bar code of an announced item says."""


def number_blind(vault: Vault, number: str, index: str) -> bytes:
    """Return the blind index of a number, alike for every way of writing it."""
    return vault.blind(number_key(number), index)
