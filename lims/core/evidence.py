# SPDX-License-Identifier: Apache-2.0
"""What the rules found out about completed work, as its review looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lims.core.words import Say


@dataclass(frozen=True)
class Evidence:
    """What the rules found out about completed work, as its review looks at it.

    `failed`: a control failed, it cannot pass. `unanswered`: it is not known yet. `exceptions`: it
    passes with them only. `involved`: who had a hand in it, actor id to marked words of what.
    """

    failed: tuple[Say, ...] = ()
    unanswered: tuple[Say, ...] = ()
    exceptions: tuple[Say, ...] = ()
    involved: Mapping[str, str] = field(default_factory=dict)
