# SPDX-License-Identifier: Apache-2.0
"""The verbs of labels: single ones, jobs of many, what nobody scanned back, alarms."""

from lims.printing.operations.alarms import answer_alarm, raise_alarm
from lims.printing.operations.jobs import (
    DID_NOT_COME,
    MOVED_FIRST,
    STOPPED_FIRST,
    Wanted,
    begin_job,
    move_job,
    order_job,
    print_again,
    resume_job,
    size_of,
    stop_job,
)
from lims.printing.operations.labels import (
    queue_label,
    record_print_outcome,
    reprint,
    scan_label,
    void_label,
)
from lims.printing.operations.leasing import HOLD, LEASE, Lease, lease_labels
from lims.printing.operations.settling import settle_label

__all__ = [
    "DID_NOT_COME",
    "HOLD",
    "LEASE",
    "MOVED_FIRST",
    "STOPPED_FIRST",
    "Lease",
    "Wanted",
    "answer_alarm",
    "begin_job",
    "lease_labels",
    "move_job",
    "order_job",
    "print_again",
    "queue_label",
    "raise_alarm",
    "record_print_outcome",
    "reprint",
    "resume_job",
    "scan_label",
    "settle_label",
    "size_of",
    "stop_job",
    "void_label",
]
