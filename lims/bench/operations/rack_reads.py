# SPDX-License-Identifier: Apache-2.0
"""What a whole-rack scanner at a bench for storage read: all of it taken up, or nothing."""

import hashlib
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord, StationState
from lims.bench.operations.asides import Aside
from lims.bench.operations.door import end_if_idle
from lims.bench.operations.recording import NEVER, arrived, entitled, sender
from lims.bench.operations.remembering import judged, remember
from lims.bench.rules import RackNotHere, RackNotTaken, RackOfNoBox, RecordKind, held_for
from lims.core.actors import Actor
from lims.core.codes import Kind, MistypedCode, read_payload, threes
from lims.core.scans import Outcome, Source, StationKind, Verdict
from lims.core.words import N_, Say
from lims.people.models import Station
from lims.storage.operations.racks import apply_rack, preview_rack, read_rack_file
from lims.storage.rules.racks import CHANGE_WORDS

_NAMED = 8
"""So many positions are named in a sentence; the page of the box has all."""


def record_rack(
    session: Session, station_code: str, *, read_id: str, content: bytes, device: str,
    device_time: datetime | None, sent_at: datetime | None, by: Actor, at: datetime,
    idle: timedelta = NEVER,
) -> ScanRecord:  # fmt: skip
    """Record the tubes of a box where a rack scanner at this bench read them, or none of them.

    The box is the one whose label stands on the rack, else the one that is open at the bench. The
    same id again gives the same answer and does nothing. Raises nothing: a refusal is an answer.
    """
    known, station, state = arrived(session, station_code, read_id, at)
    if known is not None:
        return known
    read_at = at - held_for(device_time, sent_at)
    end_if_idle(session, station.code, idle=idle, read_at=read_at, at=at)
    person, here = sender(session, station, by)

    def judge() -> Outcome:
        actor = entitled(person if person is not None else here, here, station)
        if station.kind is not StationKind.STORAGE:
            raise RackNotHere()
        return _taken(session, station, state, content, by=actor, at=at)

    outcome, refusal = judged(session, state, judge)
    return remember(
        session, station, state, outcome, refusal, person=here, at=at,
        record=ScanRecord(
            scan_id=read_id, kind=RecordKind.SCAN, source=Source.SERIAL, text="rack",
            raw=hashlib.sha256(content).hexdigest(), symbology="rack", device=device[:120],
            device_time=device_time, sent_at=sent_at,
        ),
    )  # fmt: skip


def _taken(
    session: Session, station: Station, state: StationState, content: bytes, *, by: Actor,
    at: datetime,
) -> Outcome:  # fmt: skip
    file = read_rack_file(content, name=f"rack {at:%Y-%m-%d %H:%M:%S}")
    box = _box(file.rack, state)
    shown = preview_rack(session, box, file, content, by=by)
    values: dict[str, str | int | Say] = {"place": shown.place.name, "code": threes(box)}
    if shown.before is not None:
        return Aside(
            Verdict.ACCEPTED,
            Say(N_("This very text of the rack %(place)s was taken before. Nothing changed."),
                values),
            subject=box,
        )  # fmt: skip
    problems = shown.comparison.problems
    if problems:
        first = problems[0]
        raise RackNotTaken(
            count=len(problems), place=shown.place.name, position=first.position,
            what=Say(CHANGE_WORDS[first.change]),
        )  # fmt: skip
    done = apply_rack(
        session, box, file, content, confirmed=shown.token, by=by, at=at, station=station.code
    )
    missing = shown.comparison.missing
    named = ", ".join(f"{line.position} {threes(line.code)}" for line in missing[:_NAMED])
    return Aside(
        Verdict.ACCEPTED,
        Say(
            N_("Rack %(place)s: %(read)s positions read, %(placed)s recorded anew, "
               "%(missing)s not read."),
            {**values, "read": len(file.positions), "placed": done.placed,
             "missing": len(missing)},
        ),
        next=Say(
            N_("Look for what is recorded there and was not read: %(named)s"), {"named": named}
        ) if missing else None,
        subject=box,
    )  # fmt: skip


def _box(rack: str, state: StationState) -> str:
    """Return the box that a rack stands for. Raises RackOfNoBox."""
    try:
        payload = read_payload(rack)
    except MistypedCode:
        payload = None  # the rack's own number, given by its maker, or none
    if payload is not None and payload.kind is Kind.CONTAINER:
        return payload.code
    if state.held is not None and state.held.startswith(Kind.CONTAINER.value):
        return state.held
    raise RackOfNoBox()
