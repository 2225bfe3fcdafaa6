# SPDX-License-Identifier: Apache-2.0
"""Extraction: open a batch, load aliquots, make the extracts."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import (
    change_state,
    create_subject,
    fresh_code,
    lock_subject,
    refuse_if_ended,
)
from lims.custody.rules import Tag
from lims.extraction.models import Extract
from lims.extraction.rules import (
    BLANKS,
    EXTRACT_NL,
    ExtractState,
    NotAnAliquot,
    NotAnExtractionBatch,
    NothingInIt,
    check_aliquot,
    check_complete,
)
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Line
from lims.plates.models import Batch
from lims.plates.operations import (
    Opened,
    add_blank,
    complete_batch,
    open_batch,
    place_in_batch,
    release,
)
from lims.plates.queries import batch_of, lots_used, members_of, roles_in, state_of
from lims.plates.rules import Activity, WellRole, WorkState
from lims.printing.operations import begin_job, queue_label
from lims.printing.queries import check_label
from lims.procedures.queries import document_of, procedure_of
from lims.repeats.operations import take_up
from lims.repeats.rules import RepeatKind
from lims.samples.operations import (
    begin_amount,
    check_expiry,
    check_permitted,
    check_room,
    use_aliquots,
)
from lims.samples.queries import (
    aliquot_of,
    is_last,
    last_amount,
    sample_of,
    samples_behind,
)
from lims.samples.rules import AliquotKind, AmountUnit


@dataclass(frozen=True)
class Made:
    """An extract that was made: its rack position, and the label queued for it ('' if none)."""

    code: str
    position: str
    is_blank: bool
    label: str


def open_extraction(
    session: Session,
    *,
    line: Line,
    procedure_id: int,
    by: Actor,
    at: datetime,
    station: str = "",
) -> Opened:
    """Open an extraction batch of one line; its card is printed at `station`. See open_batch."""
    return open_batch(
        session, activity=Activity.EXTRACTION, line=line, procedure_id=procedure_id, by=by, at=at,
        station=station,
    )  # fmt: skip


def load_aliquot(
    session: Session,
    batch_code: str,
    code: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
) -> str:
    """Put an aliquot at the next free position of an extraction batch; return the position.

    Its last positions stay free for the reagent blanks. Raises NotFound, NotAnExtractionBatch,
    NotAnAliquot (a dilution is none), AliquotUsed, NothingInIt, LabelNotVerified, WrongRoom,
    NotAuthorised, EliminationMissing, and what place_in_batch raises.
    """
    extraction_batch(session, batch_code)
    aliquot = aliquot_of(session, code)
    if aliquot is None or aliquot.kind is AliquotKind.DILUTION:
        raise NotAnAliquot(code=code)
    check_label(session, code)
    state = lock_subject(session, code).state
    refuse_if_ended(session, code)
    check_aliquot(code, state)
    check_expiry(aliquot, on=at.date())
    newest = last_amount(session, code)
    if newest is not None and newest.left == 0:
        raise NothingInIt(code=code)
    if newest is not None and is_last(session, code, newest.left):
        # Asked when the tube is loaded, not when the batch is done: nothing is mixed yet.
        check_permitted(session, sample_of(session, aliquot.sample_code))
    line = sample_of(session, aliquot.sample_code).line
    check_room(session, code, line=line, station=station)
    check_operator(session, by=by, at=at)
    return place_in_batch(
        session, batch_code, code, line=line, by=by, at=at,
        keep=blanks_needed(session, batch_code), station=station,
    )  # fmt: skip


def release_extraction(
    session: Session, batch_code: str, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Release an extraction batch: its blanks, as many as the procedure asks for, then the checks.

    Raises NotAnExtractionBatch, LotMissing, NotAuthorised, EliminationMissing, BatchFull, and what
    plates.operations.release raises.
    """
    extraction_batch(session, batch_code)
    lock_subject(session, batch_code)
    check_operator(session, by=by, at=at)
    check_complete(batch_code, lots=len(lots_used(session, batch_code)))
    roles = roles_in(session, batch_code)
    if roles[WellRole.SAMPLE]:
        for _ in range(blanks_needed(session, batch_code) - roles[WellRole.BLANK]):
            add_blank(session, batch_code, by=by, at=at, station=station)
    release(session, batch_code, by=by, at=at, station=station)


def blanks_needed(session: Session, batch_code: str) -> int:
    """Return how many reagent blanks a batch has: as its procedure says, at least one."""
    document = document_of(procedure_of(session, batch_of(session, batch_code).procedure_id))
    return max(BLANKS, document.controls.get("blank", 0))


