# SPDX-License-Identifier: Apache-2.0
"""Sets: open, put samples in, clean them, take their parts, weigh what remains, complete."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.words import Say
from lims.custody.operations import append, change_state, lock_subject, refuse_if_held
from lims.custody.rules import Tag
from lims.people.rules import Activity, Line
from lims.plates.models import Batch
from lims.plates.operations import Opened, open_batch
from lims.plates.rules import WorkState, check_open, check_reason
from lims.preparation.models import CleaningStep, PreparedPart, PreparedSample
from lims.preparation.queries import (
    asked_of,
    lot_in_set,
    part_of,
    preparation_set,
    row_of,
    standing_of,
    the_set,
)
from lims.preparation.rules import (
    METHOD_WORDS,
    PICTURE_WORDS,
    TOOL_WORDS,
    Method,
    MoreThanThere,
    NotCleaned,
    NotForThisSample,
    NothingInSet,
    NothingPrepared,
    NotInSet,
    PhotographAwaited,
    PictureOf,
    PreparedAlready,
    ReagentAwaited,
    ToolAwaited,
    Unfinished,
    check_minutes,
    lost,
    missing_cleaning,
    missing_photographs,
    missing_tools,
)
from lims.procedures.queries import procedure_of, require_for
from lims.samples.operations import (
    Taken,
    check_last,
    check_preparation,
    take_amount,
    take_lysate,
    take_powder,
    take_punch,
)
from lims.samples.queries import last_amount, powder_left
from lims.samples.rules import LYSATE_NL, AmountWhy, Material, thousandths
from lims.storage.operations import bring_out, require_at_hand


def open_set(
    session: Session, *, line: Line, procedure_id: int, by: Actor, at: datetime, station: str = ""
) -> Opened:
    """Open a preparation set of one line; its card is printed at `station`. See open_batch."""
    return open_batch(
        session, activity=Activity.PREPARATION, line=line, procedure_id=procedure_id, by=by, at=at,
        station=station,
    )  # fmt: skip


def put_into_set(
    session: Session, set_code: str, code: str, *, by: Actor, at: datetime, station: str = ""
) -> PreparedSample:
    """Take a sample into an open set; the first one starts it. The same again changes nothing.

    Raises NotOpen, OnHold, NotForThisSample, what check_preparation and bring_out raise, and
    NotInSet for one that was taken out of this set.
    """
    batch = working_set(session, set_code)
    sample = check_preparation(session, code, by=by, at=at, station=station)
    if sample.line is not batch.line:
        raise NotForThisSample(set=set_code, code=code)
    require_for(session, by, procedure_of(session, batch.procedure_id), at=at)
    known = session.get(PreparedSample, (set_code, code))
    if known is not None and known.taken_out_at is not None:
        raise NotInSet(code=code, set=set_code)
    bring_out(session, code, by=by, at=at, station=station)
    if known is not None:
        return known
    number = session.scalar(
        select(func.count()).where(PreparedSample.set_code == set_code)
    ) or 0  # fmt: skip
    row = PreparedSample(
        set_code=set_code, sample_code=code, number=number + 1, added_at=at, added_by=by.id,
        taken_out_at=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    if lock_subject(session, set_code).state != WorkState.RUNNING:
        change_state(
            session, set_code, WorkState.RUNNING, Tag.BATCH_WORK_STARTED, by=by, at=at, content={},
            device=station,
        )  # fmt: skip
    added = append(
        session, Tag.BATCH_MEMBER_ADDED, stream=set_code, by=by, at=at, device=station,
        content={"member": code},
    )  # fmt: skip
    append(
        session, Tag.SAMPLE_ITEM_PREPARED, stream=code, by=by, at=at, device=station,
        content={"batch": set_code}, cause=added,
    )  # fmt: skip
    return row


def take_out(
    session: Session, set_code: str, code: str, *, reason: str, by: Actor, at: datetime
) -> None:
    """Take a sample that was not prepared out of an open set.

    Raises NotOpen, OnHold, NotInSet, PreparedAlready, ReasonMissing.
    """
    working_set(session, set_code)
    row = in_set(session, set_code, code)
    row.taken_out_at, row.taken_out_because = at, check_reason(reason)
    session.flush()
    content = {"member": code, "why": row.taken_out_because}
    removed = append(
        session, Tag.BATCH_MEMBER_REMOVED, stream=set_code, by=by, at=at, content=content
    )
    append(
        session, Tag.SAMPLE_ITEM_SPARED, stream=code, by=by, at=at, cause=removed,
        content={"batch": set_code, "why": row.taken_out_because},
    )  # fmt: skip


def clean(
    session: Session, set_code: str, code: str, method: Method, *, by: Actor, at: datetime,
    minutes: int = 0, lot: str | None = None, station: str = "",
) -> None:  # fmt: skip
    """Record one step of cleaning of a sample in hand, with its lot where a reagent is used.

    Raises NotOpen, OnHold, NotInSet, PreparedAlready, MinutesWrong, HeldByOther, InStorage.
    """
    working_set(session, set_code)
    in_set(session, set_code, code)
    check_preparation(session, code, by=by, at=at, station=station)
    require_at_hand(session, code, by)
    session.add(
        CleaningStep(
            set_code=set_code, sample_code=code, method=method, minutes=check_minutes(minutes),
            lot_code=lot, at=at, by=by.id,
        )
    )  # fmt: skip
    session.flush()
    content: dict[str, object] = {"batch": set_code, "method": method.value}
    if minutes:
        content["minutes"] = minutes
    if lot is not None:
        content["used"] = lot
    append(
        session, Tag.SAMPLE_ITEM_CLEANED, stream=code, by=by, at=at, device=station,
        content=content,
    )  # fmt: skip


def clean_as_asked(
    session: Session, set_code: str, code: str, *, by: Actor, at: datetime, station: str = ""
) -> int:
    """Record that a sample was cleaned as the procedure says; return how many steps that were.

    Raises as clean does; ReagentAwaited where no lot of a reagent was scanned into the set;
    PhotographAwaited where it must be seen before anything is done to it.
    """
    asked, standing = asked_of(session, set_code), standing_of(session, set_code, code)
    _check_photograph(session, set_code, code, PictureOf.BEFORE)
    missing = missing_cleaning(asked, standing)
    for one in (each for each in asked.cleaning if each.method in missing):
        lot = lot_in_set(session, set_code, one.reagent) if one.reagent else None
        if one.reagent and lot is None:
            raise ReagentAwaited(reagent=one.reagent, set=set_code)
        clean(
            session, set_code, code, one.method, minutes=one.minutes,
            lot=lot.code if lot is not None else None, by=by, at=at, station=station,
        )  # fmt: skip
    return len(missing)


def check_ready(session: Session, set_code: str, code: str) -> None:
    """Refuse to grind, punch or lyse a sample before what the procedure asks is on record.

    Raises PhotographAwaited, NotCleaned, ToolAwaited.
    """
    asked, standing = asked_of(session, set_code), standing_of(session, set_code, code)
    _check_photograph(session, set_code, code, PictureOf.BEFORE)
    for method in missing_cleaning(asked, standing):
        raise NotCleaned(code=code, methods=Say(METHOD_WORDS[method]))
    for kind in missing_tools(asked, standing):
        raise ToolAwaited(code=code, tool=Say(TOOL_WORDS[kind]))


def take_part(
    session: Session, set_code: str, code: str, *, by: Actor, at: datetime,
    mass_ug: int | None = None, volume_nl: int = LYSATE_NL, station: str = "", reason: str = "",
    witness: Actor | None = None,
) -> Taken:  # fmt: skip
    """Grind a bone (`mass_ug` micrograms of powder), punch a card or lyse a swab in a set.

    Raises what check_ready and the verbs of samples raise; NotInSet, PreparedAlready.
    """
    working_set(session, set_code)
    in_set(session, set_code, code)
    sample = check_preparation(session, code, by=by, at=at, station=station)
    check_ready(session, set_code, code)
    before = None
    if sample.line is Line.BONE:
        before, mass = powder_left(session, sample), mass_ug or 0
        taken = take_powder(
            session, code, mass, by=by, at=at, station=station, reason=reason, made_in=set_code,
            witness=witness,
        )  # fmt: skip
    elif sample.material is Material.BLOOD_CARD:
        taken = take_punch(
            session, code, by=by, at=at, station=station, reason=reason, made_in=set_code
        )
    else:
        taken = take_lysate(
            session, code, volume_nl=volume_nl, by=by, at=at, station=station, reason=reason,
            made_in=set_code,
        )  # fmt: skip
    session.add(
        PreparedPart(
            aliquot_code=taken.code, set_code=set_code, sample_code=code, before_ug=before,
            powder_ug=None if before is None else mass_ug, at=at, by=by.id, remains_ug=None,
            lost_ug=None, remains_at=None,
        )
    )  # fmt: skip
    session.flush()
    return taken


def weigh_rest(
    session: Session, set_code: str, code: str, remains_ug: int, *, by: Actor, at: datetime,
    station: str = "", witness: Actor | None = None,
) -> int:  # fmt: skip
    """Record what remains of a bone after grinding, micrograms; return what was lost.

    Once, and before anything else is taken of it. Raises NothingPrepared, MoreThanThere, NotOpen,
    OnHold, HeldByOther, InStorage, and what check_last raises where nothing remains.
    """
    working_set(session, set_code)
    lock_subject(session, code)
    refuse_if_held(session, code)
    part = part_of(session, set_code, code)
    newest = last_amount(session, code)
    if part is None or part.before_ug is None or part.powder_ug is None or newest is None:
        raise NothingPrepared(code=code, set=set_code)
    if part.remains_at is not None or newest.left != part.before_ug - part.powder_ug:
        raise NothingPrepared(code=code, set=set_code)
    gone = lost(part.before_ug, part.powder_ug, remains_ug)
    if gone < 0 or remains_ug < 0:
        raise MoreThanThere(
            code=code, asked=thousandths(remains_ug), left=thousandths(newest.left)
        )  # fmt: skip
    require_at_hand(session, code, by)
    if gone:
        check_last(session, code, gone, by=by, witness=witness)
        take_amount(session, code, gone, AmountWhy.LOST, by=by, at=at)
    part.remains_ug, part.lost_ug, part.remains_at, part.remains_by = remains_ug, gone, at, by.id
    session.flush()
    append(
        session, Tag.SAMPLE_ITEM_WEIGHED, stream=code, by=by, at=at, device=station,
        content={
            "batch": set_code, "before_ug": part.before_ug, "powder_ug": part.powder_ug,
            "left_ug": remains_ug, "lost_ug": gone,
        },
    )  # fmt: skip
    return gone


def complete_set(
    session: Session, set_code: str, *, by: Actor, at: datetime, station: str = ""
) -> int:
    """Complete a set; return how many samples it prepared.

    Raises NotOpen, OnHold, NothingInSet, Unfinished, PhotographAwaited.
    """
    batch = working_set(session, set_code)
    rows = [one for one in the_set(session, set_code).samples if one.row.taken_out_at is None]
    if not rows:
        raise NothingInSet(code=set_code)
    for one in rows:
        if one.part is None:
            raise Unfinished(code=one.sample.code, set=set_code)
        _check_photograph(session, set_code, one.sample.code, PictureOf.AFTER)
    batch.completed_at, batch.completed_by = at, by.id
    change_state(
        session, set_code, WorkState.COMPLETED, Tag.BATCH_WORK_COMPLETED, by=by, at=at,
        content={"samples": len(rows)}, device=station,
    )  # fmt: skip
    session.flush()
    return len(rows)


def working_set(session: Session, code: str) -> Batch:
    """Lock an open set and return it. Raises NotFound, NotAPreparationSet, NotOpen, OnHold."""
    state = lock_subject(session, code).state
    batch = preparation_set(session, code)
    check_open(code, state)
    refuse_if_held(session, code)
    return batch


def in_set(session: Session, set_code: str, code: str) -> PreparedSample:
    """Return that a sample waits in a set; raises NotInSet, PreparedAlready."""
    row = row_of(session, set_code, code)
    if row is None:
        raise NotInSet(code=code, set=set_code)
    part = part_of(session, set_code, code)
    if part is not None:
        raise PreparedAlready(code=code, set=set_code, aliquot=part.aliquot_code)
    return row


def _check_photograph(session: Session, set_code: str, code: str, kind: PictureOf) -> None:
    asked, standing = asked_of(session, set_code), standing_of(session, set_code, code)
    for when in missing_photographs(asked, standing, kind):
        raise PhotographAwaited(code=code, when=Say(PICTURE_WORDS[when]))
