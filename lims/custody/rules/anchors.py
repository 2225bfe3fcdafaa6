# SPDX-License-Identifier: Apache-2.0
"""What the anchor on a label can say of the ledger."""

from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_


class AnchorVerdict(StrEnum):
    """What became of an anchor that was compared with the ledger."""

    FITS = "fits"  # the ledger begins as it was then, and a checkpoint covers it
    UNSIGNED = "unsigned"  # it begins as it was then; no checkpoint covers it yet
    ANOTHER = "another"  # so many events have another root: they were changed since
    LONGER = "longer"  # the ledger is shorter than it was then


VERDICT_WORDS = {
    AnchorVerdict.FITS: N_(
        "The ledger still begins with the events that stood in it when this was printed."
    ),
    AnchorVerdict.UNSIGNED: N_(
        "The ledger still begins with the events that stood in it when this was printed. No "
        "checkpoint covers them yet."
    ),
    AnchorVerdict.ANOTHER: N_(
        "The ledger is not the one that this was printed from, or a letter was misread. Read it "
        "again; if it stays so, keep the label and call the quality officer."
    ),
    AnchorVerdict.LONGER: N_(
        "The ledger has fewer events than when this was printed: events are missing, or a digit "
        "was misread. Read it again; if it stays so, keep the label and call the quality officer."
    ),
}


class AnchorMistyped(Refusal):
    """The text is no anchor."""

    says: ClassVar[str] = N_("%(text)s is not an anchor.")
    do: ClassVar[str] = N_("It is a number, a colon and ten letters: 1284:QJ2A7XK3MD.")
    status = 422
