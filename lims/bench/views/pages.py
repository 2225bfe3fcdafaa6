# SPDX-License-Identifier: Apache-2.0
"""The pages of benches: the list, and the station at work, live."""

from datetime import datetime, timedelta

from flask import Blueprint, Response, current_app, g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord, StationState
from lims.bench.operations import awaited_badge
from lims.bench.queries import (
    ShownDevice,
    after,
    benches,
    recent,
    revisions,
    shown_devices,
    sitting,
    station_state,
)
from lims.bench.rules import TONES, held_for
from lims.bench.schemas import AfterSchema, SeenSchema
from lims.bench.views.feed import Feed
from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.db import Database
from lims.core.errors import NotFound
from lims.core.scans import Command, StationKind, Verdict, Visit
from lims.core.words import N_, Many, Say
from lims.people.queries import open_station, person_of_badge
from lims.printers.rules import TROUBLES, Trouble, reasons_in, trouble_of
from lims.printing.queries import jobs_under_way, pending_at
from lims.printing.rules import STATE_WORDS
from lims.web.guard import needs, signed_in
from lims.web.locale import in_both, in_words, language, translate
from lims.web.pages import code_in_path, laboratory, page, query, reading
from lims.web.rights import Right, may_scan_at

blueprint = Blueprint("bench", __name__)

DEVICE_WORDS = {
    ("scanner", "ready"): N_("Scanner ready"),
    ("scanner", "fault"): N_("Scanner does not answer"),
    ("scanner", "waits"): N_("Scanner: state not known"),
    ("printer", "ready"): N_("Printer ready"),
    ("printer", "fault"): N_("Printer does not answer"),
    ("printer", "waits"): N_("Printer: state not known"),
    ("rack", "ready"): N_("Rack scanner ready"),
    ("rack", "fault"): N_("Rack scanner does not answer"),
    ("rack", "waits"): N_("Rack scanner: state not known"),
    ("agent", "fault"): N_("Two agents want this bench: one of them is refused"),
}

CLOCK_WORDS = Many(
    "Clock of the bench computer is a minute off: the server's counts",
    "Clock of the bench computer is %(count)s minutes off: the server's counts",
)

FAULT_WORDS = {reason: trouble.happened for reason, trouble in TROUBLES.items()}

KIND_WORDS = {
    StationKind.INTAKE: N_("Intake"),
    StationKind.RECEPTION: N_("Laboratory reception"),
    StationKind.PREPARATION: N_("Preparation"),
    StationKind.EXTRACTION: N_("Extraction"),
    StationKind.QUANTIFICATION: N_("Quantification"),
    StationKind.AMPLIFICATION: N_("Amplification"),
    StationKind.INJECTION: N_("Injection"),
    StationKind.STORAGE: N_("Storage"),
    StationKind.HANDOVER: N_("Hand-overs"),
}

SHOWN = tuple(Command)

CARD_WORDS = {
    Command.DONE: N_("Finished"),
    Command.UNDO: N_("Take back"),
    Command.NEXT: N_("Next one"),
    Command.PRINT: N_("Print again"),
    Command.HOLD: N_("Quarantine"),
    Command.HELP: N_("What now?"),
}
"""What stands on the command cards, short enough for their layout."""

COMMAND_WORDS = {
    Command.DONE: N_("Done"),
    Command.UNDO: N_("Take back the last step"),
    Command.NEXT: N_("Next one"),
    Command.PRINT: N_("Print again"),
    Command.HOLD: N_("Quarantine"),
    Command.HELP: N_("What now?"),
}

BENCH_WORDS = {
    "accepted": N_("Accepted"),
    "refused": N_("Refused"),
    "stop": N_("Stop"),
    "unknown": N_("Not known"),
    "stored": N_("Stored, not checked"),
    "stored_say": N_(
        "The server does not answer. This scan is safe here and is checked as soon as it answers."
    ),
    "secret_away": N_(
        "The server does not answer. A PIN is never stored: type it again when the server answers."
    ),
    "sending": N_("Being checked"),
    "away": N_("Server does not answer"),
    "answers": N_("Server answers"),
    "others": N_("Scans of another person are stored here and wait until that person signs in."),
}

