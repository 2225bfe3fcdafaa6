# SPDX-License-Identifier: Apache-2.0
"""Moving many things into one place in one act: all of them, or none."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.operations import append, lock_subject, pass_all
from lims.custody.queries import held_each
from lims.custody.rules import EventId, HeldByOther, check_held, is_away, is_place, moves
from lims.people.queries import who
from lims.printing.queries import check_label, unverified
from lims.printing.rules import LabelNotVerified
from lims.storage.models import Place, Stored
from lims.storage.operations.storing import MOVED, check_storable
from lims.storage.queries import place_of
from lims.storage.rules import (
    KINDS_OF_USE,
    LOOSE,
    AlreadyHere,
    BoxForOthers,
    BoxFull,
    NotAPlace,
    PlaceRetired,
    PositionOccupied,
    TooManyAtOnce,
    positions_of,
)

MOST_AT_ONCE = 500


def move_many(
    session: Session,
    codes: Sequence[str],
    to: str,
    *,
    keep_positions: bool,
    by: Actor,
    at: datetime,
    station: str = "",
    why: str = "",
    overrule: bool = False,
) -> dict[str, str]:
    """Move things into a place, all or none; return the position of each ('' on a shelf).

    `keep_positions` puts each where it stood in its box before; else they fill the next free
    positions in the order given. `overrule` records what was found, though somebody else is
    recorded to hold it. Raises as `put`, and TooManyAtOnce.
    """
    listed = list(dict.fromkeys(codes))
    if len(listed) > MOST_AT_ONCE:
        raise TooManyAtOnce(count=len(listed), most=MOST_AT_ONCE)
    for code in listed:
        check_storable(code)
    before = lock_things(session, listed)
    into = working_place(session, to)
    here = next((code for code in listed if code in before and before[code].place_code == to), "")
    if here:
        raise AlreadyHere(code=here, place=f"{into.name} {before[here].position}".strip())
    wanted = _positions(session, into, listed, before, keep_positions=keep_positions)
    rearrange(
        session, into, wanted, before, by=by, at=at, station=station, why=why, overrule=overrule
    )
    return wanted


def lock_things(session: Session, codes: Collection[str]) -> dict[str, Stored]:
    """Lock things in one order and return where they stand now. Raises NotFound.

    The things first and the place second, as everywhere in storage.
    """
    session.flush()
    found = select(Subject.code).where(Subject.code.in_(codes)).order_by(Subject.code)
    known = set(session.scalars(found.with_for_update()))
    for code in codes:
        if code not in known:
            raise NotFound(code=code)
    rows = session.scalars(
        select(Stored)
        .where(Stored.code.in_(codes), Stored.taken_at.is_(None))
        .execution_options(populate_existing=True)
    )
    return {row.code: row for row in rows}


def working_place(session: Session, code: str) -> Place:
    """Lock a place into which things can be put. Raises NotFound, NotAPlace, PlaceRetired."""
    lock_subject(session, code)
    place = place_of(session, code)
    session.refresh(place)
    if place.retired_at is not None:
        raise PlaceRetired(place=place.name)
    if place.rows is None and place.kind not in LOOSE:
        raise NotAPlace(code=code)
    check_label(session, code)
    return place


def rearrange(
    session: Session,
    into: Place,
    wanted: Mapping[str, str],
    before: Mapping[str, Stored],
    *,
    by: Actor,
    at: datetime,
    station: str = "",
    why: str = "",
    cause: str = "",
    overrule: bool = False,
) -> None:
    """Put locked things at positions of a locked place; two may change places with each other.

    `wanted`: position of each code. Raises BoxForOthers, LabelNotVerified, PositionOccupied,
    and HeldByOther or NotHere where somebody else has a thing in his hands.
    """
    _check_things(session, into, wanted, by, overrule=overrule)
    _check_free(session, into, wanted)
    for row in before.values():
        if row.code in wanted:
            row.taken_at, row.taken_by = max(at, row.put_at), by.id
    # What leaves goes before what comes: the database allows one thing at a position.
    session.flush()
    session.add_all(
        Stored(
            code=code, place_code=into.code, position=position,
            put_at=max(at, before[code].put_at) if code in before else at, put_by=by.id,
            taken_at=None, taken_by=None,
        )
        for code, position in wanted.items()
    )  # fmt: skip
    session.flush()
    events: dict[str, EventId] = {}
    for code, position in wanted.items():
        content: dict[str, object] = {"place": into.code, "position": position}
        if why:
            content["why"] = why
        if code in before:
            content |= {
                "from": before[code].place_code, "from_position": before[code].position,
            }  # fmt: skip
        events[code] = append(
            session, MOVED[Kind(code[0])], stream=code, by=by, at=at, device=station, cause=cause,
            content=content | moves(into.code, into.code, position),
        )  # fmt: skip
    pass_all(session, events, into.code, place=into.code, positions=wanted, at=at)


def _positions(
    session: Session,
    into: Place,
    codes: Sequence[str],
    before: Mapping[str, Stored],
    *,
    keep_positions: bool,
) -> dict[str, str]:
    if into.rows is None or into.columns is None:
        return dict.fromkeys(codes, "")
    if keep_positions and all(code in before and before[code].position for code in codes):
        wanted = {code: before[code].position for code in codes}
        known = set(positions_of(into.rows, into.columns))
        if set(wanted.values()) <= known and len(set(wanted.values())) == len(wanted):
            return wanted
    taken = set(_standing(session, into))
    free = [one for one in positions_of(into.rows, into.columns) if one not in taken]
    if len(free) < len(codes):
        raise BoxFull(place=into.name, positions=into.rows * into.columns)
    return dict(zip(codes, free, strict=False))


def _standing(session: Session, place: Place) -> dict[str, Stored]:
    rows = session.scalars(
        select(Stored).where(Stored.place_code == place.code, Stored.taken_at.is_(None))
    )
    return {row.position: row for row in rows}


def _check_things(
    session: Session, into: Place, codes: Collection[str], by: Actor, *, overrule: bool
) -> None:
    bare = unverified(session, codes)
    standing = held_each(session, codes)
    for code in codes:
        if Kind(code[0]) not in KINDS_OF_USE[into.takes]:
            raise BoxForOthers(place=into.name, code=code)
        if code in bare:
            raise LabelNotVerified(code=code)
        away = code in standing and not is_place(standing[code].holder)
        if away and not (overrule and not is_away(standing[code].holder)):
            try:
                check_held(standing[code], by.id)
            except HeldByOther as refusal:
                raise refusal.named(who(session, standing[code].holder)) from None


def _check_free(session: Session, into: Place, wanted: Mapping[str, str]) -> None:
    standing = _standing(session, into)
    for position in wanted.values():
        there = standing.get(position) if position else None
        if there is not None and there.code not in wanted:
            raise PositionOccupied(
                position=position, place=into.name, code=there.code,
                since=f"{there.put_at:%Y-%m-%d %H:%M} UTC", who=who(session, there.put_by),
            )  # fmt: skip
