# SPDX-License-Identifier: Apache-2.0
"""What a printer can be set to, what can happen to it, in words: what, which labels, what to do."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from labels.adjust import NONE, Adjust
from lims.core.errors import Refusal
from lims.core.words import N_

UNSET = 0
"""The number of the setting of a printer that nobody has set."""


class Language(StrEnum):
    """What a label printer is spoken to in."""

    ZPL = "zpl"
    TSPL = "tspl"


@dataclass(frozen=True)
class Setting:
    """What one station's printer needs; offsets in dots at `dpi`, counted right and down."""

    number: int = UNSET
    language: Language = Language.ZPL
    dpi: int = 300
    adjust: Adjust = NONE

    def adjust_for(self, language: Language, dpi: int) -> Adjust:
        """Return what labels for a printer of this language and resolution need.

        Of another printer than the one that was measured nothing is known.
        """
        same = self.language is language and self.dpi == dpi
        return self.adjust if same else NONE


class TestState(StrEnum):
    """How far a test print has come."""

    __test__ = False  # not one of pytest's

    QUEUED = "queued"
    LEASED = "leased"
    INTENT = "intent"
    SENT = "sent"
    PRINTED = "printed"
    AMBIGUOUS = "ambiguous"
    LOST = "lost"


TEST_WORDS: Mapping[TestState, str] = {
    TestState.QUEUED: N_("waits for the printer"),
    TestState.LEASED: N_("waits for the printer"),
    TestState.INTENT: N_("is being printed"),
    TestState.SENT: N_("is being printed"),
    TestState.PRINTED: N_("printed"),
    TestState.AMBIGUOUS: N_("not known whether it came out"),
    TestState.LOST: N_("did not come out"),
}

LANGUAGE_WORDS: Mapping[Language, str] = {
    Language.ZPL: N_("ZPL: Zebra and its like"),
    Language.TSPL: N_("TSPL: TSC and its like"),
}

TEST_PREFIX = "TEST"
_TEST = re.compile(TEST_PREFIX + "([0-9]{1,9})")


def name_of_test(number: int) -> str:
    """Return how a test print is called between server and agent, where labels have payloads."""
    return f"{TEST_PREFIX}{number:06}"


def number_of_test(name: str) -> int | None:
    """Return the number of a test print by its name; None for a label's payload.

    No label is called so: E and S stand in no code.
    """
    found = _TEST.fullmatch(name)
    return None if found is None else int(found[1])


@dataclass(frozen=True)
class Trouble:
    """A fault of a printer for people: what happened, which labels are in doubt, what to do."""

    happened: str
    doubt: str
    act: str


_NONE_LOST = N_("No label is in doubt: what was not sent waits, and goes out when this is mended.")
_LAST_ONE = N_(
    "Only the label that was being printed is in doubt. It is not printed again on its own."
)

