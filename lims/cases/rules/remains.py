# SPDX-License-Identifier: Apache-2.0
"""Rules of remains: numbers of cases, states of a sampling, what coding asks for."""

import re
from collections.abc import Sequence
from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.words import N_, Many

MERGED_BELOW = 10
"""A group of fewer coded samples than this is not told apart on the laboratory side."""

SMALLEST_REASON = 5
"""Letters of a reason at least: a dot is none."""


class Burial(StrEnum):
    """How remains lay; it foretells how much DNA is left."""

    UNKNOWN = "unknown"
    SURFACE = "surface"
    EARTH_GRAVE = "earth grave"
    MASS_GRAVE = "mass grave"
    VAULT = "vault"
    WELL = "well"
    WATER = "water"
    BURNT = "burnt"


BURIAL_WORDS = {
    Burial.UNKNOWN: N_("not known"),
    Burial.SURFACE: N_("on the surface"),
    Burial.EARTH_GRAVE: N_("single grave in earth"),
    Burial.MASS_GRAVE: N_("mass grave"),
    Burial.VAULT: N_("vault or ossuary"),
    Burial.WELL: N_("well or shaft"),
    Burial.WATER: N_("in water"),
    Burial.BURNT: N_("burnt"),
}


class SamplingState(StrEnum):
    """Whether a sampling has its code."""

    PENDING = "pending"
    CODED = "coded"
    WITHDRAWN = "withdrawn"


SAMPLING_LOOKS = {
    SamplingState.PENDING: ("kept", N_("waits for its code")),
    SamplingState.CODED: ("ok", N_("coded")),
    SamplingState.WITHDRAWN: ("bad", N_("withdrawn")),
}
"""How a state is shown: kind of badge, words."""


class SiteThere(Refusal):
    """A site with this code is registered already."""

    says = N_("A recovery site with this code is registered already.")
    do = N_("Search for it, or give this one another code.")


class NumberThere(Refusal):
    """The number is taken in its case or site."""

    says = N_("This number is registered already in the same place.")
    do = N_("Search for it. Compare the number with the bag and with the list.")


class NumberOfOtherShape(Refusal):
    """The number of a case does not look as the site's numbers do."""

    says = N_("This number does not have the shape of the numbers of its site.")
    do = N_("Compare it with the bag. The site's page shows the shape.")
    status = 422


class PatternRefused(Refusal):
    """The pattern of a site's numbers is no regular expression, or one that could take hours."""

    says = N_("This pattern cannot be used for numbers.")
    do = N_(
        "Use letters, digits, classes and counts, for example [0-9]{3}[A-Z]{1,2}: no group may"
        " repeat, and at most four parts may be of free length."
    )
    status = 422


class PhotographMissing(Refusal):
    """A sampling without a photograph with scale cannot be coded."""

    says = Many(
        "%(count)s in the list has no photograph with scale.",
        "%(count)s in the list have no photograph with scale.",
    )
    do = N_("Add the photograph with scale and label. Nothing was coded.")


class ElementUnknown(Refusal):
    """A sampling whose skeletal element is not filled in cannot be coded."""

    says = Many(
        "%(count)s in the list has no skeletal element.",
        "%(count)s in the list have no skeletal element.",
    )
    do = N_("Fill in the element. Nothing was coded.")


class ElementNotListed(Refusal):
    """The element is none of the list: free words could carry a name over the wall."""

    says = N_("This skeletal element is not in the list.")
    do = N_("Choose one of the list. What it does not say belongs in the description.")
    status = 422


class NotPending(Refusal):
    """Something in the list was coded or withdrawn before."""

    says = Many(
        "%(count)s in the list is coded already, or withdrawn.",
        "%(count)s in the list are coded already, or withdrawn.",
    )
    do = N_("Read the page again. Nothing was coded.")


class ListTooShort(Refusal):
    """A list so short that its times would tell what was coded."""

    says = N_("A list of %(count)s is too short: at least %(minimum)s are coded together.")
    do = N_("Wait for more, or write why it cannot wait. Nothing was coded.")
    status = 422


class NotForCoding(Refusal):
    """The station chosen is not one at which labels of coded things come out."""

    says = N_("Labels of coded things come out at an intake station only.")
    do = N_("Choose an intake station.")
    status = 422


class ReasonNeeded(Refusal):
    """The act needs a reason in words."""

    says = N_("This needs a reason in words.")
    do = N_("Write why. It is sealed with the record.")
    status = 422


class NotOfIntake(Refusal):
    """What was scanned at intake is no sample."""

    says = N_("%(code)s is not a sample. At intake only labels of samples are scanned.")
    do = N_("Scan the label that the printer here gave.")


def check_list(refs: Sequence[str], *, minimum: int, urgent: str) -> None:
    """Refuse (ListTooShort) a list that could be paired by its times, unless it is urgent."""
    if len(refs) < max(1, minimum) and (not refs or not is_reason(urgent)):
        raise ListTooShort(count=len(refs), minimum=max(1, minimum))


def is_reason(text: str) -> bool:
    """Return whether a text can be a reason."""
    return len(text.strip()) >= SMALLEST_REASON


def check_reason(text: str) -> None:
    """Refuse (ReasonNeeded) what is no reason."""
    if not is_reason(text):
        raise ReasonNeeded()


_COUNTED_GROUP = re.compile(r"\)\s*[*+?{]")
_FREE = re.compile(r"[*+]|\{\d*,\d*\}")
LONGEST_PATTERN, LONGEST_NUMBER = 120, 40


def check_pattern(pattern: str) -> None:
    """Refuse (PatternRefused) a pattern that is none, or on which matching could hang."""
    bare = re.sub(r"\\.", "x", pattern)
    if (
        len(pattern) > LONGEST_PATTERN
        or _COUNTED_GROUP.search(bare)
        or len(_FREE.findall(bare)) > 4
        or bare.count("?") > 8
        or re.search(r"\\[1-9]|\(\?", pattern)
    ):
        raise PatternRefused()
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        raise PatternRefused() from None


def check_number(number: str, pattern: str) -> None:
    """Refuse (NumberOfOtherShape) a number that the site's pattern does not fit as a whole."""
    if len(number) > LONGEST_NUMBER or (pattern and not re.fullmatch(pattern, number)):
        raise NumberOfOtherShape()
