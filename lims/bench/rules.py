# SPDX-License-Identifier: Apache-2.0
"""What is decided at a bench before a stage is asked: who sits there, and how an answer sounds."""

from datetime import datetime, timedelta
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


class Ended(StrEnum):
    """How work at a bench ended."""

    BADGE = "badge"
    """The same badge again."""
    PAGE = "page"
    IDLE = "idle"
    TAKEN = "taken"
    """Somebody else began to work there."""


DOOR_OPEN = timedelta(seconds=90)
"""So long the PIN is awaited after a badge."""

TONES = {
    Verdict.ACCEPTED: "accepted",
    Verdict.REFUSED: "refused",
    Verdict.STOP: "refused",
    Verdict.UNKNOWN: "ambiguous",
}

LATE = timedelta(seconds=5)
"""A scan that was stored for longer than this before it was judged is told as a late one."""


def held_for(device_time: datetime | None, sent_at: datetime | None) -> timedelta:
    """Return for how long a scan was stored before it was sent, zero when it was not.

    Both are by the clock of the bench, which may be wrong by days: only their difference counts.
    """
    if device_time is None or sent_at is None:
        return timedelta()
    held = sent_at - device_time
    return held if held >= LATE else timedelta()


FAULT_SAYS = {
    "incomplete": N_("Half a code came from the scanner. Nothing was done."),
    "too-long": N_("What came from the scanner is too long for a code. Nothing was done."),
    "not-ascii": N_("Letters came from the scanner that no code has. Nothing was done."),
    "control-character": N_("Signs came from the scanner that no code has. Nothing was done."),
    "merged": N_("Two codes came in one read. Nothing was done."),
    "empty": N_("An empty code came from the scanner. Nothing was done."),
    "bad-checksum": N_("What came from the scanner was damaged on its way. Nothing was done."),
}
"""By what an agent calls it: something was read that is no scan."""

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
    do = N_("Scan your badge here and type its PIN. Then scan again.")


class BenchTaken(Refusal):
    """Another person works at this bench."""

    says = N_("%(person)s is working at this bench.")
    do = N_("Scan your badge and type its PIN to take it over, or go to a free one.")


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


class RackNotHere(Refusal):
    """A rack was read at a bench that stores nothing."""

    says = N_("Racks are taken up at a bench for storage only. Nothing was changed.")
    do = N_("Connect the rack scanner to a bench for storage, or read its file at the box's page.")


class RackOfNoBox(Refusal):
    """A rack was read that names no box of the laboratory, and none is open at the bench."""

    says = N_("A rack was read, and which box it is is not known. Nothing was changed.")
    do = N_("Scan the label of the box here, then read the rack again.")


class RackNotTaken(Refusal):
    """A rack with positions that somebody has to look at."""

    says = N_(
        "Rack %(place)s was not taken: %(count)s positions need somebody to look. "
        "First: %(position)s, %(what)s. Nothing was changed."
    )
    do = N_("Put right what is named, and read the rack again; the box's page compares a file.")


class NothingToHold(Refusal):
    """The command to hold, and nothing was read here."""

    says = N_("Nothing was scanned here that could be put into quarantine.")
    do = N_("Scan the thing first, then scan HOLD.")


class NothingAsked(Refusal):
    """An entry came for something the station did not ask for."""

    says = N_("The station is not waiting for “%(name)s”.")
    do = N_("Scan the thing first; the station then asks for what it needs.")


class WorkStopped(Refusal):
    """Something else than the right thing was given after a wrong tube."""

    says = N_("Work is stopped here: a wrong tube was read.")
    do = N_("Put the wrong one aside. Scan the right one, or the plate or batch that is open here.")


class NothingToPrint(Refusal):
    """The command to print, and nothing was read here."""

    says = N_("Nothing was scanned here whose label could be printed again.")
    do = N_("Scan the thing first, or type its code, then scan PRINT.")


class MayNotPrint(Refusal):
    """The role may not print labels."""

    says = N_("Your role may not print labels.")
    do = N_("Ask a technician or the coordinator for the new label.")
    status = 403


class BadgeAwaited(Refusal):
    """A PIN came for no badge, or too long after it."""

    says = N_("No badge was scanned here lately.")
    do = N_("Scan your badge, then type its PIN.")


class ScreenCodeWrong(Refusal):
    """The code of a screen is wrong, used, or too old."""

    says = N_("This code opens no screen.")
    do = N_("Ask the administrator for a new one: a code is good for 15 minutes, and once.")
    status = 422


class NoScreenAtIntake(Refusal):
    """Sealed things are shown at intake: nobody may see them who has not signed in."""

    says = N_("Intake has no screen of its own.")
    do = N_("Whoever works at intake signs in there.")


class CardReplaced(Refusal):
    """A command card in whose place another was printed."""

    says = N_("This command card was replaced by another.")
    do = N_("Throw it away, and scan the newer card of this bench.")
