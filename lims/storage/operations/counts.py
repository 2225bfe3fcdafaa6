# SPDX-License-Identifier: Apache-2.0
"""Counting a place by scan: opened, interrupted, gone on with, closed; differences settled."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, MistypedCode, read_payload
from lims.core.errors import NotFound
from lims.custody.models import Subject
from lims.custody.operations import append, lock_subject
from lims.custody.rules import Tag
from lims.people.queries import who
from lims.storage.models import CountDifference, CountScan, Place, PlaceCount, Stored
from lims.storage.operations.moving import lock_things, move_many
from lims.storage.operations.places import move_box
from lims.storage.operations.storing import refuse_if_moved
from lims.storage.queries import place_of, stored, things_within
from lims.storage.queries.counts import (
    open_count_of,
    place_now,
    reads_of,
    tally_of,
)
from lims.storage.rules import KINDS_OF_USE, BoxUse, PlaceRetired
from lims.storage.rules.counts import (
    LONGEST_READ,
    MOST_THINGS,
    CountClosed,
    Difference,
    NothingToSettle,
    ReasonMissing,
    Settled,
    Tally,
    TooManyToCount,
)

LISTED = 500
"""So many codes of each kind of difference stand in the ledger's event; their number always."""


def open_count(
    session: Session, place: str, *, by: Actor, at: datetime, station: str = ""
) -> PlaceCount:
    """Open a count of a place, or return the one that is open: two people count one room together.

    Raises NotFound, PlaceRetired, TooManyToCount.
    """
    lock_subject(session, place)
    counted = place_of(session, place)
    if counted.retired_at is not None:
        raise PlaceRetired(place=counted.name)
    standing = open_count_of(session, place)
    if standing is not None:
        return standing
    if things_within(session, place, most=MOST_THINGS) > MOST_THINGS:
        raise TooManyToCount(place=counted.name, most=MOST_THINGS)
    count = PlaceCount(
        place_code=place, opened_at=at, opened_by=by.id, closed_at=None, closed_by=None
    )
    session.add(count)
    session.flush()
    append(
        session, Tag.PLACE_COUNT_BEGUN, stream=place, by=by, at=at, device=station,
        content={"count": count.id},
    )  # fmt: skip
    return count


def record_read(session: Session, number: int, text: str, *, by: Actor, at: datetime) -> CountScan:
    """Keep one code read during a count, whatever it is; return it as kept.

    A place's label says in which box, shelf or rack the next things are read by this person. What
    is no code of this laboratory is kept as it was read. Raises NotFound, CountClosed.
    """
    count = _open(session, number)
    code = _named(session, text)
    place = place_now(session, count, by.id)
    if code[:1] == Kind.CONTAINER:
        place = code
    read = CountScan(
        count_id=number, text=(code or text.strip())[:LONGEST_READ], code=code, place_code=place,
        scanned_at=at, scanned_by=by.id,
    )  # fmt: skip
    session.add(read)
    session.flush()
    return read


def close_count(
    session: Session, number: int, *, by: Actor, at: datetime, station: str = ""
) -> Tally:
    """Close a count and record what differs; nothing is moved by it.

    The event holds the number of codes read and the SHA-256 of all of them in order.
    Raises NotFound, CountClosed.
    """
    count = _open(session, number)
    reads = reads_of(session, number)
    said, _ = tally_of(session, count, reads)
    count.closed_at, count.closed_by = max(at, count.opened_at), by.id
    known = {place for read in reads for place in (read.place_code,)}
    for one in said.differences:
        session.add(
            CountDifference(
                count_id=number, kind=one.kind, text=one.text,
                recorded_in=(one.recorded.place or None) if one.recorded else None,
                position=one.recorded.position if one.recorded else "",
                seen_in=one.seen_in if one.seen_in in known else None, settled_as=None,
                settled_at=None, settled_by=None, reason="",
            )
        )  # fmt: skip
    session.flush()
    listed = {
        kind.value: [one.text for one in said.differences if one.kind is kind]
        for kind in (Difference.MISSING, Difference.ELSEWHERE, Difference.NOWHERE)
    }
    append(
        session, Tag.PLACE_RECORD_COUNTED, stream=count.place_code, by=by, at=at, device=station,
        content={
            "count": number, "expected": said.expected, "seen": said.seen,
            "missing": said.missing, "strange": said.strange, "scans": len(reads),
            "scans_sha256": _digest(reads),
            **{f"{kind}_codes": codes[:LISTED] for kind, codes in listed.items() if codes},
        },
    )  # fmt: skip
    return said


