# SPDX-License-Identifier: Apache-2.0
"""Whose remains they are: now, and as it was known at an instant."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, aliased

from lims.cases.models import (
    Assignment,
    BoneSampling,
    Individual,
    IndividualDecision,
    Item,
)
from lims.cases.queries.remains import PAGE, CaseShown, ItemShown, SamplingShown, cases_of
from lims.cases.queries.remains import items_of as items_by_ref
from lims.cases.queries.remains import samplings as samplings_by_ref
from lims.core.errors import NotFound
from lims.core.sealing import Vault


@dataclass(frozen=True)
class DecisionShown:
    """A decision, opened: what it gave to whom. `to` is by the ref of each thing, None nobody."""

    decision: IndividualDecision
    reason: str
    evidence: str
    to: dict[str, str | None]
    undone: bool

    @property
    def individuals(self) -> set[str]:
        """The individuals that it gave something to."""
        return {ref for ref in self.to.values() if ref is not None}


@dataclass(frozen=True)
class IndividualShown:
    """An individual with what is assigned to it, and the cases that this comes from."""

    individual: Individual
    items: tuple[ItemShown, ...]
    samplings: tuple[SamplingShown, ...]
    cases: tuple[CaseShown, ...]
    decisions: tuple[DecisionShown, ...]


def individual(
    session: Session, vault: Vault, ref: str, *, on: datetime | None = None
) -> IndividualShown:
    """Return an individual as it is known now, or as it was known at `on`. Raises NotFound."""
    row = session.get(Individual, ref)
    if row is None:
        raise NotFound(code=ref[:40])
    vault.key(session, row.key_ref)
    held = _standing(session, Assignment.individual_ref == ref, on)
    items = items_by_ref(session, vault, {one.item_ref for one in held if one.item_ref})
    taken = samplings_by_ref(session, vault, {one.sampling_ref for one in held if one.sampling_ref})
    cases = {one.item.case_ref for one in items} | {one.case_ref for one in taken}
    touched = (
        select(Assignment.decision_ref)
        .where(Assignment.individual_ref == ref)
        .union(
            # What took something from it: the version after one of its own.
            select(_LATER.decision_ref)
            .join(Assignment, _follows(Assignment))
            .where(Assignment.individual_ref == ref)
        )
    )
    asked: ColumnElement[bool] = IndividualDecision.ref.in_(touched)
    if on is not None:
        asked &= IndividualDecision.decided_at <= on
    return IndividualShown(
        row, items, taken, cases_of(session, vault, cases), decisions(session, vault, asked)
    )


def individuals(
    session: Session, *, before: int | None = None, limit: int = PAGE
) -> Sequence[Individual]:
    """Return individuals, the newest first; below the number `before`."""
    asked = select(Individual).order_by(Individual.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(Individual.number < before)
    return session.scalars(asked).all()


def individual_numbered(session: Session, number: int) -> Individual:
    """Return the individual with a number. Raises NotFound."""
    row = session.scalar(select(Individual).where(Individual.number == number))
    if row is None:
        raise NotFound(code=f"I-{number}")
    return row


def assigned(
    session: Session, refs: Collection[str], *, on: datetime | None = None
) -> dict[str, Individual]:
    """Return the individual of each item and sampling; a sampling without one has its item's."""
    own = {
        one.thing_ref: one
        for column in (Assignment.item_ref, Assignment.sampling_ref)
        for one in _standing(session, column.in_(refs), on)
    }
    of_sampling = dict(
        session.execute(
            select(BoneSampling.ref, BoneSampling.item_ref).where(BoneSampling.ref.in_(refs))
        ).all()
    )
    missing = {item for ref, item in of_sampling.items() if ref not in own} - set(own)
    if missing:
        for one in _standing(session, Assignment.item_ref.in_(missing), on):
            own[one.thing_ref] = one
    of = {
        ref: standing.individual_ref
        for ref in refs
        if (standing := own.get(ref) or own.get(of_sampling.get(ref, ""))) is not None
    }
    rows = {
        row.ref: row
        for row in session.scalars(select(Individual).where(Individual.ref.in_(set(of.values()))))
    }
    return {ref: rows[to] for ref, to in of.items() if to is not None}


def individuals_of_case(
    session: Session, case_ref: str, *, on: datetime | None = None
) -> tuple[Individual, ...]:
    """Return the individuals to whom remains of a case are assigned, by their number."""
    items = select(Item.ref).where(Item.case_ref == case_ref)
    taken = select(BoneSampling.ref).where(BoneSampling.item_ref.in_(items))
    refs = {
        one.individual_ref
        for which in (Assignment.item_ref.in_(items), Assignment.sampling_ref.in_(taken))
        for one in _standing(session, which, on)
        if one.individual_ref
    }
    return tuple(
        session.scalars(
            select(Individual).where(Individual.ref.in_(refs)).order_by(Individual.number)
        )
    )


def decisions_of_case(session: Session, vault: Vault, case_ref: str) -> tuple[DecisionShown, ...]:
    """Return what was decided of the remains of a case, the newest first."""
    items = select(Item.ref).where(Item.case_ref == case_ref)
    taken = select(BoneSampling.ref).where(BoneSampling.item_ref.in_(items))
    touched = (
        select(Assignment.decision_ref)
        .where(Assignment.item_ref.in_(items))
        .union(select(Assignment.decision_ref).where(Assignment.sampling_ref.in_(taken)))
    )
    return decisions(session, vault, IndividualDecision.ref.in_(touched))


def decisions(
    session: Session, vault: Vault, which: ColumnElement[bool], *, limit: int = PAGE
) -> tuple[DecisionShown, ...]:
    """Return decisions, opened, the newest first."""
    rows = session.scalars(
        select(IndividualDecision)
        .where(which)
        .order_by(IndividualDecision.decided_at.desc(), IndividualDecision.ref)
        .limit(limit)
    ).all()
    keys = vault.keys(session, {row.key_ref for row in rows})
    refs = [row.ref for row in rows]
    given: dict[str, dict[str, str | None]] = {}
    for one in session.scalars(select(Assignment).where(Assignment.decision_ref.in_(refs))):
        given.setdefault(one.decision_ref, {})[one.thing_ref] = one.individual_ref
    undone = set(
        session.scalars(
            select(IndividualDecision.undoes).where(IndividualDecision.undoes.in_(refs))
        )
    )
    return tuple(
        DecisionShown(
            row, keys[row.key_ref].open(row.reason, row, "reason"),
            keys[row.key_ref].open(row.evidence, row, "evidence"), given.get(row.ref, {}),
            row.ref in undone,
        )
        for row in rows
        if row.key_ref in keys
    )  # fmt: skip


_LATER = aliased(Assignment)


def _follows(one: type[Assignment]) -> ColumnElement[bool]:
    """Say that a version follows another of the same thing."""
    return (_LATER.previous == one.number) & (
        (_LATER.item_ref == one.item_ref) | (_LATER.sampling_ref == one.sampling_ref)
    )


def _standing(
    session: Session, which: ColumnElement[bool], on: datetime | None
) -> Sequence[Assignment]:
    """Return the assignments that stand, or stood at `on`: no later version follows them."""
    later = select(_LATER.ref).where(_follows(Assignment))
    asked = select(Assignment).where(which)
    if on is not None:
        later = later.where(_LATER.decided_at <= on)
        asked = asked.where(Assignment.decided_at <= on)
    return session.scalars(asked.where(~later.exists()).order_by(Assignment.ref)).all()
