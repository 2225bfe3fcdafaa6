# SPDX-License-Identifier: Apache-2.0
"""Pages of places: the tree, a place with its picture and history, where a thing is."""

from flask import redirect, url_for
from sqlalchemy.orm import Session

from lims.core.clock import now, utc_text
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.people.queries import open_station
from lims.printing.operations import queue_label
from lims.storage.models import Place
from lims.storage.operations import add_place, move_box, rename_place, retire_place
from lims.storage.queries import (
    MOST_COUNTED,
    PLACES_SHOWN,
    Content,
    PlaceContents,
    contents,
    larger_places,
    path_of,
    picture_of,
    place_of,
    places_named,
    tree,
)
from lims.storage.queries.counts import open_count_of, open_counts
from lims.storage.queries.history import Located, journey, located, place_history
from lims.storage.rules import LETTERS, PLACE_WORDS, USE_WORDS, PlaceKind, may_stand_in
from lims.storage.schemas import (
    FindSchema,
    MoveSchema,
    NameSchema,
    PlaceSchema,
    RetireSchema,
    ShownSchema,
)
from lims.storage.views.blueprint import (
    Answer,
    blueprint,
    code_in,
    kinds_as_choices,
    name_json,
    place_in,
    place_json,
    printers,
    uses_as_choices,
    ways_as_choices,
)
from lims.web.errors import wants_json
from lims.web.guard import needs, signed_in
from lims.web.pages import code_in_path, done, form, page, query, reading, write
from lims.web.rights import Right


@blueprint.get("/storage")
@needs(Right.SEE_STOCK)
def places() -> Answer:
    """Show the tree of places; a code leads to where it is, other words find places by name."""
    asked = query(FindSchema())
    search, after = asked["search"].strip(), asked["after"]
    with reading() as session:
        code, lost = code_in(search), None
        if code:
            if session.get(Place, code) is not None and not wants_json():
                return redirect(url_for("storage.place", code=code))
            lost = _located(session, code)
            if lost is not None and lost.stored is not None and not wants_json():
                to = lost.stored.place
                return redirect(url_for("storage.place", code=to, _anchor=code))
        found = places_named(session, search) if search and not code else ()
        shown = tree(session, after=after)
        if wants_json():
            return {
                "places": [place_json(one) for one in shown.places], "next": shown.next,
                "found": [[name_json(one) for one in path] for path in found],
                "where": located_json(lost) if lost is not None else None,
            }  # fmt: skip
        return page(
            "storage/places.html", shown=shown, found=found, search=search, lost=lost, code=code,
            after=after, place_words=PLACE_WORDS, kinds=kinds_as_choices(list(PlaceKind)),
            uses=uses_as_choices(), printers=printers(session),
            parents=ways_as_choices(larger_places(session, PlaceKind.BOX)),
            counts=open_counts(session),
        )  # fmt: skip


@blueprint.get("/storage/<code>")
@needs(Right.SEE_STOCK)
def place(code: str) -> Answer:
    """Show a place: the picture of a box with its free positions, the list, its history."""
    read = code_in_path(code, Kind.CONTAINER)
    asked = query(ShownSchema())
    with reading() as session:
        found = contents(session, read, after=asked["after"])
        picture = picture_of(found.place, found.contents)
        if wants_json():
            return _contents_json(found)
        kind = found.place.kind
        smaller = [one for one in PlaceKind if may_stand_in(one, kind)]
        larger = larger_places(session, kind)
        return page(
            "storage/place.html", found=found, place=found.place, picture=picture,
            listed=[one for one in found.contents if _wanted(one, asked)], asked=asked,
            letters=LETTERS, place_words=PLACE_WORDS, use_words=USE_WORDS,
            kinds=kinds_as_choices(smaller), uses=uses_as_choices(), printers=printers(session),
            larger=[
                one for one in ways_as_choices(larger) if one[0] != found.place.parent_code
            ],
            may_move=kind is not PlaceKind.SITE, history=place_history(session, read),
            count=open_count_of(session, read), most=MOST_COUNTED, page_size=PLACES_SHOWN,
            filters=[one.value for one in (Kind.BONE, Kind.REFERENCE, Kind.ALIQUOT, Kind.EXTRACT)],
        )  # fmt: skip


