# SPDX-License-Identifier: Apache-2.0
"""Plate records of the analyzers in words: why a template is not understood or nothing leaves."""

from collections.abc import Mapping

from instruments.analyzers.plate_records import AnalyzerModel as AnalyzerModel
from instruments.analyzers.plate_records import RecordRole
from lims.core.errors import Refusal
from lims.core.words import N_, Say
from lims.genotyping.rules import ROLE_WORDS
from lims.plates.rules import WellRole

LARGEST_TEMPLATE = 1_000_000
"""Bytes of a template: a record of 384 wells has about 100 thousand."""


class TemplateNotRead(Refusal):
    """A file that cannot serve as template."""

    says = N_("%(file)s cannot serve as template: %(why)s.")
    do = N_("%(then)s Nothing was stored.")
    status = 422


class RecordNotWritten(Refusal):
    """A plate record that would be wrong."""

    says = N_("No plate record of %(plate)s was written: %(why)s.")
    do = N_("%(then)s No record was given out.")
    status = 422


class RecordOutdated(Refusal):
    """The plate or its template changed between two requests for the same record."""

    says = N_("Plate %(plate)s was changed after this page was opened.")
    do = N_("Read the page of the plate again and take its record from there.")


_NOT_TEXT = N_("it is a file of another kind, not a plate record as text")
_UNREADABLE = {
    "not-text-empty": N_("it is empty"),
    "not-text-zip": N_("it is a zip archive or a workbook, not a plate record as text"),
    "not-text-xml": N_("it is an XML document, not a plate record as text"),
    "too-large": N_("it is larger than any plate record"),
    "encoding-unclear": N_("its bytes are not of one encoding of text"),
    "columns-missing": N_("no line of it names the columns Well and Sample Name"),
    "column-missing": N_("its columns (line %(line)s) lack “%(column)s”"),
    "column-twice": N_("its columns (line %(line)s) name “%(column)s” twice"),
    "head-missing": N_("above its columns (line %(line)s) nothing names the plate"),
    "table-damaged": N_("the cells of line %(line)s cannot be told apart"),
    "row-too-long": N_("line %(line)s has %(count)s cells, its columns are %(most)s"),
    "well-unknown": N_("line %(line)s, column “%(column)s”: “%(read)s” is no well"),
    "well-twice": N_("line %(line)s repeats well %(read)s of line %(first)s"),
    "well-outside": N_("line %(line)s: %(read)s is no well of a plate with 96 wells"),
    "type-unknown": N_("line %(line)s, column “%(column)s”: “%(read)s” is no known sample type"),
    "role-missing": N_("it has no row of this kind: %(role)s"),
    "other-instrument": N_("it is a record of a %(read)s, not of a %(model)s"),
}
_EXPORT = N_(
    "At the instrument, make a plate with one sample, the ladder and each control, export it as "
    "text, and choose that file."
)
_CORRECT = N_("Correct it at the instrument and export it again.")
_THEN = {
    "column-twice": _CORRECT, "table-damaged": _CORRECT, "row-too-long": _CORRECT,
    "well-unknown": _CORRECT, "well-twice": _CORRECT, "well-outside": _CORRECT,
    "type-unknown": N_(
        "Give the row one of the sample types sample, allelic ladder, positive control, negative "
        "control, blank, and export it again."
    ),
    "other-instrument": N_("Choose the instrument that the file comes from."),
}  # fmt: skip

_UNWRITTEN = {
    "plate-size": N_("the template is of %(has)s wells, the plate has %(needs)s"),
    "encoding": N_("the template's encoding has no sign for “%(read)s”"),
    "role-missing": N_("the template has no row of this kind: %(role)s"),
    "size-standard": N_(
        "%(role)s: the template names size standard “%(named)s” (line %(line)s), and the plate "
        "of kit %(kit)s needs %(needed)s"
    ),
    "dye-set": N_(
        "%(role)s: the template names dye set “%(named)s” (line %(line)s), and kit %(kit)s has "
        "%(needed)s dyes"
    ),
    "panel": N_(
        "%(role)s: the template names panel “%(named)s” (line %(line)s), which is not kit %(kit)s"
    ),
    "name-too-long": N_("well %(well)s: “%(name)s” has more than %(most)s letters"),
    "name-characters": N_("well %(well)s: a %(model)s does not take the name “%(name)s”"),
    "name-twice": N_("wells %(other)s and %(well)s both carry the name “%(name)s”"),
    "well-wrong": N_("%(well)s is no well of it, or stands twice"),
    "read-back-unreadable": N_("what was written could not be read back (%(why)s)"),
    "read-back-plate": N_("read back, it names plate “%(read)s” in place of %(needs)s"),
    "read-back-columns": N_("read back, its columns are not those of the template"),
    "read-back-well": N_(
        "read back, well %(well)s carries “%(read)s” and not “%(needs)s”"
    ),
    "read-back-role": N_("read back, well %(well)s is not entered as this: %(role)s"),
}  # fmt: skip
_PLATE_NAME = {
    "name-too-long": N_("the plate's name “%(name)s” has more than %(most)s letters"),
    "name-characters": N_("a %(model)s does not take the plate's name “%(name)s”"),
}
_OTHER_TEMPLATE = N_("Choose the template of this kit, or upload one that has its rows.")
_OTHER_NAME = N_(
    "Give the well another name on this page: letters, digits and _ - . # + ( ) { } only."
)
_TELL = N_("Tell the laboratory manager: the template does not serve.")
_THEN_UNWRITTEN = {
    "plate-size": _OTHER_TEMPLATE, "role-missing": _OTHER_TEMPLATE,
    "size-standard": _OTHER_TEMPLATE, "dye-set": _OTHER_TEMPLATE, "panel": _OTHER_TEMPLATE,
    "name-too-long": _OTHER_NAME, "name-characters": _OTHER_NAME, "name-twice": _OTHER_NAME,
}  # fmt: skip


def template_fault(reason: str, values: Mapping[str, str | int]) -> dict[str, Say]:
    """Return why a file is no template, and what to do, by the reader's reason and values."""
    return {
        "why": Say(_UNREADABLE.get(reason, _NOT_TEXT), _worded(values)),
        "then": Say(_THEN.get(reason, _EXPORT)),
    }


def record_fault(reason: str, values: Mapping[str, str | int]) -> dict[str, Say]:
    """Return why no record was written, and what to do, by the writer's reason and values."""
    words = _UNWRITTEN[reason]
    if values.get("well") == "" and reason in _PLATE_NAME:
        words = _PLATE_NAME[reason]
    return {
        "why": Say(words, _worded(values)), "then": Say(_THEN_UNWRITTEN.get(reason, _TELL)),
    }  # fmt: skip


def role_words(role: RecordRole) -> str:
    """Return the words of a role of a record."""
    return ROLE_WORDS[WellRole(role.value)]


def _worded(values: Mapping[str, str | int]) -> dict[str, str | int | Say]:
    worded: dict[str, str | int | Say] = dict(values)
    if "role" in values:
        worded["role"] = Say(role_words(RecordRole(str(values["role"]))))
    return worded
