# SPDX-License-Identifier: Apache-2.0
"""What the gap analysis asks of samples: that their amounts follow and their parts add up."""

from collections.abc import Collection

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from lims.core.words import N_, Say
from lims.custody.rules import Gap, GapKind
from lims.samples.models import Amount, Sample
from lims.samples.rules import Line

UNDER_NOTHING = N_("Less than nothing is left of %(code)s after change %(number)s of its amount.")
DOES_NOT_FOLLOW = N_(
    "Change %(number)s of the amount of %(code)s does not follow from the one before."
)
MORE_THAN_PARENT = N_("%(code)s holds more than was taken of %(parent)s.")
NEVER_MEASURED = N_("%(code)s has no amount on record, though it was weighed.")


def quantity_gaps(session: Session, codes: Collection[str]) -> tuple[Gap, ...]:
    """Return, of `codes`, what no database should hold: amounts that do not follow or add up.

    The database refuses each of these; a copy that somebody worked on elsewhere may hold them. The
    check of quantities in the gap analysis.
    """
    rows = session.scalars(
        select(Amount).where(Amount.code.in_(codes)).order_by(Amount.code, Amount.number)
    ).all()
    entries = {(row.code, row.number): row for row in rows}
    parents = {(row.source, row.source_number) for row in rows if row.source is not None}
    elsewhere = session.scalars(
        select(Amount).where(tuple_(Amount.code, Amount.number).in_(parents - set(entries)))
    )
    taken = entries | {(row.code, row.number): row for row in elsewhere}
    found: list[Gap] = []

    def gap(row: Amount, words: str) -> None:
        values: dict[str, str | int | Say] = {
            "code": row.code,
            "number": row.number,
            "parent": row.source or "",
        }
        found.append(Gap(row.code, GapKind.QUANTITY, Say(words, values), at=row.at))

    for row in rows:
        before = entries.get((row.code, row.number - 1))
        if row.left < 0:
            gap(row, UNDER_NOTHING)
        if row.before + row.change != row.left or row.before != (before.left if before else 0):
            gap(row, DOES_NOT_FOLLOW)
        if row.source is not None:
            drawn = taken.get((row.source, row.source_number or 0))
            if drawn is None or row.change - row.added > -drawn.change:
                gap(row, MORE_THAN_PARENT)
    # The line is looked at here: asked for it, SQLite would go through the whole line by its index.
    lines = session.execute(select(Sample.code, Sample.line).where(Sample.code.in_(codes)))
    weighed = [row.code for row in lines if row.line is Line.BONE]
    found.extend(
        Gap(code, GapKind.QUANTITY, Say(NEVER_MEASURED, {"code": code}))
        for code in weighed
        if (code, 1) not in entries
    )
    return tuple(found)
