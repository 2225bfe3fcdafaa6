# SPDX-License-Identifier: Apache-2.0
"""What a scan means at a storage station for a place itself: moving it, counting what is in it."""

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload, threes
from lims.core.scans import Ask, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.printing.queries import check_label
from lims.storage.models import CountScan, Place
from lims.storage.operations.counts import close_count, open_count, record_read
from lims.storage.operations.places import move_box
from lims.storage.queries import path_of, place_of, stored
from lims.storage.queries.counts import count_of
from lims.storage.rules import LOOSE, NotAPlace, PlaceKind, may_stand_in

MOVING, COUNTING = "moving", "counting"
"""The steps: a place waits for the word that it is moved; what stands in a place is counted."""

MOVE, OPEN, COUNT, CLOSE, STAY = "move", "open", "count", "close", "stay"
"""The answers."""

ACT = "act"


def is_open_to_things(place: Place) -> bool:
    """Return whether things can be put into a place: a box, a shelf, a storage rack."""
    return place.kind is PlaceKind.BOX or place.kind in LOOSE


def ask_to_move(session: Session, visit: Visit, inner: Place, outer: Place) -> Outcome:
    """Ask whether the place that was scanned first goes into the one that was scanned second."""
    check_label(session, outer.code)
    values: dict[str, str | int | Say] = {"place": inner.name, "outer": way(session, outer.code)}
    choices = [(MOVE, Say(N_("Move %(place)s into %(outer)s"), values))]
    if is_open_to_things(outer):
        choices.append((OPEN, Say(N_("Open %(outer)s"), values)))
    choices.append((STAY, Say(N_("Neither: %(place)s stays"), values)))
    return Outcome(
        Verdict.ACCEPTED, Say(N_("Move %(place)s with all that is in it?"), values),
        next=Say(N_("Choose what is meant. Nothing was moved yet.")), subject=outer.code,
        focus=inner.code, held=inner.code, step=MOVING, memory={"to": outer.code},
        ask=Ask(ACT, Say(N_("What is meant?")), choices=tuple(choices)),
    )  # fmt: skip


def move_or_stay(session: Session, visit: Visit, answer: str) -> Outcome | None:
    """Carry out the answer to `ask_to_move`; None where the second place is to be opened."""
    inner, outer = visit.held or "", visit.memory.get("to", "")
    if answer == OPEN:
        return None
    if answer == STAY:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("%(place)s stays where it is."), {"place": place_of(session, inner).name}),
            next=Say(SCAN_NEXT), subject=inner, focus=inner,
        )  # fmt: skip
    place = move_box(
        session, inner, outer, by=visit.by, at=visit.at, station=visit.station, labels=True
    )
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("%(place)s stands in %(outer)s now, with all that is in it."),
            {"place": place.name, "outer": way(session, outer)},
        ),
        next=Say(SCAN_NEXT), subject=inner, focus=inner,
    )  # fmt: skip


SCAN_NEXT = N_("Scan the next thing, or its place first.")


def may_go_into(inner: Place, outer: Place) -> bool:
    """Return whether a scan of `outer` after `inner` can mean that it is moved."""
    return inner.code != outer.code and may_stand_in(inner.kind, outer.kind)


def ask_to_count() -> Ask:
    """Return the button that begins a count of the place that is open."""
    return Ask(
        ACT, Say(N_("Or count what stands in it.")),
        choices=((COUNT, Say(N_("Count what stands in it"))),),
    )  # fmt: skip


def begin_count(session: Session, visit: Visit, place: str) -> Outcome:
    """Begin to count a place at this station, or go on with the count that is open."""
    count = open_count(session, place, by=visit.by, at=visit.at, station=visit.station)
    return Outcome(
        Verdict.ACCEPTED, Say(N_("Counting %(place)s."), {"place": way(session, place)}),
        next=Say(SCAN_ALL), subject=place, focus=place, held=place, step=COUNTING,
        memory={"count": str(count.id)},
    )  # fmt: skip


SCAN_ALL = N_("Scan everything that stands here; then scan DONE.")


def read_in_count(session: Session, visit: Visit, payload: Payload) -> Outcome:
    """Keep what was read during a count, and say whether it is recorded there."""
    number = int(visit.memory.get("count", "0"))
    kept = record_read(session, number, payload.code, by=visit.by, at=visit.at)
    return Outcome(
        Verdict.ACCEPTED, _said(session, count_of(session, number).place_code, kept),
        next=Say(SCAN_ALL), subject=payload.code, focus=kept.place_code, held=visit.held,
        step=COUNTING, memory=visit.memory,
    )  # fmt: skip


def ask_to_close(session: Session, visit: Visit) -> Outcome:
    """Ask whether a count is closed, or left open for later."""
    return Outcome(
        Verdict.ACCEPTED, Say(N_("Is everything read?")),
        next=Say(N_("Close the count, or leave it open and go on later.")), focus=visit.held,
        held=visit.held, step=COUNTING, memory=visit.memory,
        ask=Ask(
            ACT, Say(N_("The count")),
            choices=(
                (CLOSE, Say(N_("Close it: everything was read"))),
                (STAY, Say(N_("Leave it open"))),
            ),
        ),
    )  # fmt: skip


def close_or_leave(session: Session, visit: Visit, answer: str) -> Outcome:
    """Close a count, or leave it open."""
    if answer != CLOSE:
        return Outcome(
            Verdict.ACCEPTED, Say(N_("The count stays open.")), next=Say(SCAN_NEXT),
            focus=visit.held,
        )  # fmt: skip
    said = close_count(
        session, int(visit.memory.get("count", "0")), by=visit.by, at=visit.at,
        station=visit.station,
    )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("Counted: %(seen)s of %(expected)s were read, %(strange)s are not recorded here."),
            {"seen": said.seen, "expected": said.expected, "strange": said.strange},
        ),
        next=Say(N_("The page of the place shows the differences.")), focus=visit.held,
    )  # fmt: skip


def way(session: Session, code: str) -> str:
    """Return the last steps of the way to a place, as a bench shows them."""
    return " › ".join(one.name for one in path_of(session, code)[-3:])


def _said(session: Session, counted: str, kept: CountScan) -> Say:
    if kept.code[:1] == Kind.CONTAINER:
        return Say(N_("Counting in %(place)s now."), {"place": way(session, kept.code)})
    row = stored(session, kept.code) if kept.code else None
    if row is None:
        return Say(N_("Kept. %(code)s is recorded in no place."), {"code": threes(kept.text)})
    values: dict[str, str | int | Say] = {
        "code": threes(kept.code),
        "place": f"{way(session, row.place_code)} {row.position}".strip(),
    }
    steps = {one.code for one in path_of(session, row.place_code)}
    if counted in steps and kept.place_code in (counted, row.place_code):
        return Say(N_("%(code)s is recorded here: %(place)s."), values)
    return Say(N_("Kept. %(code)s is recorded elsewhere: %(place)s."), values)


def openable(session: Session, code: str) -> Place:
    """Return a place into which things can be put. Raises NotAPlace."""
    place = session.get(Place, code)
    if place is None or not is_open_to_things(place):
        raise NotAPlace(code=code)
    return place
