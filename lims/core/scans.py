# SPDX-License-Identifier: Apache-2.0
"""A scan and its verdict: the values that pass between a station and what its scans mean.

A kind of station has one meaning: a function of a session, a `Visit` and the payload read. Which
function belongs to which kind is written in `lims.features`, so that a meaning can live in any
feature and the wall between the two sides stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from lims.core.actors import Actor
from lims.core.codes import Payload
from lims.core.errors import Refusal
from lims.core.words import Say

if TYPE_CHECKING:
    # Rules use these values, and rules load no SQLAlchemy.
    from sqlalchemy.orm import Session


class StationKind(StrEnum):
    """What a bench is for. The right to scan belongs to the kind of station."""

    INTAKE = "intake"
    RECEPTION = "reception"
    PREPARATION = "preparation"
    EXTRACTION = "extraction"
    QUANTIFICATION = "quantification"
    AMPLIFICATION = "amplification"
    INJECTION = "injection"
    STORAGE = "storage"
    HANDOVER = "handover"


class Source(StrEnum):
    """How a code was read. Typed needs a reason."""

    SERIAL = "serial"
    WEDGE = "wedge"
    CAMERA = "camera"
    TYPED = "typed"


class Verdict(StrEnum):
    """What the laboratory says to a scan."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    STOP = "stop"
    """A wrong tube: work stops until the right thing is read."""
    UNKNOWN = "unknown"


class Command(StrEnum):
    """What a command bar code on a bench card asks for."""

    DONE = "done"
    UNDO = "undo"
    NEXT = "next"
    PRINT = "print"
    HOLD = "hold"
    HELP = "help"


@dataclass(frozen=True)
class Scan:
    """One reading as it arrived: `scan_id` is made by the client and has one effect for ever."""

    scan_id: str
    text: str
    source: Source
    symbology: str | None = None
    raw: str = ""
    device: str = ""
    sequence: int | None = None
    device_time: datetime | None = None
    sent_at: datetime | None = None
    """When it was sent, by the clock of `device_time`: the difference is how long it waited."""
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """A figure or choice given at a station: `name` is what the station asked for.

    A PIN is checked by the edge, and its `value` is '': `confirmed` is whose badge it belongs to,
    or `wrong` why nobody is. `badge` is the badge it was checked against.
    """

    entry_id: str
    name: str
    value: str
    confirmed: Actor | None = None
    wrong: Refusal | None = None
    badge: str = ""


PIN, OWN_PIN = "pin", "own-pin"
"""Names of what a station asks that is a secret: the PIN of the badge that the meaning left in
`memory["badge"]` (never of whoever works there), and the PIN of whoever works there."""
DOOR_PIN = "bench-pin"
"""The PIN of the badge that was scanned to open work at a bench."""
SECRETS = frozenset({PIN, OWN_PIN, DOOR_PIN})


@dataclass(frozen=True)
class Ask:
    """What a station needs typed next: a figure (`unit`, decimal text) or one of `choices`."""

    name: str
    words: Say
    unit: str = ""
    choices: tuple[tuple[str, Say], ...] = ()
    suggestion: str = ""

    def as_json(self) -> dict[str, object]:
        """Return what can be stored and read back by `from_json`."""
        return {
            "name": self.name,
            "words": self.words.as_json(),
            "unit": self.unit,
            "choices": [[value, words.as_json()] for value, words in self.choices],
            "suggestion": self.suggestion,
        }


@dataclass(frozen=True)
class Visit:
    """What a station knows when a scan or an entry comes.

    `focus` is the code of the batch, plate or sample being worked on here; `held` the code read
    before, where an act takes two scans; `step` what the meaning waits for; `memory` what else it
    left for itself (short strings). All four are what the last Outcome at this station said.
    """

    station: str
    kind: StationKind
    by: Actor
    at: datetime
    focus: str | None = None
    held: str | None = None
    step: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)
    typed_reason: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a scan or an entry led to. `say` answers it, `next` tells what to do now."""

    verdict: Verdict
    say: Say
    next: Say | None = None
    subject: str | None = None
    position: str | None = None
    focus: str | None = None
    held: str | None = None
    step: str = ""
    memory: Mapping[str, str] = field(default_factory=dict)
    ask: Ask | None = None
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meaning:
    """What scans, commands and entries mean at one kind of station.

    `view` names the template fragment (`templates/<feature>/station.html`) that shows the focus,
    and `picture` makes its context from (session, visit); both may be absent.
    """

    scan: "Callable[[Session, Visit, Payload], Outcome]"
    command: "Callable[[Session, Visit, Command], Outcome]"
    entry: "Callable[[Session, Visit, Entry], Outcome]"
    fragment: str = ""
    picture: "Callable[[Session, Visit], Mapping[str, object]] | None" = None
    badges: frozenset[str] = frozenset()
    """The steps in which a badge is scanned as that of a second person. In any other a badge opens
    and closes the work at the bench."""
