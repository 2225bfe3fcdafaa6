# SPDX-License-Identifier: Apache-2.0
"""What a scan means at an extraction bench."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, Payload, threes
from lims.core.scans import PIN, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Many, Say
from lims.custody.operations import refuse_if_held
from lims.extraction.operations.extracting import (
    blanks_needed,
    check_operator,
    complete_extraction,
    extraction_batch,
    load_aliquot,
    release_extraction,
)
from lims.extraction.queries import rack_of
from lims.extraction.rules import BatchHere, NoBatchHere, NotForThisBench
from lims.plates.operations import record_use, scan_into_place, void_placement
from lims.plates.queries import members_of, next_awaited, state_of
from lims.plates.rules import RACK_POSITIONS, Activity, BatchFull, WorkState, check_open, next_free
from lims.samples.operations import SECOND, ask_second, check_room, take_badge
from lims.samples.rules import CommandMeansNothing, SecondPersonAwaited

UNDONE = "undone at the bench"
"""The reason that stands with a placement taken back by UNDO."""


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.BADGE and visit.step == SECOND and visit.focus is not None:
        return take_badge(session, visit, payload.code)
    if payload.kind is Kind.BATCH:
        return _take_batch(session, visit, payload.code)
    if payload.kind not in (Kind.ALIQUOT, Kind.LOT, Kind.CONTAINER):
        raise NotForThisBench(code=payload.code)
    if visit.focus is None:
        raise NoBatchHere()
    if payload.kind is Kind.ALIQUOT:
        position = scan_into_place(
            session, visit.focus, payload.code, release=release_extraction, by=visit.by,
            at=visit.at, station=visit.station,
        ) or load_aliquot(
            session, visit.focus, payload.code, by=visit.by, at=visit.at, station=visit.station
        )  # fmt: skip
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s is in position %(position)s."),
                {"code": threes(payload.code), "position": position},
            ),
            next=_what_next(session, visit.focus), subject=payload.code, position=position,
            focus=visit.focus,
        )  # fmt: skip
    check_operator(session, by=visit.by, at=visit.at)
    name = record_use(
        session, visit.focus, payload.code, activity=Activity.EXTRACTION, by=visit.by,
        at=visit.at, station=visit.station,
    )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("Batch %(batch)s uses %(name)s."), {"batch": threes(visit.focus), "name": name}
        ),
        next=_what_next(session, visit.focus), subject=payload.code, focus=visit.focus,
    )  # fmt: skip


def _take_batch(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.focus is not None and visit.focus != code:
        raise BatchHere(code=visit.focus)
    batch = extraction_batch(session, code)
    check_open(code, state_of(session, code))
    refuse_if_held(session, code)
    check_room(session, code, line=batch.line, station=visit.station)
    check_operator(session, by=visit.by, at=visit.at)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Batch %(batch)s is worked on here."), {"batch": threes(code)}),
        next=_what_next(session, code), subject=code, focus=code,
    )  # fmt: skip


def _what_next(session: Session, batch_code: str) -> Say:
    due = next_awaited(session, batch_code)
    if due is not None:
        return Say(
            N_("Scan %(code)s into %(position)s."),
            {"code": threes(due.subject_code or ""), "position": due.position},
        )
    if state_of(session, batch_code) != WorkState.DRAFT:
        return Say(N_("It is released. Scan DONE when the work is done."))
    taken = [member.position for member in members_of(session, batch_code)]
    try:
        position = next_free(
            RACK_POSITIONS, taken, keep=blanks_needed(session, batch_code), code=batch_code
        )
    except BatchFull:
        return Say(N_("The rack is full. Scan DONE: the last position is the reagent blank."))
    if not taken:
        return Say(
            N_("Scan the lots used, then the first tube into %(position)s."),
            {"position": position},
        )
    return Say(
        N_("Scan the next tube into %(position)s, or DONE when all are in."),
        {"position": position},
    )


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan the card of a batch, the lots and instruments used, then each tube.")),
            next=None if visit.focus is None else _what_next(session, visit.focus),
            focus=visit.focus,
        )  # fmt: skip
    if visit.focus is None:
        raise NoBatchHere()
    if command is Command.UNDO and visit.step == SECOND:
        return Outcome(
            Verdict.ACCEPTED, Say(N_("Nothing was done. Take a tube out with UNDO, or scan DONE.")),
            next=_what_next(session, visit.focus), focus=visit.focus,
        )  # fmt: skip
    if command is Command.NEXT:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Batch %(batch)s is set aside."), {"batch": threes(visit.focus)}),
            next=Say(N_("Scan the card of a batch.")),
        )
    if command is Command.UNDO:
        member = void_placement(
            session, visit.focus, reason=UNDONE, by=visit.by, at=visit.at, station=visit.station
        )
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s is taken out of position %(position)s."),
                {"code": threes(member.subject_code or ""), "position": member.position},
            ),
            next=_what_next(session, visit.focus), position=member.position, focus=visit.focus,
        )  # fmt: skip
    if command is Command.DONE:
        return _complete(session, visit, visit.focus)
    raise CommandMeansNothing()


def _complete(
    session: Session, visit: Visit, batch: str, *, witness: Actor | None = None
) -> Outcome:
    try:
        with session.begin_nested():
            made = complete_extraction(
                session, batch, by=visit.by, at=visit.at, station=visit.station, witness=witness
            )
    except SecondPersonAwaited as refused:
        return ask_second(visit, refused)
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            Many(
                "Batch %(batch)s is completed: %(count)s extract, the blank.",
                "Batch %(batch)s is completed: %(count)s extracts, one of them the blank.",
            ),
            {"batch": threes(batch), "count": len(made)},
        ),
        next=Say(N_("Label every extract, scan each new label, then scan the next batch.")),
        subject=batch, labels=tuple(one.label for one in made if one.label),
    )  # fmt: skip


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if entry.name == PIN and visit.step == SECOND and visit.focus is not None:
        return _complete(session, visit, visit.focus, witness=entry.confirmed)
    raise CommandMeansNothing()


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    return {"rack": None if visit.focus is None else rack_of(session, visit.focus)}


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="extraction/station.html",
    picture=_picture, badges=frozenset({SECOND}),
)  # fmt: skip
