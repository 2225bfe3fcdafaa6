# SPDX-License-Identifier: Apache-2.0
"""What a scan means at a preparation bench, with a set in work and without one.

In a set the focus is the set, and the sample in hand is held. Without a set the bench grinds,
punches and lyses as the samples' own meaning says, unless a procedure for the line is in force.
"""

from collections.abc import Mapping
from contextlib import suppress

from sqlalchemy.orm import Session

from lims.core.codes import Kind, Payload, threes
from lims.core.scans import PIN, Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Many, Say
from lims.custody.operations import refuse_if_held
from lims.custody.rules import InStorage
from lims.equipment.queries import is_instrument
from lims.people.queries import require_authorised, require_elimination
from lims.people.rules import Line
from lims.plates.operations import record_use
from lims.plates.queries import state_of
from lims.plates.rules import Activity, check_open
from lims.preparation.models import Tool
from lims.preparation.operations.in_hand import (
    FINISH,
    MASS,
    NEXT_SAMPLE,
    PUNCH,
    REASON,
    REMAINS,
    TOOL,
    VOLUME,
    in_hand,
    rest,
    set_of,
    still,
    take,
)
from lims.preparation.operations.sets import (
    clean_as_asked,
    complete_set,
    put_into_set,
)
from lims.preparation.operations.tools import (
    decontaminate,
    decontaminate_as_asked,
    tool_of,
    use_tool,
)
from lims.preparation.queries import (
    asked_of,
    part_of,
    preparation_set,
    the_set,
    tool_records,
)
from lims.preparation.rules import (
    METHOD_WORDS,
    PICTURE_WORDS,
    Method,
    NoSetHere,
    NotATool,
    NotForThisBench,
    PictureOf,
    PreparedAlready,
    SetHere,
)
from lims.procedures.queries import current_procedures
from lims.samples.operations import (
    MEANING_PREPARATION,
    SECOND,
    check_preparation,
    check_room,
    take_badge,
    what_is,
)
from lims.samples.operations.stations import SECOND_PART
from lims.samples.queries import powder_left, sample_of, unused_aliquot
from lims.samples.rules import (
    KIND_OF_LINE,
    CommandMeansNothing,
    EntryAwaited,
    thousandths,
)
from lims.storage.operations import require_at_hand

AS_ASKED = "as in the procedure"
_BUSY = (MASS, VOLUME, PUNCH, REASON)
_LINES = {kind: line for line, kind in KIND_OF_LINE.items()}


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.BATCH:
        return _take_set(session, visit, payload.code)
    if not _in_set(visit):
        if payload.kind in _LINES and not visit.step:
            _need_set(session, visit, payload)
        return MEANING_PREPARATION.scan(session, visit, payload)
    if payload.kind is Kind.BADGE and visit.step == SECOND:
        return take_badge(session, visit, payload.code)
    if payload.kind in _LINES:
        return _take_sample(session, visit, payload.code)
    if payload.kind is Kind.CONTAINER:
        return _take_tool(session, visit, payload.code)
    if payload.kind is not Kind.LOT:
        raise NotForThisBench(code=payload.code)
    return _take_lot(session, visit, payload.code)


def _in_set(visit: Visit) -> bool:
    return visit.focus is not None and visit.focus[0] == Kind.BATCH


def _need_set(session: Session, visit: Visit, payload: Payload) -> None:
    """Refuse a sample without a set, if a procedure for its line is in force; else say nothing."""
    found = current_procedures(
        session, Activity.PREPARATION, at=visit.at, line=_LINES[payload.kind]
    )
    if not found:
        return
    check_preparation(session, payload.code, by=visit.by, at=visit.at, station=visit.station)
    with suppress(InStorage):
        require_at_hand(session, payload.code, visit.by)
    raise NoSetHere(code=payload.code, name=found[0].name)


