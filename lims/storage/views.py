# SPDX-License-Identifier: Apache-2.0
"""Pages of storage: the tree of places, a place with its picture, where a thing is."""

from flask import Blueprint, redirect, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.clock import now, utc_text
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.core.errors import NotFound
from lims.people.queries import open_station, stations
from lims.printing.operations import queue_label
from lims.storage.models import Place
from lims.storage.operations import add_place, move_box
from lims.storage.queries import (
    PlaceContents,
    PlaceName,
    PlaceShown,
    contents,
    path_of,
    picture_of,
    place_of,
    places_named,
    tree,
    where,
)
from lims.storage.rules import LETTERS, PLACE_WORDS, USE_WORDS, BoxUse, PlaceKind, may_stand_in
from lims.storage.schemas import FindSchema, MoveSchema, PlaceSchema
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.locale import language, translate
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right

Answer = AnyResponse | tuple[str, int] | dict[str, object]

blueprint = Blueprint("storage", __name__)


@blueprint.get("/storage")
@needs(Right.SEE_STOCK)
def places() -> Answer:
    """Show the tree of places; a code leads to where it is, other words find places by name."""
    search = query(FindSchema())["search"].strip()
    with reading() as session:
        lost = ""
        code = _code_in(search)
        if code:
            to = _leads_to(session, code)
            if to:
                return redirect(to)
            lost = code
        found = places_named(session, search) if search and not code else ()
        shown = tree(session)
        if wants_json():
            return {
                "places": [_place_json(one) for one in shown],
                "found": [[_name_json(one) for one in path] for path in found],
            }
        return page(
            "storage/places.html", shown=shown, found=found, search=search, lost=lost,
            place_words=PLACE_WORDS, kinds=_kinds(list(PlaceKind)), uses=_uses(),
            parents=_parents(shown), printers=_printers(session),
        )  # fmt: skip


@blueprint.get("/storage/<code>")
@needs(Right.SEE_STOCK)
def place(code: str) -> Answer:
    """Show a place: the picture of a box with its free positions, the list, the places in it."""
    read = code_in_path(code, Kind.CONTAINER)
    with reading() as session:
        found = contents(session, read)
        picture = picture_of(found.place, found.contents)
        if wants_json():
            return _contents_json(found)
        kind = found.place.kind
        smaller = [one for one in PlaceKind if may_stand_in(one, kind)]
        larger = [one for one in tree(session) if may_stand_in(kind, one.kind)]
        return page(
            "storage/place.html", found=found, place=found.place, picture=picture,
            letters=LETTERS, place_words=PLACE_WORDS, use_words=USE_WORDS,
            kinds=_kinds(smaller), uses=_uses(), printers=_printers(session),
            larger=[one for one in _parents(larger) if one[0] != found.place.parent_code],
        )  # fmt: skip


@blueprint.post("/storage/places")
@needs(Right.KEEP_STOCK)
def post_place() -> Answer:
    """Add a place; its label is printed at the station chosen."""
    sent = form(PlaceSchema())

    def add(session: Session) -> dict[str, object]:
        parent = code_in_path(sent["parent"], Kind.CONTAINER) if sent["parent"] else ""
        code = add_place(
            session, kind=sent["kind"], name=sent["name"], parent=parent, rows=sent["rows"],
            columns=sent["columns"], takes=sent["takes"], by=signed_in(), at=now(),
            station=sent["station"],
        )  # fmt: skip
        if sent["station"]:
            _label(session, place_of(session, code), sent["station"])
        return {"to": url_for("storage.place", code=code), "code": code}

    return done(write(add))


@blueprint.post("/storage/<code>/move")
@needs(Right.KEEP_STOCK)
def post_move(code: str) -> Answer:
    """Move a place with all that is in it into another."""
    sent = form(MoveSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def move(session: Session) -> dict[str, object]:
        to = code_in_path(sent["to"], Kind.CONTAINER)
        move_box(session, read, to, by=signed_in(), at=now())
        return {"to": url_for("storage.place", code=read)}

    return done(write(move))


def _label(session: Session, made: Place, station: str) -> None:
    way = " › ".join(one.name for one in path_of(session, made.code)[:-1])
    queue_label(
        session, made.code, layout="box" if made.kind is PlaceKind.BOX else "shelf",
        station=open_station(session, station).code, kind=made.name, line1=way, by=signed_in(),
        at=now(),
    )  # fmt: skip


def _code_in(search: str) -> str:
    try:
        return read_payload(search).code
    except MistypedCode:
        return ""


def _leads_to(session: Session, code: str) -> str:
    """Return the address of the place that a code is, or stands in; '' where it is in none."""
    if session.get(Place, code) is not None:
        return url_for("storage.place", code=code)
    try:
        found = where(session, code)
    except NotFound:
        return ""
    return url_for("storage.place", code=found.place, _anchor=code) if found is not None else ""


def _kinds(kinds: list[PlaceKind]) -> list[tuple[str, str]]:
    return [(one.value, translate(PLACE_WORDS[one])) for one in kinds]


def _uses() -> list[tuple[str, str]]:
    return [(one.value, translate(USE_WORDS[one])) for one in BoxUse]


def _parents(shown: list[PlaceShown] | tuple[PlaceShown, ...]) -> list[tuple[str, str]]:
    return [
        (one.code, f"{'– ' * one.depth}\u2068{one.name}\u2069 ({translate(PLACE_WORDS[one.kind])})")
        for one in shown
    ]


def _printers(session: Session) -> list[tuple[str, str]]:
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None
    ]


def _name_json(one: PlaceName) -> dict[str, object]:
    return {"code": one.code, "kind": one.kind.value, "name": one.name}


def _place_json(one: PlaceShown) -> dict[str, object]:
    return {
        "code": one.code, "kind": one.kind.value, "name": one.name, "depth": one.depth,
        "positions": one.positions, "things": one.things, "boxes": one.boxes,
    }  # fmt: skip


def _contents_json(found: PlaceContents) -> dict[str, object]:
    one = found.place
    picture = picture_of(one, found.contents)
    return {
        "code": one.code, "kind": one.kind.value, "name": one.name, "rows": one.rows,
        "columns": one.columns, "takes": one.takes.value,
        "path": [_name_json(step) for step in found.path], "counted": found.counted,
        "next_free": picture.next if picture is not None else None,
        "things": [
            {
                "code": thing.code, "position": thing.position, "since": utc_text(thing.since),
                "by": thing.who, "on_hold": thing.held,
            }
            for thing in found.contents
        ],
        "places": [_place_json(inner) for inner in found.inside],
    }  # fmt: skip
