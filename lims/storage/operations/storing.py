# SPDX-License-Identifier: Apache-2.0
"""Putting a thing at a position, and taking it out."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.custody.operations import (
    append,
    lock_subject,
    pass_to,
    refuse_if_held,
    require_all_held_by,
    require_held_by,
)
from lims.custody.queries import held
from lims.custody.rules import TRACKED, HeldByOther, Standing, Tag, is_place, moves
from lims.people.queries import who
from lims.printing.queries import check_label
from lims.storage.models import Place, Stored
from lims.storage.queries import at_position, place_of, stored, taken_positions
from lims.storage.rules import (
    KINDS_OF_USE,
    LOOSE,
    AlreadyHere,
    BoxForOthers,
    BoxFull,
    BoxUse,
    MovedMeanwhile,
    NoPositionHere,
    NotAPlace,
    NotStorable,
    NotStored,
    PlaceRetired,
    PositionOccupied,
    next_free,
    read_position,
)

MOVED = {
    Kind.BONE: Tag.SAMPLE_ITEM_MOVED,
    Kind.REFERENCE: Tag.SAMPLE_ITEM_MOVED,
    Kind.ALIQUOT: Tag.ALIQUOT_TUBE_MOVED,
    Kind.EXTRACT: Tag.EXTRACT_TUBE_MOVED,
    Kind.PLATE: Tag.PLATE_ITEM_MOVED,
}


def put(
    session: Session,
    code: str,
    place: str,
    position: str = "",
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    why: str = "",
    found: tuple[str, str] | None = None,
) -> Stored:
    """Put a thing at a position of a box ('' takes the next free one), or loose on a shelf.

    What stands elsewhere is moved in one act; what is in no place is put away by whoever holds it.
    `found` is the place and position at which whoever decides this saw it stand, ("", "") for
    nowhere: if somebody stored or moved it meanwhile, MovedMeanwhile says who and when.
    A hold does not forbid to store. Raises NotFound, PlaceRetired, HeldByOther, NotHere,
    NotStorable, NotAPlace, BoxForOthers, LabelNotVerified (of the thing or of the place),
    UnknownPosition, NoPositionHere, PositionOccupied, BoxFull, AlreadyHere.
    """
    check_storable(code)
    # The thing first and the place second, everywhere: two acts never wait for each other.
    lock_subject(session, code)
    lock_subject(session, place)
    check_label(session, code)
    check_label(session, place)
    into = place_of(session, place)
    session.refresh(into)
    if into.retired_at is not None:
        raise PlaceRetired(place=into.name)
    if Kind(code[0]) not in KINDS_OF_USE[into.takes]:
        raise BoxForOthers(place=into.name, code=code)
    before = stored(session, code)
    if found is not None and before is not None:
        refuse_if_moved(session, before, found)
    if before is not None and before.place_code == place and not position.strip():
        raise AlreadyHere(code=code, place=f"{into.name} {before.position}".strip())
    free = _free_position(session, into, position, code)
    if before is None:
        require_at_hand(session, code, by)
    content: dict[str, object] = {"place": place, "position": free, **moves(place, place, free)}
    if why:
        content["why"] = why
    if before is not None:
        content |= {"from": before.place_code, "from_position": before.position}
        before.taken_at, before.taken_by = max(at, before.put_at), by.id
        session.flush()
    row = Stored(
        code=code, place_code=place, position=free, put_at=at, put_by=by.id, taken_at=None,
        taken_by=None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    event_id = append(
        session, MOVED[Kind(code[0])], stream=code, by=by, at=at, content=content, device=station
    )
    pass_to(session, code, place, place=place, position=free, event_id=event_id, at=at)
    return row


def take(
    session: Session,
    code: str,
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    for_work: bool = True,
    why: str = "",
) -> Stored:
    """Take a thing out of storage; return where it stood. Whoever takes it holds it from then on.

    For work it must not be on hold; to set it aside (not `for_work`) it may be. Raises NotFound,
    NotStorable, NotStored, OnHold, LabelNotVerified.
    """
    check_storable(code)
    lock_subject(session, code)
    row = stored(session, code)
    if row is None:
        raise NotStored(code=code)
    if for_work:
        refuse_if_held(session, code)
        check_label(session, code)
    row.taken_at, row.taken_by = max(at, row.put_at), by.id
    session.flush()
    content: dict[str, object] = {
        "from": row.place_code, "from_position": row.position, "for_work": for_work,
        **moves(by.id, station),
    }  # fmt: skip
    if why:
        content["why"] = why
    event_id = append(
        session, MOVED[Kind(code[0])], stream=code, by=by, at=at, content=content, device=station
    )
    pass_to(session, code, by.id, place=station, event_id=event_id, at=at)
    return row


def bring_out(session: Session, code: str, *, by: Actor, at: datetime, station: str = "") -> None:
    """Bring a thing to where it is used: it was just read at another bench, by `by`.

    Called by whatever uses a thing, so that it has one holder and one place at any instant. From
    storage it is taken out; what `by` holds elsewhere comes along; what nobody holds yet (a plate
    before its first use) and what is not tracked stays as it is. Raises HeldByOther, NotHere, and
    what take raises.
    """
    if Kind(code[0]) not in TRACKED:
        return
    standing = held(session, code)
    if standing is not None and is_place(standing.holder):
        take(session, code, by=by, at=at, station=station, why="used")
        return
    standing = require_at_hand(session, code, by)
    if standing is not None and station not in ("", standing.place):
        event_id = append(
            session, MOVED[Kind(code[0])], stream=code, by=by, at=at, device=station,
            content={"why": "used", **moves(by.id, station)},
        )  # fmt: skip
        pass_to(session, code, by.id, place=station, event_id=event_id, at=at)


def require_at_hand(session: Session, code: str, by: Actor) -> Standing | None:
    """Refuse an act by somebody who does not hold the thing, with the initials of who does.

    Raises as custody.operations.require_held_by.
    """
    try:
        return require_held_by(session, code, by)
    except HeldByOther as refused:
        raise refused.named(who(session, str(refused.values["who"]))) from None


def require_all_at_hand(session: Session, codes: Collection[str], by: Actor) -> None:
    """Refuse an act on many things unless `by` holds each; raises as require_at_hand."""
    try:
        require_all_held_by(session, codes, by)
    except HeldByOther as refused:
        raise refused.named(who(session, str(refused.values["who"]))) from None


def check_storable(code: str) -> None:
    """Refuse what is not kept in boxes: plates, lots, instruments, places."""
    if Kind(code[0]) not in KINDS_OF_USE[BoxUse.ANYTHING]:
        raise NotStorable(code=code)


def refuse_if_moved(session: Session, now: Stored, found: tuple[str, str]) -> None:
    """Refuse an act on a thing that stands elsewhere than it was seen. Raises MovedMeanwhile."""
    if (now.place_code, now.position) != found:
        raise MovedMeanwhile(
            code=now.code,
            place=f"{place_of(session, now.place_code).name} {now.position}".strip(),
            since=f"{now.put_at:%Y-%m-%d %H:%M} UTC", who=who(session, now.put_by),
        )  # fmt: skip


def _free_position(session: Session, place: Place, position: str, code: str) -> str:
    """Return the position asked for if it is free, or the next free one; '' on a shelf."""
    asked = position.strip()
    if place.rows is None or place.columns is None:
        if place.kind not in LOOSE:
            raise NotAPlace(code=place.code)
        if asked:
            raise NoPositionHere(place=place.name)
        return ""
    if not asked:
        free = next_free(place.rows, place.columns, taken_positions(session, place.code))
        if free is None:
            raise BoxFull(place=place.name, positions=place.rows * place.columns)
        return free
    wanted = read_position(asked, place=place.name, rows=place.rows, columns=place.columns)
    there = at_position(session, place.code, wanted)
    if there is not None and there.code == code:
        raise AlreadyHere(code=code, place=f"{place.name} {wanted}")
    if there is not None:
        raise PositionOccupied(
            position=wanted, place=place.name, code=there.code,
            since=f"{there.put_at:%Y-%m-%d %H:%M} UTC", who=who(session, there.put_by),
        )  # fmt: skip
    return wanted
