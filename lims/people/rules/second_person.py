# SPDX-License-Identifier: Apache-2.0
"""A second person confirms with badge and PIN: what is refused, and the same of one's own PIN."""

from typing import ClassVar

from lims.core.errors import Refusal
from lims.core.words import N_


class PinWrong(Refusal):
    """The PIN does not fit the badge, or the account rests. One answer for both."""

    says: ClassVar[str] = N_("Badge and PIN do not fit, or the account is locked.")
    do: ClassVar[str] = N_(
        "Type the PIN again. Nothing was stored. After several wrong attempts the account rests."
    )
    status = 403


class SamePerson(Refusal):
    """Whoever acts cannot be the second person too."""

    says: ClassVar[str] = N_("A second person must confirm.")
    do: ClassVar[str] = N_("Let a colleague scan their own badge and type their own PIN.")
    status = 403


class MayNotConfirm(Refusal):
    """The role of the second person lacks the right."""

    says: ClassVar[str] = N_("%(person)s may not confirm this.")
    do: ClassVar[str] = N_("Ask a colleague whose role may.")
    status = 403


class NotABadge(Refusal):
    """What was given in place of a badge is none, or nobody has it."""

    says: ClassVar[str] = N_("This is not a badge of this laboratory.")
    do: ClassVar[str] = N_("Scan the code on the badge.")
    status = 422


class OwnBadgeMissing(Refusal):
    """The person has no valid badge, hence no PIN."""

    says: ClassVar[str] = N_("You have no valid badge, and a PIN belongs to a badge.")
    do: ClassVar[str] = N_("Give your password instead, or ask the administrator for a badge.")
    status = 403
