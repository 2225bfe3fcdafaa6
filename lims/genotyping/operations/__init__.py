# SPDX-License-Identifier: Apache-2.0
"""The verbs of genotyping, and what a scan means at an injection bench."""

from lims.genotyping.operations.importing import (
    ImportResult,
    import_run,
    read_folder,
    refused_as_json,
)
from lims.genotyping.operations.injecting import (
    complete_injection_plate,
    name_for_analyzer,
    open_injection_plate,
    release_injection,
    use_on_injection_plate,
)
from lims.genotyping.operations.profiles import (
    accept_profile,
    answer_finding,
    record_profile_withdrawn,
    refuse_profile,
    withdraw_profile,
)
from lims.genotyping.operations.reading import commitment, settle_difference, submit_reading
from lims.genotyping.operations.records import (
    LeftRecord,
    keep_record_template,
    let_record_leave,
)
from lims.genotyping.operations.stations import MEANING

__all__ = [
    "MEANING",
    "ImportResult",
    "LeftRecord",
    "accept_profile",
    "answer_finding",
    "commitment",
    "complete_injection_plate",
    "import_run",
    "keep_record_template",
    "let_record_leave",
    "name_for_analyzer",
    "open_injection_plate",
    "read_folder",
    "record_profile_withdrawn",
    "refuse_profile",
    "refused_as_json",
    "release_injection",
    "settle_difference",
    "submit_reading",
    "use_on_injection_plate",
    "withdraw_profile",
]
