# SPDX-License-Identifier: Apache-2.0
"""The lineage of a thing in whole: where it came from, what became of it, by what and by whom."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.core.codes import Kind
from lims.core.errors import NotFound
from lims.custody.models import Derivation, Subject
from lims.custody.queries import ancestors, descendants
from lims.genotyping.models import Injection, Profile, RunFile
from lims.people.queries import initials_of
from lims.plates.models import Batch, BatchMember, Plate, Well
from lims.plates.queries import Used, uses_of
from lims.procedures.models import Procedure
from lims.repeats.queries import repeats_of


@dataclass(frozen=True)
class Node:
    """A thing of the lineage."""

    code: str
    kind: str
    state: str
    made_at: datetime
    parents: tuple[tuple[str, str], ...]
    """The codes of what it was made of, each with how."""


@dataclass(frozen=True)
class Standing:
    """Where a thing stood: a rack position of a batch or a well of a plate; `voided` taken back."""

    code: str
    work: str
    position: str
    role: str
    volume_nl: int | None
    at: datetime
    by: str
    voided: bool
    source: tuple[str, str] | None
    """The plate and well it was carried over from."""


@dataclass(frozen=True)
class Work:
    """A batch or plate: by which procedure, with which lots and instruments, by whom."""

    code: str
    activity: str
    procedure: str
    version: int
    opened_at: datetime
    opened_by: str
    completed_at: datetime | None
    used: tuple[Used, ...]


@dataclass(frozen=True)
class Result:
    """An injection of one of its wells, and the profiles that stand on it."""

    plate: str
    position: str
    sha256: str
    file: str
    run: int
    profiles: tuple[tuple[str, int, str], ...]
    """Sample, version and state of each."""


@dataclass(frozen=True)
class Again:
    """Work that was asked to be done again: of what, why, and the work that took it up."""

    code: str
    kind: str
    parent: str | None
    position: str
    reason: str
    words: str
    at: datetime
    by: str
    done_by: str | None
    withdrawn: str


@dataclass(frozen=True)
class Lineage:
    """All of it. Persons are initials, where the laboratory knows them."""

    code: str
    above: tuple[Node, ...]
    thing: Node
    below: tuple[Node, ...]
    standings: tuple[Standing, ...]
    works: tuple[Work, ...]
    results: tuple[Result, ...]
    repeats: tuple[Again, ...]


_WORKS = (Kind.BATCH, Kind.PLATE)


def lineage_of(session: Session, code: str) -> Lineage:
    """Return the lineage of a coded thing. Raises NotFound.

    The queries grow with the number of its batches and plates, not with what else stands in them.
    """
    if session.get(Subject, code) is None:
        raise NotFound(code=code)
    above, below = ancestors(session, code), descendants(session, code)
    codes = (code, *above, *below)
    nodes = {
        one.code: Node(one.code, one.kind.value, one.state, one.created_at, ())
        for one in session.scalars(select(Subject).where(Subject.code.in_(codes)))
    }
    links: dict[str, list[tuple[str, str]]] = {}
    for link in session.scalars(
        select(Derivation).where(Derivation.child.in_(codes)).order_by(Derivation.parent)
    ):
        links.setdefault(link.child, []).append((link.parent, link.reason))
    whole = {
        one: Node(node.code, node.kind, node.state, node.made_at, tuple(links.get(one, ())))
        for one, node in nodes.items()
    }
    standings, wells = _standings(session, codes)
    works = _works(
        session, {one.work for one in standings} | {one for one in codes if one[0] in _WORKS}
    )
    return Lineage(
        code, tuple(whole[one] for one in above), whole[code], tuple(whole[one] for one in below),
        standings, works, _results(session, wells), _repeats(session, codes),
    )  # fmt: skip


def _repeats(session: Session, codes: tuple[str, ...]) -> tuple[Again, ...]:
    asked = repeats_of(session, codes)
    who = initials_of(session, {one.asked_by for one in asked})
    return tuple(
        Again(
            one.thing_code, one.kind.value, one.parent_code, one.position, one.reason.value,
            one.words, one.asked_at, who.get(one.asked_by, one.asked_by), one.done_by,
            one.withdrawn,
        )
        for one in asked
    )  # fmt: skip


def _standings(
    session: Session, codes: Iterable[str]
) -> tuple[tuple[Standing, ...], dict[int, Well]]:
    asked = tuple(codes)
    members = session.scalars(select(BatchMember).where(BatchMember.subject_code.in_(asked))).all()
    wells = session.scalars(select(Well).where(Well.subject_code.in_(asked))).all()
    from_ids = {one.source_id for one in wells if one.source_id is not None}
    sources = {
        one.id: (one.plate_code, one.position)
        for one in session.scalars(select(Well).where(Well.id.in_(from_ids)))
    }
    who = initials_of(
        session, {one.placed_by for one in members} | {one.filled_by for one in wells}
    )
    found = [
        Standing(
            one.subject_code or "", one.batch_code, one.position, one.role.value, None,
            one.placed_at, who.get(one.placed_by, one.placed_by), one.voided_at is not None, None,
        )
        for one in members
    ] + [
        Standing(
            one.subject_code or "", one.plate_code, one.position, one.role.value, one.volume_nl,
            one.filled_at, who.get(one.filled_by, one.filled_by), one.voided_at is not None,
            None if one.source_id is None else sources.get(one.source_id),
        )
        for one in wells
    ]  # fmt: skip
    ordered = tuple(sorted(found, key=lambda one: (one.at, one.work, one.position)))
    return ordered, {one.id: one for one in wells if one.voided_at is None}


def _works(session: Session, codes: Iterable[str]) -> tuple[Work, ...]:
    asked = tuple(codes)
    rows: list[tuple[Batch | Plate, Procedure]] = [
        (batch, procedure)
        for batch, procedure in session.execute(
            select(Batch, Procedure)
            .join(Procedure, Procedure.id == Batch.procedure_id)
            .where(Batch.code.in_(asked))
        )
    ]
    rows += [
        (plate, procedure)
        for plate, procedure in session.execute(
            select(Plate, Procedure)
            .join(Procedure, Procedure.id == Plate.procedure_id)
            .where(Plate.code.in_(asked))
        )
    ]
    who = initials_of(session, {work.opened_by for work, _ in rows})
    found = [
        Work(
            work.code, work.activity.value, procedure.name, procedure.version, work.opened_at,
            who.get(work.opened_by, work.opened_by), work.completed_at,
            uses_of(session, work.code),
        )
        for work, procedure in rows
    ]  # fmt: skip
    return tuple(sorted(found, key=lambda one: (one.opened_at, one.code)))


def _results(session: Session, wells: dict[int, Well]) -> tuple[Result, ...]:
    rows = session.execute(
        select(Injection, RunFile.name)
        .join(RunFile, RunFile.sha256 == Injection.sha256)
        .where(Injection.well_id.in_(wells))
        .order_by(Injection.id)
    ).all()
    profiles: dict[int, list[tuple[str, int, str]]] = {}
    for one in session.scalars(
        select(Profile)
        .where(Profile.injection_id.in_([injection.id for injection, _ in rows]))
        .order_by(Profile.id)
    ):
        profiles.setdefault(one.injection_id, []).append(
            (one.sample_code, one.version, one.state.value)
        )
    return tuple(
        Result(
            wells[injection.well_id].plate_code, wells[injection.well_id].position,
            injection.sha256, name, injection.run_id, tuple(profiles.get(injection.id, ())),
        )
        for injection, name in rows
    )  # fmt: skip
