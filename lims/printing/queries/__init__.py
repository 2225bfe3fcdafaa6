# SPDX-License-Identifier: Apache-2.0
"""Reading labels: which is live, which are on their way, jobs of many, the print ledger."""

from lims.printing.queries.jobs import (
    JobShown,
    job_of,
    jobs_shown,
    jobs_under_way,
    labels_of_job,
    last_printed,
    newest_jobs,
)
from lims.printing.queries.labels import (
    check_label,
    counter_jumped,
    label_of_payload,
    labels_of,
    live_label,
    newest_label,
    pending_at,
    queue_revisions,
    queued_at,
    unverified,
    waiting,
)
from lims.printing.queries.ledger import Key, Printed, all_printed, printed, unexplained

__all__ = [
    "JobShown",
    "Key",
    "Printed",
    "all_printed",
    "check_label",
    "counter_jumped",
    "job_of",
    "jobs_shown",
    "jobs_under_way",
    "label_of_payload",
    "labels_of",
    "labels_of_job",
    "last_printed",
    "live_label",
    "newest_jobs",
    "newest_label",
    "pending_at",
    "printed",
    "queue_revisions",
    "queued_at",
    "unexplained",
    "unverified",
    "waiting",
]
