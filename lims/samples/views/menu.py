# SPDX-License-Identifier: Apache-2.0
"""What may be done with a thing now: the menu on its page, and the words of each form."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.words import N_
from lims.custody.queries import held
from lims.custody.rules import (
    ENDED,
    FROM_CREATION,
    GONE,
    HOLD_WORDS,
    MISSING,
    OUTSIDE,
    is_place,
)
from lims.people.queries import who
from lims.samples.models import Amount, ConsumptionPermission, Destruction
from lims.samples.queries import Thing, amounts_of, is_last, permissions_of, queued
from lims.samples.rules import (
    CORRECTION_WORDS,
    DESTRUCTION_WORDS,
    DISCARD_WORDS,
    LOSABLE,
    QUARANTINE_REASONS,
    AliquotKind,
    AmountUnit,
)
from lims.web.locale import translate

_MISSING, _GONE = N_("missing"), N_("there no more")
_OUTSIDE = N_("outside the laboratory")


@dataclass(frozen=True)
class Menu:
    """Which acts make sense for a thing, by where it is and in what state."""

    amounts: tuple[Amount, ...]
    unit: str
    """`mg` or `µl`, '' where nobody measured it."""
    divide: bool
    dilute: bool
    correct: bool
    discard: bool
    lose: bool
    find: bool
    queue: bool
    queued: Destruction | None
    destroy: bool
    close: bool
    last: bool
    """What is left of it is the last of a bone or of its powder."""
    holder: str
    """Who or what has it, in short words; '' where it is not tracked."""
    permissions: tuple[ConsumptionPermission, ...]

    @property
    def any(self) -> bool:
        """Whether anything can be done with it."""
        return any(
            (self.divide, self.dilute, self.correct, self.discard, self.lose, self.find,
             self.queue, self.queued, self.close)
        )  # fmt: skip


def menu_of(session: Session, found: Thing, by: str) -> Menu:
    """Return the acts that make sense for a thing; `by` is the actor's id."""
    amounts = amounts_of(session, found.code)
    left = amounts[-1].left if amounts else 0
    standing = held(session, found.code)
    holder = standing.holder if standing is not None else ""
    here = holder not in ("", GONE, MISSING) and not holder.startswith(OUTSIDE)
    ended = found.state in ENDED or holder == GONE
    mine, aliquot = holder == by, found.aliquot
    row = queued(session, found.code)
    tube = found.kind in (Kind.ALIQUOT, Kind.EXTRACT)
    at_hand = here and (mine or is_place(holder)) and not found.holds
    dilution = aliquot is not None and aliquot.kind is AliquotKind.DILUTION
    return Menu(
        amounts=amounts,
        unit=("mg" if amounts[0].unit is AmountUnit.MASS else "µl") if amounts else "",
        divide=at_hand and aliquot is not None and left > 0,
        dilute=at_hand and left > 0 and (dilution or found.kind is Kind.EXTRACT),
        correct=mine and bool(amounts) and not found.holds, discard=tube and mine,
        lose=found.kind in LOSABLE and here, find=holder == MISSING,
        queue=found.kind in FROM_CREATION and not ended and row is None, queued=row,
        destroy=row is not None and mine, close=holder.startswith(OUTSIDE) and not ended,
        last=bool(left) and is_last(session, found.code, left),
        holder=_words(session, holder),
        permissions=permissions_of(session, found.code) if found.sample is not None else (),
    )  # fmt: skip


def reasons() -> dict[str, list[tuple[str, str]]]:
    """Return the closed lists of reasons that the forms of a thing show, in the reader's words."""
    return {
        "quarantine": [(one.value, translate(HOLD_WORDS[one])) for one in QUARANTINE_REASONS],
        "discard": [(one.value, translate(words)) for one, words in DISCARD_WORDS.items()],
        "destroy": [(one.value, translate(words)) for one, words in DESTRUCTION_WORDS.items()],
        "correct": [(one.value, translate(words)) for one, words in CORRECTION_WORDS.items()],
    }


def _words(session: Session, holder: str) -> str:
    if holder == MISSING:
        return translate(_MISSING)
    if holder == GONE:
        return translate(_GONE)
    if holder.startswith(OUTSIDE):
        return translate(_OUTSIDE)
    return who(session, holder) if holder else ""
