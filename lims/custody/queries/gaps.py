# SPDX-License-Identifier: Apache-2.0
"""The gap analysis: of a thing and all it came from, or of the whole laboratory page by page."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lims.core.errors import NotFound
from lims.core.words import N_, Many, Say
from lims.custody.models import Derivation, LedgerCheckpoint, Subject
from lims.custody.queries.ledger import events_of, last_checkpoint
from lims.custody.queries.lineage import ancestors
from lims.custody.queries.possession import intervals_each
from lims.custody.rules import TRACKED, Event, Gap, GapKind, gaps_in_events

GapCheck = Callable[[Session, Collection[str]], Iterable[Gap]]
"""What a feature above custody adds: the gaps in those of the codes that are its own."""


def gaps(session: Session, code: str, checks: Sequence[GapCheck] = ()) -> tuple[Gap, ...]:
    """Return the gaps in the custody of a thing and of all it came from; () where there are none.

    Events that no checkpoint covers yet are the last one, of kind UNSIGNED. Raises NotFound.
    """
    if session.get(Subject, code) is None:
        raise NotFound(code=code)
    return gaps_of(session, [code, *ancestors(session, code)], checks)


def gaps_of(
    session: Session, codes: Sequence[str], checks: Sequence[GapCheck] = ()
) -> tuple[Gap, ...]:
    """Return the gaps in each of many things themselves; a few queries, however many they are.

    By the primary keys of subject, derivation, possession and ledger_leaf and the unique keys
    (stream, sseq) of ledger_event and event_id of ledger_leaf.
    """
    events: dict[str, list[Event]] = defaultdict(list)
    for event in events_of(session, codes):
        events[event.stream].append(event)
    held = intervals_each(session, codes)
    found = [
        gap for code in codes for gap in gaps_in_events(code, events[code], held.get(code, ()))
    ]
    found += _older_children(session, codes)
    for check in checks:
        found += check(session, codes)
    found.sort(key=lambda gap: (gap.event is None, gap.event or 0, gap.code))
    return (*found, *_unsigned(last_checkpoint(session), events))


def tracked_codes(
    session: Session, *, after: str = "", at_once: int = 200
) -> Iterator[tuple[str, ...]]:
    """Yield the codes of all that is tracked, by code, at most `at_once` at a time, after `after`.

    One kind after the other, by the primary key: a code begins with its kind, and holds no letter
    behind Y. Asked for the kinds, SQLite would sort every code by another index for each page.
    """
    for kind in sorted(TRACKED):
        start, end = max(after, kind.value), f"{kind.value}Z"
        while codes := tuple(
            session.scalars(
                select(Subject.code)
                .where(Subject.code > start, Subject.code < end)
                .order_by(Subject.code)
                .limit(at_once)
            )
        ):
            yield codes
            start = codes[-1]


def _older_children(session: Session, codes: Collection[str]) -> Iterator[Gap]:
    child, parent = aliased(Subject), aliased(Subject)
    rows = session.execute(
        select(child.code, parent.code.label("parent"), child.created_at)
        .join(Derivation, Derivation.child == child.code)
        .join(parent, parent.code == Derivation.parent)
        .where(child.code.in_(codes), child.created_at < parent.created_at)
        .order_by(child.code, parent.code)
    )
    for row in rows:
        yield Gap(
            row.code, GapKind.PARENT,
            Say(N_("It is older than %(parent)s, from which it came."), {"parent": row.parent}),
            None, row.created_at,
        )  # fmt: skip


def _unsigned(newest: LedgerCheckpoint | None, events: dict[str, list[Event]]) -> Iterator[Gap]:
    signed = newest.size if newest is not None else 0
    tail = [event for many in events.values() for event in many if event.index >= signed]
    if not tail:
        return
    first = min(tail, key=lambda event: event.index)
    yield Gap(
        first.stream, GapKind.UNSIGNED,
        Say(
            Many(
                "%(count)s event is not signed yet: it waits for the next checkpoint.",
                "%(count)s events are not signed yet: they wait for the next checkpoint.",
            ),
            {"count": len(tail)},
        ),
        first.index, first.recorded,
    )  # fmt: skip
