# SPDX-License-Identifier: Apache-2.0
"""The verbs of quantification, and what a scan means at its bench."""

from lims.quantification.operations.confirming import (
    confirm_decisions,
    override_decision,
    to_confirm,
)
from lims.quantification.operations.loading import (
    check_extract,
    check_operator,
    complete_quantification,
    last_loaded,
    load_extract,
    open_quantification,
    refuse_twice,
    release_quantification,
    take_last_back,
)
from lims.quantification.operations.previewing import (
    Preview,
    WellPreview,
    preview_quantities,
    read_table,
)
from lims.quantification.operations.recording import (
    Recorded,
    import_quantities,
    record_quantities,
)
from lims.quantification.operations.settings import (
    propose_limits,
    save_mapping,
    settle_limits,
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
    "Preview",
    "Recorded",
    "WellPreview",
    "check_extract",
    "check_operator",
    "complete_quantification",
    "confirm_decisions",
    "import_quantities",
    "last_loaded",
    "load_extract",
    "lock_extract",
    "open_quantification",
    "override_decision",
    "preview_quantities",
    "propose_limits",
    "read_table",
    "record_quantities",
    "record_used",
    "refuse_twice",
    "release_quantification",
    "save_mapping",
    "set_aside",
    "settle",
    "settle_limits",
    "take_last_back",
    "to_confirm",
]
