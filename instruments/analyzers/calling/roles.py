# SPDX-License-Identifier: Apache-2.0
"""What a file of a run holds, as far as its names tell: ladder, control, blank or sample."""

import re
from enum import StrEnum


class FileRole(StrEnum):
    """What an injection holds."""

    LADDER = "ladder"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    BLANK = "blank"
    SAMPLE = "sample"


# Words that mean one thing wherever they stand in a name. A word is what lies between blanks,
# underscores and the like; a trailing number (`pos2`) does not change it.
_WORDS: tuple[tuple[FileRole, frozenset[str]], ...] = (
    (FileRole.LADDER, frozenset({"ladder", "allelicladder", "idladder"})),
    (FileRole.BLANK, frozenset({"blank", "reagentblank", "extractionblank", "rblank", "ext-"})),
    (FileRole.NEGATIVE, frozenset({"neg", "negative", "negctrl", "negcontrol", "negativecontrol",
                                   "ntc", "ctl-", "ctrl-", "amp-", "pcr-", "(-)", "negc"})),
    (FileRole.POSITIVE, frozenset({"pos", "positive", "posctrl", "poscontrol", "positivecontrol",
                                   "ctl+", "ctrl+", "amp+", "pcr+", "(+)", "9947a", "2800m",
                                   "9948", "dna007", "posc"})),
)  # fmt: skip
# Two or three letters may be a part of any code, so they must be the whole name.
_WHOLE: tuple[tuple[FileRole, re.Pattern[str]], ...] = (
    (FileRole.LADDER, re.compile(r"(al|alad|adl|lad)[-_ ]?\d{0,3}")),
    (FileRole.POSITIVE, re.compile(r"(pc|cp|007)[-_ ]?\d{0,2}")),
    (FileRole.NEGATIVE, re.compile(r"(nc|cn)[-_ ]?\d{0,2}")),
    (FileRole.BLANK, re.compile(r"(rb|eb|blk)[-_ ]?\d{0,2}")),
)
_PHRASES: tuple[tuple[FileRole, str], ...] = (
    (FileRole.LADDER, "allelic ladder"),
    (FileRole.BLANK, "reagent blank"),
    (FileRole.BLANK, "extraction negative"),
    (FileRole.BLANK, "negative extraction"),
    (FileRole.NEGATIVE, "no template"),
)
_EXTENSION = re.compile(r"\.(fsa|hid|ab1|abi)$", re.IGNORECASE)
_SEPARATORS = re.compile(r"[\s_.,;:/\\]+")


def role_by_names(*names: str | None) -> FileRole | None:
    """Return the role that the first telling name tells, or None where none of them does.

    Names in order of trust: sample name, sample type, file name. "Sample" tells nothing: 3500
    instruments write it on ladders too.
    """
    for name in names:
        role = _role(_EXTENSION.sub("", (name or "").strip()).lower())
        if role is not None:
            return role
    return None


def _role(name: str) -> FileRole | None:
    spaced = " ".join(word for word in _SEPARATORS.split(name) if word)
    for role, phrase in _PHRASES:
        if phrase in spaced.replace("-", " "):
            return role
    # A name cut at every sign, and cut only at blanks and underscores so that `amp-` stays whole.
    words = set(spaced.split()) | set(re.split(r"[^a-z0-9()+]+", spaced))
    words |= {re.sub(r"(?<=[a-z)+-])\d{1,3}$", "", word) for word in words}
    for role, known in _WORDS:
        if words & known:
            return role
    for role, pattern in _WHOLE:
        if pattern.fullmatch(spaced):
            return role
    return None
