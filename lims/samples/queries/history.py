# SPDX-License-Identifier: Apache-2.0
"""The whole history of a coded thing: what it came from, what came from it, what happened."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.core.words import N_, Say
from lims.custody.models import Derivation, Subject
from lims.custody.queries import (
    ancestors,
    blocked,
    descendants,
    events_of,
    sound_streams,
    subject,
)
from lims.custody.rules import Event, HoldReason, HoldStanding, Tag, hold_words
from lims.people.queries import initials_of
from lims.samples.models import Aliquot, Sample
from lims.samples.rules import ALIQUOT_WORDS, KIND_WORDS, AliquotState, state_look

EVENTS = 200
"""How many events the page of a thing shows, the newest."""


@dataclass(frozen=True)
class Branch:
    """A thing in the tree of lineage. `look` is '' or gone."""

    code: str
    words: str
    state: str
    look: str
    mass_ug: int | None
    volume_nl: int | None
    here: bool
    children: tuple["Branch", ...]


@dataclass(frozen=True)
class Happened:
    """One event as people read it; `sound` where its chain was checked and holds."""

    event: Event
    who: str
    sound: bool
    about: str
    """The code it is about where that is not the thing of the page."""


@dataclass(frozen=True)
class Thing:
    """A coded thing with all that is known of it here."""

    code: str
    kind: Kind
    words: str
    state: str
    sample: Sample | None
    aliquot: Aliquot | None
    holds: tuple[HoldStanding, ...]
    roots: tuple[Branch, ...]
    batches: tuple[str, ...]
    """The batches it was made in, or that what it came from was made in."""
    happened: tuple[Happened, ...]
    events: int
    sound: bool


def thing(session: Session, code: str) -> Thing:
    """Return a coded thing with lineage, holds and history; raises NotFound.

    The history is that of the thing, of all it came from and all that came from it. The number of
    queries does not grow with any of them. Badges, stations and commands are no things here.
    """
    found = subject(session, code)
    if found is None or found.kind in (Kind.BADGE, Kind.STATION, Kind.COMMAND):
        raise NotFound(code=code)
    above, below = ancestors(session, code), descendants(session, code)
    codes = (code, *above, *below)
    aliquots = {
        one.code: one for one in session.scalars(select(Aliquot).where(Aliquot.code.in_(codes)))
    }
    events = events_of(session, codes)
    sound = sound_streams(session, codes)
    # What else stood in its batch is not its history.
    told = [event for event in events if event.content.get("member") in (None, "", *codes)]
    newest = told[: -EVENTS - 1 : -1]
    initials = initials_of(session, {event.actor for event in newest})
    return Thing(
        code=code, kind=found.kind, words=_words(code, aliquots), state=found.state,
        sample=session.get(Sample, code), aliquot=aliquots.get(code),
        holds=blocked(session, code), roots=_tree(session, code, codes, aliquots),
        batches=tuple(sorted(one for one in above if one[0] == Kind.BATCH)),
        happened=tuple(
            Happened(
                event, initials.get(event.actor, event.actor), event.stream in sound,
                "" if event.stream == code else event.stream,
            )
            for event in newest
        ),
        events=len(told), sound=sound == frozenset(codes),
    )  # fmt: skip


def lineage(session: Session, code: str, codes: tuple[str, ...]) -> tuple[Branch, ...]:
    """Return the trees of a thing, all it came from and all that came from it (`codes`)."""
    aliquots = {
        one.code: one for one in session.scalars(select(Aliquot).where(Aliquot.code.in_(codes)))
    }
    return _tree(session, code, codes, aliquots)


def _words(code: str, aliquots: Mapping[str, Aliquot]) -> str:
    aliquot = aliquots.get(code)
    return KIND_WORDS[Kind(code[0])] if aliquot is None else ALIQUOT_WORDS[aliquot.kind]


def _tree(
    session: Session, here: str, codes: tuple[str, ...], aliquots: Mapping[str, Aliquot]
) -> tuple[Branch, ...]:
    """Return the trees that the lineage falls into: those of samples, if any is among them.

    An extract hangs on its aliquot and on its batch; it is drawn once, under its sample.
    """
    links = session.execute(
        select(Derivation.parent, Derivation.child).where(
            or_(Derivation.parent.in_(codes), Derivation.child.in_(codes))
        )
    ).all()
    states = dict(
        session.execute(select(Subject.code, Subject.state).where(Subject.code.in_(codes))).all()
    )
    children: dict[str, list[str]] = {}
    for parent, child in links:
        if parent in states and child in states:
            children.setdefault(parent, []).append(child)
    born = {child for inside in children.values() for child in inside}

    def branch(code: str) -> Branch:
        aliquot, state = aliquots.get(code), states[code]
        return Branch(
            code=code, words=_words(code, aliquots), state=state,
            look="gone" if state in (AliquotState.USED, "consumed") else "",
            mass_ug=aliquot.mass_ug if aliquot else None,
            volume_nl=aliquot.volume_nl if aliquot else None, here=code == here,
            children=tuple(branch(child) for child in sorted(children.get(code, ()))),
        )  # fmt: skip

    roots = sorted(set(codes) - born, key=lambda code: (code[0] not in "BR", code))
    of_samples = [root for root in roots if root[0] in "BR"]
    return tuple(branch(root) for root in of_samples or roots)


def in_detail(event: Event) -> Say | None:
    """Return what an event says beside its words: the figure, code or reason people look for."""
    content = event.content
    if event.tag == Tag.SUBJECT_HOLD_SET:
        return Say(_REASON, {"it": hold_words(HoldReason(str(content["reason"])))})
    if content.get("parents"):
        parents = content["parents"]
        codes = ", ".join(map(str, parents)) if isinstance(parents, list) else str(parents)
        return Say(N_("From %(it)s"), {"it": codes})
    for name, words in _DETAILS.items():
        if content.get(name) not in (None, "", -1):
            return Say(words, {"it": str(content[name])})
    if "to" in content:
        return Say(N_("Now: %(it)s"), {"it": Say(state_look(str(content["to"]))[1])})
    return None


_REASON = N_("Reason: %(it)s")
_DETAILS = {
    "why": _REASON,
    "because": _REASON,
    "tool": N_("Tool: %(it)s"),
    "method": N_("How: %(it)s"),
    "member": N_("Tube %(it)s"),
    "holds": N_("Tube %(it)s"),
    "position": N_("Position %(it)s"),
    "used": N_("Used: %(it)s"),
    "aliquot": N_("Part: %(it)s"),
    "lost_ug": N_("Lost in preparation: %(it)s µg"),
    "photograph_sha256": N_("SHA-256: %(it)s"),
    "label": N_("Label %(it)s"),
}
"""What is looked for in an event's content, the most telling first."""
