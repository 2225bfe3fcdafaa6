# SPDX-License-Identifier: Apache-2.0
"""What must hold after every act, asked of the tables and of the ledger alone."""

from collections import defaultdict
from datetime import datetime
from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lims.custody.models import Derivation, Possession, Subject
from lims.custody.operations.verifying import verify_ledger
from lims.custody.queries import (
    blocked,
    events_of,
    gaps_of,
    held_by_at,
    holder_at,
    intervals_each,
)
from lims.custody.rules import Event, GapKind, Interval, is_place, replay
from lims.features import GAP_CHECKS
from lims.samples.models import Amount
from lims.samples.queries import amounts_left
from lims.storage.models import Stored
from tests.simulation.custody_machine_model import Model
from tests.simulation.custody_machine_world import World


def check(world: World, model: Model) -> None:
    """Hold the tables against the model, against themselves and against the ledger."""
    codes = list(model.things)
    with world.database.reading() as session:
        kept = intervals_each(session, codes)
        for code in codes:
            follows(code, kept.get(code, ()))
        as_believed(session, model, kept)
        stored_as_held(session, codes, kept)
        amounts_add_up(session, codes)
        no_child_is_older(session, codes)
        told_by_the_ledger(session, codes, kept)
        no_gaps(session, model)
        report = verify_ledger(session, world.settings, at=world.now)
    assert report.verdict in ("sound", "unsigned"), report.as_json()
    assert not list(report.problems), list(report.problems)


def follows(code: str, kept: tuple[Interval, ...]) -> None:
    """One holder at every instant since it was made: intervals without gap or overlap."""
    assert kept, f"nobody holds {code}"
    assert [one.number for one in kept] == list(range(1, len(kept) + 1)), code
    for before, after in pairwise(kept):
        assert before.ended_at == after.began_at, code
        assert before.ended_event == after.began_event, code
        assert before.ended_at is not None, code
        assert before.ended_at >= before.began_at, code
    assert kept[-1].ended_at is None, f"{code} has no holder now"


def as_believed(session: Session, model: Model, kept: dict[str, tuple[Interval, ...]]) -> None:
    """Holder, place, state, what is left, and holds are as the model has them."""
    codes = list(model.things)
    states = dict(session.execute(select(Subject.code, Subject.state)
                                  .where(Subject.code.in_(codes))).all())  # fmt: skip
    left = amounts_left(session, codes)
    for code, thing in model.things.items():
        now = kept[code][-1]
        assert (now.holder, now.place, now.position) == (
            thing.holder, thing.place, thing.position,
        ), code  # fmt: skip
        assert states[code] == thing.state, code
        assert left.get(code) == thing.left, code
        assert bool(blocked(session, code)) == any(one.holds for one in model.behind(code)), code


def stored_as_held(
    session: Session, codes: list[str], kept: dict[str, tuple[Interval, ...]]
) -> None:
    """What stands in a box is held by the box, at that position, and nothing else is."""
    rows = session.execute(
        select(Stored.code, Stored.place_code, Stored.position).where(
            Stored.code.in_(codes), Stored.taken_at.is_(None)
        )
    ).all()
    assert {(row.code, row.place_code, row.position) for row in rows} == {
        (code, many[-1].holder, many[-1].position)
        for code, many in kept.items()
        if is_place(many[-1].holder)
    }


def amounts_add_up(session: Session, codes: list[str]) -> None:
    """Nothing under nothing; parts of a thing come to no more than was taken of it."""
    entries: dict[str, list[Amount]] = defaultdict(list)
    for row in session.scalars(
        select(Amount).where(Amount.code.in_(codes)).order_by(Amount.code, Amount.number)
    ):
        entries[row.code].append(row)
    taken: dict[str, int] = defaultdict(int)
    for many in entries.values():
        assert all(row.left >= 0 for row in many), many[0].code
        first = many[0]
        if first.source is not None:
            taken[first.source] += first.change - first.added
    for code, quantity in taken.items():
        drawn = -sum(row.change for row in entries[code] if row.change < 0)
        assert quantity <= drawn <= sum(
            row.change for row in entries[code] if row.change > 0
        ), code  # fmt: skip


def no_child_is_older(session: Session, codes: list[str]) -> None:
    """What came from a thing was made after it."""
    child, parent = aliased(Subject), aliased(Subject)
    older = session.execute(
        select(child.code, parent.code)
        .join(Derivation, Derivation.child == child.code)
        .join(parent, parent.code == Derivation.parent)
        .where(child.code.in_(codes), child.created_at < parent.created_at)
    ).all()
    assert older == []


def told_by_the_ledger(
    session: Session, codes: list[str], kept: dict[str, tuple[Interval, ...]]
) -> None:
    """The events alone replay to the very intervals and states."""
    events: dict[str, list[Event]] = defaultdict(list)
    for event in events_of(session, codes):
        events[event.stream].append(event)
    states = dict(session.execute(select(Subject.code, Subject.state)
                                  .where(Subject.code.in_(codes))).all())  # fmt: skip
    for code in codes:
        told = replay(events[code])
        assert told.intervals == kept[code], code
        assert told.state == states[code], code


def no_gaps(session: Session, model: Model) -> None:
    """A careful stranger finds nothing but that the newest events wait for a signature."""
    found = [
        gap for gap in gaps_of(session, list(model.things), GAP_CHECKS)
        if gap.kind is not GapKind.UNSIGNED and gap.code not in model.takeovers
    ]  # fmt: skip
    assert found == [], [(gap.code, gap.kind, str(gap.say)) for gap in found]


def check_then(world: World, model: Model, holder: str, at: datetime) -> None:
    """Who held what at an instant is the same asked by the thing and by the holder."""
    with world.database.reading() as session:
        by_thing = set()
        for code in model.things:
            one = holder_at(session, code, at)
            if one is not None and one.holder == holder:
                by_thing.add((code, one.number))
        found = held_by_at(session, holder, at, limit=100_000)
        by_holder = {(one.code, one.number) for one in found if one.code in model.things}
        rows = session.execute(
            select(Possession.code, Possession.number).where(
                Possession.code.in_(list(model.things)), Possession.holder == holder,
                Possession.began_at <= at,
                (Possession.ended_at.is_(None)) | (Possession.ended_at > at),
            )
        ).all()  # fmt: skip
    assert by_thing == by_holder == {(row.code, row.number) for row in rows}
