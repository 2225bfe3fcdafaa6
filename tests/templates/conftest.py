# SPDX-License-Identifier: Apache-2.0
"""A small application around the shared templates, and a browser to look at them."""

import json
import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, Response, render_template, render_template_string, request
from flask_babel import Babel
from jinja2 import StrictUndefined
from markupsafe import Markup
from playwright.sync_api import Browser, expect, sync_playwright
from werkzeug.serving import make_server

from lims.web import filters
from lims.web.locale import translate, translate_count

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 23, 11, 57, 2, tzinfo=UTC)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'"
)


def places() -> list[dict[str, object]]:
    return [
        {"url": "#a", "icon": "scanner", "words": "Bench", "current": True},
        {"url": "#b", "icon": "list", "words": "Worklist", "current": False},
        {"url": "#c", "icon": "plate", "words": "Batches", "current": False},
        {"url": "#d", "icon": "box", "words": "Storage", "current": False},
        {"url": "#e", "icon": "search", "words": "Samples", "current": False},
    ]


def parts() -> dict[str, object]:
    loaded = [f"{letter}{column}" for letter in "AB" for column in range(1, 7)]
    rack: dict[str, object] = {position: {"role": "done"} for position in loaded}
    rack |= {"C1": {"role": "next", "mark": "C1"}, "C2": {"role": "flag", "words": "wrong tube"}}
    rack |= {"D5": {"role": "blank"}, "D6": {"role": "pos"}, "C3": {"role": "wait"}}
    plate: dict[str, object] = {
        f"{letter}{column:02d}": {"role": "found-ok", "url": "#well"}
        for letter in "ABCDEFGH"
        for column in range(1, 13)
    }
    plate |= {"A01": {"role": "found-ctl", "mark": "L"}, "F12": {"role": "found-neg"}}
    plate |= {"B07": {"role": "found-size"}, "C05": {"role": "found-wrong"}}
    plate |= {"E09": {"role": "found-unknown"}, "F02": {"role": "found-scale"}}
    plate |= {"G03": {"role": "found-none"}, "H12": {"role": "sample", "mark": "KD7"}}
    extract = {
        "words": "Extract", "code": "X4HFRJPTD", "note": filters.quantity(38000, "nl"),
        "children": [
            {"words": "Injection", "code": "R-0733", "state": "failed", "note": "failed"},
            {"words": "Injection", "code": "R-0734", "url": "#i"},
            {"words": "Amplification", "code": "P9M·C05", "state": "plan", "note": "planned"},
        ],
    }  # fmt: skip
    lysate = {"words": "Lysate", "code": "A9C3MV6QH", "state": "gone", "children": [extract]}
    powder = {"words": "Powder", "code": "A4N7TW9KX", "note": "1.6 g", "children": [lysate]}
    bone = {"words": "Bone", "code": "B7K3Q9FM4", "here": True, "url": "#", "children": [powder]}
    taken = {"words": "Taken out", "by": "T-07", "index": 48190, "verified": True}
    refused = {"words": "Injection refused", "by": "T-11", "index": 47655, "refused": True}
    received = {"words": "Received", "index": 46377, "verified": True, "url": "#"}
    events = [event | {"at": AT} for event in (taken, refused, received)]
    return {"at": AT, "rack": rack, "plate": plate, "tree": bone, "events": events}


def signal() -> dict[str, object]:
    """Return a made-up injection: sums of Gaussians, none measured."""
    count = 4000

    def trace(*peaks: tuple[int, int]) -> list[int]:
        points = [0] * count
        for centre, height in peaks:
            for scan in range(max(0, centre - 30), min(count, centre + 30)):
                points[scan] += round(height * math.exp(-(((scan - centre) / 6) ** 2) / 2))
        return points

    def scan(bp: float) -> int:
        return round(500 + (bp - 60) * 8)

    def peak(
        dye: int, bp: float, height: int, kind: str, marker: str = "", allele: str = ""
    ) -> dict[str, object]:
        return {
            "dye": dye, "scan": scan(bp), "bp": bp, "height": height,
            "marker": marker, "allele": allele, "kind": kind,
        }  # fmt: skip

    return {
        "title": "X4HFRJPTD",
        "dyes": [
            {"number": 1, "name": "6-FAM", "colour": "blue", "start": 0,
             "points": trace((scan(123.8), 4200), (scan(131.8), 3900), (scan(119.8), 300))},
            {"number": 2, "name": "VIC", "colour": "green", "start": 0,
             "points": trace((scan(150.5), 9000), (scan(177), 700))},
            {"number": 5, "name": "LIZ", "colour": "orange", "start": 0, "size_standard": True,
             "points": trace(*((scan(bp), 1200) for bp in (80, 100, 140, 200, 300, 400)))},
        ],
        "bp": [[340, 40.0], [scan(60), 60.0], [scan(460), 460.0]],
        "markers": [
            {"name": "D3S1358", "dye": 1, "low": 97, "high": 146},
            {"name": "D8S1179", "dye": 2, "low": 116, "high": 190},
        ],
        "bins": [
            {"marker": "D3S1358", "allele": "15", "low": 123.4, "high": 124.2},
            {"marker": "D3S1358", "allele": "17", "low": 131.4, "high": 132.2},
        ],
        "peaks": [
            peak(1, 123.8, 4200, "allele", "D3S1358", "15"),
            peak(1, 131.8, 3900, "allele", "D3S1358", "17"),
            peak(1, 119.8, 300, "stutter", "D3S1358"),
            peak(2, 150.5, 9000, "allele", "D8S1179", "13"),
            peak(2, 177, 700, "off-ladder", "D8S1179", "OL"),
            *(peak(5, bp, 1200, "size", allele=str(bp)) for bp in (80, 100, 140, 200, 300, 400)),
        ],
        "limits": {"at": 250, "st": 400, "saturation": 9000},
        "off_scale": [scan(150.5) - 1, scan(150.5), scan(150.5) + 1],
    }  # fmt: skip


