# SPDX-License-Identifier: Apache-2.0
"""One spelling for one well of a plate."""

import re

_WELL = re.compile(r"([A-P])0*([1-9]\d?)")
_MOST_COLUMNS = 24  # of a plate with 384 wells


def well_of(text: str) -> str | None:
    """Return a well as letter and two digits, such as A01 for "a1"; None for what is no well."""
    match = _WELL.fullmatch(text.strip().upper())
    if match is None or int(match[2]) > _MOST_COLUMNS:
        return None
    return f"{match[1]}{int(match[2]):02}"