VERDICT_WORDS = {
    Verdict.ACCEPTED: N_("Accepted"),
    Verdict.REFUSED: N_("Refused"),
    Verdict.STOP: N_("Stop"),
    Verdict.UNKNOWN: N_("Not known"),
}


@blueprint.get("/bench", endpoint="benches")
@needs(Right.WORK_AT_BENCH)
def benches_list() -> ResponseReturnValue:
    """List the benches at which this person may work."""
    if g.who.station:
        return redirect(url_for("bench.station", code=g.who.station))
    role = signed_in().role
    with reading() as session:
        rows = [row for row in benches(session) if may_scan_at(role, row.station.kind)]
        return page("bench/benches.html", rows=rows, kinds=KIND_WORDS)


@blueprint.get("/bench/<code>")
@needs(Right.WORK_AT_BENCH)
def station(code: str) -> ResponseReturnValue:
    """Show a station: scan, verdict, next action."""
    code = own_or_any(code)
    lab = laboratory()
    at = now()
    screen = bool(g.who.station)
    with reading() as session:
        bench = open_station(session, code)
        person = sitting(session, code)
        by = person.actor if screen and person is not None else signed_in()
        state = station_state(session, code)
        records = recent(session, code)
        meaning = lab.meanings.get(bench.kind)
        fragment, picture = "", {}
        if meaning is not None and meaning.fragment and state is not None and person is not None:
            fragment = meaning.fragment
            visit = Visit(
                station=code, kind=bench.kind, by=by, at=at, focus=state.focus, held=state.held,
                step=state.step, memory=state.memory,
            )  # fmt: skip
            picture = dict(meaning.picture(session, visit)) if meaning.picture else {}
        return page(
            "bench/station.html",
            bench=bench,
            station={"words": bench.name_ar if language() == "ar" else bench.name},
            troubles=[
                trouble
                for device in shown_devices(session, code, at=at)
                if (trouble := printer_trouble(device)) is not None
            ],
            devices=[
                {
                    "icon": device.icon,
                    "state": device.state,
                    "words": in_words(device_words(device)),
                }
                for device in shown_devices(session, code, at=at)
            ],
            mine=person is not None and person.id == by.person,
            screen=screen,
            door=door_of(session, state, at),
            idle_minutes=lab.settings.bench_idle_minutes,
            person=person,
            may_work=may_scan_at(by.role, bench.kind),
            state=state,
            upcoming=Say.from_json(state.next) if state is not None and state.next else None,
            ask=state.ask if state is not None else None,
            last=records[0] if records else None,
            records=records,
            revision=revisions(session).get(code, 0),
            pending=pending_at(session, code),
            fragment=fragment,
            picture=picture,
            verdict_words=VERDICT_WORDS,
            label_words=STATE_WORDS,
            jobs=jobs_under_way(session, code),
            command_words=[(command.value, translate(COMMAND_WORDS[command])) for command in SHOWN],
            bench_words={name: translate(words) for name, words in BENCH_WORDS.items()},
            zone=lab.settings.zone,
            late=late,
            title_of=lambda record: in_words(title_of(record)),
            say_of=lambda record: in_words(say_of(record)),
            spoken=lambda stored: in_words(Say.from_json(stored)),
            spoken_choices=lambda stored: [
                (value, in_words(Say.from_json(words))) for value, words in stored
            ],
        )


@blueprint.get("/bench/<code>/outcomes")
@needs(Right.WORK_AT_BENCH)
def outcomes(code: str) -> ResponseReturnValue:
    """Return what was said at a station after a sequence, for a page without a stream."""
    code = own_or_any(code)
    return jsonify(_news(laboratory().database, code, query(AfterSchema())["after"]))


