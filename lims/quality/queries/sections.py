# SPDX-License-Identifier: Apache-2.0
"""The sections of a package that the laboratory side knows: custody, people, procedures, lots,
instruments, checks, raw files. No name of a person, no place of recovery, no allele.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.codes import threes
from lims.core.words import N_, Say
from lims.custody.queries import GapCheck, ancestors, events_of, gaps_of
from lims.custody.queries.possession import intervals_each
from lims.custody.rules import Event, GapKind, Tag
from lims.equipment.models import Instrument
from lims.genotyping.models import Finding, Injection, Run, RunFile
from lims.genotyping.rules.findings import TITLES
from lims.genotyping.rules.states import SEVERITY_WORDS
from lims.people.models import Authorisation, Person, RoleHeld
from lims.people.queries import initials_of
from lims.people.rules import ACTIVITY_WORDS, ROLE_WORDS
from lims.plates.models import Batch, BatchMember, BatchUse, Plate, Well
from lims.procedures.models import Procedure
from lims.quality.queries.names import names_of
from lims.quality.rules.sections import Both, Cell, Scope, Section
from lims.reagents.models import Lot

PackageSection = Callable[[Session, Scope], Section | None]
"""What a feature adds to a package; None where it has nothing to say of this thing."""

_MINUTE = "%Y-%m-%d %H:%M:%S"


def scope_of(
    session: Session, code: str, streams: Sequence[str], *, size: int, at: datetime
) -> Scope:
    """Return what a package of `code` is about, as the ledger was when it had `size` events.

    `streams` are the things whose events are shown, the thing itself first.
    """
    tracked = tuple(one for one in streams if one[0] not in "GP")
    above = (one for one in (code, *ancestors(session, code)) if one[0] in "GP")
    plates = session.scalars(
        select(Well.plate_code)
        .where(Well.subject_code.in_(tracked), Well.voided_at.is_(None))
        .distinct()
    )
    batches = session.scalars(
        select(BatchMember.batch_code)
        .where(BatchMember.subject_code.in_(tracked), BatchMember.voided_at.is_(None))
        .distinct()
    )
    works = tuple(sorted({*above, *plates, *batches}))
    events = tuple(event for event in events_of(session, streams) if event.index < size)
    return Scope(code, tuple(streams), works, events, at)


def gap_section(checks: Sequence[GapCheck]) -> PackageSection:
    """Return the section that lists the gaps, by what features add to the analysis."""

    def section(session: Session, scope: Scope) -> Section:
        found = [
            gap
            for gap in gaps_of(session, scope.things, checks)
            if gap.kind is not GapKind.UNSIGNED
        ]
        who = initials_of(session, {actor for gap in found for actor in gap.actors})
        rows = tuple(
            (
                threes(gap.code), str(gap.event) if gap.event is not None else "-",
                gap.named(who).say,
            )
            for gap in found
        )  # fmt: skip
        return Section(
            N_("Gaps in the custody"),
            ((N_("Thing"), 16), (N_("Number"), 10), (N_("What is missing or does not fit"), 74)),
            rows,
            N_("No gaps. At every instant somebody held each of these things; acts fit holders,"
               " seals, labels and amounts; no clock went back."),
            first=True,
        )  # fmt: skip

    return section


def custody_section(session: Session, scope: Scope) -> Section:
    """Return who held each thing, where, from when to when."""
    held = intervals_each(session, scope.things)
    every = [one for code in scope.things for one in held.get(code, ())]
    names = names_of(session, {one.holder for one in every}, {one.place for one in every})

    def place(code: str, position: str) -> Cell:
        if not code:
            return "-"
        if code not in names.places:
            return f"{threes(code)} {position}".strip()
        english, arabic = (f"{name} {position}".strip() for name in names.places[code])
        written = f"{english} ({threes(code)})"
        return Both(written, arabic if arabic != english else written)

    return Section(
        N_("Who held it, and where"),
        (
            (N_("Thing"), 15), (N_("Holder"), 23), (N_("Place"), 28), (N_("From (UTC)"), 17),
            (N_("Until (UTC)"), 17),
        ),
        tuple(
            (
                threes(one.code), names.holder(one.holder), place(one.place, one.position),
                _at(one.began_at), _at(one.ended_at) if one.ended_at else Say(N_("now")),
            )
            for one in every
        ),
        N_("Nothing of it is tracked by holder."),
        first=True,
    )  # fmt: skip


def people_section(session: Session, scope: Scope) -> Section:
    """Return who acted, in which role, and what each was authorised for in those days."""
    acts: dict[str, list[Event]] = defaultdict(list)
    for event in scope.events:
        acts[event.actor].append(event)
    refs = {actor[2:]: actor for actor in acts if actor.startswith("u:")}
    people = {one.id: one for one in session.scalars(select(Person).where(Person.ref.in_(refs)))}
    roles: dict[int, list[RoleHeld]] = defaultdict(list)
    for held in session.scalars(
        select(RoleHeld).where(RoleHeld.person_id.in_(people)).order_by(RoleHeld.since, RoleHeld.id)
    ):
        roles[held.person_id].append(held)
    allowed: dict[int, list[Authorisation]] = defaultdict(list)
    for one in session.scalars(
        select(Authorisation)
        .where(Authorisation.person_id.in_(people))
        .order_by(Authorisation.valid_from, Authorisation.id)
    ):
        allowed[one.person_id].append(one)
    rows: list[tuple[Cell, ...]] = []
    for person in sorted(people.values(), key=lambda one: one.initials):
        mine = [event.occurred for event in acts[f"u:{person.ref}"]]
        first, last = min(mine), max(mine)
        role = [held for held in roles[person.id] if held.since <= last]
        valid = [
            one for one in allowed[person.id]
            if one.valid_from <= last.date() and one.valid_until >= first.date()
            and (one.withdrawn_at is None or one.withdrawn_at >= first)
        ]  # fmt: skip
        head: tuple[Cell, ...] = (
            person.initials, Say(ROLE_WORDS[role[-1].role]) if role else "-", _days(first, last),
        )  # fmt: skip
        if not valid:
            rows.append((*head, Say(N_("none recorded")), "-"))
        together: dict[str, list[Say]] = defaultdict(list)
        for one in valid:
            until = one.withdrawn_at.date() if one.withdrawn_at else one.valid_until
            words = Say(ACTIVITY_WORDS[one.activity])
            if words not in together[f"{one.valid_from} - {until}"]:
                together[f"{one.valid_from} - {until}"].append(words)
        for days, activities in together.items():
            rows.append((*head, tuple(activities), days))
            head = ("", "", "")
    others = sorted(actor for actor in acts if not actor.startswith("u:"))
    rows += [
        (actor, Say(N_("machine or console")), _days(*_ends(acts[actor])), "-", "-")
        for actor in others
    ]
    return Section(
        N_("Who acted, and what they were authorised for"),
        (
            (N_("By"), 15), (N_("Role"), 18), (N_("Acts (UTC)"), 21), (N_("Authorised for"), 25),
            (N_("From - until"), 21),
        ),
        tuple(rows), N_("Nobody acted."),
    )  # fmt: skip


def procedure_section(session: Session, scope: Scope) -> Section | None:
    """Return the versions of procedures by which the batches and plates were worked."""
    rows: list[tuple[Cell, ...]] = []
    for table in (Batch, Plate):
        found = session.execute(
            select(table.code, table.activity, table.opened_at, table.completed_at, Procedure)
            .join(Procedure, Procedure.id == table.procedure_id)
            .where(table.code.in_(scope.works))
        )
        rows += [
            (
                threes(row.code), Say(ACTIVITY_WORDS[row.activity]),
                f"{row.Procedure.name} v{row.Procedure.version}",
                f"{row.Procedure.valid_from:%Y-%m-%d} - "
                + (f"{row.Procedure.withdrawn_at:%Y-%m-%d}" if row.Procedure.withdrawn_at else ""),
                _at(row.opened_at), _at(row.completed_at) if row.completed_at else "-",
            )
            for row in found
        ]  # fmt: skip
    if not rows:
        return None
    return Section(
        N_("Procedures"),
        (
            (N_("Batch or plate"), 14), (N_("Activity"), 15), (N_("Procedure"), 15),
            (N_("In force"), 20), (N_("Begun (UTC)"), 18), (N_("Completed (UTC)"), 18),
        ),
        tuple(sorted(rows, key=lambda row: str(row[4]))), N_("None."),
        note=N_("What else stood in these batches and plates is not shown."),
    )  # fmt: skip


def lot_section(session: Session, scope: Scope) -> Section | None:
    """Return the lots that were used, with their expiry and release."""
    found = session.execute(
        select(BatchUse.subject_code, BatchUse.at, Lot)
        .join(Lot, Lot.code == BatchUse.used_code)
        .where(BatchUse.subject_code.in_(scope.works))
        .order_by(BatchUse.at, BatchUse.id)
    ).all()
    if not found:
        return None
    return Section(
        N_("Reagent lots"),
        (
            (N_("Batch or plate"), 14), (N_("Lot"), 13), (N_("Reagent"), 24),
            (N_("Maker's number"), 15), (N_("Used (UTC)"), 18), (N_("Use until"), 16),
        ),
        tuple(
            (
                threes(row.subject_code), threes(row.Lot.code), row.Lot.reagent, row.Lot.number,
                _at(row.at), _good(row.Lot.expires.isoformat(), row.at.date() <= row.Lot.expires),
            )
            for row in found
        ),
        N_("None."),
    )  # fmt: skip


def instrument_section(session: Session, scope: Scope) -> Section | None:
    """Return the instruments that were used, with the calibration that held on that day."""
    found = session.execute(
        select(BatchUse.subject_code, BatchUse.at, Instrument)
        .join(Instrument, Instrument.code == BatchUse.used_code)
        .where(BatchUse.subject_code.in_(scope.works))
        .order_by(BatchUse.at, BatchUse.id)
    ).all()
    if not found:
        return None
    told: dict[str, list[Event]] = defaultdict(list)
    for event in events_of(session, {row.Instrument.code for row in found}):
        if event.tag in (Tag.INSTRUMENT_RECORD_ADDED, Tag.INSTRUMENT_CALIBRATION_RECORDED):
            told[event.stream].append(event)

    def due(instrument: Instrument, at: datetime) -> str:
        """Return until when it was calibrated as was known at an instant."""
        first = next((e for e in told[instrument.code] if "before" in e.content), None)
        known = str(first.content["before"]) if first else instrument.calibration_due.isoformat()
        for event in told[instrument.code]:
            if event.recorded <= at and "until" in event.content:
                known = str(event.content["until"])
        return known

    return Section(
        N_("Instruments"),
        (
            (N_("Batch or plate"), 15), (N_("Instrument"), 27), (N_("Serial number"), 20),
            (N_("Used (UTC)"), 17), (N_("Calibrated until"), 21),
        ),
        tuple(
            (
                threes(row.subject_code), row.Instrument.name, row.Instrument.serial or "-",
                _at(row.at),
                _good(until, row.at.date().isoformat() <= until),
            )
            for row in found
            for until in (due(row.Instrument, row.at),)
        ),
        N_("None."),
    )  # fmt: skip


def check_section(session: Session, scope: Scope) -> Section | None:
    """Return what the checks of the analyzer's runs found, and who decided what about it."""
    injections = _injections(session, scope)
    if not injections:
        return None
    runs = {row.Injection.run_id for row in injections}
    mine = {row.Injection.id for row in injections}
    found = [
        one for one in session.scalars(
            select(Finding).where(Finding.run_id.in_(runs)).order_by(Finding.run_id, Finding.id)
        )
        # Of other wells nothing is told; what is about the whole run is about this thing too.
        if one.injection_id in mine or (one.injection_id is None and one.well_id is None)
    ]  # fmt: skip
    who = initials_of(session, {one.decided_by for one in found if one.decided_by})
    plates = {row.Injection.run_id: row for row in injections}
    wells = {row.Injection.id: row.position for row in injections}

    def decided(one: Finding) -> Cell:
        if one.decided_at is None:
            return "-"
        by = who.get(one.decided_by or "", one.decided_by or "")
        return Say(
            N_("overruled by %(who)s, %(at)s: %(why)s"),
            {"who": by, "at": _at(one.decided_at), "why": one.decision},
        )

    return Section(
        N_("Checks of the analyzer's runs"),
        (
            (N_("Plate"), 14), (N_("Well"), 8), (N_("Check"), 30), (N_("Locus"), 10),
            (N_("Verdict"), 13), (N_("Decision"), 25),
        ),
        tuple(
            (
                threes(plates[one.run_id].plate_code), wells.get(one.injection_id or 0, "-"),
                Say(TITLES.get(one.rule, one.rule)), one.locus or "-",
                Say(SEVERITY_WORDS[one.severity]), decided(one),
            )
            for one in found
        ),
        N_("Every check was passed."),
        note=N_("What was seen at a locus is not shown: it would tell alleles."),
    )  # fmt: skip


