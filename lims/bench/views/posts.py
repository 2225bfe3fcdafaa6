# SPDX-License-Identifier: Apache-2.0
"""What is posted to a station: by its agent with a key, or by the page of who works there."""

import base64
import binascii
from dataclasses import replace
from datetime import timedelta

from flask import g, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord
from lims.bench.operations import (
    awaited_badge,
    leave_bench,
    record_command,
    record_devices,
    record_entry,
    record_fault,
    record_rack,
    record_scan,
    take_bench,
)
from lims.bench.queries import sitting, station_state, was_answered
from lims.bench.schemas import (
    CommandSchema,
    EntrySchema,
    FaultSchema,
    HeartbeatSchema,
    RackReadSchema,
    ScanSchema,
)
from lims.bench.views.pages import blueprint, told
from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import BadInput, NotFound, Refusal
from lims.core.scans import DOOR_PIN, OWN_PIN, SECRETS, Entry, Verdict
from lims.core.words import N_, Say
from lims.people.operations import claim_station, issue_agent_key, require_claim
from lims.people.queries import station as station_of_code
from lims.people.rules import AgentReport
from lims.people.views import confirm_badge, confirm_own_pin
from lims.web.guard import may_here, needs, signed_in
from lims.web.pages import code_in_path, done, form, laboratory, reading, settings, write
from lims.web.rights import Right


@blueprint.post("/api/bench/<station>/scans")
@needs(Right.SCAN)
def post_scan(station: str) -> ResponseReturnValue:
    """Take one scan at a station."""
    station = station_of(station)
    scan = form(ScanSchema())
    lab = laboratory()
    lab.files.check_room()
    with lab.database.writing(scan.scan_id) as session:
        _require_claim(session, station)
        record = record_scan(
            session, station, scan, by=signed_in(), at=now(), meanings=lab.meanings, idle=idle()
        )
    return _answered(station, record)


@blueprint.post("/api/bench/<station>/entries")
@needs(Right.WORK_AT_BENCH)
def post_entry(station: str) -> ResponseReturnValue:
    """Take a figure or choice that the station asked for."""
    station = station_of(station)
    entry = form(EntrySchema())
    lab = laboratory()
    if entry.name in SECRETS:
        entry = _confirmed(station, entry)
    lab.files.check_room()
    with lab.database.writing(entry.entry_id) as session:
        record = record_entry(
            session, station, entry, by=signed_in(), at=now(), meanings=lab.meanings, idle=idle()
        )
    return _answered(station, record)


@blueprint.post("/api/bench/<station>/commands")
@needs(Right.WORK_AT_BENCH)
def post_command(station: str) -> ResponseReturnValue:
    """Take a command given on the page."""
    station = station_of(station)
    given = form(CommandSchema())
    lab = laboratory()
    lab.files.check_room()
    with lab.database.writing(given["command_id"]) as session:
        record = record_command(
            session, station, given["command"], command_id=given["command_id"],
            by=signed_in(), at=now(), meanings=lab.meanings, idle=idle(),
        )  # fmt: skip
    return _answered(station, record)


@blueprint.post("/api/bench/<station>/faults")
@needs(Right.AGENT)
def post_fault(station: str) -> ResponseReturnValue:
    """Take word of something the scanner sent that is no scan."""
    station = station_of(station)
    given = form(FaultSchema())
    lab = laboratory()
    lab.files.check_room()
    with lab.database.writing(given["fault_id"]) as session:
        _require_claim(session, station)
        record = record_fault(
            session, station, fault_id=given["fault_id"], kind=given["kind"], raw=given["raw"],
            device=given["device"], device_time=given["device_time"], by=signed_in(), at=now(),
        )  # fmt: skip
    return _answered(station, record)


@blueprint.post("/api/bench/<station>/racks")
@needs(Right.AGENT)
def post_rack(station: str) -> ResponseReturnValue:
    """Take what a whole-rack scanner read: all of it is recorded, or nothing."""
    station = station_of(station)
    given = form(RackReadSchema())
    try:
        content = base64.b64decode(given["content"], validate=True)
    except (binascii.Error, ValueError):
        raise BadInput(field="content", problem=Say(N_("It is malformed."))) from None
    lab = laboratory()
    lab.files.check_room()
    with lab.database.writing(given["read_id"]) as session:
        _require_claim(session, station)
        record = record_rack(
            session, station, read_id=given["read_id"], content=content, device=given["device"],
            device_time=given["device_time"], sent_at=given["sent_at"], by=signed_in(), at=now(),
            idle=idle(),
        )  # fmt: skip
        if record.verdict is Verdict.ACCEPTED:
            # On disk before the commit that names it, and only once nothing was refused.
            lab.files.keep(content)
    return _answered(station, record)