def settle_found(
    session: Session,
    number: int,
    difference: int,
    *,
    reason: str,
    by: Actor,
    at: datetime,
    to: str = "",
    overrule: bool = False,
) -> CountDifference:
    """Record a thing or a box where the count found it, with the reason.

    `to` is the place into which it goes where the count did not scan one that takes things.
    `overrule` lets who keeps the stock correct what is recorded as held by somebody else. Raises
    NothingToSettle, ReasonMissing, MovedMeanwhile, and as `move_many` and `move_box` do.
    """
    row = _standing(session, number, difference, reason)
    count = session.get_one(PlaceCount, row.count_id)
    if row.kind not in (Difference.ELSEWHERE, Difference.NOWHERE):
        raise NothingToSettle()
    target, why = to or row.seen_in or count.place_code, f"count: {reason.strip()}"
    if row.text[0] == Kind.CONTAINER:
        move_box(session, row.text, to or count.place_code, by=by, at=at)
    else:
        lock_things(session, [row.text])
        _refuse_if_moved(session, row, stored(session, row.text))
        move_many(
            session, [row.text], target, keep_positions=False, by=by, at=at, why=why,
            overrule=overrule,
        )  # fmt: skip
    return _settled(session, row, count, Settled.MOVED, reason, by=by, at=at)


def settle_explained(
    session: Session, number: int, difference: int, *, reason: str, by: Actor, at: datetime
) -> CountDifference:
    """Leave a difference as it is recorded, with the reason. Raises NothingToSettle, ReasonMissing.

    What is lost is reported as missing on its own page: that is another act, with its own rights.
    """
    row = _standing(session, number, difference, reason)
    count = session.get_one(PlaceCount, row.count_id)
    return _settled(session, row, count, Settled.EXPLAINED, reason, by=by, at=at)


def _open(session: Session, number: int) -> PlaceCount:
    count = session.get(PlaceCount, number, with_for_update=True, populate_existing=True)
    if count is None:
        raise NotFound(code=str(number))
    if count.closed_at is not None:
        raise CountClosed(
            who=who(session, count.closed_by or ""), when=f"{count.closed_at:%Y-%m-%d %H:%M} UTC"
        )
    return count


def _named(session: Session, text: str) -> str:
    """Return the code of the thing or place that was read, '' for anything else."""
    try:
        payload = read_payload(text)
    except MistypedCode:
        return ""
    if payload.kind is Kind.CONTAINER:
        return payload.code if session.get(Place, payload.code) is not None else ""
    if payload.kind not in KINDS_OF_USE[BoxUse.ANYTHING]:
        return ""
    return payload.code if session.get(Subject, payload.code) is not None else ""


def _standing(session: Session, number: int, difference: int, reason: str) -> CountDifference:
    if not reason.strip():
        raise ReasonMissing()
    row = session.get(CountDifference, difference, with_for_update=True, populate_existing=True)
    if row is None or row.count_id != number:
        raise NotFound(code=str(difference))
    if row.settled_at is not None:
        raise NothingToSettle()
    return row


def _refuse_if_moved(session: Session, row: CountDifference, now: Stored | None) -> None:
    if now is not None:
        refuse_if_moved(session, now, (row.recorded_in or "", row.position))
    elif row.recorded_in is not None:
        raise NothingToSettle()


def _settled(
    session: Session,
    row: CountDifference,
    count: PlaceCount,
    how: Settled,
    reason: str,
    *,
    by: Actor,
    at: datetime,
) -> CountDifference:
    row.settled_as, row.settled_at, row.settled_by = how, at, by.id
    row.reason = reason.strip()[:200]
    session.flush()
    append(
        session, Tag.PLACE_COUNT_SETTLED, stream=count.place_code, by=by, at=at,
        content={
            "count": count.id, "read": row.text, "difference": row.kind.value, "as": how.value,
            "because": row.reason,
        },
    )  # fmt: skip
    return row


def _digest(reads: Sequence[CountScan]) -> str:
    lines = "".join(f"{one.scanned_by} {one.place_code} {one.text}\n" for one in reads)
    return hashlib.sha256(lines.encode()).hexdigest()
