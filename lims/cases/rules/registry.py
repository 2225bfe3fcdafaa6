# SPDX-License-Identifier: Apache-2.0
"""Rules of recovered items: what is recorded of one, its numbers, and whose remains it is."""

from dataclasses import dataclass, fields
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.spelling import number_key
from lims.core.words import N_
from lims.samples.rules import Side

OLDEST = 120
"""Years; an age beyond it is a mistyped one."""


class Segment(StrEnum):
    """Which part of a skeletal element there is."""

    UNKNOWN = "unknown"
    WHOLE = "whole"
    PROXIMAL = "proximal end"
    PROXIMAL_THIRD = "proximal third"
    MIDDLE_THIRD = "middle third"
    DISTAL_THIRD = "distal third"
    DISTAL = "distal end"
    SHAFT = "shaft"
    FRAGMENT = "fragment"


class Condition(StrEnum):
    """How remains were preserved when they were recorded."""

    UNKNOWN = "unknown"
    FIRM = "firm"
    WORN = "worn"
    FRIABLE = "friable"
    BROKEN = "broken"
    SOFT_TISSUE = "soft tissue"
    MUMMIFIED = "mummified"
    ADIPOCERE = "adipocere"
    CHARRED = "charred"
    CALCINED = "calcined"


class Completeness(StrEnum):
    """How much of the item there is, in quarters as anthropologists estimate it."""

    UNKNOWN = "unknown"
    COMPLETE = "complete"
    MOST = "over 75 %"
    HALF = "50-75 %"
    LESS = "25-50 %"
    LITTLE = "under 25 %"


class BoneSex(StrEnum):
    """The sex that an anthropologist reads from remains."""

    UNKNOWN = "not assessed"
    FEMALE = "female"
    PROBABLY_FEMALE = "probably female"
    UNDETERMINED = "undetermined"
    PROBABLY_MALE = "probably male"
    MALE = "male"


class NumberKind(StrEnum):
    """Who counts so."""

    FIELD = "field"
    MORTUARY = "mortuary"
    LABORATORY = "partner laboratory"
    OTHER = "other"


class DecisionKind(StrEnum):
    """What was decided of whose remains they are."""

    ASSIGNED = "assigned"
    SPLIT = "split"
    JOINED = "joined"
    RELEASED = "released"
    UNDONE = "undone"


SEGMENT_WORDS = {
    Segment.UNKNOWN: N_("not recorded"),
    Segment.WHOLE: N_("whole"),
    Segment.PROXIMAL: N_("proximal end"),
    Segment.PROXIMAL_THIRD: N_("proximal third"),
    Segment.MIDDLE_THIRD: N_("middle third"),
    Segment.DISTAL_THIRD: N_("distal third"),
    Segment.DISTAL: N_("distal end"),
    Segment.SHAFT: N_("shaft"),
    Segment.FRAGMENT: N_("fragment"),
}
CONDITION_WORDS = {
    Condition.UNKNOWN: N_("not recorded"),
    Condition.FIRM: N_("firm, surface whole"),
    Condition.WORN: N_("surface worn or cracked"),
    Condition.FRIABLE: N_("friable"),
    Condition.BROKEN: N_("broken"),
    Condition.SOFT_TISSUE: N_("with soft tissue"),
    Condition.MUMMIFIED: N_("mummified"),
    Condition.ADIPOCERE: N_("with grave wax"),
    Condition.CHARRED: N_("charred"),
    Condition.CALCINED: N_("burnt white"),
}
COMPLETENESS_WORDS = {
    Completeness.UNKNOWN: N_("not recorded"),
    Completeness.COMPLETE: N_("complete"),
    Completeness.MOST: N_("more than three quarters"),
    Completeness.HALF: N_("half to three quarters"),
    Completeness.LESS: N_("a quarter to a half"),
    Completeness.LITTLE: N_("less than a quarter"),
}
BONE_SEX_WORDS = {
    BoneSex.UNKNOWN: N_("not assessed"),
    BoneSex.FEMALE: N_("female"),
    BoneSex.PROBABLY_FEMALE: N_("probably female"),
    BoneSex.UNDETERMINED: N_("undetermined"),
    BoneSex.PROBABLY_MALE: N_("probably male"),
    BoneSex.MALE: N_("male"),
}
NUMBER_WORDS = {
    NumberKind.FIELD: N_("field number"),
    NumberKind.MORTUARY: N_("mortuary number"),
    NumberKind.LABORATORY: N_("number of a partner laboratory"),
    NumberKind.OTHER: N_("other number"),
}
DECISION_WORDS = {
    DecisionKind.ASSIGNED: N_("assigned"),
    DecisionKind.SPLIT: N_("split into several individuals"),
    DecisionKind.JOINED: N_("joined to one individual"),
    DecisionKind.RELEASED: N_("no longer assigned"),
    DecisionKind.UNDONE: N_("earlier decision undone"),
}


