# SPDX-License-Identifier: Apache-2.0
"""What a scan means at the reception and at the preparation bench."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import Kind, Payload, threes
from lims.core.scans import PIN, Ask, Command, Entry, Meaning, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.custody.rules import InStorage
from lims.people.queries import who
from lims.samples.models import Sample
from lims.samples.operations.second import SECOND, ask_second, take_badge
from lims.samples.operations.taking import (
    Taken,
    accept_sample,
    check_preparation,
    take_lysate,
    take_powder,
    take_punch,
)
from lims.samples.queries import powder_left, sample_of, unused_aliquot
from lims.samples.rules import (
    ALIQUOT_WORDS,
    ELEMENT_WORDS,
    LYSATE_NL,
    MATERIAL_WORDS,
    SIDE_WORDS,
    AliquotKind,
    CommandMeansNothing,
    EntryAwaited,
    Line,
    Material,
    NotASample,
    SecondPersonAwaited,
    Side,
    read_mass,
    read_volume,
    thousandths,
)
from lims.storage.operations import require_at_hand

MASS, VOLUME, REASON = "mass", "volume", "reason"
"""What the preparation bench asks for; also the names of its steps."""

NEXT_SAMPLE = N_("Scan the next sample.")


def _receive(session: Session, visit: Visit, payload: Payload) -> Outcome:
    sample = accept_sample(session, payload.code, by=visit.by, at=visit.at, station=visit.station)
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("%(code)s is accepted: %(what)s."),
            {"code": threes(sample.code), "what": what_is(sample)},
        ),
        next=Say(NEXT_SAMPLE), subject=sample.code, focus=sample.code,
    )  # fmt: skip


def _receive_command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("At reception each sample that comes from coding is scanned once.")),
            next=Say(NEXT_SAMPLE), focus=visit.focus,
        )  # fmt: skip
    if command in (Command.DONE, Command.NEXT):
        return Outcome(Verdict.ACCEPTED, Say(N_("Nothing is open here.")), next=Say(NEXT_SAMPLE))
    raise CommandMeansNothing()


def _no_entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    raise CommandMeansNothing()


def _prepare(session: Session, visit: Visit, payload: Payload) -> Outcome:
    if payload.kind is Kind.BADGE and visit.step == SECOND:
        return take_badge(session, visit, payload.code)
    if visit.step and visit.focus is not None and payload.code != visit.focus:
        raise EntryAwaited(code=visit.focus)
    if payload.kind not in (Kind.BONE, Kind.REFERENCE):
        raise NotASample(code=payload.code)
    sample = check_preparation(
        session, payload.code, by=visit.by, at=visit.at, station=visit.station
    )
    # What is ground cannot be made whole: whoever does not hold it learns so before, not after.
    with suppress(InStorage):
        require_at_hand(session, sample.code, visit.by)
    there = unused_aliquot(session, sample.code)
    if there is not None:
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s has an unused part already: %(aliquot)s, taken by %(who)s."),
                {
                    "code": threes(sample.code), "aliquot": threes(there.code),
                    "who": who(session, there.taken_by),
                },
            ),
            next=Say(N_("Say why a second one is needed, or scan UNDO.")),
            subject=sample.code, focus=sample.code, step=REASON,
            ask=Ask(
                REASON, Say(N_("Why a second part?")),
                choices=tuple((word, Say(word)) for word in SECOND_PART),
            ),
        )  # fmt: skip
    return _ask_amount(session, visit, sample, reason="")


SECOND_PART = (
    N_("The first part is lost or spilt."),
    N_("The first part is not enough."),
    N_("The procedure asks for two."),
)
"""Reasons for a second part, as stored and as shown."""


def _ask_amount(session: Session, visit: Visit, sample: Sample, *, reason: str) -> Outcome:
    if sample.material is Material.BLOOD_CARD:
        taken = take_punch(
            session, sample.code, by=visit.by, at=visit.at, station=visit.station, reason=reason
        )
        return _taken(sample, taken, AliquotKind.PUNCH, amount="")
    memory = {REASON: reason} if reason else {}
    if sample.line is Line.BONE:
        left = powder_left(session, sample)
        return Outcome(
            Verdict.ACCEPTED,
            Say(
                N_("%(code)s: %(what)s, %(left)s mg left."),
                {
                    "code": threes(sample.code), "what": what_is(sample),
                    "left": thousandths(left),
                },
            ),
            next=Say(N_("Grind, weigh the powder and enter its mass.")),
            subject=sample.code, focus=sample.code, step=MASS, memory=memory,
            ask=Ask(MASS, Say(N_("Powder mass")), unit="mg"),
        )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED,
        Say(N_("%(code)s: %(what)s."), {"code": threes(sample.code), "what": what_is(sample)}),
        next=Say(N_("Lyse the swab and enter the volume; DONE takes what is suggested.")),
        subject=sample.code, focus=sample.code, step=VOLUME, memory=memory,
        ask=Ask(
            VOLUME, Say(N_("Lysate volume")), unit="µl", suggestion=thousandths(LYSATE_NL)
        ),
    )  # fmt: skip


def _prepare_entry(session: Session, visit: Visit, entry: Entry) -> Outcome:
    confirmed = entry.confirmed if entry.name == PIN and visit.step == SECOND else None
    if visit.focus is None or (confirmed is None and entry.name != visit.step):
        raise CommandMeansNothing()
    sample = sample_of(session, visit.focus)
    reason = visit.memory.get(REASON, "")
    if confirmed is not None:
        return _grind(session, visit, sample, visit.memory[MASS], reason, witness=confirmed)
    if entry.name == REASON:
        check_preparation(session, sample.code, by=visit.by, at=visit.at, station=visit.station)
        return _ask_amount(session, visit, sample, reason=entry.value.strip()[:200])
    if entry.name == MASS:
        return _grind(session, visit, sample, entry.value, reason)
    return _lyse(session, visit, sample, read_volume(entry.value), reason=reason)


def _grind(
    session: Session,
    visit: Visit,
    sample: Sample,
    read: str,
    reason: str,
    *,
    witness: Actor | None = None,
) -> Outcome:
    mass = read_mass(read)
    try:
        taken = take_powder(
            session, sample.code, mass, by=visit.by, at=visit.at, station=visit.station,
            reason=reason, witness=witness,
        )  # fmt: skip
    except SecondPersonAwaited as refused:
        # Refused before anything was done: a colleague can still confirm.
        return ask_second(visit, refused, **{MASS: read, REASON: reason})
    return _taken(sample, taken, AliquotKind.POWDER, amount=f"{thousandths(mass)} mg")


def _lyse(
    session: Session, visit: Visit, sample: Sample, volume_nl: int, *, reason: str
) -> Outcome:
    taken = take_lysate(
        session, sample.code, volume_nl=volume_nl, by=visit.by, at=visit.at,
        station=visit.station, reason=reason,
    )  # fmt: skip
    return _taken(sample, taken, AliquotKind.LYSATE, amount=f"{thousandths(volume_nl)} µl")


def _taken(sample: Sample, taken: Taken, kind: AliquotKind, *, amount: str) -> Outcome:
    values: dict[str, str | int | Say] = {
        "part": threes(taken.code), "kind": Say(ALIQUOT_WORDS[kind]),
        "code": threes(sample.code),
    }  # fmt: skip
    if amount:
        say = Say(
            N_("%(part)s is taken of %(code)s: %(kind)s, %(amount)s."), values | {"amount": amount}
        )
    else:
        say = Say(N_("%(part)s is taken of %(code)s: %(kind)s."), values)
    return Outcome(
        Verdict.ACCEPTED, say,
        next=Say(N_("Put the new label on the tube and scan it. Then scan the next sample.")),
        subject=taken.code, focus=sample.code, labels=(taken.label,) if taken.label else (),
    )  # fmt: skip


def _prepare_command(session: Session, visit: Visit, command: Command) -> Outcome:
    if command is Command.DONE and visit.step == VOLUME and visit.focus is not None:
        return _lyse(
            session, visit, sample_of(session, visit.focus), LYSATE_NL,
            reason=visit.memory.get(REASON, ""),
        )  # fmt: skip
    if command is Command.DONE and visit.step and visit.focus is not None:
        raise EntryAwaited(code=visit.focus)
    if command is Command.UNDO and visit.step and visit.focus is not None:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("%(code)s is set aside: nothing was taken."), {"code": threes(visit.focus)}),
            next=Say(NEXT_SAMPLE),
        )
    if command in (Command.DONE, Command.NEXT) and not visit.step:
        return Outcome(Verdict.ACCEPTED, Say(N_("Nothing is open here.")), next=Say(NEXT_SAMPLE))
    if command is Command.HELP and visit.step and visit.focus is not None:
        # Says again what is awaited, and asks for it again.
        return _prepare(session, replace(visit, step=""), Payload(visit.focus, ""))
    if command is Command.HELP:
        return Outcome(
            Verdict.ACCEPTED,
            Say(N_("Scan an accepted sample, enter what was taken, label the tube, scan it.")),
            next=Say(NEXT_SAMPLE), focus=visit.focus,
        )  # fmt: skip
    raise CommandMeansNothing()


def what_is(sample: Sample) -> Say:
    """Return in words what a sample is: “femur, left”, or its material."""
    if not sample.element:
        return Say(MATERIAL_WORDS[sample.material])
    # An element without a word of its own is shown as it was written.
    element = Say(ELEMENT_WORDS.get(sample.element, "%(element)s"), {"element": sample.element})
    if sample.side is Side.UNKNOWN:
        return element
    return Say("%(element)s, %(side)s", {"element": element, "side": Say(SIDE_WORDS[sample.side])})


def _picture(session: Session, visit: Visit) -> Mapping[str, object]:
    if visit.focus is None:
        return {"sample": None}
    sample = sample_of(session, visit.focus)
    return {
        "sample": sample,
        "what": what_is(sample),
        "left_ug": powder_left(session, sample) if sample.line is Line.BONE else None,
        "step": visit.step,
    }


MEANING_RECEPTION = Meaning(
    scan=_receive, command=_receive_command, entry=_no_entry,
    fragment="samples/station.html", picture=_picture,
)  # fmt: skip
MEANING_PREPARATION = replace(
    MEANING_RECEPTION,
    scan=_prepare,
    command=_prepare_command,
    entry=_prepare_entry,
    badges=frozenset({SECOND}),
)
