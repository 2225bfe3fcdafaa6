# SPDX-License-Identifier: Apache-2.0
"""Deciding whose remains they are: assigned, split, joined, undone, and nothing rewritten.

A decision writes a new version of the assignment of each thing that it is about; what was
assigned before stands in the version before.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lims.cases.models import (
    Assignment,
    BoneSampling,
    Individual,
    IndividualDecision,
    Item,
)
from lims.cases.operations.recording import added, found
from lims.cases.operations.sealed import record_sealed
from lims.cases.rules import (
    AlreadySo,
    DecidedAgain,
    DecisionKind,
    EvidenceNeeded,
    NothingChosen,
    OneIndividual,
    SecondPersonMissing,
    check_reason,
    is_reason,
)
from lims.core.actors import Actor
from lims.core.errors import NotFound, Stale
from lims.core.sealing import Vault, new_ref
from lims.custody.rules import Tag

NEW = "new"
"""How the choice of a new individual begins."""
ATTEMPTS = 5
"""At a number for a new individual, while others open theirs at the same moment."""


def decide(
    session: Session,
    vault: Vault,
    choices: Mapping[str, str | None],
    *,
    reason: str,
    evidence: str,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> str:
    """Decide for each item or sampling whose it is; return the ref of the decision.

    By the ref of a thing: the ref of an individual, None for nobody, or a word that begins with
    "new": things of one such word belong to one new individual, so that two words split.
    Raises NothingChosen, NotFound, ReasonNeeded, EvidenceNeeded, SecondPersonMissing, AlreadySo.
    """
    opened = {
        choice: _open_individual(session, vault, by=by, at=at)
        for choice in sorted({one for one in choices.values() if one and one.startswith(NEW)})
    }
    to: dict[str, str | None] = {}
    for ref, choice in choices.items():
        if choice is None or choice in opened:
            to[ref] = opened[choice] if choice else None
        else:
            to[ref] = found(session, Individual, choice).ref
    kind = DecisionKind.ASSIGNED
    if len(opened) > 1:
        kind = DecisionKind.SPLIT
    elif set(to.values()) == {None}:
        kind = DecisionKind.RELEASED
    return _decide(
        session, vault, kind, to, reason=reason, evidence=evidence, witness=witness, by=by, at=at
    )


def join(
    session: Session,
    vault: Vault,
    others: Collection[str],
    *,
    into: str,
    reason: str,
    evidence: str,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> str:
    """Give to one individual all that is assigned to others; return the ref of the decision.

    Raises as `decide`; OneIndividual where there is no other.
    """
    found(session, Individual, into)
    for other in others:
        found(session, Individual, other)
    if not set(others) - {into}:
        raise OneIndividual()
    refs = [
        one.thing_ref
        for one in session.scalars(
            select(Assignment).where(Assignment.individual_ref.in_(set(others) - {into}))
        )
    ]
    standing = _last(session, refs)
    moved: dict[str, str | None] = {
        ref: into for ref, last in standing.items() if last.individual_ref in set(others) - {into}
    }
    return _decide(
        session, vault, DecisionKind.JOINED, moved, reason=reason, evidence=evidence,
        witness=witness, by=by, at=at,
    )  # fmt: skip


def undo_decision(
    session: Session,
    vault: Vault,
    decision_ref: str,
    *,
    reason: str,
    evidence: str,
    witness: Actor,
    by: Actor,
    at: datetime,
) -> str:
    """Undo a decision by a new one: each thing goes where it was before; return its ref.

    Raises as `decide`; DecidedAgain where something of it was decided later.
    """
    decision = found(session, IndividualDecision, decision_ref)
    made = session.scalars(select(Assignment).where(Assignment.decision_ref == decision.ref)).all()
    _locked(session, [one.thing_ref for one in made])
    last = _last(session, [one.thing_ref for one in made])
    if any(last[one.thing_ref].ref != one.ref for one in made):
        raise DecidedAgain()
    back: dict[str, str | None] = {}
    for one in made:
        before = session.scalar(
            select(Assignment).where(
                Assignment.item_ref == one.item_ref
                if one.item_ref
                else Assignment.sampling_ref == one.sampling_ref,
                Assignment.number == one.number - 1,
            )
        )
        back[one.thing_ref] = before.individual_ref if before is not None else None
    return _decide(
        session, vault, DecisionKind.UNDONE, back, undoes=decision.ref, reason=reason,
        evidence=evidence, witness=witness, by=by, at=at,
    )  # fmt: skip


def _decide(
    session: Session,
    vault: Vault,
    kind: DecisionKind,
    to: Mapping[str, str | None],
    *,
    reason: str,
    evidence: str,
    witness: Actor,
    by: Actor,
    at: datetime,
    undoes: str | None = None,
) -> str:
    check_reason(reason)
    if not is_reason(evidence):
        raise EvidenceNeeded()
    if witness.id == by.id:
        raise SecondPersonMissing()
    if not to:
        raise NothingChosen()
    things = _locked(session, to)
    standing = _last(session, to)
    if all((standing[ref].individual_ref if ref in standing else None) == to[ref] for ref in to):
        raise AlreadySo()
    key = vault.new_key(session, at=at)
    decision = IndividualDecision(
        ref=new_ref(), key_ref=key.ref, kind=kind, undoes=undoes, decided_at=at,
        decided_by=by.id, witness=witness.id,
    )  # fmt: skip
    decision.reason = key.seal(reason.strip(), decision, "reason")
    decision.evidence = key.seal(evidence.strip(), decision, "evidence")
    added(session, decision, DecidedAgain())
    for ref, individual_ref in to.items():
        last = standing.get(ref)
        is_item = isinstance(things[ref], Item)
        row = Assignment(
            ref=new_ref(), decision_ref=decision.ref, item_ref=ref if is_item else None,
            sampling_ref=None if is_item else ref, number=last.number + 1 if last else 1,
            previous=last.number if last else None, individual_ref=individual_ref,
            decided_at=at,
        )  # fmt: skip
        added(session, row, Stale(code=ref[:8]))
    record_sealed(
        session, key, Tag.SEALED_INDIVIDUAL_DECIDED, decision.ref,
        {
            "kind": kind.value, "reason": reason.strip(), "evidence": evidence.strip(),
            "undoes": undoes or "", "witness": witness.id,
            "to": " ".join(f"{ref}>{to[ref] or '-'}" for ref in sorted(to)),
        },
        by=by, at=at,
    )  # fmt: skip
    return decision.ref


def _open_individual(session: Session, vault: Vault, *, by: Actor, at: datetime) -> str:
    key = vault.new_key(session, at=at)
    taken = Stale(code="I")
    for _ in range(ATTEMPTS):
        number = (session.scalar(select(func.max(Individual.number))) or 0) + 1
        row = Individual(
            ref=new_ref(), key_ref=key.ref, number=number, opened_at=at, opened_by=by.id
        )
        try:
            added(session, row, taken)
        except Stale:
            # Somebody else opened one at the same moment.
            continue
        record_sealed(
            session, key, Tag.SEALED_INDIVIDUAL_OPENED, row.ref, {"number": number}, by=by, at=at
        )
        return row.ref
    raise taken


def _locked(session: Session, refs: Collection[str]) -> dict[str, Item | BoneSampling]:
    """Return the things that are decided about, locked in one order. Raises NotFound."""
    items = session.scalars(
        select(Item).where(Item.ref.in_(refs)).order_by(Item.ref).with_for_update()
    )
    things: dict[str, Item | BoneSampling] = {row.ref: row for row in items}
    taken = session.scalars(
        select(BoneSampling)
        .where(BoneSampling.ref.in_(refs))
        .order_by(BoneSampling.ref)
        .with_for_update()
    )
    things |= {row.ref: row for row in taken}
    if missing := set(refs) - set(things):
        raise NotFound(code=min(missing)[:40])
    return things


def _last(session: Session, refs: Collection[str]) -> dict[str, Assignment]:
    """Return the last assignment of each thing that has one."""
    rows = [
        row
        for column in (Assignment.item_ref, Assignment.sampling_ref)
        for row in session.scalars(
            select(Assignment).where(column.in_(refs)).order_by(Assignment.number)
        )
    ]
    return {row.thing_ref: row for row in rows}
