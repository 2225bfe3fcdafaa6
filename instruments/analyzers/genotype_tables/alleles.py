# SPDX-License-Identifier: Apache-2.0
"""One spelling for one allele."""

import re

from instruments.analyzers.genotype_tables.values import AlleleKind

_NUMBER = re.compile(r"(\d{1,3})(?:\.(\d))?")
_OUT_OF_RANGE = re.compile(r"[<>]\s*(?:\d{1,3}(?:\.\d)?|min|max)|(?:OB|OOR|OMR)", re.IGNORECASE)
_OFF_LADDER = re.compile(r"OL\d?|OFF[- ]LADDER")
_NO_CALLS = frozenset({"?", "INC", "NR", "ND", "N/A", "NA", "-", "--", "*", "F", "DROPOUT", "NULL"})


def normal_allele(text: str, marker: str) -> tuple[AlleleKind | None, str]:
    """Return kind and one spelling of an allele's text; no kind for what is none."""
    upper = text.upper()
    if marker == "AMEL" and upper in ("X", "Y", "1", "2"):
        return AlleleKind.CALLED, {"1": "X", "2": "Y"}.get(upper, upper)
    match = _NUMBER.fullmatch(text)
    if match:
        repeats = str(int(match[1]))
        partial = match[2] if match[2] and match[2] != "0" else ""
        return AlleleKind.CALLED, f"{repeats}.{partial}" if partial else repeats
    if _OFF_LADDER.fullmatch(upper):
        return AlleleKind.OFF_LADDER, "OL"
    if _OUT_OF_RANGE.fullmatch(text):
        return AlleleKind.OUT_OF_RANGE, upper.replace(" ", "")
    if upper in _NO_CALLS:
        return AlleleKind.NO_CALL, upper
    return None, text
