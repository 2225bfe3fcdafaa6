# SPDX-License-Identifier: Apache-2.0
"""The words of custody: types of events, reasons of holds, events as they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_, Say
from lims.custody.rules.ends import ENDED, Destroyed, Discarded, Returned
from lims.custody.rules.events import Event, EventId
from lims.custody.rules.gaps import Gap, GapKind, gaps_in_events
from lims.custody.rules.possession import (
    FROM_CREATION,
    GONE,
    MISSING,
    OUTSIDE,
    TRACKED,
    AwayOutside,
    Gone,
    HeldByOther,
    InStorage,
    Interval,
    Missing,
    NotHere,
    Replayed,
    Standing,
    check_held,
    fork_of,
    forks_around,
    is_away,
    is_place,
    moves,
    replay,
)
from lims.custody.rules.tags import Tag

__all__ = [
    "ENDED",
    "FROM_CREATION",
    "GONE",
    "MISSING",
    "OUTSIDE",
    "TRACKED",
    "AlreadyDerived",
    "AwayOutside",
    "CheckpointBackwards",
    "Destroyed",
    "Discarded",
    "Event",
    "EventId",
    "Gap",
    "GapKind",
    "Gone",
    "HeldByOther",
    "HoldReason",
    "HoldStanding",
    "HoldThen",
    "InStorage",
    "Interval",
    "LedgerNotStarted",
    "Missing",
    "NoDailyKey",
    "NoSuchHold",
    "NotHere",
    "OnHold",
    "Replayed",
    "Returned",
    "Standing",
    "Tag",
    "check_held",
    "fork_of",
    "forks_around",
    "gaps_in_events",
    "hold_words",
    "is_away",
    "is_place",
    "moves",
    "replay",
]


class HoldReason(StrEnum):
    """Why a thing may not go on. What is known only to the sealed side has one word here."""

    SEAL = "seal"
    LABEL = "label"
    CONTROL = "control"
    CONTAMINATION = "contamination"
    DISCREPANCY = "discrepancy"
    CONSENT = "consent"
    INCIDENT = "incident"
    COORDINATION = "coordination"
    REQUEST = "request"


HOLD_WORDS: Mapping[HoldReason, str] = {
    HoldReason.SEAL: N_("its seal or package was not as dispatched"),
    HoldReason.LABEL: N_("its label is in doubt"),
    HoldReason.CONTROL: N_("a control of its batch or plate failed"),
    HoldReason.CONTAMINATION: N_("contamination is suspected"),
    HoldReason.DISCREPANCY: N_("two records of it disagree"),
    HoldReason.CONSENT: N_("the consent was withdrawn"),
    HoldReason.INCIDENT: N_("an incident is open"),
    HoldReason.COORDINATION: N_("the identification coordinator holds it"),
    HoldReason.REQUEST: N_("somebody asked for it"),
}


def hold_words(reason: HoldReason) -> Say:
    """Return a reason in words, to stand in a sentence."""
    return Say(HOLD_WORDS[reason])


@dataclass(frozen=True)
class HoldStanding:
    """A hold that stands: on `code` itself, or on a thing that it came from."""

    id: int
    code: str
    reason: HoldReason
    since: datetime
    set_by_event: EventId

    @property
    def words(self) -> Say:
        """The reason in words."""
        return hold_words(self.reason)


@dataclass(frozen=True)
class HoldThen:
    """A hold that stood at an instant, whether or not it was lifted since."""

    code: str
    reason: HoldReason
    since: datetime
    lifted_at: datetime | None

    @property
    def words(self) -> Say:
        """The reason in words."""
        return hold_words(self.reason)


class OnHold(Refusal):
    """The thing, or one that it came from, is on hold."""

    says: ClassVar[str] = N_("%(code)s is on hold: %(reason)s.")
    do: ClassVar[str] = N_("Put it back. The quality officer lifts holds.")


class NoSuchHold(Refusal):
    """The hold is not there, or was lifted before."""

    says: ClassVar[str] = N_("This hold on %(code)s does not stand.")
    do: ClassVar[str] = N_("Read the page again.")


class AlreadyDerived(Refusal):
    """The link between two things is there already, or would make a thing its own ancestor."""

    says: ClassVar[str] = N_("%(child)s cannot come from %(parent)s.")
    do: ClassVar[str] = N_("Scan both again: they are in the wrong order, or were linked before.")


class LedgerNotStarted(Exception):
    """The database has no ledger yet: `lims init` starts it."""


class NoDailyKey(Refusal):
    """There is no certified key to sign today's checkpoints."""

    says: ClassVar[str] = N_("There is no certified key for %(day)s, so nothing can be signed.")
    do: ClassVar[str] = N_(
        "The administrator certifies the next days: `lims ledger key --certify`."
    )


class CheckpointBackwards(Refusal):
    """The clock stands before the newest checkpoint."""

    says: ClassVar[str] = N_("The clock shows %(at)s, before the newest checkpoint of %(last)s.")
    do: ClassVar[str] = N_(
        "Set the clock of the server. Work goes on; nothing is signed until then."
    )


class NotCovered(Refusal):
    """An event of the thing came after the newest checkpoint, so it is not signed yet."""

    says: ClassVar[str] = N_("Not every event of %(code)s is covered by a checkpoint yet.")
    do: ClassVar[str] = N_("Sign a checkpoint first: `lims ledger checkpoint`.")


class NotProved(Refusal):
    """The proof of a thing would not hold: the ledger was changed, or a certificate is gone."""

    says: ClassVar[str] = N_("The proof of %(code)s does not hold: %(problem)s")
    do: ClassVar[str] = N_("Nothing was written. Verify the whole ledger: `lims ledger verify`.")
