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
    "rdml-damaged": N_("it is no sound RDML document"),
    "runs-several": N_("it holds several runs (%(found)s), and which one is meant cannot be seen"),
    "standards-missing": N_("it gives cycles without standards, and no quantities"),
    "mapped-column-missing": N_(
        "its header (line %(line)s) has no column “%(column)s”, only %(read)s"
    ),
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


_ON_SHEET = N_("sheet “%(sheet)s”: %(why)s")

_AGAIN = N_("Export the results again as text with sample, well, target and quantity.")
_CELL = N_("Correct that cell in the cycler's software, export again and import the new file.")
_COLUMNS = N_("Choose a mapping that names the columns of this file, or save one from it.")
_DO = {
    "too-large": N_("Export the results only, without the raw data of every cycle."),
    "cell-damaged": _CELL,
    "row-repeated": _CELL,
    "curve-contradicts": _CELL,
    "decimal-marks-mixed": N_("Export again with one decimal mark in the whole file."),
    "column-twice": _COLUMNS,
    "header-missing": _COLUMNS,
    "sample-column-missing": _COLUMNS,
    "target-column-missing": _COLUMNS,
    "quantity-column-missing": _COLUMNS,
    "mapped-column-missing": N_(
        "Choose the mapping that belongs to this file, or save a new version of it."
    ),
    "runs-several": N_("Export one run to a file of its own."),
    "standards-missing": N_("Export the whole plate with its standards, or a table of quantities."),
    "results-twice": N_("Export the results of one plate only."),
}
"""What a person can do about it, by the same reasons; any other: export again."""


def unreadable(reason: str, values: Mapping[str, str | int]) -> Say:
    """Return why a file cannot be read, from the reader's `reason` and its `values`."""
    if reason == "cell-damaged" and not values["read"]:
        why = Say(_EMPTY_CELL, values)
    else:
        why = Say(UNREADABLE.get(reason, _OTHER_KIND), values)
    return Say(_ON_SHEET, {"sheet": values["sheet"], "why": why}) if "sheet" in values else why


def then_do(reason: str) -> Say:
    """Return what a person can do about a file that cannot be read."""
    return Say(_DO.get(reason, _AGAIN))
