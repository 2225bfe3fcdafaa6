# SPDX-License-Identifier: Apache-2.0
"""What a scan means at an injection bench."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload, threes
from lims.core.scans import Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.operations import refuse_if_held
from lims.genotyping.operations.injecting import (
    complete_injection_plate,
    open_injection_plate,
    use_on_injection_plate,
)
from lims.genotyping.queries.plates import plate_picture
from lims.genotyping.rules.refusals import (
    NoPlateHere,
    NotForThisBench,
    NothingToTakeBack,
    PlateInHand,
)
from lims.people.rules import Activity
from lims.plates.queries import plate_of, state_of
from lims.plates.rules import check_open
from lims.printing.queries import live_label
from lims.samples.rules import CommandMeansNothing


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.PLATE:
        return _plate(session, visit, payload.code)
    if payload.kind not in (Kind.LOT, Kind.CONTAINER):
        raise NotForThisBench(code=payload.code)
    if visit.focus is None:
        raise NoPlateHere()
    name = use_on_injection_plate(
        session, visit.focus, payload.code, by=visit.by, at=visit.at, station=visit.station
    )
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Plate %(plate)s uses %(name)s."), {"plate": threes(visit.focus), "name": name}),
        next=_what_next(session, visit.focus), subject=payload.code, focus=visit.focus,
    )  # fmt: skip


def _plate(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.focus is not None and visit.focus != code:
        raise PlateInHand(code=visit.focus)
    if plate_of(session, code).activity is Activity.INJECTION:
        check_open(code, state_of(session, code))
        refuse_if_held(session, code)
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Injection plate %(plate)s is worked on here."), {"plate": threes(code)}),
            next=_what_next(session, code), subject=code, focus=code,
        )  # fmt: skip
    opened = open_injection_plate(session, code, by=visit.by, at=visit.at, station=visit.station)
    values: dict[str, str | int | Say] = {
        "source": threes(code), "plate": threes(opened.code), "ladders": ", ".join(opened.ladders),
        "left_out": ", ".join(opened.left_out),
    }  # fmt: skip
    words = (
        N_("Plate %(plate)s is made from %(source)s, ladders in %(ladders)s. On hold and left "
           "out: %(left_out)s.")
        if opened.left_out
        else N_("Plate %(plate)s is made from %(source)s, ladders in %(ladders)s.")
    )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED, Say(words, values),
        next=Say(N_("Put the printed label on the new plate and scan it.")),
        subject=code, focus=opened.code, labels=(opened.label,) if opened.label else (),
    )  # fmt: skip


def _what_next(session: Session, code: str) -> Say:
    if live_label(session, code) is None:
        return Say(N_("Put the printed label on the new plate and scan it."))
    return Say(N_("Scan the lots of ladder and size standard and the analyzer, then DONE."))


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan an amplification plate, label the new plate, then scan lots, analyzer "
                   "and DONE.")),
            next=None if visit.focus is None else _what_next(session, visit.focus),
            focus=visit.focus,
        )  # fmt: skip
    if visit.focus is None:
        raise NoPlateHere()
    if command is Command.NEXT:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Plate %(plate)s is set aside."), {"plate": threes(visit.focus)}),
            next=Say(N_("Scan an amplification plate.")),
        )
    if command is Command.UNDO:
        raise NothingToTakeBack()
    if command is Command.DONE:
        complete_injection_plate(
            session, visit.focus, by=visit.by, at=visit.at, station=visit.station
        )
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Plate %(plate)s is ready for the analyzer."), {"plate": threes(visit.focus)}),
            next=Say(N_("Take its plate record from the plate's page, start the run, then import "
                        "the files.")),
            subject=visit.focus,
        )  # fmt: skip
    raise CommandMeansNothing()


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    raise CommandMeansNothing()


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    return {"plate": None if visit.focus is None else plate_picture(session, visit.focus)}


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="genotyping/station.html",
    picture=_picture,
)  # fmt: skip
