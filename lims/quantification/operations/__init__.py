# SPDX-License-Identifier: Apache-2.0
"""The verbs of quantification, and what a scan means at its bench."""

from lims.quantification.operations.loading import (
    check_extract,
    check_operator,
    complete_quantification,
    last_loaded,
    load_extract,
    open_quantification,
    refuse_twice,
    take_last_back,
)
from lims.quantification.operations.recording import (
    Recorded,
    import_quantities,
    record_quantities,
)
from lims.quantification.operations.stations import MEANING
from lims.quantification.operations.volumes import (
    lock_extract,
    record_used,
    set_aside,
    settle,
)

__all__ = [
    "MEANING",
    "Recorded",
    "check_extract",
    "check_operator",
    "complete_quantification",
    "import_quantities",
    "last_loaded",
    "load_extract",
    "lock_extract",
    "open_quantification",
    "record_quantities",
    "record_used",
    "refuse_twice",
    "set_aside",
    "settle",
    "take_last_back",
]
