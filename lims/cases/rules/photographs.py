# SPDX-License-Identifier: Apache-2.0
"""Rules of photographs: what they show, and why one is refused."""

from enum import StrEnum

from lims.core.errors import Refusal
from lims.core.picture_rules import (
    LARGEST_MB as LARGEST_MB,
)
from lims.core.picture_rules import (
    LARGEST_MEGAPIXELS as LARGEST_MEGAPIXELS,
)
from lims.core.picture_rules import (
    LARGEST_METADATA_MB as LARGEST_METADATA_MB,
)
from lims.core.picture_rules import (
    HeicNotRead as HeicNotRead,
)
from lims.core.picture_rules import (
    PhotographCut as PhotographCut,
)
from lims.core.picture_rules import (
    PhotographGone as PhotographGone,
)
from lims.core.picture_rules import (
    PhotographMetadata as PhotographMetadata,
)
from lims.core.picture_rules import (
    PhotographMoves as PhotographMoves,
)
from lims.core.picture_rules import (
    PhotographRefused as PhotographRefused,
)
from lims.core.picture_rules import (
    PhotographTooLarge as PhotographTooLarge,
)
from lims.core.picture_rules import (
    PhotographTrailed as PhotographTrailed,
)
from lims.core.picture_rules import (
    PhotographTwice as PhotographTwice,
)
from lims.core.words import N_


class PhotographKind(StrEnum):
    """What a photograph shows."""

    SCALE = "with scale"
    OVERVIEW = "overview"
    LABEL = "label"
    BEFORE = "before sampling"
    AFTER = "after sampling"


PHOTOGRAPH_WORDS = {
    PhotographKind.SCALE: N_("with scale and label"),
    PhotographKind.OVERVIEW: N_("overview"),
    PhotographKind.LABEL: N_("label"),
    PhotographKind.BEFORE: N_("before sampling"),
    PhotographKind.AFTER: N_("after sampling"),
}


class PhotographNeeded(Refusal):
    """The one photograph with scale that a coded sampling rests on."""

    says = N_("This sampling is coded: it rests on this photograph.")
    do = N_("Add another photograph with scale first.")
