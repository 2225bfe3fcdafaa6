# SPDX-License-Identifier: Apache-2.0
"""What must be done with a sample before it is ground, and with a tool between two samples."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.procedures.rules import METHOD_WORDS as METHOD_WORDS
from lims.procedures.rules import PICTURE_WORDS as PICTURE_WORDS
from lims.procedures.rules import TOOL_WORDS as TOOL_WORDS
from lims.procedures.rules import Method as Method
from lims.procedures.rules import PictureOf as PictureOf
from lims.procedures.rules import Preparation, Treatment
from lims.procedures.rules import ToolKind as ToolKind


class ToolAct(StrEnum):
    """What happened to a tool."""

    USED = "used"
    DECONTAMINATED = "decontaminated"


@dataclass(frozen=True)
class Standing:
    """How far a sample has come in its set: methods of cleaning, kinds of tools, photographs."""

    cleaned: frozenset[Method] = frozenset()
    tools: frozenset[ToolKind] = frozenset()
    photographs: frozenset[PictureOf] = frozenset()


class NotAPreparationSet(Refusal):
    """A batch of another activity at a preparation bench."""

    says = N_("%(code)s is no preparation set.")
    do = N_("Scan the card of a preparation set (G…).")


class SetHere(Refusal):
    """Another set is scanned while one is in work."""

    says = N_("Set %(code)s is in work here.")
    do = N_("Set it aside with NEXT, then scan the other one.")


class NoSetHere(Refusal):
    """A sample of a line that is prepared by a procedure, and no set."""

    says = N_("%(code)s is prepared in a set: %(name)s asks for it.")
    do = N_("Scan the card of the set first (G…). A new one is opened on the page of preparation.")


class NotInSet(Refusal):
    """A sample that does not stand in the set."""

    says = N_("%(code)s is not in set %(set)s.")
    do = N_("Scan its label at the preparation bench where the set is in work.")


class PreparedAlready(Refusal):
    """The sample was ground, punched or lysed in this set before."""

    says = N_("%(code)s was prepared in set %(set)s already: %(aliquot)s.")
    do = N_("For a second part open another set.")


class PhotographAwaited(Refusal):
    """The procedure asks for a photograph, and there is none."""

    says = N_("%(code)s has no photograph with scale: %(when)s.")
    do = N_("Take it at the station or send it on the page of the set; then go on.")


class NotCleaned(Refusal):
    """The procedure asks for cleaning that is not on record."""

    says = N_("%(code)s is not cleaned as the procedure asks: %(methods)s is not on record.")
    do = N_("Clean it. DONE records that all was done as in the procedure.")


class ToolAwaited(Refusal):
    """The procedure asks for a tool that was not scanned for this sample."""

    says = N_("No %(tool)s was scanned for %(code)s.")
    do = N_("Scan the label of the tool that touches it.")


class NotDecontaminated(Refusal):
    """A tool that touched another sample since it was decontaminated last."""

    says = N_(
        "%(tool)s was used for %(sample)s on %(at)s (%(who)s) and not decontaminated since:"
        " %(methods)s is not on record."
    )
    do = N_("Do not use it for %(code)s. Set the sample aside (UNDO), decontaminate the tool, scan"
            " it and then DONE.")  # fmt: skip


class NotATool(Refusal):
    """A code of kind C that is neither a tool nor an instrument."""

    says = N_("%(code)s is neither a tool nor an instrument of preparation.")
    do = N_("Scan a tool. A new one is registered on the page of preparation.")


class ToolThere(Refusal):
    """A tool of this name or code is there already."""

    says = N_("A tool “%(name)s” is registered already: %(code)s.")
    do = N_("Give it another name, or use that one.")


class ReagentAwaited(Refusal):
    """A step needs a reagent of which no lot was scanned into the set."""

    says = N_("No lot of %(reagent)s was scanned into set %(set)s.")
    do = N_("Scan the label of the lot first; then record the step again.")


class MoreThanThere(Refusal):
    """Masses that do not add up."""

    says = N_("%(asked)s mg is more than the %(left)s mg that can be there of %(code)s.")
    do = N_("Weigh again. Powder, what remains and what is lost never exceed what there was.")


class NothingPrepared(Refusal):
    """A mass is given before anything was ground."""

    says = N_("%(code)s has no powder of set %(set)s to be weighed against, or was weighed after.")
    do = N_("Enter the mass of the powder first; what remains is weighed once.")


class NothingInSet(Refusal):
    """A set without a sample is to be completed."""

    says = N_("Set %(code)s holds no prepared sample.")
    do = N_("Scan a sample into it and prepare it first.")


class Unfinished(Refusal):
    """A sample of the set has no part yet."""

    says = N_("%(code)s is in set %(set)s and not prepared.")
    do = N_("Prepare it, or take it out of the set on its page with a reason.")


class MinutesWrong(Refusal):
    """A time that no step takes."""

    says = N_("%(minutes)s minutes is no time for a step.")
    do = N_("Write whole minutes from 0 to 10000.")
    status = 422


class NotForThisBench(Refusal):
    """A code that means nothing at a preparation bench."""

    says = N_("%(code)s means nothing at a preparation bench.")
    do = N_("Here sets (G…), samples (B…, R…), tools (C…) and lots (L…) are scanned.")


class NotForThisSample(Refusal):
    """A set of the other line."""

    says = N_("Set %(set)s is of the other line than %(code)s.")
    do = N_("Bones and reference samples are never prepared together. Scan the right set.")
    stops = True


def missing_cleaning(asked: Preparation, standing: Standing) -> tuple[Method, ...]:
    """Return which methods of cleaning are not on record, in the procedure's order."""
    return tuple(one.method for one in asked.cleaning if one.method not in standing.cleaned)


def missing_tools(asked: Preparation, standing: Standing) -> tuple[ToolKind, ...]:
    """Return which kinds of tools were not scanned for the sample."""
    return tuple(one for one in asked.tools if one not in standing.tools)


def missing_photographs(
    asked: Preparation, standing: Standing, kind: PictureOf
) -> tuple[PictureOf, ...]:
    """Return the kind of photograph if the procedure asks for it and there is none."""
    needed = kind in asked.photographs and kind not in standing.photographs
    return (kind,) if needed else ()


def still_dirty(
    asked: Sequence[Treatment], since: Collection[Method], *, touched: bool
) -> tuple[Method | None, ...]:
    """Return what a tool lacks before it may touch another sample, () where it is clean.

    `since` are the methods on record after its last use; `touched`: it was used at all. Where the
    procedure names no method one of any kind is asked for, given as None.
    """
    if not touched:
        return ()
    if not asked:
        return () if since else (None,)
    return tuple(one.method for one in asked if one.method not in since)


def check_minutes(minutes: int) -> int:
    """Return whole minutes; raises MinutesWrong."""
    if not 0 <= minutes <= 10_000:
        raise MinutesWrong(minutes=minutes)
    return minutes


def lost(before_ug: int, powder_ug: int, remains_ug: int) -> int:
    """Return what was lost, micrograms; negative where the masses do not add up."""
    return before_ug - powder_ug - remains_ug
