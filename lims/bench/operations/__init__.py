# SPDX-License-Identifier: Apache-2.0
"""The verbs of a bench: take it, leave it, record what is scanned, typed or commanded there."""

from lims.bench.operations.recording import (
    Meanings,
    record_command,
    record_entry,
    record_fault,
    record_scan,
)
from lims.bench.operations.sitting import (
    bench_session,
    leave_bench,
    record_devices,
    take_bench,
)

__all__ = [
    "Meanings",
    "bench_session",
    "leave_bench",
    "record_command",
    "record_devices",
    "record_entry",
    "record_fault",
    "record_scan",
    "take_bench",
]
