# SPDX-License-Identifier: Apache-2.0
"""At a bench: the second person who confirms the last of a thing, and the command to hold one."""

import json

from sqlalchemy.orm import Session

from lims.core.codes import threes
from lims.core.scans import PIN, Ask, Entry, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.rules import HOLD_WORDS, HoldReason
from lims.people.queries import person_of_badge
from lims.people.rules import SamePerson
from lims.samples.operations.ends import quarantine
from lims.samples.rules import QUARANTINE_REASONS, SecondPersonAwaited

SECOND = "second"
"""The step in which a station waits for the badge and the PIN of a second person."""

QUARANTINE = "quarantine"
"""What a station asks when a thing is put into quarantine; also where its code is remembered."""

_ASKED, _NEXT = "asked before", "next before"


def ask_second(visit: Visit, refused: SecondPersonAwaited, **memory: str) -> Outcome:
    """Ask for the badge of a second person; `memory` is kept until the PIN was typed."""
    code = str(refused.values["code"])
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("This takes all that is left of %(code)s."), {"code": threes(code)}),
        next=Say(N_("A second person scans their badge. UNDO takes less.")), subject=code,
        focus=visit.focus, held=visit.held, step=SECOND, memory=memory,
    )  # fmt: skip


def take_badge(session: Session, visit: Visit, code: str) -> Outcome:
    """Take the badge of the second person and ask for its PIN.

    Raises BadgeRevoked, NotFound, SamePerson for the badge of whoever works here.
    """
    person = person_of_badge(session, code)
    if person.actor.id == visit.by.id:
        raise SamePerson()
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("%(who)s confirms as the second person."), {"who": person.initials}),
        next=Say(N_("%(who)s types the PIN."), {"who": person.initials}), focus=visit.focus,
        held=visit.held, step=SECOND, memory={**visit.memory, "badge": code},
        ask=Ask(PIN, Say(N_("%(who)s: your PIN, to confirm"), {"who": person.initials})),
    )  # fmt: skip


def ask_quarantine(
    visit: Visit,
    code: str,
    *,
    asked: dict[str, object] | None,
    upcoming: dict[str, object] | None,
) -> Outcome:
    """Ask why a thing goes into quarantine; what the station asked before comes back after it."""
    memory = {**visit.memory, QUARANTINE: code}
    if asked is not None:
        memory[_ASKED] = json.dumps(asked)
    if upcoming is not None:
        memory[_NEXT] = json.dumps(upcoming)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("Quarantine of %(code)s, and of all that came from it."), {"code": threes(code)}),
        next=Say(N_("Say why, or go on scanning: then nothing is held.")), subject=code,
        focus=visit.focus, held=visit.held, step=visit.step, memory=memory,
        ask=Ask(
            QUARANTINE, Say(N_("Why does %(code)s go into quarantine?"), {"code": threes(code)}),
            choices=tuple((one.value, Say(HOLD_WORDS[one])) for one in QUARANTINE_REASONS),
        ),
    )  # fmt: skip


def answer_quarantine(session: Session, visit: Visit, entry: Entry) -> Outcome:
    """Put the thing into quarantine for the reason given, and go on where the station was.

    Raises NotFound; ValueError never: what is no reason counts as an incident's.
    """
    reasons = {one.value: one for one in QUARANTINE_REASONS}
    code = visit.memory[QUARANTINE]
    quarantine(
        session, code, reasons.get(entry.value, HoldReason.INCIDENT), remark="held at the bench",
        by=visit.by, at=visit.at, station=visit.station,
    )  # fmt: skip
    ours = (QUARANTINE, _ASKED, _NEXT)
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("%(code)s is in quarantine."), {"code": threes(code)}),
        next=_next(visit.memory.get(_NEXT, "")), subject=code, focus=visit.focus, held=visit.held,
        step=visit.step, ask=_asked(visit.memory.get(_ASKED, "")),
        memory={name: value for name, value in visit.memory.items() if name not in ours},
    )  # fmt: skip


def _next(stored: str) -> Say | None:
    return Say.from_json(json.loads(stored)) if stored else None


def _asked(stored: str) -> Ask | None:
    if not stored:
        return None
    was = json.loads(stored)
    return Ask(
        was["name"], Say.from_json(was["words"]), unit=was["unit"],
        choices=tuple((value, Say.from_json(words)) for value, words in was["choices"]),
        suggestion=was["suggestion"],
    )  # fmt: skip
