# SPDX-License-Identifier: Apache-2.0
"""The list of samples: searched by the beginning of a code, a page at a time."""

import re
from dataclasses import dataclass

from sqlalchemy import Select, select, tuple_
from sqlalchemy.orm import Session

from lims.core.codes import Kind
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
    """Return samples, newest first; `after` is the code of the last one seen.

    Three queries at most, each over an index: a state is asked of one line after the other, since
    no index orders both lines of a state by time.
    """
    last = session.get(Sample, after) if after else None
    if state is None:
        lines: tuple[Line | None, ...] = (line,)
    else:
        lines = (line,) if line is not None else tuple(Line)
    rows = [
        (sample, of_state)
        for one in lines
        for sample, of_state in session.execute(
            _newest(prefix=prefix, line=one, state=state, last=last).limit(limit + 1)
        )
    ]
    rows.sort(key=lambda row: (row[0].registered_at, row[0].code), reverse=True)
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


_KINDS = {Line.BONE: Kind.BONE, Line.REFERENCE: Kind.REFERENCE}


def _newest(
    *, prefix: str, line: Line | None, state: SampleState | None, last: Sample | None
) -> Select[Sample, str]:
    # A sample is registered at the instant its code is created: with a state, the index of what
    # waits (kind, state, created_at) gives the order.
    when = Sample.registered_at if state is None else Subject.created_at
    found = (
        select(Sample, Subject.state)
        .join(Subject, Subject.code == Sample.code)
        .order_by(when.desc(), Sample.code.desc())
    )
    if prefix:
        # Codes hold no letter behind Y: this range is the prefix under any collation.
        found = found.where(Sample.code >= prefix, Sample.code < prefix + "Z")
    if state is not None and line is not None:
        found = found.where(Subject.kind == _KINDS[line], Subject.state == state)
    elif line is not None:
        found = found.where(Sample.line == line)
    if last is not None:
        found = found.where(tuple_(when, Sample.code) < tuple_(last.registered_at, last.code))
    return found
