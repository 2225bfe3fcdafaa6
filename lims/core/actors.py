# SPDX-License-Identifier: Apache-2.0
"""Who acts: the value that every operation is given as `by=`."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person is in this laboratory. One role a person; `rights.py` says what it may do."""

    RECEPTION = "reception"
    COORDINATOR = "coordinator"
    TECHNICIAN = "technician"
    MANAGER = "manager"
    QUALITY = "quality"
    ADMINISTRATOR = "administrator"
    AUDITOR = "auditor"
    PARTNER = "partner"


@dataclass(frozen=True)
class Actor:
    """Somebody or something that acts.

    `id` is what the ledger names: `u:<opaque>` a person, `a:<station code>` a bench agent's key,
    `console:<login>` an act at the console, `system` a scheduled job. It holds no name.
    `person` is the row of people.Person, None for machines and the console.
    """

    id: str
    role: Role | None = None
    person: int | None = None

    @property
    def is_person(self) -> bool:
        """Whether a human stands behind it who has signed in."""
        return self.person is not None

    @property
    def at_console(self) -> bool:
        """Whether it acts at the server's own console."""
        return self.id.startswith("console:")


SYSTEM = Actor("system")
