# SPDX-License-Identifier: Apache-2.0
"""What is taken out of an extract's tube: set aside for a well, free again, recorded as used."""

from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, change_state, lock_subject
from lims.custody.rules import Tag
from lims.extraction.models import Extract
from lims.extraction.rules import ExtractState
from lims.quantification.queries import taken_of
from lims.quantification.rules import ExtractConsumed, NotAnExtract, VolumeShort
from lims.samples.rules import thousandths


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


def set_aside(session: Session, code: str, volume_nl: int) -> Extract:
    """Set `volume_nl` nanolitres of an extract aside for a well that is filled next.

    The row is locked, so two plates cannot both have the last drop; the database refuses less
    than nothing in any case. Raises what lock_extract raises, and VolumeShort.
    """
    extract = lock_extract(session, code)
    used = _taken(session, code)
    left = extract.volume_nl - used
    if volume_nl > left:
        raise VolumeShort(code=code, left=thousandths(left), asked=thousandths(volume_nl))
    extract.used_nl = used + volume_nl
    session.flush()
    return extract


def settle(session: Session, code: str) -> Extract:
    """Bring what was taken of an extract up to date after a well was voided: it is free again."""
    lock_subject(session, code)
    extract = session.get_one(Extract, code, with_for_update=True, populate_existing=True)
    extract.used_nl = _taken(session, code)
    session.flush()
    return extract


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
    extract = settle(session, code)
    left = extract.volume_nl - extract.used_nl
    used = append(
        session, Tag.EXTRACT_TUBE_USED, stream=code, by=by, at=at, device=station,
        content={"plate": plate, "position": position, "volume_nl": volume_nl, "left_nl": left},
    )  # fmt: skip
    # A tube may stand in two wells of one plate.
    if left == 0 and lock_subject(session, code).state != ExtractState.CONSUMED:
        change_state(
            session, code, ExtractState.CONSUMED, Tag.EXTRACT_TUBE_CONSUMED, by=by, at=at,
            content={}, device=station, cause=used,
        )  # fmt: skip
