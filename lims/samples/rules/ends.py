# SPDX-License-Identifier: Apache-2.0
"""Trouble and the end: quarantine, lost and found, discarded, destroyed, returned."""

from enum import StrEnum

from lims.core.codes import Kind
from lims.core.errors import Refusal
from lims.core.words import N_
from lims.custody.rules import FROM_CREATION, HoldReason

QUARANTINE_REASONS = (
    HoldReason.SEAL, HoldReason.LABEL, HoldReason.CONTAMINATION, HoldReason.DISCREPANCY,
    HoldReason.CONTROL, HoldReason.INCIDENT, HoldReason.REQUEST,
)  # fmt: skip
"""What anybody can say who puts a thing into quarantine; the rest is for the program to say."""

LOSABLE = FROM_CREATION | {Kind.PLATE}


class DiscardReason(StrEnum):
    """Why a tube is thrown away."""

    EMPTY = "empty"
    EXPIRED = "expired"
    CONTAMINATED = "contaminated"
    BROKEN = "broken"
    DRIED = "dried"
    FINISHED = "finished"


class DestructionReason(StrEnum):
    """Why a thing is to be destroyed."""

    CONSENT = "consent"
    CUSTOMER = "customer"
    RETENTION = "retention"
    HAZARD = "hazard"
    COURT = "court"


DISCARD_WORDS = {
    DiscardReason.EMPTY: N_("nothing is left in it"),
    DiscardReason.EXPIRED: N_("it expired"),
    DiscardReason.CONTAMINATED: N_("it is contaminated"),
    DiscardReason.BROKEN: N_("the tube is broken"),
    DiscardReason.DRIED: N_("it dried up"),
    DiscardReason.FINISHED: N_("the work on it is finished"),
}
DESTRUCTION_WORDS = {
    DestructionReason.CONSENT: N_("the consent was withdrawn"),
    DestructionReason.CUSTOMER: N_("the customer asked for it"),
    DestructionReason.RETENTION: N_("the time of keeping is over"),
    DestructionReason.HAZARD: N_("it is a hazard"),
    DestructionReason.COURT: N_("a court ordered it"),
}


class ReasonMissing(Refusal):
    """An act that needs its reason in words."""

    says = N_("The reason is missing.")
    do = N_("Say in a few words what was seen.")
    status = 422


class MissingAlready(Refusal):
    """It is recorded as missing."""

    says = N_("%(code)s is recorded as missing since %(since)s.")
    do = N_("If you hold it, report it as found.")


class NotMissing(Refusal):
    """Found, and never missed."""

    says = N_("%(code)s is not recorded as missing.")
    do = N_("Nothing is to be done. If it lies in a wrong place, move it at a storage bench.")


class NotDiscardable(Refusal):
    """Only tubes are discarded."""

    says = N_("%(code)s is no tube that can be discarded.")
    do = N_("Remains and reference samples are returned or destroyed, by two persons.")


class NotDestructible(Refusal):
    """A thing that is never destroyed by this act."""

    says = N_("%(code)s cannot be queued for destruction.")
    do = N_("Samples, aliquots and extracts can.")


class QueuedAlready(Refusal):
    """It stands in the queue."""

    says = N_("%(code)s waits for its destruction already, since %(since)s.")
    do = N_("Nothing is to be done. The queue shows it.")


class NotQueued(Refusal):
    """Destroying what nobody queued."""

    says = N_("%(code)s is not queued for destruction.")
    do = N_("Queue it first, with its reason.")


class NotOutside(Refusal):
    """Returned, and still in the laboratory."""

    says = N_("%(code)s has not left the laboratory.")
    do = N_("Hand it over to who takes it first. Then close it as returned.")
