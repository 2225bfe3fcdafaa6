# SPDX-License-Identifier: Apache-2.0
"""A bench's own screen: a browser that shows one station while nobody has signed in there."""

from datetime import timedelta

from flask import g, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from lims.bench.operations import open_screen
from lims.bench.queries import screen_station
from lims.bench.schemas import ScreenSchema
from lims.bench.views.pages import blueprint
from lims.core.actors import Actor
from lims.core.clock import now
from lims.people.operations import digest
from lims.people.views import load_signed_in
from lims.people.views.who import SignedIn
from lims.web.guard import by_key, public
from lims.web.pages import form, laboratory, page, reading, settings
from lims.web.rights import Right

COOKIE = "osteon_screen"
KEPT = timedelta(days=400)
SCREEN_RIGHTS = frozenset({Right.SCAN, Right.WORK_AT_BENCH})
"""At its own station alone, and as whoever opened work there with badge and PIN."""


def load_who() -> SignedIn | None:
    """Return who sent a request: somebody signed in, an agent, or else the screen of a bench."""
    known = load_signed_in()
    token = request.cookies.get(COOKIE, "")
    if known is not None or by_key() or not token:
        return known
    with reading() as session:
        station = screen_station(session, digest(token))
    if station is None:
        return None
    return SignedIn(actor=Actor(f"a:{station}"), rights=SCREEN_RIGHTS, station=station)


@blueprint.get("/bench/screen", endpoint="screen")
@public
def screen_door() -> ResponseReturnValue:
    """Ask for the code that opens this browser as the screen of a bench."""
    if g.who is not None and g.who.station:
        return redirect(url_for("bench.station", code=g.who.station))
    return page("bench/screen.html")


@blueprint.post("/bench/screen")
@public
def post_screen() -> ResponseReturnValue:
    """Make this browser the screen of the bench whose code was typed."""
    code = "".join(form(ScreenSchema())["code"].split()).upper()
    with laboratory().database.writing() as session:
        station, token = open_screen(session, code, at=now())
    answer = make_response(redirect(url_for("bench.station", code=station), code=303))
    answer.set_cookie(
        COOKIE, token, max_age=KEPT, httponly=True, samesite="Strict",
        secure=settings().host != "127.0.0.1",
    )  # fmt: skip
    return answer
