# SPDX-License-Identifier: Apache-2.0
"""What a place of storage is, how its positions are written, and what may stand there."""

import re
from enum import StrEnum

from lims.core.codes import Kind
from lims.core.errors import Refusal
from lims.core.words import N_

LETTERS = "ABCDEFGHJKLMNPQR"
"""Rows of a box. No I and no O: on a lid they are read as figures."""

MOST_COLUMNS = 24

_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


class PlaceKind(StrEnum):
    """The kinds of places, from the whole to the part: each stands in one before it."""

    SITE = "site"
    ROOM = "room"
    FREEZER = "freezer"
    SHELF = "shelf"
    RACK = "rack"
    BOX = "box"


class PlaceState(StrEnum):
    """Whether a place is in use."""

    IN_USE = "in use"
    RETIRED = "retired"


class BoxUse(StrEnum):
    """What a box is for."""

    ANYTHING = "anything"
    SAMPLES = "samples"
    PARTS = "parts"
    EXTRACTS = "extracts"


KINDS_OF_USE = {
    BoxUse.ANYTHING: frozenset({Kind.BONE, Kind.REFERENCE, Kind.ALIQUOT, Kind.EXTRACT}),
    BoxUse.SAMPLES: frozenset({Kind.BONE, Kind.REFERENCE}),
    BoxUse.PARTS: frozenset({Kind.ALIQUOT}),
    BoxUse.EXTRACTS: frozenset({Kind.EXTRACT}),
}

PLACE_WORDS = {
    PlaceKind.SITE: N_("building"),
    PlaceKind.ROOM: N_("room"),
    PlaceKind.FREEZER: N_("freezer"),
    PlaceKind.SHELF: N_("shelf"),
    PlaceKind.RACK: N_("storage rack"),
    PlaceKind.BOX: N_("box"),
}
USE_WORDS = {
    BoxUse.ANYTHING: N_("samples, parts and extracts"),
    BoxUse.SAMPLES: N_("samples alone"),
    BoxUse.PARTS: N_("parts alone"),
    BoxUse.EXTRACTS: N_("extracts alone"),
}

LOOSE = frozenset({PlaceKind.SHELF, PlaceKind.RACK})
"""Places on which a bag or a card lies without a position of its own."""


class PositionOccupied(Refusal):
    """Something stands there."""

    says = N_("%(position)s of %(place)s holds %(code)s since %(since)s, put there by %(who)s.")
    do = N_("Choose a free position. If the position is empty, find %(code)s first.")


class BoxFull(Refusal):
    """No position is free."""

    says = N_("%(place)s is full: none of its %(positions)s positions is free.")
    do = N_("Scan another box.")


class UnknownPosition(Refusal):
    """A position that the place does not have."""

    says = N_("%(place)s has no position “%(position)s”.")
    do = N_("Positions run from A1 to %(last)s: a letter for the row, a figure for the column.")
    status = 422


class NoPositionHere(Refusal):
    """A shelf has no positions."""

    says = N_("%(place)s has no positions.")
    do = N_("Things lie there without one.")
    status = 422


class AlreadyHere(Refusal):
    """The thing stands there already."""

    says = N_("%(code)s is there already: %(place)s.")
    do = N_("Nothing has to be done. To move it, choose another position or another box.")


class NotStored(Refusal):
    """The thing is in no place."""

    says = N_("%(code)s is not in storage.")
    do = N_("Its page says where it was last.")


class NotStorable(Refusal):
    """A kind of thing that is not kept in boxes."""

    says = N_("%(code)s is not kept in storage: samples, their parts and extracts are.")
    do = N_("Scan the tube, bag or card that you are putting away.")


class NotAPlace(Refusal):
    """A code of an instrument, or of a place in which nothing can stand."""

    says = N_("Nothing can be put into %(code)s.")
    do = N_("Scan a box, or the shelf or rack on which it lies.")


class BoxForOthers(Refusal):
    """The box is for other things."""

    says = N_("%(place)s is for other things than %(code)s.")
    do = N_("Scan a box for things of its kind: extracts are kept apart from bones.")


class NameMissing(Refusal):
    """A place without a name."""

    says = N_("A place needs a name.")
    do = N_("Write what stands on its door or lid.")
    status = 422


class PlaceThere(Refusal):
    """A place of this name stands there."""

    says = N_("There is a “%(name)s” already: %(code)s.")
    do = N_("Give the new one another name.")