def complete_extraction(
    session: Session,
    batch_code: str,
    *,
    by: Actor,
    at: datetime,
    volume_nl: int = EXTRACT_NL,
    station: str = "",
    witness: Actor | None = None,
) -> tuple[Made, ...]:
    """Complete an extraction batch, releasing a draft: an extract of `volume_nl` nl a position.

    The aliquots are used up by whoever holds them; where one is the last of a bone's powder, before
    a second person. Raises SecondPersonAwaited, WitnessSame, HeldByOther, NotAnExtractionBatch,
    LotMissing, NotAuthorised, EliminationMissing, and what complete_batch raises.
    """
    extraction_batch(session, batch_code)
    lock_subject(session, batch_code)
    check_operator(session, by=by, at=at)
    if state_of(session, batch_code) == WorkState.DRAFT:
        release_extraction(session, batch_code, by=by, at=at, station=station)
    members = members_of(session, batch_code)
    complete_batch(session, batch_code, by=by, at=at, station=station)
    used = [member.subject_code for member in members if member.subject_code is not None]
    use_aliquots(session, used, batch=batch_code, by=by, at=at, station=station, witness=witness)
    samples = {one.code for one in samples_behind(session, tuple(used)).values()}
    take_up(
        session, (RepeatKind.RE_EXTRACTION,), samples, work=batch_code, by=by, at=at,
        station=station,
    )  # fmt: skip
    made = []
    job = None
    if station:
        job = begin_job(
            session, about=batch_code, station=station, labels=len(members), by=by, at=at
        )
    for place, member in enumerate(members, start=1):
        is_blank = member.role is WellRole.BLANK
        code = fresh_code(session, Kind.EXTRACT)
        parents = (batch_code,) if member.subject_code is None else (
            member.subject_code, batch_code,
        )  # fmt: skip
        create_subject(
            session, code, Tag.EXTRACT_TUBE_MADE, by=by, at=at, device=station,
            content={"position": member.position, "blank": is_blank, "volume_nl": volume_nl},
            state=ExtractState.CREATED, parents=parents, reason="extracted",
        )  # fmt: skip
        session.add(
            Extract(
                code=code, batch_code=batch_code, position=member.position,
                source_code=member.subject_code, is_blank=is_blank, volume_nl=volume_nl,
                made_at=at, made_by=by.id,
            )
        )  # fmt: skip
        begin_amount(session, code, AmountUnit.VOLUME, volume_nl, by=by, at=at)
        label = ""
        if station:
            label = queue_label(
                session, code, layout="tube", station=station,
                kind="REAGENT BLANK" if is_blank else "EXTRACT",
                line1=f"{batch_code} {member.position}", by=by, at=at, job=job, place=place,
            )  # fmt: skip
        made.append(Made(code, member.position, is_blank, label))
    session.flush()
    return tuple(made)


def advance_extract(
    session: Session, code: str, to: ExtractState, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Say how far an extract has come; a step back, or to where it is, changes nothing."""
    order = list(ExtractState)
    if order.index(to) > order.index(ExtractState(lock_subject(session, code).state)):
        change_state(
            session, code, to, Tag.SUBJECT_STATE_CHANGED, by=by, at=at, content={}, device=station
        )


_STAYS = frozenset(
    {
        ExtractState.AMPLIFIED, ExtractState.CONSUMED, ExtractState.DISCARDED,
        ExtractState.DESTROYED, ExtractState.RETURNED,
    }
)  # fmt: skip


def send_extract(
    session: Session, code: str, to: ExtractState, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Say where an extract goes after its figures, back or on; one that was amplified stays."""
    state = ExtractState(lock_subject(session, code).state)
    if state not in (to, *_STAYS):
        change_state(
            session, code, to, Tag.SUBJECT_STATE_CHANGED, by=by, at=at, content={}, device=station
        )


def extraction_batch(session: Session, code: str) -> Batch:
    """Return an extraction batch; raises NotFound, NotAnExtractionBatch."""
    if code[0] != Kind.BATCH or batch_of(session, code).activity is not Activity.EXTRACTION:
        raise NotAnExtractionBatch(code=code)
    return batch_of(session, code)


def check_operator(session: Session, *, by: Actor, at: datetime) -> None:
    """Refuse a person who is not authorised for extraction, or without elimination profile."""
    require_authorised(session, by, Activity.EXTRACTION, on=at.date())
    require_elimination(session, by)