def _take_set(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.focus is not None and visit.focus != code and (_in_set(visit) or visit.step):
        raise SetHere(code=visit.focus)
    batch = preparation_set(session, code)
    check_open(code, state_of(session, code))
    refuse_if_held(session, code)
    check_room(session, code, line=batch.line, station=visit.station)
    require_authorised(session, visit.by, Activity.PREPARATION, on=visit.at.date())
    require_elimination(session, visit.by)
    return Outcome(
        Verdict.ACCEPTED, Say(N_("Set %(set)s is in work here."), {"set": threes(code)}),
        next=Say(N_("Scan the lots used, then the first sample.")), subject=code, focus=code,
    )  # fmt: skip


def _take_sample(session: Session, visit: Visit, code: str) -> Outcome:
    if visit.step in (*_BUSY, SECOND) and visit.held != code:
        raise EntryAwaited(code=visit.held or code)
    set_code = set_of(visit)
    part = part_of(session, set_code, code)
    if part is not None:
        raise PreparedAlready(code=code, set=set_code, aliquot=part.aliquot_code)
    with suppress(InStorage):
        require_at_hand(session, code, visit.by)
    put_into_set(session, set_code, code, by=visit.by, at=visit.at, station=visit.station)
    there = unused_aliquot(session, code)
    if there is not None:
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s has an unused part already: %(aliquot)s."),
                {"code": threes(code), "aliquot": threes(there.code)},
            ),
            next=Say(N_("Say why a second one is needed, or scan UNDO.")), subject=code,
            focus=set_code, held=code, step=REASON,
            ask=Ask(
                REASON, Say(N_("Why a second part?")),
                choices=tuple((word, Say(word)) for word in SECOND_PART),
            ),
        )  # fmt: skip
    return in_hand(session, visit, code, reason="")


def _take_lot(session: Session, visit: Visit, code: str) -> Outcome:
    set_code = set_of(visit)
    name = record_use(
        session, set_code, code, activity=Activity.PREPARATION, by=visit.by, at=visit.at,
        station=visit.station,
    )  # fmt: skip
    say = Say(N_("Set %(set)s uses %(name)s."), {"set": threes(set_code), "name": name})
    if visit.step in _BUSY and visit.held is not None:
        return in_hand(
            session, visit, visit.held, reason=visit.memory.get(REASON, ""), say=say
        )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED, say, next=Say(NEXT_SAMPLE), subject=code, focus=set_code
    )  # fmt: skip


def _take_tool(session: Session, visit: Visit, code: str) -> Outcome:
    set_code = set_of(visit)
    if session.get(Tool, code) is None:
        if not is_instrument(session, code):
            raise NotATool(code=code)
        return _take_lot(session, visit, code)
    if visit.step in _BUSY and visit.held is not None:
        tool = use_tool(
            session, set_code, visit.held, code, by=visit.by, at=visit.at, station=visit.station
        )
        return in_hand(
            session, visit, visit.held, reason=visit.memory.get(REASON, ""),
            say=Say(
                N_("%(tool)s is used for %(code)s."),
                {"tool": tool.name, "code": threes(visit.held)},
            ),
        )  # fmt: skip
    tool = tool_of(session, code)
    last, _ = tool_records(session, code)
    say = Say(N_("%(tool)s has touched nothing yet."), {"tool": tool.name})
    if last is not None:
        say = Say(
            N_("%(tool)s was used for %(sample)s."),
            {"tool": tool.name, "sample": threes(last.sample_code or "")},
        )
    choices = ((AS_ASKED, Say(N_("As in the procedure"))),)
    return Outcome(
        Verdict.ACCEPTED, say,
        next=Say(N_("Decontaminate it. DONE: as in the procedure. UNDO: it was not.")),
        subject=code, focus=set_code, held=code, step=TOOL,
        ask=Ask(
            TOOL, Say(N_("How was it decontaminated?")),
            choices=(
                *(choices if asked_of(session, set_code).decontamination else ()),
                *((one.value, Say(METHOD_WORDS[one])) for one in Method),
            ),
        ),
    )  # fmt: skip


def _decontaminated(session: Session, visit: Visit, how: str) -> Outcome:
    set_code, tool = set_of(visit), tool_of(session, visit.held or "")
    if how == AS_ASKED:
        if not decontaminate_as_asked(
            session, set_code, tool.code, by=visit.by, at=visit.at, station=visit.station
        ):
            raise EntryAwaited(code=tool.code)
    elif how in list(Method):
        decontaminate(
            session, tool.code, Method(how), set_code=set_code, by=visit.by, at=visit.at,
            station=visit.station,
        )  # fmt: skip
    else:
        raise CommandMeansNothing()
    return Outcome(
        Verdict.ACCEPTED, Say(N_("%(tool)s is decontaminated."), {"tool": tool.name}),
        next=Say(NEXT_SAMPLE), subject=tool.code, focus=set_code,
    )  # fmt: skip


