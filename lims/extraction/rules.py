# SPDX-License-Identifier: Apache-2.0
"""What goes into an extraction batch, and what must be there before it is done."""

import re

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.samples.rules import AliquotState, thousandths
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


class NothingInIt(Refusal):
    """A tube of which nothing is left is put into an extraction batch."""

    says = N_("Nothing is left in %(code)s.")
    do = N_("Scan another tube. If there is something in it, have its amount corrected first.")


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


class NotDiluted(Refusal):
    """Something that is not diluted."""

    says = N_("%(code)s is not diluted here.")
    do = N_("Scan an extract (X…) or a dilution (A…).")


class BlankNotDiluted(Refusal):
    """A reagent blank is to be diluted."""

    says = N_("%(code)s is a reagent blank: it is used as it is.")
    do = N_("A diluted blank would hide a contamination. Scan the extract of a sample.")


class FactorNotRead(Refusal):
    """Not a ratio of whole numbers that dilutes."""

    says = N_("“%(read)s” is no dilution: a smaller number in a larger one is needed.")
    do = N_("Write it as 1 in 10, 2 in 5: whole numbers.")
    status = 422


class FactorUneven(Refusal):
    """The diluent would be no whole number of nanolitres."""

    says = N_("%(volume)s µl cannot be diluted %(factor)s exactly.")
    do = N_("Take a volume that the factor divides without a rest.")
    status = 422


MOST = 1_000_000
"""No factor is larger."""


def read_factor(read: str) -> tuple[int, int]:
    """Return `1 in 10`, `1/10` or `1:10` as its two numbers; raises FactorNotRead."""
    latin = read.translate(str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789"))
    numbers = re.fullmatch(r"\s*([0-9]{1,7})\s*(?:in|/|:|في)\s*([0-9]{1,7})\s*", latin)
    if numbers is None or not 0 < int(numbers[1]) < int(numbers[2]) <= MOST:
        raise FactorNotRead(read=read[:40])
    return int(numbers[1]), int(numbers[2])


def check_factor(volume_nl: int, *, parts: int, of: int) -> int:
    """Return the volume of a dilution, nanolitres; raises FactorNotRead, FactorUneven."""
    if not 0 < parts < of <= MOST or volume_nl <= 0:
        raise FactorNotRead(read=f"{parts}/{of}")
    total, rest = divmod(volume_nl * of, parts)
    if rest:
        raise FactorUneven(volume=thousandths(volume_nl), factor=f"{parts}/{of}")
    return total


def diluted(fg_per_ul: int | None, *, parts: int, of: int) -> int | None:
    """Return the concentration after diluting, rounded down to whole femtograms a microlitre."""
    return None if fg_per_ul is None else fg_per_ul * parts // of


def check_aliquot(code: str, state: str) -> None:
    """Refuse (AliquotUsed) an aliquot that was extracted before."""
    if state != AliquotState.CREATED:
        raise AliquotUsed(code=code)


def check_complete(code: str, *, lots: int) -> None:
    """Refuse (LotMissing) a batch without any lot of an extraction reagent."""
    if lots < 1:
        raise LotMissing(code=code)
