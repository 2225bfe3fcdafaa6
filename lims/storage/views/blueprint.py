# SPDX-License-Identifier: Apache-2.0
"""The blueprint of storage, and what its pages share."""

from flask import Blueprint
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lims.core.codes import Kind, MistypedCode, read_payload
from lims.people.queries import stations
from lims.storage.queries import PlaceName, PlaceShown
from lims.storage.rules import PLACE_WORDS, USE_WORDS, BoxUse, PlaceKind
from lims.web.locale import language, translate
from lims.web.pages import code_in_path

blueprint = Blueprint("storage", __name__)

Answer = AnyResponse | tuple[str, int] | dict[str, object]


def code_in(text: str) -> str:
    """Return the code in what was typed or scanned, '' where it is none."""
    try:
        return read_payload(text).code
    except MistypedCode:
        return ""


def place_in(text: str) -> str:
    """Return the code of a place in a field; raises NotFound for what is none."""
    return code_in_path(text, Kind.CONTAINER)


def kinds_as_choices(kinds: list[PlaceKind]) -> list[tuple[str, str]]:
    """Return kinds of places as choices of a form."""
    return [(one.value, translate(PLACE_WORDS[one])) for one in kinds]


def uses_as_choices() -> list[tuple[str, str]]:
    """Return what boxes are for as choices of a form."""
    return [(one.value, translate(USE_WORDS[one])) for one in BoxUse]


def ways_as_choices(ways: tuple[tuple[PlaceName, ...], ...]) -> list[tuple[str, str]]:
    """Return places with the way to each as choices of a form."""
    return [(way[-1].code, " › ".join(f"\u2068{one.name}\u2069" for one in way)) for way in ways]


def printers(session: Session) -> list[tuple[str, str]]:
    """Return the open stations, at which labels can be printed."""
    arabic = language() == "ar"
    return [
        (one.station.code, one.station.name_ar if arabic else one.station.name)
        for one in stations(session)
        if one.station.closed_at is None
    ]


def name_json(one: PlaceName) -> dict[str, object]:
    """Return a step of a way as JSON."""
    return {"code": one.code, "kind": one.kind.value, "name": one.name}


def place_json(one: PlaceShown) -> dict[str, object]:
    """Return a place in a list as JSON."""
    return {
        "code": one.code, "kind": one.kind.value, "name": one.name, "depth": one.depth,
        "positions": one.positions, "things": one.things, "places": one.places,
    }  # fmt: skip
