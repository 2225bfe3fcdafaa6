# SPDX-License-Identifier: Apache-2.0
"""What is taken out of an extract's tube: set aside for a well, free again, recorded as used."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, change_state, lock_subject, pass_to
from lims.custody.queries import held
from lims.custody.rules import ENDED, GONE, EventId, Tag, is_away, is_place, moves
from lims.extraction.models import Extract
from lims.extraction.rules import ExtractState
from lims.quantification.queries import taken_of
from lims.quantification.rules import ExtractConsumed, NotAnExtract, VolumeShort
from lims.samples.operations import give_back, take_amount
from lims.samples.queries import measured
from lims.samples.rules import AmountWhy, thousandths
from lims.storage.operations import take


def lock_extract(session: Session, code: str) -> Extract:
    """Lock an extract until the transaction ends and return it as it is now.

    Raises NotFound, NotAnExtract; ExtractConsumed where nothing is left.
    """
    if lock_subject(session, code).state == ExtractState.CONSUMED:
        raise ExtractConsumed(code=code)
    extract = session.get(Extract, code, with_for_update=True, populate_existing=True)
    if extract is None:
        raise NotAnExtract(code=code)
    return extract


def set_aside(session: Session, code: str, volume_nl: int, *, by: Actor, at: datetime) -> Extract:
    """Set `volume_nl` nanolitres of an extract aside for a well that is filled next.

    The row is locked, so two plates cannot both have the last drop; the database refuses less
    than nothing in any case. Raises what lock_extract raises, and VolumeShort.
    """
    extract = lock_extract(session, code)
    _bring_up_to_date(session, extract, by=by, at=at)
    left = measured(session, code).left
    if volume_nl > left:
        raise VolumeShort(code=code, left=thousandths(left), asked=thousandths(volume_nl))
    take_amount(session, code, volume_nl, AmountWhy.WELL, by=by, at=at)
    extract.used_nl += volume_nl
    session.flush()
    return extract


def settle(session: Session, code: str, *, by: Actor, at: datetime) -> Extract:
    """Bring what was taken of an extract up to date after a well was voided: it is free again."""
    state = lock_subject(session, code).state
    extract = session.get_one(Extract, code, with_for_update=True, populate_existing=True)
    if state in ENDED:
        # Nothing comes back into a tube that is no more.
        return extract
    _bring_up_to_date(session, extract, by=by, at=at)
    return extract


def _bring_up_to_date(session: Session, extract: Extract, *, by: Actor, at: datetime) -> None:
    """Make the amount say what the wells that stand have taken."""
    taken = _taken(session, extract.code)
    if taken > extract.used_nl:
        take_amount(session, extract.code, taken - extract.used_nl, AmountWhy.WELL, by=by, at=at)
    elif taken < extract.used_nl:
        give_back(session, extract.code, extract.used_nl - taken, by=by, at=at)
    extract.used_nl = taken
    session.flush()


def _taken(session: Session, code: str) -> int:
    return taken_of(session, [code]).get(code, 0)


def record_used(
    session: Session,
    code: str,
    volume_nl: int,
    *,
    plate: str,
    position: str,
    by: Actor,
    at: datetime,
    station: str = "",
) -> None:
    """Record in the extract's history what a completed plate took; nothing left ends the tube."""
    settle(session, code, by=by, at=at)
    left = measured(session, code).left
    used = append(
        session, Tag.EXTRACT_TUBE_USED, stream=code, by=by, at=at, device=station,
        content={"plate": plate, "position": position, "volume_nl": volume_nl, "left_nl": left},
    )  # fmt: skip
    # A tube may stand in two wells of one plate.
    if left == 0 and lock_subject(session, code).state != ExtractState.CONSUMED:
        _use_up(session, code, cause=used, by=by, at=at, station=station)


def _use_up(
    session: Session, code: str, *, cause: EventId, by: Actor, at: datetime, station: str
) -> None:
    """End an empty tube: nobody holds it any more, and its position in storage is free."""
    standing = held(session, code)
    if standing is not None and is_place(standing.holder):
        take(session, code, by=by, at=at, station=station, for_work=False, why="consumed")
    is_there = standing is not None and not is_away(standing.holder)
    ended = change_state(
        session, code, ExtractState.CONSUMED, Tag.EXTRACT_TUBE_CONSUMED, by=by, at=at,
        content=moves(GONE) if is_there else {}, device=station, cause=cause,
    )  # fmt: skip
    if is_there:
        pass_to(session, code, GONE, event_id=ended, at=at)
