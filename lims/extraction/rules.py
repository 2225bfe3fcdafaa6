# SPDX-License-Identifier: Apache-2.0
"""What goes into an extraction batch, and what must be there before it is done."""

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.samples.rules import AliquotState
from lims.samples.rules import ExtractState as ExtractState

EXTRACT_NL = 50_000
"""What an elution gives unless the procedure says otherwise, nanolitres."""

BLANKS = 1
"""How many positions of a rack are kept for reagent blanks."""


class NotAnAliquot(Refusal):
    """Something else than an aliquot is put into an extraction batch."""

    says = N_("%(code)s is not an aliquot: it cannot be extracted.")
    do = N_("Scan the tube with powder, punch or lysate (A…).")


class AliquotUsed(Refusal):
    """The aliquot was extracted before."""

    says = N_("%(code)s is used up: it was extracted before.")
    do = N_("Take a new part of the sample at the preparation bench.")


class NotAnExtractionBatch(Refusal):
    """A batch of another activity at an extraction bench."""

    says = N_("%(code)s is no extraction batch.")
    do = N_("Scan the card of an extraction batch (G…).")


class NoBatchHere(Refusal):
    """A tube or lot is scanned before a batch."""

    says = N_("No batch is being worked on at this bench.")
    do = N_("Scan the card of the batch first (G…).")


class LotMissing(Refusal):
    """No reagent lot was scanned into the batch."""

    says = N_("Batch %(code)s names no lot of an extraction reagent.")
    do = N_("Scan the lot of every reagent used, then scan DONE again.")


class NotForThisBench(Refusal):
    """A code that means nothing at an extraction bench."""

    says = N_("%(code)s means nothing at an extraction bench.")
    do = N_("Here batches (G…), aliquots (A…), lots (L…) and instruments (C…) are scanned.")


class BatchHere(Refusal):
    """Another batch is scanned while one is being loaded."""

    says = N_("Batch %(code)s is being loaded here.")
    do = N_("Complete it with DONE, or set it aside with NEXT; then scan the other batch.")


def check_aliquot(code: str, state: str) -> None:
    """Refuse (AliquotUsed) an aliquot that was extracted before."""
    if state != AliquotState.CREATED:
        raise AliquotUsed(code=code)


def check_complete(code: str, *, lots: int) -> None:
    """Refuse (LotMissing) a batch without any lot of an extraction reagent."""
    if lots < 1:
        raise LotMissing(code=code)
