# SPDX-License-Identifier: Apache-2.0
"""Why a file is no table of quantities, in words: the reader says it in English and in codes."""

from collections.abc import Mapping

from lims.core.words import N_, Say

_OTHER_KIND = N_("it is a file of another kind, not a table as text")
_EMPTY_CELL = N_("line %(line)s, column “%(column)s”: the cell is empty")

UNREADABLE = {
    "not-text-empty": N_("it is empty"),
    "not-text-git-lfs-pointer": N_("it is a Git LFS pointer, the file itself never came"),
    "not-text-zip": N_("it is a zip archive; unpack it first"),
    "not-text-abif": N_("it is a file of a genetic analyzer"),
    "too-large": N_("it is larger than any such table"),
    "workbook-damaged": N_("it is no sound .xlsx workbook"),
    "header-missing": N_("it has no header with sample, target and quantity"),
    "results-empty": N_("it holds no result"),
    "results-missing": N_("it has no section or sheet “Results”"),
    "results-twice": N_("it has more than one section “Results”"),
    "sample-column-missing": N_("its header (line %(line)s) has no column for the sample"),
    "target-column-missing": N_("its header (line %(line)s) has no column for the target"),
    "quantity-column-missing": N_("its header (line %(line)s) has no column for the quantity"),
    "column-twice": N_("its columns “%(first)s” and “%(second)s” stand for the same"),
    "table-damaged": N_("the cells of line %(line)s cannot be told apart"),
    "row-repeated": N_("line %(line)s repeats well and target of line %(earlier)s"),
    "curve-contradicts": N_("line %(line)s contradicts the standard curve above it"),
    "decimal-marks-mixed": N_("decimal points and decimal commas are mixed in it"),
    "cell-damaged": N_("line %(line)s, column “%(column)s”: “%(read)s” cannot be right"),
}
"""By the reader's stable reason (instruments.analyzers); any other is a file of another kind."""


def unreadable(reason: str, values: Mapping[str, str | int]) -> Say:
    """Return why a file cannot be read, from the reader's `reason` and its `values`."""
    if reason == "cell-damaged" and not values["read"]:
        return Say(_EMPTY_CELL, values)
    return Say(UNREADABLE.get(reason, _OTHER_KIND), values)