@blueprint.get("/bench/<code>/events")
@needs(Right.WORK_AT_BENCH)
def events(code: str) -> ResponseReturnValue:
    """Tell a page each time its station changes."""
    code = own_or_any(code)
    database = laboratory().database
    with reading() as session:
        open_station(session, code)
    seen = query(SeenSchema())
    given = request.headers.get("Last-Event-ID", "")
    sequence = int(given) if given.isdecimal() else seen["after"]
    return Response(
        station_feed().follow(
            code, lambda after: _news(database, code, after), sequence, seen["revision"]
        ),
        mimetype="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def station_feed() -> Feed:
    """Return the one feed of this process."""
    idle = timedelta(minutes=laboratory().settings.bench_idle_minutes)
    feed: Feed = current_app.extensions.setdefault("osteon_feed", Feed(laboratory().database, idle))
    return feed


def _news(database: Database, code: str, sequence: int) -> dict[str, object]:
    """Return what happened after `sequence`, in every language: a stream knows no reader."""
    with database.reading() as session:
        records = after(session, code, sequence)
        devices = shown_devices(session, code, at=now())
    return {
        "outcomes": [told(record) for record in records],
        "devices": [
            {"icon": device.icon, "state": device.state, "words": in_both(device_words(device))}
            for device in devices
        ],
    }


def own_or_any(code: str) -> str:
    """Return a station's code; a screen is shown its own alone, else NotFound."""
    read = code_in_path(code, Kind.STATION)
    if g.who.station and g.who.station != read:
        raise NotFound(code=read)
    return read


def door_of(session: Session, state: StationState | None, at: datetime) -> str:
    """Return the initials of the person whose PIN is awaited at a bench, '' for nobody."""
    badge = awaited_badge(state, at)
    return person_of_badge(session, badge).initials if badge is not None else ""


LATE_VERDICT = N_("Late: %(verdict)s")
LATE_SAY = Many(
    "Scanned a minute ago, judged only now. %(say)s",
    "Scanned %(count)s minutes ago, judged only now. %(say)s",
)


def late(record: ScanRecord) -> int:
    """Return how many minutes a scan was stored before it was judged, 0 when it was not."""
    held = held_for(record.device_time, record.sent_at)
    return max(1, held // timedelta(minutes=1)) if held else 0


def title_of(record: ScanRecord) -> Say:
    """Return a verdict in one word; a late one says so."""
    verdict = Say(VERDICT_WORDS[record.verdict])
    return Say(LATE_VERDICT, {"verdict": verdict}) if late(record) else verdict


def say_of(record: ScanRecord) -> Say:
    """Return what is said of a record; of a late one also how old the scan is."""
    said = Say.from_json(record.say)
    minutes = late(record)
    return Say(LATE_SAY, {"count": minutes, "say": said}) if minutes else said


def tone_of(record: ScanRecord) -> str:
    """Return the tone of a verdict. A late acceptance does not sound like one of the tube in hand:
    whoever hears it may hold another by now.
    """
    tone = TONES[record.verdict]
    return "stored" if late(record) and tone == "accepted" else tone


def told(record: ScanRecord) -> dict[str, object]:
    """Return a record as pages and devices take it, in every language."""
    return {
        "sequence": record.id,
        "scan_id": record.scan_id,
        "verdict": record.verdict.value,
        "tone": tone_of(record),
        "late": late(record),
        "title": in_both(title_of(record)),
        "say": in_both(say_of(record)),
        "do": in_both(Say.from_json(record.advice)) if record.advice else None,
        "subject": record.subject,
        "position": record.position,
        "labels": record.labels,
        "at": utc_text(record.received_at),
    }


def printer_trouble(device: ShownDevice) -> Trouble | None:
    """Return what is wrong with a printer, which labels are in doubt and what to do."""
    return trouble_of(device.detail) if device.kind == "printer" else None


def device_words(device: ShownDevice) -> Say:
    """Return a device and its state in words."""
    # A printer out of labels also says that it pauses: the first fault that has words is the cause.
    named = reasons_in(device.detail) if device.kind == "printer" else ()
    if device.kind == "clock":
        return Say(CLOCK_WORDS, {"count": int(device.detail)})
    return Say(FAULT_WORDS[named[0]] if named else DEVICE_WORDS[device.kind, device.state])