STATION = """{% extends "shared/bench.html" %}{% import "shared/macros.html" as m %}
{% block main %}<div class="stack" data-bench data-scans="/station/scans"
 data-entries="/station/entries"
 data-poll="/station/outcomes" data-person="T-07" data-last="0"
 {% if events %}data-events="/station/events"{% endif %}>
{{ m.scan_box("Scan the next tube", "/station/scans", reasons=[("damaged", "label damaged")]) }}
<div data-verdict></div><div id="count" data-live>{{ seen }} scanned</div>
{{ m.number_pad("powder_ug", "Mass of powder", "/station/entries", unit="mg") }}
{{ m.area("remark", "Remark") }}{{ m.sound() }}</div>{% endblock %}"""


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    """Only the shared templates: strict about names, strict about content."""
    app = Flask(
        "parts",
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "lims" / "static"),
    )
    app.config.update(SCANS=[], ENTRIES=[], TOLD=[], STREAMED=[], AWAY=False)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    Babel(
        app,
        locale_selector=lambda: "ar_LY" if request.args.get("lang") == "ar" else "en",
    )
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]  # of jinja2.ext.i18n
        gettext=translate, ngettext=translate_count, newstyle=True
    )
    zone = ZoneInfo("Africa/Tripoli")
    app.jinja_env.filters.update(filters.FILTERS)
    app.jinja_env.filters["when"] = lambda instant, shape="full": filters.when(
        instant, zone, shape=shape
    )
    app.jinja_env.globals.update(filters.GLOBALS)
    app.jinja_env.globals["write_fields"] = lambda: Markup(
        '<input type="hidden" name="request_key" value="k">'
    )

    @app.context_processor
    def around() -> dict[str, object]:
        return {
            "locale": "ar" if request.args.get("lang") == "ar" else "en",
            "laboratory_name": "مختبر الحمض النووي للمفقودين"
            if request.args.get("lang") == "ar"
            else "Missing Persons DNA Laboratory",
            "places": places(),
            "who": {"code": "T-07", "sitting": 1},
            "here": request.path,
            "demonstration": False,
        }

    @app.get("/parts")
    def show() -> str:
        return render_template(
            "shared/parts.html", at_bench=request.args.get("bench") == "yes", **parts()
        )

    @app.get("/parts/signal.json")
    def injection() -> dict[str, object]:
        return signal()

    @app.get("/error/<int:status>")
    def fault(status: int) -> tuple[str, int]:
        return render_template(
            "shared/error.html",
            status=status,
            say="This tube belongs to another batch.",
            advice="Scan the right tube.",
            sign_in=status == 401,
        ), status

    @app.get("/station")
    def station() -> str:
        return render_template_string(
            STATION, seen=len(app.config["SCANS"]), events="events" in request.args
        )

    @app.get("/station/events")
    def events() -> Response:
        told = app.config["STREAMED"]
        lines = [
            f"id: {one['sequence']}\nevent: outcome\ndata: {json.dumps(one)}\n\n" for one in told
        ]
        devices = {"devices": [{"icon": "printer", "words": "Head open", "state": "fault"}]}
        lines.append(f"event: devices\ndata: {json.dumps(devices)}\n\n")
        return Response(lines, mimetype="text/event-stream")

    @app.post("/station/scans")
    def scanned() -> tuple[dict[str, object], int]:
        if app.config["AWAY"]:
            return {}, 503
        scan = request.get_json()
        known = [one for one in app.config["SCANS"] if one["scan_id"] == scan["scan_id"]]
        if not known:
            app.config["SCANS"].append(scan)
        wrong = scan["text"].startswith("X")
        return {
            "sequence": len(app.config["SCANS"]),
            "verdict": "stop" if wrong else "accepted",
            "say": {"en": "Wrong tube." if wrong else "In its place.", "ar": "في مكانه."},
            "subject": scan["text"],
        }, 201

    @app.post("/station/entries")
    def entered() -> tuple[dict[str, object], int]:
        app.config["ENTRIES"].append(request.get_json())
        return {
            "sequence": 900 + len(app.config["ENTRIES"]),
            "verdict": "accepted",
            "say": "Recorded.",
        }, 201

    @app.get("/station/outcomes")
    def outcomes() -> dict[str, object] | tuple[dict[str, object], int]:
        if app.config["AWAY"]:
            return {}, 503
        told = app.config["TOLD"]
        return {"outcomes": [one for one in told if one["sequence"] > int(request.args["after"])]}

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        return response

    return app


@pytest.fixture(scope="session")
def shared_site(shared_app: Flask) -> Iterator[str]:
    """The application on a port of this machine."""
    server = make_server("127.0.0.1", 0, shared_app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        # A busy machine is slow; only what never comes is a fault.
        expect.set_options(timeout=30_000)
        yield running
        running.close()
