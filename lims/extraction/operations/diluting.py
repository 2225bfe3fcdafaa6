# SPDX-License-Identifier: Apache-2.0
"""Diluting an extract: a part of it and a diluent become a tube of their own."""

from datetime import date, datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.custody.operations import append, change_state, lock_subject, pass_to, refuse_if_held
from lims.custody.rules import GONE, Tag, moves
from lims.extraction.models import Dilution, Extract
from lims.extraction.rules import (
    BlankNotDiluted,
    ExtractState,
    NotDiluted,
    check_factor,
    diluted,
)
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Activity
from lims.printing.queries import check_label
from lims.reagents.operations import take_into_use, use_amount
from lims.reagents.queries import reagent_of
from lims.reagents.rules import ReagentUnit
from lims.samples.operations import Taken, check_expiry, check_room, exhaust, make_part
from lims.samples.queries import aliquot_of, measured, sample_of
from lims.samples.rules import (
    AliquotKind,
    AliquotState,
    TooLittleLeft,
    words_of_amount,
)
from lims.storage.operations import bring_out


def dilute(
    session: Session,
    code: str,
    *,
    volume_nl: int,
    parts: int,
    of: int,
    lot: str,
    reason: str,
    by: Actor,
    at: datetime,
    fg_per_ul: int | None = None,
    expires: date | None = None,
    station: str = "",
) -> Taken:
    """Dilute `volume_nl` of an extract, or of a dilution, to `parts` in `of` (1 in 10); return it.

    `lot` is the code of the diluent's lot; `fg_per_ul` is what is known of the concentration of
    what is diluted, femtograms a microlitre. Volumes are whole nanolitres, or it is refused.
    Raises NotFound, NotDiluted, BlankNotDiluted, FactorNotRead, FactorUneven, TooLittleLeft,
    LotExpired, LotNotReleased, LotOfOtherActivity, LabelNotVerified, OnHold, Expired, WrongRoom,
    NotAuthorised, EliminationMissing, HeldByOther, NotHere.
    """
    total_nl = check_factor(volume_nl, parts=parts, of=of)
    state = lock_subject(session, code).state
    refuse_if_held(session, code)
    extract, aliquot = session.get(Extract, code), aliquot_of(session, code)
    if aliquot is not None and aliquot.kind is AliquotKind.DILUTION:
        sample = aliquot.sample_code
        check_expiry(aliquot, on=at.date())
        usable = state == AliquotState.CREATED
    elif extract is not None:
        if extract.source_code is None:
            raise BlankNotDiluted(code=code)
        source = aliquot_of(session, extract.source_code)
        if source is None:
            raise NotDiluted(code=code)
        sample, usable = source.sample_code, state != ExtractState.CONSUMED
    else:
        raise NotDiluted(code=code)
    check_label(session, code)
    newest = measured(session, code)
    if not usable or volume_nl > newest.left:
        raise TooLittleLeft(
            code=code, left=words_of_amount(newest.left, newest.unit),
            asked=words_of_amount(volume_nl, newest.unit),
        )  # fmt: skip
    check_room(session, code, line=sample_of(session, sample).line, station=station)
    require_authorised(session, by, Activity.QUANTIFICATION, on=at.date())
    require_elimination(session, by)
    diluent = take_into_use(
        session, lot, activity=Activity.QUANTIFICATION, by=by, at=at, station=station
    )
    bring_out(session, code, by=by, at=at, station=station)
    more: dict[str, object] = {
        "parts": parts, "of": of, "taken_nl": volume_nl, "diluent_nl": total_nl - volume_nl,
        "lot": lot,
    }  # fmt: skip
    if fg_per_ul is not None:
        more["source_fg_per_ul"] = fg_per_ul
    made, drawn = make_part(
        session, code, volume_nl, kind=AliquotKind.DILUTION, sample=sample, how="diluted",
        added=total_nl - volume_nl, by=by, at=at, station=station,
        # No longer than its diluent.
        expires=min(expires, diluent.expires) if expires else diluent.expires,
        more=more,
    )  # fmt: skip
    session.add(
        Dilution(
            code=made.code, source_code=code, parts=parts, of=of, taken_nl=volume_nl,
            diluent_nl=total_nl - volume_nl, lot_code=lot, source_fg_per_ul=fg_per_ul,
            fg_per_ul=diluted(fg_per_ul, parts=parts, of=of),
        )
    )  # fmt: skip
    if reagent_of(session, diluent.reagent_id).unit is ReagentUnit.NANOLITRE:
        use_amount(
            session, lot, total_nl - volume_nl, work=made.code, by=by, at=at, station=station
        )  # fmt: skip
    content: dict[str, object] = {
        "aliquot": made.code, "volume_nl": volume_nl, "left_nl": drawn.left,
    }  # fmt: skip
    if reason.strip():
        content["why"] = reason.strip()[:200]
    tag = Tag.EXTRACT_TUBE_USED if extract is not None else Tag.ALIQUOT_TUBE_USED
    append(session, tag, stream=code, by=by, at=at, device=station, content=content)
    session.flush()
    if drawn.left == 0 and extract is None:
        exhaust(session, code, by=by, at=at, station=station)
    elif drawn.left == 0:
        ended = change_state(
            session, code, ExtractState.CONSUMED, Tag.EXTRACT_TUBE_CONSUMED, by=by, at=at,
            content=moves(GONE), device=station,
        )  # fmt: skip
        pass_to(session, code, GONE, event_id=ended, at=at)
    return made
