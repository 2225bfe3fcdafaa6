# SPDX-License-Identifier: Apache-2.0
"""People from outside who receive things or bring them back."""

from enum import StrEnum
from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_


class OutsideKind(StrEnum):
    """On whose behalf somebody from outside comes."""

    COURT = "court"
    AUTHORITY = "authority"
    COURIER = "courier"
    PARTNER = "partner"
    FAMILY = "family"


class OutsideWay(StrEnum):
    """Which way the things went."""

    OUT = "out"
    BACK = "back"


OUTSIDE_WORDS = {
    OutsideKind.COURT: N_("court or prosecutor"),
    OutsideKind.AUTHORITY: N_("authority"),
    OutsideKind.COURIER: N_("courier"),
    OutsideKind.PARTNER: N_("partner laboratory"),
    OutsideKind.FAMILY: N_("family"),
}
OUTSIDE_WAY_WORDS = {OutsideWay.OUT: N_("received"), OutsideWay.BACK: N_("brought back")}


class PartyIncomplete(Refusal):
    """The person from outside has no name or no document."""

    says: ClassVar[str] = N_("Name and document of the person from outside are needed.")
    do: ClassVar[str] = N_("Look at the document and type its number. Nothing was stored.")
    status = 422