def raw_file_section(session: Session, scope: Scope) -> Section | None:
    """Return the hashes of the analyzer's raw files of this thing."""
    injections = _injections(session, scope)
    if not injections:
        return None
    return Section(
        N_("Raw files of the analyzer"),
        (
            (N_("Plate"), 13), (N_("Well"), 7), (N_("Analyzer, its own clock"), 24),
            (N_("Bytes"), 9), (N_("SHA-256"), 47),
        ),
        tuple(
            (
                threes(row.plate_code), row.position, f"{row.instrument} {row.started}",
                str(row.size), row.Injection.sha256,
            )
            for row in injections
        ),
        N_("None."),
        note=N_("Whoever holds such a file can compare it: the same bytes have the same hash."),
    )  # fmt: skip


LABORATORY_SECTIONS: tuple[PackageSection, ...] = (
    custody_section,
    people_section,
    procedure_section,
    lot_section,
    instrument_section,
    check_section,
    raw_file_section,
)


def _injections(session: Session, scope: Scope) -> Sequence[Any]:
    return session.execute(
        select(Injection, Well.plate_code, Well.position, Run.instrument, Run.started, RunFile.size)
        .join(Well, Well.id == Injection.well_id)
        .join(Run, Run.id == Injection.run_id)
        .join(RunFile, RunFile.sha256 == Injection.sha256)
        .where(Well.subject_code.in_(scope.things))
        .order_by(Injection.id)
    ).all()


def _at(instant: datetime) -> str:
    return f"{instant:{_MINUTE}}"


def _days(first: datetime, last: datetime) -> str:
    same = first.date() == last.date()
    return f"{first:%Y-%m-%d}" if same else f"{first:%Y-%m-%d} - {last:%Y-%m-%d}"


def _ends(events: Iterable[Event]) -> tuple[datetime, datetime]:
    every = [event.occurred for event in events]
    return min(every), max(every)


def _good(until: str, held: bool) -> Cell:
    """Return a day, with a warning where it was over already."""
    return until if held else Say(N_("%(day)s: over on that day"), {"day": until})
