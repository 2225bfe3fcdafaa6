# SPDX-License-Identifier: Apache-2.0
"""What is decided at a bench before a stage is asked: who sits there, and how an answer sounds."""

from enum import StrEnum

from lims.core.codes import ALPHABET, Kind, check_character
from lims.core.errors import Refusal
from lims.core.scans import Command, Verdict
from lims.core.words import N_


class RecordKind(StrEnum):
    """What arrived at a station."""

    SCAN = "scan"
    ENTRY = "entry"
    COMMAND = "command"
    FAULT = "fault"


class DeviceState(StrEnum):
    """What an agent says of a device. Silence is `unknown`, never `ready`."""

    READY = "ready"
    FAULT = "fault"
    UNKNOWN = "unknown"
    GONE = "gone"


TONES = {
    Verdict.ACCEPTED: "accepted",
    Verdict.REFUSED: "refused",
    Verdict.STOP: "refused",
    Verdict.UNKNOWN: "ambiguous",
}

AGENT_SILENT_SECONDS = 10
"""An agent that has not been heard of for this long does not answer."""


def _command_code(index: int) -> str:
    """Return the fixed code of the command at `index`: the same on every bench card, for ever."""
    for number in range(len(ALPHABET)):
        body = Kind.COMMAND + ALPHABET[index] * 6 + ALPHABET[number]
        check = check_character(body)
        if check in ALPHABET:
            return body + check
    raise ValueError("no check character of the alphabet fits")


COMMAND_CODES: dict[str, Command] = {
    _command_code(index): command for index, command in enumerate(Command)
}


class NobodyHere(Refusal):
    """A scan came from a bench where nobody has taken the bench."""

    says = N_("Nobody is working at this bench.")
    do = N_("Sign in, open this bench's page and press “Work at this bench”. Then scan again.")


class BenchTaken(Refusal):
    """Another person works at this bench."""

    says = N_("%(person)s is working at this bench.")
    do = N_("Press “Work at this bench” to take it over, or go to a free one.")


class WrongStation(Refusal):
    """The role may not scan at this kind of station."""

    says = N_("Your role may not scan at this station.")
    do = N_("Go to a station of your own work, or ask the administrator.")
    status = 403


class StationWithoutMeaning(Refusal):
    """No feature says what a scan means here."""

    says = N_("This kind of station takes no scans yet.")
    do = N_("Use another station.")


class WrongThing(Refusal):
    """The thing has no business at this kind of station."""

    says = N_("%(code)s is not worked with at this station.")
    do = N_("Take it to the station of its next step.")


class TypedWithoutReason(Refusal):
    """A typed code needs a reason."""

    says = N_("A typed code needs a reason.")
    do = N_("Say why it could not be scanned: label damaged, scanner broken.")
    status = 422


class NumberOfAnother(Refusal):
    """What was read at intake is no code of this laboratory: it is not repeated anywhere."""

    says = N_("This is no code of this laboratory. What was read is not kept here.")
    do = N_("If it is the number of somebody else on the bag, search for it on this page.")
    status = 422


class LabelCutShort(Refusal):
    """A scanner gave a code without its label: a voided label would pass for the live one."""

    says = N_("Only the code %(code)s was read, not the whole label.")
    do = N_("Scan the label again. If it cannot be scanned, type the code and say why.")
    status = 422


class NothingToHold(Refusal):
    """The command to hold, and nothing was read here."""

    says = N_("Nothing was scanned here that could be put into quarantine.")
    do = N_("Scan the thing first, then scan HOLD.")


class NothingAsked(Refusal):
    """An entry came for something the station did not ask for."""

    says = N_("The station is not waiting for “%(name)s”.")
    do = N_("Scan the thing first; the station then asks for what it needs.")
