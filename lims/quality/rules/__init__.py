# SPDX-License-Identifier: Apache-2.0
"""What the quality officer decides, and what is refused on the pages of quality."""

import re
from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_
from lims.custody.rules import Event
from lims.custody.rules.gaps import MOVES


class Act(StrEnum):
    """What kind of act an event is: the groups by which a timeline is filtered."""

    CUSTODY = "custody"
    WORK = "work"
    PROFILE = "profile"
    HOLD = "hold"
    LABEL = "label"
    PROOF = "proof"
    RECORD = "record"


ACT_WORDS = {
    Act.CUSTODY: N_("who has it, where it is, seals"),
    Act.WORK: N_("work on it"),
    Act.PROFILE: N_("runs, readings, profiles"),
    Act.HOLD: N_("holds and incidents"),
    Act.LABEL: N_("labels and scans"),
    Act.PROOF: N_("proofs and packages"),
    Act.RECORD: N_("everything else"),
}

_BY_THING = {
    "handover": Act.CUSTODY, "aliquot": Act.WORK, "batch": Act.WORK, "plate": Act.WORK,
    "extract": Act.WORK, "quantity": Act.WORK, "amplification": Act.WORK, "injection": Act.WORK,
    "run": Act.PROFILE, "reading": Act.PROFILE, "profile": Act.PROFILE, "incident": Act.HOLD,
    "label": Act.LABEL, "scan": Act.LABEL, "ledger": Act.PROOF, "review": Act.PROOF,
}  # fmt: skip
_CUSTODY_OF_SAMPLES = frozenset(
    {
        "sample:package:received", "sample:item:received", "sample:item:accepted",
        "sample:item:rejected", "sample:item:handed-over", "sample:item:taken-back",
        "sample:item:destroyed", "sample:item:returned", "sample:item:missed",
        "sample:item:found", "sample:seal:checked", "sample:seal:broken", "sample:seal:applied",
    }
)  # fmt: skip
_WORK_ON_SAMPLES = frozenset(
    {
        "sample:item:weighed", "sample:item:cleaned", "sample:item:cut", "sample:item:ground",
        "sample:item:consumed",
    }
)  # fmt: skip


def act_of(event: Event) -> Act:
    """Return the group that an event belongs to, by its type alone."""
    tag = str(event.tag)
    if event.tag in MOVES or tag in _CUSTODY_OF_SAMPLES or tag.startswith("subject:custody:"):
        return Act.CUSTODY
    if tag.startswith("subject:hold:"):
        return Act.HOLD
    if tag in _WORK_ON_SAMPLES:
        return Act.WORK
    return _BY_THING.get(tag.partition(":")[0], Act.RECORD)


class Decision(StrEnum):
    """What the quality officer decides of a thing in quarantine when it may go on."""

    UNFOUNDED = "unfounded"
    CORRECTED = "corrected"
    REPLACED = "replaced"
    ACCEPTED = "accepted"
    MISTAKE = "mistake"


DECISION_WORDS = {
    Decision.UNFOUNDED: N_("looked into: nothing was wrong"),
    Decision.CORRECTED: N_("what was wrong is put right"),
    Decision.REPLACED: N_("label, seal or tube is replaced"),
    Decision.ACCEPTED: N_("the deviation is accepted, and named in reports"),
    Decision.MISTAKE: N_("the wrong thing was put on hold"),
}


class IncidentNotRead(Refusal):
    """The number of an incident holds more than figures."""

    says: ClassVar[str] = N_("“%(read)s” is not the number of an incident.")
    do: ClassVar[str] = N_("Only figures, “-” and “/” are taken here.")
    status = 422


def read_incident(read: str) -> str:
    """Return the number of an incident, Latin figures; raises IncidentNotRead."""
    text = read.strip().translate(str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789"))
    if not re.fullmatch(r"[0-9][0-9/-]{0,19}", text):
        raise IncidentNotRead(read=read[:40])
    return text


class SearchRuns(Refusal):
    """A search for gaps is under way."""

    says: ClassVar[str] = N_("A search is under way: %(checked)s of %(whole)s looked at.")
    do: ClassVar[str] = N_("Wait for its end. If it does not move, the worker does not run.")


class OneQuestion(Refusal):
    """More than one of person, place and thing was given."""

    says: ClassVar[str] = N_("Only one of person, place and thing can be asked for at a time.")
    do: ClassVar[str] = N_("Leave the other fields empty.")
    status = 422


class PackageOvertaken(Refusal):
    """Something was recorded of the thing while its package was drawn, or since."""

    says: ClassVar[str] = N_("Something was recorded of %(code)s while the package was made.")
    do: ClassVar[str] = N_("Make the package again.")


class NothingSigned(Refusal):
    """No checkpoint was signed up to the day asked for."""

    says: ClassVar[str] = N_("Nothing was signed up to %(day)s.")
    do: ClassVar[str] = N_("Sign a checkpoint, or choose a later day.")
    status = 404


class TooManyToRead(Refusal):
    """There are too many events to read them all while a page waits."""

    says: ClassVar[str] = N_("More than %(most)s events cannot be read while a page waits.")
    do: ClassVar[str] = N_("The administrator runs `lims ledger verify --full` at the server.")