TROUBLES: Mapping[str, Trouble] = {
    "paper-out": Trouble(
        N_("Printer out of labels"), _LAST_ONE,
        N_("Put in a roll and close the head. Tear off half a label and throw it away; ask for "
           "the doubtful one again."),
    ),
    "ribbon-out": Trouble(
        N_("Printer out of ribbon"), _LAST_ONE,
        N_("Put in a ribbon and close the head. A pale label is to be torn up and asked for "
           "again."),
    ),
    "head-open": Trouble(
        N_("Printer head is open"), _LAST_ONE, N_("Close the printer's head."),
    ),
    "cover-open": Trouble(
        N_("Printer cover is open"), _LAST_ONE, N_("Close the printer's cover."),
    ),
    "jam": Trouble(
        N_("Labels or ribbon are jammed"), _LAST_ONE,
        N_("Open the head, take the jammed labels out and throw them away, close it."),
    ),
    "over-temperature": Trouble(
        N_("Print head is too hot"), _LAST_ONE,
        N_("Wait until it has cooled. If it comes often, set less darkness or speed."),
    ),
    "under-temperature": Trouble(
        N_("Print head is too cold"), _LAST_ONE, N_("Wait until it is warm; warm the room."),
    ),
    "temperature": Trouble(
        N_("Print head is too hot or too cold"), _LAST_ONE, N_("Wait some minutes."),
    ),
    "cutter": Trouble(
        N_("Cutter of the printer is stuck"), _LAST_ONE,
        N_("Switch the printer off, free the cutter, switch it on."),
    ),
    "head-element": Trouble(
        N_("Print head has dead dots"), _LAST_ONE,
        N_("Print the ruler. White lines along the labels: exchange the head; use another printer "
           "for tubes."),
    ),
    "memory": Trouble(
        N_("Printer has lost its settings"), _LAST_ONE,
        N_("Switch it off and on. If it says so again, have it repaired."),
    ),
    "buffer-full": Trouble(
        N_("Printer takes no more: its memory is full"), _LAST_ONE,
        N_("Switch the printer off and on. Something else may be sending to it."),
    ),
    "paused": Trouble(
        N_("Printer is paused"), _LAST_ONE, N_("Press the printer's pause key."),
    ),
    "other": Trouble(
        N_("Printer reports a fault without a name"), _LAST_ONE,
        N_("Read what its display or lights say."),
    ),
    "port-stuck": Trouble(
        N_("Printer holds the line and takes nothing"), _LAST_ONE,
        N_("Look whether it is paused; switch it off and on."),
    ),
    "port-gone": Trouble(
        N_("Printer is unplugged or switched off"), _LAST_ONE,
        N_("Plug it in and switch it on. If a label came out meanwhile, scan it."),
    ),
    "port-busy": Trouble(
        N_("Another program holds the printer"), _NONE_LOST,
        N_("End the other program: a printer driver, or a second bench agent."),
    ),
    "unknown": Trouble(
        N_("Printer does not answer, or answers noise"), _LAST_ONE,
        N_("Look at its lights, its cable and its speed (baud). Silence never counts as ready."),
    ),
    "unidentified": Trouble(
        N_("Printer does not say what it is"), _NONE_LOST,
        N_("Look whether the agent has the right language: zebra or tspl."),
    ),
    "wrong-dpi": Trouble(
        N_("Printer has another resolution than the agent was told"), _NONE_LOST,
        N_("Correct the resolution (dpi) in the agent's file. Nothing is printed until then."),
    ),
    "wrong-language": Trouble(
        N_("Printer was sent a label in another language"), _NONE_LOST,
        N_("Correct the printer's model in the agent's file."),
    ),
    "counter-jumped": Trouble(
        N_("Printer's counter jumped: look for labels nobody ordered"),
        N_("Any label at the printer that is not expected here: somebody printed it otherwise, or "
           "the printer was exchanged."),
        N_("Collect the labels at the printer. Scan each; destroy what is refused, and say so."),
    ),
    "odometer-jumped": Trouble(
        N_("Printer counted more labels than were sent"),
        N_("The label that was being printed, and any other that lies at the printer."),
        N_("Collect the labels at the printer. Scan each; destroy what is refused, and say so."),
    ),
    "odometer-unmoved": Trouble(
        N_("Printer did not count the label: none came out"), _NONE_LOST,
        N_("Ask for the label again."),
    ),
    "no-odometer": Trouble(
        N_("Printer does not tell its counter"),
        N_("Each label until it is scanned back: nothing else proves that it came out."),
        N_("Scan each label as it comes out. Another printer would spare this."),
    ),
    "not-proven-in-time": Trouble(
        N_("Printer did not finish the label in time"), _LAST_ONE,
        N_("If it lies at the printer, scan it; if not, ask for it again."),
    ),
    "after-restart": Trouble(
        N_("Bench computer or printer was off while a label was printed"), _LAST_ONE,
        N_("If it lies at the printer, scan it; if not, ask for it again."),
    ),
    "sent-before": Trouble(
        N_("This label may have been printed before"), _LAST_ONE,
        N_("Look for it at the printer and scan it; if it is not there, ask for it again."),
    ),
    "label-altered": Trouble(
        N_("A label was altered on the way from the server"), _NONE_LOST,
        N_("It is sent again. If it comes often, look at the network."),
    ),
}  # fmt: skip
"""By the stable reason of the agent; the first that fits is the cause."""


def reasons_in(detail: str) -> tuple[str, ...]:
    """Return the known reasons in what an agent said, the cause first."""
    said = set(re.split(r"[,;:\s]+", detail))
    return tuple(reason for reason in TROUBLES if reason in said)


def trouble_of(detail: str) -> Trouble | None:
    """Return what an agent's words mean, or None where nothing is wrong or known."""
    reasons = reasons_in(detail)
    return TROUBLES[reasons[0]] if reasons else None


class PrinterSettingSame(Refusal):
    """What was sent is what is in use already."""

    says = N_("The printer is set so already.")
    do = N_("There is nothing to save.")


class PrinterSettingChanged(Refusal):
    """Somebody saved another setting after this page was read."""

    says = N_("The printer was set by somebody else in the meantime.")
    do = N_("Open the page again. Nothing was stored.")


class OffsetTooLarge(Refusal):
    """With this offset a shipped layout would lose marks."""

    says = N_("With this offset the label “%(layout)s” would lose its edge.")
    do = N_("Take a smaller offset, and move the roll or its guides instead.")
    status = 422


class TestPending(Refusal):
    """A test print of this printer is on its way."""

    __test__ = False  # not one of pytest's

    says = N_("A test print is on its way to this printer already.")
    do = N_("Wait for it, or mend the printer.")


class TestUnknown(Refusal):
    """A test print that there is not, or that is another agent's by now."""

    __test__ = False  # not one of pytest's

    says = N_("This test print is no longer leased to this agent.")
    do = N_("Do not print it.")
