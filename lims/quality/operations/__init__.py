# SPDX-License-Identifier: Apache-2.0
"""The verbs of the quality officer: hold, lift, record checks and exports, make a package."""

from lims.quality.operations.acts import (
    LEDGER_STREAM,
    hold_thing,
    lift,
    record_and_sign,
    record_check,
    record_export,
)
from lims.quality.operations.gap_search import (
    GapSearch,
    end_search,
    keep_search,
    read_search,
    search_on,
)
from lims.quality.operations.package import (
    Laboratory,
    Prepared,
    cosigned_files,
    prepare_package,
    record_package,
)
from lims.quality.operations.sheet import DaySheet, draw_sheet, keep_sheets, sheet_of
from lims.quality.operations.timeline import Row, Sheet, draw_timeline

__all__ = [
    "LEDGER_STREAM",
    "DaySheet",
    "GapSearch",
    "Laboratory",
    "Prepared",
    "Row",
    "Sheet",
    "cosigned_files",
    "draw_sheet",
    "draw_timeline",
    "end_search",
    "hold_thing",
    "keep_search",
    "keep_sheets",
    "lift",
    "prepare_package",
    "read_search",
    "record_and_sign",
    "record_check",
    "record_export",
    "record_package",
    "search_on",
    "sheet_of",
]
