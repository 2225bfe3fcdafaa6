# SPDX-License-Identifier: Apache-2.0
"""What the heads and columns of plate records mean, and what each instrument takes as a name."""

import re
from enum import StrEnum

from instruments.analyzers.texts import column_key


class AnalyzerModel(StrEnum):
    """The instruments whose records are written."""

    A3100 = "3100"
    A3130 = "3130"
    A3500 = "3500"
    SEQSTUDIO = "SeqStudio"


class RecordRole(StrEnum):
    """What stands in a well, as a record tells it."""

    SAMPLE = "sample"
    LADDER = "ladder"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    BLANK = "blank"


LONGEST_NAME = 50
"""Letters of a sample's or plate's name. The name becomes part of a file's name, and the path of
a file has a limit of its own on every one of these instruments; so this is on the safe side."""

_PLAIN = r"A-Za-z0-9_(){}#.+\-"
_NAMES = {
    AnalyzerModel.A3100: re.compile(f"[{_PLAIN}]+"),
    AnalyzerModel.A3130: re.compile(f"[{_PLAIN}]+"),
    AnalyzerModel.A3500: re.compile(f"[{_PLAIN}][{_PLAIN} ]*"),
    AnalyzerModel.SEQSTUDIO: re.compile(f"[{_PLAIN}][{_PLAIN} ]*"),
}

WELL_KEYS = ("well", "wellposition", "wellid", "wellnumber")
NAME_KEYS = ("samplename", "sample")
TYPE_KEYS = ("sampletype",)
SIZE_KEYS = ("sizestandard",)
DYE_KEYS = ("dyeset",)
PANEL_KEYS = ("panel",)

PLATE_KEYS = ("containername", "platename", "plateid", "barcodenumber", "barcode", "platebarcode")
"""Head cells that hold the plate's name."""

ABOUT_KEYS = ("description", "comments", "comment", "platecomments")
"""Head cells that tell of one plate; filled where the template fills them."""

OWNER_KEYS = ("owner", "ownername")
OPERATOR_KEYS = ("operator", "operatorname")
SIZE_OF_PLATE_KEYS = ("containertype", "platetype", "numberofwells", "platesize")
HEAD_KEYS = frozenset(
    (*PLATE_KEYS, *ABOUT_KEYS, *OWNER_KEYS, *OPERATOR_KEYS, *SIZE_OF_PLATE_KEYS)
)  # fmt: skip

# Names of dye sets that tell how many dyes are detected.
_DYE_SETS = {
    "d": 4, "f": 4, "c": 4, "any4dye": 4, "e5": 5, "g5": 5, "g5rct": 5, "any5dye": 5,
    "any5dyehid": 5, "j6": 6, "j6t": 6, "any6dye": 6, "any6dyehid": 6,
}  # fmt: skip
_SET_IN_A_NAME = re.compile(r"(?<![a-z0-9])(g5|e5|j6|any[456]dye)(?![0-9])", re.I)


def takes_name(model: AnalyzerModel, name: str) -> bool:
    """Return whether the instrument takes the characters of this name."""
    return _NAMES[model].fullmatch(name) is not None


def dyes_of_set(text: str, *, whole: bool = True) -> int | None:
    """Return how many dyes a dye set detects, None for a set that is not known.

    `whole`: the text is the name of a set; else the name of a protocol that may hold one.
    """
    if whole:
        key = column_key(re.sub(r"(?i)^\s*(dye\s*set|promega)\b", "", text))
        if key in _DYE_SETS:
            return _DYE_SETS[key]
        counted = re.search(r"(?i)\b([456])[\s-]?dye", text)
        return int(counted[1]) if counted else None
    found = {_DYE_SETS[each.lower()] for each in _SET_IN_A_NAME.findall(text)}
    return found.pop() if len(found) == 1 else None


def role_of(sample_type: str, name: str) -> RecordRole | None:
    """Return what a row is, by its sample type and, where that says no more than sample, its name.

    None where neither tells.
    """
    said = column_key(sample_type)
    called = column_key(name)
    if "ladder" in said:
        return RecordRole.LADDER
    if "positive" in said:
        return RecordRole.POSITIVE
    if "blank" in said:
        return RecordRole.BLANK
    if "negative" in said:
        return RecordRole.BLANK if _is_blank(called) else RecordRole.NEGATIVE
    if said not in ("", "sample", "unknown"):
        return None
    if "ladder" in called or re.fullmatch(r"al\d*", called):
        return RecordRole.LADDER
    if _is_blank(called):
        return RecordRole.BLANK
    if re.match(r"(pos|pc\d*$)", called) or "positive" in called:
        return RecordRole.POSITIVE
    if re.match(r"(neg|ntc|nc\d*$)", called) or "negative" in called:
        return RecordRole.NEGATIVE
    return RecordRole.SAMPLE


def _is_blank(called: str) -> bool:
    return "blank" in called or re.fullmatch(r"rb\d*", called) is not None
