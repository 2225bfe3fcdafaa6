# SPDX-License-Identifier: Apache-2.0
"""Reading repeats and urgencies."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Select, func, or_, select, union
from sqlalchemy.orm import Session
from sqlalchemy.sql.selectable import CompoundSelect

from lims.core.errors import NotFound
from lims.custody.models import Derivation
from lims.repeats.models import Repeat, Urgency
from lims.repeats.rules import RepeatKind
from lims.samples.models import Aliquot, Sample


def repeat_of(session: Session, number: int) -> Repeat:
    """Return a repeat by its number; raises NotFound."""
    found = session.get(Repeat, number)
    if found is None:
        raise NotFound(code=str(number))
    return found


def standing_repeat(session: Session, kind: RepeatKind, thing: str) -> Repeat | None:
    """Return the repeat of a kind that waits for a thing, if one does."""
    return session.scalar(
        select(Repeat).where(
            Repeat.thing_code == thing, Repeat.kind == kind, Repeat.ended_at.is_(None)
        )
    )


def repeats_of(session: Session, codes: Collection[str]) -> tuple[Repeat, ...]:
    """Return every repeat asked of things, the oldest first: standing, taken up and withdrawn."""
    return tuple(
        session.scalars(
            select(Repeat)
            .where(or_(Repeat.thing_code.in_(codes), Repeat.extract_code.in_(codes)))
            .order_by(Repeat.id)
        )
    )


def standing_repeats(session: Session, *, after: int = 0, limit: int = 100) -> tuple[Repeat, ...]:
    """Return what waits to be done again, the oldest first, a page at a time by number."""
    return tuple(
        session.scalars(
            select(Repeat)
            .where(Repeat.ended_at.is_(None), Repeat.id > after)
            .order_by(Repeat.id)
            .limit(limit)
        )
    )


def times_repeated(session: Session, sample: str) -> int:
    """Return how many repeats of a sample were asked and not withdrawn."""
    return (
        session.scalar(
            select(func.count()).where(Repeat.sample_code == sample, Repeat.withdrawn == "")
        )
        or 0
    )


def sample_of_thing(session: Session, code: str) -> Sample | None:
    """Return the sample behind a sample or an extract; None behind a blank."""
    found = session.get(Sample, code)
    if found is not None:
        return found
    return session.scalar(
        select(Sample)
        .join(Aliquot, Aliquot.sample_code == Sample.code)
        .join(Derivation, Derivation.parent == Aliquot.code)
        .where(Derivation.child == code)
    )


def asked_for(kinds: Collection[RepeatKind]) -> Select[str]:
    """Return a selection of the things for which a repeat of one of these kinds waits."""
    return select(Repeat.thing_code).where(Repeat.ended_at.is_(None), Repeat.kind.in_(kinds))


def urgent_samples() -> CompoundSelect[Any]:
    """Return a selection of the samples that go before others: said so, or of an urgent repeat."""
    return union(
        select(Urgency.sample_code).where(Urgency.ended_at.is_(None)),
        select(Repeat.sample_code).where(
            Repeat.ended_at.is_(None), Repeat.is_urgent, Repeat.sample_code.is_not(None)
        ),
    )


def urgencies(session: Session, *, limit: int = 500) -> tuple[Urgency, ...]:
    """Return the urgencies that stand, the oldest first."""
    return tuple(
        session.scalars(
            select(Urgency).where(Urgency.ended_at.is_(None)).order_by(Urgency.id).limit(limit)
        )
    )


def urgency_of(session: Session, sample: str) -> Urgency | None:
    """Return the urgency of a sample that stands, if one does."""
    return session.scalar(
        select(Urgency).where(Urgency.sample_code == sample, Urgency.ended_at.is_(None))
    )


def wells_to_inject_again(session: Session, plate: str) -> frozenset[str]:
    """Return the positions of an amplification plate that are to be injected again."""
    return frozenset(
        session.scalars(
            select(Repeat.position).where(
                Repeat.parent_code == plate, Repeat.kind == RepeatKind.RE_INJECTION,
                Repeat.ended_at.is_(None),
            )
        )
    )  # fmt: skip
