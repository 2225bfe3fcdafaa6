# SPDX-License-Identifier: Apache-2.0
"""What a scan means at an amplification bench."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.amplification.operations.amplifying import (
    Loaded,
    complete_amplification,
    load_for_amplification,
    take_last_back,
    use_lot,
)
from lims.amplification.queries import (
    amplification_plate,
    controls_needed,
    missing_on,
    plate_at_station,
)
from lims.amplification.rules import REASONS, ReasonAwaited
from lims.core.codes import Kind, Payload, threes
from lims.core.scans import Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.operations import refuse_if_held
from lims.people.rules import Activity, Line
from lims.plates.queries import fill_order, plate_of, state_of, wells_of
from lims.plates.rules import BatchFull, check_open, next_free
from lims.printing.queries import check_label
from lims.quantification.operations import check_operator
from lims.quantification.rules import NoPlateHere, NotForThisBench, PlateHere
from lims.samples.operations import check_room
from lims.samples.rules import CommandMeansNothing, EntryAwaited, thousandths

UNDONE = "undone at the bench"
"""The reason that stands with a filling taken back by UNDO."""

REASON = "reason"
"""What the station asks for, and the step in which it waits for it."""


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if visit.step == REASON and visit.held is not None and payload.code != visit.held:
        raise EntryAwaited(code=visit.held)
    if payload.kind is Kind.PLATE:
        return _take_plate(session, visit, payload.code)
    if payload.kind not in (Kind.EXTRACT, Kind.LOT, Kind.CONTAINER):
        raise NotForThisBench(code=payload.code)
    if visit.focus is None:
        raise NoPlateHere()
    if payload.kind is Kind.EXTRACT:
        return _load(session, visit, visit.focus, payload.code, reason="")
    name = use_lot(
        session, visit.focus, payload.code, by=visit.by, at=visit.at, station=visit.station
    )
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Plate %(plate)s uses %(name)s."), {"plate": threes(visit.focus), "name": name}),
        next=_what_next(session, visit.focus), subject=payload.code, focus=visit.focus,
    )  # fmt: skip


def _take_plate(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.focus is not None and visit.focus != code:
        raise PlateHere(code=visit.focus)
    plate = amplification_plate(session, code)
    check_open(code, state_of(session, code))
    check_label(session, code)
    refuse_if_held(session, code)
    check_room(session, code, line=plate.line or Line.BONE, station=visit.station)
    check_operator(session, Activity.AMPLIFICATION, by=visit.by, at=visit.at)
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("Plate %(plate)s with %(kit)s is worked on here."),
            {"plate": threes(code), "kit": plate.kit},
        ),
        next=_what_next(session, code), subject=code, focus=code,
    )  # fmt: skip


def _load(session: Session, visit: Visit, plate_code: str, code: str, *, reason: str) -> Outcome:
    try:
        loaded = load_for_amplification(
            session, plate_code, code, by=visit.by, at=visit.at, reason=reason,
            station=visit.station,
        )  # fmt: skip
    except ReasonAwaited as awaited:
        # Nothing was written: the question takes the place of the act.
        return Outcome(
            Verdict.ACCEPTED, awaited.say, next=Say(N_("Choose the reason, or scan UNDO.")),
            subject=code, focus=plate_code, held=code, step=REASON,
            ask=Ask(
                REASON, Say(N_("Why is it amplified?")),
                choices=tuple((words, Say(words)) for words in REASONS),
            ),
        )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED, _put(code, loaded), next=_what_next(session, plate_code),
        subject=code, position=loaded.position, focus=plate_code,
    )  # fmt: skip


def _put(code: str, loaded: Loaded) -> Say:
    values: dict[str, str | int | Say] = {
        "code": threes(code), "position": loaded.position,
        "volume": thousandths(loaded.loading.volume_nl),
    }  # fmt: skip
    if loaded.loading.dilution > 1:
        values["dilution"] = f"1:{loaded.loading.dilution}"
        return Say(
            N_("Dilute %(code)s %(dilution)s, put %(volume)s µl into well %(position)s."), values
        )
    if loaded.is_blank:
        return Say(N_("Blank %(code)s: put %(volume)s µl into well %(position)s."), values)
    if loaded.loading.low_template:
        return Say(N_("%(code)s: put %(volume)s µl into well %(position)s. Low template."), values)
    return Say(N_("%(code)s: put %(volume)s µl into well %(position)s."), values)


def _what_next(session: Session, plate_code: str) -> Say:
    taken = [well.position for well in wells_of(session, plate_code)]
    missing = missing_on(session, plate_of(session, plate_code))
    try:
        order = fill_order(session, plate_code)
        keep = controls_needed(session, plate_of(session, plate_code)).total()
        position = next_free(order, taken, keep=keep, code=plate_code)
    except BatchFull:
        return Say(N_("The plate is full. Scan DONE: the last wells are the controls."))
    if missing:
        return Say(
            N_("Scan the next extract into %(position)s. Still missing: %(what)s."),
            {"position": position, "what": missing[0]},
        )
    return Say(
        N_("Scan the next extract into %(position)s, or DONE when all are in."),
        {"position": position},
    )


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.HELP:
        return _help(session, visit)
    if visit.focus is None:
        raise NoPlateHere()
    if visit.step == REASON and visit.held is not None:
        if command is not Command.UNDO:
            raise EntryAwaited(code=visit.held)
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("%(code)s is set aside: it is in no well."), {"code": threes(visit.held)}),
            next=_what_next(session, visit.focus), focus=visit.focus,
        )  # fmt: skip
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
            next=_what_next(session, visit.focus), position=well.position, focus=visit.focus,
        )  # fmt: skip
    if command is Command.DONE:
        done = complete_amplification(
            session, visit.focus, by=visit.by, at=visit.at, station=visit.station
        )
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("Plate %(plate)s is completed: positive control in %(positive)s, "
                   "negative control in %(negative)s."),
                {
                    "plate": threes(visit.focus), "positive": done.positive,
                    "negative": done.negative,
                },
            ),
            next=Say(N_("Put in the controls, seal the plate and start the cycler.")),
            subject=visit.focus,
        )  # fmt: skip
    raise CommandMeansNothing()


def _help(session: Session, visit: Visit) -> Outcome:
    if visit.step == REASON and visit.focus is not None and visit.held is not None:
        # Says again what is awaited, and asks for it again.
        return _load(session, visit, visit.focus, visit.held, reason="")
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("Scan the plate, the lots of kit and control, each extract and blank, then DONE.")
        ),
        next=None if visit.focus is None else _what_next(session, visit.focus),
        focus=visit.focus,
    )  # fmt: skip


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if visit.focus is None or visit.held is None or visit.step != REASON or entry.name != REASON:
        raise CommandMeansNothing()
    return _load(session, visit, visit.focus, visit.held, reason=entry.value)


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    return {"plate": None if visit.focus is None else plate_at_station(session, visit.focus)}


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="amplification/station.html",
    picture=_picture,
)  # fmt: skip
