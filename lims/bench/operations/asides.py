# SPDX-License-Identifier: Apache-2.0
"""Answers of a bench that leave the work of its stage where it stands: help, a label again."""

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from lims.bench.models import ScanRecord, StationState
from lims.bench.rules import MayNotPrint, WorkStopped
from lims.core.actors import Actor
from lims.core.codes import MistypedCode, read_payload, threes
from lims.core.errors import Refusal
from lims.core.scans import Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.models import Subject
from lims.printing.operations import raise_alarm, reprint
from lims.printing.rules import AlarmWhy, LabelUnknown, LabelVoid
from lims.web.rights import Right, may

NEXT_THING = N_("Scan the label of what you want to work on.")

PRINT_AGAIN = "print-again"
"""Name of the question why a label is printed again, and of the memory of whose it is."""
REASONS = (
    N_("The label is damaged or cannot be read."),
    N_("No label came out of the printer."),
    N_("The label is lost."),
)
"""Reasons for a new label at the bench, as stored and as shown."""

_ASKED, _NEXT = "print-again-asked", "print-again-next"
ALARMING = (LabelVoid, LabelUnknown)
"""Refusals that somebody of quality must answer."""


@dataclass(frozen=True)
class Aside(Outcome):
    """An answer after which the station waits for what it waited for before."""


def explain(session: Session, meaning: Meaning, visit: Visit, state: StationState) -> Aside:
    """Say what this station is for and what it waits for now. Changes nothing."""
    if state.stopped:
        return Aside(Verdict.ACCEPTED, Say(WorkStopped.says), next=Say(WorkStopped.do))
    try:
        told = meaning.command(session, visit, Command.HELP)
        say, then = told.say, told.next
    except Refusal as refusal:
        say, then = refusal.say, refusal.advice
    return Aside(Verdict.ACCEPTED, say, next=awaited(state) or then or Say(NEXT_THING))


def awaited(state: StationState) -> Say | None:
    """Return what a station waits for: the figure that it asked for, or else the next scan."""
    if state.ask is not None:
        return _ask(state.ask).words
    return Say.from_json(state.next) if state.next is not None else None


def ask_print(visit: Visit, code: str, state: StationState) -> Outcome:
    """Ask why a label is printed again; what the station asked before comes back after it.

    Raises MayNotPrint.
    """
    if not may(visit.by.role, Right.PRINT_LABELS):
        raise MayNotPrint()
    memory = {**visit.memory, PRINT_AGAIN: code}
    if state.ask is not None and state.ask["name"] != PRINT_AGAIN:
        memory[_ASKED] = json.dumps(state.ask)
    if state.next is not None and PRINT_AGAIN not in visit.memory:
        memory[_NEXT] = json.dumps(state.next)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("A new label for %(code)s: the old one is void from then on."),
            {"code": threes(code)}),
        next=Say(N_("Say why, or go on scanning: then nothing is printed.")), subject=code,
        focus=visit.focus, held=visit.held, step=visit.step, memory=memory,
        ask=Ask(
            PRINT_AGAIN, Say(N_("Why does %(code)s need a new label?"), {"code": threes(code)}),
            choices=tuple((reason, Say(reason)) for reason in REASONS),
        ),
    )  # fmt: skip


def answer_print(session: Session, visit: Visit, entry: Entry) -> Outcome:
    """Order the new label for the reason given, and go on where the station was.

    Raises NotFound for a thing that never had a label, LabelPending.
    """
    code = visit.memory[PRINT_AGAIN]
    reason = entry.value if entry.value in REASONS else REASONS[0]
    label = reprint(session, code, reason=reason, station=visit.station, by=visit.by, at=visit.at)
    asked, then = visit.memory.get(_ASKED, ""), visit.memory.get(_NEXT, "")
    ours = (PRINT_AGAIN, _ASKED, _NEXT)
    return Outcome(
        Verdict.ACCEPTED, Say(N_("A new label for %(code)s is ordered."), {"code": threes(code)}),
        next=Say.from_json(json.loads(then)) if then else Say(NEXT_THING), subject=code,
        focus=visit.focus, held=visit.held, step=visit.step, labels=(label,),
        ask=_ask(json.loads(asked)) if asked else None,
        memory={name: value for name, value in visit.memory.items() if name not in ours},
    )  # fmt: skip


def alarm_of(session: Session, record: ScanRecord, refusal: Refusal, by: Actor) -> None:
    """Put a label that must not be on anything on the list of the quality officer."""
    try:
        code = read_payload(record.text).code
    except MistypedCode:
        code = ""
    raise_alarm(
        session, AlarmWhy(refusal.name), read=record.text, station=record.station_code, by=by,
        at=record.received_at, scan=record.scan_id, person=record.person_id,
        code=code if code and session.get(Subject, code) is not None else None,
    )  # fmt: skip


def _ask(stored: dict[str, Any]) -> Ask:
    return Ask(
        stored["name"], Say.from_json(stored["words"]), unit=stored["unit"],
        choices=tuple((value, Say.from_json(words)) for value, words in stored["choices"]),
        suggestion=stored["suggestion"],
    )  # fmt: skip
