# SPDX-License-Identifier: Apache-2.0
"""What a scan means at a quantification bench."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload, threes
from lims.core.scans import Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.operations import refuse_if_held
from lims.plates.operations import record_use
from lims.plates.queries import fill_order, state_of, wells_of
from lims.plates.rules import Activity, BatchFull, check_open, next_free
from lims.printing.queries import check_label
from lims.quantification.operations.loading import (
    check_operator,
    complete_quantification,
    load_extract,
    take_last_back,
)
from lims.quantification.queries import quantification_plate, station_plate
from lims.quantification.rules import (
    NO_TEMPLATE_WELLS,
    STANDARD_WELLS,
    NoPlateHere,
    NotForThisBench,
    PlateHere,
)
from lims.samples.rules import CommandMeansNothing

UNDONE = "undone at the bench"
"""The reason that stands with a filling taken back by UNDO."""

CURVE = "curve"
"""What the station asks: whether the plate has standards of its own. Kept in its memory."""

OWN_CURVE, STORED_CURVE = "standards", "stored"


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.PLATE:
        return _take_plate(session, visit, payload.code)
    if payload.kind not in (Kind.EXTRACT, Kind.LOT, Kind.CONTAINER):
        raise NotForThisBench(code=payload.code)
    if visit.focus is None:
        raise NoPlateHere()
    if payload.kind is Kind.EXTRACT:
        position = load_extract(
            session, visit.focus, payload.code, by=visit.by, at=visit.at, keep=_kept(visit),
            station=visit.station,
        )  # fmt: skip
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s is in well %(position)s."),
                {"code": threes(payload.code), "position": position},
            ),
            next=_what_next(session, visit, visit.focus), subject=payload.code,
            position=position, focus=visit.focus, memory=visit.memory,
        )  # fmt: skip
    check_operator(session, Activity.QUANTIFICATION, by=visit.by, at=visit.at)
    name = record_use(
        session, visit.focus, payload.code, activity=Activity.QUANTIFICATION, by=visit.by,
        at=visit.at, station=visit.station,
    )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Plate %(plate)s uses %(name)s."), {"plate": threes(visit.focus), "name": name}),
        next=_what_next(session, visit, visit.focus), subject=payload.code, focus=visit.focus,
        memory=visit.memory,
    )  # fmt: skip


def _take_plate(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.focus is not None and visit.focus != code:
        raise PlateHere(code=visit.focus)
    quantification_plate(session, code)
    check_open(code, state_of(session, code))
    check_label(session, code)
    refuse_if_held(session, code)
    check_operator(session, Activity.QUANTIFICATION, by=visit.by, at=visit.at)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Plate %(plate)s is worked on here."), {"plate": threes(code)}),
        next=_what_next(session, visit, code), subject=code, focus=code, memory=visit.memory,
        ask=Ask(
            CURVE, Say(N_("Which standard curve?")),
            choices=(
                (OWN_CURVE, Say(N_("Standards on this plate"))),
                (STORED_CURVE, Say(N_("Stored curve, no standards here"))),
            ),
        ),
    )  # fmt: skip


def _what_next(session: Session, visit: Visit, plate_code: str) -> Say:
    taken = [well.position for well in wells_of(session, plate_code)]
    order = fill_order(session, plate_code)
    try:
        position = next_free(order, taken, keep=_kept(visit), code=plate_code)
    except BatchFull:
        return Say(N_("The plate is full. Scan DONE: the last wells are the controls."))
    if not taken:
        return Say(
            N_("Scan the lots used, then the first extract into %(position)s."),
            {"position": position},
        )
    return Say(
        N_("Scan the next extract into %(position)s, or DONE when all are in."),
        {"position": position},
    )


def _has_standards(visit: Visit) -> bool:
    return visit.memory.get(CURVE, OWN_CURVE) == OWN_CURVE


def _kept(visit: Visit) -> int:
    return NO_TEMPLATE_WELLS + (STANDARD_WELLS if _has_standards(visit) else 0)


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan the label of a plate, the lots used, then each extract, then DONE.")),
            next=None if visit.focus is None else _what_next(session, visit, visit.focus),
            focus=visit.focus, memory=visit.memory,
        )  # fmt: skip
    if visit.focus is None:
        raise NoPlateHere()
    if command is Command.NEXT:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Plate %(plate)s is set aside."), {"plate": threes(visit.focus)}),
            next=Say(N_("Scan the label of a plate.")),
        )
    if command is Command.UNDO:
        well = take_last_back(
            session, visit.focus, reason=UNDONE, by=visit.by, at=visit.at, station=visit.station
        )
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s is taken out of well %(position)s."),
                {"code": threes(well.subject_code or ""), "position": well.position},
            ),
            next=_what_next(session, visit, visit.focus), position=well.position,
            focus=visit.focus, memory=visit.memory,
        )  # fmt: skip
    if command is Command.DONE:
        complete_quantification(
            session, visit.focus, standards=_has_standards(visit), by=visit.by, at=visit.at,
            station=visit.station,
        )  # fmt: skip
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Plate %(plate)s is completed."), {"plate": threes(visit.focus)}),
            next=Say(N_("Run the plate, then import its results on the page of the plate.")),
            subject=visit.focus,
        )
    raise CommandMeansNothing()


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if visit.focus is None or entry.name != CURVE:
        raise CommandMeansNothing()
    chosen = STORED_CURVE if entry.value == STORED_CURVE else OWN_CURVE
    after = Visit(
        visit.station, visit.kind, visit.by, visit.at, focus=visit.focus, memory={CURVE: chosen}
    )
    said = (
        N_("Ten wells are kept for standards, one for the no-template control.")
        if chosen == OWN_CURVE
        else N_("One well is kept for the no-template control; no standards stand here.")
    )
    return Outcome(
        Verdict.ACCEPTED, Say(said), next=_what_next(session, after, visit.focus),
        focus=visit.focus, memory=after.memory,
    )  # fmt: skip


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    if visit.focus is None:
        return {"plate": None}
    return {"plate": station_plate(session, visit.focus, keep=_kept(visit))}


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="quantification/station.html",
    picture=_picture,
)  # fmt: skip