@dataclass(frozen=True)
class ItemFacts:
    """What is recorded of a recovered item: ages in years, mass in micrograms."""

    field_number: str
    element: str = ""
    side: Side = Side.UNKNOWN
    segment: Segment = Segment.UNKNOWN
    condition: Condition = Condition.UNKNOWN
    bone_sex: BoneSex = BoneSex.UNKNOWN
    age_from: int | None = None
    age_to: int | None = None
    completeness: Completeness = Completeness.UNKNOWN
    mass_ug: int | None = None
    description: str = ""

    def as_json(self) -> dict[str, str | int]:
        """Return the facts as a version keeps them and a commitment binds them; none is ''."""
        return {
            one.name: "" if (value := getattr(self, one.name)) is None else value
            for one in fields(self)
        }


class AgeRefused(Refusal):
    """The range of ages ends before it begins, or nobody was ever so old."""

    says = N_("This range of ages cannot be: from %(from)s to %(to)s years.")
    do = N_("Give two ages of 0 to 120 years, the lower one first, or one of them alone.")
    status = 422


class NumberEmpty(Refusal):
    """Nothing is left of a number that could be compared."""

    says = N_("This number has no letter and no figure.")
    do = N_("Write it as it stands on the label.")
    status = 422


class NumberTaken(Refusal):
    """Another thing has this number of the same kind from the same issuer."""

    says = N_("Another thing has this number already: same kind, same issuer.")
    do = N_("Search for it. If the other entry is the wrong one, withdraw it there first.")


class NumberWithdrawn(Refusal):
    """The number was withdrawn before."""

    says = N_("This number was withdrawn already.")
    do = N_("Read the page again.")


class NothingChanged(Refusal):
    """A correction that changes nothing."""

    says = N_("Nothing is different from what is recorded.")
    do = N_("Change what is wrong, then give the reason.")
    status = 422


class ItemChanged(Refusal):
    """Somebody corrected the item while the form was open."""

    says = N_("This item was corrected by somebody else in the meantime.")
    do = N_("Read the page again and repeat what is still right.")


class NothingChosen(Refusal):
    """A decision about no remains."""

    says = N_("Nothing was chosen.")
    do = N_("Choose the items that the decision is about.")
    status = 422


class EvidenceNeeded(Refusal):
    """A decision of whose remains they are stands on evidence."""

    says = N_("This decision needs its evidence in words.")
    do = N_("Write what shows it: the articulation, the report, the match.")
    status = 422


class SecondPersonMissing(Refusal):
    """Whoever decides cannot confirm too."""

    says = N_("A second person must confirm.")
    do = N_("Ask a colleague to give badge and PIN. Nothing was decided.")


class AlreadySo(Refusal):
    """What was chosen is decided so already."""

    says = N_("This is decided so already.")
    do = N_("Read the page again. Nothing was changed.")


class DecidedAgain(Refusal):
    """Later decisions stand on the one that is to be undone."""

    says = N_("A later decision stands on this one.")
    do = N_("Undo the later one first. Nothing was changed.")


class OneIndividual(Refusal):
    """A split needs two, a join needs another."""

    says = N_("This needs two different individuals.")
    do = N_("Choose another one.")
    status = 422


def check_age(age_from: int | None, age_to: int | None) -> None:
    """Refuse (AgeRefused) a range of ages that cannot be."""
    given = [age for age in (age_from, age_to) if age is not None]
    if given != sorted(given) or any(not 0 <= age <= OLDEST for age in given):
        raise AgeRefused(**{"from": _or_dash(age_from), "to": _or_dash(age_to)})


def check_another_number(number: str) -> None:
    """Refuse (NumberEmpty) a number without anything to compare."""
    if not number_key(number):
        raise NumberEmpty()


def _or_dash(age: int | None) -> str:
    return "–" if age is None else str(age)
