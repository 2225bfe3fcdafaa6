# SPDX-License-Identifier: Apache-2.0
"""The sample in hand at a preparation bench: what is to be done with it, its part, its rest."""

from dataclasses import replace

from sqlalchemy.orm import Session

from lims.core.actors import Actor
from lims.core.codes import threes
from lims.core.scans import Ask, Outcome, Verdict, Visit
from lims.core.words import N_, Say
from lims.people.rules import Line
from lims.preparation.operations.sets import (
    take_part,
    weigh_rest,
)
from lims.preparation.queries import (
    asked_of,
    standing_of,
)
from lims.preparation.rules import (
    PICTURE_WORDS,
    TOOL_WORDS,
    PictureOf,
    missing_cleaning,
    missing_photographs,
    missing_tools,
)
from lims.samples.operations import (
    Taken,
    ask_second,
    what_is,
)
from lims.samples.queries import powder_left, sample_of
from lims.samples.rules import (
    ALIQUOT_WORDS,
    LYSATE_NL,
    AliquotKind,
    CommandMeansNothing,
    Material,
    SecondPersonAwaited,
    read_mass,
    read_thousandths,
    read_volume,
    thousandths,
)

MASS, VOLUME, PUNCH, REASON, REMAINS, TOOL, FINISH = (
    "mass", "volume", "punch", "reason", "remains", "tool", "finish",
)  # fmt: skip
"""The steps of work in a set; the first two, the reason, what remains and the tool are asked."""
NEXT_SAMPLE = N_("Scan the next sample, or a tool that was decontaminated; DONE when all are done.")


def set_of(visit: Visit) -> str:
    if visit.focus is None:
        raise CommandMeansNothing()
    return visit.focus


def in_hand(
    session: Session, visit: Visit, code: str, *, reason: str, say: Say | None = None
) -> Outcome:
    """Say what is still to be done with the sample in hand, and ask for what is measured."""
    set_code, sample = set_of(visit), sample_of(session, code)
    left = still(session, set_code, code)
    memory = {REASON: reason} if reason else {}
    if sample.material is Material.BLOOD_CARD and not left:
        return take(session, visit, code, reason=reason)
    step, ask = PUNCH, None
    ready = Say(N_("DONE punches it."))
    if sample.line is Line.BONE:
        step, ask = MASS, Ask(MASS, Say(N_("Powder mass")), unit="mg")
        ready = Say(N_("Grind, weigh the powder and enter its mass."))
    elif sample.material is Material.BUCCAL_SWAB:
        step = VOLUME
        ask = Ask(VOLUME, Say(N_("Lysate volume")), unit="µl", suggestion=thousandths(LYSATE_NL))
        ready = Say(N_("Lyse the swab and enter the volume; DONE takes what is suggested."))
    if say is None:
        say = Say(N_("%(code)s: %(what)s."), {"code": threes(code), "what": what_is(sample)})
        if sample.line is Line.BONE:
            say = Say(
                N_("%(code)s: %(what)s, %(left)s mg left."),
                {
                    "code": threes(code), "what": what_is(sample),
                    "left": thousandths(powder_left(session, sample)),
                },
            )  # fmt: skip
    return Outcome(
        Verdict.ACCEPTED, say, next=left[0] if left else ready, subject=code, focus=set_code,
        held=code, step=step, memory=memory, ask=ask,
    )  # fmt: skip


def still(session: Session, set_code: str, code: str) -> list[Say]:
    asked, standing = asked_of(session, set_code), standing_of(session, set_code, code)
    found = [
        Say(N_("Photograph it with scale: %(when)s."), {"when": Say(PICTURE_WORDS[when])})
        for when in missing_photographs(asked, standing, PictureOf.BEFORE)
    ]
    if missing_cleaning(asked, standing):
        found.append(Say(N_("Clean it. DONE: all cleaned as in the procedure.")))
    found += [
        Say(N_("Scan the tool: %(tool)s."), {"tool": Say(TOOL_WORDS[kind])})
        for kind in missing_tools(asked, standing)
    ]
    return found


def take(
    session: Session, visit: Visit, code: str, *, reason: str, read: str = "",
    witness: Actor | None = None,
) -> Outcome:  # fmt: skip
    set_code, sample = set_of(visit), sample_of(session, code)
    bone, swab = sample.line is Line.BONE, sample.material is Material.BUCCAL_SWAB
    mass = read_mass(read) if bone else None
    volume = read_volume(read) if swab and read else LYSATE_NL
    try:
        with session.begin_nested():
            taken = take_part(
                session, set_code, code, mass_ug=mass, volume_nl=volume, by=visit.by, at=visit.at,
                station=visit.station, reason=reason, witness=witness,
            )  # fmt: skip
    except SecondPersonAwaited as refused:
        return ask_second(replace(visit, held=code), refused, **{MASS: read, REASON: reason})
    kind = AliquotKind.POWDER if bone else AliquotKind.LYSATE if swab else AliquotKind.PUNCH
    amount = f"{thousandths(mass)} mg" if mass is not None else (
        f"{thousandths(volume)} µl" if swab else ""
    )  # fmt: skip
    return _taken(session, visit, code, taken, kind, amount)


def _taken(
    session: Session, visit: Visit, code: str, taken: Taken, kind: AliquotKind, amount: str
) -> Outcome:
    values: dict[str, str | int | Say] = {
        "part": threes(taken.code), "kind": Say(ALIQUOT_WORDS[kind]), "code": threes(code),
    }  # fmt: skip
    say = Say(N_("%(part)s is taken of %(code)s: %(kind)s."), values)
    if amount:
        say = Say(
            N_("%(part)s is taken of %(code)s: %(kind)s, %(amount)s."), values | {"amount": amount}
        )
    labels = (taken.label,) if taken.label else ()
    if kind is not AliquotKind.POWDER:
        return Outcome(
            Verdict.ACCEPTED, say, subject=taken.code, focus=visit.focus, labels=labels,
            next=Say(N_("Put the new label on the tube and scan it. Then scan the next sample.")),
        )  # fmt: skip
    left = powder_left(session, sample_of(session, code))
    return Outcome(
        Verdict.ACCEPTED, say,
        next=Say(
            N_("Label the tube and scan it. Weigh what remains of the bone, or go on: scan the"
               " tool or the next sample.")
        ),
        subject=taken.code, focus=visit.focus, held=code, step=REMAINS, labels=labels,
        ask=Ask(
            REMAINS, Say(N_("What remains of the bone")), unit="mg", suggestion=thousandths(left)
        ),
    )  # fmt: skip


def rest(
    session: Session, visit: Visit, code: str, read: str, *, witness: Actor | None = None
) -> Outcome:
    remains = read_thousandths(read, unit="mg")
    try:
        with session.begin_nested():
            gone = weigh_rest(
                session, set_of(visit), code, remains, by=visit.by, at=visit.at,
                station=visit.station, witness=witness,
            )  # fmt: skip
    except SecondPersonAwaited as refused:
        return ask_second(visit, refused, **{REMAINS: read})
    return Outcome(
        Verdict.ACCEPTED,
        Say(
            N_("%(code)s: %(remains)s mg remain, %(lost)s mg are lost."),
            {
                "code": threes(code), "remains": thousandths(remains), "lost": thousandths(gone),
            },
        ),
        next=Say(NEXT_SAMPLE), subject=code, focus=visit.focus,
    )  # fmt: skip
