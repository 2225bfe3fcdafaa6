# SPDX-License-Identifier: Apache-2.0
"""The list of samples: searched by the beginning of a code, a page at a time."""

import re
from dataclasses import dataclass

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lims.custody.models import Hold, Subject
from lims.samples.models import Sample
from lims.samples.rules import Line, SampleState

PAGE = 50
_NOT_OF_A_CODE = re.compile("[^0-9A-Z]")
_ARABIC_DIGITS = str.maketrans("٠١٢٣٤٥٦٧٨٩۰۱۲۳۴۵۶۷۸۹", "01234567890123456789")


@dataclass(frozen=True)
class SampleRow:
    """A sample as the list shows it."""

    sample: Sample
    state: str
    held: bool


@dataclass(frozen=True)
class SamplePage:
    """A page of the list; `after` is where the next one begins, '' at the end."""

    rows: tuple[SampleRow, ...]
    after: str


def read_prefix(search: str) -> str:
    """Return what a person typed of a code as codes are stored: upper case, no blanks."""
    return _NOT_OF_A_CODE.sub("", search.translate(_ARABIC_DIGITS).upper())[:9]


def samples(
    session: Session,
    *,
    prefix: str = "",
    line: Line | None = None,
    state: SampleState | None = None,
    after: str = "",
    limit: int = PAGE,
) -> SamplePage:
    """Return samples, newest first; `after` is the code of the last one seen. Two queries."""
    found = (
        select(Sample, Subject.state)
        .join(Subject, Subject.code == Sample.code)
        .order_by(Sample.registered_at.desc(), Sample.code.desc())
        .limit(limit + 1)
    )
    if prefix:
        # Codes hold no letter behind Y: this range is the prefix under any collation.
        found = found.where(Sample.code >= prefix, Sample.code < prefix + "Z")
    if line is not None:
        found = found.where(Sample.line == line)
    if state is not None:
        found = found.where(Subject.state == state)
    last = session.get(Sample, after) if after else None
    if last is not None:
        found = found.where(
            tuple_(Sample.registered_at, Sample.code) < tuple_(last.registered_at, last.code)
        )
    rows = session.execute(found).all()
    shown = rows[:limit]
    held = set(
        session.scalars(
            select(Hold.code).where(
                Hold.code.in_([sample.code for sample, _ in shown]),
                Hold.lifted_by_event.is_(None),
            )
        )
    )
    return SamplePage(
        tuple(SampleRow(sample, state, sample.code in held) for sample, state in shown),
        after=shown[-1][0].code if len(rows) > limit else "",
    )
