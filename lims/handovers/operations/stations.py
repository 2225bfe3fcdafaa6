# SPDX-License-Identifier: Apache-2.0
"""What a scan means at a hand-over station: things, the receiver's badge, and both PINs."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload
from lims.core.errors import NotFound
from lims.core.scans import OWN_PIN, PIN, Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Many, Say
from lims.custody.operations import refuse_if_held
from lims.custody.queries import held
from lims.custody.rules import TRACKED, is_place
from lims.handovers.operations.handing import hand_over, open_handover, require_parties
from lims.handovers.queries import givable_in, names_of, open_of
from lims.handovers.rules import (
    MOST_THINGS,
    BadgeAwaited,
    CommandUnknownHere,
    InOpenHandOver,
    NotHandedOver,
    NothingListed,
    Purpose,
    TooManyListed,
)
from lims.people.queries import person_of_badge
from lims.people.rules import NotABadge
from lims.printing.queries import check_label
from lims.storage.operations import require_at_hand
from lims.web.rights import Right, may

LISTING, GIVING, RECEIVING = "listing", "giving", "receiving"
"""The steps: things are scanned; the giver's PIN is awaited; the receiver's PIN is awaited."""

SCAN_BADGE = N_("Scan what else you hand over, then the badge of whoever receives it.")
GIVER_PIN = N_("Your own PIN, to hand them over")
RECEIVER_PIN = N_("%(who)s: your PIN, to receive them")
ANSWER_LATER = N_("The receiver types a PIN here, or scan DONE: they then accept it later.")


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.BADGE:
        return _badge(session, visit, payload.code)
    codes = _listed(visit)
    if payload.kind is Kind.CONTAINER:
        found = givable_in(
            session, payload.code, visit.by.id, despite_holds=False,
            stores=may(visit.by.role, Right.STORE_THINGS),
        )  # fmt: skip
        if not found:
            raise NothingListed()
        return _list(visit, [*codes, *(code for code in found if code not in codes)], payload.code)
    if payload.kind not in TRACKED:
        raise NotHandedOver(code=payload.code)
    _check_thing(session, visit, payload.code)
    more = [] if payload.code in codes else [payload.code]
    return _list(visit, [*codes, *more], payload.code)


def _check_thing(session: Session, visit: Visit, code: str) -> None:
    """Refuse at once what the hand-over would refuse: the tube is still in the hand."""
    check_label(session, code)
    one = open_of(session, [code]).get(code)
    if one is not None:
        raise InOpenHandOver(
            code=code, number=one.number, who=names_of(session, [one.giver])[one.giver],
            since=f"{one.since:%Y-%m-%d %H:%M} UTC",
        )  # fmt: skip
    refuse_if_held(session, code)
    standing = held(session, code)
    stored = standing is not None and is_place(standing.holder)
    if not (stored and may(visit.by.role, Right.STORE_THINGS)):
        require_at_hand(session, code, visit.by)


def _list(visit: Visit, codes: list[str], read: str) -> Outcome:
    if len(codes) > MOST_THINGS:
        raise TooManyListed(count=len(codes), most=MOST_THINGS)
    # A list that changes is confirmed anew, by both.
    return Outcome(
        Verdict.ACCEPTED,
        Say(Many("%(count)s thing is listed.", "%(count)s things are listed."),
            {"count": len(codes)}),
        next=Say(SCAN_BADGE), subject=read, step=LISTING, memory={"things": " ".join(codes)},
    )  # fmt: skip


def _badge(session: Session, visit: Visit, code: str) -> Outcome:
    codes = _listed(visit)
    if not codes:
        raise NothingListed()
    try:
        person = person_of_badge(session, code)
    except NotFound:
        raise NotABadge() from None
    require_parties(session, visit.by, person.actor, at=visit.at)
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            Many("%(who)s receives %(count)s thing.", "%(who)s receives %(count)s things."),
            {"who": person.initials, "count": len(codes)},
        ),
        next=Say(N_("Type your own PIN.")), step=GIVING,
        memory={"things": " ".join(codes), "badge": code, "receiver": person.initials},
        ask=Ask(OWN_PIN, Say(GIVER_PIN)),
    )  # fmt: skip


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if entry.confirmed is None or not _listed(visit):
        raise CommandUnknownHere()
    if entry.name == OWN_PIN and visit.step == GIVING:
        who = visit.memory.get("receiver", "")
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("%(who)s hands them over."),
                {"who": names_of(session, [visit.by.id])[visit.by.id]}),
            next=Say(ANSWER_LATER), step=RECEIVING,
            memory={**visit.memory, "given": visit.by.id},
            ask=Ask(PIN, Say(RECEIVER_PIN, {"who": who})),
        )  # fmt: skip
    if entry.name == PIN and visit.step == RECEIVING:
        # Who works here may have changed since the giver's PIN: then it is asked again.
        if visit.memory.get("given") != visit.by.id:
            raise CommandUnknownHere()
        row = hand_over(
            session, _listed(visit), by=visit.by, to=entry.confirmed, purpose=Purpose.WORK,
            at=visit.at, station=visit.station,
        )  # fmt: skip
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                Many(
                    "%(who)s holds %(count)s thing now: hand-over %(number)s.",
                    "%(who)s holds %(count)s things now: hand-over %(number)s.",
                ),
                {"who": visit.memory["receiver"], "count": len(row.things), "number": row.id},
            ),
            next=Say(N_("Scan the next things that you hand over.")),
        )  # fmt: skip
    raise CommandUnknownHere()


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    codes = _listed(visit)
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED, Say(N_("Here things pass from hand to hand.")),
            next=Say(SCAN_BADGE if codes else N_("Scan the things that you hand over.")),
            step=visit.step if codes else "", memory=visit.memory, ask=_asked(visit),
        )  # fmt: skip
    if command is Command.UNDO and codes:
        return _list(visit, codes[:-1], codes[-1]) if codes[1:] else _cleared()
    if command is Command.NEXT and codes:
        return _cleared()
    if command is Command.DONE and codes:
        if visit.step != RECEIVING or visit.memory.get("given") != visit.by.id:
            raise BadgeAwaited()
        receiver = person_of_badge(session, visit.memory["badge"])
        row = open_handover(
            session, codes, by=visit.by, to=receiver.actor, purpose=Purpose.WORK, at=visit.at,
            station=visit.station,
        )  # fmt: skip
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Hand-over %(number)s waits for %(who)s. You hold the things until then."),
                {"number": row.id, "who": receiver.initials}),
            next=Say(N_("Scan the next things that you hand over.")),
        )  # fmt: skip
    raise CommandUnknownHere()


def _asked(visit: Visit) -> Ask | None:
    if visit.step == GIVING:
        return Ask(OWN_PIN, Say(GIVER_PIN))
    if visit.step == RECEIVING:
        return Ask(PIN, Say(RECEIVER_PIN, {"who": visit.memory.get("receiver", "")}))
    return None


def _cleared() -> Outcome:
    return Outcome(
        Verdict.ACCEPTED, Say(N_("The list is empty.")),
        next=Say(N_("Scan the things that you hand over.")),
    )  # fmt: skip


def _listed(visit: Visit) -> list[str]:
    return visit.memory.get("things", "").split()


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    """Return what the station's page shows: the list, the giver, the receiver."""
    giver = names_of(session, [visit.by.id])[visit.by.id]
    return {
        "things": _listed(visit), "giver": giver, "receiver": visit.memory.get("receiver", ""),
        "given": visit.step == RECEIVING and visit.memory.get("given") == visit.by.id,
    }  # fmt: skip


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="handovers/station.html",
    picture=_picture, badges=frozenset({LISTING, GIVING, RECEIVING}),
)  # fmt: skip
