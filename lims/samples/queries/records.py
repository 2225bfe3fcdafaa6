# SPDX-License-Identifier: Apache-2.0
"""Reading one sample, its parts and what is left of it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from lims.custody.models import Subject
from lims.samples.models import Aliquot, Sample
from lims.samples.queries.amounts import last_amount
from lims.samples.rules import AliquotState, NotASample


def sample_of(session: Session, code: str) -> Sample:
    """Return the sample of a code; raises NotASample."""
    sample = session.get(Sample, code)
    if sample is None:
        raise NotASample(code=code)
    return sample


def aliquot_of(session: Session, code: str) -> Aliquot | None:
    """Return the aliquot of a code, None where it is none."""
    return session.get(Aliquot, code)


def powder_left(session: Session, sample: Sample) -> int:
    """Return what is left of a bone or tooth sample, micrograms; 0 for a reference sample."""
    newest = last_amount(session, sample.code)
    return newest.left if newest is not None else 0


def unused_aliquot(session: Session, code: str) -> Aliquot | None:
    """Return a part of a sample that has not been used yet, the oldest first."""
    return session.scalar(
        select(Aliquot)
        .join(Subject, Subject.code == Aliquot.code)
        .where(Aliquot.sample_code == code, Subject.state == AliquotState.CREATED)
        .order_by(Aliquot.taken_at, Aliquot.code)
        .limit(1)
    )


def aliquots_of(session: Session, code: str) -> tuple[Aliquot, ...]:
    """Return every part that was taken of a sample, the oldest first."""
    found = select(Aliquot).where(Aliquot.sample_code == code)
    return tuple(session.scalars(found.order_by(Aliquot.taken_at, Aliquot.code)))


def samples_behind(session: Session, codes: tuple[str, ...]) -> dict[str, Sample]:
    """Return, for those of `codes` that are samples or aliquots, the sample each came from."""
    found = {
        sample.code: sample
        for sample in session.scalars(select(Sample).where(Sample.code.in_(codes)))
    }
    rows = session.execute(
        select(Aliquot.code, Sample)
        .join(Sample, Sample.code == Aliquot.sample_code)
        .where(Aliquot.code.in_(codes))
    )
    return found | dict(rows.all())
