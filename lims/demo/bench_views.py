# SPDX-License-Identifier: Apache-2.0
"""The virtual bench: what the printers printed, labels to click, and faults to switch on."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from flask import Response, redirect, url_for
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response as AnyResponse

from instruments.virtual.control import Fault, Printed, StationState, Tone, VirtualBenchFault
from labels.errors import LabelError
from labels.preview import codes_in, draw
from lims.bench.rules import COMMAND_CODES
from lims.bench.views.pages import COMMAND_WORDS, KIND_WORDS
from lims.core.codes import Kind, read_payload
from lims.core.errors import NotFound, Refusal
from lims.core.scans import StationKind
from lims.core.words import N_
from lims.demo.blueprint import blueprint, devices, play
from lims.demo.stock import DPI
from lims.people.models import Station
from lims.people.queries import open_station, stations
from lims.web.guard import public
from lims.web.pages import code_in_path, form, page, reading

Answer = AnyResponse | tuple[str, int]

SHOWN = 24
"""Labels shown of a printer, the newest first."""

SCAN_SECONDS = 4.0
"""How long a scan waits for the tone that answers it."""

FAULTS = (
    (Fault.NONE, N_("in order")),
    (Fault.PAPER_OUT, N_("out of labels")),
    (Fault.HEAD_OPEN, N_("head open")),
    (Fault.SILENT, N_("silent")),
    (Fault.UNPLUGGED, N_("unplugged")),
)

HEARD_WORDS = {
    Tone.ACCEPTED: (N_("Accepted: one high tone"), "accepted"),
    Tone.REFUSED: (N_("Refused: two low tones"), "refused"),
    Tone.STORED: (N_("Stored, not checked: two middle tones"), "stored"),
    Tone.AMBIGUOUS: (N_("Not known: low, high, low"), "unknown"),
    "silence": (N_("Nothing: no answer came to the scanner in time"), "unknown"),
    "unplugged": (N_("Nothing: the scanner is unplugged"), "refused"),
    "nobody-listens": (N_("Nothing: the bench agent does not listen yet"), "unknown"),
    "not-running": (N_("Nothing: the virtual devices do not answer"), "unknown"),
}


class DevicesAway(Refusal):
    """The virtual devices do not run, or do not know the station."""

    says = N_("The virtual devices do not answer.")
    do = N_("They run with “lims demo”. Start it again if it was ended.")
    status = 503


class TextSchema(Schema):
    """What is held before the scanner."""

    text = fields.String(required=True, validate=validate.Length(min=1, max=150))


class FaultSchema(Schema):
    """What is to be wrong with a device."""

    device = fields.String(required=True, validate=validate.OneOf(("printer", "scanner")))
    fault = fields.Enum(Fault, by_value=True, required=True)


class NetworkSchema(Schema):
    """Whether the agents reach the server."""

    away = fields.Boolean(required=True)


@dataclass(frozen=True)
class ShownLabel:
    """A label as the page shows it; `payload` is '' where nothing on it can be scanned."""

    number: int
    payload: str
    code: str
    printed_at: datetime


@blueprint.get("/demo/bench")
@public
def bench() -> Answer:
    """List the stations with their virtual devices."""
    states = _states()
    with reading() as session:
        rows = [(one.station, states.get(one.station.code)) for one in stations(session)]
    # As the samples go, not by name.
    rows.sort(key=lambda row: (list(StationKind).index(row[0].kind), row[0].name))
    return page(
        "demo/benches.html", rows=rows, kinds=KIND_WORDS, away=play().network_away,
        fault_words=dict(FAULTS),
    )  # fmt: skip


@blueprint.get("/demo/bench/<code>")
@public
def station(code: str) -> Answer:
    """Show a station's virtual scanner and printer."""
    found = _station(code)
    state = _states().get(found.code)
    if state is None:
        raise DevicesAway()
    heard = play().heard.get(found.code, "")
    return page(
        "demo/station.html", bench=found, state=state, labels=_labels(found.code),
        heard=HEARD_WORDS.get(heard, HEARD_WORDS["silence"]) if heard else None,
        heard_what=play().heard.get(f"{found.code} text", ""), faults=FAULTS,
        commands=[(payload, COMMAND_WORDS[one]) for payload, one in COMMAND_CODES.items()],
        away=play().network_away,
    )  # fmt: skip


@blueprint.get("/demo/bench/<code>/labels/<int:number>.png")
@public
def label(code: str, number: int) -> Response:
    """Draw a label that came out of the virtual printer, from its ZPL."""
    found = _station(code)
    try:
        printed = devices().labels(found.code, after=number - 1)
    except VirtualBenchFault:
        raise DevicesAway() from None
    if not printed or printed[0].number != number:
        raise NotFound(code=str(number))
    try:
        picture = draw(printed[0].zpl.encode("utf-8"), dpi=DPI)
    except LabelError:
        raise NotFound(code=str(number)) from None
    answer = Response(picture.png, mimetype="image/png")
    # What came out of a printer never changes.
    answer.headers["Cache-Control"] = "private, max-age=86400, immutable"
    return answer


@blueprint.post("/demo/bench/<code>/scan")
@public
def post_scan(code: str) -> AnyResponse:
    """Hold something before the station's scanner and wait for the tone."""
    found = _station(code)
    text = form(TextSchema())["text"].strip()
    try:
        heard = devices().scan(found.code, text, wait=SCAN_SECONDS)
        what = heard.tone.value if heard.tone is not None else "silence"
    except VirtualBenchFault as fault:
        what = fault.reason
    play().hear(found.code, what)
    play().hear(f"{found.code} text", text)
    return redirect(url_for("demo.station", code=found.code), 303)


@blueprint.post("/demo/bench/<code>/fault")
@public
def post_fault(code: str) -> AnyResponse:
    """Break or mend the station's printer or scanner."""
    found = _station(code)
    sent = form(FaultSchema())
    try:
        devices().fault(found.code, sent["fault"], device=sent["device"])
    except VirtualBenchFault:
        raise DevicesAway() from None
    return redirect(url_for("demo.station", code=found.code), 303)


@blueprint.post("/demo/network")
@public
def post_network() -> AnyResponse:
    """Take the network between bench agents and server away, or give it back."""
    devices()
    play().network_away = form(NetworkSchema())["away"]
    return redirect(url_for("demo.bench"), 303)


def _station(code: str) -> Station:
    devices()
    read = code_in_path(code, Kind.STATION)
    with reading() as session:
        return open_station(session, read)


def _states() -> dict[str, StationState]:
    try:
        return {one.station: one for one in devices().state()}
    except VirtualBenchFault:
        return {}


def _labels(code: str) -> list[ShownLabel]:
    try:
        printed = devices().labels(code)
    except VirtualBenchFault:
        raise DevicesAway() from None
    return [_shown(one) for one in reversed(printed[-SHOWN:])]


def _shown(printed: Printed) -> ShownLabel:
    payload = _payload(printed.zpl)
    code = read_payload(payload).code if payload else ""
    return ShownLabel(printed.number, payload, code, printed.printed_at)


@lru_cache(maxsize=1024)
def _payload(zpl: str) -> str:
    """Return what a scanner reads off a label, '' for none."""
    try:
        codes = codes_in(zpl.encode("utf-8"))
    except LabelError:
        return ""
    return codes[0] if codes else ""
