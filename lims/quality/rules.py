# SPDX-License-Identifier: Apache-2.0
"""What the quality officer decides, and what is refused on the pages of quality."""

import re
from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_


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


class NothingSigned(Refusal):
    """No checkpoint was signed up to the day asked for."""

    says: ClassVar[str] = N_("Nothing was signed up to %(day)s.")
    do: ClassVar[str] = N_("Sign a checkpoint, or choose a later day.")
    status = 404


class TooManyToRead(Refusal):
    """There are too many events to read them all while a page waits."""

    says: ClassVar[str] = N_("More than %(most)s events cannot be read while a page waits.")
    do: ClassVar[str] = N_("The administrator runs `lims ledger verify --full` at the server.")
