# SPDX-License-Identifier: Apache-2.0
"""What a scan means at the intake bench: labels of coded things are scanned back there.

The bench speaks of codes as the laboratory does; which bag a code belongs to stands on the page
of the list alone.
"""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from lims.cases.queries import labels_waiting
from lims.cases.rules import NotOfIntake
from lims.core.codes import Kind, Payload, threes
from lims.core.errors import NotFound
from lims.core.scans import Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Many, Say
from lims.custody.queries import subject
from lims.samples.rules import KIND_WORDS, CommandMeansNothing, state_look

NEXT_LABEL = Many(
    "Put each label on its bag or tube and scan it: %(count)s is still to be scanned.",
    "Put each label on its bag or tube and scan it: %(count)s are still to be scanned.",
)
ALL_SCANNED = N_("Every label of this bench is scanned.")


def _scan(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind not in (Kind.BONE, Kind.REFERENCE):
        raise NotOfIntake(code=threes(payload.code))
    known = subject(session, payload.code)
    if known is None:
        raise NotFound(code=threes(payload.code))
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("%(code)s: %(kind)s, %(state)s. Its label is live."),
            {
                "code": threes(known.code), "kind": Say(KIND_WORDS[payload.kind]),
                "state": Say(state_look(known.state)[1]),
            },
        ),
        next=_next(session, visit), subject=known.code, focus=known.code,
    )  # fmt: skip


def _command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command in (Command.HELP, Command.DONE, Command.NEXT):
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Here the labels of coded things are scanned back, each on its own bag.")),
            next=_next(session, visit), focus=visit.focus,
        )  # fmt: skip
    raise CommandMeansNothing()


def _no_entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    raise CommandMeansNothing()


def _next(session: Session, visit: Visit) -> Say:
    waiting = labels_waiting(session, visit.station)
    return Say(NEXT_LABEL, {"count": len(waiting)}) if waiting else Say(ALL_SCANNED)


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    return {"waiting": labels_waiting(session, visit.station)}


MEANING = Meaning(
    scan=_scan, command=_command, entry=_no_entry, fragment="cases/station.html", picture=_picture
)
