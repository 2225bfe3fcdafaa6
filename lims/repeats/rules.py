# SPDX-License-Identifier: Apache-2.0
"""What may be done again, for which reasons, and what makes a sample urgent."""

from enum import StrEnum

from lims.core.codes import Kind
from lims.core.errors import Refusal
from lims.core.words import N_


class RepeatKind(StrEnum):
    """What is done again."""

    RE_EXTRACTION = "re-extraction"
    RE_QUANTIFICATION = "re-quantification"
    REPURIFICATION = "repurification"
    DILUTION = "dilution"
    RE_AMPLIFICATION = "re-amplification"
    RE_INJECTION = "re-injection"
    NEW_SAMPLE = "new sample"


KIND_WORDS = {
    RepeatKind.RE_EXTRACTION: N_("Extract again"),
    RepeatKind.RE_QUANTIFICATION: N_("Quantify again"),
    RepeatKind.REPURIFICATION: N_("Purify, then quantify again"),
    RepeatKind.DILUTION: N_("Amplify diluted"),
    RepeatKind.RE_AMPLIFICATION: N_("Amplify again"),
    RepeatKind.RE_INJECTION: N_("Inject again"),
    RepeatKind.NEW_SAMPLE: N_("A new sample is needed"),
}

OF_SAMPLES = frozenset({RepeatKind.RE_EXTRACTION, RepeatKind.NEW_SAMPLE})
"""Asked of a sample; all others of an extract."""


class RepeatReason(StrEnum):
    """Why it is done again."""

    LITTLE_DNA = "little DNA"
    INHIBITED = "inhibited"
    DEGRADED = "degraded"
    CONTROL_FAILED = "control failed"
    PLATE_FAILED = "plate failed"
    CONTAMINATION = "contamination"
    PARTIAL_PROFILE = "partial profile"
    RESULTS_DIFFER = "results differ"
    SECOND_RESULT = "second result"
    SIGNAL = "signal"
    LOT_RECALLED = "lot recalled"
    OTHER = "other"


REASON_WORDS = {
    RepeatReason.LITTLE_DNA: N_("too little DNA"),
    RepeatReason.INHIBITED: N_("inhibited"),
    RepeatReason.DEGRADED: N_("degraded"),
    RepeatReason.CONTROL_FAILED: N_("a control or blank failed"),
    RepeatReason.PLATE_FAILED: N_("the plate failed"),
    RepeatReason.CONTAMINATION: N_("contamination suspected"),
    RepeatReason.PARTIAL_PROFILE: N_("partial profile"),
    RepeatReason.RESULTS_DIFFER: N_("two results differ"),
    RepeatReason.SECOND_RESULT: N_("a second, independent result is needed"),
    RepeatReason.SIGNAL: N_("signal or size standard unusable"),
    RepeatReason.LOT_RECALLED: N_("a lot was recalled"),
    RepeatReason.OTHER: N_("other (say which)"),
}

FREE = 2
"""So many repeats of a sample are asked with a reason from the list; more need words too."""


class UrgencyReason(StrEnum):
    """Why a sample goes before others: a closed list, for words might name somebody."""

    COURT = "court"
    AUTHORITY = "authority"
    WAITED_LONG = "waited long"
    REMAINS_RETURN = "remains return"
    LITTLE_TIME = "little time"


URGENCY_WORDS = {
    UrgencyReason.COURT: N_("a court has set a date"),
    UrgencyReason.AUTHORITY: N_("the authority asks for it"),
    UrgencyReason.WAITED_LONG: N_("it has waited too long"),
    UrgencyReason.REMAINS_RETURN: N_("the remains are to be given back"),
    UrgencyReason.LITTLE_TIME: N_("the material will not keep"),
}


class WrongThingToRepeat(Refusal):
    """A repeat that cannot be asked of this kind of thing."""

    says = N_("This cannot be done again with %(code)s.")
    do = N_("Ask a new extraction or sample of a sample (B…, R…), all else of an extract (X…).")
    status = 422


class RepeatAsked(Refusal):
    """The same repeat waits already."""

    says = N_("This was asked for %(code)s already: %(at)s, by %(who)s.")
    do = N_("It stands on the worklist. Withdraw it first if it should be another.")


class RepeatedBefore(Refusal):
    """A sample that was repeated so often that a reason from the list is not enough."""

    says = N_("%(code)s was repeated %(count)s times already.")
    do = N_("Say in your own words why once more.")
    status = 422


class WordsMissing(Refusal):
    """A reason that says nothing by itself."""

    says = N_("“Other” says nothing by itself.")
    do = N_("Say in your own words why it is done again.")
    status = 422


class RepeatOver(Refusal):
    """A repeat that was taken up or withdrawn."""

    says = N_("This repeat of %(code)s is over: it was taken up or withdrawn.")
    do = N_("Open the list again to see how it stands.")


class UrgentAlready(Refusal):
    """A sample that is urgent already."""

    says = N_("%(code)s is urgent already, since %(at)s.")
    do = N_("Nothing is to be done.")


class NotUrgent(Refusal):
    """A sample whose urgency is lifted, but has none."""

    says = N_("%(code)s is not urgent.")
    do = N_("Nothing is to be done.")


def check_thing(kind: RepeatKind, code: str) -> None:
    """Refuse (WrongThingToRepeat) a kind of repeat that is not asked of a kind of thing."""
    samples = (Kind.BONE, Kind.REFERENCE)
    fits = code[0] in samples if kind in OF_SAMPLES else code[0] == Kind.EXTRACT
    if not fits:
        raise WrongThingToRepeat(code=code)


def check_why(code: str, reason: RepeatReason, words: str, *, times: int) -> None:
    """Refuse a repeat whose reason says too little: WordsMissing, RepeatedBefore."""
    if words.strip():
        return
    if times >= FREE:
        raise RepeatedBefore(code=code, count=times)
    if reason is RepeatReason.OTHER:
        raise WordsMissing()