@blueprint.get("/storage/things/<code>")
@needs(Right.SEE_STOCK)
def thing(code: str) -> Answer:
    """Show where a thing is, and everywhere it stood, the moves of its boxes among it."""
    read = code_in_path(code)
    with reading() as session:
        found = located(session, read)
        stages = journey(session, read)
        if wants_json():
            return located_json(found) | {
                "stages": [
                    {
                        "path": [name_json(step) for step in one.path], "position": one.position,
                        "since": utc_text(one.since),
                        "until": utc_text(one.until) if one.until else None, "by": one.who,
                    }
                    for one in stages
                ]
            }  # fmt: skip
        return page("storage/thing.html", found=found, stages=stages, code=read)


@blueprint.post("/storage/places")
@needs(Right.KEEP_STOCK)
def post_place() -> Answer:
    """Add a place; its label is printed at the station chosen."""
    sent = form(PlaceSchema())

    def add(session: Session) -> dict[str, object]:
        parent = place_in(sent["parent"]) if sent["parent"] else ""
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
@needs(Right.STORE_THINGS)
def post_move(code: str) -> Answer:
    """Move a place with all that is in it into another."""
    sent = form(MoveSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def move(session: Session) -> dict[str, object]:
        move_box(session, read, place_in(sent["to"]), by=signed_in(), at=now())
        return {"to": url_for("storage.place", code=read)}

    return done(write(move))


@blueprint.post("/storage/<code>/name")
@needs(Right.KEEP_STOCK)
def post_name(code: str) -> Answer:
    """Give a place another name; the old one is kept."""
    sent = form(NameSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def rename(session: Session) -> dict[str, object]:
        rename_place(session, read, sent["name"], by=signed_in(), at=now())
        return {"to": url_for("storage.place", code=read)}

    return done(write(rename))


@blueprint.post("/storage/<code>/retire")
@needs(Right.KEEP_STOCK)
def post_retire(code: str) -> Answer:
    """Take an empty place out of use."""
    sent = form(RetireSchema())
    read = code_in_path(code, Kind.CONTAINER)

    def retire(session: Session) -> dict[str, object]:
        retire_place(session, read, reason=sent["reason"], by=signed_in(), at=now())
        return {"to": url_for("storage.place", code=read)}

    return done(write(retire))


def located_json(found: Located) -> dict[str, object]:
    """Return where a thing is, or who has it, as JSON."""
    stored, standing = found.stored, found.standing
    return {
        "code": found.code, "stored": stored is not None,
        "place": stored.place if stored else None, "position": stored.position if stored else None,
        "path": [name_json(one) for one in (stored.path if stored else ())],
        "since": utc_text(stored.since) if stored else None, "by": stored.who if stored else None,
        "held_by": standing.holder if standing else None, "holder": found.holder or None,
        "held_at": standing.place if standing else None,
        "held_since": utc_text(standing.since) if standing else None,
    }  # fmt: skip


def _located(session: Session, code: str) -> Located | None:
    try:
        return located(session, code)
    except NotFound:
        return None


def _wanted(one: Content, asked: dict[str, str]) -> bool:
    return one.code.startswith(asked["kind"]) and (asked["held"] != "yes" or one.held)


def _label(session: Session, made: Place, station: str) -> None:
    way = " › ".join(one.name for one in path_of(session, made.code)[:-1])
    queue_label(
        session, made.code, layout="box" if made.kind is PlaceKind.BOX else "shelf",
        station=open_station(session, station).code, kind=made.name, line1=way, by=signed_in(),
        at=now(),
    )  # fmt: skip


def _contents_json(found: PlaceContents) -> dict[str, object]:
    one = found.place
    picture = picture_of(one, found.contents)
    return {
        "code": one.code, "kind": one.kind.value, "name": one.name, "rows": one.rows,
        "columns": one.columns, "takes": one.takes.value,
        "retired": utc_text(one.retired_at) if one.retired_at else None,
        "path": [name_json(step) for step in found.path], "counted": found.counted,
        "next_free": picture.next if picture is not None else None,
        "things": [
            {
                "code": thing.code, "position": thing.position, "since": utc_text(thing.since),
                "by": thing.who, "on_hold": thing.held,
            }
            for thing in found.contents
        ],
        "places": [place_json(inner) for inner in found.inside], "next": found.next,
    }  # fmt: skip
