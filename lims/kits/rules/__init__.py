# SPDX-License-Identifier: Apache-2.0
"""What a kit's document may say, what must hold of it, how two differ, how one is drawn."""

from lims.kits.rules.checks import bp, off_ladder
from lims.kits.rules.comparing import Difference, compared
from lims.kits.rules.document import LONGEST_TEXT, read_document
from lims.kits.rules.drawing import Drawing, drawn
from lims.kits.rules.foreign import in_own_format
from lims.kits.rules.versions import (
    SHIPPED,
    KitNameTaken,
    KitNotInForce,
    KitNotThere,
    KitRefused,
    KitUnchanged,
    KitUnknown,
    KitVersionDecided,
    KitVersionPending,
    OwnKitDraft,
)

__all__ = [
    "LONGEST_TEXT", "SHIPPED", "Difference", "Drawing", "KitNameTaken", "KitNotInForce",
    "KitNotThere", "KitRefused", "KitUnchanged", "KitUnknown", "KitVersionDecided",
    "KitVersionPending", "OwnKitDraft", "bp", "compared", "drawn", "in_own_format", "off_ladder",
    "read_document",
]  # fmt: skip
