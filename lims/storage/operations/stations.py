# SPDX-License-Identifier: Apache-2.0
"""What a scan means at a storage station: a thing and its box, in either order."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload, threes
from lims.core.scans import Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.queries import blocked
from lims.printing.queries import check_label
from lims.storage.models import Place, Stored
from lims.storage.operations.station_places import (
    COUNT,
    COUNTING,
    MOVING,
    SCAN_NEXT,
    ask_to_close,
    ask_to_count,
    ask_to_move,
    begin_count,
    close_or_leave,
    may_go_into,
    move_or_stay,
    openable,
    read_in_count,
)
from lims.storage.operations.station_places import way as _way
from lims.storage.operations.storing import check_storable, put, take
from lims.storage.queries import contents, picture_of, place_of, stored, taken_positions
from lims.storage.rules import (
    LETTERS,
    BoxAwaited,
    CommandUnknownHere,
    NothingToTakeBack,
    positions_of,
)

THING, STORED, PLACE = "thing", "stored", "place"
"""The steps: a thing waits for its box; a stored thing waits for an answer; a box is open."""

ACT, POSITION = "act", "position"
"""What the station asks for."""

TAKE, ASIDE, LEAVE = "take", "aside", "leave"


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if visit.step == COUNTING:
        return read_in_count(session, visit, payload)
    if payload.kind is Kind.CONTAINER:
        return _scan_place(session, visit, payload.code)
    code = payload.code
    check_storable(code)
    if visit.step == THING and visit.held not in (None, code):
        raise BoxAwaited(code=visit.held or "")
    if visit.step == PLACE and visit.held is not None:
        return _put_away(session, visit, code, visit.held, keep=True)
    check_label(session, code)
    row = stored(session, code)
    if row is not None:
        return _ask_what(session, code, row)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("%(code)s is in no place."), {"code": threes(code)}),
        next=Say(N_("Scan the box, shelf or rack into which it goes.")), subject=code,
        focus=visit.focus, held=code, step=THING, memory={"seen": "", "seen_at": ""},
    )  # fmt: skip


def _scan_place(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.step in (THING, STORED) and visit.held is not None:
        openable(session, code)
        return _put_away(session, visit, visit.held, code, keep=False)
    scanned = session.get(Place, code)
    before = session.get(Place, visit.held or "") if visit.step in (PLACE, MOVING) else None
    if before is not None and scanned is not None and may_go_into(before, scanned):
        return ask_to_move(session, visit, before, scanned)
    return _open(session, code)


def _open(session: Session, code: str) -> Outcome:
    place = openable(session, code)
    check_label(session, code)
    taken = len(taken_positions(session, code))
    if place.rows is not None and place.columns is not None:
        say = Say(
            N_("%(place)s is open: %(free)s of %(positions)s positions are free."),
            {
                "place": _way(session, code), "free": place.rows * place.columns - taken,
                "positions": place.rows * place.columns,
            },
        )  # fmt: skip
    else:
        say = Say(N_("%(place)s is open."), {"place": _way(session, code)})
    return Outcome(
        Verdict.ACCEPTED, say,
        next=Say(N_("Scan each thing that goes in; then scan DONE.")), subject=code, focus=code,
        held=code, step=PLACE, ask=ask_to_count(),
    )  # fmt: skip


def _ask_what(session: Session, code: str, row: Stored) -> Outcome:
    held = bool(blocked(session, code))
    out = (
        (ASIDE, Say(N_("Take it out to set it aside"))) if held
        else (TAKE, Say(N_("Take it out for work")))
    )  # fmt: skip
    values: dict[str, str | int | Say] = {
        "code": threes(code), "place": _spot(_way(session, row.place_code), row.position),
    }  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("%(code)s is on hold. It stands in %(place)s."), values) if held
        else Say(N_("%(code)s stands in %(place)s."), values),
        next=Say(N_("Say whether you take it, or scan another place to move it there.")),
        subject=code, position=row.position or None, focus=row.place_code, held=code, step=STORED,
        memory={"seen": row.place_code, "seen_at": row.position},
        ask=Ask(ACT, Say(N_("What do you do with it?")),
                choices=(out, (LEAVE, Say(N_("Leave it there"))))),
    )  # fmt: skip


def _put_away(session: Session, visit: Visit, code: str, place: str, *, keep: bool) -> Outcome:
    """Put a thing into a place; `keep` leaves the place open for the next thing."""
    before = stored(session, code)
    origin = (before.place_code, before.position) if before is not None else ("", "")
    # Where it was when its scan was answered: nobody may have moved it since.
    found = None
    if visit.step in (THING, STORED):
        found = (visit.memory.get("seen", ""), visit.memory.get("seen_at", ""))
    row = put(
        session, code, place, by=visit.by, at=visit.at, station=visit.station, found=found
    )  # fmt: skip
    return _stands(session, row, origin, keep=keep)


def _stands(session: Session, row: Stored, origin: tuple[str, str], *, keep: bool) -> Outcome:
    values: dict[str, str | int | Say] = {
        "code": threes(row.code), "place": place_of(session, row.place_code).name,
        "position": row.position,
    }  # fmt: skip
    said = N_("Put %(code)s at %(position)s of %(place)s.") if row.position else N_(
        "Put %(code)s on %(place)s."
    )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED, Say(said, values),
        next=Say(N_("Scan each thing that goes in; then scan DONE.")) if keep else Say(SCAN_NEXT),
        subject=row.code, position=row.position or None, focus=row.place_code,
        held=row.place_code if keep else None, step=PLACE if keep else "",
        memory={
            "act": "put", "thing": row.code, "at": row.position, "from": origin[0],
            "from_position": origin[1],
        },
        ask=_ask_row(session, row),
    )  # fmt: skip


def _ask_row(session: Session, row: Stored) -> Ask | None:
    """Ask for the row of another position, if the box has another free one."""
    free = _free(session, row.place_code)
    rows = [letter for letter in LETTERS if any(one[0] == letter for one in free)]
    if not rows:
        return None
    return Ask(
        POSITION, Say(N_("Is it at another position? Choose its row.")),
        choices=tuple((letter, Say("%(position)s", {"position": letter})) for letter in rows),
        suggestion=row.position,
    )  # fmt: skip


def _free(session: Session, place_code: str) -> list[str]:
    place = place_of(session, place_code)
    if place.rows is None or place.columns is None:
        return []
    taken = taken_positions(session, place_code)
    return [one for one in positions_of(place.rows, place.columns) if one not in taken]


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if entry.name == ACT and visit.step == STORED and visit.held is not None:
        return _answered(session, visit, visit.held, entry.value)
    if entry.name == ACT and visit.step == PLACE and visit.held and entry.value == COUNT:
        return begin_count(session, visit, visit.held)
    if entry.name == ACT and visit.step == MOVING:
        return move_or_stay(session, visit, entry.value) or _open(session, visit.memory["to"])
    if entry.name == ACT and visit.step == COUNTING:
        return close_or_leave(session, visit, entry.value)
    thing = visit.memory.get("thing")
    if entry.name == POSITION and thing and visit.memory.get("act") == "put" and visit.focus:
        return _elsewhere(session, visit, thing, visit.focus, entry.value.strip())
    raise CommandUnknownHere()


def _answered(session: Session, visit: Visit, code: str, answer: str) -> Outcome:
    if answer == LEAVE:
        return Outcome(
            Verdict.ACCEPTED, Say(N_("%(code)s stays where it is."), {"code": threes(code)}),
            next=Say(SCAN_NEXT), subject=code, focus=visit.focus,
        )  # fmt: skip
    if answer not in (TAKE, ASIDE):
        raise CommandUnknownHere()
    row = take(
        session, code, by=visit.by, at=visit.at, station=visit.station, for_work=answer == TAKE,
        why="" if answer == TAKE else "set aside",
    )  # fmt: skip
    place = place_of(session, row.place_code)
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("%(code)s is taken out of %(place)s."),
            {"code": threes(code), "place": _spot(place.name, row.position)},
        ),
        next=Say(SCAN_NEXT), subject=code, position=row.position or None, focus=row.place_code,
        memory={
            "act": "taken", "thing": code, "from": row.place_code, "from_position": row.position,
        },
    )  # fmt: skip


def _elsewhere(session: Session, visit: Visit, thing: str, place: str, answer: str) -> Outcome:
    """Correct the position of what was put last: first its row, then its place in the row."""
    if len(answer) == 1 and answer in LETTERS:
        columns = [one for one in _free(session, place) if one[0] == answer]
        return Outcome(
            Verdict.ACCEPTED, Say(N_("Row %(row)s."), {"row": answer}),
            next=Say(N_("Choose the position at which it stands.")), subject=thing, focus=place,
            held=visit.held, step=visit.step, memory=visit.memory,
            ask=Ask(
                POSITION, Say(N_("Position")),
                choices=tuple((one, Say("%(position)s", {"position": one})) for one in columns),
            ),
        )  # fmt: skip
    before = _still_there(session, thing, place, visit.memory.get("at", ""))
    origin = (before.place_code, before.position)
    row = put(session, thing, place, answer, by=visit.by, at=visit.at, station=visit.station)
    return _stands(session, row, origin, keep=visit.step == PLACE)


def _still_there(session: Session, thing: str, place: str, position: str) -> Stored:
    row = stored(session, thing)
    if row is None or (row.place_code, row.position) != (place, position):
        raise NothingToTakeBack()
    return row


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.UNDO:
        return _undo(session, visit)
    if command in (Command.DONE, Command.NEXT):
        if visit.step == THING and visit.held is not None:
            raise BoxAwaited(code=visit.held)
        if visit.step == COUNTING:
            return ask_to_close(session, visit)
        say = N_("The place is closed.") if visit.step == PLACE else N_("Nothing is open here.")
        return Outcome(Verdict.ACCEPTED, Say(say), next=Say(SCAN_NEXT))
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan a thing and then its box, or a box and then all that goes into it. "
                   "A stored thing that is scanned can be taken out. A box that is scanned and "
                   "then a shelf, rack or freezer: the box is moved there.")),
            next=Say(SCAN_NEXT), focus=visit.focus, held=visit.held, step=visit.step,
            memory=visit.memory,
        )  # fmt: skip
    raise CommandUnknownHere()


def _undo(session: Session, visit: Visit) -> Outcome:
    if visit.step in (MOVING, COUNTING):
        # Nothing was moved yet; what was read in a count stays read.
        raise NothingToTakeBack()
    if visit.step in (THING, STORED) and visit.held is not None:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("%(code)s is set aside: nothing was moved."), {"code": threes(visit.held)}),
            next=Say(SCAN_NEXT), focus=visit.focus,
        )  # fmt: skip
    act, thing = visit.memory.get("act"), visit.memory.get("thing", "")
    origin, position = visit.memory.get("from", ""), visit.memory.get("from_position", "")
    if act == "put" and visit.focus is not None:
        _still_there(session, thing, visit.focus, visit.memory.get("at", ""))
    elif act != "taken" or stored(session, thing) is not None:
        raise NothingToTakeBack()
    if origin:
        put(session, thing, origin, position, by=visit.by, at=visit.at, station=visit.station,
            why="undone")  # fmt: skip
        say = Say(
            N_("Taken back: %(code)s stands in %(place)s again."),
            {
                "code": threes(thing),
                "place": _spot(place_of(session, origin).name, position),
            },
        )  # fmt: skip
    else:
        take(session, thing, by=visit.by, at=visit.at, station=visit.station, for_work=False,
             why="undone")  # fmt: skip
        say = Say(N_("Taken back: %(code)s is in no place."), {"code": threes(thing)})
    kept = visit.step == PLACE
    return Outcome(
        Verdict.ACCEPTED, say, next=Say(SCAN_NEXT), subject=thing, focus=visit.focus,
        held=visit.held if kept else None, step=visit.step if kept else "",
    )  # fmt: skip


def _spot(place: str, position: str) -> str:
    return f"{place} {position}".strip()


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    if visit.focus is None or session.get(Place, visit.focus) is None:
        return {"place": None}
    found = contents(session, visit.focus)
    return {
        "place": found.place, "path": found.path, "box": picture_of(found.place, found.contents),
        "things": found.contents, "letters": LETTERS, "last": visit.memory.get("thing", ""),
        "open": visit.step == PLACE,
    }  # fmt: skip


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="storage/station.html", picture=_picture
)
