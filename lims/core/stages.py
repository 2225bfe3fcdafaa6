# SPDX-License-Identifier: Apache-2.0
"""What a stage of the work says of its batches and plates: how one is released, what speaks for it.

Each stage's feature makes one `StageRules`; `lims.features` lists them by the name of the activity.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.evidence import Evidence


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
