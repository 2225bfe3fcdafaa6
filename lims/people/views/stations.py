# SPDX-License-Identifier: Apache-2.0
"""The administrator's page of stations and the keys of their agents."""

from flask import url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.people import operations, queries
from lims.people.rules import LINE_WORDS, STATION_WORDS
from lims.people.schemas import NothingSchema, StationSchema
from lims.people.views.shown_once import Once, answer_once
from lims.people.views.who import blueprint
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int]


@blueprint.get("/stations")
@needs(Right.KEEP_STATIONS)
def stations() -> Answer:
    """List the stations."""
    with reading() as session:
        return page(
            "people/stations.html",
            stations=queries.stations(session),
            arabic=language() == "ar",
            station_words=STATION_WORDS,
            line_words=LINE_WORDS,
            kinds=[(kind, translate(words)) for kind, words in STATION_WORDS.items()],
            lines=[(line.value, translate(words)) for line, words in LINE_WORDS.items()],
        )


@blueprint.post("/stations")
@needs(Right.KEEP_STATIONS)
def post_station() -> Answer:
    """Open a station."""
    sent = form(StationSchema())

    def add(session: Session) -> dict[str, object]:
        station = operations.add_station(session, **sent, by=signed_in(), at=now())
        return {"to": url_for("people.stations"), "code": station.code}

    return done(write(add))


@blueprint.post("/stations/<code>/close")
@needs(Right.KEEP_STATIONS)
def post_station_close(code: str) -> Answer:
    """Close a station for good."""
    form(NothingSchema())
    read = code_in_path(code, Kind.STATION)

    def close(session: Session) -> dict[str, object]:
        station = queries.station(session, read)
        operations.close_station(session, station, by=signed_in(), at=now())
        return {"to": url_for("people.stations"), "code": read}

    return done(write(close))


@blueprint.post("/stations/<code>/keys")
@needs(Right.KEEP_STATIONS)
def post_key(code: str) -> Answer:
    """Issue a key for the station's agent; the one in use works until this one is used."""
    form(NothingSchema())
    read = code_in_path(code, Kind.STATION)
    once = Once()

    def issue(session: Session) -> dict[str, object]:
        station = queries.station(session, read)
        once.secret = operations.issue_agent_key(session, station, by=signed_in(), at=now())
        return {"to": url_for("people.stations"), "code": read}

    return answer_once(write(issue), once, kind="key")


@blueprint.post("/stations/<code>/keys/<int:number>/revoke")
@needs(Right.KEEP_STATIONS)
def post_key_revoke(code: str, number: int) -> Answer:
    """Revoke the key of the station's agent."""
    form(NothingSchema())
    read = code_in_path(code, Kind.STATION)

    def revoke(session: Session) -> dict[str, object]:
        key = queries.agent_key(session, number)
        if key.station_code != read:
            raise NotFound(code=str(number))
        operations.revoke_agent_key(session, key, by=signed_in(), at=now())
        return {"to": url_for("people.stations"), "code": read}

    return done(write(revoke))