class WrongParent(Refusal):
    """A place inside one that is not larger."""

    says = N_("This kind of place cannot stand there.")
    do = N_(
        "Boxes stand in racks, on shelves or in freezers; freezers in rooms; "
        "rooms in buildings or alone."
    )
    status = 422


class WrongSize(Refusal):
    """A box without positions, or another place with them."""

    says = N_(
        "A box needs 1 to %(rows)s rows and 1 to %(columns)s columns; no other place has any."
    )
    do = N_("Count the positions of the box.")
    status = 422


class PlaceNotEmpty(Refusal):
    """A place that is retired while something stands in it."""

    says = N_("%(place)s is not empty: %(things)s things and %(places)s places are in it.")
    do = N_("Move what is in it to another place first.")


class PlaceRetired(Refusal):
    """A place that is no longer in use."""

    says = N_("%(place)s is no longer in use.")
    do = N_("Choose another place.")


class SameName(Refusal):
    """A place that is given the name it has."""

    says = N_("%(place)s has this name already.")
    do = N_("Nothing has to be done.")


class MovedMeanwhile(Refusal):
    """A thing that somebody stored or took since the caller looked."""

    says = N_("%(code)s was moved meanwhile: %(place)s, %(since)s, by %(who)s.")
    do = N_("Look where it is, and scan it again if it must go elsewhere.")


class TooManyAtOnce(Refusal):
    """More things in one list than one act takes."""

    says = N_("The list has %(count)s codes; %(most)s can be moved at once.")
    do = N_("Move them in several lists.")
    status = 422


class EarlierThere(Refusal):
    """A place that is moved to where it is."""

    says = N_("%(place)s stands there already.")
    do = N_("Nothing has to be done.")


def may_stand_in(kind: PlaceKind, parent: PlaceKind | None) -> bool:
    """Return whether a place of `kind` may stand in one of `parent`, or alone (None)."""
    order = list(PlaceKind)
    if parent is None:
        return kind in (PlaceKind.SITE, PlaceKind.ROOM)
    return order.index(parent) < order.index(kind)


def check_size(kind: PlaceKind, rows: int | None, columns: int | None) -> None:
    """Refuse a box without a size, or with one beyond 16 × 24, and a size of anything else."""
    if kind is not PlaceKind.BOX:
        fits = rows is None and columns is None
    else:
        fits = 1 <= (rows or 0) <= len(LETTERS) and 1 <= (columns or 0) <= MOST_COLUMNS
    if not fits:
        raise WrongSize(rows=len(LETTERS), columns=MOST_COLUMNS)


def order_key(name: str) -> str:
    """Return what places are sorted by within one: B2 stands before B10."""
    return re.sub(r"\d+", lambda figures: figures[0].lstrip("0").zfill(10), name.casefold())[:120]


def positions_of(rows: int, columns: int) -> tuple[str, ...]:
    """Return the positions of a box in the order of filling: A1, A2 … row by row."""
    return tuple(
        f"{letter}{column}" for letter in LETTERS[:rows] for column in range(1, columns + 1)
    )


def read_position(text: str, *, place: str, rows: int, columns: int) -> str:
    """Return a position as it is written here (C3) from what was typed: c3, C03, C٣.

    Raises UnknownPosition.
    """
    written = re.sub(r"[\s\u200e\u200f\u2066-\u2069-]+", "", text).translate(_ARABIC_DIGITS)
    match = re.fullmatch(r"([A-Z])0?([1-9][0-9]?)", written.upper())
    position = "".join(match.groups()) if match else ""
    known = positions_of(rows, columns)
    if position not in known:
        raise UnknownPosition(place=place, position=text.strip()[:20], last=known[-1])
    return position


def next_free(rows: int, columns: int, taken: set[str]) -> str | None:
    """Return the first position that is not taken, None when the box is full."""
    return next((one for one in positions_of(rows, columns) if one not in taken), None)


class BoxAwaited(Refusal):
    """Another thing was scanned while one waits for its box."""

    says = N_("%(code)s waits for its place.")
    do = N_("Scan the box into which it goes, or scan UNDO.")


class NothingToTakeBack(Refusal):
    """The last step here cannot be taken back, or there was none."""

    says = N_("There is nothing to take back here.")
    do = N_("To move a thing, scan it and then its place.")


class CommandUnknownHere(Refusal):
    """A command or entry that means nothing at a storage station."""

    says = N_("This command means nothing here now.")
    do = N_("Scan HELP to see what this bench waits for.")
