# SPDX-License-Identifier: Apache-2.0
"""The verbs of extraction, and what a scan means at its bench."""

from lims.extraction.operations.diluting import dilute
from lims.extraction.operations.extracting import (
    Made,
    advance_extract,
    complete_extraction,
    load_aliquot,
    open_extraction,
    release_extraction,
    send_extract,
)
from lims.extraction.operations.stations import MEANING

__all__ = [
    "MEANING",
    "Made",
    "advance_extract",
    "complete_extraction",
    "dilute",
    "load_aliquot",
    "open_extraction",
    "release_extraction",
    "send_extract",
]