@blueprint.post("/api/bench/heartbeat")
@needs(Right.AGENT)
def post_heartbeat() -> ResponseReturnValue:
    """Take what an agent says of itself and its devices; a second agent of a station is refused."""
    given = form(HeartbeatSchema())
    for one in given["stations"]:
        station = station_of(one["station"])
        report = AgentReport(
            version=given["version"], clock=given["clock"], scans_stored=one["scans_stored"],
            scans_rejected=one["scans_rejected"], outcomes_stored=one["outcomes_stored"],
            labels_held=one["labels_held"],
        )  # fmt: skip
        at = now()
        with laboratory().database.writing() as session:
            claimed = claim_station(session, station, g.who.agent, report, at=at)
            if claimed:
                record_devices(session, station, one["devices"], at=at)
        if not claimed:
            with reading() as session:
                require_claim(session, station, g.who.agent, at=at)
    return jsonify({})


@blueprint.post("/api/bench/<station>/key")
@needs(Right.AGENT)
def post_key(station: str) -> ResponseReturnValue:
    """Give an agent a new key for its station; the one it has works until the new one is used."""
    station = station_of(station)
    at = now()
    with laboratory().database.writing() as session:
        require_claim(session, station, g.who.agent, at=at)
        key = issue_agent_key(session, station_of_code(session, station), by=signed_in(), at=at)
    return jsonify({"key": key}), 201


@blueprint.post("/bench/<station>/take")
@needs(Right.WORK_AT_BENCH)
def post_take(station: str) -> ResponseReturnValue:
    """Begin to work at a bench."""
    station = code_in_path(station, Kind.STATION)

    def act(session: Session) -> dict[str, object]:
        take_bench(session, station, by=signed_in(), at=now())
        return {"to": url_for("bench.station", code=station)}

    return done(write(act))


@blueprint.post("/bench/<station>/leave")
@needs(Right.WORK_AT_BENCH)
def post_leave(station: str) -> ResponseReturnValue:
    """Leave a bench."""
    station = station_of(station)

    def act(session: Session) -> dict[str, object]:
        leave_bench(session, station, by=signed_in(), at=now())
        return {"to": url_for("bench.benches")}

    return done(write(act))


def _require_claim(session: Session, station: str) -> None:
    """Take nothing from an agent at whose station another one works; people are no agents."""
    if may_here(Right.AGENT):
        require_claim(session, station, g.who.agent, at=now())


def _confirmed(station: str, entry: Entry) -> Entry:
    """Check a PIN before the transaction; what goes on holds whose it is, and never the PIN."""
    blank = replace(entry, value="")
    if entry.name == DOOR_PIN:
        return _door_pin(station, entry, blank)
    with reading() as session:
        state = station_state(session, station)
        known = was_answered(session, entry.entry_id)
        memory = dict(state.memory) if state is not None else {}
        asked = state.ask["name"] if state is not None and state.ask is not None else ""
        here = sitting(session, station)
    if known or asked != entry.name:
        return blank
    # A bench's own screen speaks for whoever opened work there.
    by = here.actor if g.who.station and here is not None else signed_in()
    try:
        if entry.name == OWN_PIN:
            confirm_own_pin(entry.value, of=by)
            return replace(blank, confirmed=by)
        badge = memory.get("badge", "")
        return replace(blank, badge=badge, confirmed=confirm_badge(badge, entry.value, not_by=by))
    except Refusal as refusal:
        return replace(blank, wrong=refusal)


def _door_pin(station: str, entry: Entry, blank: Entry) -> Entry:
    """Check the PIN of the badge that was scanned to open work at a bench."""
    with reading() as session:
        known = was_answered(session, entry.entry_id)
        badge = awaited_badge(station_state(session, station), now())
    if known or badge is None:
        return blank
    try:
        owner = confirm_badge(badge, entry.value, right=Right.SCAN)
        return replace(blank, badge=badge, confirmed=owner)
    except Refusal as refusal:
        return replace(blank, badge=badge, wrong=refusal)


def idle() -> timedelta:
    """Return after how long without a scan work at a bench ends; zero for never."""
    return timedelta(minutes=settings().bench_idle_minutes)


def _answered(station: str, record: ScanRecord) -> ResponseReturnValue:
    if request.is_json:
        return jsonify(told(record)), 201
    return redirect(url_for("bench.station", code=station), code=303)


def station_of(station: str) -> str:
    """Return the station's code; an agent speaks for its own alone, else NotFound."""
    code = code_in_path(station, Kind.STATION)
    if g.who.station and g.who.station != code:
        raise NotFound(code=code)
    return code
