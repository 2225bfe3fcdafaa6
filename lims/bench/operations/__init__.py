# SPDX-License-Identifier: Apache-2.0
"""The verbs of a bench: take it, leave it, record what is scanned, typed or commanded there."""

from lims.bench.operations.door import awaited_badge, end_if_idle, idle_benches
from lims.bench.operations.fittings import (
    CARD,
    close_screen,
    open_screen,
    order_screen,
    print_cards,
)
from lims.bench.operations.rack_reads import record_rack
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
    "CARD",
    "Meanings",
    "awaited_badge",
    "bench_session",
    "close_screen",
    "end_if_idle",
    "idle_benches",
    "leave_bench",
    "open_screen",
    "order_screen",
    "print_cards",
    "record_command",
    "record_devices",
    "record_entry",
    "record_fault",
    "record_rack",
    "record_scan",
    "take_bench",
]