def _entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    if not _in_set(visit):
        return MEANING_PREPARATION.entry(session, visit, entry)
    code, reason = visit.held or "", visit.memory.get(REASON, "")
    if entry.name == PIN and visit.step == SECOND and entry.confirmed is not None:
        if REMAINS in visit.memory:
            return rest(session, visit, code, visit.memory[REMAINS], witness=entry.confirmed)
        return take(
            session, visit, code, reason=reason, read=visit.memory.get(MASS, ""),
            witness=entry.confirmed,
        )  # fmt: skip
    if not code or entry.name != visit.step:
        raise CommandMeansNothing()
    if entry.name == REASON:
        return in_hand(session, visit, code, reason=entry.value.strip()[:200])
    if entry.name in (MASS, VOLUME):
        return take(session, visit, code, reason=reason, read=entry.value)
    if entry.name == REMAINS:
        return rest(session, visit, code, entry.value)
    return _decontaminated(session, visit, entry.value)


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if not _in_set(visit):
        return MEANING_PREPARATION.command(session, visit, command)
    set_code, code = set_of(visit), visit.held or ""
    if command is Command.HELP:
        if visit.step in (MASS, VOLUME, PUNCH):
            return in_hand(session, visit, code, reason=visit.memory.get(REASON, ""))
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan the lots, then each sample: photograph, clean, scan the tool, grind.")),
            next=Say(NEXT_SAMPLE), focus=set_code,
        )  # fmt: skip
    if command is Command.UNDO and visit.step:
        return Outcome(
            Verdict.ACCEPTED, Say(N_("Set aside: nothing more was recorded.")),
            next=Say(NEXT_SAMPLE), focus=set_code,
        )  # fmt: skip
    if command is Command.NEXT and visit.step not in (*_BUSY, SECOND):
        return Outcome(
            Verdict.ACCEPTED, Say(N_("Set %(set)s is set aside."), {"set": threes(set_code)}),
            next=Say(N_("Scan the card of a set.")),
        )  # fmt: skip
    if command is not Command.DONE:
        raise CommandMeansNothing()
    return _done(session, visit, set_code, code)


def _done(session: Session, visit: Visit, set_code: str, code: str) -> Outcome:
    if visit.step in (MASS, VOLUME, PUNCH):
        reason = visit.memory.get(REASON, "")
        steps = clean_as_asked(
            session, set_code, code, by=visit.by, at=visit.at, station=visit.station
        )
        if steps:
            return in_hand(
                session, visit, code, reason=reason,
                say=Say(
                    N_("%(code)s is cleaned as in the procedure."), {"code": threes(code)}
                ),
            )  # fmt: skip
        if visit.step == MASS:
            raise EntryAwaited(code=code)
        return take(session, visit, code, reason=reason)
    if visit.step == TOOL:
        return _decontaminated(session, visit, AS_ASKED)
    if visit.step == REMAINS:
        left = powder_left(session, sample_of(session, code))
        return rest(session, visit, code, thousandths(left))
    if visit.step == FINISH:
        count = complete_set(session, set_code, by=visit.by, at=visit.at, station=visit.station)
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                Many(
                    "Set %(set)s is completed: %(count)s sample.",
                    "Set %(set)s is completed: %(count)s samples.",
                ),
                {"set": threes(set_code), "count": count},
            ),
            next=Say(N_("Scan the card of a set.")), subject=set_code,
        )  # fmt: skip
    if visit.step:
        raise EntryAwaited(code=code)
    return Outcome(
        Verdict.ACCEPTED, Say(N_("Are all samples of this set done?")),
        next=Say(N_("Scan DONE again: the set is completed. Anything else goes on.")),
        focus=set_code, step=FINISH,
    )  # fmt: skip


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    if not _in_set(visit):
        shown = MEANING_PREPARATION.picture
        return {"set": None, **(shown(session, visit) if shown is not None else {})}
    found = the_set(session, set_of(visit))
    here = next(
        (one for one in found.samples if one.sample.code == visit.held and visit.step in _BUSY),
        None,
    )
    return {
        "set": found,
        "here": here,
        "what": what_is(here.sample) if here is not None else None,
        "left_ug": powder_left(session, here.sample)
        if here is not None and here.sample.line is Line.BONE
        else None,
        "still": still(session, found.batch.code, here.sample.code) if here is not None else [],
        "kinds": list(PictureOf),
        "kind_words": PICTURE_WORDS,
        "method_words": METHOD_WORDS,
    }


MEANING = Meaning(
    scan=_scan, command=_command, entry=_entry, fragment="preparation/station.html",
    picture=_picture, badges=frozenset({SECOND}),
)  # fmt: skip
