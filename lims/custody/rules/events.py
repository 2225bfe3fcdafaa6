# SPDX-License-Identifier: Apache-2.0
"""An event of the ledger as it is read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from lims.custody.rules.tags import Tag

EventId = NewType("EventId", str)


@dataclass(frozen=True)
class Event:
    """One event of the ledger as it is read; `index` is its place in the log, from 0."""

    index: int
    id: EventId
    stream: str
    seq: int
    tag: Tag | str  # a plain string only where a newer version of Osteon wrote it
    actor: str
    device: str
    occurred: datetime
    recorded: datetime
    cause: str
    content: Mapping[str, object]

    @property
    def words(self) -> str:
        """The marked words of its type."""
        return self.tag.words if isinstance(self.tag, Tag) else str(self.tag)
