# SPDX-License-Identifier: Apache-2.0
"""Positions of racks and plates, states of batches and plates, and what may stand together."""

import re
from collections.abc import Collection
from enum import StrEnum

from lims.core.errors import ReasonMissing, Refusal
from lims.core.words import N_
from lims.people.rules import Activity as Activity
from lims.plates.rules.states import OPEN_STATES as OPEN_STATES
from lims.plates.rules.states import OPERATOR as OPERATOR
from lims.plates.rules.states import OUTCOME_TONES as OUTCOME_TONES
from lims.plates.rules.states import OUTCOME_WORDS as OUTCOME_WORDS
from lims.plates.rules.states import RELEASED_STATES as RELEASED_STATES
from lims.plates.rules.states import WORK_WORDS as WORK_WORDS
from lims.plates.rules.states import ControlsDecide as ControlsDecide
from lims.plates.rules.states import ControlsTooFew as ControlsTooFew
from lims.plates.rules.states import ExceptionsThere as ExceptionsThere
from lims.plates.rules.states import NotCompleted as NotCompleted
from lims.plates.rules.states import NotFailed as NotFailed
from lims.plates.rules.states import NotOpen as NotOpen
from lims.plates.rules.states import NotReleased as NotReleased
from lims.plates.rules.states import OwnReview as OwnReview
from lims.plates.rules.states import ReleasedAlready as ReleasedAlready
from lims.plates.rules.states import ReviewOutcome as ReviewOutcome
from lims.plates.rules.states import ScannedAlready as ScannedAlready
from lims.plates.rules.states import StillToScan as StillToScan
from lims.plates.rules.states import Unanswered as Unanswered
from lims.plates.rules.states import WorkState as WorkState
from lims.plates.rules.states import WrongPlace as WrongPlace
from lims.plates.rules.states import check_draft as check_draft
from lims.plates.rules.states import check_open as check_open
from lims.plates.rules.states import check_outcome as check_outcome
from lims.plates.rules.states import check_released as check_released
from lims.plates.rules.states import check_reviewable as check_reviewable
from lims.plates.rules.states import check_reviewer as check_reviewer
from lims.plates.rules.states import check_scanned as check_scanned
from lims.plates.rules.states import state_words as state_words
from lims.samples.rules import Line


class WellRole(StrEnum):
    """What stands in a well or a rack position."""

    SAMPLE = "sample"
    BLANK = "blank"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    LADDER = "ladder"
    STANDARD = "standard"


class Stage(StrEnum):
    """What a thing waits for."""

    RECEPTION = "reception"
    PREPARATION = "preparation"
    EXTRACTION = "extraction"
    QUANTIFICATION = "quantification"
    CONFIRMATION = "confirmation"
    AMPLIFICATION = "amplification"
    INJECTION = "injection"
    GENOTYPING = "genotyping"


STAGE_WORDS = {
    Stage.RECEPTION: N_("Reception"),
    Stage.PREPARATION: N_("Preparation"),
    Stage.EXTRACTION: N_("Extraction"),
    Stage.QUANTIFICATION: N_("Quantification"),
    Stage.CONFIRMATION: N_("To be confirmed"),
    Stage.AMPLIFICATION: N_("Amplification"),
    Stage.INJECTION: N_("Injection"),
    Stage.GENOTYPING: N_("Genotyping"),
}

ROWS = "ABCDEFGH"
PLATE_POSITIONS = tuple(f"{row}{column:02d}" for column in range(1, 13) for row in ROWS)
"""The 96 wells in the order they are filled: down the columns, A01, B01 … H12."""

ACROSS_POSITIONS = tuple(f"{row}{column:02d}" for row in ROWS for column in range(1, 13))
"""The 96 wells in the order they are filled along the rows, A01, A02 … H12."""

RACK_POSITIONS = tuple(f"{row}{column}" for row in "ABCD" for column in range(1, 7))
"""The 24 positions of a rack in the order they are filled: along the rows, A1, A2 … D6."""

ROLE_MARKS = {
    WellRole.SAMPLE: "sample",
    WellRole.BLANK: "blank",
    WellRole.POSITIVE: "pos",
    WellRole.NEGATIVE: "neg",
    WellRole.LADDER: "ladder",
    WellRole.STANDARD: "standard",
}
"""How a role is drawn in a plate map (keys of lims.web.filters.ROLES)."""

_POSITION = re.compile("([A-H])0?([1-9]|1[0-2])")


class NotAPosition(Refusal):
    """A text that names no well of a 96-well plate."""

    says = N_("“%(read)s” is not a position of a 96-well plate.")
    do = N_("Positions are A01 to H12.")
    status = 422


class BatchFull(Refusal):
    """No position is free."""

    says = N_("%(code)s is full: no position is free.")
    do = N_("Complete it, and open another one for what remains.")


class PositionTaken(Refusal):
    """Something stands at the position already."""

    says = N_("Position %(position)s of %(plate)s holds %(code)s already, since %(at)s (%(who)s).")
    do = N_("Take the next free position. If it is wrong, void the filling with a reason.")


class AlreadyPlaced(Refusal):
    """The tube stands in a batch already."""

    says = N_(
        "%(code)s stands in batch %(batch)s, position %(position)s, "
        "already: %(at)s, placed by %(who)s."
    )
    do = N_("Put the tube there, or void that placement with a reason while the batch is open.")


class LinesMixed(Refusal):
    """Bone and reference samples together."""

    says = N_("Bone and reference samples cannot share a batch.")
    do = N_("Take %(code)s out of this room and put it into a batch of its own line.")
    stops = True


class NothingPlaced(Refusal):
    """A batch or plate without a sample."""

    says = N_("%(code)s holds no sample.")
    do = N_("Scan at least one sample into it first.")


class NothingToVoid(Refusal):
    """There is no placement that could be taken back."""

    says = N_("Nothing stands there in %(code)s that could be taken back.")
    do = N_("Look at its page: it may have been voided already.")


class BlankMissing(Refusal):
    """An extraction batch without its reagent blank."""

    says = N_("A batch needs at least one reagent blank.")
    do = N_("Leave one position free for the blank: void the last placement with a reason.")


def read_position(read: str) -> str:
    """Return a well as it is always written (`A01`) from A1, a01, A01; raises NotAPosition."""
    found = _POSITION.fullmatch(read.strip().upper())
    if found is None:
        raise NotAPosition(read=read[:20])
    return f"{found[1]}{int(found[2]):02d}"


def next_free(
    positions: Collection[str], taken: Collection[str], *, keep: int = 0, code: str
) -> str:
    """Return the first of `positions` not `taken`, so that `keep` stay free behind it.

    Raises BatchFull naming `code`.
    """
    free = [position for position in positions if position not in taken]
    if len(free) <= keep:
        raise BatchFull(code=code)
    return free[0]


def check_line(code: str, *, line: Line, awaited: Line) -> None:
    """Refuse (LinesMixed) a thing of the other line."""
    if line is not awaited:
        raise LinesMixed(code=code)


def check_reason(reason: str) -> str:
    """Return the reason without outer blanks; refuse (ReasonMissing) an empty one."""
    said = reason.strip()
    if not said:
        raise ReasonMissing()
    return said[:200]
