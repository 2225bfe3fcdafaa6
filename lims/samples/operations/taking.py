# SPDX-License-Identifier: Apache-2.0
"""Accepting samples, taking parts of them, and how far they have come."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.words import Say
from lims.custody.operations import (
    append,
    change_state,
    create_subject,
    fresh_code,
    lock_subject,
    lock_subjects,
    pass_all,
    pass_to,
    refuse_if_ended,
    refuse_if_held,
)
from lims.custody.queries import held
from lims.custody.rules import GONE, Tag, moves
from lims.people.queries import open_station, require_authorised, require_elimination, who
from lims.people.rules import LINE_WORDS, Activity
from lims.printing.operations import queue_label
from lims.printing.queries import check_label
from lims.samples.models import Aliquot, Sample
from lims.samples.operations.amounts import (
    begin_amount,
    check_last,
    take_amount,
    take_rest,
    witnessed,
)
from lims.samples.queries import last_amount, powder_left, sample_of, unused_aliquot
from lims.samples.rules import (
    ALIQUOT_WORDS,
    LYSATE_NL,
    MATERIAL_WORDS,
    PREPARABLE,
    AliquotKind,
    AliquotState,
    AliquotThere,
    AlreadyAccepted,
    AmountUnit,
    AmountWhy,
    Line,
    Material,
    NotAccepted,
    NotAtReception,
    SamePerson,
    SampleState,
    WrongMaterial,
    WrongRoom,
    check_mass,
    is_onward,
)
from lims.storage.operations import bring_out
from lims.storage.operations.storing import require_all_at_hand


@dataclass(frozen=True)
class Taken:
    """A part that was taken: its code, and the payload of the label queued for it ('' if none)."""

    code: str
    label: str


def accept_sample(
    session: Session, code: str, *, by: Actor, at: datetime, station: str = ""
) -> Sample:
    """Take a coded sample into the laboratory: coded → accepted.

    This is the receipt of what the coordinator released by verifying its label: the coordinator's
    possession ends here and that of `by` begins. Raises HeldByOther, NotHere, NotASample,
    LabelNotVerified, OnHold, AlreadyAccepted, NotAtReception, WrongRoom, and SamePerson where the
    one who coded it would accept it.
    """
    subject = lock_subject(session, code)
    refuse_if_ended(session, code)
    sample = sample_of(session, code)
    if sample.accepted_at is not None:
        raise AlreadyAccepted(
            code=code, at=f"{sample.accepted_at:%Y-%m-%d %H:%M} UTC",
            who=who(session, sample.accepted_by or ""),
        )  # fmt: skip
    if subject.state != SampleState.CODED:
        raise NotAtReception(code=code, state=subject.state)
    check_label(session, code)
    refuse_if_held(session, code)
    check_room(session, code, line=sample.line, station=station)
    if sample.registered_by == by.id:
        raise SamePerson(code=code)
    standing = held(session, code)
    if standing is None or standing.holder != sample.registered_by:
        bring_out(session, code, by=by, at=at, station=station)
    sample.accepted_at, sample.accepted_by = at, by.id
    received = change_state(
        session, code, SampleState.ACCEPTED, Tag.SAMPLE_ITEM_ACCEPTED, by=by, at=at,
        content=moves(by.id, station), device=station,
    )  # fmt: skip
    pass_to(session, code, by.id, place=station, event_id=received, at=at)
    return sample


def check_preparation(
    session: Session, code: str, *, by: Actor, at: datetime, station: str = ""
) -> Sample:
    """Refuse a sample that may not be worked on at preparation, or a person who may not.

    Locks the sample. Raises NotASample, NotAccepted, LabelNotVerified, OnHold, WrongRoom,
    NotAuthorised, EliminationMissing.
    """
    subject = lock_subject(session, code)
    refuse_if_ended(session, code)
    sample = sample_of(session, code)
    if subject.state not in PREPARABLE:
        raise NotAccepted(code=code, state=subject.state)
    check_label(session, code)
    refuse_if_held(session, code)
    check_room(session, code, line=sample.line, station=station)
    require_authorised(session, by, Activity.PREPARATION, on=at.date())
    require_elimination(session, by)
    return sample


def take_powder(
    session: Session,
    code: str,
    mass_ug: int,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    reason: str = "",
    made_in: str = "",
    witness: Actor | None = None,
) -> Taken:
    """Take `mass_ug` micrograms of powder of a bone or tooth; its label is queued at `station`.

    The powder comes from the sample, and from the set it was `made_in`, if any. Taking the last
    of it needs a second person (`witness`) and the customer's leave. Raises what
    check_preparation raises, WrongMaterial, NoMassLeft, what check_last raises, and AliquotThere
    where an unused part is there and no `reason` is given.
    """
    sample = check_preparation(session, code, by=by, at=at, station=station)
    if sample.line is not Line.BONE:
        raise _wrong(sample, AliquotKind.POWDER)
    left = powder_left(session, sample)
    check_mass(code, left_ug=left, asked_ug=mass_ug)
    last = check_last(session, code, mass_ug, by=by, witness=witness)
    return _take(
        session, sample, AliquotKind.POWDER, Tag.SAMPLE_ITEM_GROUND, how="ground", mass_ug=mass_ug,
        left_ug=left - mass_ug, by=by, at=at, station=station, reason=reason,
        witness=witness if last else None, made_in=made_in,
    )  # fmt: skip


def take_punch(
    session: Session,
    code: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    reason: str = "",
    made_in: str = "",
) -> Taken:
    """Punch a blood card; raises as take_powder does."""
    sample = check_preparation(session, code, by=by, at=at, station=station)
    if sample.material is not Material.BLOOD_CARD:
        raise _wrong(sample, AliquotKind.PUNCH)
    return _take(
        session, sample, AliquotKind.PUNCH, Tag.SAMPLE_ITEM_CUT, how="punched",
        by=by, at=at, station=station, reason=reason, made_in=made_in,
    )  # fmt: skip


def take_lysate(
    session: Session,
    code: str,
    *,
    by: Actor,
    at: datetime,
    volume_nl: int = LYSATE_NL,
    station: str = "",
    reason: str = "",
    made_in: str = "",
) -> Taken:
    """Lyse a buccal swab into `volume_nl` nanolitres; raises as take_powder does."""
    sample = check_preparation(session, code, by=by, at=at, station=station)
    if sample.material is not Material.BUCCAL_SWAB:
        raise _wrong(sample, AliquotKind.LYSATE)
    return _take(
        session, sample, AliquotKind.LYSATE, Tag.SAMPLE_ITEM_CUT, how="lysed", volume_nl=volume_nl,
        by=by, at=at, station=station, reason=reason, made_in=made_in,
    )  # fmt: skip


def use_aliquots(
    session: Session,
    codes: Sequence[str],
    *,
    batch: str,
    by: Actor,
    at: datetime,
    station: str = "",
    witness: Actor | None = None,
) -> None:
    """Use aliquots up in a batch: created → used, and there no more; their samples in process.

    Whether they may be used is for the batch to ask beforehand; that `by` holds them all is asked
    here, and that a second person (`witness`) confirms where it is the last of a bone's powder.
    Raises HeldByOther, InStorage, NotHere, and what check_last raises.
    """
    sample_of_aliquot = dict(
        session.execute(
            select(Aliquot.code, Aliquot.sample_code).where(Aliquot.code.in_(codes))
        ).all()
    )
    # Before it is asked who holds them: nobody receives one of them in the meantime.
    lock_subjects(session, {*codes, *sample_of_aliquot.values()})
    require_all_at_hand(session, codes, by)
    last = {code for code in codes if use_rest(session, code, by=by, at=at, witness=witness)}
    events = {
        code: change_state(
            session, code, AliquotState.USED, Tag.ALIQUOT_TUBE_CONSUMED, by=by, at=at,
            content={
                "batch": batch, **moves(GONE), **witnessed(witness if code in last else None),
            },
            device=station,
        )
        for code in codes
    }  # fmt: skip
    pass_all(session, events, GONE, at=at)
    for code in sorted(set(sample_of_aliquot.values())):
        advance_sample(session, code, SampleState.IN_PROCESS, by=by, at=at, station=station)


def use_rest(
    session: Session, code: str, *, by: Actor, at: datetime, witness: Actor | None
) -> bool:
    """Use all that is left of a tube; return whether it was the last of a bone's powder.

    Raises what check_last raises.
    """
    newest = last_amount(session, code)
    if newest is None:
        return False
    last = check_last(session, code, newest.left, by=by, witness=witness)
    take_rest(session, code, AmountWhy.USED, by=by, at=at)
    return last


def advance_sample(
    session: Session, code: str, to: SampleState, *, by: Actor, at: datetime, station: str = ""
) -> None:
    """Say how far a sample has come; a step back, or to where it is, changes nothing.

    A repeat of a profiled sample does not undo its profile.
    """
    subject = lock_subject(session, code)
    if is_onward(SampleState(subject.state), to):
        change_state(
            session, code, to, Tag.SUBJECT_STATE_CHANGED, by=by, at=at, content={}, device=station
        )


def check_room(session: Session, code: str, *, line: Line, station: str) -> None:
    """Refuse (WrongRoom) a thing of the other line at a station that is kept for one line."""
    if not station or station[0] != Kind.STATION:
        return
    kept_for = open_station(session, station).line
    if kept_for is not None and kept_for is not line:
        raise WrongRoom(code=code, line=Say(LINE_WORDS[kept_for]))


def _wrong(sample: Sample, part: AliquotKind) -> WrongMaterial:
    return WrongMaterial(
        code=sample.code, material=Say(MATERIAL_WORDS[sample.material]),
        part=Say(ALIQUOT_WORDS[part]),
    )  # fmt: skip


def _take(
    session: Session,
    sample: Sample,
    kind: AliquotKind,
    tag: Tag,
    *,
    how: str,
    by: Actor,
    at: datetime,
    station: str,
    reason: str,
    mass_ug: int | None = None,
    volume_nl: int | None = None,
    left_ug: int | None = None,
    witness: Actor | None = None,
    made_in: str = "",
) -> Taken:
    bring_out(session, sample.code, by=by, at=at, station=station)
    there = unused_aliquot(session, sample.code)
    if there is not None and not reason.strip():
        raise AliquotThere(
            code=sample.code, aliquot=there.code, at=f"{there.taken_at:%Y-%m-%d %H:%M} UTC",
            who=who(session, there.taken_by),
        )  # fmt: skip
    code = fresh_code(session, Kind.ALIQUOT)
    amounts: dict[str, object] = {
        name: figure
        for name, figure in (("mass_ug", mass_ug), ("volume_nl", volume_nl))
        if figure is not None
    }
    drawn = None
    if mass_ug is not None:
        drawn = take_amount(session, sample.code, mass_ug, AmountWhy.DIVIDED, by=by, at=at)
    taken = create_subject(
        session, code, Tag.ALIQUOT_TUBE_TAKEN, by=by, at=at,
        content={"kind": kind.value, **amounts}, state=AliquotState.CREATED,
        parents=(sample.code, made_in) if made_in else (sample.code,), reason=how, device=station,
    )  # fmt: skip
    session.add(
        Aliquot(
            code=code, sample_code=sample.code, kind=kind, mass_ug=mass_ug, volume_nl=volume_nl,
            taken_at=at, taken_by=by.id,
        )
    )  # fmt: skip
    session.flush()
    if mass_ug is not None:
        begin_amount(session, code, AmountUnit.MASS, mass_ug, by=by, at=at, source=drawn)
    if volume_nl is not None:
        begin_amount(session, code, AmountUnit.VOLUME, volume_nl, by=by, at=at)
    content: dict[str, object] = {"aliquot": code, **amounts, **witnessed(witness)}
    if left_ug is not None:
        content["left_ug"] = left_ug
    if reason.strip():
        content["why"] = reason.strip()[:200]
    append(
        session, tag, stream=sample.code, by=by, at=at, content=content, device=station, cause=taken
    )
    advance_sample(session, sample.code, SampleState.IN_PREPARATION, by=by, at=at, station=station)
    session.flush()
    label = ""
    if station:
        label = queue_label(
            session, code, layout="tube", station=station, kind=kind.value.upper(),
            line1=sample.code, by=by, at=at,
        )  # fmt: skip
    return Taken(code, label)
