# SPDX-License-Identifier: Apache-2.0
"""States of a thing that are its end, and the refusal of any further use."""

from collections.abc import Mapping
from typing import ClassVar

from lims.core.words import N_
from lims.custody.rules.possession import Gone


class Destroyed(Gone):
    """It was destroyed by two persons."""

    says: ClassVar[str] = N_("%(code)s: destroyed on %(since)s.")
    do: ClassVar[str] = N_("If you hold it, put it in quarantine and tell the quality officer.")


class Returned(Gone):
    """It was returned for ever."""

    says: ClassVar[str] = N_("%(code)s: returned on %(since)s.")
    do: ClassVar[str] = N_("If you hold it, put it in quarantine and tell the quality officer.")


class Discarded(Gone):
    """The tube was thrown away."""

    says: ClassVar[str] = N_("%(code)s: discarded on %(since)s.")
    do: ClassVar[str] = N_("If you hold it, put it in quarantine and tell the quality officer.")


ENDED: Mapping[str, type[Gone]] = {
    "destroyed": Destroyed, "returned": Returned, "discarded": Discarded,
}  # fmt: skip
"""What is refused of a thing in a state that is its end, by the state."""
