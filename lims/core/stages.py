# SPDX-License-Identifier: Apache-2.0
"""What a stage of the work says of its batches and plates: how one is released, what speaks for it.

Each stage's feature makes one `StageRules`; `lims.features` lists them by the name of the activity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from lims.core.actors import Actor
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


class Release(Protocol):
    """Releases a draft batch or plate, with every check of its stage; raises a Refusal."""

    def __call__(
        self, session: Session, code: str, /, *, by: Actor, at: datetime, station: str = ""
    ) -> object:
        """Release it, or raise."""
        ...


@dataclass(frozen=True)
class StageRules:
    """How work of a stage is released, and what its review looks at."""

    release: Release
    evidence: Callable[[Session, str], Evidence]


Stages = Mapping[str, StageRules]
